/*
 * Which character of a name is not accepted, and why. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/character.h"
#include "text/properties.h"

#include <qfile.h>
#include <stdio.h>
#include <utf8proc.h>

/* Characters that turn the direction of writing, whatever letters follow. */
static bool turns(int32_t character)
{
	return character == 0x061C || character == 0x200E || character == 0x200F ||
	       (character >= 0x202A && character <= 0x202E) ||
	       (character >= 0x2066 && character <= 0x2069);
}

/* Why a character is not accepted behind what was read. */
static const char *why(const struct reading *before, int32_t character)
{
	const unsigned properties = properties_of(character);
	const utf8proc_category_t category = utf8proc_category(character);

	if (character < 0)
		return "is not UTF-8";
	if (turns(character))
		return "changes the direction of writing";
	if (properties & SPACE)
		return "is a space that does not stand between words";
	if (properties & HIDDEN)
		return "shows nothing there";
	if (properties & MARK)
		return before->marks < MARKS_MAX ? "is a mark with nothing to stand on"
						 : "is one mark too many on the same letter";
	if (category == UTF8PROC_CATEGORY_CC)
		return "is a control character";
	if (category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP)
		return "ends a line";
	if (category == UTF8PROC_CATEGORY_CO)
		return "means something else on every machine";
	if (category == UTF8PROC_CATEGORY_CN)
		return "is no character that is known here";
	/* Some show something themselves, as U+0600, which is put around the digits behind it. */
	return "changes how the characters beside it are shown";
}

/* Describe the character at `at`, which was read last, and what was read before it. */
static void describe(const char *at, const struct reading *before, int32_t character,
		     struct qfile_name_fault *fault)
{
	fault->character = character;
	fault->why = why(before, character);
	if (character < 0)
		snprintf(fault->label, sizeof(fault->label), "byte 0x%02X",
			 (unsigned)(unsigned char)*at);
	else
		snprintf(fault->label, sizeof(fault->label), "U+%04X", (unsigned)character);
}

static bool find_fault(const char *name, const char *end, struct qfile_name_fault *fault)
{
	struct reading reading = {0};
	const char *at = name;

	for (size_t position = 1; at < end; position++) {
		const struct reading before = reading;
		const char *here = at;

		at = character_skip(here, end, &reading);
		if (reading.character < 0) {
			fault->offset = (size_t)(here - name);
			fault->position = position;
			describe(here, &before, reading.found, fault);
			return true;
		}
	}
	return false;
}

bool qfile_name_fault(const char *untrusted_name, size_t length, struct qfile_name_fault *fault)
{
	return find_fault(untrusted_name, untrusted_name + length, fault);
}
