/*
 * What the unit tests share: a scratch directory for each test, small trees in it, and streams to
 * read from.
 *
 * Every test runs in a process of its own, unless its suite is PURE in main.c: it may change its
 * directory, its user and its limits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef UNIT_H
#define UNIT_H
#include <check.h>
#include <errno.h>
#include <qfile.h>
#include <string.h>
#include <sys/stat.h>

Suite *character_suite(void);
Suite *printable_suite(void);
Suite *vmname_suite(void);
Suite *similar_suite(void);
Suite *text_suite(void);
Suite *wire_suite(void);
Suite *renames_suite(void);
Suite *remarks_suite(void);
Suite *editwire_suite(void);
Suite *name_suite(void);
Suite *number_suite(void);
Suite *settings_suite(void);
Suite *command_suite(void);
Suite *error_suite(void);
Suite *options_suite(void);
Suite *progress_suite(void);
Suite *json_suite(void);
Suite *log_suite(void);
Suite *stream_suite(void);
Suite *report_suite(void);
Suite *said_suite(void);
Suite *dirstack_suite(void);
Suite *walk_suite(void);
Suite *disk_suite(void);
Suite *unpack_suite(void);
Suite *unpack_disk_suite(void);
Suite *writer_suite(void);
Suite *staging_suite(void);
Suite *commit_suite(void);
Suite *journal_remove_suite(void);
Suite *sandbox_suite(void);
Suite *verify_suite(void);
Suite *destination_suite(void);
Suite *vchan_suite(void);
Suite *ring_suite(void);
Suite *xenstore_suite(void);
Suite *faults_suite(void);
Suite *names_suite(void);
Suite *template_suite(void);
Suite *filter_suite(void);
Suite *words_suite(void);
Suite *policy_suite(void);
Suite *policy_file_suite(void);
Suite *tables_suite(void);
Suite *frame_suite(void);
Suite *session_suite(void);
Suite *screen_suite(void);
Suite *relay_suite(void);
Suite *daemon_log_suite(void);
Suite *peername_suite(void);
Suite *pending_suite(void);
Suite *refusals_suite(void);
Suite *calls_suite(void);
Suite *workdir_suite(void);
Suite *over_suite(void);
Suite *watch_suite(void);
Suite *in_use_suite(void);
Suite *handler_suite(void);
Suite *reply_suite(void);
Suite *saves_suite(void);
Suite *editor_suite(void);
Suite *attributes_suite(void);
Suite *original_suite(void);
Suite *pattern_suite(void);
Suite *reading_suite(void);
Suite *version_suite(void);
Suite *in_place_suite(void);
Suite *beside_suite(void);
Suite *lock_suite(void);
Suite *replace_suite(void);
Suite *faster_suite(void);
Suite *create_suite(void);
Suite *opener_suite(void);
Suite *saving_suite(void);
Suite *private_suite(void);

/* Seconds. It ends what hangs, and promises nothing about speed. */
#define HANGS 1200

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/*
 * The same as ck_assert_msg(), for what is checked thousands of times, or in two processes at the
 * same time: check writes into a file where it is each time that one of its own holds, and what two
 * write at once cannot be read.
 */
#define check_often(condition, ...)                \
	do {                                       \
		if (!(condition))                  \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

/* A preparation that has to work for the test to mean anything. */
#define MUST(call) check_often((call) >= 0, "preparing: %s: %s", #call, strerror(errno))

/* A test case of `suite`, with the time that a slow machine needs. */
TCase *add_case(Suite *suite, const char *name);
/*
 * The same where `possible`. Else one that can only pass stands in its stead, and is reported as
 * skipped; what is added to the case that is returned never runs.
 */
TCase *add_case_if(Suite *suite, const char *name, bool possible, const char *reason);
/* A test that runs once for every row of a table, with the row's number in _i. */
#define add_table_test(tcase, test, table) tcase_add_loop_test(tcase, test, 0, (int)COUNT(table))

/*
 * ---- Scratch directories: all below one, which is made before the first test and removed after
 * the last ----
 */

void scratch_begin(void);
void scratch_end(void);
/* Make an empty directory and work in it. */
void scratch_enter(void);
/* The same, and as root become a user without privileges: where modes have to mean something. */
void scratch_enter_plain(void);
/*
 * Can the user that we are now go there by its absolute path? Not where TMPDIR is in a directory of
 * root's.
 */
bool scratch_reachable(void);
/* The first for way 0, the second for way 1. */
void scratch_enter_as(int way);
/* A test that runs both ways, with the way in _i. */
#define add_both_users_test(tcase, test) tcase_add_loop_test(tcase, test, 0, 2)

/* ---- Trees. Paths are relative to the scratch directory ---- */

void make_dir(const char *path);
void make_file(const char *path, const char *content);
void make_link(const char *path, const char *target);
int open_dir(const char *path);
/*
 * Make directories inside each other below `dir`, `depth` of them, each called `name`, and a file
 * "bottom" in the last.
 */
void make_deep(int dir, const char *name, unsigned depth);
bool exists(const char *path);
mode_t mode_of(const char *path);
/* The whole content of a file, NUL-terminated, in a static buffer. */
const char *content_of(const char *path);
/* The names in a directory, sorted, joined by spaces, in a static buffer. */
const char *names_in(const char *path);

/* ---- Namespaces, for the test's own process alone ---- */

/*
 * Mount an empty file system in memory at `path`. As a plain user, be in a user namespace from then
 * on. Returns whether that worked: see can_mount().
 */
bool mount_own(const char *path, unsigned long flags, const char *options);
/* Can this user mount one with these flags? */
bool can_mount(unsigned long flags);
/*
 * From now on, see only those processes that are started by the test, and none of other tests or of
 * somebody who works beside them. All are seen still where this user cannot have such a namespace.
 */
void see_own_processes(void);

/* ---- Processes ---- */

/* A pipe from which `bytes` can be read, written by another process in pieces of `piece` bytes. */
int feed(const void *bytes, size_t size, size_t piece);
/*
 * Wait until another process sleeps: until it waits for what the caller is about to do, where that
 * is all that it can wait for. Fails when it has ended.
 */
void until_sleeps(pid_t pid);
/* Descriptors that this process has open. */
unsigned open_descriptors(void);

#endif
