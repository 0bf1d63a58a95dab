/*
 * The names of the accounts that call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/peername.h"

#include "system/clock.h"
#include "text/vmname.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Accounts that are remembered, and the places in which one of them can be. */
#define ACCOUNTS 4096
#define PLACES   8
#define LIFETIME 1000 /* milliseconds: an account that was removed is not known for longer */

/*
 * Each number that is nobody's costs a search of all accounts, and one user may have 65536 of them
 * (subuid(5)). So many of a block of that size are searched for in a second.
 */
#define BLOCK_BITS    16
#define BLOCKS        ((size_t)1 << (32 - BLOCK_BITS))
#define STRANGERS_MAX 32

/* An account with a name. Numbers that are nobody's are not remembered, and take no place. */
struct account {
	int64_t found; /* when that was; 0: the place is free */
	uid_t uid;
	char name[RPC_NAME_SIZE];
};

struct block {
	uint32_t second; /* in which we count */
	uint32_t strangers;
};

static struct account accounts[ACCOUNTS];
static struct block blocks[BLOCKS];

/* Where the account is, or where it can be: in a free place, or in that of the oldest. */
static struct account *place_of(uid_t uid)
{
	struct account *place = NULL;

	for (size_t i = 0; i < PLACES; i++) {
		struct account *other = &accounts[(uid + i) % ACCOUNTS];

		if (other->found && other->uid == uid)
			return other;
		if (!place || other->found < place->found)
			place = other;
	}
	return place;
}

static void remember(const struct passwd *account)
{
	struct account *place = place_of(account->pw_uid);

	if (!vm_name_ok(account->pw_name))
		return;
	*place = (struct account){.found = clock_now(), .uid = account->pw_uid};
	snprintf(place->name, sizeof(place->name), "%s", account->pw_name);
}

void rpc_peers_read(void)
{
	const struct passwd *account;

	setpwent();
	for (size_t i = 0; i < ACCOUNTS && (account = getpwent()); i++)
		remember(account);
	endpwent();
}

/* May one more stranger of this block be searched for? */
static bool has_budget(uid_t uid, int64_t now)
{
	struct block *block = &blocks[uid >> BLOCK_BITS];

	if (block->second != (uint32_t)(now / 1000))
		*block = (struct block){.second = (uint32_t)(now / 1000)};
	return block->strangers < STRANGERS_MAX;
}

int rpc_peer_name(uid_t uid, char name[RPC_NAME_SIZE])
{
	struct account *place = place_of(uid);
	bool known = place->found && place->uid == uid;
	int64_t now = clock_now();

	*name = '\0';
	if (!known || now - place->found >= LIFETIME) {
		const struct passwd *account;

		/* Who was known is searched for again in any case: there are not many of them. */
		if (!known && !has_budget(uid, now))
			return -EAGAIN;
		account = getpwuid(uid);
		if (!account || !vm_name_ok(account->pw_name)) {
			blocks[uid >> BLOCK_BITS].strangers++;
			if (known)
				place->found = 0;
			return -ENOENT;
		}
		remember(account);
		place = place_of(uid);
	}
	snprintf(name, RPC_NAME_SIZE, "%s", place->name);
	return 0;
}
