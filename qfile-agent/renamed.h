/*
 * Which of the sources arrived under other names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RENAMED_H
#define RENAMED_H
#include "report.h"

struct renamed {
	const struct report *report;
	const char **bases; /* of the sources, in order; NULL: there is no memory for them */
	size_t place;
	const char *name, *untrusted_final;
	bool cut; /* the receiver may have left others out */
};

void renamed_begin(struct renamed *renamed, const struct report *report);
/* Find the next one: only what is the name of a source counts. Returns false at the end. */
bool renamed_next(struct renamed *renamed);
void renamed_end(struct renamed *renamed);

#endif
