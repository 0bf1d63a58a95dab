/*
 * qopen-in-vm's command line.
 *
 * The room qopen-in-vm: options in, a session of the opener, messages and an exit status out. It
 * may use cli/, system/, lib/open and lib/open/opener. Only the opener reads or writes the user's
 * file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H
#include "cli/calling.h"
#include "cli/settings/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct options {
	struct calling_options calling;
	/* The name of the other VM, for messages and the names of saves that are kept; or NULL. */
	const char *from;
	const char *file;
	bool view_only, in_place, no_beside;
	uint64_t max_bytes;
	const char *incoming; /* the directory at home for what is saved beside the file there */
	int progress_fd;      /* for JSON; -1: none */
};

/* What qopen-in-vm calls, as options_parse() has named it. */
extern struct calling_peer editor;

/*
 * Parse the command line; what it does not say, the settings do, whose names are used on. Returns
 * -1, or the exit status if there is nothing left to do.
 */
int options_parse(struct options *options, const struct settings *settings, int argc, char **argv);

#endif
