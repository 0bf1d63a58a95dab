/*
 * The files of templates.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "template_file.h"

#include "base/trusted.h"
#include "system/contents.h"
#include "text/printable.h"
#include "text/vmname.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX      ".conf"
#define PLACES      2
#define DEFAULT     "default"
#define WITHIN_HOME "pedos-rpc/disposables"

/*
 * Is it a directory of ours? Who has become another account without its environment has the home
 * directory of somebody else in there, whose templates do not count. 1, 0 or a negative errno.
 */
static int is_own(const char *directory)
{
	struct stat status;

	if (!directory || *directory != '/')
		return 0;
	if (stat(directory, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	return status.st_uid == geteuid();
}

/*
 * The directories, the first one first; one that is not known is empty. A negative errno: it cannot
 * be found out which.
 */
static int find_places(char places[PLACES][PATH_MAX])
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int own_config = is_own(config), own_home = own_config == 0 ? is_own(home) : 0, n = 0;

	if (own_config > 0)
		n = snprintf(places[0], PATH_MAX, "%s/" WITHIN_HOME, config);
	else if (own_home > 0)
		n = snprintf(places[0], PATH_MAX, "%s/.config/" WITHIN_HOME, home);
	if (n <= 0 || n >= PATH_MAX)
		places[0][0] = '\0';
	strcpy(places[1], TEMPLATE_DIRECTORY);
	return own_config < 0 ? own_config : own_home < 0 ? own_home : 0;
}

/* Read the file's text. `why` says what is wrong with the file. */
static ssize_t read_file(const char *path, char *text, size_t size, const char **why)
{
	struct stat status;
	ssize_t n = trusted_find(path, &status);
	int fd;

	*why = "others than root and you may change it, or a directory on the way to it: chmod "
	       "go-w";
	if (n < 0) {
		if (n != -EPERM)
			*why = strerrordesc_np((int)-n);
		return n;
	}
	*why = "it is no regular file";
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -errno : contents_read(fd, text, size);
	if (fd >= 0)
		close(fd);
	*why = n < 0 ? strerrordesc_np((int)-n) : "it is larger than 64 KiB";
	return n >= 0 && (size_t)n == size ? -E2BIG : n;
}

/* -ENOENT: there is no such file. */
static int load(const char *path, struct template *template, char *failure, size_t size)
{
	static char text[TEMPLATE_TEXT_MAX + 1];
	char shown[PATH_MAX];
	unsigned line = 0;
	const char *why;
	ssize_t n = read_file(path, text, sizeof(text), &why);
	int r = n < 0 ? (int)n : template_parse(text, (size_t)n, template, &line, &why);

	if (r == 0)
		return 0;
	text_printable(path, strlen(path), shown, sizeof(shown));
	if (line > 0)
		snprintf(failure, size, "%s:%u: %s", shown, line, why);
	else
		snprintf(failure, size, "%s: %s", shown, why);
	return r;
}

int template_load(const char *name, struct template *template, char *failure, size_t size)
{
	static char places[PLACES][PATH_MAX];
	char path[3 * PATH_MAX];
	int r = find_places(places);

	template_default(template);
	if (r < 0) {
		snprintf(failure, size, "looking for your templates in XDG_CONFIG_HOME or HOME: %s",
			 strerror(-r));
		return r;
	}
	for (int i = 0; i < PLACES; i++) {
		if (!*places[i])
			continue;
		snprintf(path, sizeof(path), "%s/%s" SUFFIX, places[i], name);
		r = load(path, template, failure, size);
		if (r != -ENOENT && r != -ENOTDIR)
			return r;
	}
	if (strcmp(name, DEFAULT) == 0)
		return 0;
	snprintf(failure, size, "there is no template %s: make %s" SUFFIX " in %s%s%s", name, name,
		 places[0], *places[0] ? " or " : "", places[1]);
	return -ENOENT;
}

/* ---- Which there are ---- */

static int is_template(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name), behind = sizeof(SUFFIX) - 1;
	char name[NAME_MAX + 1];

	if (length <= behind || strcmp(entry->d_name + length - behind, SUFFIX) != 0)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(length - behind), entry->d_name);
	return vm_name_ok(name) && strcmp(name, DEFAULT) != 0;
}

static void say(const char *name)
{
	printf("%.*s\n", (int)(strlen(name) - (sizeof(SUFFIX) - 1)), name);
}

/* The names in a directory that are in none before it. */
static int list(char places[PLACES][PATH_MAX], int place)
{
	struct dirent **entries;
	int count = *places[place] ? scandir(places[place], &entries, is_template, alphasort) : 0;
	char before[3 * PATH_MAX];

	if (count < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	for (int i = 0; i < count; i++) {
		snprintf(before, sizeof(before), "%s/%s", places[0], entries[i]->d_name);
		if (place == 0 || access(before, F_OK) < 0)
			say(entries[i]->d_name);
		free(entries[i]);
	}
	if (*places[place])
		free(entries);
	return 0;
}

int template_list(void)
{
	static char places[PLACES][PATH_MAX];
	int r = find_places(places);

	for (int i = 0; i < PLACES && r == 0; i++)
		r = list(places, i);
	return r;
}
