/*
 * How an action has failed, in words for people who know no errors by their numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "failure.h"

#include "filled.h"
#include "shown.h"
#include "vms.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

/* Statuses by which an rpc client says that the call failed. */
#define CALL_FAILED  125
#define CALL_REFUSED 126
#define NO_SERVICE   127

/*
 * $1 is the entry, and $2 the VM, which may be "a disposable VM" or "the other VM": no sentence
 * begins with it.
 */
struct reason {
	guint32 code;
	const char *sentence, *advice;
};

#define AGAIN        N_("Try again.")
#define MAKE_ROOM    N_("Remove something there, then try again.")
#define SEE_DETAILS  N_("The details may say more.")
#define LOST_CONTACT N_("The connection to $2 was lost. Nothing was copied.")

static const struct reason of_copying[] = {
	{EEXIST, N_("There is a $1 in $2 already. Nothing was replaced."),
	 N_("Keep both: then what you send gets another name there.")},
	{ENOSPC, N_("The disk of $2 is full. Nothing was copied."), MAKE_ROOM},
	{EDQUOT, N_("This is more than $2 accepts. Nothing was copied."),
	 N_("Send less at a time.")},
	{EFBIG, N_("$1 is too large for the disk of $2. Nothing was copied."),
	 N_("Send it to another VM.")},
	{EOPNOTSUPP, N_("$1 is of a kind that cannot be copied to $2. Nothing was copied."),
	 N_("Leave it out, then try again.")},
	{EROFS, N_("The disk of $2 cannot be written to. Nothing was copied."),
	 N_("Make it writable there, then try again.")},
	{EILSEQ, N_("The name $1 has characters that $2 does not accept. Nothing was copied."),
	 N_("Give it another name, then try again.")},
	{ENAMETOOLONG, N_("The name $1 is too long for $2. Nothing was copied."),
	 N_("Give it a shorter name, then try again.")},
	{ENOLINK, N_("$1 is a link to something that is not sent with it. Nothing was copied."),
	 N_("Send what it points to, or leave the link out.")},
	{EACCES, N_("$1 could not be read or written. Nothing was copied."),
	 N_("Look at its permissions, then try again.")},
	{ENOENT, N_("$1 is not there any more. Nothing was copied."),
	 N_("Choose it again where it is now.")},
	{EIO, N_("A disk has failed. Nothing was copied."),
	 N_("Have the disk checked, here and in $2.")},
	{ECONNRESET, LOST_CONTACT, AGAIN},
	{EPIPE, LOST_CONTACT, AGAIN},
	{ETIMEDOUT, N_("There is no answer from $2. Nothing was copied."), AGAIN},
	{EAGAIN, N_("There is too much to do in $2 now. Nothing was copied."), AGAIN},
	{ENOMEM, N_("There is too little memory in $2. Nothing was copied."),
	 N_("Close some programs there, then try again.")},
	{ECANCELED, N_("It was stopped in $2. Nothing was copied."), AGAIN},
};

static const struct reason of_opening[] = {
	{ENOSPC, N_("The disk is full, here or in $2."), N_("Make room, then try again.")},
	{ECONNRESET, N_("The connection to $2 was lost. Every save that has come is here."),
	 N_("What was saved there later is there, as long as it is open.")},
	{EPROTO, N_("The answer from $2 makes no sense."), SEE_DETAILS},
	{ENOENT, N_("There is no program in $2 that opens $1."), N_("Install one there.")},
	{ENODEV, N_("There is no screen in $2 on which $1 could be shown."),
	 N_("Whoever manages these VMs can change that.")},
};

/* By what an rpc client says. */
static const struct reason of_calls[] = {
	{CALL_REFUSED, N_("This is not allowed between this VM and $2. Nothing was sent."),
	 N_("Whoever manages these VMs can allow it.")},
	{NO_SERVICE, N_("This cannot be done in $2. Nothing was sent."),
	 N_("It needs the package qfilecopy there.")},
	{CALL_FAILED, N_("There is no connection to $2. Nothing was sent."),
	 N_("See whether it runs, and whether that is its name.")},
};

/* The same for what would have been made for the call. */
static const struct reason not_made = {
	CALL_FAILED, N_("No disposable VM could be made. Nothing was sent."), SEE_DETAILS};
static const struct reason sandbox_not_made = {
	CALL_FAILED, N_("No disposable sandbox could be made. Nothing was sent."), SEE_DETAILS};

static const struct reason *find(const struct reason *reasons, size_t count, guint32 code)
{
	for (size_t i = 0; i < count; i++) {
		if (reasons[i].code == code)
			return &reasons[i];
	}
	return NULL;
}

static const struct reason *reason_of_call(const struct subject *subject, const struct ended *ended)
{
	if (ended->status == CALL_FAILED && !ended->reached && vms_is_disposable(subject->vm))
		return subject->sandbox ? &sandbox_not_made : &not_made;
	return find(of_calls, G_N_ELEMENTS(of_calls), (guint32)ended->status);
}

static const struct reason *reason_of(const struct subject *subject, const struct ended *ended)
{
	/* An old editor that says nothing is one that has changed nothing. It may not be there. */
	const gboolean complete = ended->last && ended->last->outcome == OUTCOME_COMPLETE;
	const struct reason *reason =
		ended->reached && !complete ? NULL : reason_of_call(subject, ended);

	if (reason || !ended->last)
		return reason;
	return subject->action <= ACTION_MOVE
		       ? find(of_copying, G_N_ELEMENTS(of_copying), ended->last->code)
		       : find(of_opening, G_N_ELEMENTS(of_opening), ended->last->code);
}

static char *fill(const char *format, const struct subject *subject, const struct event *last)
{
	const char *entry = last && last->entry ? last->entry : subject->first;
	char *base = g_path_get_basename(entry), *name = shown_name(base, 60),
	     *quoted = g_strdup_printf(_("“%s”"), name);

	g_free(base);
	g_free(name);
	return filled_freeing(format, quoted, shown_vm(subject->vm, subject->sandbox));
}

/* What is not in the tables. */
static const struct reason *general(const struct subject *subject, const struct ended *ended)
{
	static const struct reason silent = {0,
					     N_("It ended without saying how. Nobody can say "
						"whether $1 has arrived in $2."),
					     N_("Look there before you try again.")},
				   unknown = {0, N_("Nobody can say whether $1 has arrived in $2."),
					      N_("Look there before you try again.")},
				   damaged = {0,
					      N_("What has arrived in $2 is not what was sent. "
						 "Nothing was removed here."),
					      N_("Remove it there, then try again.")},
				   incomplete = {0,
						 N_("The last save in $2 is not in $1, or may be "
						    "damaged."),
						 N_("Compare what is here with what is there.")},
				   copying = {0, N_("$1 could not be copied to $2."), SEE_DETAILS},
				   opening = {0, N_("$1 could not be opened in $2."), SEE_DETAILS};

	switch (ended->last ? ended->last->outcome : OUTCOME_NONE) {
	case OUTCOME_NONE:
		return subject->action <= ACTION_MOVE ? &silent : &opening;
	case OUTCOME_UNKNOWN:
		return &unknown;
	case OUTCOME_DAMAGED:
		return &damaged;
	case OUTCOME_INCOMPLETE:
		return &incomplete;
	default:
		return subject->action <= ACTION_MOVE ? &copying : &opening;
	}
}

static enum remedy remedy_of(const struct event *last)
{
	const unsigned help = last && last->outcome == OUTCOME_FAILED ? last->help : 0;

	return help & HELP_RENAME            ? REMEDY_KEEP_BOTH
	       : help & HELP_DEREFERENCE     ? REMEDY_FOLLOW
	       : help & HELP_SKIP_UNREADABLE ? REMEDY_LEAVE_OUT
					     : REMEDY_NONE;
}

void failure_find(const struct subject *subject, const struct ended *ended, struct failure *failure)
{
	const enum outcome outcome = ended->last ? ended->last->outcome : OUTCOME_NONE;
	/* Of these the number says nothing that matters as much. */
	const gboolean graver = outcome == OUTCOME_UNKNOWN || outcome == OUTCOME_DAMAGED ||
				outcome == OUTCOME_INCOMPLETE;
	const struct reason *reason = graver ? NULL : reason_of(subject, ended);

	if (!reason)
		reason = general(subject, ended);
	failure->sentence = fill(_(reason->sentence), subject, ended->last);
	failure->advice = fill(_(reason->advice), subject, ended->last);
	failure->remedy = remedy_of(ended->last);
}

void failure_of_start(const char *name, const char *reason, struct failure *failure)
{
	char *shown = shown_text(reason);

	*failure = (struct failure){
		.sentence =
			g_strdup_printf(_("The program %s could not be started: %s."), name, shown),
		.advice = g_strdup(_("Install the package qfilecopy again.")),
	};
	g_free(shown);
}

void failure_of_folder(const struct subject *subject, struct failure *failure)
{
	*failure = (struct failure){
		.sentence =
			fill(_("$1 is a folder. Only files can be opened in $2."), subject, NULL),
		.advice = g_strdup(_("Copy the folder there, or open a file in it.")),
	};
}

void failure_clear(struct failure *failure)
{
	g_free(failure->sentence);
	g_free(failure->advice);
	*failure = (struct failure){.remedy = REMEDY_NONE};
}
