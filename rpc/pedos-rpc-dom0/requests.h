/*
 * All requests of guests: which guests may have some, and what they have written.
 *
 * Every byte is untrusted, and so is how often it changes. Only those guests are watched for which
 * the policy has a rule that asks, or one with a disposable VM; and where it has none any more,
 * until they have taken back what they had asked for. A guest's directory is listed at a
 * limited rate, IDs are checked, and each guest, and all together, have a fixed number of places.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef REQUESTS_H
#define REQUESTS_H
#include "request.h"

#define REQUESTS_MAX         256
#define REQUESTS_OF_ONE_MAX  16 /* others wait until one of these has gone */
#define REQUEST_SOURCES_MAX  1024
#define PROMPTS_MAX          4          /* at once */
#define REQUESTS_TOKEN_BEGIN "request:" /* of a watch; the domid follows */

struct requests {
	struct request list[REQUESTS_MAX];
	struct source *sources[REQUEST_SOURCES_MAX];
	size_t source_count;
};

/* The domains or the policy have changed: watch those that may have requests, and only those. */
void requests_update(struct requests *requests, struct machine *machine);
/* A watch with this token has fired. */
void requests_changed(struct requests *requests, const char *token);
/* See what is new, and go on with each. Never blocks. */
void requests_step(struct requests *requests, struct machine *machine);
/* End all of them. */
void requests_end(struct requests *requests, struct machine *machine);
/* Add to `fds`, which has room for REQUESTS_MAX more, and lower *timeout, as child_wait_for(). */
void requests_wait_for(const struct requests *requests, struct pollfd *fds, size_t *count,
		       int *timeout);

#endif
