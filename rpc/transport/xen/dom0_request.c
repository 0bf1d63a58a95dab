/*
 * A request to dom0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/xen/dom0_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer_has_changed(void *context, const char *untrusted_path, const char *token)
{
	struct dom0_request *request = context;

	(void)untrusted_path, (void)token;
	request->changed = true;
}

/* Watch the answer, then write the request. */
static int begin(struct dom0_request *request, const char *id, const char *target,
		 const char *service, struct rpc_failure *failure)
{
	char text[2 * RPC_NAME_SIZE];
	unsigned own;
	int status = xenstore_open(&request->store, answer_has_changed, request);

	if (status == 0)
		status = vchan_own_domid(&request->store, &own);
	if (status < 0)
		return rpc_fail(failure, status, "cannot ask dom0 through xenstore: %s",
				strerror(-status));
	snprintf(request->path, sizeof(request->path), "/local/domain/%u/data/pedos-rpc/dom0/%s",
		 own, id);
	snprintf(request->entry, sizeof(request->entry), "pedos-rpc-answers/%s", id);
	snprintf(text, sizeof(text), "%s %s", target, service);
	status = rpc_guard_start(&request->guard, request->path);
	if (status < 0)
		return rpc_fail(failure, status, "cannot start a process: %s", strerror(-status));
	status = xenstore_watch(&request->store, request->entry, "answer");
	if (status == 0)
		status = xenstore_write(&request->store, request->path, text);
	if (status < 0)
		return rpc_fail(failure, status, "cannot write %s in xenstore: %s", request->path,
				strerror(-status));
	return 0;
}

int dom0_request_begin(struct dom0_request **made, const char *id, const char *target,
		       const char *service, struct rpc_failure *failure)
{
	struct dom0_request *request = calloc(1, sizeof(*request));
	int status;

	if (!request)
		return rpc_fail(failure, -ENOMEM, "out of memory");
	request->store.fd = -1;
	request->guard.fd = -1;
	status = begin(request, id, target, service, failure);
	if (status == 0)
		*made = request;
	else
		dom0_request_end(request);
	return status;
}

/* Does `value` begin with this word? Then *text is what stands behind it, and behind a blank. */
static bool begins(const char *value, const char *word, const char **text)
{
	size_t length = strlen(word);

	if (strncmp(value, word, length) != 0 || (value[length] && value[length] != ' '))
		return false;
	*text = value + length + (value[length] == ' ');
	return true;
}

int dom0_request_answer(struct dom0_request *request, char text[XENSTORE_VALUE_SIZE])
{
	static const struct {
		const char *word;
		enum dom0_answer answer;
	} words[] = {{"asking", DOM0_ASKING},
		     {"starting", DOM0_STARTING},
		     {"ready", DOM0_READY},
		     {"allowed", DOM0_ALLOWED},
		     {"refused", DOM0_REFUSED}};
	char value[XENSTORE_VALUE_SIZE];
	const char *rest;
	ssize_t n = xenstore_drain(&request->store);

	if (n < 0)
		return (int)n;
	/* An event may come together with the answer to a question about it. */
	do {
		request->changed = false;
		n = xenstore_read(&request->store, request->entry, value);
	} while (request->changed);
	if (n == -ENOENT || n == -EACCES) /* where there is nothing yet, it may not even be read */
		return DOM0_SILENT;
	if (n < 0)
		return (int)n;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (begins(value, words[i].word, &rest)) {
			strcpy(text, rest);
			return words[i].answer;
		}
	}
	return DOM0_SILENT;
}

void dom0_request_end(struct dom0_request *request)
{
	if (!request)
		return;
	if (request->guard.fd >= 0)
		xenstore_remove(&request->store, request->path);
	rpc_guard_dismiss(&request->guard);
	xenstore_close(&request->store);
	free(request);
}
