/*
 * The names of the accounts that call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/peername.h"

#include "system/clock.h"
#include "text/vmname.h"

#include <pwd.h>
#include <stdio.h>

#define REMEMBERED 1024  /* accounts; each has one place, which another may take */
#define LIFETIME   1000  /* milliseconds: an account that was removed is not known for longer, */
#define LIFETIME_2 60000 /* or, while its numbers' neighbours call without end, than that */

/*
 * Each number that is nobody's costs a search of all accounts, and one user may have 65536 of them
 * (subuid(5)). So many of a block of that size are searched for in a second.
 */
#define BLOCK_BITS    16
#define BLOCKS        256
#define STRANGERS_MAX 32

struct remembered {
	int64_t found; /* when that was; 0: nothing is remembered */
	uid_t uid;
	char name[RPC_NAME_SIZE]; /* empty: none */
};

struct block {
	int64_t begun; /* when we began to count */
	unsigned strangers;
};

static void look_up(struct remembered *place, uid_t uid, int64_t now)
{
	const struct passwd *account = getpwuid(uid);
	bool named = account && vm_name_ok(account->pw_name);

	snprintf(place->name, sizeof(place->name), "%s", named ? account->pw_name : "");
	place->uid = uid;
	place->found = now;
}

bool rpc_peer_name(uid_t uid, char name[RPC_NAME_SIZE])
{
	static struct remembered places[REMEMBERED];
	static struct block blocks[BLOCKS];
	struct remembered *place = &places[uid % REMEMBERED];
	struct block *block = &blocks[(uid >> BLOCK_BITS) % BLOCKS];
	int64_t now = clock_now(), age = now - place->found;
	bool known = place->found && place->uid == uid;

	if (now - block->begun >= LIFETIME)
		*block = (struct block){.begun = now};
	if (!known || age >= LIFETIME) {
		if (block->strangers >= STRANGERS_MAX && !(known && age < LIFETIME_2)) {
			*name = '\0';
			return false;
		}
		if (block->strangers < STRANGERS_MAX) {
			look_up(place, uid, now);
			block->strangers += !*place->name;
		}
	}
	snprintf(name, RPC_NAME_SIZE, "%s", place->name);
	return *name;
}
