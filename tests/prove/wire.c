/*
 * All of wire.c: every header and every result, in memory of exactly their size; names of every
 * length.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "driver.h"

#include "format/wire.c"

/* What the callers fill from the stream, for as many bytes as the decoded lengths say. */
static char name[QFILE_NAME_MAX];

static void headers(void)
{
	unsigned char bytes[QFILE_HEADER_SIZE];
	struct qfile_header header;

	Frama_C_make_unknown((char *)bytes, sizeof(bytes));
	/* Encoding a decoded header shows that all of its fields are set. */
	if (qfile_header_decode(bytes, &header) == 0) {
		Frama_C_make_unknown(name, header.namelen);
		qfile_header_encode(&header, bytes);
	}
}

#define STEP 100
#define FIXED (QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE)

static struct qfile_result result;

static void decode_result(void)
{
	unsigned char fixed[QFILE_RESULT_SIZE], length[QFILE_RESULT_NAMELEN_SIZE];

	Frama_C_make_unknown((char *)fixed, sizeof(fixed));
	Frama_C_make_unknown((char *)length, sizeof(length));
	qfile_result_decode(fixed, &result);
	if (qfile_result_namelen_decode(length, &result) == 0)
		Frama_C_make_unknown(name, result.namelen);
}

static unsigned char bytes[FIXED + QFILE_NAME_MAX];

static void encode_result(size_t namelen, unsigned char *to)
{
	result.namelen = namelen;
	qfile_result_encode(&result, to);
}

/*
 * A name is copied by one memcpy(). First in memory of exactly its length: each short name, every
 * STEPth longer one, and the longest. Then all names, in memory for the longest. The empty name is
 * only among these, since the prover's memcpy() does not accept a pointer to the end of an object,
 * which C allows for 0 bytes.
 */
static void encode_results(void)
{
	unsigned char *const end = bytes + QFILE_NAME_MAX; /* less the fixed part */

	Frama_C_make_unknown(result.name, sizeof(result.name));
	//@ loop unroll STEP;
	for (size_t namelen = 1; namelen < STEP; namelen++)
		encode_result(namelen, end - namelen);
	//@ loop unroll QFILE_NAME_MAX / STEP;
	for (size_t namelen = STEP; namelen < QFILE_NAME_MAX; namelen += STEP)
		encode_result(namelen, end - namelen);
	encode_result(QFILE_NAME_MAX, bytes);
	encode_result(any_size(0, QFILE_NAME_MAX), bytes);
}

int main(void)
{
	headers();
	decode_result();
	encode_results();
	return 0;
}
