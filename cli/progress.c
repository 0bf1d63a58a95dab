/*
 * The progress of a transfer, as text for a person or a program. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/progress.h"
#include "text/printable.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

/* Before this time the rate says more about the start than about the transfer. */
#define SECONDS_FOR_A_RATE 0.5

static const char *size_text(double bytes, char text[16])
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

static bool counts_entries(const struct progress *progress)
{
	return progress->total.entries > 1 &&
	       progress->total.bytes / BYTES_TO_AN_ENTRY < progress->total.entries &&
	       progress->done.entries <= progress->total.entries;
}

/* A total that has been exceeded was wrong. */
static bool counts_bytes(const struct progress *progress)
{
	return progress->total.bytes > 0 && progress->done.bytes <= progress->total.bytes &&
	       !counts_entries(progress);
}

int progress_percent(const struct progress *progress)
{
	if (counts_entries(progress))
		return (int)(100.0 * (double)progress->done.entries /
			     (double)progress->total.entries);
	if (counts_bytes(progress))
		return (int)(100.0 * (double)progress->done.bytes / (double)progress->total.bytes);
	return -1;
}

/* Seconds left, or a negative number if that is not known. */
static double left_of(const struct progress *progress)
{
	double rate = rate_of(progress);

	if (rate <= 0 || !counts_bytes(progress))
		return -1;
	return (double)(progress->total.bytes - progress->done.bytes) / rate;
}

static size_t numbers_text(const struct progress *progress, char *text, size_t size)
{
	char done[16], total[16], rate[16];
	double left = left_of(progress);
	size_t used = 0;

	if (counts_entries(progress))
		used += (size_t)snprintf(text, size, "%3d%% %llu of %llu entries, %s",
					 progress_percent(progress),
					 (unsigned long long)progress->done.entries,
					 (unsigned long long)progress->total.entries,
					 size_text((double)progress->done.bytes, done));
	else if (counts_bytes(progress))
		used += (size_t)snprintf(text, size, "%3d%% %s of %s", progress_percent(progress),
					 size_text((double)progress->done.bytes, done),
					 size_text((double)progress->total.bytes, total));
	else
		used += (size_t)snprintf(text, size, "%s",
					 size_text((double)progress->done.bytes, done));
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

/* Write `name` as the inside of a JSON string. Bytes that are not UTF-8 become U+FFFD. */
static size_t json_name(const char *name, char *text, size_t size)
{
	size_t length = strlen(name), i = 0, used = 0;

	while (i < length && used + 8 < size) {
		utf8proc_int32_t character;
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)name + i,
						      (utf8proc_ssize_t)(length - i), &character);
		unsigned char c = (unsigned char)name[i];

		if (n <= 0) {
			used += (size_t)snprintf(text + used, size - used, "\\ufffd");
			n = 1;
		} else if (c == '"' || c == '\\' || c < ' ' || c == 0x7f) {
			used += (size_t)snprintf(text + used, size - used, "\\u%04x", (unsigned)c);
		} else {
			memcpy(text + used, name + i, (size_t)n);
			used += (size_t)n;
		}
		i += (size_t)n;
	}
	text[used] = '\0';
	return used;
}

size_t progress_json(const struct progress *progress, char *text, size_t size)
{
	/* Not %f, which writes a comma in some locales. */
	unsigned long long milliseconds = (unsigned long long)(progress->seconds * 1000);
	/* The whole line is shorter than PIPE_BUF: it is written at once, or not at all. */
	char name[3584] = "", total[64] = "";
	int n;

	if (progress->name)
		json_name(progress->name, name, sizeof(name));
	if (progress->total.bytes >= progress->done.bytes && progress->total.bytes)
		snprintf(total, sizeof(total), "\"total_bytes\":%llu,",
			 (unsigned long long)progress->total.bytes);
	n = snprintf(text, size,
		     "{\"bytes\":%llu,%s\"entries\":%llu,\"seconds\":%llu.%03u,\"name\":\"%s\"}",
		     (unsigned long long)progress->done.bytes, total,
		     (unsigned long long)progress->done.entries, milliseconds / 1000,
		     (unsigned)(milliseconds % 1000), name);
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}
