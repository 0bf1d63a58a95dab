/*
 * What is said of an action before, while and after it is done.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_WORDS_H
#define SEND_WORDS_H
#include "cli/settings/settings.h"
#include "event.h"
#include "options.h"

/* What an action is about. */
struct subject {
	enum action action;
	const char *vm;    /* as it was chosen; NULL: it was not yet */
	const char *first; /* the path of the first file */
	unsigned count;    /* of all of them */
	gboolean sandbox;  /* what is disposable here is no VM */
};

/* Constant texts. */
const char *words_title(enum action action);  /* of a window */
const char *words_button(enum action action); /* that begins it, with a mnemonic */

/* The others are to be freed by the caller. */

/* The question of whom to send to. */
char *words_question(const struct subject *subject);
/* What is done now. */
char *words_doing(const struct subject *subject);
/* What the phase of `event` waits for or works on. */
char *words_phase(const struct subject *subject, const struct event *event);
/* It was done. */
char *words_done(const struct subject *subject);
/* Why it cannot be done: the files would go with what is disposable. */
char *words_not_stored(const struct subject *subject);
/* An opening is over, and there is more to be known. */
char *words_ended(const struct subject *subject);
/* It was done, but not with everything. */
char *words_partly(const struct subject *subject, const struct event *last);
/* May a caller use a service? Those that the settings name are called by what they do. */
char *words_prompt(const char *source, const char *target, const char *service,
		   const struct settings *settings);

#endif
