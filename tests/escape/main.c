/*
 * escape: a receiver whose parser is an attacker.
 *
 *   escape -l
 *       list the attempts
 *   escape LAYER ATTEMPT USER HOME SOURCE VICTIM PORT KEY ANSWER OUT
 *       receive with ATTEMPT in the parser's place and without LAYER
 *
 * run.py calls it. The stream is stdin. Descriptor ANSWER takes the answer; what the monitor has
 * seen goes to descriptor OUT, a line each, and behind "told" all that the attack has told.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"
#include "receive/child/unpack.h"
#include "receive/child/writer.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct scene scene;

static const struct attempt *attempt;

static const struct attempt *const subjects[] = {
	file_attempts,    descriptor_attempts, standard_attempts, mount_attempts,
	process_attempts, network_attempts,    resource_attempts, kernel_attempts,
	node_attempts,    report_attempts,     staged_attempts,   lawful_attempts,
};

#define SUBJECTS (sizeof(subjects) / sizeof(*subjects))

static void list(void)
{
	for (size_t i = 0; i < SUBJECTS; i++) {
		for (const struct attempt *one = subjects[i]; one->name; one++)
			printf("%s\t%s\t%s\t%s\t%d\n", one->name, one->what, one->escape,
			       one->bare ? one->bare : "", subjects[i] == lawful_attempts);
	}
}

static const struct attempt *find(const char *name)
{
	for (size_t i = 0; i < SUBJECTS; i++) {
		for (const struct attempt *one = subjects[i]; one->name; one++) {
			if (strcmp(one->name, name) == 0)
				return one;
		}
	}
	return NULL;
}

/* Returns what the parser is to return. */
static int attack(void)
{
	int r;

	say("began");
	r = attempt->attack();
	if (r == ESCAPED)
		say("ESCAPED");
	else if (r != HAND_OVER)
		say("failed %s", strerrorname_np(r));
	return r == HAND_OVER ? 0 : -ECANCELED;
}

/* The writer has been taken over, too. */
int __wrap_piece_write(const struct piece *piece, uint64_t *end);
int __wrap_piece_write(const struct piece *piece, uint64_t *end)
{
	(void)piece;
	(void)end;
	return attack();
}

/* In the parser's place. */
int unpack(const struct unpack_options *options, struct qfile_received *received,
	   char last[QFILE_NAME_MAX])
{
	const struct piece piece = {.fd = -1, .untrusted_name = ""};
	bool unsynced = false;
	int r;

	layers_are_made();
	last[0] = '\0';
	scene.root = layers_bare() ? open(".", O_RDONLY | O_DIRECTORY) : options->root;
	if (layers_in_writer()) {
		writer_put(options->writer, &piece);
		r = writer_finish(options->writer, last, &unsynced);
	} else {
		r = attack();
	}
	*received = scene.received;
	return r;
}

static void set_scene(char **argument)
{
	scene.home = argument[0];
	snprintf(scene.secret, sizeof(scene.secret), "%s/secret", scene.home);
	snprintf(scene.incoming, sizeof(scene.incoming), "%s/PedOSIncoming/%s", scene.home,
		 argument[1]);
	snprintf(scene.earlier, sizeof(scene.earlier), "%s/earlier", scene.incoming);
	snprintf(scene.locked, sizeof(scene.locked), "%s/.qfile-incoming-0123456789abcdef",
		 scene.incoming);
	snprintf(scene.other, sizeof(scene.other), "%s/PedOSIncoming/other/letter", scene.home);
	snprintf(scene.socket, sizeof(scene.socket), "%s/socket", scene.home);
	snprintf(scene.abstract, sizeof(scene.abstract), "qfile-escape-%s", argument[4]);
	scene.victim = (pid_t)atoi(argument[2]);
	scene.port = atoi(argument[3]);
	scene.key = atoi(argument[4]);
	scene.monitor = getpid();
}

/* Away from the numbers that the child's own descriptors will get. */
static int keep(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD, 20);

	if (high < 0)
		err(2, "%s", scene.home);
	close(fd);
	return high;
}

/* What a receiver may have open: its own, and what it inherited. */
static void open_descriptors(int answer)
{
	scene.incoming_fd = keep(open(scene.incoming, O_RDONLY | O_DIRECTORY));
	scene.stop_fd = keep(eventfd(0, 0));
	scene.secret_fd = keep(open(scene.secret, O_RDONLY));
	scene.home_fd = keep(open(scene.home, O_RDONLY | O_DIRECTORY));
	scene.answer_fd = keep(answer);
}

/*
 * Where root tries this, nothing that an attack might do to mounts or the host's name is to reach
 * the machine.
 */
static void protect_the_machine(void)
{
	bool apart = geteuid() == 0 && unshare(CLONE_NEWNS | CLONE_NEWUTS) == 0;

	/* A root who may not do this may not do either of those things. */
	if (geteuid() == 0 && !apart && errno != EPERM)
		err(2, "unshare");
	if (apart && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		err(2, "mount");
	/* An attack on the process group is to find no one else in it. */
	if (setpgid(0, 0) < 0 && errno != EPERM)
		err(2, "setpgid");
}

/*
 * A key in the session's keyring, as a login or a mail program leaves one there. Not every kernel
 * has them.
 */
static void keep_a_key(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
		syscall(SYS_add_key, "user", "qfile-escape", scene.home, strlen(scene.home),
			KEY_SPEC_SESSION_KEYRING);
}

static int receive(int out)
{
	static struct qfile_error error;
	struct qfile_receive_options options = QFILE_RECEIVE_OPTIONS_INIT;
	struct qfile_receive_outcome outcome;
	char before[256], after[256], text[512];
	struct rusage usage;
	int r;

	options.in = STDIN_FILENO;
	options.out = scene.answer_fd;
	options.stop = scene.stop_fd;
	options.incoming = scene.incoming_fd;
	/* The others may take their time: a machine may be slow. */
	options.timeout = strncmp(attempt->name, "endless", strlen("endless")) == 0;
	gethostname(before, sizeof(before));
	r = qfile_receive(&options, &outcome, &error);
	gethostname(after, sizeof(after));
	getrusage(RUSAGE_SELF, &usage);
	dprintf(out,
		"result %d\nlayers %u\nstatus %d\nearly %d\nhost %d\nmemory %ld\nsays %s\n"
		"stderr %s\ntold\n%s",
		r, outcome.layers, child_status, committed_too_early, strcmp(before, after),
		usage.ru_maxrss, r < 0 ? qfile_error_text(&error, text, sizeof(text)) : "success",
		outcome.said, said());
	return 0;
}

int main(int argc, char **argv)
{
	static struct qfile_error error;
	struct qfile_user user;
	int r;

	if (argc == 2 && strcmp(argv[1], "-l") == 0) {
		list();
		return 0;
	}
	if (argc != 11)
		errx(2, "wrong arguments; run.py calls this program");
	signal(SIGPIPE, SIG_IGN);
	say_open();
	protect_the_machine();
	attempt = find(argv[2]);
	if (!attempt || !layers_leave_out(argv[1]))
		errx(2, "no such attempt or layer: %s, %s", argv[2], argv[1]);
	r = qfile_user_find(&user, argv[3]);
	if (r == 0)
		r = qfile_user_become(&user);
	if (r < 0)
		errx(2, "%s: %s", argv[3],
		     qfile_error_text((error.code = -r, &error), (char[512]){""}, 512));
	set_scene(argv + 4);
	open_descriptors(atoi(argv[9]));
	keep_a_key();
	return receive(atoi(argv[10]));
}
