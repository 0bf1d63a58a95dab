/*
 * Finding out whether a command leads to an editor, before anything is sent to it.
 *
 * A command can lead to a shell, and a shell runs what it reads: whoever made the file would have
 * typed into it. So a command that does not name the editor is called twice.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "probe.h"

#include "cli/via.h"
#include "open/editwire.h"
#include "options.h"

#include <err.h>
#include <errno.h>
#include <string.h>

/* A content that is announced and does not come is refused before anything is opened. */
static const struct edit_request question = {
	/*
	 * To a shell, and to most other languages, it is a comment. An editor of version 1 refuses
	 * a name with a slash; one of version 2 may show it.
	 */
	.name = "#/ is this an editor?",
	.length = 1,
};

/* Say that no editor has answered. */
static void explain(const struct calling_options *calling, const struct via_end *end, bool answered)
{
	char how[512];

	via_describe(calling, &editor, end, how);
	if (answered || !via_failed(end))
		warnx("no editor answered%s: %s. Only an editor gets the file, so nothing was "
		      "sent. "
		      "Name vm-file-editor in the command, as in --via='ssh host vm-file-editor', "
		      "or use --ssh=HOST",
		      answered ? ", but something else did" : "", how);
	else
		warnx("no editor answered: %s; nothing was sent", how);
}

int probe_editor(const struct calling_options *calling, int stop)
{
	unsigned char request[EDIT_REQUEST_SIZE], answer[EDIT_RECORD_SIZE];
	struct edit_record record;
	struct via_end end;
	ssize_t n;

	edit_request_encode(&question, request);
	n = via_ask(calling, &editor, stop, request, sizeof(request), answer, sizeof(answer), &end);
	if (n == (ssize_t)sizeof(answer) && edit_record_decode(answer, &record) == 0 &&
	    record.kind == EDIT_DONE)
		return 0;
	if (n == -ECANCELED)
		warnx("stopped; nothing was sent");
	else if (n < 0)
		warnx("running a shell: %s; nothing was sent", strerror((int)-n));
	else
		explain(calling, &end, n > 0);
	return n < 0 ? (int)n : -EPROTO;
}
