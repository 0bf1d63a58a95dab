/*
 * What went wrong, as a struct and as text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/error.h"
#include "text/printable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *qfile_version(void)
{
	return QFILE_VERSION; /* from the Makefile */
}

/* Is this a UTF-8 continuation byte, which belongs to the character before it? */
static bool continues(char byte)
{
	return ((unsigned char)byte & 0xC0) == 0x80;
}

int error_set_bytes(struct qfile_error *error, int code, const char *doing, const char *name,
		    size_t length)
{
	size_t left_out = 0;

	if (!error)
		return code;
	if (length >= sizeof(error->name)) {
		left_out = length - (sizeof(error->name) - 1);
		while (left_out < length && continues(name[left_out]))
			left_out++;
	}
	error->code = -code;
	error->doing = doing;
	error->hint = NULL;
	memcpy(error->name, name + left_out, length - left_out);
	error->name[length - left_out] = '\0';
	return code;
}

int error_set(struct qfile_error *error, int code, const char *doing, const char *name)
{
	return error_set_bytes(error, code, doing, name ? name : "", name ? strlen(name) : 0);
}

/* For codes whose text from the system would not tell a user what happened. */
static const struct {
	int code;
	const char *text;
} reasons[] = {
	{QFILE_ETRUNCATED, "the stream ended in the middle"},
	{ENOLINK, "the link points outside of what is copied"},
	{EILSEQ, "the name, or what the link points to, has characters that are not allowed"},
	{EDQUOT, "it exceeds what may be received in one delivery, or the disk quota"},
	{EEXIST, "the name is there already"},
	{ENAMETOOLONG, "the name is too long"},
	{EADDRNOTAVAIL, "the disk refuses the name"},
	{ENOTUNIQ, "the disk takes it and another name that came with it for the same"},
	{ECANCELED, "stopped"},
	{EIO, "the disk failed (Input/output error)"},
	{EUCLEAN, "the file system is damaged: have it checked"},
	{EBADMSG, "the file system is damaged: have it checked"},
	{ENXIO, "the device has gone"},
	{ENODEV, "the device has gone"},
	{ENOMEDIUM, "the device has gone"},
	{ENOTCONN, "the program that serves this file system has ended"},
	{ENOKEY, "it is encrypted and locked"},
	{EKEYEXPIRED, "it is encrypted and locked"},
	{EKEYREVOKED, "it is encrypted and locked"},
	{EKEYREJECTED, "it is encrypted and locked"},
	{EREMOTEIO, "the server of the network file system failed"},
	{EHOSTDOWN, "the server of the network file system does not answer"},
	{EHOSTUNREACH, "the server of the network file system does not answer"},
	{EMFILE, "this program may open no more files: raise ulimit -n"},
	{ENFILE, "the system may open no more files"},
	{ENOMEM, "there is too little memory"},
	{ENOSPC, "the disk is full"},
	{EROFS, "the file system is read-only"},
	{EFBIG, "it is larger than a file may be here"},
	{EXDEV, "it lies on two file systems"},
	{EMLINK, "a directory takes no more entries"},
	{EOVERFLOW, "its size or time is out of range"},
	{EOPNOTSUPP, "the file system cannot do that"},
	{ENOSYS, "the system cannot do that"},
	{ENODATA, "nothing came, or not all of it"},
	{ECHILD, "it ended before it was done"},
	{ECONNRESET, "the connection was lost"},
	{EPIPE, "the connection was lost"},
	{ELOOP, "a symbolic link is in its place, or links lead in a circle (Too many levels of "
		"symbolic links)"},
	{ETIMEDOUT, "nothing came for too long"},
	{ESTALE, "it changed in the meantime"},
};

static const char *reason_text(int code)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (reasons[i].code == code)
			return reasons[i].text;
	}
	return strerror(code);
}

/* Does the hint say all, so that the system's words would only be in its way? */
static bool hint_is_reason(const struct qfile_error *error)
{
	return error->hint && (error->code == EINVAL || error->code == ENOENT);
}

/* Of a name that is not accepted, which character it is; `text` is for that. */
static const char *reason_of(const struct qfile_error *error, char text[128])
{
	const size_t length = strlen(error->name);
	struct qfile_name_fault fault;

	if (error->code != EILSEQ)
		return reason_text(error->code);
	if (qfile_name_check(error->name, length, QFILE_ALLOW_ALL_NAMES) == -EILSEQ)
		return "the name is reserved for the receiver";
	if (!qfile_name_fault(error->name, length, &fault))
		return reason_text(EILSEQ);
	snprintf(text, 128, "the name has %s as character %zu, which %s", fault.label,
		 fault.position, fault.why);
	return text;
}

char *qfile_error_text(const struct qfile_error *error, char *text, size_t size)
{
	char fault[128];
	const bool hint_only = hint_is_reason(error);
	const char *reason = hint_only ? error->hint : reason_of(error, fault);
	char name[512];
	size_t used = 0;

	text_displayable(error->name, strlen(error->name), name, sizeof(name), 200);

	text[0] = '\0';
	if (error->doing)
		used = (size_t)snprintf(text, size, "%s%s", error->doing, name[0] ? " " : ": ");
	if (name[0] && used < size)
		used += (size_t)snprintf(text + used, size - used, "\"%s\": ", name);
	if (used < size)
		used += (size_t)snprintf(text + used, size - used, "%s", reason);
	if (error->hint && !hint_only && used < size)
		snprintf(text + used, size - used, " (%s)", error->hint);
	return text;
}
