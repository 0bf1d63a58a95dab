/*
 * A hostile service: attempts to get out of a sandbox, or to use up what is outside.
 *
 * The program `attack` is the service itself, started by pedos-rpc like any other. It is told on
 * stdin what there is to be reached, which an attacker would know or guess, makes all attempts,
 * each in a process of its own, and says what came of them: a line "NAME<tab>NUMBER" each.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef ATTACK_H
#define ATTACK_H
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* What an attack returns: the errno that it failed with, or this. */
#define ESCAPED 0

struct attempt {
	const char *name;
	const char *what; /* is tried */
	int (*attack)(void);
	/* Why an ordinary process of the user fails in it, too; NULL: it does not. */
	const char *bare;
};

/* By subject; each ends with an empty one. */
extern const struct attempt file_attempts[], kernel_attempts[], process_attempts[],
	network_attempts[], left_attempts[];
/* For a sandbox with small limits. */
extern const struct attempt limit_attempts[];

/* What there is outside. */
struct scene {
	char home[256];    /* the directory of the user, */
	char secret[256];  /* a file in it, */
	char word[64];     /* a word that is in there, and in the environment of the caller, */
	char socket[100];  /* listening sockets: in the home, */
	char bus[100];     /* and where those of a desktop are, */
	char wayland[100]; /* */
	char pulse[100];
	char screen[100]; /* an X server's, without a path, */
	int port;         /* TCP, */
	int key;          /* System V's shared memory, */
	int ring;         /* the user's keyring, and a key in it, */
	int ring_key;
	pid_t victim;  /* a process, */
	char host[65]; /* the name of the machine; */
	char mark[16]; /* and how what is left behind is to be called. */
};
extern struct scene scene;

/* The name of the key in the user's keyring. */
#define KEY_NAME "qfile-sandbox"

/* The errno of a call that failed, or ESCAPED. */
int why(long result);
/* Is this word in the file? ESCAPED, ENODATA where it is not, or the errno of opening it. */
int find_in(const char *path, const char *word);

#define ADMIN   "takes the rights of an administrator"
#define SETTING "a setting of the kernel, or of a container, forbids it to some"

#endif
