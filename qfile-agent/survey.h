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
 * Look at everything that is to be sent. Returns -1 if it can be sent, with its size in
 * transfer->whole if that is to be shown; or the exit status, after a message: something cannot be
 * read, nothing is left to send, or --dry-run has said what there is to say.
 */
int survey(struct transfer *transfer);

/*
 * The current entry of transfer->sender turned out to be unreadable, as transfer->error says: name
 * it, and all others. Nothing is delivered.
 */
void survey_unreadable(struct transfer *transfer);

#endif
