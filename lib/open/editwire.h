/*
 * The OpenInVM format, which qfile(5) describes. Pure.
 *
 * The opener has a file, and asks the editor, in another VM, to open it. Both speak version 2. An
 * older program at the other end takes that for version 1.
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
/* Bytes of the name in a request of version 2, "view-only-" and the NUL counted. */
#define EDIT_NAME_SIZE 232

struct edit_request {
	/* The file's base name without "view-only-", NUL-terminated. Untrusted after decoding. */
	char name[EDIT_REQUEST_SIZE];
	bool view_only;
	bool beside;  /* version 2: the opener takes records "beside" */
	bool records; /* version 2: the reply consists of records. Always true when encoded */
	/* Version 2: bytes of content that follow. In version 1 the stream ends them. */
	uint64_t length;
};

/*
 * Encode a request of version 2. `name` must not be empty. A name that is too long for its field
 * loses its beginning, up to the start of a UTF-8 character, so that the extension stays.
 */
void edit_request_encode(const struct edit_request *request,
			 unsigned char bytes[EDIT_REQUEST_SIZE]);

/*
 * Decode a request and check all of it; no other place checks it. -EINVAL: the name is empty or has
 * no NUL at its end; or, in version 2, the checksum is wrong, a flag is unknown, or the length is
 * above INT64_MAX. In version 1 the prefix "view-only-" asks for viewing only; in version 2 only
 * the flag does.
 */
int edit_request_decode(const unsigned char untrusted_bytes[EDIT_REQUEST_SIZE],
			struct edit_request *request);

/* A record of a reply of version 2: a header, the payload, and the CRC-32 of the payload. */
#define EDIT_RECORD_SIZE 24
#define EDIT_CRC_SIZE    4
/* The longest payload of a record "done" or "note": a message. */
#define EDIT_MESSAGE_MAX 4096
/* What the payload of a record "beside" begins with: a name, padded with NULs. */
#define EDIT_BESIDE_NAME_SIZE 256

enum edit_kind {
	EDIT_SAVE = 1, /* the payload is a save: the complete content */
	/* Nothing more comes. The payload is a message for the user, or empty. */
	EDIT_DONE = 2,
	/*
	 * The payload is a name, and the complete content of another file that was saved beside the
	 * one that is edited. Only for openers that take it.
	 */
	EDIT_BESIDE = 3,
	/* The payload is a message for the user while the session goes on. */
	EDIT_NOTE = 4,
};

struct edit_record {
	enum edit_kind kind;
	/*
	 * 0 or a Linux errno: in "done" why the editor failed, in "save" and "beside" why the
	 * content may be damaged, as where the application ended while it wrote. In "note" 0.
	 */
	uint32_t code;
	/*
	 * Bytes of payload: at most INT64_MAX; in "done" and "note" at most EDIT_MESSAGE_MAX; in
	 * "beside" at least EDIT_BESIDE_NAME_SIZE.
	 */
	uint64_t length;
};

void edit_record_encode(const struct edit_record *record, unsigned char bytes[EDIT_RECORD_SIZE]);
/*
 * Decode the header of a record and check all of it; no other place checks it. -EINVAL: there is no
 * mark, the kind is unknown, or a field is out of bounds.
 */
int edit_record_decode(const unsigned char untrusted_bytes[EDIT_RECORD_SIZE],
		       struct edit_record *record);

/*
 * Encode the name at the beginning of a "beside". `name` has 1 to EDIT_BESIDE_NAME_SIZE - 1 bytes.
 */
void edit_beside_name_encode(const char *name, unsigned char bytes[EDIT_BESIDE_NAME_SIZE]);
/*
 * Decode such a name, which is untrusted afterwards: whether it is safe is not asked. -EINVAL: it
 * is empty, or has no NUL at its end.
 */
int edit_beside_name_decode(const unsigned char untrusted_bytes[EDIT_BESIDE_NAME_SIZE],
			    char name[EDIT_BESIDE_NAME_SIZE]);

#define EDIT_MARK_SIZE 8
/*
 * Do these bytes begin a record, and so a reply of version 2? Otherwise they are the new content
 * itself, as version 1 sends it.
 */
bool edit_is_record(const unsigned char untrusted_bytes[EDIT_MARK_SIZE]);

void edit_crc_encode(uint32_t crc, unsigned char bytes[EDIT_CRC_SIZE]);
uint32_t edit_crc_decode(const unsigned char bytes[EDIT_CRC_SIZE]);

#endif
