/*
 * Which program a command of the shell runs first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/shell/command.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Longer commands, and commands within more commands, are left to be asked what they lead to. */
#define WORDS_MAX 32
#define TEXT_MAX  4096
#define DEPTH_MAX 4

struct sought {
	const char *program, *service;
	int depth;
};

/* A simple command: its words without their quotes, in `text`. */
struct simple {
	const char *words[WORDS_MAX];
	size_t count, used;
	bool unclear;   /* it has too many words, or what this does not understand */
	char separator; /* what ends it; NUL: the end */
	char text[TEXT_MAX];
};

/* ---- Words ---- */

static void put(struct simple *simple, char c)
{
	if (simple->used + 1 < sizeof(simple->text))
		simple->text[simple->used++] = c;
	else
		simple->unclear = true;
}

/* What stands for something else, which is not known here: no name of a program has that sign. */
#define UNKNOWN '\1'

/*
 * Skip what a '$' or '`' begins. Returns its end. A command in there could read in place of the
 * program, but for the one that names an account.
 */
static const char *skip_substitution(const char *at, struct simple *simple)
{
	static const char *const known[] = {"$(id -u)", "$(id -un)", "`id -u`", "`id -un`"};
	size_t length;

	put(simple, UNKNOWN);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strncmp(at, known[i], strlen(known[i])) == 0)
			return at + strlen(known[i]);
	}
	if (*at == '`' || at[1] == '(') {
		simple->unclear = true;
		return at + 1;
	}
	if (at[1] != '{')
		return at + 1;
	length = strcspn(at, "}'\"\\`(");
	simple->unclear = simple->unclear || at[length] != '}';
	return at + length + (at[length] == '}');
}

/* Take what is between double quotes; `at` is behind the first. Returns what is behind the last. */
static const char *take_quoted(const char *at, struct simple *simple)
{
	while (*at && *at != '"') {
		if (*at == '$' || *at == '`') {
			at = skip_substitution(at, simple);
			continue;
		}
		if (*at == '\\' && at[1] && strchr("$`\"\\", at[1]))
			at++;
		put(simple, *at++);
	}
	simple->unclear = simple->unclear || !*at;
	return *at ? at + 1 : at;
}

/* Take a word. Returns its end. */
static const char *take_word(const char *at, struct simple *simple)
{
	while (*at && !strchr(" \t\n;&|()<>", *at)) {
		if (*at == '\'') {
			for (at++; *at && *at != '\''; at++)
				put(simple, *at);
			simple->unclear = simple->unclear || !*at;
			at += *at != '\0';
		} else if (*at == '"') {
			at = take_quoted(at + 1, simple);
		} else if (*at == '$' || *at == '`') {
			at = skip_substitution(at, simple);
		} else {
			at += *at == '\\' && at[1];
			put(simple, *at++);
		}
	}
	put(simple, '\0');
	return at;
}

/* Take a redirection, which names no program. What it reads from instead is no stream of ours. */
static const char *skip_redirection(const char *at, struct simple *simple)
{
	size_t used = simple->used;

	simple->unclear = simple->unclear || *at == '<';
	at += strspn(at, "<>&|");
	at = take_word(at + strspn(at, " \t"), simple);
	simple->used = used;
	return at;
}

/* Take a simple command. Returns what is behind the sign that separates it from the next. */
static const char *take_simple(const char *at, struct simple *simple)
{
	*simple = (struct simple){.count = 0};
	for (;;) {
		const char *word = simple->text + simple->used;

		at += strspn(at, " \t");
		if (*at == '#')
			at += strcspn(at, "\n");
		if (!*at || strchr("\n;&|()", *at))
			break;
		if (*at == '<' || *at == '>') {
			at = skip_redirection(at, simple);
			continue;
		}
		at = take_word(at, simple);
		/* The number of a descriptor. */
		if ((*at == '<' || *at == '>') && word[strspn(word, "0123456789")] == '\0')
			continue;
		if (simple->count < WORDS_MAX)
			simple->words[simple->count++] = word;
		else
			simple->unclear = true;
	}
	simple->separator = *at;
	/* "&&" and "||" are no pipe. */
	if ((*at == '&' || *at == '|') && at[1] == *at) {
		simple->separator = ';';
		at++;
	}
	return *at ? at + 1 : at;
}

/* ---- Programs that run others ---- */

static const struct runner {
	const char *name;
	/* Of its options, those that take a word of their own; NULL: none may be there. */
	const char *values;
	size_t before; /* so many words come before the command, or before -c at most */
	enum {
		COMMAND, /* its words follow */
		JOINED,  /* they follow, and are one text for a shell */
		TEXT,    /* the value of -c is a text for a shell */
		SERVICE, /* the name of an rpc service follows */
	} kind;
} runners[] = {
	{"ssh", "BbcDEeFIiJLlmOopQRSWw", 1, JOINED},
	{"sh", NULL, 0, TEXT},
	{"bash", NULL, 0, TEXT},
	{"dash", NULL, 0, TEXT},
	{"su", NULL, 2, TEXT},
	{"sudo", "CDghpRrTtUu", 0, COMMAND},
	{"doas", "Cu", 0, COMMAND},
	{"runuser", "ugG", 0, COMMAND},
	{"env", NULL, 0, COMMAND},
	{"exec", NULL, 0, COMMAND},
	{"command", NULL, 0, COMMAND},
	{"nice", "n", 0, COMMAND},
	{"ionice", "cnpPu", 0, COMMAND},
	{"nohup", NULL, 0, COMMAND},
	{"setsid", NULL, 0, COMMAND},
	{"stdbuf", "eio", 0, COMMAND},
	{"time", "fo", 0, COMMAND},
	{"timeout", "ks", 1, COMMAND},
	{"chroot", "", 1, COMMAND},
	{"unshare", "GRSw", 0, COMMAND},
	{"qrexec-client-vm", "", 1, SERVICE},
	{"pedos-rpc", "", 1, SERVICE},
};

static const struct runner *runner_of(const char *name)
{
	for (size_t i = 0; i < sizeof(runners) / sizeof(*runners); i++) {
		if (strcmp(runners[i].name, name) == 0)
			return &runners[i];
	}
	return NULL;
}

/* Commands that read nothing, whatever their options are; and the word that ends a list. */
static bool is_harmless(const char *word)
{
	static const char *const harmless[] = {":",      "true", "false",  "cd",   "umask",
					       "ulimit", "set",  "unset",  "echo", "export",
					       "printf", "exit", "return", "test", "[",
					       "sleep",  "sync", "touch",  "}"};

	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++) {
		if (strcmp(harmless[i], word) == 0)
			return true;
	}
	return false;
}

static bool is_assignment(const char *word)
{
	size_t length = strcspn(word, "=");

	return word[length] && length > 0 && (*word < '0' || *word > '9') &&
	       strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") ==
		       length;
}

/* A word that begins a list, or turns its result about. */
static bool is_sign(const char *word)
{
	return strcmp(word, "{") == 0 || strcmp(word, "!") == 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* How many words these options have. */
static size_t options_before(const char *const *words, size_t count, const char *values)
{
	size_t i = 0;

	while (values && i < count && words[i][0] == '-' && words[i][1]) {
		const char *word = words[i++], *value = strpbrk(word + 1, values);

		if (strcmp(word, "--") == 0)
			break;
		if (word[1] != '-' && value && !value[1])
			i++;
	}
	return i < count ? i : count;
}

static bool command_runs_within(const char *text, const struct sought *sought);

static bool runs_text(const char *text, const struct sought *sought)
{
	return sought->depth < DEPTH_MAX &&
	       command_runs_within(
		       text, &(struct sought){sought->program, sought->service, sought->depth + 1});
}

/* Do these words, joined by spaces, as a text for a shell? */
static bool runs_joined(const char *const *words, size_t count, const struct sought *sought)
{
	char text[TEXT_MAX];
	size_t used = 0;

	for (size_t i = 0; i < count && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s ", words[i]);
	return used < sizeof(text) && runs_text(text, sought);
}

/* Is there a word "-c", behind so many at most, and does the text behind it? */
static bool runs_value(const char *const *words, size_t count, size_t before,
		       const struct sought *sought)
{
	for (size_t i = 0; i + 1 < count && i <= before; i++) {
		if (strcmp(words[i], "-c") == 0)
			return runs_text(words[i + 1], sought);
	}
	return false;
}

static bool is_service(const char *word, const char *service)
{
	const size_t length = strlen(service);

	return strncmp(word, service, length) == 0 && (!word[length] || word[length] == '+');
}

static bool words_run(const char *const *words, size_t count, const struct sought *sought)
{
	while (count > 0) {
		const struct runner *runner;
		const char *name = last_part(words[0]);
		size_t skipped;

		if (is_assignment(words[0]) || is_sign(words[0])) {
			words++, count--;
			continue;
		}
		if (strcmp(name, sought->program) == 0 || strcmp(name, sought->service) == 0)
			return true;
		runner = runner_of(name);
		if (!runner)
			return false;
		words++, count--;
		if (runner->kind == TEXT)
			return runs_value(words, count, runner->before, sought);
		skipped = options_before(words, count, runner->values) + runner->before;
		if (skipped >= count)
			return false;
		words += skipped, count -= skipped;
		if (runner->kind == JOINED)
			return runs_joined(words, count, sought);
		if (runner->kind == SERVICE)
			return is_service(words[0], sought->service);
	}
	return false;
}

/* ---- Commands ---- */

/* Does it read nothing itself? What is written to it is then left to the command behind it. */
static bool reads_nothing(const struct simple *simple)
{
	size_t i = 0;

	while (i < simple->count && (is_assignment(simple->words[i]) || is_sign(simple->words[i])))
		i++;
	return i == simple->count || is_harmless(simple->words[i]);
}

/*
 * Does nothing else read what was meant for the program that `simple` runs, where that cannot be
 * started, ends early or is passed over? Behind a '|' a command reads what the program says.
 */
static bool alone_reads(const char *behind, struct simple *simple)
{
	bool piped = simple->separator == '|';

	while (simple->separator) {
		behind = take_simple(behind, simple);
		if (simple->unclear || (!piped && !reads_nothing(simple)))
			return false;
		piped = simple->separator == '|';
	}
	return true;
}

static bool command_runs_within(const char *text, const struct sought *sought)
{
	struct simple simple;

	do {
		text = take_simple(text, &simple);
		if (simple.unclear)
			return false;
		if (words_run(simple.words, simple.count, sought))
			return alone_reads(text, &simple);
	} while (reads_nothing(&simple) && simple.separator && simple.separator != '|');
	return false;
}

bool command_runs(const char *command, const char *program, const char *service)
{
	return command_runs_within(command, &(struct sought){program, service, 0});
}
