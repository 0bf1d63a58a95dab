/*
 * The words of notices. Pure: plain text, in the language of the user, in which nothing of what
 * another VM wrote can control, hide or reorder anything.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef NOTIFY_WORDS_H
#define NOTIFY_WORDS_H
#include "arrivals.h"

#include "system/refusal.h"

/* To be freed by the caller. */
struct words {
	char *summary, *body;
};

/* source: the name of the VM, which was checked. */
void words_of_arrivals(const char *source, const struct arrivals *arrivals, struct words *words);
/* count: of refused deliveries, of which this is the last one. */
void words_of_refusals(const char *source, unsigned long count, const struct refusal *untrusted,
		       struct words *words);

#endif
