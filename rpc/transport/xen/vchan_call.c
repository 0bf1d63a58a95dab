/*
 * The Xen transport: calling. The caller is the server of the vchan, so the rings are in its own
 * memory, and no caller can use up the memory of the guest that it calls.
 *
 * The call is a node in xenstore, which must not stay when the caller dies. It exists only until
 * the other end has connected; meanwhile a guard would remove it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/vmname.h"
#include "transport/xen/vchan.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "transport/xen/guard.h"
#include "transport/xen/xenentry.h"

#define ANSWER_TIME 30000 /* milliseconds for the other end to connect */
/* Milliseconds to wait for a turn, and between two tries. */
#define TURN_TIME     60000
#define TURN_INTERVAL 5
#define ID_LENGTH     (VCHAN_ID_SIZE - 1)

/* A random name for a call. It has 41 bits, so no other call has the same one. */
int vchan_choose_id(char id[VCHAN_ID_SIZE])
{
	unsigned char random[ID_LENGTH];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -errno;
	for (size_t i = 0; i < ID_LENGTH; i++)
		id[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[random[i] % 36];
	id[ID_LENGTH] = '\0';
	return 0;
}

int vchan_own_domid(struct xenstore *store, unsigned *domid)
{
	char value[XENSTORE_VALUE_SIZE];
	ssize_t n = xenstore_read(store, "domid", value);

	if (n < 0)
		return (int)n;
	return rpc_domid_parse(value, domid) ? 0 : -EINVAL;
}

/* Make a directory that only the target may read, and choose the path of the call in it. */
static int choose_path(struct vchan *vchan, unsigned target, char path[VCHAN_PATH_SIZE],
		       struct rpc_failure *failure)
{
	char directory[VCHAN_PATH_SIZE];
	unsigned own;
	int status;

	if (vchan_own_domid(&vchan->store, &own) < 0)
		return rpc_fail(failure, -EINVAL, "xenstore does not tell this guest's own number");
	snprintf(directory, sizeof(directory), "/local/domain/%u/data/pedos-rpc/%u", own, target);
	status = xenstore_share(&vchan->store, directory, own, target);
	if (status < 0)
		return rpc_fail(failure, status, "cannot make %s in xenstore: %s", directory,
				strerror(-status));
	snprintf(path, VCHAN_PATH_SIZE, "/local/domain/%u/data/pedos-rpc/%u/%s", own, target,
		 vchan->id);
	return 0;
}

/* Make the rings, smaller ones if this guest cannot share enough memory. */
static int make_rings(struct vchan *vchan, unsigned target, const char *path,
		      struct rpc_failure *failure)
{
	int error = 0;

	if (access("/dev/xen/gntalloc", R_OK | W_OK) < 0 ||
	    access("/dev/xen/evtchn", R_OK | W_OK) < 0)
		return rpc_fail(failure, -errno,
				"cannot share memory with other guests: /dev/xen/gntalloc, "
				"/dev/xen/evtchn: %s: load the modules "
				"xen-gntalloc and xen-evtchn, and let this account use the devices",
				strerror(errno));
	for (size_t size = VCHAN_RING_SIZE; !vchan->chan && size >= VCHAN_RING_MIN; size /= 2) {
		errno = 0;
		vchan->chan =
			libxenvchan_server_init(&vchan_silence, (int)target, path, size, size);
		error = errno;
	}
	if (!vchan->chan)
		return rpc_fail(failure, error ? -error : -EIO,
				"cannot share memory with another guest: %s: too many calls at "
				"once? The limit of pages is in "
				"/sys/module/xen_gntalloc/parameters/limit",
				error ? strerror(error) : "libxenvchan does not say why");
	vchan->chan->blocking = 0;
	return 0;
}

static int wait_for_answer(struct vchan *vchan, const char *target, struct rpc_failure *failure)
{
	int64_t deadline = clock_now() + ANSWER_TIME;

	while (libxenvchan_is_open(vchan->chan) == 2) {
		if (vchan_sleep(vchan, deadline) < 0)
			return rpc_fail(failure, -ECONNRESET, "%s is gone", target);
		if (clock_now() >= deadline)
			return rpc_fail(failure, -ETIMEDOUT,
					"%s does not answer: is pedos-rpcd running there?", target);
	}
	return 0;
}

/*
 * Wait until no other process of this guest begins a call. xenstore refuses more than ten
 * transactions of a guest at a time, and libxenvchan takes the refusal for a failure. The lock is
 * on a device that every process that may call can open, and so hold for as long as it likes: it is
 * not waited for much longer than a beginning takes. Returns a descriptor that ends the turn when
 * it is closed, or -1.
 */
static int take_turn(void)
{
	int fd = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);
	int64_t until = clock_now() + TURN_TIME;

	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 &&
	       (errno == EWOULDBLOCK || errno == EINTR) && clock_now() < until)
		poll(NULL, 0, TURN_INTERVAL);
	return fd;
}

/* Make the node and the rings of a call, after starting a guard for the node. */
static int make(struct vchan *vchan, unsigned domid, char path[VCHAN_PATH_SIZE],
		struct rpc_guard *guard, struct rpc_failure *failure)
{
	int status = choose_path(vchan, domid, path, failure);

	if (status < 0)
		return status;
	status = rpc_guard_start(guard, path);
	if (status < 0)
		return rpc_fail(failure, status, "cannot start a process: %s", strerror(-status));
	return make_rings(vchan, domid, path, failure);
}

/* Make the call, wait until the other end has connected, and remove the node. */
int vchan_call(struct vchan *vchan, unsigned domid, const char *target, struct rpc_failure *failure)
{
	struct rpc_guard guard = {.fd = -1};
	char path[VCHAN_PATH_SIZE] = "";
	int turn = take_turn(), status = make(vchan, domid, path, &guard, failure);

	if (turn >= 0)
		close(turn);
	if (status == 0)
		status = wait_for_answer(vchan, target, failure);
	if (*path)
		xenstore_remove(&vchan->store, path);
	rpc_guard_dismiss(&guard);
	return status;
}

/* Look up the domid of a target that this guest may call. */
static int find_target(struct vchan *vchan, const char *target, unsigned *domid,
		       struct rpc_failure *failure)
{
	char entry[VCHAN_ENTRY_SIZE], value[XENSTORE_VALUE_SIZE];
	ssize_t n;

	if (!vm_name_ok(target))
		return rpc_fail(failure, -EINVAL, "that is no VM's name");
	snprintf(entry, sizeof(entry), "pedos-rpc/%s", target);
	n = vchan_watch_peer(vchan, entry, value);
	if (n == -ENOENT || n == -EACCES)
		return rpc_fail(failure, -EHOSTUNREACH, "there is no VM %s that this one may call",
				target);
	if (n < 0)
		return rpc_fail(failure, (int)n, "cannot ask xenstore for %s: %s", target,
				strerror((int)-n));
	if (!rpc_domid_parse(value, domid))
		return rpc_fail(failure, -EINVAL, "what xenstore says of %s is no domain's number",
				target);
	strcpy(vchan->peer, value);
	return 0;
}

int vchan_connect(struct rpc_channel *channel, const char *target, const char *sockets,
		  struct rpc_failure *failure)
{
	struct vchan *vchan;
	unsigned domid;
	int status = vchan_new(&vchan, failure);

	(void)sockets;
	if (status < 0)
		return status;
	status = find_target(vchan, target, &domid, failure);
	if (status == 0 && (status = vchan_choose_id(vchan->id)) < 0)
		rpc_fail(failure, status, "cannot get random numbers: %s", strerror(-status));
	if (status == 0)
		status = vchan_call(vchan, domid, target, failure);
	if (status == 0)
		vchan_give(vchan, channel);
	else
		vchan_free(vchan);
	return status;
}

/* ---- Whom it may call ---- */

static int add_names(const char *names, size_t length, struct rpc_targets *targets)
{
	char disposable[RPC_NAME_SIZE];
	int r = 0;

	for (size_t at = 0; at < length && r == 0; at += strlen(names + at) + 1) {
		if (vm_name_ok(names + at))
			r = rpc_targets_add(targets, names + at);
		else if (rpc_disposable_target(names + at, disposable))
			r = rpc_targets_add(targets, disposable);
	}
	return r;
}

int vchan_targets(const char *sockets, struct rpc_targets *targets, struct rpc_failure *failure)
{
	char names[XENSTORE_VALUE_SIZE];
	struct vchan *vchan;
	ssize_t n = vchan_new(&vchan, failure);

	(void)sockets;
	if (n < 0)
		return (int)n;
	n = xenstore_list(&vchan->store, "pedos-rpc", names);
	vchan_free(vchan);
	if (n == -ENOENT || n == -EACCES)
		return 0; /* dom0 has written nothing for this guest */
	n = n < 0 ? n : add_names(names, (size_t)n, targets);
	return n < 0 ? rpc_fail(failure, (int)n, "cannot ask xenstore whom this VM may call: %s",
				strerror((int)-n))
		     : 0;
}

ssize_t vchan_told(const char *target, char *text, size_t size)
{
	char entry[VCHAN_ENTRY_SIZE + sizeof("/rules")], value[XENSTORE_VALUE_SIZE];
	char node[RPC_NAME_SIZE];
	struct rpc_failure failure;
	struct vchan *vchan;
	ssize_t n = vchan_new(&vchan, &failure);

	if (n < 0)
		return n;
	rpc_disposable_node(target, node);
	snprintf(entry, sizeof(entry), "pedos-rpc/%s/rules", node);
	n = xenstore_read(&vchan->store, entry, value);
	vchan_free(vchan);
	if (n > (ssize_t)size)
		return -E2BIG;
	if (n > 0)
		memcpy(text, value, (size_t)n);
	return n;
}
