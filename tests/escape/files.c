/*
 * Files outside of the staging directory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UP        "../../../../../../../../../../../../../../../.."
#define PATH_SIZE 1024

static const char *path(const char *beginning, const char *rest)
{
	static char result[PATH_SIZE];

	snprintf(result, sizeof(result), "%s%s", beginning, rest);
	return result;
}

static int open_by(const char *name)
{
	return openat(scene.root, name, O_RDONLY);
}

static int read_absolute(void)
{
	return steal(openat(AT_FDCWD, scene.secret, O_RDONLY));
}

static int read_passwd(void)
{
	return steal(openat(AT_FDCWD, "/etc/passwd", O_RDONLY));
}

static int read_by_dots(void)
{
	return steal(open_by(path(UP, scene.secret)));
}

static int read_above(void)
{
	return steal(open_by("../../../../secret"));
}

static int read_other(void)
{
	return steal(open_by("../../../other/letter"));
}

static int read_earlier(void)
{
	return steal(open_by("../../earlier/letter"));
}

static int read_by_proc_self_root(void)
{
	return steal(openat(AT_FDCWD, path("/proc/self/root", scene.secret), O_RDONLY));
}

static int read_by_proc_self_cwd(void)
{
	return steal(openat(AT_FDCWD, "/proc/self/cwd/../../../../secret", O_RDONLY));
}

static int read_by_proc_victim_root(void)
{
	char name[PATH_SIZE];

	snprintf(name, sizeof(name), "/proc/%d/root%s", scene.victim, scene.secret);
	return steal(openat(AT_FDCWD, name, O_RDONLY));
}

static int read_by_proc_self_fd(void)
{
	char name[PATH_SIZE];

	snprintf(name, sizeof(name), "/proc/self/fd/%d/secret", scene.home_fd);
	return steal(openat(AT_FDCWD, name, O_RDONLY));
}

static int read_by_openat2(void)
{
	struct open_how how = {.flags = O_RDONLY};

	return steal(
		(int)syscall(SYS_openat2, scene.root, "../../../../secret", &how, sizeof(how)));
}

static int read_by_old_open(void)
{
#ifdef SYS_open
	return steal((int)syscall(SYS_open, scene.secret, O_RDONLY));
#else
	return ENOSYS;
#endif
}

static int follow_own_absolute_link(void)
{
	return make_link(scene.secret, "link") < 0 ? errno : steal(open_by("link"));
}

static int follow_own_climbing_link(void)
{
	if (make_directory("dir") < 0 || make_link("../../../../../secret", "dir/link") < 0)
		return errno;
	return steal(open_by("dir/link"));
}

static int follow_own_link_to_a_directory(void)
{
	return make_link("../../../..", "up") < 0 ? errno : steal(open_by("up/secret"));
}

/* A descriptor of what lies above, which takes no right to read it. */
static int climb_by_path_descriptors(void)
{
	int fd = scene.root;
	struct stat here, above;

	for (int i = 0; i < 4 && fd >= 0; i++)
		fd = openat(fd, "..", O_PATH | O_DIRECTORY);
	if (fd < 0 || fstat(scene.root, &here) < 0 || fstat(fd, &above) < 0)
		return errno;
	return here.st_ino == above.st_ino ? ENOENT : steal(openat(fd, "secret", O_RDONLY));
}

static int link_by_path_descriptor(void)
{
	int fd = openat(AT_FDCWD, scene.secret, O_PATH);

	return fd < 0 ? errno : why(linkat(fd, "", scene.root, "stolen", AT_EMPTY_PATH));
}

static int ask_for_a_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} handle = {.head.handle_bytes = MAX_HANDLE_SZ};
	int mount;

	return why(syscall(SYS_name_to_handle_at, AT_FDCWD, scene.secret, &handle, &mount, 0));
}

/* The handle of the staging directory's root leads to every other of the same file system. */
static int open_by_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} handle = {.head = {.handle_bytes = 8, .handle_type = 1}, .bytes = {2}};

	return why(syscall(SYS_open_by_handle_at, scene.root, &handle, O_RDONLY));
}

static int rename_secret_in(void)
{
	return why(renameat(AT_FDCWD, scene.secret, scene.root, "stolen"));
}

static int link_secret_in(void)
{
	return why(linkat(AT_FDCWD, scene.secret, scene.root, "stolen", 0));
}

static int rename_over_earlier(void)
{
	return make_file("new", 0644) < 0
		       ? errno
		       : why(renameat(scene.root, "new", scene.root, "../../earlier/letter"));
}

static int exchange_with_earlier(void)
{
	if (make_file("new", 0644) < 0)
		return errno;
	return why(
		renameat2(scene.root, "new", scene.root, "../../earlier/letter", RENAME_EXCHANGE));
}

static int remove_earlier(void)
{
	return why(unlinkat(scene.root, "../../earlier/letter", 0));
}

static int remove_earlier_absolute(void)
{
	return why(unlinkat(AT_FDCWD, path(scene.earlier, "/letter"), 0));
}

static int overwrite_earlier(void)
{
	int fd = openat(scene.root, "../../earlier/letter", O_WRONLY);

	return fd < 0 ? errno : why(pwrite(fd, "changed", 7, 0));
}

static int truncate_earlier(void)
{
	return why(truncate(path(scene.earlier, "/letter"), 0));
}

static int truncate_on_opening(void)
{
	return why(openat(AT_FDCWD, path(scene.earlier, "/letter"), O_WRONLY | O_TRUNC));
}

static int overwrite_other(void)
{
	int fd = openat(AT_FDCWD, scene.other, O_WRONLY);

	return fd < 0 ? errno : why(pwrite(fd, "changed", 7, 0));
}

static int create_beside_earlier(void)
{
	return why(
		openat(AT_FDCWD, path(scene.incoming, "/evil"), O_WRONLY | O_CREAT | O_EXCL, 0644));
}

static int create_directory_outside(void)
{
	return why(mkdirat(AT_FDCWD, path(scene.home, "/evil"), 0755));
}

static int create_link_outside(void)
{
	return why(symlinkat("/etc/passwd", AT_FDCWD, path(scene.home, "/evil")));
}

static int change_mode_outside(void)
{
	return why(fchmodat(AT_FDCWD, scene.secret, 0777, 0));
}

static int change_times_outside(void)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	return why(utimensat(AT_FDCWD, scene.secret, times, 0));
}

static int look_outside(void)
{
	struct stat status;

	return why(fstatat(AT_FDCWD, scene.secret, &status, 0));
}

static int list_above(void)
{
	struct stat status;

	return why(fstatat(scene.root, "../../../../PedOSIncoming", &status, 0));
}

/*
 * chroot(2) does not change the current directory: whoever may call it again climbs out from beside
 * the new root.
 */
static int second_chroot(void)
{
	if (make_directory("jail") < 0 || chroot("jail") < 0 || fchdir(scene.root) < 0)
		return errno;
	for (int i = 0; i < 64; i++) {
		if (chdir("..") < 0)
			return errno;
	}
	return steal(chroot(".") < 0 ? -1 : openat(AT_FDCWD, scene.secret, O_RDONLY));
}

/* The same with a user namespace of our own, whose privileges include chroot. */
static int second_chroot_as_own_root(void)
{
	return syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */) < 0 ? errno : second_chroot();
}

static int staging_commit(void)
{
	struct stat status;

	/* ".." of the root is the root: there the entry is of no harm. */
	if (mkdirat(scene.root, "../commit", 0700) < 0)
		return errno;
	return fstatat(scene.root, "commit", &status, 0) == 0 ? EXDEV : ESCAPED;
}

static int write_to_other_staging(void)
{
	return why(openat(AT_FDCWD, path(scene.locked, "/tree/evil"), O_WRONLY | O_CREAT, 0644));
}

#define READS       "content of a file from outside"
#define CHANGES     "anything outside the staging directory is changed"
#define SEES        "a file outside is found"
#define CHROOT_BARE "takes the right to chroot"
#define USERNS      "a setting of the kernel forbids it to some"

const struct attempt file_attempts[] = {
	{"read-absolute", "read a secret by its absolute path", READS, read_absolute, NULL},
	{"read-passwd", "read /etc/passwd", READS, read_passwd, NULL},
	{"read-dots", "read a secret by many ..", READS, read_by_dots, NULL},
	{"read-above", "read a secret by just enough ..", READS, read_above, NULL},
	{"read-other", "read what another VM delivered", READS, read_other, NULL},
	{"read-earlier", "read an earlier delivery", READS, read_earlier, NULL},
	{"read-proc-self-root", "read through /proc/self/root", READS, read_by_proc_self_root,
	 NULL},
	{"read-proc-self-cwd", "read through /proc/self/cwd", READS, read_by_proc_self_cwd, NULL},
	{"read-proc-root", "read through the root of another process", READS,
	 read_by_proc_victim_root, NULL},
	{"read-proc-self-fd", "read through an inherited directory in /proc/self/fd", READS,
	 read_by_proc_self_fd, NULL},
	{"read-openat2", "read a secret with openat2", READS, read_by_openat2, NULL},
	{"read-old-open", "read a secret with the old open", READS, read_by_old_open, NULL},
	{"link-absolute", "follow an absolute link of our own", READS, follow_own_absolute_link,
	 NULL},
	{"link-climbing", "follow a climbing link of our own", READS, follow_own_climbing_link,
	 NULL},
	{"link-directory", "go through a link of our own to a directory above", READS,
	 follow_own_link_to_a_directory, NULL},
	{"path-descriptors", "climb with O_PATH descriptors", READS, climb_by_path_descriptors,
	 NULL},
	{"link-empty-path", "link a secret in by an O_PATH descriptor", CHANGES,
	 link_by_path_descriptor, "takes the right to override permissions"},
	{"name-to-handle", "ask for a file handle of a secret", SEES, ask_for_a_handle, NULL},
	{"open-by-handle", "open a file by a guessed handle", READS, open_by_handle,
	 "takes the right to override permissions"},
	{"rename-in", "rename a secret into the staging directory", CHANGES, rename_secret_in,
	 NULL},
	{"link-in", "link a secret into the staging directory", CHANGES, link_secret_in, NULL},
	{"rename-over", "rename over an earlier delivery", CHANGES, rename_over_earlier, NULL},
	{"rename-exchange", "exchange a file with an earlier delivery's", CHANGES,
	 exchange_with_earlier, NULL},
	{"remove-earlier", "remove an earlier delivery by ..", CHANGES, remove_earlier, NULL},
	{"remove-absolute", "remove an earlier delivery by its path", CHANGES,
	 remove_earlier_absolute, NULL},
	{"overwrite-earlier", "write to an earlier delivery", CHANGES, overwrite_earlier, NULL},
	{"truncate-earlier", "truncate an earlier delivery", CHANGES, truncate_earlier, NULL},
	{"truncate-open", "truncate an earlier delivery by opening it", CHANGES,
	 truncate_on_opening, NULL},
	{"overwrite-other", "write to what another VM delivered", CHANGES, overwrite_other, NULL},
	{"create-beside", "create a file beside the earlier deliveries", CHANGES,
	 create_beside_earlier, NULL},
	{"create-directory", "create a directory in the home directory", CHANGES,
	 create_directory_outside, NULL},
	{"create-link", "create a link in the home directory", CHANGES, create_link_outside, NULL},
	{"chmod-outside", "change the mode of a file outside", CHANGES, change_mode_outside, NULL},
	{"touch-outside", "change the times of a file outside", CHANGES, change_times_outside,
	 NULL},
	{"stat-outside", "find out whether a file exists outside", SEES, look_outside, NULL},
	{"stat-above", "find out what lies above", SEES, list_above, NULL},
	{"second-chroot", "chroot again and climb out", READS, second_chroot, CHROOT_BARE},
	{"second-chroot-userns", "the same as root of a user namespace of our own", READS,
	 second_chroot_as_own_root, USERNS},
	{"staging-commit", "decide the commit: make `commit` beside the tree", CHANGES,
	 staging_commit, NULL},
	{"other-staging", "write to another receiver's staging directory", CHANGES,
	 write_to_other_staging, NULL},
	{0},
};
