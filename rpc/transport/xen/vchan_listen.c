/*
 * The Xen transport: being called. dom0 names in xenstore the guests that may call this one. We
 * watch the directory in which each of them makes its calls.
 *
 * A source may write anything there to harm us. So names are checked and listings are bounded, and
 * however often a source changes its directory, we read it at a limited rate. A process of its own
 * maps the memory of a source, even to refuse a call.
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

/* By this node dom0 sees that a disposable VM can be called. */
#define READY "data/pedos-rpc/ready"

#define SOURCES_MAX    1024 /* how many sources are watched */
#define DRAIN_INTERVAL 5    /* milliseconds between two times at which events are taken */
/* Milliseconds until a directory in which there was no call is read again. */
#define SCAN_INTERVAL 50
/*
 * A source may make this many calls at once, then one every CALL_INTERVAL milliseconds. Each call
 * costs us a process, even if its caller never connects.
 */
#define CALLS_AT_ONCE 64
#define CALL_INTERVAL 20
#define HALF_MADE_MAX 32   /* calls without an event channel after which a scan ends */
#define REFUSAL_TIME  2000 /* milliseconds for a refused caller to close the channel */

struct source {
	unsigned domid;
	char name[RPC_NAME_SIZE];
	bool named;         /* dom0 still names it */
	bool dirty;         /* a call may have been made since the last scan */
	bool fruitful;      /* the current scan has found a call */
	unsigned half_made; /* calls without an event channel that the current scan has found */
	int64_t next_scan;  /* the earliest time of the next scan, by clock_now() */
	unsigned credit;    /* how many calls may be taken at once */
	int64_t credited;   /* when `credit` last grew, by clock_now() */
	struct rpc_calls calls;
	/* Hangs up when the process that refuses one of its calls has ended; -1: there is none. */
	int refusal;
};

struct listener {
	struct xenstore store;
	unsigned domid; /* this guest's */
	char name[RPC_NAME_SIZE];
	bool names_changed; /* dom0 has changed the list of sources */
	int64_t next_drain; /* when to take events again, by clock_now() */
	struct source *sources[SOURCES_MAX];
	size_t count;
	size_t turn; /* the source to look at first next time */
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
 * Can this change mean that there is a new call? A call appears with its event channel, or when
 * its whole directory appears or becomes readable. A removed call needs no scan of its own: the
 * next scan forgets it.
 */
static bool may_bring_a_call(const struct listener *listener, const char *untrusted_path)
{
	const char *last = strrchr(untrusted_path, '/');
	unsigned domid;

	return last && (strcmp(last + 1, "event-channel") == 0 ||
			(rpc_domid_parse(last + 1, &domid) && domid == listener->domid));
}

/* The token of a watch is the domid of a source, or "names". */
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
	source->credited = clock_now();
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

/* dom0 names a source: add it if it is new, and set its name. */
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

/* ---- Pending calls ---- */

/* List a source's directory. */
static void scan(struct listener *listener, struct source *source)
{
	char path[VCHAN_PATH_SIZE], names[XENSTORE_VALUE_SIZE];
	ssize_t size;

	source->dirty = false;
	source->fruitful = false;
	source->half_made = 0;
	source->next_scan = clock_now() + SCAN_INTERVAL;
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

/* The next call that the last scan of this source has listed, and that is ready. */
static const char *next_call(struct listener *listener, struct source *source)
{
	const char *id = rpc_calls_next(&source->calls);

	while (id && !is_made(listener, source, id)) {
		source->half_made++;
		if (source->half_made == HALF_MADE_MAX)
			rpc_calls_stop(&source->calls);
		id = rpc_calls_next(&source->calls);
	}
	return id;
}

static bool has_credit(struct source *source)
{
	int64_t grown = (clock_now() - source->credited) / CALL_INTERVAL;

	source->credited += grown * CALL_INTERVAL;
	source->credit = grown > CALLS_AT_ONCE - source->credit ? CALLS_AT_ONCE
								: source->credit + (unsigned)grown;
	return source->credit > 0;
}

static bool may_be_scanned(const struct source *source)
{
	return source->dirty && (source->fruitful || clock_now() >= source->next_scan);
}

static bool next_pending(struct listener *listener, struct source *source,
			 struct rpc_pending *pending)
{
	const char *id;

	if (source->refusal >= 0 || !has_credit(source))
		return false; /* a source that calls too often must wait */
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

/* Take the events of xenstore, and update the sources if dom0 has changed the list. */
static void take_events(struct listener *listener)
{
	if (clock_now() >= listener->next_drain && xenstore_drain(&listener->store) > 0)
		listener->next_drain = clock_now() + DRAIN_INTERVAL;
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

		if (next_pending(listener, listener->sources[turn], pending)) {
			listener->turn = turn + 1;
			return 1;
		}
	}
	return 0;
}

/* Milliseconds until a source must be looked at even if no event comes; -1: not at all. */
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
	int64_t now = clock_now();
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
			lower(timeout, 100); /* `fds` has no room for it: look regularly */
	}
	return count;
}

/* ---- Serving and refusing ---- */

/* Close and free all that is here, also in a process of a call. */
static void forget(struct rpc_listener *rpc_listener)
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

int vchan_open(struct rpc_listener *rpc_listener, struct rpc_pending *pending,
	       struct rpc_channel *channel, struct rpc_failure *failure)
{
	unsigned own_domid = ((struct listener *)rpc_listener->state)->domid;

	forget(rpc_listener);
	return vchan_answer(channel, pending, own_domid, failure);
}

/* In a process of its own: write `bytes`, and stay until the caller has read them. */
static void tell(struct rpc_listener *rpc_listener, struct rpc_pending *pending, const void *bytes,
		 size_t size)
{
	int64_t deadline = clock_now() + REFUSAL_TIME;
	struct rpc_channel channel;
	struct rpc_failure failure;
	struct vchan *vchan;

	signal(SIGALRM, SIG_DFL);
	alarm(2 * REFUSAL_TIME / 1000);
	if (vchan_open(rpc_listener, pending, &channel, &failure) < 0)
		return;
	vchan = channel.state;
	vchan_write(&channel, bytes, size);
	while (libxenvchan_is_open(vchan->chan) && clock_now() < deadline &&
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
		/* Two forks, so that the daemon does not take this process for one of its calls. */
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
	(void)rpc_listener, (void)pending; /* the daemon itself has nothing open for a call */
}

void vchan_ended(struct rpc_listener *rpc_listener, unsigned origin, const char *id)
{
	(void)rpc_listener, (void)origin, (void)id; /* the caller's side removes the call's node */
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
		return rpc_fail(failure, status,
				"cannot reach xenstore through /dev/xen/xenbus: %s: is this a Xen "
				"guest, and is this root?",
				strerror(-status));
	if (xenstore_read(&listener->store, "domid", value) < 0 ||
	    !rpc_domid_parse(value, &listener->domid))
		return rpc_fail(failure, -EINVAL, "xenstore does not tell this guest's own number");
	if (xenstore_read(&listener->store, "name", value) < 0 ||
	    !rpc_entry_source(value, listener->name))
		return rpc_fail(failure, -EINVAL,
				"xenstore does not tell this guest's own name, or it is none that "
				"a VM may have");
	status = xenstore_watch(&listener->store, "pedos-rpc-in", "names");
	if (status < 0)
		return rpc_fail(failure, status, "cannot watch pedos-rpc-in in xenstore: %s",
				strerror(-status));
	status = xenstore_write(&listener->store, READY, "1");
	if (status < 0)
		return rpc_fail(failure, status, "cannot write " READY " in xenstore: %s",
				strerror(-status));
	return 0;
}

int vchan_listen(struct rpc_listener *rpc_listener, const struct rpc_listen_options *options,
		 struct rpc_failure *failure)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int status;

	(void)options;
	if (!listener)
		return rpc_fail(failure, -ENOMEM, "out of memory");
	listener->store.fd = -1;
	rpc_listener->transport = &rpc_xen_transport;
	rpc_listener->state = listener;
	status = begin(listener, failure);
	if (status < 0)
		vchan_unlisten(rpc_listener);
	return status;
}

const char *vchan_domain(const struct rpc_listener *rpc_listener, size_t number, const char **where)
{
	*where = "xenstore";
	return number == 0 ? ((struct listener *)rpc_listener->state)->name : NULL;
}

void vchan_unlisten(struct rpc_listener *rpc_listener)
{
	struct listener *listener = rpc_listener->state;

	if (listener->store.fd >= 0)
		xenstore_remove(&listener->store, READY);
	forget(rpc_listener);
}
