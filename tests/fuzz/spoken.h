/*
 * What one end of a call says, as read by a second implementation of the frames and their order,
 * which owes nothing to rpc/: to compare with.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SPOKEN_H
#define SPOKEN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum speaker {
	SPEAKER_CALLER,
	SPEAKER_SERVICE
};

/* The types of frames. */
enum {
	SAYS_HELLO = 1,
	SAYS_CALL,
	SAYS_ACCEPTED,
	SAYS_REFUSED,
	SAYS_STDIN,
	SAYS_STDOUT,
	SAYS_STDERR,
	SAYS_EXIT,
	SAYS_UNWANTED,
	SAYS_QUESTION,
	SAYS_ASKING,
	SAYS_MAX
};

struct spoken {
	bool wrong;             /* at `size` begins what may not come there */
	bool cut;               /* at `size` begins a frame that is not whole */
	bool over;              /* refused, asked, or the service's end was told */
	size_t size;            /* bytes of frames that may come */
	unsigned frames;        /* how many these are */
	uint32_t status;        /* of the service, or the code of a refusal */
	bool asks;              /* QUESTION instead of CALL */
	bool asking;            /* ASKING before the answer, which is then the third frame */
	size_t body, body_size; /* where the payload of CALL, QUESTION or REFUSED is */
	struct {
		size_t whole; /* bytes of whole frames */
		size_t size;  /* and of one that is cut */
		bool ended, unwanted;
		uint8_t *bytes;
	} streams[SAYS_MAX];
};

/* Read it. To be given back to spoken_free(). */
void spoken_read(struct spoken *spoken, enum speaker speaker, const uint8_t *bytes, size_t size);
void spoken_free(struct spoken *spoken);

/* SERVICE[+ARGUMENT], a VM's name and an account's, of that length. */
bool spoken_service_ok(const char *name, size_t length);
bool spoken_vm_ok(const char *name, size_t length);
bool spoken_account_ok(const char *name, size_t length);
/* Three strings that a call can consist of. A question is one without a service, too. */
bool spoken_call_ok(const uint8_t *bytes, size_t size);

#endif
