/*
 * qfile-unpacker: receive files from another virtual machine, as the rpc service PedOS.Filecopy.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/settings/load.h"
#include "cli/startup.h"
#include "cli/stop.h"
#include "cli/usage.h"
#include "options.h"
#include "tell.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Send a result, which the sender is waiting for. Of most failures it only learns that there was
 * one.
 */
static int refuse(const struct audience *audience, const struct qfile_error *error, int code)
{
	bool sent = qfile_refuse(STDOUT_FILENO, code) == 0;

	tell_failure(audience, error, sent ? code : -1);
	return EXIT_FAILED;
}

/* Has sshd started this, for who has logged in? rpc would have named the sender. */
static bool by_ssh(void)
{
	return !getenv("QREXEC_REMOTE_DOMAIN") && getenv("SSH_CONNECTION");
}

/* What to say where there is no such account. Who gives one word only may mean a directory. */
static const char *no_account(const struct options *options)
{
	if (options->user && !options->directory)
		return "there is no such account: the first argument is USER, and a DIRECTORY "
		       "comes behind it";
	return "there is no such account: name another one as USER";
}

/*
 * The settings cannot be used, and nothing is received: limits may stand in them. The sender learns
 * that there was a failure here, and the log why.
 */
static int refuse_settings(const struct audience *audience, const char *failure)
{
	/* Of this code, only the hint is said. */
	struct qfile_error error = {
		.code = EINVAL, .doing = "reading the settings", .hint = failure};

	return refuse(audience, &error, EPERM);
}

static int find_user(const struct options *options, struct qfile_user *user,
		     struct qfile_error *error)
{
	char uid[16];
	const char *name = options->user;
	int r;

	snprintf(uid, sizeof(uid), "%u", (unsigned)getuid());
	if (!name)
		name = getuid() == 0 ? "user" : uid;
	*error = (struct qfile_error){.doing = "receiving for"};
	snprintf(error->name, sizeof(error->name), "%s", name);
	r = qfile_user_find(user, name);
	/* On a machine that is no VM root has logged in to receive for itself. */
	if (r == -ENOENT && !options->user && by_ssh())
		r = qfile_user_find(user, uid);
	if (r == -ENOENT)
		error->hint = no_account(options);
	if (r == 0 && getuid() != 0 && user->uid != getuid()) {
		r = -EPERM;
		error->hint = "only root can receive for somebody else";
	} else if (r == 0) {
		error->hint = "root may not become that account here, as in a container in which "
			      "it has no number: start it as the account itself";
		r = qfile_user_become(user);
	}
	error->code = -r;
	return r;
}

/*
 * The name of the sender, from whoever started this program: the rpc layer, or sshd, which gives
 * the sender's address ("192.0.2.7 40000 ..."). An address is not a VM's name, but "ssh-192.0.2.7"
 * is.
 */
static const char *source_name(char *name, size_t size)
{
	const char *source = getenv("QREXEC_REMOTE_DOMAIN"), *connection = getenv("SSH_CONNECTION");

	if (source)
		return source;
	if (!connection)
		return NULL;
	snprintf(name, size, "ssh-%.*s", (int)strcspn(connection, " %"), connection);
	for (char *colon = strchr(name, ':'); colon; colon = strchr(colon, ':'))
		*colon = '-';
	return name;
}

static int open_incoming(const struct options *options, const struct qfile_user *user,
			 const char *source, struct qfile_error *error)
{
	int fd;

	if (options->directory)
		return qfile_incoming_open_path(options->directory, error);
	fd = qfile_incoming_open(user, options->incoming, source ? source : "", error);
	if (fd == -EINVAL && !source)
		error->hint = "QREXEC_REMOTE_DOMAIN is not set: rpc sets it, or name the DIRECTORY";
	else if (fd == -EINVAL)
		error->hint = "QREXEC_REMOTE_DOMAIN must be a VM's name";
	return fd;
}

/*
 * What the sender learns of a place that cannot be opened: why, but not what it is called. EINVAL
 * would say that the stream is malformed.
 */
static int code_of_place(const struct qfile_error *error)
{
	return error->code == EINVAL ? EPERM : error->code;
}

/* Is its name another one than a sender without settings would take it for? */
static bool is_renamed(const struct options *options)
{
	struct settings usual;

	settings_default(&usual);
	return !options->directory && strcmp(options->incoming, usual.incoming) != 0;
}

/*
 * What the directory is called, for the sender: where rpc has not started this, the sender is
 * somebody who may run a command here, and is told its path. NULL: not known, or not for them. The
 * caller frees it.
 */
static char *place_to_tell(const struct options *options, int incoming)
{
	char link[32];

	if (getenv("QREXEC_REMOTE_DOMAIN"))
		return is_renamed(options) ? strdup(options->incoming) : NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", incoming);
	return realpath(link, NULL);
}

static int receive(const struct options *options, int incoming, const struct audience *audience,
		   struct qfile_error *error)
{
	struct qfile_receive_options receive_options = QFILE_RECEIVE_OPTIONS_INIT;
	struct qfile_receive_outcome outcome;
	char *place;
	int r;

	receive_options.in = STDIN_FILENO;
	receive_options.out = STDOUT_FILENO;
	receive_options.stop = stop_open();
	receive_options.incoming = incoming;
	receive_options.flags = options->flags;
	receive_options.limits = options->limits;
	receive_options.on_conflict = options->on_conflict;
	receive_options.timeout = options->timeout;
	receive_options.wait_for_space = options->wait_for_space;
	receive_options.place = place = place_to_tell(options, incoming);
	r = qfile_receive(&receive_options, &outcome, error);
	free(place);
	if (outcome.left)
		tell_left(audience);
	if (*outcome.said)
		tell_what_child_said(audience, outcome.said);
	if (options->verbose)
		tell_layers(outcome.layers);
	if (r < 0)
		tell_failure(audience, error, outcome.result_sent ? (int)outcome.result_code : -1);
	else
		tell_success(audience, &outcome);
	return r < 0 || !outcome.result_sent ? EXIT_FAILED : 0;
}

int main(int argc, char **argv)
{
	static struct qfile_error error;
	static struct settings settings;
	char failure[SETTINGS_FAILURE_SIZE];
	struct audience audience;
	struct options options;
	struct qfile_user user;
	int status, incoming, settled;
	char name[64];

	bool no_result = fcntl(STDOUT_FILENO, F_GETFD) < 0;

	descriptors_fill();
	stack_need();
	/* One write per line: other programs may share stderr. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	settled = settings_load(&settings, failure);
	status = options_parse(&options, &settings, argc, argv);
	if (status >= 0)
		return status;
	if (isatty(STDIN_FILENO)) {
		warnx("stdin is a terminal: this program is started by rpc or by the command of "
		      "qfile-agent --via");
		return EXIT_USAGE;
	}
	if (no_result) {
		warnx("stdout is closed: the sender could not be told how it ended");
		return EXIT_FAILED;
	}
	audience = (struct audience){.source = source_name(name, sizeof(name)),
				     .verbose = options.verbose,
				     .desktop = !options.directory};
	if (settled < 0)
		return refuse_settings(&audience, failure);
	if (find_user(&options, &user, &error) < 0)
		return refuse(&audience, &error, EPERM);
	incoming = open_incoming(&options, &user, audience.source, &error);
	if (incoming < 0)
		return refuse(&audience, &error, code_of_place(&error));
	status = receive(&options, incoming, &audience, &error);
	if (!options.directory)
		qfile_sweep(&user, options.incoming);
	return status;
}
