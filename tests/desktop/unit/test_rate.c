/*
 * Unit tests of how fast something is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/rate.h"
#include "unit.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC
#define MB     1000000

/* Sizes have a no-break space in them. */
static void says(const struct rate *rate, guint64 bytes, guint64 total, const char *expected)
{
	char *text = rate_text(rate, bytes, total), **parts = g_strsplit(text, "\xc2\xa0", -1),
	     *plain = g_strjoinv(" ", parts);

	ck_assert_str_eq(plain, expected);
	g_free(text);
	g_strfreev(parts);
	g_free(plain);
}

START_TEST(what_is_not_known_is_not_said)
{
	struct rate rate = {.since = 0};

	says(&rate, 5 * MB, 0, "5.0 MB");
	says(&rate, 5 * MB, 9 * MB, "5.0 MB of 9.0 MB");
	/* The total was wrong. */
	says(&rate, 5 * MB, 4 * MB, "5.0 MB");
}
END_TEST

START_TEST(the_rate_and_the_time_that_is_left)
{
	struct rate rate = {.since = 0};

	rate_add(&rate, SECOND, 0);
	rate_add(&rate, SECOND + 1, 100 * MB); /* that soon it says nothing */
	rate_add(&rate, 2 * SECOND, 5 * MB);
	says(&rate, 5 * MB, 45 * MB, "5.0 MB of 45.0 MB, 5.0 MB/s, 8 seconds left");
	says(&rate, 5 * MB, 605 * MB, "5.0 MB of 605.0 MB, 5.0 MB/s, 2 minutes left");
	says(&rate, 5 * MB, (guint64)36005 * MB, "5.0 MB of 36.0 GB, 5.0 MB/s, 2 hours left");
	says(&rate, 45 * MB, 45 * MB, "45.0 MB of 45.0 MB, 5.0 MB/s");
	says(&rate, 5 * MB, G_MAXUINT64, "5.0 MB of 18.4 EB, 5.0 MB/s, 2777 hours left");
}
END_TEST

START_TEST(it_follows_and_begins_anew)
{
	struct rate rate = {.since = 0};

	rate_add(&rate, SECOND, 0);
	rate_add(&rate, 2 * SECOND, 10 * MB);
	rate_add(&rate, 3 * SECOND, 10 * MB);
	says(&rate, 10 * MB, 0, "10.0 MB, 7.0 MB/s");
	rate_add(&rate, 4 * SECOND, 0);
	says(&rate, 0, 0, "0 bytes");
}
END_TEST

TCase *rate_case(void)
{
	TCase *tcase = tcase_create("rate");

	tcase_add_test(tcase, what_is_not_known_is_not_said);
	tcase_add_test(tcase, the_rate_and_the_time_that_is_left);
	tcase_add_test(tcase, it_follows_and_begins_anew);
	return tcase;
}
