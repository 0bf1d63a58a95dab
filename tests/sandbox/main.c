/*
 * A hostile service: what it is told, and what it says.
 *
 * attack [limits]: the attempts. attack list: their names, what they try, and why they fail
 * outside. attack plant WORD, attack uproot: a key in the user's keyring, before and after.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seconds, for an attempt that hangs: it has failed. */
#define HANGS 60

struct scene scene;

int why(long result)
{
	return result < 0 ? errno : ESCAPED;
}

int find_in(const char *path, const char *word)
{
	static char text[4 << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n;

	if (fd < 0)
		return errno;
	/* What the kernel writes comes in pieces. */
	while ((n = read(fd, text + length, sizeof(text) - length)) > 0)
		length += (size_t)n;
	close(fd);
	return memmem(text, length, word, strlen(word)) ? ESCAPED : ENODATA;
}

/* ---- What there is ---- */

static const struct {
	const char *name;
	char *text;
	size_t size;
	int *number;
} facts[] = {
	{"home", scene.home, sizeof(scene.home), NULL},
	{"secret", scene.secret, sizeof(scene.secret), NULL},
	{"word", scene.word, sizeof(scene.word), NULL},
	{"socket", scene.socket, sizeof(scene.socket), NULL},
	{"bus", scene.bus, sizeof(scene.bus), NULL},
	{"wayland", scene.wayland, sizeof(scene.wayland), NULL},
	{"pulse", scene.pulse, sizeof(scene.pulse), NULL},
	{"screen", scene.screen, sizeof(scene.screen), NULL},
	{"host", scene.host, sizeof(scene.host), NULL},
	{"mark", scene.mark, sizeof(scene.mark), NULL},
	{"port", NULL, 0, &scene.port},
	{"key", NULL, 0, &scene.key},
	{"ring", NULL, 0, &scene.ring},
	{"ring_key", NULL, 0, &scene.ring_key},
	{"victim", NULL, 0, &scene.victim},
};

static void take(const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		if (strcmp(facts[i].name, name) != 0)
			continue;
		if (facts[i].number)
			*facts[i].number = atoi(value);
		else
			snprintf(facts[i].text, facts[i].size, "%s", value);
	}
}

static void hear(void)
{
	char line[512], *equals;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		equals = strchr(line, '=');
		if (!equals)
			continue;
		*equals = '\0';
		take(line, equals + 1);
	}
}

/* ---- Attempts ---- */

static const struct attempt *const usual[] = {file_attempts,    kernel_attempts, process_attempts,
					      network_attempts, left_attempts,   NULL};
static const struct attempt *const limits[] = {limit_attempts, NULL};

static void try(const struct attempt *attempt)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(HANGS);
		_exit(attempt->attack());
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		exit(3);
	printf("%s\t%d\n", attempt->name,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status));
	fflush(stdout);
}

static void list(const struct attempt *const *tables, const char *name)
{
	for (; *tables; tables++) {
		for (const struct attempt *each = *tables; each->name; each++)
			printf("%s\t%s\t%s\t%s\n", name, each->name, each->what,
			       each->bare ? each->bare : "");
	}
}

/* ---- The key ---- */

/* Says the numbers of the keyring and of the key, which nobody keeps secret. */
static int plant(const char *word)
{
	long key = syscall(SYS_add_key, "user", KEY_NAME, word, strlen(word),
			   KEY_SPEC_USER_KEYRING),
	     ring = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0);

	printf("%ld %ld\n", ring, key);
	return key < 0 || ring < 0;
}

static int uproot(void)
{
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", KEY_NAME, 0);

	return key < 0 || syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING) < 0;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	const struct attempt *const *tables = strcmp(word, "limits") == 0 ? limits : usual;

	if (strcmp(word, "plant") == 0 && argc == 3)
		return plant(argv[2]);
	if (strcmp(word, "uproot") == 0)
		return uproot();
	if (strcmp(word, "list") == 0) {
		list(usual, "usual");
		list(limits, "limits");
		return 0;
	}
	hear();
	for (; *tables; tables++) {
		for (const struct attempt *each = *tables; each->name; each++)
			try(each);
	}
	return 0;
}
