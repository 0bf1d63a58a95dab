/*
 * A template: what a sandbox is given besides the system's programs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "template.h"

#include "cli/number.h"

#include <errno.h>

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

/* ---- Texts: parts of a line ---- */

struct text {
	const char *at, *end;
};

static size_t length_of(struct text text)
{
	return text.at < text.end ? (size_t)(text.end - text.at) : 0;
}

static bool text_is(struct text text, const char *string)
{
	for (; *string; string++, text.at++) {
		if (text.at >= text.end || *text.at != *string)
			return false;
	}
	return text.at == text.end;
}

/* The first `c`, or the end. */
static const char *find(struct text text, char c)
{
	while (text.at < text.end && *text.at != c)
		text.at++;
	return text.at;
}

/* Without the blanks at its ends. At the end of a line, a carriage return is one, too. */
static struct text trim(struct text text)
{
	while (text.at < text.end &&
	       (text.end[-1] == ' ' || text.end[-1] == '\t' || text.end[-1] == '\r'))
		text.end--;
	while (text.at < text.end && (*text.at == ' ' || *text.at == '\t'))
		text.at++;
	return text;
}

/* ---- Values. Each of these returns NULL, or what is wrong. ---- */

static const char *take_network(struct template *template, struct text value)
{
	template->network = text_is(value, "yes");
	return template->network || text_is(value, "no") ? NULL : "network is yes or no";
}

static const char *take_display(struct template *template, struct text value)
{
	template->display = text_is(value, "nested");
	return template->display || text_is(value, "none") ? NULL : "display is nested or none";
}

static bool parse_side(struct text text, unsigned *side)
{
	uint64_t pixels;

	if (!parse_count_up_to(text.at, text.end, &pixels) || pixels < SIDE_LEAST ||
	    pixels > SIDE_MOST)
		return false;
	*side = (unsigned)pixels;
	return true;
}

static const char *take_geometry(struct template *template, struct text value)
{
	const char *x = find(value, 'x');

	return length_of(value) <= GEOMETRY_MAX && x < value.end &&
			       parse_side((struct text){value.at, x}, &template->width) &&
			       parse_side((struct text){x + 1, value.end}, &template->height)
		       ? NULL
		       : "geometry is WIDTHxHEIGHT in pixels, such as 1000x700";
}

static bool parse_bytes(struct text text, uint64_t least, uint64_t *bytes)
{
	return parse_size_up_to(text.at, text.end, 1, bytes) && *bytes >= least &&
	       *bytes <= INT64_MAX;
}

static const char *take_memory(struct template *template, struct text value)
{
	return parse_bytes(value, MEMORY_LEAST, &template->memory)
		       ? NULL
		       : "memory is a size of at least 32M, such as 2G";
}

static const char *take_space(struct template *template, struct text value)
{
	return parse_bytes(value, SPACE_LEAST, &template->space)
		       ? NULL
		       : "space is a size of at least 1M, such as 512M";
}

static const char *take_processes(struct template *template, struct text value)
{
	uint64_t count;

	if (!parse_count_up_to(value.at, value.end, &count) || count < PROCESSES_LEAST ||
	    count > PROCESSES_MOST)
		return "processes is a number from 8 to 100000";
	template->processes = (unsigned)count;
	return NULL;
}

/* Does the path lead upwards anywhere? */
static bool has_parent(struct text path)
{
	while (path.at < path.end) {
		const char *slash = find(path, '/');

		if (text_is((struct text){path.at, slash}, ".."))
			return true;
		path.at = slash < path.end ? slash + 1 : path.end;
	}
	return false;
}

/* Copy it as a string. False: it is too long. */
static bool copy_path(struct text text, char path[PATH_MAX])
{
	size_t i;

	for (i = 0; text.at < text.end; i++) {
		if (i >= PATH_MAX - 1)
			return false;
		path[i] = *text.at++;
	}
	path[i] = '\0';
	return true;
}

static const char *take_bind(struct template *template, struct text value)
{
	if (template->bind_count >= TEMPLATE_BINDS_MAX)
		return "there are more than 32 lines with bind";
	if (value.at >= value.end || *value.at != '/' || has_parent(value) ||
	    !copy_path(value, template->binds[template->bind_count]))
		return "bind is an absolute path, without \"..\"";
	template->bind_count++;
	return NULL;
}

/* ---- Lines ---- */

static const struct key {
	const char *name;
	const char *(*take)(struct template *template, struct text value);
} keys[] = {
	{"network", take_network}, {"display", take_display}, {"geometry", take_geometry},
	{"memory", take_memory},   {"space", take_space},     {"processes", take_processes},
	{"bind", take_bind},
};

/* Take a line. Returns NULL, or what is wrong. */
static const char *take_line(struct template *template, struct text line)
{
	const struct text text = trim(line);
	const char *equals = find(text, '=');
	struct text name;

	if (text.at >= text.end || *text.at == '#')
		return NULL;
	if (equals >= text.end)
		return "a line is KEY=VALUE; a comment begins with '#'";
	name = trim((struct text){text.at, equals});
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (text_is(name, keys[i].name))
			return keys[i].take(template, trim((struct text){equals + 1, text.end}));
	}
	return "there is no such key; there are network, display, geometry, memory, space, "
	       "processes and bind";
}

/* Whether it can be a line at all is decided before it is read. */
static const char *check_line(struct template *template, struct text line)
{
	if (length_of(line) > TEMPLATE_LINE_MAX)
		return "the line is too long";
	if (find(line, '\0') < line.end)
		return "the line has a NUL";
	return take_line(template, line);
}

int template_parse(const char *untrusted_text, size_t length, struct template *template,
		   unsigned *line, const char **why)
{
	struct text rest = {untrusted_text, untrusted_text + length};

	for (*line = 1; rest.at < rest.end; ++*line) {
		const char *newline = find(rest, '\n');

		*why = check_line(template, (struct text){rest.at, newline});
		if (*why)
			return -EINVAL;
		rest.at = newline < rest.end ? newline + 1 : rest.end;
	}
	return 0;
}
