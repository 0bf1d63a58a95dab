/*
 * The survey: what would be sent, and what stands in the way.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "survey.h"

#include "cli/stop.h"
#include "cli/usage.h"
#include "explain.h"

#include <err.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct survey {
	struct transfer *transfer;
	struct qfile_sender *looker;
	const char *known; /* the name of an unreadable entry that is listed already, or "" */
	/* What cannot be read, what is left out for other reasons, and what would be refused. */
	struct left unreadable, left_out, refused, times;
};

static void found(struct survey *survey, int step, const struct qfile_error *error)
{
	const char *name = qfile_sender_name(survey->looker);

	switch (step) {
	case QFILE_STEP_UNREADABLE:
		if (strcmp(name, survey->known) != 0)
			left_add_error(&survey->unreadable, name, error->code);
		break;
	case QFILE_STEP_REFUSABLE:
		/* The receiver will be asked to accept it. */
		if (error->code != EILSEQ || !survey->transfer->options->allow_all_names)
			left_add_error(&survey->refused, name, error->code);
		break;
	case QFILE_STEP_TIME:
		left_add(&survey->times, name, EXPLAIN_TIME);
		break;
	default:
		explain_left_out(&survey->left_out, step, name);
	}
}

/*
 * Look at all sources, with QFILE_LOOK_ONLY or QFILE_LOOK_QUICKLY. Returns 0, or a negative errno
 * after a message.
 */
static int look(struct survey *survey, unsigned how)
{
	struct transfer *transfer = survey->transfer;
	struct qfile_sender_options options = transfer->ends;
	int r;

	options.flags |= how;
	options.journal = -1;
	r = qfile_sender_new(&survey->looker, &options);
	transfer->error = (struct qfile_error){.code = -r};
	for (size_t i = 0; i < transfer->sources.count && r == QFILE_STEP_DONE; i++) {
		qfile_sender_begin(survey->looker, &transfer->sources.list[i]);
		while ((r = qfile_sender_step(survey->looker, &transfer->error)) > 0)
			found(survey, r, &transfer->error);
	}
	if (r == -ECANCELED)
		warnx("stopped; nothing was copied");
	else if (r < 0)
		explain_failure(r, &transfer->error, &transfer->result, false);
	else
		transfer->whole = qfile_sender_sent(survey->looker);
	qfile_sender_free(survey->looker);
	return r;
}

static bool skips_unreadable(const struct survey *survey)
{
	return survey->transfer->options->flags & QFILE_SKIP_UNREADABLE;
}

/* Say what --dry-run finds. Returns the exit status that sending would have. */
static int tell(const struct survey *survey)
{
	const struct transfer *transfer = survey->transfer;
	bool fails = survey->unreadable.count && !skips_unreadable(survey);

	left_tell(&survey->unreadable, fails ? "cannot read" : "would leave out");
	left_tell(&transfer->left_out, "would leave out");
	left_tell(&survey->left_out, "would leave out");
	left_tell(&survey->refused, "the receiver would refuse");
	if (transfer->options->verbose || transfer->options->move)
		left_tell(&survey->times, "the time would change of");
	if (fails || survey->refused.count || transfer->whole.entries == 0) {
		warnx("nothing would be copied");
		return EXIT_FAILED;
	}
	if (printf("would send %llu %s with %llu bytes\n",
		   (unsigned long long)transfer->whole.entries,
		   transfer->whole.entries == 1 ? "entry" : "entries",
		   (unsigned long long)transfer->whole.bytes) < 0 ||
	    fflush(stdout) != 0)
		return EXIT_FAILED;
	return survey->unreadable.count || survey->left_out.count || transfer->left_out.count
		       ? EXIT_PARTLY
		       : 0;
}

static int tell_unreadable(const struct survey *survey)
{
	left_tell(&survey->unreadable, "cannot read");
	warnx("nothing was copied. Use --skip-unreadable to send everything else");
	return EXIT_FAILED;
}

/* A process with one of these capabilities may read every file of a local file system. */
static bool may_read_everything(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &header, data) == 0 &&
	       data[0].effective & (1u << CAP_DAC_READ_SEARCH | 1u << CAP_DAC_OVERRIDE);
}

/*
 * To ask of each of 50,000 small files whether it may be read takes a tenth of the time of sending
 * them. So it is not done where nobody needs the answer.
 */
static bool must_look(const struct transfer *transfer)
{
	return transfer->options->dry_run || show_wants_total(&transfer->show) ||
	       transfer->options->excluded || transfer->options->flags & QFILE_IGNORE_LINKS ||
	       !may_read_everything();
}

int survey(struct transfer *transfer)
{
	static struct survey survey = {.known = ""};
	bool all = transfer->options->dry_run || show_wants_total(&transfer->show);
	int r;

	if (!must_look(transfer))
		return -1;
	survey.transfer = transfer;
	r = look(&survey, all ? QFILE_LOOK_ONLY : QFILE_LOOK_QUICKLY);
	if (r == -ECANCELED)
		stop_die(transfer->ends.stop);
	if (r < 0)
		return EXIT_FAILED;
	if (transfer->options->dry_run)
		return tell(&survey);
	if (survey.unreadable.count && !skips_unreadable(&survey))
		return tell_unreadable(&survey);
	if (transfer->whole.entries == 0) {
		left_tell(&survey.unreadable, "left out");
		left_tell(&transfer->left_out, "left out");
		left_tell(&survey.left_out, "left out");
		warnx("nothing is left to send, and nothing was copied");
		return EXIT_FAILED;
	}
	return -1;
}

void survey_unreadable(struct transfer *transfer)
{
	static struct survey survey;

	survey.transfer = transfer;
	survey.known = qfile_sender_name(transfer->sender);
	left_add_error(&survey.unreadable, survey.known, transfer->error.code);
	if (look(&survey, QFILE_LOOK_ONLY) == 0)
		tell_unreadable(&survey);
}
