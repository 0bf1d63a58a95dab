/*
 * The VM that was used last, in a file of the user.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_RECENT_H
#define SEND_RECENT_H

/* Its name, to be freed by the caller; NULL if there is none. `directory`: of qfile-send's state.
 */
char *recent_load(const char *directory);
/* It only saves a choice: that it could not be stored is no failure. */
void recent_save(const char *directory, const char *vm);
/* $XDG_STATE_HOME/qfile-send, to be freed by the caller. */
char *recent_directory(void);

#endif
