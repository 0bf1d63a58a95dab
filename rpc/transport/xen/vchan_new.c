/*
 * The Xen transport: calls for which dom0 has to do something, which is to make a disposable VM, or
 * to have somebody asked. Dom0 grants the call by its ID, and the other end believes what dom0
 * wrote.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/xen/dom0_request.h"
#include "transport/xen/xenentry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SILENCE_TIME 30000 /* milliseconds for dom0 to answer at all */

/* ---- The caller ---- */

/* May this guest have such a VM? */
static int check_offer(struct vchan *vchan, const char *target, struct rpc_failure *failure)
{
	char entry[VCHAN_ENTRY_SIZE], node[RPC_NAME_SIZE], value[XENSTORE_VALUE_SIZE];
	ssize_t n;

	if (!rpc_disposable_ok(target))
		return rpc_fail(failure, -EINVAL, "that is no disposable VM");
	rpc_disposable_node(target, node);
	snprintf(entry, sizeof(entry), "pedos-rpc/%s", node);
	n = xenstore_read(&vchan->store, entry, value);
	if (n == -ENOENT || n == -EACCES)
		return rpc_fail(failure, -EHOSTUNREACH,
				"there is no disposable VM %s that this VM may have", target);
	return n < 0 ? rpc_fail(failure, (int)n, "cannot ask xenstore for %s: %s", target,
				strerror((int)-n))
		     : 0;
}

static int64_t later(void)
{
	return clock_now() + SILENCE_TIME;
}

/* Milliseconds to wait for something new: without end, if dom0 has answered anything. */
static int wait_time(bool silent, int64_t deadline)
{
	int64_t left = deadline - clock_now();

	return !silent ? -1 : left > 0 ? (int)left : 0;
}

static int too_silent(struct rpc_failure *failure)
{
	return rpc_fail(failure, -ETIMEDOUT,
			"dom0 does not answer: does pedos-rpc-dom0 run there?");
}

static void say_state(enum dom0_answer answer, void (*say)(const char *sentence))
{
	if (answer == DOM0_STARTING)
		say("starting a disposable VM...");
	else if (answer == DOM0_ASKING)
		say("somebody is asked whether that is allowed: waiting for the answer");
}

/* Wait until the VM is ready. Its domid goes to `text`. */
static int await_ready(struct dom0_request *request, char text[XENSTORE_VALUE_SIZE],
		       void (*say)(const char *sentence), struct rpc_failure *failure)
{
	struct pollfd fd = {.fd = request->store.fd, .events = POLLIN};
	int64_t deadline = later();
	int answer, before = DOM0_SILENT;

	while ((answer = dom0_request_answer(request, text)) != DOM0_READY) {
		if (answer < 0)
			return rpc_fail(failure, answer, "cannot read the answer of dom0: %s",
					strerror(-answer));
		if (answer == DOM0_REFUSED)
			return rpc_fail(failure, -EACCES, "there is no disposable VM: %s", text);
		if (answer != before) {
			say_state(answer, say);
			deadline = later(); /* one that was started again answers anew */
		}
		before = answer;
		if (answer == DOM0_SILENT && clock_now() >= deadline)
			return too_silent(failure);
		poll(&fd, 1, wait_time(answer == DOM0_SILENT, deadline));
	}
	return 0;
}

/* The VM is ready: call it. What tells us that it is gone is another answer of dom0's. */
static int call_new(struct vchan *vchan, const char *target, const char *domid_text,
		    struct rpc_failure *failure)
{
	char value[XENSTORE_VALUE_SIZE];
	unsigned domid;

	if (!rpc_domid_parse(domid_text, &domid))
		return rpc_fail(failure, -EINVAL, "what dom0 answers is no domain's number");
	snprintf(vchan->peer, sizeof(vchan->peer), "ready %u", domid);
	if (vchan_watch_peer(vchan, vchan->request->entry, value) < 0 ||
	    !rpc_entry_names(value, vchan->peer))
		return rpc_fail(failure, -ECONNRESET, "the disposable VM is gone");
	return vchan_call(vchan, domid, target, failure);
}

int vchan_connect_new(struct rpc_channel *channel, const char *target, const char *service,
		      void (*say)(const char *sentence), struct rpc_failure *failure)
{
	char text[XENSTORE_VALUE_SIZE];
	struct vchan *vchan;
	int status = vchan_new(&vchan, failure);

	if (status < 0)
		return status;
	status = check_offer(vchan, target, failure);
	if (status == 0 && (status = vchan_choose_id(vchan->id)) < 0)
		rpc_fail(failure, status, "cannot get random numbers: %s", strerror(-status));
	if (status == 0)
		status = dom0_request_begin(&vchan->request, vchan->id, target, service, failure);
	if (status == 0)
		status = await_ready(vchan->request, text, say, failure);
	if (status == 0)
		status = call_new(vchan, target, text, failure);
	if (status == 0)
		vchan_give(vchan, channel);
	else
		vchan_free(vchan);
	return status;
}

/* 0: it is allowed. -EAGAIN: there is no answer yet. */
static int take_answer(struct dom0_request *request, bool *silent, struct rpc_failure *failure)
{
	char text[XENSTORE_VALUE_SIZE];
	int answer = dom0_request_answer(request, text);

	if (answer < 0)
		return rpc_fail(failure, answer, "cannot read the answer of dom0: %s",
				strerror(-answer));
	if (answer == DOM0_REFUSED)
		return rpc_fail(failure, -EACCES, "%s", text);
	*silent = answer == DOM0_SILENT;
	return answer == DOM0_ALLOWED ? 0 : -EAGAIN;
}

int vchan_request(struct rpc_channel *channel, const char *target, const char *service, int stop,
		  struct rpc_failure *failure)
{
	struct vchan *vchan = channel->state;
	int64_t deadline = later();
	bool silent;
	int status = dom0_request_begin(&vchan->request, vchan->id, target, service, failure);

	if (status < 0)
		return status;
	while ((status = take_answer(vchan->request, &silent, failure)) == -EAGAIN) {
		struct pollfd fds[] = {{.fd = stop, .events = POLLIN},
				       {.fd = vchan->request->store.fd, .events = POLLIN}};

		if (silent && clock_now() >= deadline)
			return too_silent(failure);
		if (!silent)
			deadline = later();
		if (vchan_wait(channel, 0, fds, 2, wait_time(silent, deadline)) < 0)
			return rpc_fail(failure, -ECONNRESET, "%s is gone", target);
		if (fds[0].revents)
			return -ECANCELED;
	}
	return status;
}

/* ---- The service's end ---- */

/* Where dom0 would write that a call is granted. */
struct grant {
	struct xenstore store;
	char path[VCHAN_ENTRY_SIZE + RPC_CALL_ID_MAX + 1];
	bool changed; /* the watch has fired */
};

static void grant_has_changed(void *context, const char *untrusted_path, const char *token)
{
	struct grant *grant = context;

	(void)untrusted_path, (void)token;
	grant->changed = true;
}

static int await(struct rpc_channel *channel, struct grant *grant, const char *service, int stop)
{
	struct pollfd fds[] = {{.fd = stop, .events = POLLIN},
			       {.fd = grant->store.fd, .events = POLLIN}};
	int status = xenstore_watch(&grant->store, grant->path, "grant");

	while (status >= 0) {
		/* An event may come together with the answer to a question about it. */
		do {
			grant->changed = false;
			status = xenstore_take(&grant->store, grant->path, service);
		} while (status == 0 && grant->changed);
		if (status != 0)
			return status;
		status = vchan_wait(channel, 0, fds, 2, -1);
		if (fds[0].revents)
			return -ECANCELED;
		if (status >= 0)
			status = xenstore_drain(&grant->store);
	}
	return status;
}

int vchan_granted(struct rpc_channel *channel, const struct rpc_pending *pending,
		  const char *service, int stop, bool wait)
{
	struct grant grant;
	int status = xenstore_open(&grant.store, grant_has_changed, &grant);

	if (status < 0)
		return status;
	snprintf(grant.path, sizeof(grant.path), "pedos-rpc-in/%u/%s", pending->origin,
		 pending->id);
	status = wait ? await(channel, &grant, service, stop)
		      : xenstore_take(&grant.store, grant.path, service);
	xenstore_close(&grant.store);
	return status;
}
