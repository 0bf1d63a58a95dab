/*
 * What has arrived from one VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "arrivals.h"

#include <errno.h>
#include <sys/stat.h>

void arrivals_add(struct arrivals *arrivals, const char *name, bool folder)
{
	/* A directory may come twice: an empty one first, and then the one in its place. */
	for (unsigned i = 0; i < arrivals->kept; i++) {
		if (g_str_equal(arrivals->first[i].name, name))
			return;
	}
	if (folder)
		arrivals->folders++;
	else
		arrivals->files++;
	if (arrivals->kept < ARRIVALS_KEPT)
		arrivals->first[arrivals->kept++] = (struct arrival){g_strdup(name), folder};
}

void arrivals_clear(struct arrivals *arrivals)
{
	for (unsigned i = 0; i < arrivals->kept; i++)
		g_free(arrivals->first[i].name);
	*arrivals = (struct arrivals){.kept = 0};
}

/* Only what is known to be gone is. */
static bool is_gone(const char *directory, const char *name)
{
	char *path = g_build_filename(directory, name, NULL);
	struct stat status;
	const bool gone = lstat(path, &status) < 0 && (errno == ENOENT || errno == ENOTDIR);

	g_free(path);
	return gone;
}

void arrivals_check(struct arrivals *arrivals, const char *directory)
{
	unsigned left = 0;

	for (unsigned i = 0; i < arrivals->kept; i++) {
		const struct arrival arrival = arrivals->first[i];

		if (!is_gone(directory, arrival.name)) {
			arrivals->first[left++] = arrival;
			continue;
		}
		if (arrival.folder)
			arrivals->folders--;
		else
			arrivals->files--;
		g_free(arrival.name);
	}
	arrivals->kept = left;
}

bool arrivals_none(const struct arrivals *arrivals)
{
	return arrivals->files == 0 && arrivals->folders == 0 && !arrivals->more;
}
