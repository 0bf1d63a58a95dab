/*
 * A template: what a sandbox is given besides the system's programs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "template.h"

#include "cli/number.h"
#include "cli/settings/keyvalue.h"

#define MEMORY_LEAST    ((uint64_t)32 << 20)
#define SPACE_LEAST     ((uint64_t)1 << 20)
#define PROCESSES_LEAST 8
#define PROCESSES_MOST  100000
#define SIDE_LEAST      64 /* pixels */
#define SIDE_MOST       16384
#define GEOMETRY_MAX    15 /* characters */

void template_default(struct template *template)
{
	*template = (struct template){.display = true,
				      .width = 1000,
				      .height = 700,
				      .memory = (uint64_t)2 << 30,
				      .space = (uint64_t)512 << 20,
				      .processes = 512};
}

/* ---- Values. Each of these takes one into a template, and says what is wrong, or NULL. ---- */

static const char *take_network(void *into, struct slice value)
{
	struct template *template = into;

	template->network = slice_is(value, "yes");
	return template->network || slice_is(value, "no") ? NULL : "network is yes or no";
}

static const char *take_display(void *into, struct slice value)
{
	struct template *template = into;

	template->display = slice_is(value, "nested");
	return template->display || slice_is(value, "none") ? NULL : "display is nested or none";
}

static bool parse_side(struct slice text, unsigned *side)
{
	uint64_t pixels;

	if (!parse_count_up_to(text.at, text.end, &pixels) || pixels < SIDE_LEAST ||
	    pixels > SIDE_MOST)
		return false;
	*side = (unsigned)pixels;
	return true;
}

static const char *take_geometry(void *into, struct slice value)
{
	struct template *template = into;
	const char *x = slice_find(value, 'x');

	return slice_length(value) <= GEOMETRY_MAX && x < value.end &&
			       parse_side((struct slice){value.at, x}, &template->width) &&
			       parse_side((struct slice){x + 1, value.end}, &template->height)
		       ? NULL
		       : "geometry is WIDTHxHEIGHT in pixels, such as 1000x700";
}

static bool parse_bytes(struct slice text, uint64_t least, uint64_t *bytes)
{
	return parse_size_up_to(text.at, text.end, 1, bytes) && *bytes >= least &&
	       *bytes <= INT64_MAX;
}

static const char *take_memory(void *into, struct slice value)
{
	struct template *template = into;

	return parse_bytes(value, MEMORY_LEAST, &template->memory)
		       ? NULL
		       : "memory is a size of at least 32M, such as 2G";
}

static const char *take_space(void *into, struct slice value)
{
	struct template *template = into;

	return parse_bytes(value, SPACE_LEAST, &template->space)
		       ? NULL
		       : "space is a size of at least 1M, such as 512M";
}

static const char *take_processes(void *into, struct slice value)
{
	struct template *template = into;
	uint64_t count;

	if (!parse_count_up_to(value.at, value.end, &count) || count < PROCESSES_LEAST ||
	    count > PROCESSES_MOST)
		return "processes is a number from 8 to 100000";
	template->processes = (unsigned)count;
	return NULL;
}

/* Does the path lead upwards anywhere? */
static bool has_parent(struct slice path)
{
	while (path.at < path.end) {
		const char *slash = slice_find(path, '/');

		if (slice_is((struct slice){path.at, slash}, ".."))
			return true;
		path.at = slash < path.end ? slash + 1 : path.end;
	}
	return false;
}

static const char *take_bind(void *into, struct slice value)
{
	struct template *template = into;

	if (template->bind_count >= TEMPLATE_BINDS_MAX)
		return "there are more than 32 lines with bind";
	if (value.at >= value.end || *value.at != '/' || has_parent(value) ||
	    !slice_copy(value, template->binds[template->bind_count], PATH_MAX))
		return "bind is an absolute path, without \"..\"";
	template->bind_count++;
	return NULL;
}

static const struct key keys[] = {
	{"network", take_network}, {"display", take_display}, {"geometry", take_geometry},
	{"memory", take_memory},   {"space", take_space},     {"processes", take_processes},
	{"bind", take_bind},
};

static const struct keyvalue form = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(*keys),
	.line_max = TEMPLATE_LINE_MAX,
	.no_such = "there is no such key; there are network, display, geometry, memory, space, "
		   "processes and bind",
};

int template_parse(const char *untrusted_text, size_t length, struct template *template,
		   unsigned *line, const char **why)
{
	return keyvalue_parse(untrusted_text, length, &form, template, line, why);
}
