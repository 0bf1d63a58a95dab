/*
 * Files of this machine, and ways to other ones.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int read_secret(void)
{
	return find_in(scene.secret, scene.word);
}

static int list_home(void)
{
	DIR *directory = opendir(scene.home);
	struct dirent *entry;

	if (!directory)
		return errno;
	while ((entry = readdir(directory))) {
		if (strcmp(entry->d_name, "secret") == 0)
			return ESCAPED;
	}
	return ENODATA;
}

static int write_secret(void)
{
	return why(open(scene.secret, O_WRONLY | O_APPEND));
}

/* By the root directory of each process that there is. */
static int read_by_roots(void)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	char path[1024];

	while (processes && (entry = readdir(processes))) {
		snprintf(path, sizeof(path), "/proc/%s/root%s", entry->d_name, scene.secret);
		if (find_in(path, scene.word) == ESCAPED)
			return ESCAPED;
		snprintf(path, sizeof(path), "/proc/%s/cwd/secret", entry->d_name);
		if (find_in(path, scene.word) == ESCAPED)
			return ESCAPED;
	}
	return ENOENT;
}

static int climb(void)
{
	char path[1024] = "";

	for (int i = 0; i < 40; i++)
		strcat(path, "../");
	strcat(path, scene.secret + 1);
	return find_in(path, scene.word);
}

static int read_accounts(void)
{
	return find_in("/etc/passwd", "root:");
}

static int read_hosts(void)
{
	return find_in("/etc/hosts", "localhost");
}

static int read_shadow(void)
{
	return find_in("/etc/shadow", ":");
}

static int write_usr(void)
{
	return why(open("/usr/qfile-evil", O_WRONLY | O_CREAT | O_EXCL, 0644));
}

static int write_program(void)
{
	return why(open("/usr/bin/env", O_WRONLY));
}

static int change_mode(void)
{
	return why(chmod("/usr/bin/env", 0777));
}

static int write_root(void)
{
	return why(mkdir("/qfile-evil", 0755));
}

static int make_device(void)
{
	if (mknod("/tmp/qfile-evil", S_IFCHR | 0666, makedev(1, 1)) < 0)
		return errno;
	unlink("/tmp/qfile-evil");
	return ESCAPED;
}

static int find_disk(void)
{
	DIR *directory = opendir("/dev");
	struct dirent *entry;
	struct stat status;

	if (!directory)
		return errno;
	while ((entry = readdir(directory))) {
		if (fstatat(dirfd(directory), entry->d_name, &status, 0) == 0 &&
		    S_ISBLK(status.st_mode))
			return ESCAPED;
	}
	return ENODEV;
}

static int read_sys(void)
{
	return opendir("/sys/kernel") ? ESCAPED : errno;
}

static int write_cgroup(void)
{
	return why(open("/sys/fs/cgroup/cgroup.procs", O_WRONLY));
}

static int write_setting(void)
{
	return why(open("/proc/sys/kernel/domainname", O_WRONLY));
}

static int write_core_pattern(void)
{
	return why(open("/proc/sys/kernel/core_pattern", O_WRONLY));
}

static int press_sysrq(void)
{
	return why(open("/proc/sysrq-trigger", O_WRONLY));
}

static int read_memory(void)
{
	return why(open("/proc/kcore", O_RDONLY));
}

static int write_outside_limits(void)
{
	return why(open("/proc/sys/user/max_user_namespaces", O_WRONLY));
}

static int rename_mounts(void)
{
	return rename("/home", "/qfile-evil") == 0 || rename("/usr", "/qfile-evil") == 0 ? ESCAPED
											 : errno;
}

static int unmount(void)
{
	return umount2("/usr", MNT_DETACH) == 0 || umount2("/tmp", MNT_DETACH) == 0 ? ESCAPED
										    : errno;
}

static int remount(void)
{
	return why(mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int watch_outside(void)
{
	int fd = inotify_init1(0);

	return fd < 0 ? errno : why(inotify_add_watch(fd, scene.home, IN_ALL_EVENTS));
}

const struct attempt file_attempts[] = {
	{"secret", "read a file of the user", read_secret, NULL},
	{"list-home", "list the user's directory", list_home, NULL},
	{"write-secret", "open a file of the user for writing", write_secret, NULL},
	{"roots", "read it through the root of any process", read_by_roots, NULL},
	{"climb", "read it by a path that climbs", climb, NULL},
	{"accounts", "read which accounts there are", read_accounts, NULL},
	{"hosts", "read which machines there are", read_hosts, NULL},
	{"shadow", "read passwords", read_shadow, ADMIN},
	{"write-usr", "make a file in /usr", write_usr, ADMIN},
	{"write-program", "write to a program", write_program, ADMIN},
	{"chmod-program", "change the mode of a program", change_mode, ADMIN},
	{"write-root", "make a directory in /", write_root, ADMIN},
	{"mknod", "make a device", make_device, ADMIN},
	{"disk", "find a disk", find_disk, "not every machine shows one"},
	{"sys", "look into /sys", read_sys, NULL},
	{"cgroup", "leave its control group", write_cgroup, ADMIN},
	{"proc-sys", "write a setting of the kernel", write_setting, ADMIN},
	{"core-pattern", "say what starts when a program crashes", write_core_pattern, ADMIN},
	{"sysrq", "press SysRq", press_sysrq, ADMIN},
	{"kcore", "read the kernel's memory", read_memory, ADMIN},
	{"max-namespaces", "allow namespaces again", write_outside_limits, ADMIN},
	{"rename-mounts", "rename directories where something is mounted", rename_mounts, ADMIN},
	{"umount", "unmount what is above", unmount, ADMIN},
	{"remount", "make /usr writable", remount, ADMIN},
	{"inotify", "watch the user's directory", watch_outside, NULL},
	{0},
};
