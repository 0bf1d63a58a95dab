/*
 * mimeapps.list: the user's default applications.
 *
 * A group of the list has lines "TYPE=ID;ID;...". An entry without types of its own can be a
 * default only if it has been added to the type, too. GKeyFile would write the whole list anew, and
 * what was taken back would not be the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "mimeapps.h"

#include <string.h>

#define DEFAULTS "[Default Applications]"
#define ADDED    "[Added Associations]"
#define REMOVED  "[Removed Associations]"
/* It is below the header of a group that was not there before. */
#define MARK "# This group was added by qfile-send --set-default."

/* Of each of the two parts of a type (RFC 6838). */
#define PART_MAX 127

static size_t part_length(const char *text)
{
	size_t length = 0;

	if (!g_ascii_isalnum(*text))
		return 0;
	while (g_ascii_isalnum(text[length]) || (text[length] && strchr("!#$&^_.+-", text[length])))
		length++;
	return length <= PART_MAX ? length : 0;
}

gboolean mimeapps_type_ok(const char *type)
{
	static const char *const others[] = {"inode/", "x-scheme-handler/", "x-content/"};
	const size_t first = part_length(type);
	size_t second;

	if (first == 0 || type[first] != '/')
		return FALSE;
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		if (g_ascii_strncasecmp(type, others[i], strlen(others[i])) == 0)
			return FALSE;
	}
	second = part_length(type + first + 1);
	return second > 0 && !type[first + 1 + second];
}

static const char *const beginnings[] = {"qfile-send-open", "qfile-send-view"};
static const char ending[] = ".desktop";

char *mimeapps_id(enum action action, const char *vm)
{
	return g_strconcat(beginnings[action == ACTION_VIEW], vm ? "-" : "", vm ? vm : "", ending,
			   NULL);
}

gboolean mimeapps_is_ours(const char *id)
{
	for (size_t i = 0; i < G_N_ELEMENTS(beginnings); i++) {
		const size_t length = strlen(beginnings[i]);

		if (strncmp(id, beginnings[i], length) == 0 && g_str_has_suffix(id, ending) &&
		    (id[length] == '-' || strcmp(id + length, ending) == 0))
			return TRUE;
	}
	return FALSE;
}

/* A walk over the lines of a text, which may be edited meanwhile. All are offsets in it. */
struct walk {
	GString *text;
	gsize line, end, next; /* its beginning, its line feed or the end, and the next line */
	gboolean inside;       /* the group that is looked for */
};

static gboolean walk_on(struct walk *walk)
{
	const char *feed;

	if (walk->next > walk->text->len)
		return FALSE;
	walk->line = walk->next;
	feed = strchr(walk->text->str + walk->line, '\n');
	walk->end = feed ? (gsize)(feed - walk->text->str) : walk->text->len;
	walk->next = walk->end + 1;
	return TRUE;
}

/* The current line without spaces around it, to be freed by the caller. */
static char *words_of(const struct walk *walk)
{
	return g_strstrip(g_strndup(walk->text->str + walk->line, walk->end - walk->line));
}

static gboolean line_is(const struct walk *walk, const char *expected)
{
	char *words = words_of(walk);
	const gboolean is = strcmp(words, expected) == 0;

	g_free(words);
	return is;
}

/* Go to the next line of the group that is not its header. */
static gboolean walk_in_group(struct walk *walk, const char *group)
{
	while (walk_on(walk)) {
		char *words = words_of(walk);
		const gboolean header = *words == '[';

		if (header)
			walk->inside = strcmp(words, group) == 0;
		g_free(words);
		if (walk->inside && !header)
			return TRUE;
	}
	return FALSE;
}

/* Where the value begins, if the current line is that of this type; otherwise 0. */
static gsize value_of(const struct walk *walk, const char *type)
{
	const char *at = walk->text->str + walk->line;

	at += strspn(at, " \t");
	if (strncmp(at, type, strlen(type)) != 0)
		return 0;
	at += strlen(type);
	at += strspn(at, " \t");
	if (*at != '=')
		return 0;
	at++;
	return (gsize)(at + strspn(at, " \t") - walk->text->str);
}

/* Remove these bytes, which are at the current line's beginning or behind it. */
static void cut(struct walk *walk, gsize start, gsize end)
{
	g_string_erase(walk->text, (gssize)start, (gssize)(end - start));
	walk->end -= end - start;
	walk->next -= end - start;
}

/* Remove our entries from the value that begins there. Returns whether there were any. */
static gboolean remove_entries(struct walk *walk, gsize value)
{
	gboolean found = FALSE;

	for (gsize at = value; at < walk->end;) {
		const gsize length = strcspn(walk->text->str + at, ";\r\n");
		const gsize after = at + length + (walk->text->str[at + length] == ';');
		char *id = g_strstrip(g_strndup(walk->text->str + at, length));
		const gboolean ours = mimeapps_is_ours(id);

		g_free(id);
		found = found || ours;
		if (ours && at == value && after == at + length) {
			/* It is all that the line has: mimeapps_set() made this line. */
			cut(walk, walk->line - 1, walk->end);
			return TRUE;
		}
		if (ours)
			cut(walk, at, after);
		else
			at = after > at ? after : walk->end;
	}
	return found;
}

static gboolean remove_from(GString *text, const char *group, const char *type)
{
	struct walk walk = {.text = text};
	gboolean found = FALSE;

	while (walk_in_group(&walk, group)) {
		const gsize value = value_of(&walk, type);

		if (value && remove_entries(&walk, value))
			found = TRUE;
	}
	return found;
}

/* Where the header of the group ends; it is made if it is not there. */
static gsize header_end(GString *text, const char *group)
{
	struct walk walk = {.text = text};

	while (walk_on(&walk)) {
		if (line_is(&walk, group))
			return walk.end;
	}
	g_string_append_printf(text, "%s%s\n" MARK "\n", text->len ? "\n" : "", group);
	return text->len - strlen("\n" MARK "\n");
}

static void add_to(GString *text, const char *group, const char *type, const char *id)
{
	struct walk walk = {.text = text};
	gboolean found = FALSE;

	while (walk_in_group(&walk, group)) {
		const gsize value = value_of(&walk, type);

		if (!value)
			continue;
		g_string_insert(text, (gssize)value, ";");
		g_string_insert(text, (gssize)value, id);
		walk.next += strlen(id) + 1;
		found = TRUE;
	}
	if (!found) {
		char *line = g_strconcat("\n", type, "=", id, NULL);

		g_string_insert(text, (gssize)header_end(text, group), line);
		g_free(line);
	}
}

/* Is there nothing else in the group whose mark is the current line? */
static gboolean is_empty(struct walk walk)
{
	while (walk_on(&walk)) {
		char *words = words_of(&walk);
		const char first = *words;

		g_free(words);
		if (first)
			return first == '[';
	}
	return TRUE;
}

/* Remove the group if it was made here, and nothing is in it any more. */
static void tidy(GString *text, const char *group)
{
	struct walk walk = {.text = text};
	gsize header;

	while (walk_on(&walk)) {
		if (!line_is(&walk, group))
			continue;
		header = walk.line;
		if (walk_on(&walk) && line_is(&walk, MARK) && is_empty(walk)) {
			header -= header > 0; /* the empty line above it */
			g_string_erase(text, (gssize)header,
				       (gssize)(MIN(walk.next, text->len) - header));
			return;
		}
	}
}

static gboolean remove_all(GString *text, const char *type)
{
	static const char *const groups[] = {DEFAULTS, ADDED, REMOVED};
	gboolean found = FALSE;

	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
		found = remove_from(text, groups[i], type) || found;
	return found;
}

char *mimeapps_set(const char *text, const char *type, const char *id)
{
	GString *edited = g_string_new(text);

	remove_all(edited, type);
	add_to(edited, DEFAULTS, type, id);
	add_to(edited, ADDED, type, id);
	return g_string_free(edited, FALSE);
}

char *mimeapps_unset(const char *text, const char *type)
{
	GString *edited = g_string_new(text);
	const gboolean found = remove_all(edited, type);

	tidy(edited, DEFAULTS);
	tidy(edited, ADDED);
	return g_string_free(edited, !found);
}
