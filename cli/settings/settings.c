/*
 * The settings of a machine: names, and the defaults of options.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/settings/settings.h"

#include "cli/number.h"
#include "cli/settings/keyvalue.h"

#include <limits.h>

#define MIB ((uint64_t)1 << 20)

/*
 * Seconds. A sender may wait for a slow disk, or be paused with its VM. One that sends nothing for
 * longer has gone for good.
 */
#define TIMEOUT 600

void settings_default(struct settings *settings)
{
	*settings = (struct settings){
		.incoming = "PedOSIncoming",
		.copy_service = "PedOS.Filecopy",
		.open_service = "PedOS.OpenInVM",
		.unpacker = {.max_bytes = UINT64_MAX, .max_files = UINT64_MAX, .timeout = TIMEOUT},
		.opener_max_bytes = UINT64_MAX,
		.editor_max_bytes = UINT64_MAX,
	};
}

/* ---- Values ---- */

static bool take_name(struct slice value, char name[SETTINGS_NAME_MAX + 1])
{
	return slice_copy(value, name, SETTINGS_NAME_MAX + 1) && vm_name_ok(name);
}

static const char *yes_or_no(struct slice value, bool *yes, const char *wrong)
{
	*yes = slice_is(value, "yes");
	return *yes || slice_is(value, "no") ? NULL : wrong;
}

/* A size; a number alone counts in units. */
static const char *size_of(struct slice value, uint64_t unit, uint64_t *size, const char *wrong)
{
	return parse_size_up_to(value.at, value.end, unit, size) ? NULL : wrong;
}

/* ---- Keys. Each of these takes a value into settings, and says what is wrong, or NULL. ---- */

static const char *take_incoming(void *into, struct slice value)
{
	struct settings *settings = into;

	return take_name(value, settings->incoming)
		       ? NULL
		       : "incoming is the name of a directory, without a path: a letter, then "
			 "letters, digits, '_', '-' or '.', at most 63 in all";
}

static const char *take_copy_service(void *into, struct slice value)
{
	struct settings *settings = into;

	return take_name(value, settings->copy_service)
		       ? NULL
		       : "copy-service is the name of a service, without an argument: a letter, "
			 "then letters, digits, '_', '-' or '.', at most 63 in all";
}

static const char *take_open_service(void *into, struct slice value)
{
	struct settings *settings = into;

	return take_name(value, settings->open_service)
		       ? NULL
		       : "open-service is the name of a service, without an argument: a letter, "
			 "then letters, digits, '_', '-' or '.', at most 63 in all";
}

static const char *take_max_bytes(void *into, struct slice value)
{
	struct settings *settings = into;

	return size_of(value, 1, &settings->unpacker.max_bytes,
		       "qfile-unpacker.max-bytes is a size such as 500M");
}

static const char *take_max_files(void *into, struct slice value)
{
	struct settings *settings = into;

	return parse_count_up_to(value.at, value.end, &settings->unpacker.max_files)
		       ? NULL
		       : "qfile-unpacker.max-files is a number";
}

static const char *take_space(void *into, struct slice value)
{
	struct settings *settings = into;

	return size_of(value, MIB, &settings->unpacker.wait_for_space,
		       "qfile-unpacker.wait-for-space is a size such as 500M");
}

static const char *take_timeout(void *into, struct slice value)
{
	struct settings *settings = into;
	uint64_t seconds;

	if (!parse_count_up_to(value.at, value.end, &seconds) || seconds > UINT_MAX)
		return "qfile-unpacker.timeout is a number of seconds";
	settings->unpacker.timeout = (unsigned)seconds;
	return NULL;
}

static const char *take_conflict(void *into, struct slice value)
{
	struct settings *settings = into;

	settings->unpacker.rename = slice_is(value, "rename");
	return settings->unpacker.rename || slice_is(value, "fail")
		       ? NULL
		       : "qfile-unpacker.on-conflict is fail or rename";
}

static const char *take_all_names(void *into, struct slice value)
{
	struct settings *settings = into;

	return yes_or_no(value, &settings->unpacker.all_names,
			 "qfile-unpacker.allow-all-names is yes or no");
}

static const char *take_unsafe_links(void *into, struct slice value)
{
	struct settings *settings = into;

	return yes_or_no(value, &settings->unpacker.unsafe_links,
			 "qfile-unpacker.allow-unsafe-symlinks is yes or no");
}

static const char *take_opener_bytes(void *into, struct slice value)
{
	struct settings *settings = into;

	return size_of(value, 1, &settings->opener_max_bytes,
		       "qopen-in-vm.max-bytes is a size such as 500M");
}

static const char *take_editor_bytes(void *into, struct slice value)
{
	struct settings *settings = into;

	return size_of(value, 1, &settings->editor_max_bytes,
		       "vm-file-editor.max-bytes is a size such as 500M");
}

static const struct key keys[] = {
	{"incoming", take_incoming},
	{"copy-service", take_copy_service},
	{"open-service", take_open_service},
	{"qfile-unpacker.max-bytes", take_max_bytes},
	{"qfile-unpacker.max-files", take_max_files},
	{"qfile-unpacker.wait-for-space", take_space},
	{"qfile-unpacker.timeout", take_timeout},
	{"qfile-unpacker.on-conflict", take_conflict},
	{"qfile-unpacker.allow-all-names", take_all_names},
	{"qfile-unpacker.allow-unsafe-symlinks", take_unsafe_links},
	{"qopen-in-vm.max-bytes", take_opener_bytes},
	{"vm-file-editor.max-bytes", take_editor_bytes},
};

static const struct keyvalue form = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(*keys),
	.line_max = SETTINGS_LINE_MAX,
	.no_such = "there is no such key; qfilecopy.conf(5) lists those that there are",
};

int settings_parse(const char *untrusted_text, size_t length, struct settings *settings,
		   unsigned *line, const char **why)
{
	return keyvalue_parse(untrusted_text, length, &form, settings, line, why);
}
