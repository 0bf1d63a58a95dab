/*
 * The templates of disposable VMs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "templates.h"

#include "base/log.h"
#include "base/trusted.h"
#include "text/printable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF_MAX 4096 /* bytes of TEMPLATE.conf */

static const char not_root[] = "others than root may change it, or a directory on its way";

static bool is_ours(const struct stat *status)
{
	return (status->st_uid == 0 || status->st_uid == geteuid()) &&
	       !(status->st_mode & (S_IWGRP | S_IWOTH));
}

const char *templates_name(const char *target)
{
	return target[strlen(RPC_DISPOSABLE)] ? target + strlen(RPC_DISPOSABLE) + 1 : "default";
}

/* Is it the name of a template? As a target it has to be one. */
static bool name_ok(const char *name)
{
	char target[2 * RPC_NAME_SIZE];

	return (size_t)snprintf(target, sizeof(target), RPC_DISPOSABLE ":%s", name) <
		       RPC_NAME_SIZE &&
	       rpc_disposable_ok(target);
}

const char *templates_find(const struct templates *templates, const char *name,
			   char path[TEMPLATE_PATH_SIZE])
{
	struct stat status;
	int r;

	if ((size_t)snprintf(path, TEMPLATE_PATH_SIZE, "%s/%s.cfg", templates->directory, name) >=
	    TEMPLATE_PATH_SIZE)
		return "its path is too long";
	r = trusted_find(path, &status);
	if (r < 0)
		return r == -EPERM ? not_root : strerrordesc_np(-r);
	return S_ISREG(status.st_mode) ? NULL : "it is no regular file";
}

/* ---- TEMPLATE.conf ---- */

/* One line, as a string. NULL, or what is wrong. */
static const char *take_line(struct vm_template *template, char *line)
{
	static const char key[] = "preload=";
	unsigned long number;
	char *end;

	line[strcspn(line, "\r")] = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return NULL;
	if (strncmp(line, key, strlen(key)) != 0)
		return "only preload=N may stand there, and lines that begin with #";
	line += strlen(key);
	number = strtoul(line, &end, 10);
	if (*line < '0' || *line > '9' || *end || number > PRELOAD_MAX)
		return "preload= takes a number from 0 to 32";
	template->preload = (unsigned)number;
	return NULL;
}

static const char *take_text(struct vm_template *template, char *text)
{
	const char *wrong = NULL;
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line && !wrong;
	     line = strtok_r(NULL, "\n", &rest))
		wrong = take_line(template, line);
	return wrong;
}

/* NULL, or what is wrong. */
static const char *read_conf(int fd, struct vm_template *template)
{
	char text[CONF_MAX + 1];
	struct stat status;
	ssize_t n;

	if (fstat(fd, &status) < 0)
		return strerrordesc_np(errno);
	if (!S_ISREG(status.st_mode))
		return "it is no regular file";
	if (!is_ours(&status))
		return not_root;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return strerrordesc_np(errno);
	if (n > CONF_MAX)
		return "it is larger than 4096 bytes";
	text[n] = '\0';
	return take_text(template, text);
}

static const char *load_one(int dir, const char *file, struct vm_template *template)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *wrong;

	if (fd < 0)
		return strerrordesc_np(errno);
	wrong = read_conf(fd, template);
	close(fd);
	return wrong;
}

/* ---- All of them ---- */

static int is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static unsigned preload_of(const struct templates *templates)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < templates->count; i++)
		sum += templates->list[i].preload;
	return sum;
}

/* NULL, or what is wrong. */
static const char *add(struct templates *templates, int dir, const char *file)
{
	struct vm_template *template = &templates->list[templates->count];
	const char *wrong;

	if (templates->count == TEMPLATES_MAX)
		return "there are more than 32 such files";
	*template = (struct vm_template){.preload = 0};
	if (snprintf(template->name, RPC_NAME_SIZE, "%s", file) >= RPC_NAME_SIZE)
		return "its name is too long";
	template->name[strlen(template->name) - 5] = '\0';
	if (!name_ok(template->name))
		return "that is no template's name: a letter, then letters, digits, '_' and '-', "
		       "at most 55 in all";
	wrong = load_one(dir, file, template);
	templates->count++;
	if (!wrong && preload_of(templates) > PRELOAD_MAX)
		wrong = "more than 32 VMs are to be preloaded, of all templates together";
	return wrong;
}

/* Is there a TEMPLATE.cfg beside this TEMPLATE.conf? */
static bool has_cfg(int dir, const char *file)
{
	char name[NAME_MAX + 1];
	struct stat status;

	snprintf(name, sizeof(name), "%.*s.cfg", (int)strlen(file) - 5, file);
	return fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool add_all(struct templates *templates, int dir)
{
	struct dirent **names;
	int count = scandirat(dir, ".", &names, is_conf, alphasort);
	char shown[512];
	bool ok = true;

	if (count < 0) {
		log_line(LOG_ERR, "%s: %s", templates->directory, strerror(errno));
		return false;
	}
	for (int i = 0; i < count; i++) {
		/* Others are for sandboxes: see pedos-rpc-sandbox(1). */
		bool mine = ok && has_cfg(dir, names[i]->d_name);
		const char *wrong = mine ? add(templates, dir, names[i]->d_name) : NULL;

		if (wrong) {
			text_printable(names[i]->d_name, strlen(names[i]->d_name), shown,
				       sizeof(shown));
			log_line(LOG_ERR, "%s/%s: %s", templates->directory, shown, wrong);
			ok = false;
		}
		free(names[i]);
	}
	free(names);
	return ok;
}

bool templates_load(struct templates *templates)
{
	struct templates read = {.directory = templates->directory};
	int dir = open(templates->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;
	bool ok = true;

	if (dir < 0 && errno != ENOENT) {
		log_line(LOG_ERR, "%s: %s", templates->directory, strerror(errno));
		return false;
	}
	if (dir >= 0) {
		ok = fstat(dir, &status) == 0 && is_ours(&status);
		if (!ok)
			log_line(LOG_ERR, "%s: others than root may write to it",
				 templates->directory);
		ok = ok && add_all(&read, dir);
		close(dir);
	}
	if (ok)
		*templates = read;
	return ok;
}
