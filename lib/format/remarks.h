/*
 * What a receiver remarks on a success, in the name of its result: pairs behind those of the new
 * names, of nothing and of a text "KEY=VALUE", each with its NUL. Pure; qfile(5) describes them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef FORMAT_REMARKS_H
#define FORMAT_REMARKS_H
#include <qfile.h>

/*
 * Put a remark behind what the name has, which is pairs or nothing. It is left out where there is
 * no room.
 */
void remark_put(struct qfile_result *result, const char *key, const char *value);

#endif
