/*
 * The progress of a transfer, as text for a person or a program. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H
#include <qfile.h>

struct progress {
	struct qfile_size total; /* 0: not known */
	struct qfile_size done;
	double seconds;    /* since the start */
	const char *name;  /* current entry, unsanitised */
	const char *phase; /* as JSON has it */
	bool confirmed;    /* by the receiver */
};

/* Write an amount of bytes as people read it, such as "1.2 MiB". Returns `text`. */
const char *size_text(double bytes, char text[16]);

/*
 * Write a line of at most `columns` columns to `text`: percentage, bytes (and entries, where these
 * are so small that bytes say nothing), rate, time left, name. There is no percentage if the total
 * has turned out to be wrong, and it is 100 only after the receiver has confirmed. The line is
 * NUL-terminated and has no newline. `utf8`: the terminal shows UTF-8. Returns the length in bytes.
 */
size_t progress_line(const struct progress *progress, size_t columns, bool utf8, char *text,
		     size_t size);
/*
 * Write a JSON object to `text`, NUL-terminated, without a newline. The name is as json_name()
 * writes it, and loses its end if it is very long. Returns the length in bytes.
 */
size_t progress_json(const struct progress *progress, char *text, size_t size);

#endif
