/*
 * What one end of a call says, read a second time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "spoken.h"

#include "fuzz.h"

#include <string.h>

#define HEADER 8

static uint32_t number_at(const uint8_t *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number)); /* a little-endian machine, see tree.c */
	return number;
}

/* ---- Names ---- */

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define BEHIND  LETTERS "0123456789_-."

static bool name_ok(const char *name, size_t length, size_t most, const char *first,
		    const char *behind)
{
	if (length == 0 || length > most || !name[0] || !strchr(first, name[0]))
		return false;
	for (size_t i = 1; i < length; i++) {
		if (!name[i] || !strchr(behind, name[i]))
			return false;
	}
	return true;
}

bool spoken_service_ok(const char *name, size_t length)
{
	return name_ok(name, length, 63, LETTERS, BEHIND "+") && name[length - 1] != '+' &&
	       !memmem(name, length, "++", 2);
}

bool spoken_vm_ok(const char *name, size_t length)
{
	return name_ok(name, length, 63, LETTERS, BEHIND);
}

bool spoken_account_ok(const char *name, size_t length)
{
	return name_ok(name, length, 32, LETTERS "_", BEHIND);
}

bool spoken_call_ok(const uint8_t *bytes, size_t size)
{
	size_t ends[3], n = 0;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == 0 && n++ < 3)
			ends[n - 1] = i;
	}
	return n == 3 && ends[2] == size - 1 && spoken_service_ok((const char *)bytes, ends[0]) &&
	       (ends[1] == ends[0] + 1 ||
		spoken_account_ok((const char *)bytes + ends[0] + 1, ends[1] - ends[0] - 1)) &&
	       (ends[2] == ends[1] + 1 ||
		spoken_vm_ok((const char *)bytes + ends[1] + 1, ends[2] - ends[1] - 1));
}

/* ---- Frames ---- */

static bool length_ok(uint32_t type, uint32_t length)
{
	switch (type) {
	case SAYS_ACCEPTED:
	case SAYS_ASKING:
		return length == 0;
	case SAYS_HELLO:
	case SAYS_EXIT:
	case SAYS_UNWANTED:
		return length == 4;
	case SAYS_CALL:
		return length >= 4 && length <= 64 + 33 + 64;
	case SAYS_QUESTION:
		return length >= 3 && length <= 64 + 33 + 64;
	case SAYS_REFUSED:
		return length >= 4 && length <= 404;
	default:
		return length <= 0x10000;
	}
}

/* May this frame come now? What it takes to know is in the header, but for three types a number. */
static bool order_ok(const struct spoken *spoken, enum speaker speaker, uint32_t type)
{
	bool caller = speaker == SPEAKER_CALLER;

	if (spoken->over)
		return false;
	if (spoken->frames == 0)
		return type == SAYS_HELLO;
	if (spoken->frames == 1 && !caller && type == SAYS_ASKING)
		return true;
	if (spoken->frames == 1 + spoken->asking)
		return caller ? type == SAYS_CALL || type == SAYS_QUESTION
			      : type == SAYS_ACCEPTED || type == SAYS_REFUSED;
	if (type == SAYS_UNWANTED)
		return true;
	if (caller)
		return type == SAYS_STDIN && !spoken->streams[type].ended;
	if (type == SAYS_EXIT)
		return spoken->streams[SAYS_STDOUT].ended && spoken->streams[SAYS_STDERR].ended;
	return (type == SAYS_STDOUT || type == SAYS_STDERR) && !spoken->streams[type].ended;
}

static bool number_ok(const struct spoken *spoken, enum speaker speaker, uint32_t type,
		      uint32_t number)
{
	switch (type) {
	case SAYS_HELLO:
		return number == 1;
	case SAYS_EXIT:
		return number < 256;
	case SAYS_UNWANTED:
		return (speaker == SPEAKER_SERVICE
				? number == SAYS_STDIN
				: number == SAYS_STDOUT || number == SAYS_STDERR) &&
		       !spoken->streams[number].unwanted;
	default:
		return true;
	}
}

static void note(struct spoken *spoken, uint32_t type, const uint8_t *payload, uint32_t length,
		 size_t at)
{
	uint32_t number = length >= 4 ? number_at(payload) : 0;

	if (type == SAYS_UNWANTED)
		spoken->streams[number].unwanted = true;
	if (type == SAYS_EXIT || type == SAYS_REFUSED) {
		spoken->over = true;
		spoken->status = number;
	}
	if (type == SAYS_ASKING)
		spoken->asking = true;
	if (type == SAYS_QUESTION)
		spoken->over = spoken->asks = true;
	if (type == SAYS_CALL || type == SAYS_QUESTION || type == SAYS_REFUSED) {
		spoken->body = at;
		spoken->body_size = length;
	}
	if (type == SAYS_STDIN || type == SAYS_STDOUT || type == SAYS_STDERR) {
		memcpy(spoken->streams[type].bytes + spoken->streams[type].whole, payload, length);
		spoken->streams[type].whole += length;
		spoken->streams[type].size = spoken->streams[type].whole;
		spoken->streams[type].ended = length == 0;
	}
}

/* What has come of a frame that is cut. */
static void note_part(struct spoken *spoken, uint32_t type, const uint8_t *payload, size_t size)
{
	spoken->cut = true;
	if (type == SAYS_STDIN || type == SAYS_STDOUT || type == SAYS_STDERR) {
		memcpy(spoken->streams[type].bytes + spoken->streams[type].whole, payload, size);
		spoken->streams[type].size += size;
	}
}

void spoken_read(struct spoken *spoken, enum speaker speaker, const uint8_t *bytes, size_t size)
{
	*spoken = (struct spoken){.frames = 0};
	for (size_t type = SAYS_STDIN; type <= SAYS_STDERR; type++)
		spoken->streams[type].bytes = fuzz_exact_buffer(size + 1);
	while (size - spoken->size >= HEADER) {
		const uint8_t *frame = bytes + spoken->size;
		uint32_t type = number_at(frame), length = number_at(frame + 4);

		spoken->wrong = type < SAYS_HELLO || type >= SAYS_MAX || !length_ok(type, length) ||
				!order_ok(spoken, speaker, type);
		if (spoken->wrong)
			return;
		if (size - spoken->size - HEADER < length) {
			note_part(spoken, type, frame + HEADER, size - spoken->size - HEADER);
			return;
		}
		spoken->wrong =
			length >= 4 && !number_ok(spoken, speaker, type, number_at(frame + HEADER));
		if (spoken->wrong)
			return;
		note(spoken, type, frame + HEADER, length, spoken->size + HEADER);
		spoken->size += HEADER + length;
		spoken->frames++;
	}
	spoken->cut = spoken->size < size;
}

void spoken_free(struct spoken *spoken)
{
	for (size_t type = SAYS_STDIN; type <= SAYS_STDERR; type++)
		free(spoken->streams[type].bytes);
}
