/*
 * Who may have been handed the file, where nobody is seen to have it: an application that was
 * running already, and that reads a file and keeps nothing open.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef HOLDERS_CANDIDATES_H
#define HOLDERS_CANDIDATES_H
#include "open/holders/holders.h"

struct candidates {
	bool any;    /* there are processes that may have been handed it, or that cannot be seen */
	bool likely; /* among them one of a program that had the path, and ended at once: */
	char name[64];
	/*
	 * Among them one that is handed files, as an Emacs server is, or may be by the socket in
	 * this account's places on which it listens.
	 */
	bool server;
	bool starts; /* a session bus may still start another one */
	/*
	 * Among them one that was started to open the file, by the handler or those whom that
	 * started, and that was not seen to let go of it: its name, or empty.
	 */
	char heir[PROCESS_NAME_SIZE];
};

/*
 * Look for processes of our account that can be handed a file by one with this environment, and are
 * no services that show no files, and not among those that have started us:
 *  - they descend from us, or have the name of the private directory in their environment, as
 *    those have whom the handler has started, also after our end;
 *  - they are on the same screen or session bus, or hide whether they are;
 *  - they listen on a socket in a place of this account's, such as its runtime directory;
 *  - they are of a kind that is handed files through a socket elsewhere, as an Emacs server is.
 */
void candidates_look(struct candidates *candidates, const struct holders *holders,
		     char *const environment[]);

#endif
