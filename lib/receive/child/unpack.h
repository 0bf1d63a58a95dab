/*
 * The receiver's parser: a stream in, directories, files and links out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef UNPACK_H
#define UNPACK_H
#include <qfile.h>

struct unpack_options {
	int in;   /* the stream */
	int root; /* the directory in which everything is made */
	/* Every top-level entry is reported here before its content is read (report.h); or -1. */
	int report;
	unsigned flags;
	unsigned timeout; /* seconds for which nothing may come from the sender; 0: no timeout */
	struct qfile_limits limits;
	/* The disk takes some names that differ for the same: upper and lower case, for example. */
	bool folds;
	/* Each file and directory is brought to stable storage when it is complete. */
	bool sync_each;
	/* A thread that writes what is not synced in the end; NULL: unpack() does that itself. */
	struct writer *writer;
};

/*
 * So many entries, with so many bytes in all, are brought to stable storage one by one in any case,
 * when all are complete: sooner than the whole file system, to which others may have written much.
 * What takes longer is left to who can give it up: nobody can end a process within fsync(2).
 */
#define UNPACK_SYNCED_MAX   16
#define UNPACK_SYNCED_BYTES ((uint64_t)16 << 20)

/* After so many entries each, the monitor hears that more have come. */
#define UNPACK_GROWN 4096

/*
 * Is a delivery of this size on stable storage when unpack() has returned, unless it has reported
 * REPORT_UNSYNCED?
 */
static inline bool unpack_synced(const struct qfile_size *size)
{
	return size->entries <= UNPACK_SYNCED_MAX && size->bytes <= UNPACK_SYNCED_BYTES;
}

/*
 * Receive one stream. Files get the modes that were sent, less the umask of the process. This does
 * not confine, stage or sync anything, and after a failure it leaves what was made. `last` becomes
 * the name of the entry last worked on, after a success too: untrusted, NUL-terminated.
 *  -EINVAL: the stream is malformed, or the directory of an entry was not sent before it, or is a
 *  file or a link.
 *  -EEXIST: an entry came twice.
 *  -ENOTUNIQ: options->folds, and the disk takes the entry for one that was made already.
 *  -EADDRNOTAVAIL: the disk refuses the name.
 *  -EOPNOTSUPP: the disk has no such entries, for example no links.
 *  -EOVERFLOW: the disk refuses the times.
 *  -EFBIG: the disk has no files as large as this.
 *  -EDQUOT: a limit is exceeded.
 *  -ENOSPC: the disk is full; for a large file this is found at its header.
 *  -EILSEQ, -ENOLINK, -ENAMETOOLONG: as qfile_name_check() and qfile_link_check(); the last one
 *  also if the name is too long for the disk.
 *  -ETIMEDOUT: nothing came in time.
 *  -QFILE_ETRUNCATED: the stream ended too early.
 * Otherwise the errno of a system call, but never one of those above.
 *
 * Modes and times that the disk cannot keep are lost: vfat has no modes, for example.
 */
int unpack(const struct unpack_options *options, struct qfile_received *received,
	   char last[QFILE_NAME_MAX]);

#endif
