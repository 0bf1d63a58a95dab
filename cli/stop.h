/*
 * Being asked to stop, and ending so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLIENT_STOP_H
#define CLIENT_STOP_H

/*
 * From here on SIGINT, SIGTERM and SIGHUP are not delivered but make the descriptor returned
 * readable (signalfd(2)): whatever waits has to look at it, too. SIGPIPE and SIGXFSZ are ignored,
 * so that a peer that goes away, or a file that may not grow, is an error of a call. SIGCHLD is set
 * to its default, whatever the starter did: children are waited for.
 */
int stop_open(void);

/*
 * Die of the signal that made `stop` (of stop_open()) readable, so that a shell or script
 * sees what happened.
 */
void stop_die(int stop);

#endif
