/*
 * What is told of one VM: what has arrived from it, and what was refused.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef NOTIFY_SUBJECT_H
#define NOTIFY_SUBJECT_H
#include "incoming.h"

#include "system/refusal.h"

#include <gio/gio.h>

/* To be called once, before all else. */
void subjects_begin(GDBusConnection *bus);

/* For incoming_watch(). */
extern const struct incoming_events subjects_events;

/* A receiver has refused something. */
void subjects_refused(const struct refusal *untrusted);

#endif
