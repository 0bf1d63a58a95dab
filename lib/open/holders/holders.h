/*
 * Who has the file in use, from one look to the next, and whose end says something.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef HOLDERS_HOLDERS_H
#define HOLDERS_HOLDERS_H
#include "open/holders/in_use.h"
#include "open/holders/process.h"

/* So many are remembered. Others are found anew at each look. */
#define HOLDERS_MAX 32

/* A time in which a process has had it in some way, as clock_now(); 0: never. */
struct span {
	int64_t since, last;
};

struct holder {
	struct process process;
	struct program program;
	bool program_seen;
	int ended;                        /* a pidfd, readable when it has ended; or -1 */
	struct span named, open, watched; /* `watched`: the file or its directory, */
	struct span shown;                /* and the file itself */
};

/* A program that had the path, and ended so soon that it may have handed the file to another. */
struct handed {
	struct program program;
	char name[64];
};

#define HANDED_MAX 8
/* So many that have let go and live on are remembered; of more, the first ones are forgotten. */
#define RELEASED_MAX 8

struct holders {
	struct target target;
	struct holder holder[HOLDERS_MAX];
	int count;
	int64_t full; /* when all processes were looked at last */
	int64_t cost; /* milliseconds of processor time that this took */
	/* An application was seen to have it for so long that it must be one, and has let go. */
	bool let_go;
	int64_t last_waiter; /* when one that had the path for long has ended last; 0: none has */
	int64_t last_held;   /* when the last of those was seen to have it last; 0: none was */
	/* The same of one that only had the path, which a program that waits for another has, too.
	 */
	bool has_waited;
	/*
	 * By the last look: one that has watched the file itself, and now only watches its
	 * directory, so that it has closed the file, or not. Or empty.
	 */
	char lingers[PROCESS_NAME_SIZE];
	struct handed handed[HANDED_MAX];
	int handed_count;
	/* Those that were seen to let go of it, and live on with other files. */
	struct process released[RELEASED_MAX];
	int released_count;
};

enum sight {
	SIGHT_NOBODY,
	SIGHT_SOMEBODY,
	SIGHT_UNKNOWN
};

/* Begin. The strings of `holders->target` are set. */
void holders_open(struct holders *holders);
void holders_close(struct holders *holders);
/* Begin once more, after holders_close(), with what was seen until then. */
void holders_again(struct holders *holders);
/*
 * Look who has it. `most`: milliseconds since all processes were looked at; until then those that
 * are known are enough, as long as one of them has it. With SIGHT_UNKNOWN, *code is why, a negative
 * errno.
 */
enum sight holders_look(struct holders *holders, int most, int *code);

#endif
