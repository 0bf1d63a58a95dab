/*
 * The OpenInVM format, which qfile(5) describes. Pure.
 *
 * The opener has a file, and asks the editor, in another VM, to open it. Both speak version 2,
 * which an older program at the other end takes for version 1.
 *
 * The room lib/open: what both sides of opening a file elsewhere share. It may use lib/io,
 * lib/format and system/, but neither opener/ nor editor/. It changes no files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPEN_EDITWIRE_H
#define OPEN_EDITWIRE_H
#include <stdbool.h>
#include <stdint.h>

#define EDIT_REQUEST_SIZE 256
/* Bytes of a request of version 2 that hold the name, "view-only-" and the NUL counted. */
#define EDIT_NAME_SIZE 232

struct edit_request {
	/* The file's base name, without "view-only-", NUL-terminated; decoded: untrusted. */
	char name[EDIT_REQUEST_SIZE];
	bool view_only;
	bool records; /* version 2: the reply is to come in records. Encoded always */
	/* Version 2: bytes of content that follow; else they end with the stream. */
	uint64_t length;
};

/*
 * A name too long for its field loses its beginning, never a part of a UTF-8 character, so that the
 * extension survives. `name` is not empty.
 */
void edit_request_encode(const struct edit_request *request,
			 unsigned char bytes[EDIT_REQUEST_SIZE]);

/*
 * The one place where a request is checked. -EINVAL: no NUL ends the name, it is empty; or of
 * version 2, with a checksum that is wrong, an unknown flag, or a length beyond INT64_MAX. Under
 * version 1 "view-only-" before a name means what it says; under version 2 the flag alone counts.
 */
int edit_request_decode(const unsigned char untrusted_bytes[EDIT_REQUEST_SIZE],
			struct edit_request *request);

/* A record of the reply under version 2: a header, then the payload, then the payload's CRC-32. */
#define EDIT_RECORD_SIZE 24
#define EDIT_CRC_SIZE    4
/* The longest payload of a record "done": a message. */
#define EDIT_MESSAGE_MAX 4096

enum edit_kind {
	EDIT_SAVE = 1, /* the payload is one complete save that the user saved */
	/* Nothing more comes; the payload is a message for the user, or empty. */
	EDIT_DONE = 2,
};

struct edit_record {
	enum edit_kind kind;
	uint32_t code; /* of "done": 0, or a Linux errno. 0 of "save" */
	/* Bytes of payload: at most INT64_MAX, of "done" at most EDIT_MESSAGE_MAX. */
	uint64_t length;
};

void edit_record_encode(const struct edit_record *record, unsigned char bytes[EDIT_RECORD_SIZE]);
/*
 * The one place where a record is checked. -EINVAL: no mark, an unknown kind, or a field out of its
 * bounds.
 */
int edit_record_decode(const unsigned char untrusted_bytes[EDIT_RECORD_SIZE],
		       struct edit_record *record);

#define EDIT_MARK_SIZE 8
/*
 * Do these bytes begin a reply in records? Else they are a new content, raw, as version 1 sends
 * it.
 */
bool edit_is_record(const unsigned char untrusted_bytes[EDIT_MARK_SIZE]);

void edit_crc_encode(uint32_t crc, unsigned char bytes[EDIT_CRC_SIZE]);
uint32_t edit_crc_decode(const unsigned char bytes[EDIT_CRC_SIZE]);

#endif
