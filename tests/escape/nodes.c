/*
 * Entries that no delivery may have: other kinds, special bits, other owners, attributes. Each is
 * handed over, below a directory, as if it had been received: it must neither be delivered nor left
 * behind.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The result of making an entry below "dir": handed over where that worked. */
static int handed_over(long result)
{
	if (result < 0)
		return errno;
	scene.received.size.entries++;
	return HAND_OVER;
}

/* The same for a change to one that is counted already. */
static int changed(long result)
{
	return result < 0 ? errno : HAND_OVER;
}

static int directory(void)
{
	return make_directory("dir");
}

static int a_file(void)
{
	return directory() < 0 ? -1 : make_file("dir/file", 0644);
}

/* ---- Kinds ---- */

static int make_node(mode_t mode, dev_t device)
{
	return directory() < 0 ? errno
			       : handed_over(mknodat(scene.root, "dir/node", mode | 0666, device));
}

static int make_fifo(void)
{
	return make_node(S_IFIFO, 0);
}

static int make_socket_node(void)
{
	return make_node(S_IFSOCK, 0);
}

static int make_memory_device(void)
{
	return make_node(S_IFCHR, makedev(1, 1));
}

/* What overlay file systems call a whiteout: the one device that needs no privilege. */
static int make_whiteout(void)
{
	return make_node(S_IFCHR, 0);
}

static int make_block_device(void)
{
	return make_node(S_IFBLK, makedev(7, 0));
}

static int bind_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "dir/node"};
	int fd = directory() < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM, 0);

	return fd < 0 ? errno : handed_over(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* ---- Bits ---- */

static int create_with_user_id(void)
{
	return directory() < 0
		       ? errno
		       : handed_over(openat(scene.root, "dir/file", O_WRONLY | O_CREAT, 04755));
}

static int create_with_group_id(void)
{
	return directory() < 0
		       ? errno
		       : handed_over(openat(scene.root, "dir/file", O_WRONLY | O_CREAT, 02755));
}

static int make_directory_with_bit(void)
{
	return directory() < 0 ? errno : handed_over(mkdirat(scene.root, "dir/inner", 01777));
}

static int make_node_with_user_id(void)
{
	return make_node(S_IFREG | S_ISUID, 0);
}

static int change_mode(void)
{
	int fd = a_file();

	return fd < 0 ? errno : changed(fchmod(fd, 06755));
}

static int change_mode_of_directory(void)
{
	int fd = directory();

	return fd < 0 ? errno : changed(fchmod(fd, 02755));
}

static int change_mode_by_name(void)
{
	return a_file() < 0 ? errno : changed(syscall(SYS_fchmodat, scene.root, "dir/file", 04755));
}

static int change_mode_newest_way(void)
{
	return a_file() < 0 ? errno
			    : changed(syscall(452 /* fchmodat2, newer than some C libraries */,
					      scene.root, "dir/file", 04755, 0));
}

/* The bits above the 32 that the kernel looks at must not hide those that count. */
static int change_mode_with_high_bits(void)
{
	int fd = a_file();

	return fd < 0 ? errno : changed(syscall(SYS_fchmod, fd, 0x100000000L | 04755));
}

static int name_a_temporary_file(void)
{
	int fd = directory() < 0 ? -1 : openat(scene.root, "dir", O_TMPFILE | O_WRONLY, 04755);

	return fd < 0 ? errno : handed_over(linkat(fd, "", scene.root, "dir/file", AT_EMPTY_PATH));
}

#if defined(__x86_64__)
static int change_mode_old_way(void)
{
	return a_file() < 0 ? errno : changed(syscall(SYS_chmod, "dir/file", 04755));
}

static int create_old_way(void)
{
	return directory() < 0 ? errno : handed_over(syscall(SYS_creat, "dir/file", 04755));
}

/* There it has another number, which means something harmless here. */
static int change_mode_32_bit(void)
{
	long fd = a_file(), result;

	if (fd < 0)
		return errno;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(94L /* fchmod */), "b"(fd), "c"(04755L)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = result < 0 ? (int)-result : 0;
	return changed(result < 0 ? -1 : 0);
}

static int change_mode_x32(void)
{
	int fd = a_file();

	return fd < 0 ? errno : changed(syscall(0x40000000L + SYS_fchmod, fd, 04755));
}
#endif

/* ---- Owner and attributes ---- */

static int give_away(void)
{
	int fd = a_file();

	return fd < 0 ? errno : changed(fchown(fd, 0, 0));
}

static int set_user_attribute(void)
{
	int fd = a_file();

	return fd < 0 ? errno : changed(fsetxattr(fd, "user.evil", "x", 1, 0));
}

static int set_capability(void)
{
	/* CAP_SYS_ADMIN, permitted and effective: struct vfs_cap_data */
	static const unsigned char capability[20] = {1, 0, 0, 2, 0, 0, 0x20, 0};
	int fd = a_file();

	return fd < 0 ? errno
		      : changed(fsetxattr(fd, "security.capability", capability, sizeof(capability),
					  0));
}

/* rwx for everybody, in a form that the mode does not show. */
static int set_access_list(void)
{
	static const unsigned char list[] = {
		2, 0,  0,   0,   1,   0,   7,  0, 255, 255, 255, 255, 2,   0,   7,
		0, 77, 0,   0,   0,   4,   0,  0, 0,   255, 255, 255, 255, 16,  0,
		7, 0,  255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255,
	};
	int fd = a_file();

	return fd < 0 ? errno
		      : changed(fsetxattr(fd, "system.posix_acl_access", list, sizeof(list), 0));
}

static int make_immutable(void)
{
	int fd = a_file(), flags = FS_IMMUTABLE_FL;

	return fd < 0 ? errno : changed(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static int link_twice(void)
{
	return a_file() < 0
		       ? errno
		       : handed_over(linkat(scene.root, "dir/file", scene.root, "dir/second", 0));
}

#define DELIVERED "it is delivered, or left behind"
#define DEVICE    "takes the right to make devices"
#define NONE_HERE "not every kernel or file system has them"

const struct attempt node_attempts[] = {
	{"fifo", "hand over a fifo", DELIVERED, make_fifo, NULL},
	{"socket-node", "hand over a socket made by mknod", DELIVERED, make_socket_node, NULL},
	{"socket-bound", "hand over a socket made by bind", DELIVERED, bind_socket, NULL},
	{"device-memory", "hand over the device of memory", DELIVERED, make_memory_device, DEVICE},
	{"device-block", "hand over a disk", DELIVERED, make_block_device, DEVICE},
	{"device-whiteout", "hand over a whiteout", DELIVERED, make_whiteout, NULL},
	{"setuid-open", "set-user-ID on creating a file", DELIVERED, create_with_user_id, NULL},
	{"setgid-open", "set-group-ID on creating a file", DELIVERED, create_with_group_id, NULL},
	{"sticky-mkdir", "the sticky bit on making a directory", DELIVERED, make_directory_with_bit,
	 NULL},
	{"setuid-mknod", "set-user-ID on making a file with mknod", DELIVERED,
	 make_node_with_user_id, NULL},
	{"setuid-fchmod", "set both IDs with fchmod", DELIVERED, change_mode, NULL},
	{"setgid-directory", "set-group-ID of a directory with fchmod", DELIVERED,
	 change_mode_of_directory, NULL},
	{"setuid-fchmodat", "set-user-ID with fchmodat", DELIVERED, change_mode_by_name, NULL},
	{"setuid-fchmodat2", "set-user-ID with fchmodat2", DELIVERED, change_mode_newest_way,
	 NONE_HERE},
	{"setuid-high-bits", "set-user-ID with fchmod and bits above the 32nd", DELIVERED,
	 change_mode_with_high_bits, NULL},
	{"setuid-tmpfile", "set-user-ID of a file without a name, named later", DELIVERED,
	 name_a_temporary_file, NONE_HERE},
#if defined(__x86_64__)
	{"setuid-chmod", "set-user-ID with the old chmod", DELIVERED, change_mode_old_way, NULL},
	{"setuid-creat", "set-user-ID with the old creat", DELIVERED, create_old_way, NULL},
	{"setuid-int-80", "set-user-ID with a 32-bit system call", DELIVERED, change_mode_32_bit,
	 NONE_HERE},
	{"setuid-x32", "set-user-ID with a system call of x32", DELIVERED, change_mode_x32,
	 NONE_HERE},
#endif
	{"chown", "give a file to root", DELIVERED, give_away, "takes the right to"},
	{"xattr-user", "hand over a file with an attribute", DELIVERED, set_user_attribute,
	 NONE_HERE},
	{"xattr-capability", "hand over a program with a capability", DELIVERED, set_capability,
	 "takes the right to"},
	{"xattr-acl", "hand over a file with an access list", DELIVERED, set_access_list,
	 NONE_HERE},
	{"immutable", "hand over a file that cannot be removed", DELIVERED, make_immutable,
	 "takes the right to"},
	{"hard-link", "hand over one file under two names", DELIVERED, link_twice, NULL},
	{0},
};
