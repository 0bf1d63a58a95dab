/*
 * An attacker who has taken over the parser: what the attacks share.
 *
 * The program `escape` is the library with another unpack(): attack code in place of the parser.
 * qfile_receive() starts and confines it as it does the real one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef ESCAPE_H
#define ESCAPE_H
#include "receive/child/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What an attack returns: the errno that it failed with, or one of these. */
enum {
	ESCAPED = 0,
	/*
	 * End like an honest parser: what came of it shows in the delivery, or in what the monitor
	 * says.
	 */
	HAND_OVER = -1,
};

struct attempt {
	const char *name;   /* on the command line */
	const char *what;   /* is tried */
	const char *escape; /* what counts as one */
	int (*attack)(void);
	/*
	 * Why an ordinary process of the user fails in it too; NULL: it does not, and the
	 * configuration `bare` shows that.
	 */
	const char *bare;
};

/* By subject; each ends with an empty one. */
extern const struct attempt descriptor_attempts[], file_attempts[], kernel_attempts[],
	mount_attempts[], network_attempts[], node_attempts[], process_attempts[],
	report_attempts[], resource_attempts[], staged_attempts[], standard_attempts[];
/* Of these, what is handed over may be delivered, as far as it is lawful. */
extern const struct attempt lawful_attempts[];

/*
 * What there is to be reached, as run.py has laid it out; an attacker would know or guess it.
 * Descriptors are those that the monitor holds open.
 */
struct scene {
	const char *home;   /* of the receiving user */
	char secret[512];   /* a file of theirs, */
	char earlier[640];  /* a delivery from before, */
	char other[512];    /* one of another VM, */
	char incoming[512]; /* where this delivery goes, */
	char locked[640];   /* the staging directory of another receiver, */
	char socket[100];   /* a listening socket of theirs, */
	char abstract[100]; /* one without a path, */
	int port;           /* one on TCP, and UDP, */
	int key;            /* System V's shared memory, */
	pid_t victim;       /* and a process */
	pid_t monitor;
	int incoming_fd, stop_fd, answer_fd, secret_fd, home_fd;
	int root;                       /* what the parser would work in */
	struct qfile_received received; /* what the attack claims to have made */
};
extern struct scene scene;

/* The layers that are left out: layers.c. */
bool layers_leave_out(const char *layer);
void layers_are_made(void);
bool layers_bare(void);
/* Is the attack to be made in the thread that writes files? */
bool layers_in_writer(void);
/* How the child ended, as waitpid(2) has it; -1: it has not been reaped. */
extern int child_status;
/* The monitor began to make a delivery visible before it had reaped the child. */
extern bool committed_too_early;

/* The errno of a system call that failed, or ESCAPED. */
int why(long result);
/* A sentence about what happened, for run.py. No system call. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Before the first. */
void say_open(void);
/* All of them, a line each. */
const char *said(void);
/* Read from a file and tell what is in it. Returns ESCAPED where that worked. */
int steal(int fd);
/* Make an entry to be handed over, and count it. Returns the descriptor of a file or directory. */
int make_file(const char *name, int mode);
int make_directory(const char *name);
int make_link(const char *target, const char *name);

#endif
