/*
 * libqfile: copy files between virtual machines that do not trust each other.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The formats that these functions speak are described in qfile(5), this interface in libqfile(3).
 *
 * Conventions that hold for every function here unless its comment says otherwise:
 *  - It returns 0 (or a count, where its comment says so) on success and a negative errno on
 * failure; -QFILE_ETRUNCATED is the one code that is no errno. A function that takes a `struct
 * qfile_error *` fills it on failure; it may be NULL.
 *  - It never prints, exits, reads the environment or keeps global state. Two threads may use two
 * different objects at one time.
 *  - Names are byte strings as the file system has them. What comes from a peer may hold anything:
 * show it to nobody before qfile_printable() has gone over it.
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

/* "MAJOR.MINOR.PATCH" of the library that is loaded, a static string. */
const char *qfile_version(void);

/* ---- Errors  ---- */

/* The longest name or link target of the Filecopy format: bytes, a name's trailing NUL counted. */
#define QFILE_NAME_MAX 16383

/* Error code of the Filecopy format: the stream ended before its end-of-transfer header. */
#define QFILE_ETRUNCATED 31415926

/* What went wrong, while doing what, to which file. */
struct qfile_error {
	int code; /* a positive errno, or QFILE_ETRUNCATED */
	/* A static string such as "reading"; NULL where the code says all. */
	const char *doing;
	/* A static string: what the user can do about it; NULL where nothing is known. */
	const char *hint;
	/* The file, NUL-terminated, unsanitised; empty where no file is at fault. */
	char name[QFILE_NAME_MAX + 1];
};

/*
 * Write the sentence part "doing "name": reason (hint)" for `error` to `text`, sanitised and
 * NUL-terminated, cut to `size` bytes. Returns `text`.
 */
char *qfile_error_text(const struct qfile_error *error, char *text, size_t size);

/* ---- Names: pure functions  ---- */

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

/*
 * Is `name` a VM's name: a letter, then letters, digits, '_', '-' and '.', at most 63 in all
 * (ASCII)?
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

/*
 * The name under which an entry called `name` is delivered when that name is taken: "report
 * (2).pdf" for number 2. The part before the extension is shortened, never inside a UTF-8
 * character, where the whole would exceed 255 bytes. `numbered` has room for 256 bytes.
 * -ENAMETOOLONG: the extension leaves no room for it.
 */
int qfile_numbered_name(const char *name, unsigned number, char numbered[256]);

/*
 * The same with a text in place of the number: "report (edited in work).pdf" for "edited in work".
 * `tag` has characters that qfile_name_check() accepts, and no '/'. -ENAMETOOLONG: it and the
 * extension leave no room for the name.
 */
int qfile_tagged_name(const char *name, const char *tag, char tagged[256]);

/*
 * A name for a file of our own that is to be called like a peer's: `untrusted_name` with '_' for
 * each character that qfile_name_check() does not accept, for each '/', and for the first one of
 * the staging prefix: qfile_name_check() accepts the result. `length` is at most 255, the longest
 * that `name` can hold. -EINVAL: it is longer, or empty, "." or "..".
 */
int qfile_safe_name(const char *untrusted_name, size_t length, char name[256]);

/* ---- The Filecopy format: pure functions  ---- */

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

/*
 * The receiver's answer: the fixed part that every receiver sends, and the extension's length
 * field.
 */
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

/* ---- The OpenInVM format: pure functions  ----
 *
 * The opener has a file, and asks the editor, in another VM, to open it. Both speak version 2,
 * which an older program at the other end takes for version 1.
 */

#define QFILE_EDIT_REQUEST_SIZE 256
/* Bytes of a request of version 2 that hold the name, "view-only-" and the NUL counted. */
#define QFILE_EDIT_NAME_SIZE 232

struct qfile_edit_request {
	/* The file's base name, without "view-only-", NUL-terminated; decoded: untrusted. */
	char name[QFILE_EDIT_REQUEST_SIZE];
	bool view_only;
	bool records; /* version 2: the answer is to come in records. Encoded always */
	/* Version 2: bytes of content that follow; else they end with the stream. */
	uint64_t length;
};

/*
 * A name too long for its field loses its beginning, never a part of a UTF-8 character, so that the
 * extension survives. `name` is not empty.
 */
void qfile_edit_request_encode(const struct qfile_edit_request *request,
			       unsigned char bytes[QFILE_EDIT_REQUEST_SIZE]);

/*
 * The one place where a request is checked. -EINVAL: no NUL ends the name, it is empty; or of
 * version 2, with a checksum that is wrong, an unknown flag, or a length beyond INT64_MAX. Under
 * version 1 "view-only-" before a name means what it says; under version 2 the flag alone counts.
 */
int qfile_edit_request_decode(const unsigned char untrusted_bytes[QFILE_EDIT_REQUEST_SIZE],
			      struct qfile_edit_request *request);

/* A record of the answer under version 2: a header, then the payload, then the payload's CRC-32. */
#define QFILE_EDIT_RECORD_SIZE 24
#define QFILE_EDIT_CRC_SIZE    4
/* The longest payload of a record "done": a message. */
#define QFILE_EDIT_MESSAGE_MAX 4096

enum qfile_edit_kind {
	QFILE_EDIT_SAVE = 1, /* the payload is one complete version that the user saved */
	/* Nothing more comes; the payload is a message for the user, or empty. */
	QFILE_EDIT_DONE = 2,
};

struct qfile_edit_record {
	enum qfile_edit_kind kind;
	uint32_t code; /* of "done": 0, or a Linux errno. 0 of "save" */
	/* Bytes of payload: at most INT64_MAX, of "done" at most QFILE_EDIT_MESSAGE_MAX. */
	uint64_t length;
};

void qfile_edit_record_encode(const struct qfile_edit_record *record,
			      unsigned char bytes[QFILE_EDIT_RECORD_SIZE]);
/*
 * The one place where a record is checked. -EINVAL: no mark, an unknown kind, or a field out of its
 * bounds.
 */
int qfile_edit_record_decode(const unsigned char untrusted_bytes[QFILE_EDIT_RECORD_SIZE],
			     struct qfile_edit_record *record);

#define QFILE_EDIT_MARK_SIZE 8
/*
 * Do these bytes begin an answer in records? Else they are a new content, raw, as version 1 sends
 * it.
 */
bool qfile_edit_is_record(const unsigned char untrusted_bytes[QFILE_EDIT_MARK_SIZE]);

void qfile_edit_crc_encode(uint32_t crc, unsigned char bytes[QFILE_EDIT_CRC_SIZE]);
uint32_t qfile_edit_crc_decode(const unsigned char bytes[QFILE_EDIT_CRC_SIZE]);

/* ---- Sending  ---- */

/*
 * What a command line names is found out before anything is sent: the path to open and the base
 * name to send it under. "x", "dir/", ".", ".." and "/x/" all have one.
 */
struct qfile_source {
	char *path; /* as to be opened */
	char *base; /* last component of the path */
};

/*
 * Resolve `argument`. A link is not followed unless the argument ends in '/' or `dereference` is
 * set. -EINVAL: the argument is empty or names the root directory, which has no base name.
 * -ENOTSUP: neither a file, a directory nor a link. -EACCES: it may not be read. Else the errno of
 * looking at it.
 */
int qfile_source_open(struct qfile_source *source, const char *argument, bool dereference,
		      struct qfile_error *error);
void qfile_source_close(struct qfile_source *source);

/* Leave symbolic links out. */
#define QFILE_IGNORE_LINKS 0x1u
/* Send what a symbolic link points to in its place. */
#define QFILE_DEREFERENCE 0x2u

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

struct qfile_sender_options {
	/* The receiver's answer is read here; polled while sending. Non-blocking or not. */
	int in;
	/*
	 * The stream goes here. Best non-blocking: an answer is then noticed whatever the receiver
	 * reads.
	 */
	int out;
	int stop;    /* a descriptor that becomes readable when the user wants to stop, or -1 */
	int journal; /* an empty file to note what was sent in, for qfile_remover_new(); or -1 */
	unsigned flags;
};

/* What became of a step. */
enum qfile_step {
	QFILE_STEP_DONE = 0,    /* the source is sent */
	QFILE_STEP_SENT = 1,    /* an entry, or a part of a large file */
	QFILE_STEP_SKIPPED = 2, /* a socket, fifo or device was left out: see qfile_sender_name() */
	/* The receiver has answered already: go on to qfile_sender_finish(). */
	QFILE_STEP_ANSWER = 3,
};

/* A new sender. The descriptors stay the caller's. -ENOMEM. */
int qfile_sender_new(struct qfile_sender **sender, const struct qfile_sender_options *options);
/* Begin with a source, the one before being done. Its strings must live until its last step. */
void qfile_sender_begin(struct qfile_sender *sender, const struct qfile_source *source);
/*
 * Send the next entry, or the next part of a large one (a few hundred KiB). Returns an enum
 * qfile_step or a negative errno; -ECANCELED: `stop` became readable.
 */
int qfile_sender_step(struct qfile_sender *sender, struct qfile_error *error);
/*
 * End the stream (unless the receiver has answered already), wait for the answer and judge it. 0:
 * everything is on the receiver's stable storage. -ECONNRESET: the connection ended without an
 * answer. -EBADMSG: received with another checksum than was sent. -EPROTO: a success that came too
 * early.
 * -ECANCELED: `stop`. -EREMOTEIO: the receiver failed, and *result says how.
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

/* ---- Receiving  ---- */

struct qfile_limits {
	uint64_t bytes; /* of content in one delivery; UINT64_MAX: no limit */
	uint64_t files; /* files, directories and links in one delivery; UINT64_MAX: no limit */
};

/* What has been received. */
struct qfile_received {
	uint32_t crc;
	struct qfile_size size;
};

/* Whom a delivery is for. */
struct qfile_user {
	uid_t uid;
	gid_t gid;
	char name[256]; /* empty: an account without a name */
	char home[4096];
};

/* Look up a user by name or number. -ENOENT: no such user. */
int qfile_user_find(struct qfile_user *user, const char *name_or_uid);

/*
 * Give up this process's identity for the user's, for good. Started as root it keeps, in its
 * permitted set only, the few capabilities that qfile_receive() needs to confine its child. -EPERM:
 * it is neither root nor the user himself.
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

struct qfile_receive_options {
	int in;  /* the stream */
	int out; /* the answer goes here */
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

struct qfile_receive_outcome {
	struct qfile_received received;
	unsigned layers;  /* the enum qfile_layer bits that were in force */
	unsigned renamed; /* top-level entries that arrived under another name */
	bool answered;    /* the sender has been told */
};

/*
 * Answer the sender with failure `code` (positive) before or instead of a delivery: for a receiver
 * that cannot even begin.
 */
int qfile_refuse(int out, int code);

/*
 * Receive one delivery whole or not at all, in a confined child, and answer the sender. Needs a
 * process with a single thread, after qfile_user_become(); drops what capabilities that kept. 0:
 * everything is on stable storage under its final name. Otherwise nothing of this delivery is
 * visible. The sender is told either, with the code and name in *error, if it still listens
 * (*outcome). -ECANCELED: `stop`. -EPERM: the child cannot be confined.
 */
int qfile_receive(const struct qfile_receive_options *options,
		  struct qfile_receive_outcome *outcome, struct qfile_error *error);

/* ---- Opening a file in another VM: the opener, which has the file  ---- */

struct qfile_opener;

struct qfile_opener_options {
	int in;  /* the answer is read here */
	int out; /* the request and the content go here; non-blocking or not */
	int stop;
	bool view_only;     /* nothing that comes back is written anywhere */
	uint64_t max_bytes; /* the longest version that is accepted; UINT64_MAX: any */
	/* The name of the other VM, for the names of edits that are kept beside the file. */
	const char *from;
	const char *const
		*keep; /* directories, NULL-terminated: where an edit is kept that can be written
			  neither over nor beside the file. The first that can take it does. Made,
			  0700, where they are missing, as are those above them; passed over where
			  it is a link, not the caller's, or open to others */
};

/* What is worth telling the user before he edits, as bits. */
enum qfile_opener_note {
	/* The file has other names (hard links), which will keep the old content. */
	QFILE_OPENER_LINKS = 1 << 0,
	/* The caller may not write to the file: edits will be kept beside it. */
	QFILE_OPENER_READ_ONLY = 1 << 1,
	/* Another opener has it open for editing: edits will be kept beside it. */
	QFILE_OPENER_SECOND = 1 << 2,
};

/*
 * Open the file at `path`, following symbolic links: what they lead to is what will change. Sends
 * nothing. The options' strings must live as long as the opener. -EINVAL: the path is empty.
 * -EISDIR: a directory. -ENOTSUP: neither that nor a regular file. Else the errno of opening it.
 */
int qfile_opener_new(struct qfile_opener **opener, const char *path,
		     const struct qfile_opener_options *options, struct qfile_error *error);
/* enum qfile_opener_note bits; none with view_only. */
unsigned qfile_opener_notes(const struct qfile_opener *opener);

/*
 * Send the request, or the next part of the content (a few hundred KiB). Returns 1 while there is
 * more to send, 0 at the end: the caller now closes `out`, all of whose copies the editor must see
 * closed. -ESTALE: the file became shorter meanwhile. -ECANCELED: `stop`. That the other side takes
 * no more is no error here: qfile_opener_step() tells why.
 */
int qfile_opener_send(struct qfile_opener *opener, struct qfile_error *error);

/* What came back. */
enum qfile_opener_step {
	QFILE_OPENER_DONE = 0,  /* the other side has ended: event->code and message */
	QFILE_OPENER_PART = 1,  /* a part of a version, or one that view_only passes over */
	QFILE_OPENER_SAVED = 2, /* a version is in the file's place, on stable storage */
	/* A version is at event->path instead, on stable storage: event->code tells why. */
	QFILE_OPENER_KEPT = 3,
	/* A version could be written nowhere: *error tells why. The next may have more luck. */
	QFILE_OPENER_DROPPED = 4,
	/*
	 * A version came with a wrong checksum, as when it was saved again while it was sent: not
	 * written.
	 */
	QFILE_OPENER_DAMAGED = 5,
};

struct qfile_opener_event {
	unsigned save; /* the version's number, from 1; of DONE: how many have come */
	/*
	 * DONE: 0 or why the other side failed, a Linux errno as it says. KEPT: ESTALE: the file
	 * was changed here; ENOENT: it was removed here; EBUSY: another opener has it; EACCES: the
	 * caller may not write to it; else the errno of writing it in its place (ENOSPC, EROFS
	 * ...).
	 */
	int code;
	/*
	 * KEPT: where the version is. SAVED under version 1: where the content before it is
	 * ("FILE~"); else empty. Unsanitised.
	 */
	char path[4096];
	char message[QFILE_EDIT_MESSAGE_MAX + 1]; /* DONE: for the user, sanitised; or empty */
};

/*
 * Read on. Returns an enum qfile_opener_step or a negative errno, after which nothing more is to be
 * read. -ECONNRESET: the answer ended without its end. -EPROTO: it is malformed. -EFBIG: a version
 * is longer than max_bytes. -ECANCELED: `stop`.
 */
int qfile_opener_step(struct qfile_opener *opener, struct qfile_opener_event *event,
		      struct qfile_error *error);

/* How far sending, or else the version that is coming, is: total is 0 where it is not known. */
struct qfile_edit_progress {
	uint64_t done, total;
};
struct qfile_edit_progress qfile_opener_progress(const struct qfile_opener *opener);
void qfile_opener_free(struct qfile_opener *opener);

/* ---- Opening a file in another VM: the editor, which shows it  ---- */

struct qfile_editor;

struct qfile_editor_options {
	int in;  /* the request and the content */
	int out; /* the answer goes here; non-blocking or not */
	int stop;
	const char *directory; /* where to make a private directory for the file */
	/* The name of the VM that asks, for the directory's name; NULL: unknown. */
	const char *from;
	uint64_t max_bytes; /* the longest content that is accepted; UINT64_MAX: any */
};

/*
 * A new editor. Nothing is made or read yet. The options' strings must live as long as it. -ENOMEM.
 * -EINVAL: `from` is no VM's name.
 */
int qfile_editor_new(struct qfile_editor **editor, const struct qfile_editor_options *options);

/*
 * Read the request and the content, and store it under its name, made safe, in a private directory.
 * -ENODATA: the request or the content is shorter than announced. -EINVAL: malformed. -EDQUOT:
 * beyond max_bytes. -ECANCELED: `stop`.
 */
int qfile_editor_receive(struct qfile_editor *editor, struct qfile_error *error);
/* The file's absolute path; and may it be edited? After qfile_editor_receive(). */
const char *qfile_editor_path(const struct qfile_editor *editor);
bool qfile_editor_view_only(const struct qfile_editor *editor);
/* How many versions were sent so far. */
unsigned qfile_editor_saves(const struct qfile_editor *editor);

/*
 * Run the handler (argv as execvp(3) takes it) on the file, with stdin from /dev/null and the
 * caller's stderr for stdout too, and send what is saved, as it is saved (under version 1 only the
 * last, at the end). Returns when the handler and all that it started have ended and no other
 * process has the file in use; or with -ECANCELED (`stop`) or -ECONNRESET (the opener has gone),
 * having tried to send what was saved last. What is still running of the handler is then asked to
 * end. -ENOTSUP: under version 1 the file was edited to empty, which cannot be said there. *status
 * is the handler's, as waitpid(2) has it; 0 while it runs. Needs a process without other children;
 * it adopts orphans from here on (PR_SET_CHILD_SUBREAPER).
 */
int qfile_editor_run(struct qfile_editor *editor, char *const argv[], char *const environment[],
		     int *status, struct qfile_error *error);

/*
 * Remove the private directory, whatever is in it, and tell the opener that nothing more comes:
 * `code` is 0 or a positive errno, `message` (at most QFILE_EDIT_MESSAGE_MAX bytes) is for its
 * user. Under version 1 nothing can be told. The opener may have gone: -ECONNRESET.
 */
int qfile_editor_done(struct qfile_editor *editor, int code, const char *message);
/*
 * Free the editor; without qfile_editor_done() before, remove the private directory. Returns as
 * removing it did.
 */
int qfile_editor_free(struct qfile_editor *editor);

/* ---- Calling: who is at the other end of the descriptors  ---- */

/* A command that runs at the other end. */
struct qfile_peer {
	pid_t pid; /* to be waited for */
	int in;    /* what it writes */
	int out;   /* what it reads */
};

/*
 * Start argv[0], found as execvp(3) finds it (which alone reads $PATH here), with a pipe each way;
 * it gets `environment`, and keeps the caller's stderr.
 */
int qfile_call_program(char *const argv[], char *const environment[], struct qfile_peer *peer);
/*
 * Start `sh -c command` with a pipe each way; it gets `environment`, and keeps the caller's stderr.
 */
int qfile_call_command(const char *command, char *const environment[], struct qfile_peer *peer);

/*
 * Find the rpc client: qrexec-client-vm in its usual places or in `search_path` (as in $PATH; NULL:
 * none), else pedos-rpc there. It is started as "CLIENT VM SERVICE PROGRAM ARGUMENT..." and joins
 * PROGRAM's stdin and stdout to the service's. -ENOENT: there is none.
 */
int qfile_call_find_client(const char *search_path, char path[4096]);

/* ---- Numbers as users write them: pure functions  ---- */

/* A decimal number and nothing else; false where it is none, or does not fit. */
bool qfile_parse_count(const char *text, uint64_t *count);
/*
 * A size: a number with K, M, G or T behind it for powers of 1024; a number alone counts in `unit`
 * bytes.
 */
bool qfile_parse_size(const char *text, uint64_t unit, uint64_t *size);

/* ---- How a program begins  ---- */

/*
 * Open /dev/null in place of those of the descriptors 0 to 2 that are closed: else the next files
 * that are opened would pass for them.
 */
int qfile_descriptors_fill(void);

/*
 * From here on SIGINT, SIGTERM and SIGHUP are not delivered but make the descriptor returned
 * readable (signalfd(2)), which is what `stop` means in the options above; and SIGPIPE and SIGXFSZ
 * are ignored, since a peer that goes away and a file that may not grow are answers and no death.
 * SIGCHLD is not, whatever the starter did: children are waited for.
 */
int qfile_stop_open(void);

/* ---- Progress: for a person or a program  ---- */

struct qfile_progress {
	struct qfile_size total; /* 0 bytes: unknown */
	struct qfile_size done;
	double seconds;   /* since the start */
	const char *name; /* current entry, unsanitised */
};

/*
 * One line of at most `columns` columns: percent, bytes, rate, time left, name. NUL-terminated, no
 * newline. Returns its bytes. `utf8`: the terminal shows UTF-8.
 */
size_t qfile_progress_line(const struct qfile_progress *progress, size_t columns, bool utf8,
			   char *text, size_t size);
/*
 * One JSON object, NUL-terminated, no newline. A name that is not UTF-8 has its other bytes
 * replaced.
 */
size_t qfile_progress_json(const struct qfile_progress *progress, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
