/*
 * All requests of guests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "requests.h"

#include "base/log.h"
#include "store.h"
#include "system/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_INTERVAL 50   /* milliseconds between two listings of one guest's directory */
#define FULL_INTERVAL 1000 /* the same, where there is no room for what is listed */
#define LOOKED_AT_MAX 64   /* names of a listing; a guest may make up many more */

/* ---- Places ---- */

static struct request *find(struct requests *requests, const struct source *source, const char *id)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *each = &requests->list[i];

		if (each->state != REQUEST_FREE && each->source == source &&
		    strcmp(each->id, id) == 0)
			return each;
	}
	return NULL;
}

static bool has_some(const struct requests *requests, const struct source *source)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		if (requests->list[i].state != REQUEST_FREE && requests->list[i].source == source)
			return true;
	}
	return false;
}

/* NULL: this source has to wait. */
static struct request *free_place(struct requests *requests, const struct source *source)
{
	struct request *place = NULL;
	unsigned own = 0;

	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *each = &requests->list[i];

		if (each->state == REQUEST_FREE)
			place = place ? place : each;
		else
			own += each->source == source;
	}
	return own < REQUESTS_OF_ONE_MAX ? place : NULL;
}

/* Its source asks no more; or only those requests end that were not in the last listing. */
static void end_those_of(struct requests *requests, struct machine *machine,
			 const struct source *source, bool only_unlisted)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *each = &requests->list[i];

		if (each->state != REQUEST_FREE && each->source == source &&
		    !(only_unlisted && each->listed))
			request_end(each, machine);
	}
}

/* ---- Sources ---- */

static void directory_of(const struct source *source, char path[64])
{
	snprintf(path, 64, "/local/domain/%u/" STORE_REQUESTS, source->domid);
}

static void token_of(const struct source *source, char token[32])
{
	snprintf(token, 32, REQUESTS_TOKEN_BEGIN "%u", source->domid);
}

static struct source *find_source(struct requests *requests, unsigned domid)
{
	for (size_t i = 0; i < requests->source_count; i++) {
		if (requests->sources[i]->domid == domid)
			return requests->sources[i];
	}
	return NULL;
}

static void remove_source(struct requests *requests, struct machine *machine, size_t at)
{
	struct source *source = requests->sources[at];
	char path[64], token[32];

	end_those_of(requests, machine, source, false);
	directory_of(source, path);
	token_of(source, token);
	xs_unwatch(machine->xs, path, token);
	free(source);
	requests->sources[at] = requests->sources[--requests->source_count];
}

static void add_source(struct requests *requests, struct machine *machine,
		       const struct domain *domain)
{
	struct source *source =
		requests->source_count < REQUEST_SOURCES_MAX ? calloc(1, sizeof(*source)) : NULL;
	char path[64], token[32];

	if (!source)
		return;
	*source = (struct source){.domid = domain->domid, .named = true, .dirty = true};
	memcpy(source->name, domain->name, sizeof(source->name));
	directory_of(source, path);
	token_of(source, token);
	if (xs_watch(machine->xs, path, token)) {
		requests->sources[requests->source_count++] = source;
		return;
	}
	log_line(LOG_WARNING, "watching %s: %s", path, strerror(errno));
	free(source);
}

/* Another domain that has got the number of one that ended has none of its requests. */
static void update_source(struct requests *requests, struct machine *machine,
			  const struct domain *domain)
{
	struct source *source = find_source(requests, domain->domid);

	if (domain->twin ||
	    !rpc_policy_requests(machine->policy.rules, machine->policy.count, domain->name))
		return;
	if (source && strcmp(source->name, domain->name) == 0)
		source->named = true;
	else if (!source)
		add_source(requests, machine, domain);
}

/* Those that are there no more, and those that leave and have heard all. */
static void remove_sources(struct requests *requests, struct machine *machine)
{
	for (size_t i = requests->source_count; i > 0; i--) {
		const struct source *source = requests->sources[i - 1];

		if (!source->named || (source->leaving && !has_some(requests, source)))
			remove_source(requests, machine, i - 1);
	}
}

void requests_update(struct requests *requests, struct machine *machine)
{
	const struct domains *domains = &machine->domains;

	for (size_t i = 0; i < requests->source_count; i++) {
		struct source *source = requests->sources[i];
		char domid[16];
		const struct domain *domain;

		snprintf(domid, sizeof(domid), "%u", source->domid);
		domain = tables_find_domid(domains->list, domains->count, domid);
		source->named = domain && !domain->twin && strcmp(source->name, domain->name) == 0;
		source->leaving = !rpc_policy_requests(machine->policy.rules, machine->policy.count,
						       source->name);
	}
	remove_sources(requests, machine);
	for (size_t i = 0; i < domains->count; i++)
		update_source(requests, machine, &domains->list[i]);
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		if (requests->list[i].source)
			request_judge_again(&requests->list[i], machine);
	}
}

void requests_changed(struct requests *requests, const char *token)
{
	struct source *source;

	if (strncmp(token, REQUESTS_TOKEN_BEGIN, strlen(REQUESTS_TOKEN_BEGIN)) != 0)
		return;
	source = find_source(requests,
			     (unsigned)strtoul(token + strlen(REQUESTS_TOKEN_BEGIN), NULL, 10));
	if (source)
		source->dirty = true;
}

/* ---- Listing ---- */

/* Is this the ID of a call? As rpc/transport/xen has them. */
static bool id_ok(const char *untrusted_id)
{
	size_t length = strspn(untrusted_id, "0123456789abcdefghijklmnopqrstuvwxyz-");

	return length > 0 && length < REQUEST_ID_SIZE && !untrusted_id[length];
}

static void take(struct requests *requests, struct machine *machine, struct source *source,
		 const char *id)
{
	struct request *place = free_place(requests, source);
	char path[64 + REQUEST_ID_SIZE], *untrusted_text;
	size_t length;

	if (!place) {
		/* It is looked at again when there may be room. */
		source->dirty = true;
		source->next_scan = clock_now() + FULL_INTERVAL;
		return;
	}
	snprintf(path, sizeof(path), "/local/domain/%u/" STORE_REQUESTS "/%s", source->domid, id);
	untrusted_text = store_read_bytes(machine->xs, path, &length);
	/* A node without a value is still being made. */
	if (untrusted_text && length > 0)
		request_begin(place, machine, source, id, untrusted_text, length);
	free(untrusted_text);
}

static void scan(struct requests *requests, struct machine *machine, struct source *source)
{
	char path[64], **untrusted_names;
	unsigned count;
	int r;

	source->dirty = false;
	source->next_scan = clock_now() + SCAN_INTERVAL;
	directory_of(source, path);
	r = store_list(machine->xs, path, &untrusted_names, &count);
	if (r < 0) {
		/* That it cannot be read does not say that there is none. */
		source->dirty = true;
		return;
	}
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		requests->list[i].listed =
			requests->list[i].listed && requests->list[i].source != source;
	for (unsigned i = 0; i < count; i++) {
		struct request *known = find(requests, source, untrusted_names[i]);

		if (known)
			known->listed = true;
	}
	end_those_of(requests, machine, source, true);
	for (unsigned i = 0; !source->leaving && i < count && i < LOOKED_AT_MAX; i++) {
		if (id_ok(untrusted_names[i]) && !find(requests, source, untrusted_names[i]))
			take(requests, machine, source, untrusted_names[i]);
	}
	free(untrusted_names);
}

/* ---- Going on ---- */

static bool prompt_runs(const struct request *request)
{
	return request->state != REQUEST_FREE && child_runs(&request->prompt);
}

/* One at a time for each source, so that what somebody reads stays before their eyes. */
static bool may_prompt(const struct requests *requests, const struct source *source)
{
	unsigned all = 0, own = 0;

	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		all += prompt_runs(&requests->list[i]);
		own += prompt_runs(&requests->list[i]) && requests->list[i].source == source;
	}
	return all < PROMPTS_MAX && own == 0;
}

void requests_step(struct requests *requests, struct machine *machine)
{
	for (size_t i = 0; i < requests->source_count; i++) {
		struct source *source = requests->sources[i];

		if (source->dirty && clock_now() >= source->next_scan)
			scan(requests, machine, source);
	}
	remove_sources(requests, machine);
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *request = &requests->list[i];

		request_step(request, machine,
			     request->state == REQUEST_ASKED &&
				     may_prompt(requests, request->source));
	}
}

void requests_end(struct requests *requests, struct machine *machine)
{
	while (requests->source_count > 0)
		remove_source(requests, machine, requests->source_count - 1);
}

void requests_wait_for(const struct requests *requests, struct pollfd *fds, size_t *count,
		       int *timeout)
{
	int64_t now = clock_now();

	for (size_t i = 0; i < requests->source_count; i++) {
		if (requests->sources[i]->dirty)
			child_lower(timeout, requests->sources[i]->next_scan, now);
	}
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		const struct request *request = &requests->list[i];

		if (request->state == REQUEST_FREE)
			continue;
		child_wait_for(&request->prompt, fds, count, timeout, now);
		if (request->state == REQUEST_ASKED && request->source->next_prompt > now)
			child_lower(timeout, request->source->next_prompt, now);
	}
}
