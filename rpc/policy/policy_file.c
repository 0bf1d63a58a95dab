/*
 * The files of a policy.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "policy/policy_file.h"
#include "system/contents.h"
#include "text/printable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct rpc_policy_error *error, int code, const char *why)
{
	error->why = why;
	return code;
}

/* The system's own words are the best there are. */
static int fail_system(struct rpc_policy_error *error, int code)
{
	return fail(error, code, strerrordesc_np(-code));
}

/* ---- Who may have written it ---- */

static int check_trusted(const struct stat *status, struct rpc_policy_error *error)
{
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return fail(error, -EPERM,
			    "it belongs to somebody else, who could change it: it must belong to "
			    "root or to the reader");
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return fail(error, -EPERM, "others may write to it: chmod go-w");
	return 0;
}

static int check_directory(int dir, struct rpc_policy_error *error)
{
	struct stat status;

	return fstat(dir, &status) < 0 ? fail_system(error, -errno) : check_trusted(&status, error);
}

static int check_file(int fd, struct rpc_policy_error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return fail_system(error, -errno);
	if (!S_ISREG(status.st_mode))
		return fail(error, -EINVAL, "it is no regular file");
	return check_trusted(&status, error);
}

/* ---- One file ---- */

static int add_line(const char *line, size_t length, struct rpc_policy *policy,
		    struct rpc_policy_error *error)
{
	struct rpc_rule rule;
	int r;

	if (length > RPC_POLICY_LINE_MAX)
		return fail(error, -E2BIG, "the line is longer than 1023 bytes");
	r = rpc_rule_parse(line, length, &rule, &error->why);
	if (r == 1 && policy->count == RPC_RULES_MAX)
		return fail(error, -E2BIG, "there are more than 4096 rules in all");
	if (r == 1)
		policy->rules[policy->count++] = rule;
	return r < 0 ? r : 0;
}

static int add_lines(const char *text, size_t length, struct rpc_policy *policy,
		     struct rpc_policy_error *error)
{
	const char *end = text + length, *newline;
	int r = 0;

	for (error->line = 1; r == 0 && text < end; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			newline = end;
		r = add_line(text, (size_t)(newline - text), policy, error);
		if (r == 0)
			error->line++;
	}
	return r;
}

static int read_file(int fd, struct rpc_policy *policy, struct rpc_policy_error *error)
{
	char *text = malloc(RPC_POLICY_FILE_MAX + 1);
	ssize_t length;
	int r;

	if (!text)
		return fail_system(error, -errno);
	length = contents_read(fd, text, RPC_POLICY_FILE_MAX + 1);
	if (length < 0)
		r = fail_system(error, (int)length);
	else if (length > RPC_POLICY_FILE_MAX)
		r = fail(error, -E2BIG, "it is larger than 1 MiB");
	else
		r = add_lines(text, (size_t)length, policy, error);
	free(text);
	return r;
}

static int load_file(int dir, const char *name, struct rpc_policy *policy,
		     struct rpc_policy_error *error)
{
	/* O_NONBLOCK: opening a fifo must not block. */
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), r;

	if (fd < 0)
		return errno == ELOOP
			       ? fail(error, -ELOOP, "it is a link: only regular files are read")
			       : fail_system(error, -errno);
	r = check_file(fd, error);
	if (r == 0)
		r = read_file(fd, policy, error);
	close(fd);
	if (r == 0)
		policy->files++;
	return r;
}

/* ---- All of them ---- */

static int is_policy(const struct dirent *entry)
{
	static const char suffix[] = ".policy";
	size_t length = strlen(entry->d_name), behind = sizeof(suffix) - 1;

	return entry->d_name[0] != '.' && length > behind &&
	       strcmp(entry->d_name + length - behind, suffix) == 0;
}

/* Not in the order of the locale: all users must get the same order. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_files(int dir, const char *path, struct rpc_policy *policy,
		      struct rpc_policy_error *error)
{
	struct dirent **names;
	int count = scandirat(dir, ".", &names, is_policy, by_bytes), r = 0;

	if (count < 0)
		return fail_system(error, -errno);
	for (int i = 0; i < count; i++) {
		if (r == 0) {
			snprintf(error->file, sizeof(error->file), "%s/%s", path, names[i]->d_name);
			error->line = 0;
			r = load_file(dir, names[i]->d_name, policy, error);
		}
		free(names[i]);
	}
	free(names);
	return r;
}

int rpc_policy_load(const char *dir, struct rpc_policy *policy, struct rpc_policy_error *error)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	*policy = (struct rpc_policy){.count = 0};
	*error = (struct rpc_policy_error){.line = 0};
	snprintf(error->file, sizeof(error->file), "%s", dir);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail_system(error, -errno);
	policy->rules = calloc(RPC_RULES_MAX, sizeof(*policy->rules));
	r = policy->rules ? check_directory(fd, error) : fail_system(error, -errno);
	if (r == 0)
		r = load_files(fd, dir, policy, error);
	close(fd);
	if (r < 0)
		rpc_policy_free(policy);
	return r;
}

void rpc_policy_free(struct rpc_policy *policy)
{
	free(policy->rules);
	*policy = (struct rpc_policy){.count = 0};
}

char *rpc_policy_error_text(const struct rpc_policy_error *error, char *text, size_t size)
{
	char file[sizeof(error->file)];

	text_printable(error->file, strlen(error->file), file, sizeof(file));
	if (error->line > 0)
		snprintf(text, size, "%s:%u: %s", file, error->line, error->why);
	else
		snprintf(text, size, "%s: %s", file, error->why);
	return text;
}
