/*
 * Editing: sends back what is saved, until it is known that nobody has the file any more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EDITING_H
#define EDITING_H
#include "open/editor/handler.h"
#include "open/editor/over.h"
#include "open/editor/saves.h"
#include "open/holders/candidates.h"
#include "open/holders/holders.h"

struct editing {
	struct saves saves;
	int out, stop; /* as in struct editor_options */
	char *const *environment;
	struct handler handler;
	struct process handler_process;
	struct holders holders;
	struct evidence evidence;
	char likely[64]; /* the application that was likely handed the file, or empty */
	char heir[PROCESS_NAME_SIZE]; /* one that was started to open the file, and lives; or empty
				       */
	int unseen;                   /* why it cannot be seen who has it, a negative errno; or 0 */
	int64_t started;              /* when the handler was started, as clock_now() */
	int64_t next;                 /* when to look next */
	int64_t cost;                 /* milliseconds of processor time that the last look took */
	int64_t nobody;               /* since when nobody is seen to have it; 0: somebody is */
	int64_t seen_change;          /* the last change that was seen */
	unsigned opened;              /* workdir_opened(), when events were read last */
	int64_t unlocked;             /* when a lock file went; 0: none did */
	enum verdict verdict;
	int64_t judged; /* since when that is so */
	unsigned told;  /* a bit for each verdict that the opener's user was told of */
	int64_t saved;  /* when the last save was sent */
	/* In the end: somebody uses the file still, or may. */
	bool left;
	/* And so many files were saved beside it and are not with the opener: the first one. */
	unsigned beside;
	char beside_name[NAME_MAX + 1];
	/* And a directory or a link, which is never sent, stands in its place. */
	bool other;
	/* And it is a database with changes that are only in its journal. */
	bool within;
};

/* Run the handler, as editor_run(). */
int editing_run(struct editing *editing, char *const argv[], char *const environment[],
		struct qfile_error *error);
/* Look who has the file, and judge. What target_read() says is known. */
enum verdict editing_look(struct editing *editing);

#endif
