/*
 * What qfile-agent and qopen-in-vm say to programs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "event.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* The value of a member, or NULL if it is not there or of another kind. */
static JsonNode *value_of(JsonObject *object, const char *member, GType type)
{
	JsonNode *node = json_object_get_member(object, member);

	return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type ? node
											     : NULL;
}

static guint64 number_of(JsonObject *object, const char *member)
{
	JsonNode *node = value_of(object, member, G_TYPE_INT64);
	gint64 number = node ? json_node_get_int(node) : 0;

	return number > 0 ? (guint64)number : 0;
}

static const char *string_of(JsonObject *object, const char *member)
{
	JsonNode *node = value_of(object, member, G_TYPE_STRING);

	return node ? json_node_get_string(node) : NULL;
}

/* An empty text is none. */
static char *text_of(JsonObject *object, const char *member)
{
	const char *text = string_of(object, member);

	return text && *text ? g_strdup(text) : NULL;
}

static JsonArray *array_of(JsonObject *object, const char *member)
{
	JsonNode *node = json_object_get_member(object, member);

	return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

/* The number of a word in a table, or 0. */
static unsigned find(const char *word, const char *const *words, unsigned count)
{
	for (unsigned i = 1; word && i < count; i++) {
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	return 0;
}

static enum phase phase_of(JsonObject *object)
{
	static const char *const words[] = {"",         "calling",   "counting",
					    "sending",  "receiving", "confirming",
					    "removing", "open",      "done"};

	return (enum phase)find(string_of(object, "phase"), words, G_N_ELEMENTS(words));
}

static enum outcome outcome_of(JsonObject *object)
{
	static const char *const words[] = {"",        "copied",  "failed",   "stopped",
					    "damaged", "unknown", "complete", "incomplete"};

	return (enum outcome)find(string_of(object, "outcome"), words, G_N_ELEMENTS(words));
}

static unsigned help_of(JsonObject *object)
{
	static const char *const words[] = {"", "rename", "dereference", "skip-unreadable"};
	JsonArray *list = array_of(object, "help");
	unsigned help = 0;

	for (guint i = 0; list && i < json_array_get_length(list); i++) {
		JsonNode *node = json_array_get_element(list, i);
		unsigned word =
			JSON_NODE_HOLDS_VALUE(node) &&
					json_node_get_value_type(node) == G_TYPE_STRING
				? find(json_node_get_string(node), words, G_N_ELEMENTS(words))
				: 0;

		if (word)
			help |= 1U << (word - 1);
	}
	return help;
}

/* "NAME: WHY" of each object of a list. */
static void add_remarks(JsonObject *object, const char *member, GString *remarks)
{
	JsonArray *list = array_of(object, member);

	for (guint i = 0; list && i < json_array_get_length(list); i++) {
		JsonNode *node = json_array_get_element(list, i);
		JsonObject *each = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
		const char *name = each ? string_of(each, "name_shown") : NULL,
			   *why = each ? string_of(each, "why") : NULL;

		if (name && why)
			g_string_append_printf(remarks, "%s: %s\n", name, why);
	}
}

static void take_last(JsonObject *object, struct event *event)
{
	GString *remarks = g_string_new(NULL);

	event->outcome = outcome_of(object);
	event->code = (guint32)number_of(object, "code");
	event->message = text_of(object, "message");
	event->entry = text_of(object, "entry");
	event->help = help_of(object);
	event->left_out = number_of(object, "left_out_count");
	event->changed = number_of(object, "changed_count");
	event->kept = number_of(object, "kept_count");
	add_remarks(object, "left_out", remarks);
	add_remarks(object, "changed", remarks);
	add_remarks(object, "kept", remarks);
	event->remarks = g_string_free(remarks, FALSE);
}

static void take(JsonObject *object, struct event *event)
{
	*event = (struct event){
		.phase = phase_of(object),
		.bytes = number_of(object, "bytes"),
		.entries = number_of(object, "entries"),
		.total_bytes = number_of(object, "total_bytes"),
		.total_entries = number_of(object, "total_entries"),
		.name = text_of(object, "name"),
		.saves = (unsigned)number_of(object, "saves"),
		.saves_here = (unsigned)number_of(object, "saves_here"),
	};
	if (event->phase == PHASE_OPEN) {
		event->note = text_of(object, "note");
		event->beside = text_of(object, "beside");
		event->kept_at = text_of(object, "kept");
		event->before = text_of(object, "before");
	}
	if (event->phase == PHASE_DONE)
		take_last(object, event);
}

gboolean event_parse(const char *line, gsize length, struct event *event)
{
	JsonParser *parser = json_parser_new_immutable();
	JsonNode *root = json_parser_load_from_data(parser, line, (gssize)length, NULL)
				 ? json_parser_get_root(parser)
				 : NULL;
	const gboolean ok = root && JSON_NODE_HOLDS_OBJECT(root);

	if (ok)
		take(json_node_get_object(root), event);
	g_object_unref(parser);
	return ok;
}

void event_clear(struct event *event)
{
	g_free(event->name);
	g_free(event->message);
	g_free(event->entry);
	g_free(event->remarks);
	g_free(event->note);
	g_free(event->beside);
	g_free(event->kept_at);
	g_free(event->before);
	*event = (struct event){.phase = PHASE_OTHER};
}
