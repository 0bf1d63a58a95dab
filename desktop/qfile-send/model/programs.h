/*
 * Where the programs are that do the work.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_PROGRAMS_H
#define SEND_PROGRAMS_H
#include <glib.h>

/*
 * The path of a program of ours: beside this one, or else the name alone, which is looked up in
 * PATH. To be freed by the caller.
 */
char *programs_find(const char *name);

/* Where translations are: ../share/locale beside the directory of this program. Likewise. */
char *programs_locale(void);

/*
 * The rpc client that qfile-agent will use, to be freed by the caller; NULL: there is none. With
 * qrexec, *asks becomes TRUE: it asks the user itself which VM is meant.
 */
char *programs_client(gboolean *asks);

#endif
