/*
 * Databases of SQLite, which programs keep open while they write to them: is one of them
 * consistent?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPEN_DATABASE_H
#define OPEN_DATABASE_H
#include <sys/stat.h>

enum database {
	DATABASE_NONE,   /* it is no database, or its header does not say so */
	DATABASE_WHOLE,  /* its header says that it is as it was left by a transaction */
	DATABASE_WITHIN, /* there is a transaction, or something that a crash has left of one */
};

/*
 * Look at the file `name` of the directory `dir`, which is open as `fd` and has this status. What
 * cannot be read, or is not open (`fd` is -1), is judged by its journal alone.
 */
enum database database_look(int dir, const char *name, int fd, const struct stat *status);

#endif
