/*
 * Which names and link targets are safe to create, and making a name safe. Pure; qfile(5) has the
 * rules.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/name.h"
#include "text/character.h"

#include <errno.h>
#include <qfile.h>
#include <string.h>

#define COMPONENT_MAX 255 /* NAME_MAX of every Linux file system */

/* Returns the first `byte` between `text` and `end`, or `end`. */
static const char *find(const char *text, const char *end, char byte)
{
	const char *found = memchr(text, byte, (size_t)(end - text));

	return found ? found : end;
}

static bool is_dot(const char *component, const char *end)
{
	return end - component == 1 && component[0] == '.';
}

static bool is_dot_dot(const char *component, const char *end)
{
	return end - component == 2 && component[0] == '.' && component[1] == '.';
}

static int canonical_check(const char *path, const char *end)
{
	const char *next;

	for (;; path = next + 1) {
		next = find(path, end, '/');
		if (next == path || is_dot(path, next) || is_dot_dot(path, next))
			return -EINVAL;
		if (next - path > COMPONENT_MAX)
			return -ENAMETOOLONG;
		if (next == end)
			return 0;
	}
}

/* Does a component begin like the names of our own, which nothing that is sent may have? */
static bool is_staging(const char *component, const char *end)
{
	const ptrdiff_t prefix = sizeof(QFILE_STAGING_PREFIX) - 1;

	return end - component >= prefix && memcmp(component, QFILE_STAGING_PREFIX, prefix) == 0;
}

static bool has_staging(const char *path, const char *end)
{
	const char *next;

	for (;; path = next + 1) {
		next = find(path, end, '/');
		if (is_staging(path, next))
			return true;
		if (next == end)
			return false;
	}
}

static int name_check(const char *name, const char *end, unsigned flags)
{
	int r;

	if (find(name, end, '\0') != end)
		return -EINVAL;
	r = canonical_check(name, end);
	if (r < 0)
		return r;
	if (has_staging(name, end))
		return -EILSEQ;
	if (!(flags & QFILE_ALLOW_ALL_NAMES) && !characters_ok(name, end))
		return -EILSEQ;
	return 0;
}

int qfile_name_check(const char *untrusted_name, size_t length, unsigned flags)
{
	if (length == 0 || length >= QFILE_NAME_MAX)
		return -EINVAL;
	return name_check(untrusted_name, untrusted_name + length, flags);
}

/*
 * How many directories `name` lies in, the top-level entry's included. A ".." may lead up from
 * there one time less.
 */
static size_t depth_of(const char *name)
{
	size_t depth = 0;

	for (; *name; name++)
		depth += *name == '/';
	return depth;
}

/*
 * Does the target of a link that lies `depth` directories deep stay inside the top-level entry?
 * Components may be links themselves, but ".." is only allowed to lead up from the directories that
 * the link lies in, which are known to be real.
 */
static bool target_stays_inside(const char *target, const char *end, size_t depth)
{
	bool named = false; /* a component other than ".." was seen */
	const char *next;

	if (depth == 0 || target[0] == '/')
		return false;
	for (;; target = next + 1) {
		next = find(target, end, '/');
		if (is_dot_dot(target, next)) {
			if (named || --depth == 0)
				return false;
		} else if (next > target && !is_dot(target, next)) {
			named = true;
		}
		if (next == end)
			return true;
	}
}

static int link_check(const char *name, const char *target, const char *end, unsigned flags)
{
	if (find(target, end, '\0') != end)
		return -EINVAL;
	if (!(flags & QFILE_ALLOW_ALL_NAMES) && !characters_ok(target, end))
		return -EILSEQ;
	if (!(flags & QFILE_ALLOW_UNSAFE_LINKS) &&
	    !target_stays_inside(target, end, depth_of(name)))
		return -ENOLINK;
	return 0;
}

int qfile_link_check(const char *name, const char *untrusted_target, size_t length, unsigned flags)
{
	if (length == 0 || length > QFILE_NAME_MAX)
		return -EINVAL;
	return link_check(name, untrusted_target, untrusted_target + length, flags);
}

/*
 * Make the name safe, and write it to `safe`. The NUL goes to `last` at the latest: there is room
 * for as many bytes as the name has.
 */
static int safe_name(const char *name, const char *end, char *safe, const char *last)
{
	const bool staging = is_staging(name, end);
	char *at = safe, *next = safe;
	struct reading reading = {0};

	if (is_dot(name, end) || is_dot_dot(name, end))
		return -EINVAL;
	/* GCOVR_EXCL_BR_START: all of it fits. */
	for (; name < end && character_show(&name, end, &reading, &next, last, '_'); at = next) {
		/* GCOVR_EXCL_BR_STOP */
		if (reading.character == '/')
			*at = '_';
	}
	*at = '\0';
	if (staging)
		*safe = '_';
	return 0;
}

int name_safe(const char *untrusted_name, size_t length, char name[256])
{
	if (length == 0 || length > COMPONENT_MAX)
		return -EINVAL;
	return safe_name(untrusted_name, untrusted_name + length, name, name + COMPONENT_MAX);
}
