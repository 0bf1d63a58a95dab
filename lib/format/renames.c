/*
 * Names that became others on arrival. Pure; qfile(5) describes the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/renames.h"

#include <limits.h>
#include <string.h>

/* The pair at `place`: its second name, and where the next pair begins. */
static const char *second_of(const struct renames *renames, size_t place, size_t *next)
{
	const char *second = renames->pairs + place + strlen(renames->pairs + place) + 1;

	*next = (size_t)(second - renames->pairs) + strlen(second) + 1;
	return second;
}

/* Remove the pair whose second name is `name`. Its first name goes to `first`: `name` if none. */
static void take_out(struct renames *renames, const char *name, char first[NAME_MAX + 1])
{
	size_t used = renames->used, next;

	strcpy(first, name);
	for (size_t place = 0; place < used; place = next) {
		if (strcmp(second_of(renames, place, &next), name) != 0)
			continue;
		strcpy(first, renames->pairs + place);
		renames->used = 0; /* none is whole while they are moved */
		memmove(renames->pairs + place, renames->pairs + next, used - next);
		__atomic_store_n(&renames->used, used - (next - place), __ATOMIC_RELEASE);
		return;
	}
}

void renames_note(struct renames *renames, const char *name, const char *final)
{
	char first[NAME_MAX + 1];
	size_t old, new, used;

	take_out(renames, name, first);
	old = strlen(first) + 1;
	new = strlen(final) + 1;
	used = renames->used;
	if (renames->full || sizeof(renames->pairs) - used < old + new) {
		renames->full = true;
		return;
	}
	memcpy(renames->pairs + used, first, old);
	memcpy(renames->pairs + used + old, final, new);
	__atomic_store_n(&renames->used, used + old + new, __ATOMIC_RELEASE);
}

/* One name of a pair: returns the place behind its NUL, or 0 if it can be no top-level entry's. */
static size_t name_end(const struct qfile_result *result, size_t place)
{
	const char *untrusted = result->name + place;
	size_t length = strnlen(untrusted, result->namelen - place);

	if (length == result->namelen - place || memchr(untrusted, '/', length) ||
	    qfile_name_check(untrusted, length, QFILE_ALLOW_ALL_NAMES) < 0)
		return 0;
	return place + length + 1;
}

bool qfile_result_renamed(const struct qfile_result *result, size_t *place, const char **name,
			  const char **untrusted_final)
{
	size_t second = *place < result->namelen ? name_end(result, *place) : 0;
	size_t next = second > 0 && second < result->namelen ? name_end(result, second) : 0;

	if (result->code != 0 || next == 0)
		return false;
	*name = result->name + *place;
	*untrusted_final = result->name + second;
	*place = next;
	return true;
}
