/*
 * Showing the progress of a transfer, to a person or a program.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SHOW_H
#define SHOW_H
#include <qfile.h>
#include <stdbool.h>
#include <stdint.h>

enum show_mode {
	SHOW_NONE,
	SHOW_TTY,  /* one line, redrawn */
	SHOW_JSON, /* one object a line */
	SHOW_GUI,  /* bytes so far, a number a line: what the shell of a graphical wrapper reads */
};

/* What is being done. */
enum show_phase {
	SHOW_CALLING,
	SHOW_COUNTING,
	SHOW_SENDING,
	SHOW_RECEIVING,  /* what was saved in the other VM */
	SHOW_CONFIRMING, /* all is sent, and the receiver has to confirm it */
	SHOW_REMOVING,   /* what was sent, for a move */
};

struct show {
	enum show_mode mode;
	enum show_phase phase;
	int fd;
	bool utf8;
	bool begun;          /* something was shown */
	bool line_open;      /* the cursor is at the end of our line */
	bool confirmed;      /* by the receiver */
	int64_t start, last; /* as clock_now() */
	struct qfile_size done, total;
};

/*
 * Choose how to show the progress by the option's value ("auto", "tty", "json" or "none"). NULL
 * means that the option was not given: then the environment, which wrappers set, decides. Returns
 * false for another value.
 */
bool show_init(struct show *show, const char *option);
/*
 * The value of an option: a descriptor that is open for writing, and is none of those that lead
 * elsewhere. Returns false if it is not.
 */
bool show_descriptor(const char *text, int *fd);
/* After show_init(): as JSON, on a descriptor that is for nothing else. */
void show_on(struct show *show, int fd);
/*
 * Programs that are started from now on do not get the descriptor. Returns what to use in place of
 * `stop`, of stop_open(): it also becomes readable when a graphical wrapper is closed.
 */
int show_watch(struct show *show, int stop);
/* Should the caller find out the total? */
bool show_wants_total(const struct show *show);
/* A phase begins. */
void show_phase(struct show *show, enum show_phase phase);
/*
 * Show that `done` of the total is done. `name` is the current entry, unsanitised. This does
 * nothing if the last time was less than a tenth of a second ago.
 */
void show_progress(struct show *show, struct qfile_size done, const char *name);
/* The receiver has confirmed: show the progress at the end, and begin a new line. */
void show_end(struct show *show, struct qfile_size done, const char *name);
/* Begin anew, with another total. */
void show_begin(struct show *show, struct qfile_size total);
/* Remove the line, so that a message can be written. */
void show_clear(struct show *show);
/* On a terminal: show this text, which is safe to show, as the line, until show_clear(). */
void show_text(struct show *show, const char *text);
/*
 * Where the progress is JSON: write an object that is shorter than PIPE_BUF, with a newline at its
 * end. A reader that takes nothing does not get it.
 */
void show_object(const struct show *show, const char *json, size_t length);
/*
 * Where the progress is JSON: write the last object, with a newline at its end. It may be long. A
 * reader that takes nothing for some seconds does not get it.
 */
void show_last(struct show *show, const char *json, size_t length);

#endif
