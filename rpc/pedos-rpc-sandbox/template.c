/*
 * A template: what a sandbox is given besides the system's programs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "template.h"

#include "cli/number.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_LEAST    ((uint64_t)32 << 20)
#define SPACE_LEAST     ((uint64_t)1 << 20)
#define PROCESSES_LEAST 8
#define PROCESSES_MOST  100000
#define SIDE_LEAST      64 /* pixels */
#define SIDE_MOST       16384

void template_default(struct template *template)
{
	*template = (struct template){.display = true,
				      .width = 1000,
				      .height = 700,
				      .memory = (uint64_t)2 << 30,
				      .space = (uint64_t)512 << 20,
				      .processes = 512};
}

/* ---- Values. Each of these returns NULL, or what is wrong. ---- */

static const char *take_network(struct template *template, const char *value)
{
	template->network = strcmp(value, "yes") == 0;
	return template->network || strcmp(value, "no") == 0 ? NULL : "network is yes or no";
}

static const char *take_display(struct template *template, const char *value)
{
	template->display = strcmp(value, "nested") == 0;
	return template->display || strcmp(value, "none") == 0 ? NULL : "display is nested or none";
}

static bool is_side(uint64_t pixels)
{
	return pixels >= SIDE_LEAST && pixels <= SIDE_MOST;
}

static const char *take_geometry(struct template *template, const char *value)
{
	static const char wrong[] = "geometry is WIDTHxHEIGHT in pixels, such as 1000x700";
	char text[16];
	uint64_t width, height;
	char *x;

	if (snprintf(text, sizeof(text), "%s", value) >= (int)sizeof(text))
		return wrong;
	x = strchr(text, 'x');
	if (!x)
		return wrong;
	*x = '\0';
	if (!parse_count(text, &width) || !parse_count(x + 1, &height) || !is_side(width) ||
	    !is_side(height))
		return wrong;
	template->width = (unsigned)width;
	template->height = (unsigned)height;
	return NULL;
}

static const char *take_memory(struct template *template, const char *value)
{
	return parse_size(value, 1, &template->memory) && template->memory >= MEMORY_LEAST &&
			       template->memory <= INT64_MAX
		       ? NULL
		       : "memory is a size of at least 32M, such as 2G";
}

static const char *take_space(struct template *template, const char *value)
{
	return parse_size(value, 1, &template->space) && template->space >= SPACE_LEAST &&
			       template->space <= INT64_MAX
		       ? NULL
		       : "space is a size of at least 1M, such as 512M";
}

static const char *take_processes(struct template *template, const char *value)
{
	uint64_t count;

	if (!parse_count(value, &count) || count < PROCESSES_LEAST || count > PROCESSES_MOST)
		return "processes is a number from 8 to 100000";
	template->processes = (unsigned)count;
	return NULL;
}

/* Does the path lead upwards anywhere? */
static bool has_parent(const char *path)
{
	for (; *path; path += *path == '/') {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += length;
	}
	return false;
}

static const char *take_bind(struct template *template, const char *value)
{
	if (*value != '/' || has_parent(value) || strlen(value) >= PATH_MAX)
		return "bind is an absolute path, without \"..\"";
	if (template->bind_count == TEMPLATE_BINDS_MAX)
		return "there are more than 32 lines with bind";
	strcpy(template->binds[template->bind_count++], value);
	return NULL;
}

/* ---- Lines ---- */

static const struct key {
	const char *name;
	const char *(*take)(struct template *template, const char *value);
} keys[] = {
	{"network", take_network}, {"display", take_display}, {"geometry", take_geometry},
	{"memory", take_memory},   {"space", take_space},     {"processes", take_processes},
	{"bind", take_bind},
};

/* Without the blanks at its ends. */
static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return text + strspn(text, " \t");
}

/* Take a line, which is changed. Returns NULL, or what is wrong. */
static const char *take_line(struct template *template, char *line)
{
	char *text = trim(line), *equals = strchr(text, '=');
	const char *name;

	if (*text == '\0' || *text == '#')
		return NULL;
	if (!equals)
		return "a line is KEY=VALUE; a comment begins with '#'";
	*equals = '\0';
	name = trim(text);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return keys[i].take(template, trim(equals + 1));
	}
	return "there is no such key; there are network, display, geometry, memory, space, "
	       "processes and bind";
}

int template_parse(const char *untrusted_text, size_t length, struct template *template,
		   unsigned *line, const char **why)
{
	const char *text = untrusted_text, *end = text + length, *newline;
	char copy[TEMPLATE_LINE_MAX + 1];

	for (*line = 1; text < end; text = newline + 1, ++*line) {
		size_t size;

		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			newline = end;
		size = (size_t)(newline - text);
		*why = "the line is too long";
		if (size > TEMPLATE_LINE_MAX)
			return -EINVAL;
		*why = "the line has a NUL";
		if (memchr(text, '\0', size))
			return -EINVAL;
		memcpy(copy, text, size);
		copy[size] = '\0';
		*why = take_line(template, copy);
		if (*why)
			return -EINVAL;
	}
	return 0;
}
