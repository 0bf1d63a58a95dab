/*
 * The sender's end of a transfer: reading and judging the result, however it is cut and wherever it
 * ends.
 *
 * The input is four bytes, how it comes, then the result.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "fuzz.h"
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <qfile.h>
#include <string.h>
#include <unistd.h>

enum option {
	OPTION_RESET = 1,
	OPTION_LATE = 2,
};

static struct qfile_result result;
static struct qfile_error error;

static uint32_t le32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value)); /* a little-endian machine, see tree.c */
	return value;
}

/* How the sender must judge. All that was sent is the end of the transfer. */
static int expected(const struct input *input)
{
	static const uint8_t sent[QFILE_HEADER_SIZE];

	if (input->size < QFILE_RESULT_SIZE)
		return -ECONNRESET;
	if (le32(input->bytes) != 0)
		return -EREMOTEIO;
	if (!input->late)
		return -EPROTO;
	return le32(input->bytes + 8) == libdeflate_crc32(0, sent, sizeof(sent)) ? 0 : -EBADMSG;
}

/* An errno of Linux that an old receiver sent as a negative number is meant as a positive one. */
static uint32_t meant(uint32_t sent)
{
	int64_t number = (int32_t)sent;

	return number < 0 && number >= -4095 ? (uint32_t)-number : sent;
}

/* The name is what has come of it in time, or none. */
static void check_name(const struct input *input)
{
	const size_t fixed = QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE;
	size_t seen = input->pause >= QFILE_RESULT_SIZE && input->pause < input->size ? input->pause
										      : input->size;
	size_t length = seen < fixed || le32(input->bytes + QFILE_RESULT_SIZE) > QFILE_NAME_MAX
				? 0
				: le32(input->bytes + QFILE_RESULT_SIZE);

	if (length > 0 && length > seen - fixed)
		length = seen - fixed;
	CHECK(result.namelen == length);
	CHECK(length == 0 || memcmp(result.name, input->bytes + fixed, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input;
	struct qfile_sender_options options = QFILE_SENDER_OPTIONS_INIT;
	struct qfile_sender *sender;
	/*
	 * As in qfile-agent: nothing is ever cut off there, in the middle of a character or
	 * elsewhere.
	 */
	char text[1024];
	unsigned descriptors;
	int r;

	if (size < 4)
		return 0;
	input = (struct input){
		.bytes = data + 4,
		.size = size - 4,
		.cuts = data[1],
		.reset = data[0] & OPTION_RESET,
		.late = data[0] & OPTION_LATE,
		.pause = (size_t)data[2] | (size_t)data[3] << 8,
	};
	options.in = input_begin(&input);
	descriptors = fuzz_open_descriptors();
	MUST(options.out = open("/dev/null", O_WRONLY | O_CLOEXEC));
	MUST(qfile_sender_new(&sender, &options));
	memset(&result, 0xa5, sizeof(result));
	error = (struct qfile_error){.code = 0};
	r = qfile_sender_finish(sender, &result, &error);
	CHECK(r == expected(&input));
	if (input.size >= QFILE_RESULT_SIZE) {
		CHECK(result.code == meant(le32(input.bytes)) &&
		      result.crc == le32(input.bytes + 8));
		check_name(&input);
	}
	if (r < 0) {
		CHECK(error.code == -r);
		qfile_error_text(&error, text, sizeof(text));
		CHECK(strlen(text) < sizeof(text) - 1 && fuzz_is_clean_text(text, strlen(text)));
	}
	qfile_sender_free(sender);
	close(options.out);
	CHECK(fuzz_open_descriptors() == descriptors);
	return 0;
}
