/*
 * Disposable VMs: made by xl from a template, waited for until they are ready, and destroyed. Each
 * is for one call.
 *
 * A VM of ours is known by the beginning of its uuid, which the hypervisor tells, so that what an
 * earlier program left is found, whatever xl had made of it. xl is never waited for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef DISPOSABLES_H
#define DISPOSABLES_H
#include "child.h"
#include "domains.h"
#include "options.h"
#include "templates.h"

/* As many as may be wanted, preloaded, and left behind by an earlier program together. */
#define DISPOSABLES_MAX (BOUND_MOST + PRELOAD_MAX + 32)

enum disposable_state {
	DISPOSABLE_FREE,    /* no VM: the place can be used */
	DISPOSABLE_CREATED, /* xl create runs */
	DISPOSABLE_BOOTING,
	DISPOSABLE_READY,
	DISPOSABLE_DESTROYED /* until the hypervisor has it no longer */
};

struct disposable {
	enum disposable_state state;
	char template[RPC_NAME_SIZE];
	char name[16];
	unsigned char uuid[DOMAIN_UUID_SIZE];
	unsigned domid;       /* 0: not known */
	unsigned owner;       /* the domid of the source that it is for; or DOMAIN_NONE */
	bool taken;           /* a request has it, and will release it */
	bool unwanted;        /* to be destroyed */
	const char *failure;  /* why it cannot be used any more, for the caller; NULL: nothing */
	struct child xl;      /* create or destroy */
	int64_t deadline;     /* for it to get ready, by clock_now() */
	int64_t next_attempt; /* to destroy it */
	bool warned;          /* that it cannot be destroyed */
};

struct disposables {
	const struct options *options;
	struct templates templates;
	struct disposable list[DISPOSABLES_MAX];
	bool ending;     /* no more are made */
	unsigned number; /* of the last name, if `numbered` */
	bool numbered;
	bool look;         /* one that boots may be ready now */
	bool moved;        /* something has happened for which another step is due at once */
	bool domains_aged; /* xl has changed something: find out again which domains run */
};

/*
 * Have one of a template for the source `owner`: a spare one, or a new one. NULL: there is none
 * now; *why says why, for the caller, or is NULL if one will be there in a moment.
 */
struct disposable *disposables_take(struct disposables *disposables, const struct domains *domains,
				    const char *template, unsigned owner, const char **why);
/* The request that had it needs it no longer: it is destroyed. */
void disposables_release(struct disposables *disposables, struct disposable *disposable);
/* Destroy the spare ones, so that they are made anew, by other templates. */
void disposables_drop_spares(struct disposables *disposables);
/* Destroy all, and make no more. */
void disposables_end(struct disposables *disposables);
/* Are there any that are not destroyed yet? Returns how many. */
unsigned disposables_left(const struct disposables *disposables);

/* See what has happened to each of them, and go on. Never blocks. */
void disposables_step(struct disposables *disposables, struct xs_handle *xs,
		      const struct domains *domains);

/* Add to `fds`, which has room for DISPOSABLES_MAX more, and lower *timeout, as child_wait_for().
 */
void disposables_wait_for(const struct disposables *disposables, struct pollfd *fds, size_t *count,
			  int *timeout);

#endif
