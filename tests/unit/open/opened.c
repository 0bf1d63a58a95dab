/*
 * A file that is opened in another VM, and what the editor there says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opened.h"
#include "open/digest.h"
#include "open/editwire.h"
#include "open/opener/opener.h"

#include "faults.h"
#include "io/stream.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <unistd.h>

uint64_t digest_of(const char *content)
{
	struct digest digest;

	digest_begin(&digest);
	digest_add(&digest, content, strlen(content));
	return digest_value(&digest);
}

void opened_init(struct opened *opened)
{
	static const char *const keep[] = {"private", NULL};
	int in[2], out[2];

	MUST(pipe2(in, O_CLOEXEC));
	MUST(pipe2(out, O_CLOEXEC));
	*opened = (struct opened){.in = in[1], .out = out[0]};
	opened->options = (struct opener_options){.in = in[0],
						  .out = out[1],
						  .stop = -1,
						  .max_bytes = UINT64_MAX,
						  .from = "work",
						  .keep = keep};
}

void opened_begin_as_set(struct opened *opened, const char *path)
{
	int r = opener_new(&opened->opener, path, &opened->options, &opened->error);

	ck_assert_msg(r == 0, "opening %s: %d", path, r);
	while ((r = opener_send(opened->opener, &opened->error)) == 1)
		;
	ck_assert_msg(r == 0, "sending %s: %d", path, r);
	close(opened->options.out);
	opened->options.out = -1;
}

void opened_begin(struct opened *opened, const char *path)
{
	opened_init(opened);
	opened_begin_as_set(opened, path);
}

void opened_end(struct opened *opened)
{
	opener_free(opened->opener);
	feed_end(opened);
	close(opened->options.in);
	close(opened->options.out);
	close(opened->out);
}

void feed_bytes(struct opened *opened, const void *bytes, size_t size)
{
	ck_assert_int_eq(write(opened->in, bytes, size), (ssize_t)size);
}

void feed_header(struct opened *opened, enum edit_kind kind, uint32_t code, uint64_t length)
{
	struct edit_record record = {.kind = kind, .code = code, .length = length};
	unsigned char bytes[EDIT_RECORD_SIZE];

	edit_record_encode(&record, bytes);
	feed_bytes(opened, bytes, sizeof(bytes));
}

static void reply_record(struct opened *opened, enum edit_kind kind, uint32_t code,
			 const char *payload, uint32_t damage)
{
	unsigned char crc[EDIT_CRC_SIZE];

	feed_header(opened, kind, code, strlen(payload));
	feed_bytes(opened, payload, strlen(payload));
	edit_crc_encode(libdeflate_crc32(0, payload, strlen(payload)) ^ damage, crc);
	feed_bytes(opened, crc, sizeof(crc));
}

void feed_save(struct opened *opened, const char *content)
{
	reply_record(opened, EDIT_SAVE, 0, content, 0);
}

void feed_damaged(struct opened *opened, const char *content)
{
	reply_record(opened, EDIT_SAVE, 0, content, UINT32_MAX);
}

void feed_note(struct opened *opened, const char *message)
{
	reply_record(opened, EDIT_NOTE, 0, message, 0);
}

void feed_done(struct opened *opened, uint32_t code, const char *message)
{
	reply_record(opened, EDIT_DONE, code, message, 0);
}

void feed_end(struct opened *opened)
{
	close(opened->in);
	opened->in = -1;
}

int opened_next(struct opened *opened)
{
	int step;

	do
		step = opener_step(opened->opener, &opened->event, &opened->error);
	while (step == OPENER_PART);
	return step;
}

void next_saved(struct opened *opened)
{
	int step = opened_next(opened);

	ck_assert_msg(step == OPENER_SAVED, "%d, code %d, path %s", step, opened->event.code,
		      opened->event.path);
	ck_assert_int_eq(opened->event.code, 0);
	ck_assert_str_eq(opened->event.message, "");
}

const char *event_path(const struct opened *opened)
{
	static char here[4096];
	size_t length;

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	length = strlen(here);
	ck_assert_msg(strncmp(opened->event.path, here, length) == 0 &&
			      opened->event.path[length] == '/',
		      "%s", opened->event.path);
	return opened->event.path + length + 1;
}

void next_kept(struct opened *opened, int code, const char *content)
{
	int step = opened_next(opened);

	ck_assert_msg(step == OPENER_KEPT, "%d, error %d", step, opened->error.code);
	ck_assert_msg(opened->event.code == code, "kept, but for %s", strerror(opened->event.code));
	ck_assert_str_eq(content_of(event_path(opened)), content);
}

void next_done(struct opened *opened, unsigned saves)
{
	int step = opened_next(opened);

	ck_assert_msg(step == OPENER_DONE, "%d, save %u, error %d", step, opened->event.save,
		      opened->error.code);
	ck_assert_uint_eq(opened->event.save, saves);
	ck_assert_str_eq(opened->event.path, "");
}

void next_fails(struct opened *opened, int error)
{
	int step = opened_next(opened);

	ck_assert_msg(step == error, "%d instead of %d", step, error);
	ck_assert_int_eq(opened->error.code, -error);
}

void make_old_file(const char *path, const char *content)
{
	make_file(path, content);
	faults_ahead = FILES_ARE_OLD;
}

bool has_name(const char *path, const char *prefix)
{
	const char *names = names_in(path);

	for (const char *at = names; (at = strstr(at, prefix)); at++) {
		if (at == names || at[-1] == ' ')
			return true;
	}
	return false;
}

char *pattern_of(size_t size)
{
	char *bytes = malloc(size + 1);

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 31 + i / 4096 * 7 + i / STREAM_BUFFER_SIZE);
	bytes[size] = '\0';
	return bytes;
}
