/*
 * Mounts and namespaces.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static int mount_tmpfs(void)
{
	return why(mount("none", ".", "tmpfs", 0, NULL));
}

static int mount_proc(void)
{
	return make_directory("proc") < 0 ? errno : why(mount("none", "proc", "proc", 0, NULL));
}

static int mount_bind(void)
{
	return make_directory("dir") < 0
		       ? errno
		       : why(mount(scene.home, "dir", NULL, MS_BIND | MS_REC, NULL));
}

static int remount_weaker(void)
{
	return why(mount(NULL, ".", NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int unmount_root(void)
{
	return why(umount2(".", MNT_DETACH));
}

static int clone_mount(void)
{
	return why(syscall(SYS_open_tree, scene.root, "", 1 /* OPEN_TREE_CLONE */ | AT_EMPTY_PATH));
}

static int move_mount_up(void)
{
	return why(syscall(SYS_move_mount, scene.root, "", AT_FDCWD, "/",
			   4 /* MOVE_MOUNT_F_EMPTY_PATH */));
}

static int open_file_system(void)
{
	return why(syscall(SYS_fsopen, "tmpfs", 0));
}

static int change_mount_attributes(void)
{
	struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};

	return why(syscall(SYS_mount_setattr, AT_FDCWD, ".", 0, &attributes, sizeof(attributes)));
}

static int pivot_again(void)
{
	return why(syscall(SYS_pivot_root, ".", "."));
}

static int unshare_user(void)
{
	return why(syscall(SYS_unshare, CLONE_NEWUSER));
}

static int unshare_mount(void)
{
	return why(syscall(SYS_unshare, CLONE_NEWNS));
}

static int unshare_network(void)
{
	return why(syscall(SYS_unshare, CLONE_NEWNET));
}

static int unshare_files(void)
{
	return why(syscall(SYS_unshare, CLONE_FS));
}

static int join_by_process(void)
{
	int fd = (int)syscall(SYS_pidfd_open, scene.victim, 0);

	return fd < 0 ? errno : why(syscall(SYS_setns, fd, CLONE_NEWNET));
}

static int join_by_monitor(void)
{
	int fd = (int)syscall(SYS_pidfd_open, scene.monitor, 0);

	return fd < 0 ? errno : why(syscall(SYS_setns, fd, CLONE_NEWNS));
}

static int clone3_user(void)
{
	struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0)
		syscall(SYS_exit_group, 0);
	return why(pid);
}

#define MOUNTS "the kernel does it"
#define ADMIN  "takes the right to mount"
#define USERNS "a setting of the kernel forbids it to some"

const struct attempt mount_attempts[] = {
	{"mount-tmpfs", "mount over the root", MOUNTS, mount_tmpfs, ADMIN},
	{"mount-proc", "mount /proc", MOUNTS, mount_proc, ADMIN},
	{"mount-bind", "bind the home directory", MOUNTS, mount_bind, ADMIN},
	{"remount", "remount the root without nosuid, nodev, noexec", MOUNTS, remount_weaker,
	 ADMIN},
	{"umount", "unmount the root", MOUNTS, unmount_root, ADMIN},
	{"open-tree", "clone the mount with open_tree", MOUNTS, clone_mount, ADMIN},
	{"move-mount", "move the mount", MOUNTS, move_mount_up, ADMIN},
	{"fsopen", "make a file system with fsopen", MOUNTS, open_file_system, ADMIN},
	{"mount-setattr", "take nosuid and noexec away with mount_setattr", MOUNTS,
	 change_mount_attributes, ADMIN},
	{"pivot-root", "pivot_root again", MOUNTS, pivot_again, ADMIN},
	{"unshare-user", "make a user namespace", MOUNTS, unshare_user, USERNS},
	{"unshare-mount", "make a mount namespace", MOUNTS, unshare_mount, ADMIN},
	{"unshare-network", "make a network namespace", MOUNTS, unshare_network, ADMIN},
	{"unshare-files", "leave the shared root and current directory", MOUNTS, unshare_files,
	 NULL},
	{"setns-network", "join another process's network", MOUNTS, join_by_process, ADMIN},
	{"setns-mount", "join the monitor's mounts", MOUNTS, join_by_monitor, ADMIN},
	{"clone3-user", "start a process in a new user namespace", MOUNTS, clone3_user, USERNS},
	{0},
};
