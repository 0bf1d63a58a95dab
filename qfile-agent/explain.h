/* What went wrong, in words: what, where, and what to do. */
#ifndef EXPLAIN_H
#define EXPLAIN_H
#include <qfile.h>

/* Write a line to stderr. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The transfer failed with `code`, a negative errno of qfile_sender_step() or qfile_sender_finish(). `result`: the receiver's answer, for -EREMOTEIO. */
void explain_failure(int code, const struct qfile_error *error, const struct qfile_result *result);

/* An entry was not removed after it had been sent. */
void explain_kept(const struct qfile_error *kept);

#endif
