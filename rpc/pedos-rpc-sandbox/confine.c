/*
 * What all sandboxes have in common: the command line of bubblewrap.
 *
 * bubblewrap's own process is the first one inside, where everybody can read its environment, and
 * what it has open is open inside. So it is started with an empty environment, and with nothing
 * open that is not meant for the sandbox.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "confine.h"

#include "options.h"

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The settings of the system without which its programs do not run or show nothing. No others: in
 * /etc there are accounts, networks and keys.
 */
static const char *const shown[] = {
	"/usr",
	"/opt",
	"/etc/alternatives",
	"/etc/ld.so.cache",
	"/etc/ld.so.conf",
	"/etc/ld.so.conf.d",
	"/etc/locale.alias",
	"/etc/localtime",
	"/etc/fonts",
	"/etc/mime.types",
	"/etc/magic",
	"/etc/mailcap",
	"/etc/terminfo",
	"/etc/xdg",
	"/etc/X11",
	"/etc/gtk-2.0",
	"/etc/gtk-3.0",
	"/etc/gnome",
	"/etc/ImageMagick-6",
	"/etc/libreoffice",
	"/etc/java",
	"/etc/java-17-openjdk",
	"/etc/papersize",
	"/etc/paperspecs",
	"/etc/emacs",
	"/etc/gimp",
	"/etc/vim",
	"/etc/nanorc",
	"/etc/ssl/certs",
	"/etc/ca-certificates",
	"/var/cache/fontconfig",
	"/var/lib/xkb",
};

/* On most systems these are links into /usr. */
static const char *const roots[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

const char *confine_find(const char *name)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];
	struct stat status;

	for (path = path ? path : "/usr/local/bin:/usr/bin:/bin"; *path;
	     path += strcspn(path, ":"), path += *path == ':') {
		/* Not from the working directory, which "" and relative ones mean. */
		if (*path == '/' &&
		    snprintf(file, sizeof(file), "%.*s/%s", (int)strcspn(path, ":"), path, name) <
			    (int)sizeof(file) &&
		    stat(file, &status) == 0 && S_ISREG(status.st_mode) && access(file, X_OK) == 0)
			return strdup(file);
	}
	return NULL;
}

static void show_roots(struct words *words)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		ssize_t length = readlink(roots[i], target, sizeof(target) - 1);

		if (length > 0) {
			target[length] = '\0';
			words_add(words, "--symlink", target, roots[i], NULL);
		} else {
			words_add(words, "--ro-bind-try", roots[i], roots[i], NULL);
		}
	}
}

static void add_directory(struct words *words, const char *path, const char *mode, uint64_t space)
{
	words_add(words, "--perms", mode, "--size", NULL);
	words_add_format(words, "%ju", (uintmax_t)space);
	words_add(words, "--tmpfs", path, NULL);
}

/* Directories in memory, and the kernel's. */
static void add_directories(struct words *words, uint64_t space)
{
	add_directory(words, "/", "0755", space);
	add_directory(words, "/tmp", "1777", space);
	add_directory(words, "/home/user", "0700", space);
	words_add(words, "--dir", "/var", "--symlink", "../tmp", "/var/tmp", "--dir", "/run",
		  "--proc", "/proc", "--dev", "/dev", NULL);
	add_directory(words, "/dev/shm", "1777", space);
	/* The keys are the user's, in all namespaces; so are their names. */
	words_add(words, "--ro-bind", "/dev/null", "/proc/keys", "--ro-bind", "/dev/null",
		  "/proc/key-users", NULL);
}

void confine_begin(struct confinement *confinement, const char *bubblewrap, const int fds[3],
		   int filter, uint64_t space)
{
	struct words *words = &confinement->words;

	*confinement = (struct confinement){
		.bubblewrap = bubblewrap, .fds = {fds[0], fds[1], fds[2]}, .fd_count = 3};
	words_add(words, "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net",
		  "--unshare-uts", "--unshare-cgroup-try", "--disable-userns", "--die-with-parent",
		  "--new-session", "--cap-drop", "ALL", "--uid", "1000", "--gid", "1000",
		  "--seccomp", NULL);
	words_add_format(words, "%d", confine_pass(confinement, filter));
	lseek(filter, 0, SEEK_SET); /* where the one before has read it */
	add_directories(words, space);
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		words_add(words, "--ro-bind-try", shown[i], shown[i], NULL);
	show_roots(words);
	confine_set(confinement, "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/games");
}

int confine_pass(struct confinement *confinement, int fd)
{
	if (confinement->fd_count == PROCESS_FDS_MAX)
		errx(EXIT_FAILED, "too many descriptors");
	confinement->fds[confinement->fd_count] = fd;
	return (int)confinement->fd_count++;
}

/* Give it what is written to a file in memory. Returns the file's number inside. */
static int pass_bytes(struct confinement *confinement, const char *bytes, size_t size)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	ssize_t n = fd;

	/* A limit of the size of files first makes a write shorter: the next one says why. */
	for (size_t done = 0; n >= 0 && done < size; done += (size_t)n)
		n = write(fd, bytes + done, size - done);
	if (n < 0 || lseek(fd, 0, SEEK_SET) < 0)
		err(EXIT_FAILED, "a file in memory");
	return confine_pass(confinement, fd);
}

void confine_add_file(struct confinement *confinement, const char *text, const char *path)
{
	words_add(&confinement->words, "--perms", "0444", "--file", NULL);
	words_add_format(&confinement->words, "%d", pass_bytes(confinement, text, strlen(text)));
	words_add(&confinement->words, path, NULL);
}

void confine_set(struct confinement *confinement, const char *name, const char *value)
{
	words_add(&confinement->words, "--setenv", name, value, NULL);
}

void confine_show(struct confinement *confinement, const char *path)
{
	words_add(&confinement->words, "--ro-bind", path, path, NULL);
}

/* The options go by a file: the command line can be read inside, and paths tell of this machine. */
static void pass_options(struct confinement *confinement, struct words *command)
{
	static char text[1 << 18];
	size_t length = 0;

	for (size_t i = 0; i < confinement->words.count; i++) {
		size_t size = strlen(confinement->words.list[i]) + 1;

		if (size > sizeof(text) - length)
			errx(EXIT_FAILED, "the options of bubblewrap are too long");
		memcpy(text + length, confinement->words.list[i], size);
		length += size;
	}
	words_add(command, confinement->bubblewrap, "--args", NULL);
	words_add_format(command, "%d", pass_bytes(confinement, text, length));
	words_add(command, "--", NULL);
}

void confine_end(struct confinement *confinement, struct words *command)
{
	/* /dev has no limit of its own. */
	words_add(&confinement->words, "--remount-ro", "/dev", "--remount-ro", "/", NULL);
	pass_options(confinement, command);
}
