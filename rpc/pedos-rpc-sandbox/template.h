/*
 * A template: what a sandbox is given besides the system's programs. Its text is described in
 * pedos-rpc-sandbox(1). Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEMPLATE_TEXT_MAX  65536 /* bytes of its text */
#define TEMPLATE_LINE_MAX  (PATH_MAX + 64)
#define TEMPLATE_BINDS_MAX 32

struct template
{
	bool network;   /* it may reach other machines */
	bool display;   /* it has a screen of its own in a window, where there is one */
	unsigned width; /* of that window, in pixels */
	unsigned height;
	uint64_t memory;    /* bytes of its processes */
	uint64_t space;     /* bytes of each of its file systems, which are in memory */
	unsigned processes; /* at the same time */
	/* Of this machine, which it sees, too, and cannot write. Absolute, without "..". */
	char binds[TEMPLATE_BINDS_MAX][PATH_MAX];
	size_t bind_count;
};

/* What a sandbox gets without a template. */
void template_default(struct template *template);

/*
 * Read the text of a template; what it does not say stays as it is. 0, or -EINVAL: *why is a static
 * sentence that says what is wrong with the line *line, counted from 1. *template is to be used for
 * nothing then.
 */
int template_parse(const char *untrusted_text, size_t length, struct template *template,
		   unsigned *line, const char **why);

#endif
