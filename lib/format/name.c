/*
 * Which names and link targets are safe to create, what makes a name safe, and how names are shown.
 * Pure; the rules stand in qfile(5).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/name.h"
#include <errno.h>
#include <qfile.h>
#include <string.h>
#include <utf8proc.h>

#define COMPONENT_MAX 255 /* NAME_MAX of every Linux file system */

#define ZERO_WIDTH_JOINER 0x200D

#define CHARACTER_MAX 4 /* bytes in UTF-8 */

/* Can this character be shown without fooling the reader? */
static bool character_ok(int32_t character)
{
	switch (utf8proc_category(character)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
	case UTF8PROC_CATEGORY_SM:
	case UTF8PROC_CATEGORY_SC:
	case UTF8PROC_CATEGORY_SK:
	case UTF8PROC_CATEGORY_SO:
		return true;
	default:
		return character == ' ';
	}
}

/*
 * Bytes from `text` to `end`, of which there is one at least, and no more than a character can
 * have.
 */
static int within_character(const char *text, const char *end)
{
	int n = 1;

	while (n < CHARACTER_MAX && end - text > n)
		n++;
	return n;
}

/*
 * Look at the character at `text`, which lies before `end`. *character is the one before it (0:
 * none), and becomes this one, or -1 when it is none or cannot be shown safely. Returns its length,
 * at least 1.
 */
static size_t next_in_tables(const char *text, const char *end, int32_t *character)
{
	const int32_t before = *character;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text,
					      within_character(text, end), character);

	if (n <= 0) {
		*character = -1;
		return 1;
	}
	/* For the prover, which is to look at each length by itself: */
	//@ split n;
	/*
	 * Emoji and some scripts need the joiner; behind ASCII it would only make two names look
	 * like one.
	 */
	if (*character == ZERO_WIDTH_JOINER ? before < 0x80 || before == ZERO_WIDTH_JOINER
					    : !character_ok(*character))
		*character = -1;
	return (size_t)n;
}

/* The same. Most names are ASCII: it spares them the tables. */
static size_t next_safe(const char *text, const char *end, int32_t *character)
{
	if ((unsigned char)*text >= 0x80)
		return next_in_tables(text, end, character);
	*character = *text >= ' ' && *text != 0x7f ? *text : -1;
	return 1;
}

/* Go behind the character at `text`; *character as above. */
static const char *skip(const char *text, const char *end, int32_t *character)
{
	return text + next_safe(text, end, character);
}

static bool characters_ok(const char *text, const char *end)
{
	int32_t character = 0;

	while (text < end) {
		text = skip(text, end, &character);
		if (character < 0)
			return false;
	}
	return true;
}

/* Where the first such byte between `text` and `end` is, or `end`. */
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

static bool is_staging(const char *name, const char *end)
{
	const ptrdiff_t prefix = sizeof(QFILE_STAGING_PREFIX) - 1;

	return end - name >= prefix && memcmp(name, QFILE_STAGING_PREFIX, prefix) == 0;
}

static int name_check(const char *name, const char *end, unsigned flags)
{
	int r;

	if (find(name, end, '\0') != end)
		return -EINVAL;
	r = canonical_check(name, end);
	if (r < 0)
		return r;
	if (is_staging(name, end))
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
 * Directories between the top-level entry's own (included) and the one that holds `name`: how often
 * ".." may lead up from there, plus one.
 */
static size_t depth_of(const char *name)
{
	size_t depth = 0;

	for (; *name; name++)
		depth += *name == '/';
	return depth;
}

/*
 * Does a target stay inside the top-level entry, for a link that lies `depth` directories deep?
 * Sound although components may be links themselves: ".." leads up only from directories that are
 * known to be real, those the link itself lies in.
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

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool qfile_vm_name_ok(const char *name)
{
	size_t i = 0;

	if (!is_letter(name[0]))
		return false;
	for (; name[i]; i++) {
		char c = name[i];

		if (i >= QFILE_VM_NAME_MAX ||
		    !(is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
			return false;
	}
	return true;
}

/* Copy the bytes that fit between `text` and `last`, which is for the NUL. Returns how many. */
static size_t copy_printable(const char *from, const char *end, char *text, const char *last)
{
	const char *begin = text;

	for (; from < end && text < last; from++)
		*text++ = *from >= ' ' && *from <= '~' ? *from : '?';
	*text = '\0';
	return (size_t)(text - begin);
}

size_t qfile_printable(const char *untrusted, size_t length, char *text, size_t size)
{
	return copy_printable(untrusted, untrusted + length, text, text + size - 1);
}

/* Columns that a character takes where it is shown; -1 is shown as '?'. */
static size_t width_of(int32_t character)
{
	return character < 0 ? 1 : (size_t)utf8proc_charwidth(character);
}

static size_t columns_of(const char *name, const char *end)
{
	size_t columns = 0;
	int32_t character = 0;

	while (name < end) {
		name = skip(name, end, &character);
		columns += width_of(character);
	}
	return columns;
}

/*
 * Where the rest begins when so many columns are left out, or one more. *character becomes the last
 * one that is. What takes no column, a mark or a joiner, belongs to the character before it, and
 * goes with that.
 */
static const char *skip_columns(const char *name, const char *end, size_t columns,
				int32_t *character)
{
	size_t skipped = 0;

	while (name < end) {
		int32_t here = *character;
		const char *next = skip(name, end, &here);

		if (skipped >= columns && width_of(here) > 0)
			break;
		*character = here;
		skipped += width_of(here);
		name = next;
	}
	return name;
}

/*
 * Show the character at *name at *text, `substitute` in place of one that is not safe, and go
 * behind it in both. Returns whether it fits between there and `last`.
 */
static bool show_one(const char **name, const char *end, int32_t *character, char **text,
		     const char *last, char substitute)
{
	size_t bytes = next_safe(*name, end, character);
	size_t shown = *character < 0 ? 1 : bytes;

	if ((size_t)(last - *text) < shown)
		return false;
	memcpy(*text, *character < 0 ? &substitute : *name, shown);
	*text += shown;
	*name += bytes;
	return true;
}

/*
 * Show the characters that fit between `text` and `last`, which is for the NUL. Returns the columns
 * they take.
 */
static size_t show(const char *name, const char *end, int32_t character, char *text,
		   const char *last)
{
	size_t columns = 0;

	while (name < end && show_one(&name, end, &character, &text, last, '?'))
		columns += width_of(character);
	*text = '\0';
	return columns;
}

static size_t displayable(const char *name, const char *end, char *text, const char *last,
			  size_t columns)
{
	static const char ellipsis[] = "...";
	const size_t dots = sizeof(ellipsis) - 1;
	size_t need = columns_of(name, end);
	int32_t character = 0;

	if (need <= columns)
		return show(name, end, character, text, last);
	if (columns <= dots || (size_t)(last - text) < dots) {
		text[0] = '\0';
		return 0;
	}
	memcpy(text, ellipsis, dots);
	/* The end of a name tells more than its beginning. */
	name = skip_columns(name, end, need - (columns - dots), &character);
	return dots + show(name, end, character, text + dots, last);
}

size_t qfile_displayable(const char *name, size_t length, char *text, size_t size, size_t columns)
{
	return displayable(name, name + length, text, text + size - 1, columns);
}

/*
 * Copy the name, made safe, to what lies between `safe` and `last`, which is for the NUL: there is
 * room for as many bytes as the name has.
 */
static int safe_name(const char *name, const char *end, char *safe, const char *last)
{
	const bool staging = is_staging(name, end);
	char *at = safe, *next = safe;
	int32_t character = 0;

	if (is_dot(name, end) || is_dot_dot(name, end))
		return -EINVAL;
	/* GCOVR_EXCL_BR_LINE: all of it fits. */
	for (; name < end && show_one(&name, end, &character, &next, last, '_'); at = next) {
		if (character == '/')
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
