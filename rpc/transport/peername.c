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

#define REMEMBERED 1024 /* accounts; each has one place, which another may take */
#define LIFETIME   1000 /* milliseconds: an account that was removed is not known for longer */

struct remembered {
	int64_t until; /* 0: nothing */
	uid_t uid;
	char name[RPC_NAME_SIZE]; /* empty: none */
};

static void look_up(struct remembered *place, uid_t uid)
{
	const struct passwd *account = getpwuid(uid);
	bool named = account && vm_name_ok(account->pw_name);

	snprintf(place->name, sizeof(place->name), "%s", named ? account->pw_name : "");
	place->uid = uid;
	place->until = clock_now() + LIFETIME;
}

bool rpc_peer_name(uid_t uid, char name[RPC_NAME_SIZE])
{
	static struct remembered places[REMEMBERED];
	struct remembered *place = &places[uid % REMEMBERED];

	if (place->uid != uid || clock_now() >= place->until)
		look_up(place, uid);
	snprintf(name, RPC_NAME_SIZE, "%s", place->name);
	return *name;
}
