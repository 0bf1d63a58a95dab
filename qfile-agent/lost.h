/*
 * Messages about a receiver that did not answer, and about what is none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef LOST_H
#define LOST_H
#include "cli/calling.h"
#include "cli/via.h"
#include <qfile.h>

/*
 * The connection ended without a result. `end`: how the command ended that led to the receiver;
 * NULL: there was none. `unfinished`: the end of the stream was not sent, so that nothing can have
 * been delivered.
 */
void explain_lost(const struct calling_options *calling, const struct via_end *end,
		  bool unfinished);

/* Can it be a receiver's failure, or is it text that somebody else has written? */
bool is_result(const struct qfile_result *result);
/* It was text. `unfinished` as above. */
void explain_nonsense(bool unfinished);

/* Has the receiver failed because of what it was asked to accept? */
bool is_ignored_wish(const struct calling_options *calling, const struct qfile_result *result);
void explain_ignored_wish(const struct qfile_result *result);

/*
 * The command of --via has not shown to lead to a receiver: it has ended so, and `answered`
 * something else than a receiver.
 */
void explain_no_receiver(const struct calling_options *calling, const struct via_end *end,
			 bool answered);

#endif
