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
	int root; /* the directory to create everything below */
	/*
	 * The name of every top-level entry goes here before its content is read (report.h); or -1.
	 */
	int report;
	unsigned flags;
	unsigned timeout; /* seconds that the sender may be silent; 0: for ever */
	struct qfile_limits limits;
};

/*
 * Receive one stream. Files get the modes sent, less the process's umask. No confinement, no
 * staging and no sync are in here; on failure what was created stays. `last` becomes the name of
 * the entry last worked on, on success too: untrusted, NUL-terminated.
 *
 * -EINVAL: malformed; an entry whose directory was not sent before it, or is a file or a link.
 * -EEXIST: an entry came twice. -EDQUOT: a limit. -ENOSPC: the disk, for a large file found out at
 * its header. -EILSEQ, -ENOLINK, -ENAMETOOLONG: as qfile_name_check() and qfile_link_check().
 * -ETIMEDOUT: the sender was silent for too long. -QFILE_ETRUNCATED. Else the errno of a system
 * call.
 */
int unpack(const struct unpack_options *options, struct qfile_received *received,
	   char last[QFILE_NAME_MAX]);

#endif
