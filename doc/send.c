/*
 * Send one file or directory with libqfile. The receiver is at the other end of stdin and stdout,
 * so start it by an rpc client: pedos-rpc work PedOS.Filecopy ./send photos
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <errno.h>
#include <qfile.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct qfile_error error;
static struct qfile_result result;

/* Returns 0 when everything is on the receiver's disk. */
static int send_source(struct qfile_sender *sender, const struct qfile_source *source)
{
	int step;

	qfile_sender_begin(sender, source);
	do
		step = qfile_sender_step(sender, &error);
	while (step > 0 && step != QFILE_STEP_RESULT);
	return step < 0 ? step : qfile_sender_finish(sender, &result, &error);
}

/* Say why nothing was copied. */
static void explain(int r)
{
	char text[1024];

	if (r == -EREMOTEIO) {
		qfile_displayable(result.name, result.namelen, text, sizeof(text), 255);
		fprintf(stderr, "receiver: error %u at \"%s\"\n", (unsigned)result.code, text);
	} else {
		fprintf(stderr, "%s\n", qfile_error_text(&error, text, sizeof(text)));
	}
}

int main(int argc, char **argv)
{
	struct qfile_sender_options options = QFILE_SENDER_OPTIONS_INIT;
	struct qfile_sender *sender;
	struct qfile_source source;
	int r;

	if (argc != 2) {
		fprintf(stderr, "Usage: pedos-rpc VM PedOS.Filecopy %s FILE\n",
			argc > 0 ? argv[0] : "send");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	options.in = STDIN_FILENO;
	options.out = STDOUT_FILENO;
	r = qfile_source_open(&source, argv[1], 0, &error);
	if (r < 0) {
		explain(r);
		return 1;
	}
	r = qfile_sender_new(&sender, &options);
	if (r < 0) {
		fprintf(stderr, "%s\n", strerror(-r));
		return 1;
	}
	r = send_source(sender, &source);
	if (r < 0)
		explain(r);
	qfile_sender_free(sender);
	qfile_source_close(&source);
	return r == 0 ? 0 : 1;
}
