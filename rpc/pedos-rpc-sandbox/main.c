/*
 * pedos-rpc-sandbox: serve one call in a sandbox of its own, in the role of a disposable VM.
 *
 * The room rpc/pedos-rpc-sandbox makes sandboxes with bubblewrap: it knows what is inside and which
 * screen they have, and carries the streams of one call. It does not decide who may call: it is
 * started by the user whose sandbox it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/startup.h"
#include "confine.h"
#include "directory.h"
#include "options.h"
#include "process.h"
#include "serve.h"
#include "template_file.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Name the templates. Nothing, where no sandbox can be made. */
static int list(void)
{
	int r;

	if (geteuid() == 0 || !confine_find("bwrap"))
		return 0;
	puts("default");
	r = template_list();
	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	if (r < 0)
		warnx("the templates: %s", strerror(-r));
	return r < 0 ? EXIT_FAILED : 0;
}

/* Serve a call, in a process of which nothing is left even if it is killed. */
static int serve_guarded(const struct options *options)
{
	int status, r = directory_share();
	struct stat stream;

	if (fstat(STDIN_FILENO, &stream) < 0 || !S_ISSOCK(stream.st_mode)) {
		warnx("no call comes by stdin, which is no socket: use pedos-rpc "
		      "@dispvm, which starts this program");
		return EXIT_USAGE;
	}
	if (r < 0)
		errx(EXIT_FAILED, "memory: %s", strerror(-r));
	status = process_guard();
	if (status == -1)
		return serve(options, STDIN_FILENO);
	if (status == -2)
		warn("a process for the call");
	directory_remove();
	return status == 0 ? 0 : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct options options;
	int status;

	descriptors_fill();
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	status = options_parse(&options, argc, argv);
	if (status >= 0)
		return status;
	return options.list ? list() : serve_guarded(&options);
}
