/*
 * Replacing a target with the saves of a file, one after another.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/replace.h"
#include "format/name.h"

#include "open/opener/attributes.h"
#include "open/opener/copy.h"
#include "open/opener/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <qfile.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void target_close(struct target *target)
{
	target_hold(target, -1, 0);
	if (target->dir >= 0)
		close(target->dir);
	target->dir = -1;
}

void target_hold(struct target *target, int fd, int lock)
{
	if (target->fd >= 0)
		close(target->fd);
	if (target->lock > 0)
		close(target->lock);
	target->fd = fd;
	target->lock = lock;
}

int target_lock(struct target *target)
{
	int lock = lock_take(&target->seen.status);

	if (lock > 0)
		target->lock = lock;
	return lock == -EWOULDBLOCK ? lock : 0;
}

/* ---- Replacing ---- */

int target_sync_directory(int dir, int fd)
{
	if (fsync(dir) == 0)
		return 0;
	return (errno != EBADF && !save_syncs_whole(errno)) || syncfs(fd) < 0 ? -errno : 0;
}

/* Note that the save is at target->name now, open as `fd` and locked, and make that durable. */
static int note_replaced(struct target *target, struct save *save, int fd, int lock)
{
	/* By its new name: many in user space do not find an open file whose first name has gone.
	 */
	const int found = fd >= 0 ? fd : save->fd;

	target_hold(target, fd, lock);
	target->seen.digest = digest_value(&save->digest);
	target->seen.settled = false;
	save->name[0] = '\0';
	if (fstat(found, &target->seen.status) < 0)
		return -errno;
	return target_sync_directory(target->dir, found);
}

/*
 * Open the save again by its name, read-only. Returns -1 if that fails. save->fd cannot be kept
 * open in its place: a program that is open for writing cannot be run.
 */
static int open_again(const struct save *save, const char *name)
{
	return openat(save->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* Lock the save for when it is the file. Returns the lock, or 0 if there is none to be had. */
static int lock_save(const struct save *save)
{
	struct stat status;
	int lock = fstat(save->fd, &status) < 0 ? 0 : lock_take(&status);

	return lock > 0 ? lock : 0;
}

/* Exchange the names again. If something else is at one of them by now, do not remove it. */
static void exchange_back(const struct target *target, struct save *save)
{
	struct stat ours, there;

	if (renameat2(target->dir, save->name, target->dir, target->name, RENAME_EXCHANGE) == 0 &&
	    fstat(save->fd, &ours) == 0 &&
	    fstatat(target->dir, save->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    seen_same_file(&there, &ours))
		return;
	save->name[0] = '\0';
}

/*
 * Is the file still the one that was seen? It is opened only if its status is another one: a share
 * of SMB keeps what was opened open for a second, and does not replace it.
 */
static int check_last(struct target *target)
{
	int r = seen_glance(target->dir, target->name, &target->seen);

	if (r != -ESTALE)
		return r;
	r = seen_look(target->dir, target->name, &target->seen, SEEN_RENAMED);
	if (r < 0)
		return r;
	close(r);
	return 0;
}

/*
 * Where the file system cannot exchange names. What comes out could not be checked any more, so the
 * file is checked before: it was checked a while ago, since when the save was brought to stable
 * storage. A share of SMB lets nothing take the place of what somebody has open, as we have; the
 * rename that fails there may have removed the file.
 */
static int rename_over(struct target *target, const struct save *save)
{
	int r = check_last(target);

	if (r < 0)
		return r;
	if (renameat(target->dir, save->name, target->dir, target->name) == 0)
		return 0;
	if ((errno != EACCES && errno != EBUSY && errno != ETXTBSY) || target->fd < 0)
		return -errno;
	close(target->fd);
	target->fd = -1;
	r = check_last(target);
	if (r < 0 && r != -ENOENT)
		return r;
	return renameat(target->dir, save->name, target->dir, target->name) < 0 ? -errno : 0;
}

/* Exchange the save and the file, then check that the file was the one that was seen. */
static int exchange(struct target *target, struct save *save)
{
	int r;

	if (renameat2(target->dir, save->name, target->dir, target->name, RENAME_EXCHANGE) < 0) {
		if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
			/* EBUSY here means a mount; for our caller it means another opener. */
			return errno == EBUSY ? -EXDEV : -errno;
		return rename_over(target, save);
	}
	r = seen_look(target->dir, save->name, &target->seen, SEEN_RENAMED);
	if (r < 0) {
		exchange_back(target, save);
		return r;
	}
	close(r);
	unlinkat(target->dir, save->name, 0);
	return 0;
}

void target_backup_name(const char *name, unsigned number, char backup[NAME_MAX + 1])
{
	char end[sizeof(".~4294967295~")] = "~";
	size_t length = strlen(name), room;

	if (number > 0)
		snprintf(end, sizeof(end), ".~%u~", number);
	room = NAME_MAX - strlen(end);
	if (length > room) {
		length = room;
		/* Not inside of a character. */
		while (length > 1 && ((unsigned char)name[length] & 0xC0) == 0x80)
			length--;
	}
	snprintf(backup, NAME_MAX + 1, "%.*s%s", (int)length, name, end);
}

/* Copy the file to a backup name, where it cannot have a second one. */
static int copy_backup(struct target *target, char backup[NAME_MAX + 1])
{
	struct copy copy;
	int fd = seen_look(target->dir, target->name, &target->seen, SEEN_NOT_RENAMED);
	int r = fd < 0 ? fd : copy_make(target, fd, target->dir, NULL, &copy);

	if (fd >= 0)
		close(fd);
	if (r < 0)
		return r;
	close(copy.fd);
	strcpy(backup, copy.name);
	return 0;
}

/*
 * The same, where what a second name leads to seems to be another file. Maybe it is; but many in
 * user space number a file by its name. There the kernel may learn from the first look only that
 * the second name has changed its ctime.
 */
static int copy_numbered(struct target *target, char backup[NAME_MAX + 1])
{
	int r = copy_backup(target, backup);

	return r == -ESTALE ? copy_backup(target, backup) : r;
}

/* Keep the file under a backup name, too. -ESTALE: it is not the one that was seen. */
static int make_backup(struct target *target, char backup[NAME_MAX + 1])
{
	struct stat status;
	unsigned number = 0;

	do {
		target_backup_name(target->name, number, backup);
		if (linkat(target->dir, target->name, target->dir, backup, 0) < 0)
			continue;
		if (fstatat(target->dir, backup, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    seen_same_file(&status, &target->seen.status))
			return 0;
		unlinkat(target->dir, backup, 0);
		return copy_numbered(target, backup);
	} while (errno == EEXIST && number++ < UINT_MAX);
	/* vfat and most shares have no hard links. */
	if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK)
		return copy_backup(target, backup);
	return -errno;
}

/*
 * Has it the owner and the group that the file has? Otherwise whoever had the file may be locked
 * out of it.
 */
static int owner_check(int fd, const struct stat *file)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	return status.st_uid == file->st_uid && status.st_gid == file->st_gid ? 0 : -EPERM;
}

/* Give the save the target's attributes and a temporary name, and bring it to stable storage. */
static int prepare(struct target *target, struct save *save)
{
	int fd = seen_look(target->dir, target->name, &target->seen, SEEN_NOT_RENAMED), r;

	if (fd < 0)
		return fd;
	r = attributes_copy(fd, save->fd);
	close(fd);
	if (r == 0)
		r = owner_check(save->fd, &target->seen.status);
	if (r == 0)
		r = save_sync(save->fd);
	return r == 0 ? save_name(save) : r;
}

/* Has the file got another mode or owner since the save was given them? */
static bool has_other_rights(const struct target *target)
{
	const struct stat *seen = &target->seen.status;
	struct stat now;

	return fstatat(target->dir, target->name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       seen_same_file(&now, seen) &&
	       (now.st_mode != seen->st_mode || now.st_uid != seen->st_uid ||
		now.st_gid != seen->st_gid);
}

/* The same until shortly before the exchange: bringing a save to stable storage may take long. */
static int prepare_last(struct target *target, struct save *save, char backup[NAME_MAX + 1])
{
	int r = prepare(target, save);

	if (r == 0 && backup)
		r = make_backup(target, backup);
	if (r < 0 || !has_other_rights(target))
		return r;
	r = prepare(target, save);
	if (r < 0 && backup)
		unlinkat(target->dir, backup, 0);
	return r;
}

int target_replace(struct target *target, struct save *save, char backup[NAME_MAX + 1])
{
	int r = prepare_last(target, save, backup), fd, lock;

	if (r < 0)
		return r;
	fd = open_again(save, save->name);
	lock = lock_save(save);
	r = exchange(target, save);
	if (r == 0)
		return note_replaced(target, save, fd, lock);
	if (fd >= 0)
		close(fd);
	if (lock > 0)
		close(lock);
	if (backup)
		unlinkat(target->dir, backup, 0);
	return r;
}

/* Another file has the content: hold that one from now on, as what was seen. */
static void adopt(struct target *target, const struct save *save, const struct stat *status, int fd)
{
	const bool replaced = !seen_same_file(status, &target->seen.status);

	seen_note(&target->seen, fd, status);
	target->seen.digest = digest_value(&save->digest);
	if (!replaced) {
		close(fd);
		return;
	}
	target_hold(target, fd, 0);
	target_lock(target);
}

int target_has(struct target *target, const struct save *save)
{
	struct stat status;
	int fd = target->dir < 0 ? -EBADF
				 : seen_find_same(target->dir, target->name, save->fd, &status);

	if (fd < 0)
		return 0;
	/* Somebody else may have written it; we say that it is here for good. */
	if (status.st_uid != target->seen.status.st_uid || save_sync(fd) < 0 ||
	    target_sync_directory(target->dir, fd) < 0) {
		close(fd);
		return 0;
	}
	adopt(target, save, &status, fd);
	return 1;
}

int target_create(struct target *target, struct save *save, const char *name)
{
	char final[NAME_MAX + 1];
	int dir, r = save_sync(save->fd);

	snprintf(final, sizeof(final), "%s", name);
	if (r == 0)
		r = save_link(save, final);
	for (unsigned number = 2; r == -EEXIST && number > 0; number++) {
		r = name_numbered(name, number, final);
		if (r == 0)
			r = save_link(save, final);
	}
	if (r < 0)
		return r;
	dir = fcntl(save->dir, F_DUPFD_CLOEXEC, 0);
	if (dir < 0) {
		r = -errno;
		unlinkat(save->dir, final, 0);
		return r;
	}
	target_close(target);
	target->dir = dir;
	memcpy(target->name, final, sizeof(final));
	r = note_replaced(target, save, open_again(save, final), lock_save(save));
	if (r < 0)
		unlinkat(dir, final, 0);
	return r;
}

void target_path(int dir, const char *name, char path[4096])
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, path, 4096);
	if (n < 0 || (size_t)n + strlen(name) + 2 > 4096)
		n = 0;
	else if (n > 1) /* not the root directory */
		path[n++] = '/';
	snprintf(path + n, 4096 - (size_t)n, "%s", name);
}
