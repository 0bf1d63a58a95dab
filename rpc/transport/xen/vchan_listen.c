/*
 * The Xen transport: to be called. dom0 names in xenstore who may call this guest; the directory in
 * which each of these makes its calls is watched.
 *
 * All that a source writes there may be meant to harm: names are checked, listings are bounded, and
 * a source that changes its directory without end gets looked at now and then. What maps a source's
 * memory is a process of its own, also to refuse a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/xen/vchan.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport/xen/callids.h"
#include "transport/xen/xenentry.h"

_Static_assert(RPC_LISTING_MAX == XENSTORE_VALUE_SIZE - 1, "");

#define SOURCES_MAX    1024 /* sources that are watched at a time */
#define DRAIN_INTERVAL 5    /* milliseconds: so often events are taken, however many there are */
/* Milliseconds until a source in whose directory was no call is looked at again. */
#define SCAN_INTERVAL 50
#define CALLS_AT_ONCE 64 /* calls of a source that are taken one after the other, */
/* Then one in so many milliseconds: each costs a process, also where nobody is behind it. */
#define CALL_INTERVAL 20
#define HALF_MADE_MAX 32   /* calls without an event channel that are looked at in a scan */
#define REFUSAL_TIME  2000 /* milliseconds for a refused caller to close */

struct source {
	unsigned domid;
	char name[RPC_NAME_SIZE];
	bool named;         /* dom0 still says so */
	bool dirty;         /* something was written there since the last scan */
	bool fruitful;      /* the present scan has found a call */
	unsigned half_made; /* looked at in the present scan */
	int64_t next_scan;  /* on vchan_clock(): not before */
	unsigned credit;    /* calls that may be taken at once */
	int64_t credited;   /* when that has grown last */
	struct rpc_calls calls;
	/* Readable when the process that refuses one of its calls has ended; -1: there is none. */
	int refusal;
};

struct listener {
	struct xenstore store;
	unsigned domid; /* this guest's */
	char name[RPC_NAME_SIZE];
	bool names_changed; /* dom0 has changed the list of sources */
	int64_t next_drain;
	struct source *sources[SOURCES_MAX];
	size_t count;
	size_t turn; /* whose calls come first next time */
};

/* ---- What is watched ---- */

static struct source *find_source(const struct listener *listener, unsigned domid)
{
	for (size_t i = 0; i < listener->count; i++) {
		if (listener->sources[i]->domid == domid)
			return listener->sources[i];
	}
	return NULL;
}

/*
 * A call appears with its event channel, or when the directory as a whole appears or becomes
 * readable. Others' changes need no scan: a call that was taken away is forgotten at the next.
 */
static bool may_bring_a_call(const struct listener *listener, const char *untrusted_path)
{
	const char *last = strrchr(untrusted_path, '/');
	unsigned domid;

	return last && (strcmp(last + 1, "event-channel") == 0 ||
			(rpc_domid_parse(last + 1, &domid) && domid == listener->domid));
}

/* The token of a watch is the source's number, or "names". */
static void something_has_changed(void *context, const char *untrusted_path, const char *token)
{
	struct listener *listener = context;
	struct source *source;
	unsigned domid;

	if (!rpc_domid_parse(token, &domid)) {
		listener->names_changed = true;
		return;
	}
	source = find_source(listener, domid);
	if (source && may_bring_a_call(listener, untrusted_path))
		source->dirty = true;
}

static void directory_of(const struct listener *listener, const struct source *source,
			 char path[VCHAN_PATH_SIZE])
{
	snprintf(path, VCHAN_PATH_SIZE, "/local/domain/%u/data/pedos-rpc/%u", source->domid,
		 listener->domid);
}

static void end_refusal(struct source *source)
{
	if (source->refusal >= 0)
		close(source->refusal);
	source->refusal = -1;
}

static struct source *add_source(struct listener *listener, unsigned domid)
{
	struct source *source = listener->count < SOURCES_MAX ? calloc(1, sizeof(*source)) : NULL;
	char path[VCHAN_PATH_SIZE], token[16];

	if (!source)
		return NULL;
	source->domid = domid;
	source->refusal = -1;
	source->credit = CALLS_AT_ONCE;
	source->credited = vchan_clock();
	listener->sources[listener->count++] = source;
	directory_of(listener, source, path);
	snprintf(token, sizeof(token), "%u", domid);
	if (xenstore_watch(&listener->store, path, token) < 0) {
		listener->count--;
		free(source);
		return NULL;
	}
	return source;
}

static void remove_source(struct listener *listener, struct source *source)
{
	char path[VCHAN_PATH_SIZE], token[16];
	size_t at = 0;

	while (listener->sources[at] != source)
		at++;
	directory_of(listener, source, path);
	snprintf(token, sizeof(token), "%u", source->domid);
	xenstore_unwatch(&listener->store, path, token);
	end_refusal(source);
	free(source);
	listener->sources[at] = listener->sources[--listener->count];
}

/* dom0 names a source: have it among the sources, under that name. */
static void name_source(struct listener *listener, const char *untrusted_domid)
{
	char entry[VCHAN_ENTRY_SIZE], value[XENSTORE_VALUE_SIZE], name[RPC_NAME_SIZE];
	struct source *source;
	unsigned domid;

	if (!rpc_domid_parse(untrusted_domid, &domid))
		return;
	snprintf(entry, sizeof(entry), "pedos-rpc-in/%u", domid);
	if (xenstore_read(&listener->store, entry, value) < 0 || !rpc_entry_source(value, name))
		return;
	source = find_source(listener, domid);
	/* Another domain that has got the number of one that ended: nothing of that is its. */
	if (source && strcmp(source->name, name) != 0) {
		remove_source(listener, source);
		source = NULL;
	}
	if (!source)
		source = add_source(listener, domid);
	if (!source)
		return;
	strcpy(source->name, name);
	source->named = true;
}

static void update_sources(struct listener *listener)
{
	char names[XENSTORE_VALUE_SIZE];
	ssize_t size = xenstore_list(&listener->store, "pedos-rpc-in", names);

	for (size_t i = 0; i < listener->count; i++)
		listener->sources[i]->named = false;
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1)
		name_source(listener, names + at);
	for (size_t i = listener->count; i > 0; i--) {
		if (!listener->sources[i - 1]->named)
			remove_source(listener, listener->sources[i - 1]);
	}
}

/* ---- Arrivals ---- */

/* Look into a source's directory. */
static void scan(struct listener *listener, struct source *source)
{
	char path[VCHAN_PATH_SIZE], names[XENSTORE_VALUE_SIZE];
	ssize_t size;

	source->dirty = false;
	source->fruitful = false;
	source->half_made = 0;
	source->next_scan = vchan_clock() + SCAN_INTERVAL;
	directory_of(listener, source, path);
	size = xenstore_list(&listener->store, path, names);
	rpc_calls_list(&source->calls, names, size < 0 ? 0 : (size_t)size);
}

/* Can the vchan of this call be connected to? */
static bool is_made(struct listener *listener, const struct source *source, const char *id)
{
	char path[2 * VCHAN_PATH_SIZE], value[XENSTORE_VALUE_SIZE];

	snprintf(path, sizeof(path), "/local/domain/%u/data/pedos-rpc/%u/%s/event-channel",
		 source->domid, listener->domid, id);
	return xenstore_read(&listener->store, path, value) >= 0;
}

/* The next call in what the last scan of this source has listed. */
static const char *next_call(struct listener *listener, struct source *source)
{
	const char *id;

	while ((id = rpc_calls_next(&source->calls))) {
		if (is_made(listener, source, id))
			return id;
		if (++source->half_made == HALF_MADE_MAX)
			rpc_calls_stop(&source->calls);
	}
	return NULL;
}

static bool has_credit(struct source *source)
{
	int64_t grown = (vchan_clock() - source->credited) / CALL_INTERVAL;

	source->credited += grown * CALL_INTERVAL;
	source->credit = grown > CALLS_AT_ONCE - source->credit ? CALLS_AT_ONCE
								: source->credit + (unsigned)grown;
	return source->credit > 0;
}

static bool may_be_scanned(const struct source *source)
{
	return source->dirty && (source->fruitful || vchan_clock() >= source->next_scan);
}

static bool arrival_from(struct listener *listener, struct source *source,
			 struct rpc_pending *pending)
{
	const char *id;

	if (source->refusal >= 0 || !has_credit(source))
		return false; /* who calls too often waits */
	if (!rpc_calls_more(&source->calls) && may_be_scanned(source))
		scan(listener, source);
	id = next_call(listener, source);
	if (!id)
		return false;
	source->fruitful = true;
	source->credit--;
	rpc_calls_take(&source->calls, id);
	*pending = (struct rpc_pending){.origin = source->domid, .fd = -1};
	strcpy(pending->source, source->name);
	strcpy(pending->target, listener->name);
	strcpy(pending->id, id);
	return true;
}

/* Take the events that have come, and act on what dom0 has changed. */
static void take_events(struct listener *listener)
{
	if (vchan_clock() >= listener->next_drain && xenstore_drain(&listener->store) > 0)
		listener->next_drain = vchan_clock() + DRAIN_INTERVAL;
	if (listener->names_changed) {
		listener->names_changed = false;
		update_sources(listener);
	}
}

static void look_after_refusals(struct listener *listener)
{
	for (size_t i = 0; i < listener->count; i++) {
		struct pollfd ended = {.fd = listener->sources[i]->refusal};

		if (ended.fd >= 0 && poll(&ended, 1, 0) > 0)
			end_refusal(listener->sources[i]);
	}
}

int vchan_accept(struct rpc_listener *rpc_listener, struct rpc_pending *pending)
{
	struct listener *listener = rpc_listener->state;

	take_events(listener);
	look_after_refusals(listener);
	for (size_t i = 0; i < listener->count; i++) {
		size_t turn = (listener->turn + i) % listener->count;

		if (arrival_from(listener, listener->sources[turn], pending)) {
			listener->turn = turn + 1;
			return 1;
		}
	}
	return 0;
}

/* When a source is to be looked at though nothing happens: in so many milliseconds; -1: never. */
static int64_t next_look(const struct source *source, int64_t now)
{
	bool listed = rpc_calls_more(&source->calls);

	if (!listed && !source->dirty)
		return -1;
	if (source->credit == 0)
		return CALL_INTERVAL;
	return listed || source->fruitful || now >= source->next_scan ? 0 : source->next_scan - now;
}

static void lower(int *timeout, int64_t milliseconds)
{
	if (milliseconds < 0)
		return;
	if (*timeout < 0 || milliseconds < *timeout)
		*timeout = (int)milliseconds;
}

size_t vchan_listening(struct rpc_listener *rpc_listener, struct pollfd *fds, size_t size,
		       int *timeout)
{
	struct listener *listener = rpc_listener->state;
	int64_t now = vchan_clock();
	size_t count = 0;

	if (listener->names_changed)
		*timeout = 0;
	if (now < listener->next_drain)
		lower(timeout, listener->next_drain - now);
	else if (count < size)
		fds[count++] = (struct pollfd){.fd = listener->store.fd, .events = POLLIN};
	for (size_t i = 0; i < listener->count; i++) {
		const struct source *source = listener->sources[i];

		if (source->refusal < 0)
			lower(timeout, next_look(source, now));
		else if (count < size)
			fds[count++] = (struct pollfd){.fd = source->refusal};
		else
			lower(timeout, 100); /* the poll has no room for it */
	}
	return count;
}

/* ---- What becomes of them ---- */

int vchan_open(struct rpc_listener *rpc_listener, struct rpc_pending *pending,
	       struct rpc_channel *channel, struct rpc_failure *failure)
{
	unsigned own_domid = ((struct listener *)rpc_listener->state)->domid;

	vchan_unlisten(rpc_listener);
	return vchan_answer(channel, pending, own_domid, failure);
}

/* In a process of its own: write `bytes`, and stay until the caller has read them. */
static void tell(struct rpc_listener *rpc_listener, struct rpc_pending *pending, const void *bytes,
		 size_t size)
{
	int64_t deadline = vchan_clock() + REFUSAL_TIME;
	struct rpc_channel channel;
	struct rpc_failure failure;
	struct vchan *vchan;

	signal(SIGALRM, SIG_DFL);
	alarm(2 * REFUSAL_TIME / 1000);
	if (vchan_open(rpc_listener, pending, &channel, &failure) < 0)
		return;
	vchan = channel.state;
	vchan_write(&channel, bytes, size);
	while (libxenvchan_is_open(vchan->chan) && vchan_clock() < deadline &&
	       vchan_sleep(vchan, deadline) == 0)
		;
	vchan_close(&channel);
}

void vchan_refuse(struct rpc_listener *rpc_listener, struct rpc_pending *pending, const void *bytes,
		  size_t size)
{
	struct source *source = find_source(rpc_listener->state, pending->origin);
	int ends[2];
	pid_t child;

	if (!source || source->refusal >= 0 || pipe2(ends, O_CLOEXEC) < 0)
		return;
	child = fork();
	if (child == 0) {
		/* A child of nobody here: the daemon counts its own. */
		if (fork() == 0)
			tell(rpc_listener, pending, bytes, size);
		_exit(0);
	}
	close(ends[1]);
	source->refusal = ends[0];
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

void vchan_release(struct rpc_listener *rpc_listener, struct rpc_pending *pending)
{
	(void)rpc_listener, (void)pending; /* the daemon itself holds nothing of a call */
}

void vchan_ended(struct rpc_listener *rpc_listener, unsigned origin, const char *id)
{
	(void)rpc_listener, (void)origin, (void)id; /* the call's node goes with its caller */
}

ssize_t vchan_rules(struct rpc_listener *rpc_listener, const struct rpc_pending *pending,
		    char *text, size_t size)
{
	char entry[VCHAN_ENTRY_SIZE], value[XENSTORE_VALUE_SIZE];
	struct xenstore store;
	ssize_t n;

	(void)rpc_listener;
	n = xenstore_open(&store, NULL, NULL);
	if (n < 0)
		return n;
	snprintf(entry, sizeof(entry), "pedos-rpc-in/%u", pending->origin);
	n = xenstore_read(&store, entry, value);
	xenstore_close(&store);
	if (n < 0)
		return n;
	if (!rpc_entry_names(value, pending->source))
		return -ENOENT;
	if ((size_t)n >= size)
		return -E2BIG;
	memcpy(text, value, (size_t)n);
	return n;
}

/* ---- Beginning and end ---- */

static int begin(struct listener *listener, struct rpc_failure *failure)
{
	char value[XENSTORE_VALUE_SIZE];
	int status = xenstore_open(&listener->store, something_has_changed, listener);

	if (status < 0)
		return rpc_fail(failure, 125,
				"cannot reach xenstore through /dev/xen/xenbus: %s: is this a Xen "
				"guest, and is this root?",
				strerror(-status));
	if (xenstore_read(&listener->store, "domid", value) < 0 ||
	    !rpc_domid_parse(value, &listener->domid))
		return rpc_fail(failure, 125, "xenstore does not tell this guest's own number");
	if (xenstore_read(&listener->store, "name", value) < 0 ||
	    !rpc_entry_source(value, listener->name))
		return rpc_fail(failure, 125,
				"xenstore does not tell this guest's own name, or it is none that "
				"a VM may have");
	status = xenstore_watch(&listener->store, "pedos-rpc-in", "names");
	if (status < 0)
		return rpc_fail(failure, 125, "cannot watch pedos-rpc-in in xenstore: %s",
				strerror(-status));
	return 0;
}

int vchan_listen(struct rpc_listener *rpc_listener, const struct rpc_listen_options *options,
		 struct rpc_failure *failure)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	(void)options;
	if (!listener)
		return rpc_fail(failure, 125, "out of memory");
	listener->store.fd = -1;
	rpc_listener->transport = &rpc_xen_transport;
	rpc_listener->state = listener;
	if (begin(listener, failure) == 0)
		return 0;
	vchan_unlisten(rpc_listener);
	return -1;
}

void vchan_unlisten(struct rpc_listener *rpc_listener)
{
	struct listener *listener = rpc_listener->state;

	for (size_t i = 0; i < listener->count; i++) {
		end_refusal(listener->sources[i]);
		free(listener->sources[i]);
	}
	xenstore_close(&listener->store);
	free(listener);
	rpc_listener->state = NULL;
}
