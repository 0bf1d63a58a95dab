/*
 * libqfile: copy files between virtual machines that do not trust each other.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 *
 * The formats that these functions speak are described in qfile(5), this interface in libqfile(3).
 *
 * Conventions that hold for every function here unless its comment says otherwise:
 *  - It returns 0 (or a count, where its comment says so) on success and a negative errno on
 *    failure; -QFILE_ETRUNCATED is the one code that is no errno. A function that takes a
 *    `struct qfile_error *` fills it on failure; it may be NULL.
 *  - It never prints, exits, reads the environment or keeps global state. Two threads may use two
 *    different objects at one time.
 *  - It leaves the process as it is: identity, capabilities, signals, working directory, umask.
 *    Only qfile_user_become() and qfile_receive() change it, for good; their comments say how.
 *  - Names are byte strings, as the file system has them. A name or text from a peer may contain
 *    any bytes: pass it through qfile_printable() before you show it.
 */
#ifndef QFILE_H
#define QFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header: MAJOR * 10000 + MINOR * 100 + PATCH. */
#define QFILE_VERSION_NUMBER 10000

/* The version of the library that is loaded: "MAJOR.MINOR.PATCH", a static string. */
const char *qfile_version(void);

/* ---- Errors ---- */

/* Bytes of the longest name, its NUL counted, and of the longest link target (which has none). */
#define QFILE_NAME_MAX 16383

/* Error code of the Filecopy format: the stream ended before its end-of-transfer header. */
#define QFILE_ETRUNCATED 31415926

/* Bytes of a name in an error, its NUL counted. */
#define QFILE_ERROR_NAME_SIZE 1024

/* What failed, and on which file. */
struct qfile_error {
	int code;          /* a positive errno, or QFILE_ETRUNCATED */
	const char *doing; /* a static string such as "reading"; NULL if the code says it all */
	const char *hint;  /* a static string: what the user can do about it, or NULL; instead of
			      what EINVAL and ENOENT say, which is too little */
	/*
	 * The file, NUL-terminated, unsanitised; empty if no file is at fault. A name that does not
	 * fit loses its beginning, up to the start of a UTF-8 character.
	 */
	char name[QFILE_ERROR_NAME_SIZE];
};

/*
 * Write `error` to `text` as `doing "name": reason (hint)`, sanitised, NUL-terminated and cut to
 * `size` bytes. Returns `text`.
 */
char *qfile_error_text(const struct qfile_error *error, char *text, size_t size);

/* ---- Names: pure functions ---- */

/* Accept any bytes except NUL in names and link targets; '/' separates components. */
#define QFILE_ALLOW_ALL_NAMES 0x1u
/* Accept links that point anywhere. */
#define QFILE_ALLOW_UNSAFE_LINKS 0x2u

/* Names with this prefix are the receiver's own: no delivery can contain one, at any depth. */
#define QFILE_STAGING_PREFIX ".qfile-incoming-"

/*
 * May an entry have this name? `untrusted_name` has `length` bytes, NUL not counted, and need not
 * be terminated. `flags` is QFILE_ALLOW_ALL_NAMES or 0.
 *  -EINVAL: it is empty or absolute, has a NUL or QFILE_NAME_MAX bytes or more, or has a component
 *  that is empty, "." or "..".
 *  -ENAMETOOLONG: a component is longer than 255 bytes.
 *  -EILSEQ: it is not UTF-8, has a character that cannot be shown safely (qfile_name_fault() says
 *  which), or a component with the staging prefix.
 */
int qfile_name_check(const char *untrusted_name, size_t length, unsigned flags);

/* A character of a name that qfile_name_check() does not accept. */
struct qfile_name_fault {
	size_t offset;     /* of its first byte */
	size_t position;   /* among the characters of the name, from 1 on */
	int32_t character; /* the code point; -1: the byte is no part of UTF-8 */
	char label[16];    /* "U+202E" or "byte 0xFF" */
	const char *why;   /* a static string: "turns the direction of writing" */
};

/*
 * Find the first character, in a name of `length` bytes, for which qfile_name_check() would fail
 * with -EILSEQ, and say why. Returns whether there is one; if not, *fault is unchanged. The text
 * that fits is: the name has LABEL as character POSITION, which WHY.
 */
bool qfile_name_fault(const char *untrusted_name, size_t length, struct qfile_name_fault *fault);

/*
 * May a symbolic link called `name`, which has been checked, point to `untrusted_target`? The
 * target has `length` bytes and need not be terminated. `flags` may have QFILE_ALLOW_ALL_NAMES and
 * QFILE_ALLOW_UNSAFE_LINKS.
 *  -EINVAL: the target is empty, has a NUL, or is longer than QFILE_NAME_MAX.
 *  -EILSEQ: as for a name, but any prefix is accepted.
 *  -ENOLINK: the link would lead out of its top-level entry: it is absolute, goes up too far with
 *  "..", is itself the top-level entry, or has a ".." after another component (which may be a link,
 *  so that nobody can tell where the ".." leads).
 */
int qfile_link_check(const char *name, const char *untrusted_target, size_t length, unsigned flags);

/* Characters of the longest VM name. */
#define QFILE_VM_NAME_MAX 63

/*
 * Is `name` a VM's name: a letter, then letters, digits, '_', '-' and '.', at most
 * QFILE_VM_NAME_MAX in all (ASCII)?
 */
bool qfile_vm_name_ok(const char *name);

/*
 * Make text from a peer safe to show: copy `length` bytes to `text`, with '?' for every byte that
 * is not printable ASCII, NUL-terminated and cut to `size` bytes (at least 1). Returns the length
 * written, NUL not counted.
 */
size_t qfile_printable(const char *untrusted, size_t length, char *text, size_t size);

/*
 * The same for names of this machine on a UTF-8 terminal: characters that qfile_name_check()
 * accepts are kept, and the text takes at most `columns` columns. A longer name loses its
 * beginning, shown as "...". Returns the columns used.
 */
size_t qfile_displayable(const char *name, size_t length, char *text, size_t size, size_t columns);

/* ---- The Filecopy format: pure functions ---- */

#define QFILE_HEADER_SIZE 32

/* The header of an entry; with namelen 0 it is the end of the transfer. */
struct qfile_header {
	/* Bytes of the name, its NUL counted: 0, or 2 to QFILE_NAME_MAX. */
	uint32_t namelen;
	uint32_t mode;              /* type (S_IFREG, S_IFDIR or S_IFLNK) and permission bits */
	uint64_t filelen;           /* bytes of data after the name: at most INT64_MAX */
	uint32_t atime, atime_nsec; /* unsigned seconds since 1970, nanoseconds below 10^9 */
	uint32_t mtime, mtime_nsec;
};

void qfile_header_encode(const struct qfile_header *header, unsigned char bytes[QFILE_HEADER_SIZE]);

/*
 * Decode a header and check all of its fields; no other place checks them. -EINVAL: a field is out
 * of bounds, the type is none of the three, a directory has data, or a link's target is empty or
 * longer than QFILE_NAME_MAX. Set-ID and sticky bits of the mode are dropped.
 */
int qfile_header_decode(const unsigned char untrusted_bytes[QFILE_HEADER_SIZE],
			struct qfile_header *header);

/* The receiver's result: the fixed part that every receiver sends, and the length of the name. */
#define QFILE_RESULT_SIZE         16
#define QFILE_RESULT_NAMELEN_SIZE 4

struct qfile_result {
	uint32_t code;  /* 0, a Linux errno or QFILE_ETRUNCATED */
	uint32_t crc;   /* CRC-32 of what was received */
	size_t namelen; /* bytes in name; 0 from a receiver that sends none */
	/*
	 * Untrusted, not terminated: the entry last worked on. Or, if code is 0, for
	 * qfile_result_renamed() and qfile_result_remark().
	 */
	char name[QFILE_NAME_MAX];
};

/*
 * Encode both parts and the name. `bytes` must have room for QFILE_RESULT_SIZE +
 * QFILE_RESULT_NAMELEN_SIZE + namelen bytes. Returns that sum.
 */
size_t qfile_result_encode(const struct qfile_result *result, unsigned char *bytes);
/*
 * Decode the fixed part, and set namelen to 0. Old receivers answer some errors as negative
 * numbers: they become positive.
 */
void qfile_result_decode(const unsigned char untrusted_bytes[QFILE_RESULT_SIZE],
			 struct qfile_result *result);
/* Decode the length of the name. -EINVAL: it is above QFILE_NAME_MAX. */
int qfile_result_namelen_decode(const unsigned char untrusted_bytes[QFILE_RESULT_NAMELEN_SIZE],
				struct qfile_result *result);

/*
 * Find the next top-level entry that arrived under another name. Begin with *place 0. Returns false
 * at the end, after a failure, and from a receiver that does not tell. *name and *untrusted_final
 * point into *result and are NUL-terminated. Neither is empty, ".", "..", or has a '/'; but nothing
 * says that an entry called *name was sent. A result has room for some hundred names, and the
 * receiver leaves out the others.
 */
bool qfile_result_renamed(const struct qfile_result *result, size_t *place, const char **name,
			  const char **untrusted_final);

/*
 * What the receiver remarks on a success under this key. QFILE_REMARK_PLACE: the directory that all
 * has arrived in. QFILE_REMARK_LOST: what the file system there does not keep, "modes", "times" or
 * "modes,times". Returns an untrusted text in *result, or NULL: there is no such remark.
 */
const char *qfile_result_remark(const struct qfile_result *result, const char *key);

#define QFILE_REMARK_PLACE "place"
#define QFILE_REMARK_LOST  "lost"

/* ---- Sending ---- */

/* Leave symbolic links out. */
#define QFILE_IGNORE_LINKS 0x1u
/* Send what a symbolic link points to in its place. */
#define QFILE_DEREFERENCE 0x2u
/* Leave out what cannot be read, instead of failing. */
#define QFILE_SKIP_UNREADABLE 0x4u
/* Note in the journal that also entries may be removed whose times cannot be sent exactly. */
#define QFILE_ANY_TIME 0x8u
/*
 * Send nothing: only find out what would be sent. Files are opened, but not read, and count with
 * the size that their file system tells. What cannot be read is left out, and told. Neither `in`
 * nor `out` nor `journal` is used, and there is no end: no qfile_sender_finish().
 */
#define QFILE_LOOK_ONLY 0x10u
/*
 * The same in a third of the time: files are not opened, but only asked whether they may be read;
 * no bytes are counted, and names and times are not judged.
 */
#define QFILE_LOOK_QUICKLY 0x20u
/* With QFILE_LOOK_ONLY: the receiver is one that QFILE_ALLOW_ALL_NAMES is given to. */
#define QFILE_LOOK_ALL_NAMES 0x40u

/*
 * A file, directory or link to send: the path to open it by, and the base name to send it under.
 * The arguments "x", "dir/", ".", ".." and "/x/" all have one.
 */
struct qfile_source {
	char *path; /* the path to open */
	char *base; /* the last component of the path */
};

/*
 * Find what `argument` names. A link is not followed unless the argument ends in '/' or `flags` has
 * QFILE_DEREFERENCE. -EINVAL: the argument is empty, or names the root directory, which has no base
 * name. -ENOTSUP: it is neither a file, a directory nor a link. -EACCES: it may not be read; with
 * QFILE_SKIP_UNREADABLE that is left to the sender. Otherwise the errno of looking it up.
 */
int qfile_source_open(struct qfile_source *source, const char *argument, unsigned flags,
		      struct qfile_error *error);
void qfile_source_close(struct qfile_source *source);

/* Bytes of file content, and the number of files, directories and links. */
struct qfile_size {
	uint64_t bytes, entries;
};

struct qfile_sender;

/* Initialize with QFILE_SENDER_OPTIONS_INIT, then set at least `in` and `out`. */
struct qfile_sender_options {
	size_t size; /* of this struct: later versions of the library may add members */
	/* The receiver's result is read here; polled while sending. Non-blocking or not. */
	int in;
	/*
	 * The stream goes here. Best non-blocking: an early result is then noticed even if the
	 * receiver reads no more.
	 */
	int out;
	int stop; /* a descriptor that becomes readable when the user wants to stop, or -1 */
	/* An empty file, where the sender notes what it sent, for qfile_remover_new(); or -1. */
	int journal;
	/*
	 * Any of QFILE_IGNORE_LINKS, QFILE_DEREFERENCE, QFILE_SKIP_UNREADABLE, QFILE_ANY_TIME and
	 * QFILE_LOOK_ONLY, with or without QFILE_LOOK_ALL_NAMES, or QFILE_LOOK_QUICKLY. The first
	 * two exclude each other.
	 */
	unsigned flags;
	/*
	 * Patterns of what to leave out, with everything in it; the last one is followed by NULL.
	 * NULL: no patterns. A pattern is split at its slashes, and each part is a pattern of
	 * fnmatch(3) for one component of the name that is sent. A part "**" matches any number of
	 * components. A pattern without a slash at its beginning may begin at any component; one
	 * with a slash at its end is for directories only.
	 */
	const char *const *exclude;
};

/* No descriptors, no flags and no patterns. */
#define QFILE_SENDER_OPTIONS_INIT                                                             \
	{                                                                                     \
		.size = sizeof(struct qfile_sender_options), .in = -1, .out = -1, .stop = -1, \
		.journal = -1, .flags = 0, .exclude = NULL,                                   \
	}

/*
 * What a step has done. After all but the first and QFILE_STEP_RESULT there are more steps;
 * qfile_sender_name() is the entry.
 */
enum qfile_step {
	QFILE_STEP_DONE = 0,    /* all of the source has been sent */
	QFILE_STEP_SENT = 1,    /* an entry, or a part of a large file, has been sent */
	QFILE_STEP_SKIPPED = 2, /* it is a socket, fifo or device: left out */
	/* The receiver has sent its result already: go on to qfile_sender_finish(). */
	QFILE_STEP_RESULT = 3,
	QFILE_STEP_EXCLUDED = 4, /* left out, as a pattern or QFILE_IGNORE_LINKS says */
	/* It was removed or replaced before it, or all of a directory, could be read: left out. */
	QFILE_STEP_VANISHED = 5,
	/*
	 * It, or the rest of what is in this directory, cannot be read: left out; *error says why.
	 * Only with QFILE_SKIP_UNREADABLE, QFILE_LOOK_ONLY or QFILE_LOOK_QUICKLY.
	 */
	QFILE_STEP_UNREADABLE = 6,
	/*
	 * The end of a file has been sent that changed while it was read. If it grew, only what it
	 * had at first was sent. A remover keeps it.
	 */
	QFILE_STEP_CHANGED = 7,
	/*
	 * It has a time before 1970 or after 2106, and was sent with the nearest one that the
	 * format can express. A remover keeps it, unless the flags have QFILE_ANY_TIME.
	 */
	QFILE_STEP_TIME = 8,
	/*
	 * Only with QFILE_LOOK_ONLY: a receiver with default options, or one that accepts all names
	 * (QFILE_LOOK_ALL_NAMES), would refuse this name or link, and with it the delivery; *error
	 * says why.
	 */
	QFILE_STEP_REFUSABLE = 9,
};

/*
 * Make a sender. The descriptors stay the caller's, and the patterns are copied; a pipe at `out`
 * gets a larger buffer. -EINVAL: the options have a size that this version does not know, or a
 * pattern consists of slashes only. -ENOMEM.
 */
int qfile_sender_new(struct qfile_sender **sender, const struct qfile_sender_options *options);
/* Begin a source, after the one before it is done. Its strings must live until its last step. */
void qfile_sender_begin(struct qfile_sender *sender, const struct qfile_source *source);
/*
 * Send the next entry, or the next part of a large file (a few hundred KiB). Returns an enum
 * qfile_step or a negative errno. -ECANCELED: `stop` became readable.
 *
 * A file is sent to where reading it ends, whatever its size is said to be: a small one is read
 * before its length is sent; a large one whose size is not where reading ends is read twice.
 * -ESTALE: a file ended before the length that had been sent already.
 */
int qfile_sender_step(struct qfile_sender *sender, struct qfile_error *error);
/*
 * End the stream (unless the result has come already), wait for the result and judge it. Returns 0
 * when everything is on the receiver's stable storage.
 *  -ECONNRESET: the connection ended without a result.
 *  -EBADMSG: the receiver's checksum differs from the sender's.
 *  -EPROTO: the receiver reported success before everything was sent.
 *  -ECANCELED: `stop` became readable.
 *  -EREMOTEIO: the receiver failed, and *result says how.
 */
int qfile_sender_finish(struct qfile_sender *sender, struct qfile_result *result,
			struct qfile_error *error);
/* Bytes of content and entries sent so far; with QFILE_LOOK_ONLY, that would have been sent. */
struct qfile_size qfile_sender_sent(const struct qfile_sender *sender);
/* Of these entries. */
struct qfile_count {
	uint64_t files, directories, links;
};
struct qfile_count qfile_sender_count(const struct qfile_sender *sender);
/*
 * May the receiver have read the end of the stream? If not, it delivers nothing, whatever was the
 * matter. This is known after a failure of qfile_sender_finish(): false also if the end was sent to
 * a pipe that nobody reads any more and that is not empty.
 */
bool qfile_sender_ended(const struct qfile_sender *sender);
/* The name of the last step's entry, NUL-terminated, unsanitised; valid until the next call. */
const char *qfile_sender_name(const struct qfile_sender *sender);
void qfile_sender_free(struct qfile_sender *sender);

/*
 * A remover removes what was sent, and only that: for moving. Make one once qfile_sender_finish()
 * has returned 0. `journal` is the file that the sender filled.
 */
struct qfile_remover;
int qfile_remover_new(struct qfile_remover **remover, int journal);
/*
 * Go on removing until an entry must be kept. Returns 1 and names that entry in *kept, 0 at the
 * end, or a negative errno if it cannot go on. The code in *kept:
 *  ESTALE: the entry changed after it was opened.
 *  EEXIST: the entry appeared after its directory was read.
 *  EOVERFLOW: the entry has a time that could not be sent; see QFILE_STEP_TIME.
 *  ENOTRECOVERABLE: the file system says that it has removed the entry, which is still there.
 *  Otherwise the errno of removing it.
 */
int qfile_remover_next(struct qfile_remover *remover, struct qfile_error *kept);
void qfile_remover_free(struct qfile_remover *remover);

/* ---- Receiving ---- */

struct qfile_limits {
	uint64_t bytes; /* of content in one delivery; UINT64_MAX: no limit */
	uint64_t files; /* files, directories and links in one delivery; UINT64_MAX: no limit */
};

/* What has been received. */
struct qfile_received {
	uint32_t crc; /* of the stream */
	struct qfile_size size;
};

/* Bytes of these strings, NUL counted. */
#define QFILE_USER_NAME_SIZE 256
#define QFILE_HOME_SIZE      4096

/* Whom a delivery is for. */
struct qfile_user {
	uid_t uid;
	gid_t gid;
	char name[QFILE_USER_NAME_SIZE]; /* empty: the number has no account */
	char home[QFILE_HOME_SIZE];
};

/* Look up a user by name or number. A number needs no account. -ENOENT: no such user. */
int qfile_user_find(struct qfile_user *user, const char *name_or_uid);

/*
 * Become the user for good: user, group and supplementary groups. A process that is that user
 * already keeps its groups. Afterwards no capability is effective, even if the user is root. The
 * permitted set keeps the few, of those that were there, that qfile_receive() needs to confine its
 * child. -EPERM: the process is neither root nor that user, and is unchanged. After any other
 * failure a part may have changed: end the process.
 *
 * The process must have a single thread, because each thread has capabilities of its own.
 */
int qfile_user_become(const struct qfile_user *user);

/*
 * Open ~USER/INCOMING/SOURCE, and make what is missing of it with mode 0700. `incoming` is a name
 * of the form that VMs' names have, or NULL for "PedOSIncoming". No link below the home directory
 * is followed. Call this after qfile_user_become(). Returns a descriptor. -EINVAL: `incoming` or
 * `source` is not such a name.
 */
int qfile_incoming_open(const struct qfile_user *user, const char *incoming, const char *source,
			struct qfile_error *error);
/*
 * The same for the directory at `path`. Only the last component is made if it is missing, and only
 * that one must not be a link.
 */
int qfile_incoming_open_path(const char *path, struct qfile_error *error);

/* The confinement's layers, as bits. */
enum qfile_layer {
	QFILE_LAYER_USER_NS = 1 << 0,
	QFILE_LAYER_NAMESPACES = 1 << 1, /* mount, network, IPC, UTS, cgroup, PID */
	/* The staging directory is the whole file system, nosuid, nodev, noexec. */
	QFILE_LAYER_MOUNT = 1 << 2,
	QFILE_LAYER_CHROOT = 1 << 3,
	QFILE_LAYER_PRIVILEGES = 1 << 4, /* no capabilities, and no way to gain any */
	/* No new processes, no core dumps, limited descriptors and memory. */
	QFILE_LAYER_RESOURCES = 1 << 5,
	QFILE_LAYER_DESCRIPTORS = 1 << 6, /* three pipes to the monitor, no others */
	/* Only making entries and writing files: no reading, removing or running. */
	QFILE_LAYER_LANDLOCK = 1 << 7,
	QFILE_LAYER_SYSCALLS = 1 << 8, /* seccomp: any call that is not listed kills */
};
/* The name of a layer, such as "chroot"; NULL if there is no such layer. */
const char *qfile_layer_name(enum qfile_layer layer);

/* What to do if the name of a top-level entry is taken. */
enum qfile_conflict {
	QFILE_CONFLICT_FAIL,   /* refuse the delivery */
	QFILE_CONFLICT_RENAME, /* deliver the entry as "name (2)" */
};

/* Initialize with QFILE_RECEIVE_OPTIONS_INIT, then set at least `in`, `out` and `incoming`. */
struct qfile_receive_options {
	size_t size;    /* of this struct: later versions of the library may add members */
	int in;         /* the stream; best a pipe without a name that is open for reading only */
	int out;        /* the result goes here */
	int stop;       /* a descriptor that becomes readable when the user wants to stop, or -1 */
	int incoming;   /* the directory to deliver to: qfile_incoming_open() */
	unsigned flags; /* QFILE_ALLOW_ALL_NAMES and QFILE_ALLOW_UNSAFE_LINKS, or 0 */
	struct qfile_limits limits;
	enum qfile_conflict on_conflict;
	/* Give up when nothing comes from the sender for this many seconds; 0: never. */
	unsigned timeout;
	/* Before reading, wait until this many bytes are free on the disk; 0: do not wait. */
	uint64_t wait_for_space;
	/* What the sender is told that `incoming` is called; NULL: nothing. */
	const char *place;
};

/* No descriptors, no limits, no timeout. */
#define QFILE_RECEIVE_OPTIONS_INIT                                                             \
	{                                                                                      \
		.size = sizeof(struct qfile_receive_options), .in = -1, .out = -1, .stop = -1, \
		.incoming = -1, .flags = 0, .limits = {UINT64_MAX, UINT64_MAX},                \
		.on_conflict = QFILE_CONFLICT_FAIL, .timeout = 0, .wait_for_space = 0,         \
		.place = NULL,                                                                 \
	}

/* What a file system may not keep as it was sent, as bits. */
enum qfile_lost {
	QFILE_LOST_MODES = 1 << 0,
	QFILE_LOST_TIMES = 1 << 1, /* to 100 nanoseconds */
};

/* Bytes, NUL counted. */
#define QFILE_SAID_SIZE 1024

struct qfile_receive_outcome {
	struct qfile_received received;
	unsigned layers;  /* the enum qfile_layer bits that were in force */
	unsigned renamed; /* top-level entries that arrived under another name */
	unsigned lost;    /* the enum qfile_lost bits of the file system of `incoming` */
	bool result_sent; /* false: the sender had gone, or took nothing */
	/* The code of the result: that of *error, or EPERM for what the sender must not know. */
	unsigned result_code;
	/*
	 * What the unpacking process wrote to stderr, made printable and cut; usually empty. It
	 * writes there only if it is broken or was taken over: for a log, not for the sender.
	 */
	char said[QFILE_SAID_SIZE];
	/* What this or an earlier delivery has left in `incoming` could not be removed. */
	bool left;
};

/*
 * Send the result of a receiver that cannot begin: failure `code` (a positive errno), no name.
 * Returns 0 or the negative errno of writing.
 */
int qfile_refuse(int out, int code);

/*
 * Receive one delivery whole or not at all, in a confined child, and send the result. Returns 0
 * when everything is on stable storage under its final name; after a failure nothing of this
 * delivery is visible. outcome->result_sent says whether the sender took the result.
 *  -ECANCELED: `stop` became readable.
 *  -EPERM: the child cannot be confined, or its parser has been taken over.
 *  -EINVAL: the options have a size that this version does not know, and no result is sent; or the
 *  stream is malformed.
 *  -EOPNOTSUPP: the file system of `incoming` cannot take deliveries, and error->hint says what it
 *  lacks; or, with a name, it has no such entries.
 * Otherwise the errno of what failed.
 *
 * The result has the code and the name that are in *error, if error->doing is NULL or the code is
 * EEXIST, ENOSPC, EDQUOT, EROFS, EACCES or EOPNOTSUPP. Any other failure concerns only the
 * receiving side, and belongs in its log: the result has EPERM and no name.
 *
 * Call this after qfile_user_become(), in a process with a single thread that ignores SIGPIPE and
 * does not ignore SIGCHLD. Whatever it returns, it changes the process for good: no capability is
 * left, and none can be gained, not even by running a set-user-ID program (no_new_privs). Use a
 * process for each delivery. It waits only for its own children.
 *
 * Last, after the result, it removes what this and earlier deliveries have left in `incoming`, if
 * anything, in a process of its own. It waits ten seconds at most for its end, one after `stop`.
 */
int qfile_receive(const struct qfile_receive_options *options,
		  struct qfile_receive_outcome *outcome, struct qfile_error *error);

/*
 * Finish or remove what receivers that were killed have left, of every source in ~USER/INCOMING, in
 * a process that outlives this one. `incoming` is as for qfile_incoming_open(). To be called after
 * qfile_receive(), which has done this for its own directory. What cannot be dealt with is left for
 * the next call.
 */
void qfile_sweep(const struct qfile_user *user, const char *incoming);

#ifdef __cplusplus
}
#endif
#endif
