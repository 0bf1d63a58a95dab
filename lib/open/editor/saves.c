/*
 * Saves: what the user saves is noticed, and sent to the opener once it is complete.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/saves.h"

#include <errno.h>
#include <unistd.h>

/*
 * How often to send the last save if the file is written to meanwhile, which nobody should do then.
 */
#define LAST_TRIES 3

int saves_open(struct saves *saves)
{
	return watch_open(&saves->watch, saves->workdir->directory, saves->workdir->name);
}

void saves_close(struct saves *saves)
{
	watch_close(&saves->watch);
}

int saves_timeout(const struct saves *saves)
{
	return watch_timeout(&saves->watch);
}

/*
 * Send the present content of the file, if the opener does not have it. Returns as reply_save(),
 * and 0 if there is no file.
 */
static int send_save(struct saves *saves)
{
	struct stat status;
	int fd = workdir_open(saves->workdir, &status), r;

	if (fd < 0)
		/* It was moved away, to be replaced soon, or removed, which is no save. */
		return fd == -ENOENT ? 0 : fd;
	r = reply_save(saves->reply, fd, &status, 0, false);
	close(fd);
	return r;
}

int saves_attend(struct saves *saves)
{
	int r = watch_read(&saves->watch);

	if (r < 0)
		return r;
	/* Send each save once it is settled. Version 1 can only send the last one. */
	if (!watch_settled(&saves->watch) || saves->view_only || !saves->reply->records)
		return 0;
	r = send_save(saves);
	if (r < 0 && saves->reply->ended)
		return r;
	if (r == -EAGAIN)
		watch_again(&saves->watch);
	return 0;
}

bool saves_pending(const struct saves *saves)
{
	return !saves->view_only && watch_timeout(&saves->watch) >= 0;
}

int saves_send_last(struct saves *saves, bool over)
{
	int r = -EAGAIN;

	watch_read(&saves->watch);
	if (saves->view_only || !(over || saves->watch.complete))
		return 0;
	for (int i = 0; r == -EAGAIN && i < LAST_TRIES; i++)
		r = send_save(saves);
	return r == -EAGAIN ? -ESTALE : r;
}
