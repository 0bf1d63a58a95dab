/*
 * Which names and link targets are safe to create, and how names are shown. Pure; the rules stand in qfile(5).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <qfile.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#define COMPONENT_MAX 255 /* NAME_MAX of every Linux file system */

#define ZERO_WIDTH_JOINER 0x200D

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
 * The character at the start of `text`, or -1 when it is none or cannot be shown safely behind the character `before` (0: none).
 * Sets *bytes to its length, at least 1.
 */
static int32_t next_safe(const char *text, size_t length, int32_t before, size_t *bytes)
{
	utf8proc_int32_t character;
	utf8proc_ssize_t n;

	*bytes = 1;
	if ((unsigned char)*text < 0x80) /* most names are ASCII: spare them the tables */
		return *text >= ' ' && *text != 0x7f ? *text : -1;
	n = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, &character);
	if (n <= 0)
		return -1;
	*bytes = (size_t)n;
	/* Emoji and some scripts need the joiner; behind ASCII it would only make two names look like one. */
	if (character == ZERO_WIDTH_JOINER)
		return before >= 0x80 && before != ZERO_WIDTH_JOINER ? character : -1;
	return character_ok(character) ? character : -1;
}

static bool characters_ok(const char *text, size_t length)
{
	int32_t character = 0;
	size_t i = 0, bytes;

	while (i < length) {
		character = next_safe(text + i, length - i, character, &bytes);
		if (character < 0)
			return false;
		i += bytes;
	}
	return true;
}

/* Bytes up to the next '/' or the end. */
static size_t component_length(const char *path, size_t length)
{
	const char *slash = memchr(path, '/', length);

	return slash ? (size_t)(slash - path) : length;
}

static bool is_dot(const char *component, size_t length)
{
	return length == 1 && component[0] == '.';
}

static bool is_dot_dot(const char *component, size_t length)
{
	return length == 2 && component[0] == '.' && component[1] == '.';
}

static int canonical_check(const char *path, size_t length)
{
	size_t i = 0, n;

	for (;; i += n + 1) {
		n = component_length(path + i, length - i);
		if (n == 0 || is_dot(path + i, n) || is_dot_dot(path + i, n))
			return -EINVAL;
		if (n > COMPONENT_MAX)
			return -ENAMETOOLONG;
		if (i + n == length)
			return 0;
	}
}

int qfile_name_check(const char *untrusted_name, size_t length, unsigned flags)
{
	const size_t prefix = sizeof(QFILE_STAGING_PREFIX) - 1;
	int r;

	if (length == 0 || length >= QFILE_NAME_MAX || memchr(untrusted_name, '\0', length))
		return -EINVAL;
	r = canonical_check(untrusted_name, length);
	if (r < 0)
		return r;
	if (length >= prefix && memcmp(untrusted_name, QFILE_STAGING_PREFIX, prefix) == 0)
		return -EILSEQ;
	if (!(flags & QFILE_ALLOW_ALL_NAMES) && !characters_ok(untrusted_name, length))
		return -EILSEQ;
	return 0;
}

/* Directories between the top-level entry's own (included) and the one that holds `name`: how often ".." may lead up from there, plus one. */
static size_t depth_of(const char *name)
{
	size_t depth = 0;

	for (; *name; name++)
		depth += *name == '/';
	return depth;
}

/*
 * Does a target stay inside the top-level entry, for a link that lies `depth` directories deep? Sound although components may
 * be links themselves: ".." leads up only from directories that are known to be real, those the link itself lies in.
 */
static bool target_stays_inside(const char *target, size_t length, size_t depth)
{
	bool named = false; /* a component other than ".." was seen */
	size_t i = 0, n;

	if (depth == 0 || target[0] == '/')
		return false;
	for (; i < length; i += n + 1) {
		n = component_length(target + i, length - i);
		if (is_dot_dot(target + i, n)) {
			if (named || --depth == 0)
				return false;
		} else if (n > 0 && !is_dot(target + i, n)) {
			named = true;
		}
	}
	return true;
}

int qfile_link_check(const char *name, const char *untrusted_target, size_t length, unsigned flags)
{
	if (length == 0 || length > QFILE_NAME_MAX || memchr(untrusted_target, '\0', length))
		return -EINVAL;
	if (!(flags & QFILE_ALLOW_ALL_NAMES) && !characters_ok(untrusted_target, length))
		return -EILSEQ;
	if (!(flags & QFILE_ALLOW_UNSAFE_LINKS) && !target_stays_inside(untrusted_target, length, depth_of(name)))
		return -ENOLINK;
	return 0;
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

		if (i >= 63 || !(is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
			return false;
	}
	return true;
}

size_t qfile_printable(const char *untrusted, size_t length, char *text, size_t size)
{
	size_t i;

	for (i = 0; i < length && i + 1 < size; i++)
		text[i] = untrusted[i] >= ' ' && untrusted[i] <= '~' ? untrusted[i] : '?';
	text[i] = '\0';
	return i;
}

/* One step of showing a name: the bytes to show for what is at `text`, and how many of its bytes and how many columns they take. */
struct glyph {
	const char *show;
	size_t show_bytes, bytes, columns;
};

static struct glyph glyph_at(const char *text, size_t length, int32_t *before)
{
	struct glyph glyph = {"?", 1, 1, 1};
	int32_t character = next_safe(text, length, *before, &glyph.bytes);

	*before = character < 0 ? '?' : character;
	if (character >= 0) {
		glyph.show = text;
		glyph.show_bytes = glyph.bytes;
		glyph.columns = (size_t)utf8proc_charwidth(character);
	}
	return glyph;
}

static size_t columns_of(const char *name, size_t length)
{
	size_t i = 0, columns = 0;
	int32_t before = 0;

	while (i < length) {
		struct glyph glyph = glyph_at(name + i, length - i, &before);

		i += glyph.bytes;
		columns += glyph.columns;
	}
	return columns;
}

size_t qfile_displayable(const char *name, size_t length, char *text, size_t size, size_t columns)
{
	static const char ellipsis[] = "...";
	size_t need = columns_of(name, length), used = 0, out = 0, i = 0;
	int32_t before = 0;

	if (need > columns) { /* the end of a name tells more than its beginning */
		if (columns < sizeof(ellipsis) || size < sizeof(ellipsis)) {
			text[0] = '\0';
			return 0;
		}
		out = used = sizeof(ellipsis) - 1;
		memcpy(text, ellipsis, out);
		while (i < length) {
			int32_t here = before;
			struct glyph glyph = glyph_at(name + i, length - i, &here);

			/* What takes no column, a mark or a joiner, belongs to the character before it, which is left out. */
			if (need + used <= columns && glyph.columns > 0)
				break;
			before = here;
			need -= glyph.columns;
			i += glyph.bytes;
		}
	}
	while (i < length) {
		struct glyph glyph = glyph_at(name + i, length - i, &before);

		if (out + glyph.show_bytes >= size)
			break;
		memcpy(text + out, glyph.show, glyph.show_bytes);
		out += glyph.show_bytes;
		used += glyph.columns;
		i += glyph.bytes;
	}
	text[out] = '\0';
	return used;
}

/* Where the extension begins: at the last dot that is not the first character; ".tar.gz" and its like count as one. */
static size_t stem_length(const char *name, size_t length)
{
	static const char tar[] = ".tar";
	const size_t tar_length = sizeof(tar) - 1;
	const char *dot = memrchr(name, '.', length);
	size_t stem = dot && dot != name && dot[1] ? (size_t)(dot - name) : length;

	if (stem < length && stem > tar_length && memcmp(name + stem - tar_length, tar, tar_length) == 0)
		stem -= tar_length;
	return stem;
}

int qfile_numbered_name(const char *name, unsigned number, char numbered[256])
{
	size_t length = strlen(name), stem = stem_length(name, length), extension = length - stem, tag_length;
	char tag[16];

	tag_length = (size_t)snprintf(tag, sizeof(tag), " (%u)", number);
	if (extension + tag_length >= COMPONENT_MAX)
		return -ENAMETOOLONG;
	if (stem + tag_length + extension > COMPONENT_MAX) {
		stem = COMPONENT_MAX - tag_length - extension;
		while (stem > 0 && ((unsigned char)name[stem] & 0xC0) == 0x80) /* a continuation byte */
			stem--;
	}
	if (stem == 0)
		return -ENAMETOOLONG;
	memcpy(numbered, name, stem);
	memcpy(numbered + stem, tag, tag_length);
	memcpy(numbered + stem + tag_length, name + length - extension, extension + 1);
	return 0;
}
