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
	double seconds;   /* since the start */
	const char *name; /* current entry, unsanitised */
};

/*
 * How much is done, of the bytes, or of the entries where these are so small that bytes say
 * nothing: 0 to 100. -1: that is not known, or the total has turned out to be wrong.
 */
int progress_percent(const struct progress *progress);
/*
 * Write a line of at most `columns` columns to `text`: percentage, bytes, rate, time left, name. It
 * is NUL-terminated and has no newline. `utf8`: the terminal shows UTF-8. Returns the length in
 * bytes.
 */
size_t progress_line(const struct progress *progress, size_t columns, bool utf8, char *text,
		     size_t size);
/*
 * Write a JSON object to `text`, NUL-terminated, without a newline. Bytes of the name that are not
 * UTF-8 are replaced. Returns the length in bytes.
 */
size_t progress_json(const struct progress *progress, char *text, size_t size);

#endif
