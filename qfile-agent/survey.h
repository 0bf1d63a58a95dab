/*
 * The survey: what would be sent, and what stands in the way, before anybody is called.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SURVEY_H
#define SURVEY_H
#include "transfer.h"

/*
 * Look at everything that is to be sent. Returns -1 if it can be sent, with its size as the total
 * of the progress if that is to be shown; or the exit status, after a message and with the report's
 * ending: something cannot be read, nothing is left to send, the user has stopped it, or --dry-run
 * has said what there is to say.
 */
int survey(struct transfer *transfer);

/*
 * The current entry of transfer->sender turned out to be unreadable, as transfer->error says: name
 * it, and all others. Nothing is delivered, as the report then says.
 */
void survey_unreadable(struct transfer *transfer);

/* Nothing is left to send: name what was left out, and say so in the report. */
void survey_nothing_left(struct report *report);

#endif
