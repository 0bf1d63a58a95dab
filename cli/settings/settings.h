/*
 * The settings of a machine: names, and the defaults of options. Their text is described in
 * qfilecopy.conf(5). Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H
#include "text/vmname.h"

#include <stddef.h>
#include <stdint.h>

#define SETTINGS_TEXT_MAX 16384 /* bytes of the text */
#define SETTINGS_LINE_MAX 1024
#define SETTINGS_NAME_MAX VM_NAME_MAX

/* Names have the form of a VM's name, and can be shown and be parts of paths as they are. */
struct settings {
	char incoming[SETTINGS_NAME_MAX + 1];     /* the directory at home that takes deliveries */
	char copy_service[SETTINGS_NAME_MAX + 1]; /* the rpc services, without an argument */
	char open_service[SETTINGS_NAME_MAX + 1];
	struct {
		uint64_t max_bytes, max_files; /* UINT64_MAX: no limit */
		uint64_t wait_for_space;       /* bytes; 0: it does not wait */
		unsigned timeout;              /* seconds; 0: none */
		bool rename, all_names, unsafe_links;
	} unpacker;
	uint64_t opener_max_bytes; /* UINT64_MAX: no limit */
	uint64_t editor_max_bytes;
};

/* What holds where nothing is set. */
void settings_default(struct settings *settings);

/*
 * Read the text of settings; what it does not say stays as it is. 0, or -EINVAL: *why is a static
 * sentence that says what is wrong with the line *line, counted from 1. *settings is to be used for
 * nothing then.
 */
int settings_parse(const char *untrusted_text, size_t length, struct settings *settings,
		   unsigned *line, const char **why);

#endif
