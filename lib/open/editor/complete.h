/*
 * Is what stands under the file's name a complete save, or is it being written?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef COMPLETE_H
#define COMPLETE_H
#include "open/database.h"
#include "open/editor/watch.h"
#include "open/editor/writers.h"

/*
 * Who writes a file and closes it has completed a save. Where somebody keeps it open for writing,
 * there are two kinds: those who are still writing it, and may pause for long; and those who keep
 * it open while they have it, such as databases. The first have usually opened it to write it anew,
 * the second had it open before.
 */
enum complete {
	COMPLETE_CLOSED, /* nobody has it open for writing */
	/* Somebody has, and it is a database that is consistent. */
	COMPLETE_DATABASE,
	/*
	 * Somebody has, but they have not opened it to write this save: they had it open before, or
	 * they opened it after it was written and closed, or it was written elsewhere and then put
	 * in its place.
	 */
	COMPLETE_HELD,
	/* Somebody has, and it cannot be told whether they are writing it. */
	COMPLETE_UNCERTAIN,
	/* Somebody has, and is writing it: a new content, or within a transaction. */
	COMPLETE_NOT,
};

struct complete_question {
	const struct workdir *workdir;
	const struct watch *watch;
	/* The file when its content was last sent or received, and who had it open then. */
	const struct mark *before;
	const struct writers *held;
	bool shrunk; /* it has been smaller than that since */
	bool blind;  /* what the watch says is not known */
};

/*
 * Judge the file that is open as `fd` and has this status. *writers becomes who has it open for
 * writing, as far as somebody has.
 */
enum complete complete_judge(const struct complete_question *question, int fd,
			     const struct stat *status, struct writers *writers);
/*
 * The same of another file of the working directory, `name`, of which no earlier state is known.
 * COMPLETE_UNCERTAIN: somebody has it open for reading and writing, as a document that is shown.
 */
enum complete complete_judge_beside(const struct workdir *workdir, const char *name, int fd,
				    const struct stat *status);

#endif
