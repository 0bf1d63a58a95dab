/*
 * Is what stands under the file's name a complete save?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/complete.h"

/* Judge a file that somebody has open for writing, or may have. */
static enum complete judge_open(const struct complete_question *question, const struct stat *status,
				const struct writers *writers)
{
	const struct watch *watch = question->watch;
	const unsigned added = writers_new(writers, question->held);
	/* These explain that it is open, though there may be others that cannot be seen. */
	const bool seen = writers->count > 0 && writers->count < WRITERS_MAX;

	/* It was put in its place, or only a mapping was written to, or nothing at all. */
	if (!question->blind && !watch->modified)
		return COMPLETE_HELD;
	if (seen && added == 0)
		return COMPLETE_HELD;
	/* They opened it after who had written it had closed it. */
	if (seen && watch->closed && added <= watch->kept)
		return COMPLETE_HELD;
	/* Without a watch, what came there and what was closed is not known. */
	if (question->blind && !writers_new_only(writers, question->held))
		return COMPLETE_UNCERTAIN;
	/* The number of the file may be that of one that has gone. */
	if (writers_new_only(writers, question->held) || question->shrunk || watch->came ||
	    status->st_ino != question->before->inode)
		return COMPLETE_NOT;
	return COMPLETE_UNCERTAIN;
}

enum complete complete_judge(const struct complete_question *question, int fd,
			     const struct stat *status, struct writers *writers)
{
	const enum writing writing = writers_ask(question->workdir, fd);
	enum database database;

	*writers = (struct writers){.all = true};
	if (writing == WRITING_NOBODY)
		return COMPLETE_CLOSED;
	database = database_look(question->workdir->dir, question->workdir->name, fd, status);
	if (database == DATABASE_WITHIN || writers_lock(fd))
		return COMPLETE_NOT;
	writers_find(writers, question->workdir, status);
	if (database == DATABASE_WHOLE)
		return COMPLETE_DATABASE;
	/* Nobody is seen to have it, and who wrote it was seen to close it. */
	if (writing == WRITING_UNKNOWN && writers->count == 0 && question->watch->closed)
		return COMPLETE_HELD;
	return judge_open(question, status, writers);
}

enum complete complete_judge_beside(const struct workdir *workdir, const char *name, int fd,
				    const struct stat *status)
{
	static const struct writers none;
	struct writers writers;
	enum database database;

	if (writers_ask(workdir, fd) == WRITING_NOBODY)
		return COMPLETE_CLOSED;
	database = database_look(workdir->dir, name, fd, status);
	if (database == DATABASE_WITHIN || writers_lock(fd))
		return COMPLETE_NOT;
	if (database == DATABASE_WHOLE)
		return COMPLETE_DATABASE;
	writers_find(&writers, workdir, status);
	return writers_new_only(&writers, &none) ? COMPLETE_NOT : COMPLETE_UNCERTAIN;
}
