/*
 * mimeapps.list: the user's default applications. Pure: these functions edit its text, and leave
 * every byte as it is that they do not have to change.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_MIMEAPPS_H
#define SEND_MIMEAPPS_H
#include "options.h"

#include <glib.h>

/*
 * Is this the name of one type of files? Not that of folders and devices ("inode/..."), of
 * addresses or media ("x-scheme-handler/...", "x-content/..."), nor a wildcard.
 */
gboolean mimeapps_type_ok(const char *type);

/*
 * What our entry is called that opens (ACTION_OPEN) or views files in a VM, "NAME.desktop". `vm`:
 * NULL for one that asks. To be freed by the caller, as all texts below.
 */
char *mimeapps_id(enum action action, const char *vm);
/* Is an entry of this name one of ours? */
gboolean mimeapps_is_ours(const char *id);

/* The text with the entry `id`, which is ours, as the first default of this type. */
char *mimeapps_set(const char *text, const char *type, const char *id);
/*
 * The text without any entry of ours for this type; NULL: there was none. It takes back exactly
 * what mimeapps_set() did, where nobody has changed the same lines since.
 */
char *mimeapps_unset(const char *text, const char *type);

#endif
