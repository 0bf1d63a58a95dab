/*
 * The progress of a transfer, as text for a person or a program. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/progress.h"
#include "cli/json.h"
#include "text/printable.h"

#include <stdio.h>
#include <string.h>

/* Before this time the rate says more about the start than about the transfer. */
#define SECONDS_FOR_A_RATE 0.5

const char *size_text(double bytes, char text[16])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t unit = 0;

	while (bytes >= 1000 && unit + 1 < sizeof(units) / sizeof(*units)) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, 16, unit && bytes < 100 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
	return text;
}

static double rate_of(const struct progress *progress)
{
	return progress->seconds > SECONDS_FOR_A_RATE
		       ? (double)progress->done.bytes / progress->seconds
		       : 0;
}

/*
 * Entries say more than bytes where there are so few bytes to an entry: then making the entries is
 * what takes time.
 */
#define BYTES_TO_AN_ENTRY 1024

/* A total that has been exceeded is none: it was wrong, or files have grown. */
static bool total_is_true(const struct progress *progress)
{
	return progress->done.bytes <= progress->total.bytes &&
	       (progress->total.entries == 0 || progress->done.entries <= progress->total.entries);
}

static bool counts_entries(const struct progress *progress)
{
	return progress->total.entries > 1 &&
	       progress->total.bytes / BYTES_TO_AN_ENTRY < progress->total.entries &&
	       total_is_true(progress);
}

static bool counts_bytes(const struct progress *progress)
{
	return progress->total.bytes > 0 && total_is_true(progress) && !counts_entries(progress);
}

/* Not 100 before the receiver has confirmed: until then nothing has arrived. */
static unsigned percent_of(const struct progress *progress, uint64_t done, uint64_t total)
{
	unsigned percent = (unsigned)(100.0 * (double)done / (double)total);

	return percent > 99 && !progress->confirmed ? 99 : percent;
}

/* Seconds left, or a negative number if that is not known. */
static double left_of(const struct progress *progress)
{
	double rate = rate_of(progress);

	if (rate <= 0 || !counts_bytes(progress))
		return -1;
	return (double)(progress->total.bytes - progress->done.bytes) / rate;
}

/* How much of how much: bytes, or entries where bytes say nothing. */
static size_t done_text(const struct progress *progress, char *text, size_t size)
{
	uint64_t done = progress->done.entries, total = progress->total.entries;
	char bytes[16], of[16];

	size_text((double)progress->done.bytes, bytes);
	size_text((double)progress->total.bytes, of);
	if (counts_entries(progress))
		return (size_t)snprintf(text, size, "%3u%% %llu of %llu entries%s%s",
					percent_of(progress, done, total), (unsigned long long)done,
					(unsigned long long)total,
					progress->total.bytes ? ", " : "",
					progress->total.bytes ? bytes : "");
	if (counts_bytes(progress))
		return (size_t)snprintf(
			text, size, "%3u%% %s of %s",
			percent_of(progress, progress->done.bytes, progress->total.bytes), bytes,
			of);
	/* Of an empty file there is nothing to count. */
	return (size_t)snprintf(
		text, size, "%s%s",
		progress->confirmed && total > 0 && total_is_true(progress) ? "100% " : "", bytes);
}

static size_t numbers_text(const struct progress *progress, char *text, size_t size)
{
	char rate[16];
	double left = left_of(progress);
	size_t used = done_text(progress, text, size);

	if (rate_of(progress) > 0)
		used += (size_t)snprintf(text + used, size - used, ", %s/s",
					 size_text(rate_of(progress), rate));
	if (left >= 0 && left < 360000)
		used += (size_t)snprintf(text + used, size - used, ", %u:%02u left",
					 (unsigned)left / 60, (unsigned)left % 60);
	return used;
}

/* Without UTF-8: every byte that is not printable ASCII becomes '?', and takes one column. */
static size_t ascii_tail(const char *name, size_t columns, char *text, size_t size)
{
	size_t length = strlen(name);

	if (length <= columns)
		return text_printable(name, length, text, size);
	if (columns < 4)
		return text_printable("", 0, text, size);
	memcpy(text, "...", 3);
	return 3 + text_printable(name + length - (columns - 3), columns - 3, text + 3, size - 3);
}

size_t progress_line(const struct progress *progress, size_t columns, bool utf8, char *text,
		     size_t size)
{
	char numbers[128];
	size_t used = numbers_text(progress, numbers, sizeof(numbers));

	if (used > columns)
		used = columns;
	if (used >= size)
		used = size - 1;
	memcpy(text, numbers, used);
	text[used] = '\0';
	if (columns < used + 6 || size < used + 6 || !progress->name || !*progress->name)
		return used;
	text[used++] = ' ';
	text[used++] = ' ';
	if (utf8)
		text_displayable(progress->name, strlen(progress->name), text + used, size - used,
				 columns - used);
	else
		ascii_tail(progress->name, columns - used, text + used, size - used);
	return used + strlen(text + used);
}

size_t progress_json(const struct progress *progress, char *text, size_t size)
{
	/* Not %f, which writes a comma in some locales. */
	unsigned long long milliseconds = (unsigned long long)(progress->seconds * 1000);
	/* The whole line is shorter than PIPE_BUF: it is written at once, or not at all. */
	char name[3584], total[96] = "";
	const char *entry = progress->name ? progress->name : "";
	int n;

	json_name("name", entry, strlen(entry), name, sizeof(name));
	if (progress->total.entries && total_is_true(progress))
		snprintf(total, sizeof(total), "\"total_bytes\":%llu,\"total_entries\":%llu,",
			 (unsigned long long)progress->total.bytes,
			 (unsigned long long)progress->total.entries);
	else if (progress->total.bytes && total_is_true(progress))
		snprintf(total, sizeof(total), "\"total_bytes\":%llu,",
			 (unsigned long long)progress->total.bytes);
	n = snprintf(text, size,
		     "{\"phase\":\"%s\",\"bytes\":%llu,\"entries\":%llu,%s\"seconds\":%llu.%03u,%"
		     "s}",
		     progress->phase, (unsigned long long)progress->done.bytes,
		     (unsigned long long)progress->done.entries, total, milliseconds / 1000,
		     (unsigned)(milliseconds % 1000), name);
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}
