/*
 * What a receiver's error code means, in words.
 *
 * Each errno is here that can come from the receiver's parser, or from a disk or network file
 * system below it, with what its user can do about it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "failures.h"

#include <errno.h>
#include <qfile.h>
#include <stddef.h>

#define GONE     "the disk of <side> has gone, at "
#define CHANGED  "somebody on <side> changed what the receiver was writing, at "
#define NO_REPLY "the server of the network file system of <side> does not answer, at "
#define LOCKED   "the receiver's directory is encrypted and locked, at "
#define DAMAGED  "the file system of <side> is damaged, at "
#define CANNOT   "the file system of <side> cannot store "
#define LIMITED  "the receiver may open no more files, at "
#define LOST     "the receiver lost the connection, at "

static const char connect_again[] = "Connect it again there and try again",
		  try_again[] = "Try again", unlock[] = "Unlock it there and try again",
		  check[] = "Have it checked there",
		  elsewhere[] = "Choose a directory on another file system there",
		  raise_limit[] = "Raise the limit of open files there, see ulimit -n";

static const struct failure failures[] = {
	/* What was sent. */
	{EEXIST, "", " is there already, in <place>",
	 "Use --rename to keep both, or move that one away",
	 "Give the receiver --on-conflict=rename to keep both, or move that one away", "rename"},
	{ENOLINK, "the link ", " points outside of what is copied, so the receiver refuses it",
	 "Use --dereference to send what it points to, or --ignore-symlinks to leave links out",
	 NULL, "dereference"},
	{EILSEQ, "the name ",
	 ", or what it points to, has characters that the receiver does not accept",
	 "Rename it, or use --allow-all-names", "Rename it, or give the receiver --allow-all-names",
	 "allow-all-names"},
	{ENAMETOOLONG, "the name ", " is too long for the receiver or its disk", "Rename it", NULL,
	 NULL},
	{EADDRNOTAVAIL, "the disk of <side> refuses the name ", "",
	 "Rename it, or deliver to another disk there", NULL, NULL},
	{ENOTUNIQ, "the disk of <side> takes ",
	 " and another name that is sent with it for the same", "Rename one of them", NULL, NULL},
	{EDQUOT, "", " exceeds what the receiver accepts in one delivery, or its user's disk quota",
	 "Send less at a time", NULL, NULL},
	{EFBIG, "", " is larger than a file may be on <side>",
	 "Choose a directory on another file system there, or raise the receiver's limit "
	 "(ulimit -f)",
	 NULL, NULL},
	{EMLINK, "a directory on <side> takes no more entries, at ", "", "Send less at a time",
	 NULL, NULL},
	{EOVERFLOW, CANNOT, ": its size or time is out of range there", elsewhere, NULL, NULL},
	{EOPNOTSUPP, "the file system of <side> cannot take what is sent, at ", "", elsewhere, NULL,
	 NULL},
	{ENOSYS, CANNOT, "", elsewhere, NULL, NULL},
	{EINVAL, "the receiver could not make sense of the stream, at ", "",
	 "Is it a qfile-unpacker that runs there?", NULL, NULL},
	/* Where it was to go. */
	{ENOSPC, "the disk of <side> is too full for ", "", "Free some space there and try again",
	 NULL, NULL},
	{EROFS, "the disk of <side> is read-only, at ", "", "Make it writable there and try again",
	 NULL, NULL},
	{EACCES, "the receiver may not write to its own directory, at ", "",
	 "Correct its permissions there", NULL, NULL},
	{EIO, "the disk of <side> failed, at ", " (Input/output error)", check, NULL, NULL},
	{EUCLEAN, DAMAGED, "", check, NULL, NULL},
	{EBADMSG, DAMAGED, "", check, NULL, NULL},
	{ENXIO, GONE, "", connect_again, NULL, NULL},
	{ENODEV, GONE, "", connect_again, NULL, NULL},
	{ENOMEDIUM, GONE, "", connect_again, NULL, NULL},
	{ENOTCONN, GONE, "", connect_again, NULL, NULL},
	{ENOENT, CHANGED, "", try_again, NULL, NULL},
	{ENOTDIR, CHANGED, "", try_again, NULL, NULL},
	{EISDIR, CHANGED, "", try_again, NULL, NULL},
	{ENOTEMPTY, CHANGED, "", try_again, NULL, NULL},
	{ELOOP, CHANGED, "", try_again, NULL, NULL},
	{EBUSY, CHANGED, "", try_again, NULL, NULL},
	{EXDEV, "<place> lies on two file systems, at ", "", "Have it on one there", NULL, NULL},
	{ENOKEY, LOCKED, "", unlock, NULL, NULL},
	{EKEYEXPIRED, LOCKED, "", unlock, NULL, NULL},
	{EKEYREVOKED, LOCKED, "", unlock, NULL, NULL},
	{EKEYREJECTED, LOCKED, "", unlock, NULL, NULL},
	{ESTALE, NO_REPLY, "", try_again, NULL, NULL},
	{EREMOTEIO, NO_REPLY, "", try_again, NULL, NULL},
	{EHOSTDOWN, NO_REPLY, "", try_again, NULL, NULL},
	{EHOSTUNREACH, NO_REPLY, "", try_again, NULL, NULL},
	{ENETDOWN, NO_REPLY, "", try_again, NULL, NULL},
	{ENETUNREACH, NO_REPLY, "", try_again, NULL, NULL},
	{ECONNREFUSED, NO_REPLY, "", try_again, NULL, NULL},
	{ECONNABORTED, NO_REPLY, "", try_again, NULL, NULL},
	{ETIME, NO_REPLY, "", try_again, NULL, NULL},
	/* The receiver itself. */
	{EPERM, "the receiver could not do its work, at ", "",
	 "Its log says why, and so does its --verbose", NULL, NULL},
	{ENOMEM, "<side> has too little memory, at ", "", "End some programs there and try again",
	 NULL, NULL},
	{EMFILE, LIMITED, "", raise_limit, NULL, NULL},
	{ENFILE, LIMITED, "", raise_limit, NULL, NULL},
	{EAGAIN, "<side> is too busy, at ", "", "Try again later", NULL, NULL},
	{EPIPE, LOST, "", try_again, NULL, NULL},
	{ECONNRESET, LOST, "", try_again, NULL, NULL},
	{ECANCELED, "the receiver was stopped, at ", "", try_again, NULL, NULL},
	{ETIMEDOUT, "the receiver waited too long for what comes after ", "",
	 "Try again; its --timeout sets how long it waits", NULL, NULL},
	{QFILE_ETRUNCATED, "the receiver saw the stream end in the middle, at ", "", try_again,
	 NULL, NULL},
};

/* A name of the receiver's own, which none of its options makes acceptable. */
static const struct failure reserved = {EILSEQ,
					"the name ",
					" is reserved: what begins with " QFILE_STAGING_PREFIX
					" is the receiver's own",
					"Rename it, or leave it out with "
					"--exclude='" QFILE_STAGING_PREFIX "*'",
					NULL,
					NULL};

#define PLACE "the receiver's directory on <side>, or one above it, "

static const char name_another[] = "Choose another directory there";

static const struct failure of_places[] = {
	{ENOENT, PLACE "does not exist", "", "Make it there", NULL, NULL},
	{EACCES, PLACE "may not be used by the receiver (Permission denied)", "",
	 "Correct the permissions there", NULL, NULL},
	{ENOTDIR, PLACE "is a file or a link", "", name_another, NULL, NULL},
	{ELOOP, PLACE "is a link", "", name_another, NULL, NULL},
	{ENAMETOOLONG, PLACE "has a name that is too long", "", name_another, NULL, NULL},
	{ENOSPC, "the disk of <side> is too full", "", "Free some space there and try again", NULL,
	 NULL},
	{EDQUOT,
	 "this is more than the receiver accepts in one delivery, or the disk quota of its user on "
	 "<side> is used up",
	 "", "Free some space there and try again", NULL, NULL},
};

static const struct failure *find(const struct failure *list, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].code == code)
			return &list[i];
	}
	return NULL;
}

const struct failure *failure_of(uint32_t code)
{
	return find(failures, sizeof(failures) / sizeof(*failures), code);
}

bool failure_is_reserved(uint32_t code, const char *name, size_t length)
{
	return code == EILSEQ && qfile_name_check(name, length, QFILE_ALLOW_ALL_NAMES) == -EILSEQ;
}

const struct failure *failure_of_entry(uint32_t code, const char *name, size_t length)
{
	return failure_is_reserved(code, name, length) ? &reserved : failure_of(code);
}

const struct failure *failure_of_place(uint32_t code)
{
	return find(of_places, sizeof(of_places) / sizeof(*of_places), code);
}
