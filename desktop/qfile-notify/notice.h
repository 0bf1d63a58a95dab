/*
 * Notices on the desktop, by its server of org.freedesktop.Notifications. Each subject has at most
 * one at a time: what is new takes its place there, and not more often than every few seconds,
 * however much a sender sends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef NOTIFY_NOTICE_H
#define NOTIFY_NOTICE_H
#include "words.h"

#include <gio/gio.h>

struct notices; /* the server */

/* One subject. All zeros but for what the owner sets. The owner must not free it. */
struct notice {
	/* ---- Set by the owner ---- */
	struct notices *server;
	void *owner;
	/* What to say now. Returns false if there is nothing to say any more. */
	bool (*describe)(void *owner, struct words *words);
	/* The user, or the server, has closed what was shown: what comes next is something new. */
	void (*closed)(void *owner);
	/* "Show in folder" was chosen. `token`: for the window that opens; may be empty. */
	void (*chosen)(void *owner, const char *token);

	/* ---- Of notice.c ---- */
	guint32 id; /* the server's; 0: nothing is shown */
	bool asked; /* the server was told, and has not answered yet */
	guint timer;
	gint64 last; /* when something was shown, as g_get_monotonic_time() */
};

/* Returns the notices of this session. They are never freed. */
struct notices *notices_new(GDBusConnection *bus);

/* Show it in `milliseconds`, or as soon as it may be shown again. Replaces an earlier call. */
void notice_soon(struct notice *notice, unsigned milliseconds);
/* Is it going to be shown? */
bool notice_waits(const struct notice *notice);

#endif
