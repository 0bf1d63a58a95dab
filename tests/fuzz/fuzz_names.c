/*
 * Which names and targets are accepted, and how names are shown.
 *
 * The input is three bytes, which say how large the buffers are, then a name, a NUL and the target
 * of a link of that name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/progress.h"
#include "format/name.h"
#include "fuzz.h"

#include <qfile.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ---- The rules of qfile(5), in other words ---- */

/*
 * How many of the components at the beginning are "..", of those that count. *others: how many are
 * not, *late: ".." behind one of those.
 */
static size_t count_up(const char *target, size_t length, bool *late)
{
	size_t up = 0, others = 0;
	const char *end = target + length;

	*late = false;
	for (const char *slash; target <= end; target = slash + 1) {
		slash = memchr(target, '/', (size_t)(end - target));
		if (!slash)
			slash = end;
		if (slash - target == 2 && memcmp(target, "..", 2) == 0) {
			up++;
			*late = *late || others > 0;
		} else if (slash > target && !(slash - target == 1 && *target == '.')) {
			others++;
		}
	}
	return up;
}

static size_t count_slashes(const char *name, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += name[i] == '/';
	return count;
}

static bool is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return true;
}

/* Between slashes put around it, a name shows its bad components as text. */
static bool is_canonical(const char *name, size_t length)
{
	char *text = malloc(length + 3);
	size_t longest = 0, now = 0;
	bool ok;

	sprintf(text, "/%.*s/", (int)length, name);
	for (size_t i = 0; i < length; i++) {
		now = name[i] == '/' ? 0 : now + 1;
		longest = now > longest ? now : longest;
	}
	ok = length > 0 && length < QFILE_NAME_MAX && !memchr(name, '\0', length) &&
	     longest <= 255 && !strstr(text, "//") && !strstr(text, "/./") &&
	     !strstr(text, "/../") && !strstr(text, "/" QFILE_STAGING_PREFIX);
	free(text);
	return ok;
}

/* ---- The functions ---- */

/* A name has a fault if it is refused for its characters, and the label says which it is. */
static void check_fault(const char *exact, size_t length, bool safe, bool any)
{
	struct qfile_name_fault fault;

	if (!qfile_name_fault(exact, length, &fault)) {
		CHECK(safe || !any);
		return;
	}
	CHECK(!safe && fault.offset < length);
	CHECK(fault.position >= 1 && fault.position <= fault.offset + 1);
	CHECK(fault.character >= 0 ? strtol(fault.label + 2, NULL, 16) == fault.character
				   : strncmp(fault.label, "byte 0x", 7) == 0);
	CHECK(is_ascii(fault.label, strlen(fault.label)) && is_ascii(fault.why, strlen(fault.why)));
}

static void check_name(const char *name, size_t length, const char *exact)
{
	bool any = qfile_name_check(exact, length, QFILE_ALLOW_ALL_NAMES) == 0,
	     safe = qfile_name_check(exact, length, 0) == 0;

	CHECK(any == is_canonical(name, length));
	CHECK(!safe || any);
	CHECK(!safe || fuzz_is_clean_text(name, length));
	CHECK(safe || !any || !is_ascii(name, length));
	check_fault(exact, length, safe, any);
}

static void check_link(const char *name, size_t name_length, const char *target, size_t length)
{
	bool late, inside,
		safe = qfile_link_check(name, target, length, QFILE_ALLOW_UNSAFE_LINKS) == 0;
	size_t up = count_up(target, length, &late);

	inside = up < count_slashes(name, name_length) && !late &&
		 count_slashes(name, name_length) > 0 && (length == 0 || target[0] != '/');
	if (length == 0 || length > QFILE_NAME_MAX || memchr(target, '\0', length))
		inside = false;
	CHECK((qfile_link_check(name, target, length, QFILE_ALLOW_ALL_NAMES) == 0) == inside);
	CHECK((qfile_link_check(name, target, length, 0) == 0) == (inside && safe));
	CHECK(!safe || fuzz_is_clean_text(target, length));
}

static void check_vm_name(const char *name)
{
	static const char characters[] =
		"-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t length = strlen(name);

	CHECK(qfile_vm_name_ok(name) == (strspn(name, characters + 13) > 0 &&
					 strspn(name, characters) == length && length <= 63));
}

static void check_printable(const char *exact, size_t length, size_t size)
{
	char *text = fuzz_exact_buffer(size);
	size_t n = qfile_printable(exact, length, text, size);

	CHECK(n == (length < size ? length : size - 1) && strlen(text) == n && is_ascii(text, n));
	for (size_t i = 0; i < n; i++)
		CHECK(text[i] == exact[i] || (text[i] == '?' && !is_ascii(exact + i, 1)));
	free(text);
}

static void check_displayable(const char *exact, size_t length, size_t size, size_t columns)
{
	char *text = fuzz_exact_buffer(size), *again;
	size_t used = qfile_displayable(exact, length, text, size, columns), n = strlen(text);

	CHECK(used <= columns && n < size);
	CHECK(fuzz_is_clean_text(text, n));
	CHECK(!is_ascii(text, n) || used == n);
	/* A name of that text is accepted, unless it leads nowhere or is too long. */
	CHECK(qfile_name_check(text, n, 0) == qfile_name_check(text, n, QFILE_ALLOW_ALL_NAMES));
	if (is_ascii(exact, length) && length < size && length <= columns)
		CHECK(n == length && memcmp(text, exact, n) == 0);
	again = fuzz_exact_buffer(size);
	CHECK(qfile_displayable(text, n, again, size, columns) == used && strcmp(again, text) == 0);
	free(again);
	free(text);
}

static void check_numbered(const char *name, size_t length, unsigned number)
{
	char *numbered = fuzz_exact_buffer(256), tag[16];

	/* With a space before it, unless one is there. */
	snprintf(tag, sizeof(tag), "(%u)", number);
	if (name_numbered(name, number, numbered) == 0) {
		CHECK(strlen(numbered) <= 255 && strstr(numbered, tag));
		/* Cut to make room for what it had there. */
		CHECK(strcmp(numbered, name) != 0 || strstr(name, tag));
		CHECK(qfile_name_check(numbered, strlen(numbered), QFILE_ALLOW_ALL_NAMES) == 0);
		CHECK(qfile_name_check(name, length, 0) != 0 ||
		      qfile_name_check(numbered, strlen(numbered), 0) == 0);
		CHECK(length + strlen(tag) >= 255 || strlen(numbered) == length + strlen(tag) ||
		      strlen(numbered) == length + 1 + strlen(tag));
	} else {
		CHECK(length > 200); /* a short name always has room for a number */
	}
	free(numbered);
}

/* The object ends where it should, whatever the name has in it. */
static void check_json(const struct progress *progress)
{
	static const char label[] = "\"name\":\"", hex[] = "\",\"name_hex\":\"";
	char text[8192]; /* as in qfile-agent */
	size_t n = progress_json(progress, text, sizeof(text));
	const char *at = strstr(text, label);

	CHECK(n == strlen(text) && n < sizeof(text) - 1 && at);
	for (at += strlen(label); *at != '"'; at += *at == '\\' ? 6 : 1) {
		CHECK((unsigned char)*at >= ' ' && *at != 0x7f);
		CHECK(*at != '\\' || (at[1] == 'u' && strspn(at + 2, "0123456789abcdef") >= 4));
	}
	if (strncmp(at, hex, strlen(hex)) == 0) {
		at += strlen(hex);
		at += strspn(at, "0123456789abcdef");
	}
	CHECK(strcmp(at, "\"}") == 0);
}

static void check_line(const struct progress *progress, size_t columns, size_t size, bool utf8)
{
	char *text = fuzz_exact_buffer(size);
	size_t n = progress_line(progress, columns, utf8, text, size);

	CHECK(n < size && n == strlen(text) && fuzz_is_clean_text(text, n));
	CHECK(utf8 || (n <= columns && is_ascii(text, n)));
	free(text);
}

/* All that is said about a name to a person or a program. */
static void check_told(const char *name, size_t size, size_t columns)
{
	struct progress progress = {.total = {.bytes = 10},
				    .done = {.bytes = size},
				    .seconds = (double)size / 7,
				    .name = name};
	static struct qfile_error error = {.doing = "reading", .hint = "try again"};
	char *text = fuzz_exact_buffer(size);

	check_line(&progress, columns, size, true);
	check_line(&progress, columns, size, false);
	check_json(&progress);
	strncpy(error.name, name, sizeof(error.name) - 1);
	error.code = (int)size;
	qfile_error_text(&error, text, size);
	CHECK(strlen(text) < size);
	/* cut, it may be cut inside of a character. */
	CHECK(strlen(text) + 1 == size || fuzz_is_clean_text(text, strlen(text)));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t buffer, columns, number, length, target_length;
	char *exact, *name, *target;

	if (size < 3)
		return 0;
	buffer = 1 + data[0] * 2u;
	columns = data[1];
	number = 2 + (data[2] & 0x80 ? data[2] * 40000000u : data[2]);
	data += 3;
	size -= 3;
	length = strnlen((const char *)data, size);
	exact = fuzz_exact_copy(data, size);
	check_name((const char *)data, size, exact); /* with a NUL in it, too */
	check_printable(exact, size, buffer);
	free(exact);

	name = strndup((const char *)data, length);
	exact = fuzz_exact_copy(data, length);
	target_length = size > length ? size - length - 1 : 0;
	target = fuzz_exact_copy(data + size - target_length, target_length);
	check_name(name, length, exact);
	check_vm_name(name);
	check_displayable(exact, length, buffer, columns);
	check_told(name, buffer, columns);
	if (qfile_name_check(name, length, QFILE_ALLOW_ALL_NAMES) == 0) {
		check_link(name, length, target, target_length);
		if (!strchr(name, '/'))
			check_numbered(name, length, (unsigned)number);
	}
	free(exact);
	free(name);
	free(target);
	return 0;
}
