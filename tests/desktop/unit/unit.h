/*
 * What the unit tests of qfile-send share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef DESKTOP_UNIT_H
#define DESKTOP_UNIT_H
#include <check.h>
#include <glib.h>

/* Of the functions that decide and say, file by file. */
TCase *options_case(void);
TCase *selection_case(void);
TCase *lines_case(void);
TCase *event_case(void);
TCase *shown_case(void);
TCase *rate_case(void);
TCase *words_case(void);
TCase *failure_case(void);
TCase *vms_case(void);
TCase *recent_case(void);
TCase *programs_case(void);
TCase *opened_case(void);
TCase *mimeapps_case(void);

/* What is put around names, so that they reorder nothing. */
#define NAMED(name) "\xe2\x81\xa8" name "\xe2\x81\xa9"

/* A text that the caller would free is this. It is freed. */
#define ck_text(call, expected)                    \
	do {                                       \
		char *text_ = (call);              \
		ck_assert_str_eq(text_, expected); \
		g_free(text_);                     \
	} while (0)

#endif
