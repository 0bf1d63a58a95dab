/*
 * How far a transfer is, as text for a person or a program. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H
#include <qfile.h>

struct progress {
	struct qfile_size total; /* 0 bytes: unknown */
	struct qfile_size done;
	double seconds;   /* since the start */
	const char *name; /* current entry, unsanitised */
};

/*
 * One line of at most `columns` columns: percent, bytes, rate, time left, name. NUL-terminated, no
 * newline. Returns its bytes. `utf8`: the terminal shows UTF-8.
 */
size_t progress_line(const struct progress *progress, size_t columns, bool utf8, char *text,
		     size_t size);
/*
 * One JSON object, NUL-terminated, no newline. A name that is not UTF-8 has its other bytes
 * replaced.
 */
size_t progress_json(const struct progress *progress, char *text, size_t size);

#endif
