/*
 * The question which VM is meant.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_CHOOSER_H
#define SEND_CHOOSER_H
#include "model/words.h"

#include <gtk/gtk.h>

struct chooser;

/*
 * Ask, at once; the VMs to which `service` may be called appear as soon as `client`, the path of
 * pedos-rpc, has listed them. `chosen` is called once, with the VM's name, or NULL if none was
 * chosen; the chooser has gone then. `sandbox`: as in struct subject.
 */
struct chooser *chooser_show(GtkApplication *app, const struct subject *subject, const char *client,
			     const char *service,
			     void (*chosen)(const char *vm, gboolean sandbox, gpointer data),
			     gpointer data);
/* The subject has become another one. */
void chooser_rename(struct chooser *chooser, const struct subject *subject);

#endif
