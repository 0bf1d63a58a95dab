/*
 * One machine: a domain is a user account, which others call through a Unix socket of the same
 * name. The kernel reports the account at the other end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/vmname.h"
#include "transport/peername.h"
#include "transport/transport.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A queue that many callers fill is left to chance; the kernel may allow less. */
#define BACKLOG         4096
#define CONNECT_TIMEOUT 10 /* seconds, for a daemon that does not accept */
/* Asks for room for several frames, so that both ends can work at the same time. */
#define BUFFER_SIZE (1 << 20)
#define SOCKETS_MAX 64 /* domains of one daemon */

struct listener {
	int directory; /* of the sockets that we have made; -1: of none */
	unsigned count;
	/* The socket to look at first: one with many callers must not keep the others waiting. */
	unsigned next;
	struct {
		int fd;
		char domain[RPC_NAME_SIZE];
		char *path; /* for people; NULL: there was no memory for it */
	} sockets[SOCKETS_MAX];
};

/*
 * The address of a domain's socket. It goes through the descriptor of the directory, whose path may
 * be too long for an address.
 */
static void address_of(struct sockaddr_un *address, int directory, const char *domain)
{
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", directory,
		 domain);
}

static int new_socket(int flags)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), size = BUFFER_SIZE;

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

/* ---- The caller ---- */

/* Does root, the domain's own account or our own user serve it? Nobody else is trusted. */
static bool is_genuine(int fd, const char *target)
{
	struct passwd *account = getpwnam(target);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid() || (account && peer.uid == account->pw_uid));
}

static int connect_error(int fd, const char *target, const char *sockets, int code,
			 struct rpc_failure *failure)
{
	if (fd >= 0)
		close(fd);
	if (code == -ENOENT || code == -ECONNREFUSED)
		return rpc_fail(failure, code,
				"nobody serves %s on this machine: no pedos-rpcd listens at %s/%s",
				target, sockets, target);
	if (code == -EAGAIN)
		return rpc_fail(failure, code, "%s has too many callers waiting; try again later",
				target);
	return rpc_fail(failure, code, "calling %s at %s/%s: %s", target, sockets, target,
			strerror(-code));
}

static int unix_connect(struct rpc_channel *channel, const char *target, const char *sockets,
			struct rpc_failure *failure)
{
	struct timeval timeout = {.tv_sec = CONNECT_TIMEOUT};
	struct sockaddr_un address;
	int directory = open(sockets, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, r;

	if (directory < 0)
		return connect_error(-1, target, sockets, -errno, failure);
	fd = new_socket(0);
	if (fd < 0) {
		r = -errno;
		close(directory);
		return connect_error(-1, target, sockets, r, failure);
	}
	address_of(&address, directory, target);
	/* This timeout also applies to connect(2). */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	r = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	close(directory);
	if (r < 0)
		return connect_error(fd, target, sockets, r, failure);
	if (!is_genuine(fd, target)) {
		close(fd);
		return rpc_fail(failure, -EPERM,
				"who serves %s/%s is neither root nor %s: it is not called",
				sockets, target, target);
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	*channel = (struct rpc_channel){.transport = &rpc_unix_transport, .fd = fd};
	return 0;
}

static int unix_targets(const char *sockets, struct rpc_targets *targets,
			struct rpc_failure *failure)
{
	DIR *directory = opendir(sockets);
	const struct dirent *entry;
	struct stat status;
	int r = 0;

	if (!directory)
		return rpc_fail(failure, -errno,
				errno == ENOENT ? "nobody serves any VM on this machine: no "
						  "pedos-rpcd listens in %s"
						: "looking for VMs in %s: %s",
				sockets, strerror(errno));
	while (r == 0 && (errno = 0, entry = readdir(directory))) {
		if (vm_name_ok(entry->d_name) &&
		    fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISSOCK(status.st_mode))
			r = rpc_targets_add(targets, entry->d_name);
	}
	if (r == 0 && errno)
		r = -errno;
	closedir(directory);
	return r < 0 ? rpc_fail(failure, r, "looking for VMs in %s: %s", sockets, strerror(-r)) : 0;
}

/* ---- The daemon ---- */

/*
 * Does somebody listen there? True also if that cannot be found out, so that no socket is removed
 * on a guess.
 */
static bool is_served(const struct sockaddr_un *address)
{
	int fd = new_socket(SOCK_NONBLOCK);
	bool served = fd < 0 ||
		      connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		      errno != ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return served;
}

/* Is this a socket that a killed daemon left behind? We remove nothing else. */
static bool is_left_behind(int directory, const char *domain, const struct sockaddr_un *address)
{
	struct stat status;

	return fstatat(directory, domain, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISSOCK(status.st_mode) && !is_served(address);
}

/*
 * Make the socket, with the mode that it is to have: everybody may call, and the policy says who is
 * served. A chmod(2) of its name could hit something else by then. Returns a negative errno.
 */
static int bind_at(int fd, const struct sockaddr_un *address)
{
	mode_t mask = umask(0111);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	umask(mask);
	return r;
}

/* Returns a listening socket. -EADDRINUSE: another daemon serves it, or it is no socket. */
static int listen_at(int directory, const char *domain)
{
	struct sockaddr_un address;
	int fd = new_socket(SOCK_NONBLOCK), r;

	if (fd < 0)
		return -errno;
	address_of(&address, directory, domain);
	r = bind_at(fd, &address);
	if (r == -EADDRINUSE && is_left_behind(directory, domain, &address)) {
		unlinkat(directory, domain, 0);
		r = bind_at(fd, &address);
	}
	if (r == 0 && listen(fd, BACKLOG) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/*
 * Whoever else may rename what is in it could have our callers call them, and have us remove and
 * change what we did not make. A sticky directory leaves everybody what is theirs.
 */
static int check_directory(int directory)
{
	struct stat status;

	if (fstat(directory, &status) < 0)
		return -errno;
	if ((status.st_uid != 0 && status.st_uid != geteuid()) ||
	    ((status.st_mode & (S_IWGRP | S_IWOTH)) && !(status.st_mode & S_ISVTX)))
		return -EPERM;
	return 0;
}

/* What to do about an errno of the directory of sockets. */
static const char *advice(int error)
{
	return error == EACCES || error == EPERM
		       ? "; start it as root, or name a directory of your own with --sockets"
		       : "";
}

/* Open the directory of sockets, once and for all. */
static int open_directory(const char *path, struct rpc_failure *failure)
{
	int directory, r;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return rpc_fail(failure, -errno, "making the directory of sockets %s: %s%s", path,
				strerror(errno), advice(errno));
	directory = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return rpc_fail(failure, -errno, "opening the directory of sockets %s: %s%s", path,
				strerror(errno), advice(errno));
	r = check_directory(directory);
	if (r == 0)
		return directory;
	close(directory);
	if (r == -EPERM)
		return rpc_fail(failure, r,
				"the directory of sockets %s must belong to root or to you, and "
				"nobody else may write to it",
				path);
	return rpc_fail(failure, r, "the directory of sockets %s: %s", path, strerror(-r));
}

/* The next one that listens. `path`, its path, is taken over. */
static void add_socket(struct listener *listener, int fd, const char *domain, char *path)
{
	listener->sockets[listener->count].fd = fd;
	snprintf(listener->sockets[listener->count].domain, RPC_NAME_SIZE, "%s", domain);
	listener->sockets[listener->count].path = path;
	listener->count++;
}

/* Say why `domain` cannot be listened at, and what to do. Returns `code`. */
static int listen_error(int directory, const char *sockets, const char *domain, int code,
			struct rpc_failure *failure)
{
	struct stat status;

	if (code == -EADDRINUSE && fstatat(directory, domain, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return rpc_fail(failure, code,
				S_ISSOCK(status.st_mode) ? "%s/%s: another pedos-rpcd serves it: "
							   "end that one first, "
							   "or send it SIGHUP to have it read the "
							   "policy again"
							 : "%s/%s: it is no socket: remove it",
				sockets, domain);
	return rpc_fail(failure, code, "listening at %s/%s: %s%s", sockets, domain, strerror(-code),
			advice(-code));
}

static int listen_domains(struct listener *listener, const struct rpc_listen_options *options,
			  struct rpc_failure *failure)
{
	listener->directory = open_directory(options->sockets, failure);
	if (listener->directory < 0)
		return listener->directory;
	for (size_t i = 0; i < options->count; i++) {
		int fd = listen_at(listener->directory, options->domains[i]);
		char *path;

		if (fd < 0)
			return listen_error(listener->directory, options->sockets,
					    options->domains[i], fd, failure);
		if (asprintf(&path, "%s/%s", options->sockets, options->domains[i]) < 0)
			path = NULL;
		add_socket(listener, fd, options->domains[i], path);
	}
	return 0;
}

/* Use the sockets that systemd opened: the last component of each path is the domain. */
static int inherit_sockets(struct listener *listener, const struct rpc_listen_options *options,
			   struct rpc_failure *failure)
{
	for (unsigned i = 0; i < options->inherited; i++) {
		struct sockaddr_un address = {.sun_family = AF_UNSPEC};
		socklen_t size = sizeof(address);
		int fd = options->inherited_fd + (int)i;
		const char *slash;

		if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 ||
		    address.sun_family != AF_UNIX)
			return rpc_fail(failure, -ENOTSOCK,
					"descriptor %d, which the starter passed, is no Unix "
					"socket",
					fd);
		slash = memrchr(address.sun_path, '/', sizeof(address.sun_path));
		if (!slash || !vm_name_ok(slash + 1))
			return rpc_fail(failure, -EINVAL,
					"the socket at descriptor %d has no domain's name", fd);
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		add_socket(listener, fd, slash + 1,
			   strndup(address.sun_path, sizeof(address.sun_path)));
	}
	return 0;
}

static void unix_unlisten(struct rpc_listener *of)
{
	struct listener *listener = of->state;

	for (unsigned i = 0; i < listener->count; i++) {
		close(listener->sockets[i].fd);
		if (listener->directory >= 0)
			unlinkat(listener->directory, listener->sockets[i].domain, 0);
		free(listener->sockets[i].path);
	}
	if (listener->directory >= 0)
		close(listener->directory);
	free(listener);
	of->state = NULL;
}

static int unix_listen(struct rpc_listener *of, const struct rpc_listen_options *options,
		       struct rpc_failure *failure)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int r;

	if (!listener)
		return rpc_fail(failure, -ENOMEM, "out of memory");
	if (options->count > SOCKETS_MAX || options->inherited > SOCKETS_MAX) {
		free(listener);
		return rpc_fail(failure, -E2BIG, "one pedos-rpcd serves at most %d domains",
				SOCKETS_MAX);
	}
	listener->directory = -1;
	*of = (struct rpc_listener){.transport = &rpc_unix_transport, .state = listener};
	r = options->inherited > 0 ? inherit_sockets(listener, options, failure)
				   : listen_domains(listener, options, failure);
	if (r < 0)
		unix_unlisten(of);
	else
		rpc_peers_read();
	return r;
}

static const char *unix_domain(const struct rpc_listener *of, size_t number, const char **where)
{
	const struct listener *listener = of->state;

	if (number >= listener->count)
		return NULL;
	*where = listener->sockets[number].path;
	if (!*where || !**where)
		*where = "its socket";
	return listener->sockets[number].domain;
}

static size_t unix_listening(struct rpc_listener *of, struct pollfd *fds, size_t size, int *timeout)
{
	const struct listener *listener = of->state;
	size_t n = 0;

	(void)timeout; /* nothing here depends on time */
	for (; n < listener->count && n < size; n++)
		fds[n] = (struct pollfd){.fd = listener->sockets[n].fd, .events = POLLIN};
	return n;
}

/* Find out who is at the other end of an accepted connection. */
static bool identify(int fd, struct rpc_pending *pending)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	pending->origin = peer.uid;
	pending->may_declare = peer.uid == geteuid();
	pending->nameless = rpc_peer_name(peer.uid, pending->source);
	if (pending->may_declare)
		pending->nameless = 0;
	return true;
}

static int unix_accept(struct rpc_listener *of, struct rpc_pending *pending)
{
	struct listener *listener = of->state;

	for (unsigned tries = 0; tries < listener->count; tries++) {
		unsigned i = listener->next++ % listener->count;
		int fd = accept4(listener->sockets[i].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			continue;
		*pending = (struct rpc_pending){.fd = fd};
		snprintf(pending->target, sizeof(pending->target), "%s",
			 listener->sockets[i].domain);
		if (identify(fd, pending))
			return 1;
		close(fd);
	}
	return 0;
}

static void unix_attach(struct rpc_pending *pending, struct rpc_channel *channel)
{
	*channel = (struct rpc_channel){.transport = &rpc_unix_transport, .fd = pending->fd};
}

static void unix_refuse(struct rpc_listener *of, struct rpc_pending *pending, const void *bytes,
			size_t size)
{
	(void)of;
	/* `bytes` fit into the buffer of a new connection, and can be read after its end. */
	(void)!send(pending->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(pending->fd);
	pending->fd = -1;
}

static void unix_release(struct rpc_listener *of, struct rpc_pending *pending)
{
	(void)of;
	close(pending->fd);
	pending->fd = -1;
}

static void unix_ended(struct rpc_listener *of, unsigned origin, const char *id)
{
	(void)of;
	(void)origin;
	(void)id;
}

static int unix_open(struct rpc_listener *of, struct rpc_pending *pending,
		     struct rpc_channel *channel, struct rpc_failure *failure)
{
	struct listener *listener = of->state;
	int size = BUFFER_SIZE;

	(void)failure;
	for (unsigned i = 0; i < listener->count; i++)
		close(listener->sockets[i].fd);
	close(listener->directory);
	setsockopt(pending->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	unix_attach(pending, channel);
	return 0;
}

/* ---- The channel ---- */

static ssize_t outcome(ssize_t n)
{
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return errno == EPIPE ? -ECONNRESET : -errno;
}

static ssize_t unix_read(struct rpc_channel *channel, void *buffer, size_t size)
{
	ssize_t n = recv(channel->fd, buffer, size, 0);

	return n == 0 ? -ECONNRESET : outcome(n);
}

static ssize_t unix_write(struct rpc_channel *channel, const void *buffer, size_t size)
{
	return outcome(send(channel->fd, buffer, size, MSG_NOSIGNAL));
}

static ssize_t unix_pipe_in(struct rpc_channel *channel, int pipe, size_t size)
{
	return outcome(splice(pipe, NULL, channel->fd, NULL, size, SPLICE_F_NONBLOCK));
}

static ssize_t unix_pipe_out(struct rpc_channel *channel, int pipe, size_t size)
{
	ssize_t n = splice(channel->fd, NULL, pipe, NULL, size, SPLICE_F_NONBLOCK);

	if (n == 0)
		return -ECONNRESET;
	return n < 0 && errno == EPIPE ? -EPIPE : outcome(n);
}

static int unix_wait(struct rpc_channel *channel, short events, struct pollfd *fds, size_t count,
		     int timeout)
{
	struct pollfd all[8];

	all[0] = (struct pollfd){.fd = channel->fd, .events = events};
	memcpy(all + 1, fds, count * sizeof(*fds));
	if (poll(all, count + 1, timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	memcpy(fds, all + 1, count * sizeof(*fds));
	/* What the other end sent before it ended must be read first. */
	if (all[0].revents & (POLLHUP | POLLERR) && !(all[0].revents & POLLIN))
		return -ECONNRESET;
	return all[0].revents & (POLLIN | POLLOUT);
}

static void unix_close(struct rpc_channel *channel)
{
	close(channel->fd);
	channel->fd = -1;
}

const struct rpc_transport rpc_unix_transport = {
	.name = "unix",
	.connect = unix_connect,
	.targets = unix_targets,
	.listen = unix_listen,
	.domain = unix_domain,
	.listening = unix_listening,
	.accept = unix_accept,
	.attach = unix_attach,
	.refuse = unix_refuse,
	.release = unix_release,
	.ended = unix_ended,
	.open = unix_open,
	.unlisten = unix_unlisten,
	.read = unix_read,
	.write = unix_write,
	.pipe_in = unix_pipe_in,
	.pipe_out = unix_pipe_out,
	.wait = unix_wait,
	.close = unix_close,
};
