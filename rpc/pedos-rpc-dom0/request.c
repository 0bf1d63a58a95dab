/*
 * One request of a guest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "request.h"

#include "base/log.h"
#include "policy/pair.h"
#include "store.h"
#include "system/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Milliseconds. */
#define LOG_INTERVAL 1000
#define PROMPT_PAUSE 5000 /* after a "no", until somebody is asked for the same guest again */

static const char denied[] = "the policy denies it";

/* ---- Telling ---- */

/* A guest may ask again and again: it has a line a second. */
static void log_request(const struct request *request, const char *what)
{
	struct source *source = request->source;
	int64_t now = clock_now();
	char more[64] = "";

	if (now < source->next_log) {
		source->unlogged++;
		return;
	}
	if (source->unlogged > 0)
		snprintf(more, sizeof(more), " (and %u more such lines)", source->unlogged);
	log_line(LOG_INFO, "%s -> %s %s: %s%s", source->name,
		 *request->wanted.target ? request->wanted.target : "(none)",
		 *request->wanted.service ? request->wanted.service : "(none)", what, more);
	source->next_log = now + LOG_INTERVAL;
	source->unlogged = 0;
}

static void tell(const struct request *request, struct machine *machine, const char *answer)
{
	int r = store_put_answer(machine->xs, request->source->domid, request->id, answer);

	if (r < 0)
		log_line(LOG_WARNING, "answering %s: %s", request->source->name, strerror(-r));
}

static void give_back(struct request *request, struct machine *machine)
{
	if (request->disposable)
		disposables_release(&machine->disposables, request->disposable);
	request->disposable = NULL;
}

/* Remove a grant that nobody has used. That to a disposable VM goes with it. */
static void take_back(const struct request *request, struct machine *machine)
{
	char path[STORE_PATH_SIZE];

	if (request->target == 0 || request->state != REQUEST_GRANTED)
		return;
	snprintf(path, sizeof(path), "/local/domain/%u/" STORE_SOURCES "/%u/%s", request->target,
		 request->source->domid, request->id);
	store_remove(machine->xs, path);
}

static void refuse(struct request *request, struct machine *machine, const char *reason)
{
	char text[256];

	snprintf(text, sizeof(text), "refused: %s", reason);
	log_request(request, text);
	give_back(request, machine);
	take_back(request, machine);
	child_kill(&request->prompt);
	request->state = REQUEST_REFUSED;
	snprintf(text, sizeof(text), "refused %s", reason);
	tell(request, machine, text);
}

/* ---- What it is about ---- */

static bool is_for_disposable(const struct request *request)
{
	return request->wanted.target[0] == '@';
}

/* The domain that is called, if it can be called. */
static const struct domain *find_target(const struct request *request,
					const struct machine *machine)
{
	const struct domain *target = tables_find_name(
		machine->domains.list, machine->domains.count, request->wanted.target);

	return target && !target->twin && target->domid != 0 &&
			       target->domid != request->source->domid
		       ? target
		       : NULL;
}

static struct rpc_verdict judge(const struct request *request, const struct machine *machine)
{
	return rpc_policy_decide(machine->policy.rules, machine->policy.count,
				 request->wanted.service, request->source->name,
				 request->wanted.target);
}

/* ---- Granting ---- */

/* Write the rules for a disposable VM about its only caller. Returns their length, or -E2BIG. */
static ssize_t write_pair(const struct request *request, char text[RPC_PAIR_TEXT_MAX])
{
	const char *service = request->wanted.service;
	size_t name = strcspn(service, "+");
	/* A grant is used up by one call, as an answer of somebody who was asked. */
	struct rpc_rule rule = {.source = "*", .target = "*", .action = RPC_ASK};

	memcpy(rule.service, service, name);
	snprintf(rule.argument, sizeof(rule.argument), "%s", service[name] ? service + name : "+");
	memcpy(rule.user, request->verdict.user, sizeof(rule.user));
	return rpc_pair_format(&rule, 1, request->source->name, request->wanted.target,
			       RPC_PAIR_TARGET, text);
}

static void grant(struct request *request, struct machine *machine, unsigned target,
		  const char *answer)
{
	static struct grant grant;
	int r;

	grant = (struct grant){.service = request->wanted.service, .answer = answer};
	if (is_for_disposable(request))
		grant.pair_length = (size_t)write_pair(request, grant.pair);
	r = store_put_grant(machine->xs, request->source->domid, target, request->id, &grant);
	if (r < 0) {
		log_line(LOG_WARNING, "granting a call of %s: %s", request->source->name,
			 strerror(-r));
		refuse(request, machine, "dom0 could not write that it is allowed");
		return;
	}
	request->state = REQUEST_GRANTED;
}

static void grant_disposable(struct request *request, struct machine *machine)
{
	char answer[32], line[64];

	snprintf(answer, sizeof(answer), "ready %u", request->disposable->domid);
	grant(request, machine, request->disposable->domid, answer);
	if (request->state != REQUEST_GRANTED)
		return;
	snprintf(line, sizeof(line), "has %s, domain %u", request->disposable->name,
		 request->disposable->domid);
	log_request(request, line);
}

/* Nothing more has to be asked. */
static void allow(struct request *request, struct machine *machine)
{
	if (is_for_disposable(request)) {
		request->state = REQUEST_STARTED;
		tell(request, machine, "starting");
		return;
	}
	grant(request, machine, request->target, "allowed");
	if (request->state == REQUEST_GRANTED)
		log_request(request, "allowed when asked");
}

/* ---- Asking ---- */

static void start_prompt(struct request *request, struct machine *machine, int64_t now)
{
	char command[4096];
	char *argv[] = {(char *)"/bin/sh",
			(char *)"-c",
			command,
			(char *)"pedos-rpc-dom0",
			request->source->name,
			request->wanted.target,
			request->wanted.service,
			NULL};
	int r;

	snprintf(command, sizeof(command), "%s \"$@\"", machine->options->prompt);
	r = child_start(&request->prompt, argv,
			now + (int64_t)1000 * machine->options->prompt_timeout);
	if (r < 0) {
		log_line(LOG_WARNING, "the prompt cannot be run: %s", strerror(-r));
		refuse(request, machine, "dom0 cannot ask anybody now");
	}
}

static void go_on_asking(struct request *request, struct machine *machine, bool may_prompt,
			 int64_t now)
{
	int status;

	if (!child_runs(&request->prompt)) {
		if (may_prompt && now >= request->source->next_prompt)
			start_prompt(request, machine, now);
	} else if (child_ended(&request->prompt, now, &status)) {
		machine->disposables.moved = true; /* others may wait for their turn */
		if (status == 0 && !request->prompt.late) {
			allow(request, machine);
			return;
		}
		request->source->next_prompt = now + PROMPT_PAUSE;
		refuse(request, machine,
		       request->prompt.late ? "whoever was asked has not answered in time"
					    : "whoever was asked did not allow it");
	}
}

/* ---- Disposable VMs ---- */

static void go_on_starting(struct request *request, struct machine *machine)
{
	const char *why = NULL;

	if (!request->disposable)
		request->disposable = disposables_take(&machine->disposables, &machine->domains,
						       templates_name(request->wanted.target),
						       request->source->domid, &why);
	if (why)
		refuse(request, machine, why);
	else if (request->disposable && request->disposable->failure)
		refuse(request, machine, request->disposable->failure);
	else if (request->disposable && request->disposable->state == DISPOSABLE_READY)
		grant_disposable(request, machine);
}

/* ---- From its beginning to its end ---- */

void request_begin(struct request *request, struct machine *machine, struct source *source,
		   const char *id, const char *untrusted_text, size_t length)
{
	const struct domain *target;

	*request = (struct request){.state = REQUEST_REFUSED, .source = source, .listed = true};
	snprintf(request->id, sizeof(request->id), "%s", id);
	if (rpc_request_parse(untrusted_text, length, &request->wanted) < 0) {
		refuse(request, machine, "that is no request of this version");
		return;
	}
	request->verdict = judge(request, machine);
	target = find_target(request, machine);
	if (request->verdict.action == RPC_DENY || (!is_for_disposable(request) && !target)) {
		/* Whether there is such a VM is nobody's business who may not call it. */
		refuse(request, machine, denied);
		return;
	}
	request->target = target ? target->domid : 0;
	if (request->verdict.action == RPC_ALLOW) {
		allow(request, machine);
	} else if (!machine->options->prompt) {
		refuse(request, machine,
		       "the policy says ask, and dom0 has nobody ask: pedos-rpc-dom0 runs without "
		       "--prompt");
	} else {
		request->state = REQUEST_ASKED;
		tell(request, machine, "asking");
	}
}

void request_step(struct request *request, struct machine *machine, bool may_prompt)
{
	int64_t now = clock_now();
	int status;

	switch (request->state) {
	case REQUEST_ASKED:
		go_on_asking(request, machine, may_prompt, now);
		break;
	case REQUEST_STARTED:
		go_on_starting(request, machine);
		break;
	case REQUEST_GRANTED:
		if (request->disposable && request->disposable->failure)
			refuse(request, machine, request->disposable->failure);
		break;
	case REQUEST_REFUSED:
	case REQUEST_GONE:
		if (child_runs(&request->prompt) && child_ended(&request->prompt, now, &status))
			machine->disposables.moved = true;
		if (request->state == REQUEST_GONE && !child_runs(&request->prompt))
			request->state = REQUEST_FREE;
		break;
	case REQUEST_FREE:
		break;
	}
}

void request_judge_again(struct request *request, struct machine *machine)
{
	const struct domain *target;
	struct rpc_verdict now;

	if (request->state != REQUEST_ASKED && request->state != REQUEST_STARTED &&
	    request->state != REQUEST_GRANTED)
		return;
	now = judge(request, machine);
	target = find_target(request, machine);
	if (now.action != request->verdict.action || strcmp(now.user, request->verdict.user) != 0)
		refuse(request, machine, "the policy has changed meanwhile; try again");
	else if (request->target != 0 && (!target || target->domid != request->target))
		refuse(request, machine, "the VM has ended meanwhile");
}

static void remove_answer(const struct request *request, struct machine *machine)
{
	char path[STORE_PATH_SIZE];

	snprintf(path, sizeof(path), "/local/domain/%u/" STORE_ANSWERS "/%s",
		 request->source->domid, request->id);
	store_remove(machine->xs, path);
}

void request_end(struct request *request, struct machine *machine)
{
	give_back(request, machine);
	child_kill(&request->prompt);
	remove_answer(request, machine);
	take_back(request, machine);
	request->source = NULL;
	request->state = child_runs(&request->prompt) ? REQUEST_GONE : REQUEST_FREE;
}
