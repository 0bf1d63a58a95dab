/*
 * What was saved beside the file in the other VM: stored as deliveries are, and never beside the
 * file here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef BESIDE_H
#define BESIDE_H
#include "open/opener/opener.h"
#include "open/opener/replace.h"

#include <qfile.h>

/* So many files are stored in one session, and so many bytes. */
#define BESIDE_FILES_MAX 100
#define BESIDE_BYTES_MAX ((uint64_t)16 << 30)

/* The directory for what comes from a VM whose name is not known. */
#define BESIDE_UNKNOWN "another-VM"

struct beside_file;

struct beside {
	const struct opener_options *options;
	struct beside_file *files; /* by the name that the other side gives */
	unsigned count;            /* how many names there were */
	unsigned stored;           /* files that were made */
	uint64_t bytes;            /* in what was stored */
	bool overflow;             /* a name came for which there was no room */
	/* The one that is coming. */
	struct beside_file *file; /* NULL: it is not taken */
	char name[NAME_MAX + 1];  /* that it gets */
	struct save save;
	int dir; /* INCOMING/VM; -1: not open */
	/* Why it is not taken; code 0: it is. */
	struct qfile_error error;
};

void beside_init(struct beside *beside, const struct opener_options *options);
void beside_close(struct beside *beside);

/*
 * Begin a file of `length` bytes, whose name the other side has given. beside_end() tells what has
 * failed here and in beside_write(). -ENOMEM.
 */
int beside_begin(struct beside *beside, const char *untrusted_name, uint64_t length);
void beside_write(struct beside *beside, const void *bytes, size_t size);
/*
 * End the file, which is complete, or is damaged. If this session has stored
 * it before, and nobody has changed it since, it replaces that, unless it is `doubtful`; otherwise
 * it gets a name that is free. Returns OPENER_BESIDE or OPENER_BESIDE_LOST, and fills *event and
 * *error.
 */
int beside_end(struct beside *beside, bool damaged, bool doubtful, struct opener_event *event,
	       struct qfile_error *error);
/* Drop the file, which will not be complete. */
void beside_drop(struct beside *beside);
/* Is every file stored in the content that came last, and without doubt? */
bool beside_has_all(const struct beside *beside);

#endif
