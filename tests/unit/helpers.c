/*
 * What the unit tests share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLAIN_USER 65534 /* "nobody" everywhere */

static char base[4096];

TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, HANGS);
	suite_add_tcase(suite, tcase);
	return tcase;
}

START_TEST(skipped)
{
}
END_TEST

TCase *add_case_if(Suite *suite, const char *name, bool possible, const char *reason)
{
	char *text;
	TCase *tcase;

	if (possible)
		return add_case(suite, name);
	/* A line of TAP has the case's name in it, and whoever reads it looks for this. */
	if (asprintf(&text, "%s # skip %s", name, reason) < 0)
		abort();
	tcase = add_case(suite, text);
	tcase_add_test(tcase, skipped);
	return tcase_create(name);
}

/* ---- Scratch directories ---- */

void scratch_begin(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(base, sizeof(base), "%s/qfile-unit-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(base)) {
		perror(base);
		exit(2);
	}
	/* For those who become another user in there, and go by absolute paths. */
	chmod(base, 0711);
}

/*
 * Remove what can be removed of `dir` and return the first directory that is not empty, open; or
 * -1.
 */
static int remove_entries(int dir)
{
	DIR *list = fdopendir(dup(dir));
	const struct dirent *entry;
	int deeper = -1;

	rewinddir(list);
	while (deeper < 0 && (entry = readdir(list))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dir, entry->d_name, 0) == 0 ||
		    unlinkat(dir, entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (fchmodat(dir, entry->d_name, 0700, 0) == 0)
			deeper = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	}
	closedir(list);
	return deeper;
}

/*
 * Down into the first directory that is not empty, up again when all is removed: a failed test
 * leaves trees of any depth.
 */
void scratch_end(void)
{
	int dir = open(base, O_RDONLY | O_DIRECTORY);
	size_t depth = 1;

	while (dir >= 0 && depth > 0) {
		int next = remove_entries(dir);

		if (next < 0) {
			next = openat(dir, "..", O_RDONLY | O_DIRECTORY);
			depth--;
		} else {
			depth++;
		}
		close(dir);
		dir = next;
	}
	close(dir);
	if (rmdir(base) < 0)
		perror(base);
}

void scratch_enter(void)
{
	char path[sizeof(base) + 8];

	umask(022);
	snprintf(path, sizeof(path), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(path));
	MUST(chdir(path));
}

void scratch_enter_plain(void)
{
	scratch_enter();
	if (geteuid() != 0)
		return;
	MUST(chown(".", PLAIN_USER, PLAIN_USER));
	MUST(setgroups(0, NULL));
	MUST(setresgid(PLAIN_USER, PLAIN_USER, PLAIN_USER));
	MUST(setresuid(PLAIN_USER, PLAIN_USER, PLAIN_USER));
}

bool scratch_reachable(void)
{
	char path[4096];

	return getcwd(path, sizeof(path)) && access(path, X_OK) == 0;
}

void scratch_enter_as(int way)
{
	if (way == 0)
		scratch_enter();
	else
		scratch_enter_plain();
}

/* ---- Trees ---- */

void make_dir(const char *path)
{
	check_often(mkdir(path, 0755) == 0, "making %s: %s", path, strerror(errno));
}

void make_file(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	check_often(fd >= 0, "making %s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	close(fd);
}

void make_link(const char *path, const char *target)
{
	check_often(symlink(target, path) == 0, "making %s: %s", path, strerror(errno));
}

int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	check_often(fd >= 0, "opening %s: %s", path, strerror(errno));
	return fd;
}

void make_deep(int dir, const char *name, unsigned depth)
{
	int at = dup(dir);

	for (unsigned i = 0; i < depth; i++) {
		int next;

		MUST(mkdirat(at, name, 0755));
		MUST(next = openat(at, name, O_RDONLY | O_DIRECTORY));
		close(at);
		at = next;
	}
	dir = openat(at, "bottom", O_WRONLY | O_CREAT, 0644);
	MUST(dir);
	close(dir);
	close(at);
}

bool exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

mode_t mode_of(const char *path)
{
	struct stat status;

	ck_assert_msg(lstat(path, &status) == 0, "%s: %s", path, strerror(errno));
	return status.st_mode & 07777;
}

const char *content_of(const char *path)
{
	static char content[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	ck_assert_msg(fd >= 0, "opening %s: %s", path, strerror(errno));
	MUST(n = read(fd, content, sizeof(content) - 1));
	content[n] = '\0';
	close(fd);
	return content;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *names_in(const char *path)
{
	static char text[16384];
	static char *names[1024];
	size_t count = 0, used = 0;
	DIR *list = opendir(path);
	const struct dirent *entry;

	ck_assert_msg(list != NULL, "opening %s: %s", path, strerror(errno));
	while ((entry = readdir(list))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		ck_assert_uint_lt(count, COUNT(names));
		names[count++] = strdup(entry->d_name);
	}
	closedir(list);
	qsort(names, count, sizeof(*names), compare);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
					 names[i]);
		ck_assert_uint_lt(used, sizeof(text));
		free(names[i]);
	}
	return text;
}

/* ---- Namespaces ---- */

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return written;
}

/* A plain user has others in a user namespace, in which they stay who they are. */
static bool enter_namespaces(int kinds)
{
	const uid_t uid = geteuid();
	const gid_t gid = getegid();
	char users[64], groups[64];

	if (uid == 0)
		return unshare(kinds) == 0;
	snprintf(users, sizeof(users), "%u %u 1", uid, uid);
	snprintf(groups, sizeof(groups), "%u %u 1", gid, gid);
	return unshare(CLONE_NEWUSER | kinds) == 0 && write_to("/proc/self/setgroups", "deny") &&
	       write_to("/proc/self/gid_map", groups) && write_to("/proc/self/uid_map", users);
}

bool mount_own(const char *path, unsigned long flags, const char *options)
{
	return enter_namespaces(CLONE_NEWNS) &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("own", path, "tmpfs", flags, options) == 0;
}

/* End as the child does that goes on with the test. */
static _Noreturn void follow(pid_t child)
{
	int status = 1;

	while (wait(&status) != child)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* The first process is not the test: it has to wait for orphans, and signals do not reach it. */
static bool be_alone(void)
{
	pid_t pid;

	if (!enter_namespaces(CLONE_NEWNS | CLONE_NEWPID) || (pid = fork()) < 0)
		return false;
	if (pid > 0)
		follow(pid);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0 || (pid = fork()) < 0)
		return false;
	if (pid > 0)
		follow(pid);
	return true;
}

void see_own_processes(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!be_alone());
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status == 0)
		ck_assert(be_alone());
}

bool can_mount(unsigned long flags)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!mount_own(base, flags, NULL));
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status == 0;
}

/* ---- Processes ---- */

int feed(const void *bytes, size_t size, size_t piece)
{
	int fds[2];
	pid_t pid;

	MUST(pipe(fds));
	MUST(pid = fork());
	if (pid == 0) {
		close(fds[0]);
		for (size_t done = 0; done < size; done += piece) {
			if (size - done < piece)
				piece = size - done;
			if (write(fds[1], (const char *)bytes + done, piece) != (ssize_t)piece)
				break;
		}
		_exit(0);
	}
	close(fds[1]);
	return fds[0];
}

void until_sleeps(pid_t pid)
{
	char path[32], state = '\0';

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	while (state != 'S') {
		FILE *file = fopen(path, "r");

		ck_assert_ptr_nonnull(file);
		/* Behind the name of the program, which is this one's. */
		ck_assert_int_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
		ck_assert_int_ne(state, 'Z');
		fclose(file);
		usleep(1000);
	}
}

unsigned open_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	unsigned count = 0;

	ck_assert_ptr_nonnull(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count - 3; /* ".", ".." and the list's own */
}
