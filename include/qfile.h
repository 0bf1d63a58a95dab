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
 *  - Names are byte strings as the file system has them. What comes from a peer may hold anything:
 *    show it to nobody before qfile_printable() has gone over it.
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

/* Of this header: MAJOR * 10000 + MINOR * 100 + PATCH. */
#define QFILE_VERSION_NUMBER 10000

/* "MAJOR.MINOR.PATCH" of the library that is loaded, a static string. */
const char *qfile_version(void);

/* ---- Errors ---- */

/* The longest name or link target of the Filecopy format: bytes, a name's trailing NUL counted. */
#define QFILE_NAME_MAX 16383

/* Error code of the Filecopy format: the stream ended before its end-of-transfer header. */
#define QFILE_ETRUNCATED 31415926

/* Of a name in an error: bytes, its NUL counted. */
#define QFILE_ERROR_NAME_SIZE 1024

/* What went wrong, while doing what, to which file. */
struct qfile_error {
	int code;          /* a positive errno, or QFILE_ETRUNCATED */
	const char *doing; /* a static string such as "reading"; NULL where the code says all */
	const char *hint;  /* a static string: what the user can do about it, or NULL */
	/*
	 * The file, NUL-terminated, unsanitised; empty where no file is at fault. A name that does
	 * not fit has lost its beginning, never a part of a UTF-8 character.
	 */
	char name[QFILE_ERROR_NAME_SIZE];
};

/*
 * Write the sentence part "doing "name": reason (hint)" for `error` to `text`, sanitised and
 * NUL-terminated, cut to `size` bytes. Returns `text`.
 */
char *qfile_error_text(const struct qfile_error *error, char *text, size_t size);

/* ---- Names: pure functions ---- */

/* Any byte but NUL and '/' may stand in a name or link target. */
#define QFILE_ALLOW_ALL_NAMES 0x1u
/* A link may point anywhere. */
#define QFILE_ALLOW_UNSAFE_LINKS 0x2u

/* Names at the top level that begin so are the receiver's own; none can be delivered. */
#define QFILE_STAGING_PREFIX ".qfile-incoming-"

/*
 * May an entry of this name be created? `untrusted_name` has `length` bytes, NUL not counted, and
 * need not be terminated. `flags`: QFILE_ALLOW_ALL_NAMES or 0. -EINVAL: empty, absolute, an empty,
 * "." or ".." component, a NUL, or QFILE_NAME_MAX bytes or more. -ENAMETOOLONG: a component longer
 * than 255 bytes. -EILSEQ: not UTF-8, a character that cannot be shown safely, or the staging
 * prefix.
 */
int qfile_name_check(const char *untrusted_name, size_t length, unsigned flags);

/*
 * May a symbolic link at the checked name `name` point to `untrusted_target` (`length` bytes, need
 * not be terminated)? `flags`: QFILE_ALLOW_ALL_NAMES and QFILE_ALLOW_UNSAFE_LINKS. -EINVAL: empty,
 * a NUL, or longer than QFILE_NAME_MAX. -EILSEQ: as for a name. -ENOLINK: it would leave the
 * top-level entry that it comes in: it is absolute, climbs too far with "..", has a ".." behind
 * another component (which may itself be a link, so that nobody can tell where that leads), or is
 * itself top-level.
 */
int qfile_link_check(const char *name, const char *untrusted_target, size_t length, unsigned flags);

/* Characters of a VM's name. */
#define QFILE_VM_NAME_MAX 63

/*
 * Is `name` a VM's name: a letter, then letters, digits, '_', '-' and '.', at most
 * QFILE_VM_NAME_MAX in all (ASCII)?
 */
bool qfile_vm_name_ok(const char *name);

/*
 * Copy `length` bytes to `text`, every byte that is not printable ASCII replaced by '?',
 * NUL-terminated and cut to `size` bytes (at least 1). For text of a peer's. Returns the length
 * written, NUL not counted.
 */
size_t qfile_printable(const char *untrusted, size_t length, char *text, size_t size);

/*
 * The same for names of our own on a UTF-8 terminal: characters that qfile_name_check() accepts are
 * kept, and the result takes at most `columns` columns: a longer one loses its beginning, shown as
 * "...". Returns the columns used.
 */
size_t qfile_displayable(const char *name, size_t length, char *text, size_t size, size_t columns);

/* ---- The Filecopy format: pure functions ---- */

#define QFILE_HEADER_SIZE 32

/* One entry's header, or with namelen 0 the end of the transfer. */
struct qfile_header {
	/* Bytes of the name, its NUL counted: 0, or 2 to QFILE_NAME_MAX. */
	uint32_t namelen;
	uint32_t mode;              /* type (S_IFREG, S_IFDIR or S_IFLNK) and permission bits */
	uint64_t filelen;           /* bytes of data behind the name: at most INT64_MAX */
	uint32_t atime, atime_nsec; /* unsigned seconds since 1970, nanoseconds below 10^9 */
	uint32_t mtime, mtime_nsec;
};

void qfile_header_encode(const struct qfile_header *header, unsigned char bytes[QFILE_HEADER_SIZE]);

/*
 * The one place where a header is checked. -EINVAL: a field is out of its bounds, the type is none
 * of the three, a directory has data, or a link's target is empty or longer than QFILE_NAME_MAX.
 * Set-ID and sticky bits of the mode are dropped.
 */
int qfile_header_decode(const unsigned char untrusted_bytes[QFILE_HEADER_SIZE],
			struct qfile_header *header);

/* The receiver's result: the fixed part that every receiver sends, and the length of the name. */
#define QFILE_RESULT_SIZE         16
#define QFILE_RESULT_NAMELEN_SIZE 4

struct qfile_result {
	uint32_t code;             /* 0, a Linux errno or QFILE_ETRUNCATED */
	uint32_t crc;              /* CRC-32 of what was received */
	size_t namelen;            /* bytes in name; 0 from a receiver that sends none */
	char name[QFILE_NAME_MAX]; /* the entry last worked on: untrusted, not terminated */
};

/*
 * Both parts and the name. `bytes` has room for QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE +
 * namelen. Returns that sum.
 */
size_t qfile_result_encode(const struct qfile_result *result, unsigned char *bytes);
/* The fixed part; sets namelen to 0. */
void qfile_result_decode(const unsigned char untrusted_bytes[QFILE_RESULT_SIZE],
			 struct qfile_result *result);
/* The extension's length field: -EINVAL beyond QFILE_NAME_MAX. */
int qfile_result_namelen_decode(const unsigned char untrusted_bytes[QFILE_RESULT_NAMELEN_SIZE],
				struct qfile_result *result);

/* ---- Sending ---- */

/* Leave symbolic links out. */
#define QFILE_IGNORE_LINKS 0x1u
/* Send what a symbolic link points to in its place. */
#define QFILE_DEREFERENCE 0x2u

/*
 * What a command line names is found out before anything is sent: the path to open and the base
 * name to send it under. "x", "dir/", ".", ".." and "/x/" all have one.
 */
struct qfile_source {
	char *path; /* as to be opened */
	char *base; /* last component of the path */
};

/*
 * Resolve `argument`. A link is not followed unless the argument ends in '/' or `flags` has
 * QFILE_DEREFERENCE. -EINVAL: the argument is empty or names the root directory, which has no base
 * name. -ENOTSUP: neither a file, a directory nor a link. -EACCES: it may not be read. Else the
 * errno of looking at it.
 */
int qfile_source_open(struct qfile_source *source, const char *argument, unsigned flags,
		      struct qfile_error *error);
void qfile_source_close(struct qfile_source *source);

/*
 * How many bytes of file content and how many files, directories and links there are in `source`.
 */
struct qfile_size {
	uint64_t bytes, entries;
};
/*
 * Adds to *size. A file that cannot be looked at, such as one that has gone meanwhile, counts no
 * bytes. `stop` as in struct qfile_sender_options.
 */
int qfile_measure(const struct qfile_source *source, unsigned flags, int stop,
		  struct qfile_size *size, struct qfile_error *error);

struct qfile_sender;

/* Begin as QFILE_SENDER_OPTIONS_INIT; then set `in` and `out` at least. */
struct qfile_sender_options {
	size_t size; /* of this struct: later versions of the library know more members */
	/* The receiver's result is read here; polled while sending. Non-blocking or not. */
	int in;
	/*
	 * The stream goes here. Best non-blocking: an early result is then noticed even if the
	 * receiver reads no more.
	 */
	int out;
	int stop; /* a descriptor that becomes readable when the user wants to stop, or -1 */
	/* An empty file to note what was sent in, for qfile_remover_new(); or -1. */
	int journal;
	unsigned flags; /* QFILE_IGNORE_LINKS or QFILE_DEREFERENCE, or 0 */
};

/* No descriptors. */
#define QFILE_SENDER_OPTIONS_INIT                                                             \
	{                                                                                     \
		.size = sizeof(struct qfile_sender_options), .in = -1, .out = -1, .stop = -1, \
		.journal = -1, .flags = 0,                                                    \
	}

/* What became of a step. */
enum qfile_step {
	QFILE_STEP_DONE = 0,    /* the source is sent */
	QFILE_STEP_SENT = 1,    /* an entry, or a part of a large file */
	QFILE_STEP_SKIPPED = 2, /* a socket, fifo or device was left out: see qfile_sender_name() */
	/* The receiver has sent its result already: go on to qfile_sender_finish(). */
	QFILE_STEP_RESULT = 3,
};

/*
 * A new sender. The descriptors stay the caller's; a pipe at `out` gets a larger buffer. -EINVAL:
 * the options' size is none that this version knows. -ENOMEM.
 */
int qfile_sender_new(struct qfile_sender **sender, const struct qfile_sender_options *options);
/* Begin with a source, the one before being done. Its strings must live until its last step. */
void qfile_sender_begin(struct qfile_sender *sender, const struct qfile_source *source);
/*
 * Send the next entry, or the next part of a large one (a few hundred KiB). Returns an enum
 * qfile_step or a negative errno; -ECANCELED: `stop` became readable.
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
/* Bytes of content and entries sent so far. */
struct qfile_size qfile_sender_sent(const struct qfile_sender *sender);
/* The entry of the last step, NUL-terminated, unsanitised; valid until the next call. */
const char *qfile_sender_name(const struct qfile_sender *sender);
void qfile_sender_free(struct qfile_sender *sender);

/*
 * Remove what was sent, and only that, once qfile_sender_finish() returned 0: for moving. `journal`
 * is the file that the sender filled.
 */
struct qfile_remover;
int qfile_remover_new(struct qfile_remover **remover, int journal);
/*
 * Remove on, until something has to be kept: returns 1 and names it in *kept (code ESTALE: it
 * changed after it was sent; EEXIST: it appeared after its directory was read; else the errno of
 * removing it). Returns 0 at the end. A negative errno: the journal cannot be read.
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
	uint32_t crc;
	struct qfile_size size;
};

/* Bytes, NUL counted. */
#define QFILE_USER_NAME_SIZE 256
#define QFILE_HOME_SIZE      4096

/* Whom a delivery is for. */
struct qfile_user {
	uid_t uid;
	gid_t gid;
	char name[QFILE_USER_NAME_SIZE]; /* empty: an account without a name */
	char home[QFILE_HOME_SIZE];
};

/* Look up a user by name or number. -ENOENT: no such user. */
int qfile_user_find(struct qfile_user *user, const char *name_or_uid);

/*
 * Give up this process's identity for the user's, for good: user, group and supplementary groups. A
 * process that is that user already keeps its groups. In either case no capability stays in force,
 * not root's either; of those that it had, a few stay in the permitted set: what qfile_receive()
 * needs to confine its child. -EPERM: the process is neither root nor that user; it is unchanged.
 * After any other failure a part may be changed: end the process.
 *
 * Needs a process with a single thread: each thread has capabilities of its own.
 */
int qfile_user_become(const struct qfile_user *user);

/*
 * Open ~USER/PedOSIncoming/SOURCE, made 0700 where it is missing, following no link below the home
 * directory. To be called after qfile_user_become(). Returns a descriptor. -EINVAL: `source` is no
 * VM's name.
 */
int qfile_incoming_open(const struct qfile_user *user, const char *source,
			struct qfile_error *error);
/*
 * The same for a directory that the caller names; only its last component must be no link, and is
 * made if it is missing.
 */
int qfile_incoming_open_path(const char *path, struct qfile_error *error);

/* The confinement's layers, as bits. */
enum qfile_layer {
	QFILE_LAYER_USER_NS = 1 << 0,
	QFILE_LAYER_NAMESPACES = 1 << 1, /* mount, network, IPC, UTS, cgroup, PID */
	/* The staging directory is the whole file system, nosuid, nodev, noexec. */
	QFILE_LAYER_MOUNT = 1 << 2,
	QFILE_LAYER_CHROOT = 1 << 3,
	QFILE_LAYER_PRIVILEGES = 1 << 4, /* no capabilities, and no way to new ones */
	/* No new processes, no core dumps, bounded descriptors and memory. */
	QFILE_LAYER_RESOURCES = 1 << 5,
	QFILE_LAYER_DESCRIPTORS = 1 << 6, /* all closed but the stream, the report and stderr */
	/* Making entries and writing files, no reading, removing or running. */
	QFILE_LAYER_LANDLOCK = 1 << 7,
	QFILE_LAYER_SYSCALLS = 1 << 8, /* seccomp: a list of system calls, any other kills */
};
/* "chroot" and so on; NULL when there is no such layer. */
const char *qfile_layer_name(enum qfile_layer layer);

enum qfile_conflict {
	QFILE_CONFLICT_FAIL,   /* a name that is taken refuses the delivery */
	QFILE_CONFLICT_RENAME, /* it arrives as "name (2)" */
};

/* Begin as QFILE_RECEIVE_OPTIONS_INIT; then set `in`, `out` and `incoming` at least. */
struct qfile_receive_options {
	size_t size; /* of this struct: later versions of the library know more members */
	int in;      /* the stream */
	int out;     /* the result goes here */
	/* A descriptor that becomes readable when the delivery is to be given up, or -1. */
	int stop;
	int incoming; /* the directory to deliver to: qfile_incoming_open() */
	unsigned flags;
	struct qfile_limits limits;
	enum qfile_conflict on_conflict;
	/* Give up when the sender is silent for so many seconds; 0: never. */
	unsigned timeout;
	/* Wait until so many bytes are free before the first is read; 0: do not wait. */
	uint64_t wait_for_space;
};

/* No descriptors, no limits, and no time limit. */
#define QFILE_RECEIVE_OPTIONS_INIT                                                             \
	{                                                                                      \
		.size = sizeof(struct qfile_receive_options), .in = -1, .out = -1, .stop = -1, \
		.incoming = -1, .flags = 0, .limits = {UINT64_MAX, UINT64_MAX},                \
		.on_conflict = QFILE_CONFLICT_FAIL, .timeout = 0, .wait_for_space = 0,         \
	}

struct qfile_receive_outcome {
	struct qfile_received received;
	unsigned layers;  /* the enum qfile_layer bits that were in force */
	unsigned renamed; /* top-level entries that arrived under another name */
	bool result_sent; /* false: the sender had gone, or took nothing */
};

/*
 * Send the result of a receiver that cannot begin: failure `code` (a positive errno), no name.
 * Returns 0 or the negative errno of writing.
 */
int qfile_refuse(int out, int code);

/*
 * Receive one delivery whole or not at all, in a confined child, and send the result. Returns 0
 * when everything is on stable storage under its final name; after a failure nothing of this
 * delivery is visible. The result has the code and the name that are in *error;
 * outcome->result_sent says whether the sender took it.
 *  -ECANCELED: `stop` became readable.
 *  -EPERM: the child cannot be confined, or its parser has been taken over.
 *  -EINVAL: the options have a size that this version does not know, and no result is sent; or the
 *  stream is malformed.
 * Otherwise the errno of what failed.
 *
 * Needs a process with a single thread, after qfile_user_become(), whose SIGCHLD is not ignored and
 * whose SIGPIPE is. It changes the process for good, whatever it returns: no capability is left,
 * none can be gained again (no_new_privs), not by running a set-user-ID program either. Use a
 * process for each delivery. It waits for its own children alone.
 */
int qfile_receive(const struct qfile_receive_options *options,
		  struct qfile_receive_outcome *outcome, struct qfile_error *error);

#ifdef __cplusplus
}
#endif
#endif
