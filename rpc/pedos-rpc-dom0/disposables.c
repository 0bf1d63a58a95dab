/*
 * Disposable VMs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "disposables.h"

#include "base/log.h"
#include "store.h"
#include "system/clock.h"
#include "xl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Milliseconds. */
#define DESTROY_TIME  60000 /* for xl destroy */
#define DESTROY_AGAIN 5000  /* until it is tried again */
#define SPARE_PAUSE   30000 /* after a spare one that has failed */
#define NUMBERS       10000 /* of names: disp0 to disp9999 */

static const char not_started[] = "it could not be started; the log of dom0 says why";

/* ---- Names ---- */

static void ready_path(const struct disposable *disposable, char path[64])
{
	snprintf(path, 64, "/local/domain/%u/" STORE_READY, disposable->domid);
}

static bool name_is_used(const struct disposables *disposables, const struct domains *domains,
			 const char *name)
{
	for (size_t i = 0; i < DISPOSABLES_MAX; i++) {
		if (disposables->list[i].state != DISPOSABLE_FREE &&
		    strcmp(disposables->list[i].name, name) == 0)
			return true;
	}
	return tables_find_name(domains->list, domains->count, name);
}

/* Begin anywhere, since the names of what an earlier program left are not known. */
static int choose_first_number(unsigned *number)
{
	if (getrandom(number, sizeof(*number), 0) != sizeof(*number))
		return -EIO;
	*number %= NUMBERS;
	return 0;
}

/* There are more numbers than names that can be in use. */
static int choose_name(struct disposables *disposables, const struct domains *domains,
		       char name[16])
{
	int r = disposables->numbered ? 0 : choose_first_number(&disposables->number);

	disposables->numbered = r == 0;
	for (unsigned i = 0; i < NUMBERS && r == 0; i++) {
		disposables->number = (disposables->number + 1) % NUMBERS;
		snprintf(name, 16, "disp%u", disposables->number);
		if (!name_is_used(disposables, domains, name))
			return 0;
	}
	return r < 0 ? r : -EBUSY;
}

static int choose_uuid(unsigned char uuid[DOMAIN_UUID_SIZE])
{
	memcpy(uuid, domains_our_uuid, DOMAIN_UUID_PREFIX);
	return getrandom(uuid + DOMAIN_UUID_PREFIX, DOMAIN_UUID_SIZE - DOMAIN_UUID_PREFIX, 0) ==
			       DOMAIN_UUID_SIZE - DOMAIN_UUID_PREFIX
		       ? 0
		       : -EIO;
}

/* ---- Making one ---- */

static struct disposable *free_place(struct disposables *disposables)
{
	for (size_t i = 0; i < DISPOSABLES_MAX; i++) {
		if (disposables->list[i].state == DISPOSABLE_FREE)
			return &disposables->list[i];
	}
	return NULL;
}

/* NULL: *why says why it cannot be made, for the caller. */
static struct disposable *make(struct disposables *disposables, const struct domains *domains,
			       const char *template, const char **why)
{
	struct disposable *disposable = free_place(disposables);
	char path[TEMPLATE_PATH_SIZE], name[16];
	const char *wrong = templates_find(&disposables->templates, template, path);
	int r;

	*why = disposable ? not_started : "there are too many disposable VMs; try again later";
	if (wrong) {
		log_line(LOG_WARNING, "%s: %s", path, wrong);
		*why = "there is no such template; the log of dom0 says more";
	}
	if (wrong || !disposable)
		return NULL;
	r = choose_name(disposables, domains, name);
	*disposable = (struct disposable){
		.state = DISPOSABLE_CREATED,
		.owner = DOMAIN_NONE,
		.deadline = clock_now() + (int64_t)1000 * disposables->options->boot_timeout};
	snprintf(disposable->template, sizeof(disposable->template), "%s", template);
	if (r == 0) {
		memcpy(disposable->name, name, sizeof(name));
		r = choose_uuid(disposable->uuid);
	}
	if (r == 0)
		r = xl_create(&disposable->xl, disposables->options, disposable, path);
	if (r == 0)
		return disposable;
	log_line(LOG_WARNING, "xl create cannot be run: %s", strerror(-r));
	*disposable = (struct disposable){.state = DISPOSABLE_FREE};
	return NULL;
}

/* ---- Having one ---- */

struct counts {
	unsigned own, all;               /* that a source has, and that all have */
	unsigned own_wanted, all_wanted; /* of these, what is not being destroyed */
};

static struct counts count(const struct disposables *disposables, unsigned owner)
{
	struct counts counts = {.own = 0};

	for (size_t i = 0; i < DISPOSABLES_MAX; i++) {
		const struct disposable *each = &disposables->list[i];

		if (each->state == DISPOSABLE_FREE || each->owner == DOMAIN_NONE)
			continue;
		counts.all++;
		counts.all_wanted += !each->unwanted;
		counts.own += each->owner == owner;
		counts.own_wanted += each->owner == owner && !each->unwanted;
	}
	return counts;
}

/* The spare one that will be ready first. */
static struct disposable *find_spare(struct disposables *disposables, const char *template)
{
	struct disposable *best = NULL;

	for (size_t i = 0; i < DISPOSABLES_MAX; i++) {
		struct disposable *each = &disposables->list[i];

		if (each->state != DISPOSABLE_FREE && !each->taken && !each->unwanted &&
		    strcmp(each->template, template) == 0 && (!best || each->state > best->state))
			best = each;
	}
	return best;
}

struct disposable *disposables_take(struct disposables *disposables, const struct domains *domains,
				    const char *template, unsigned owner, const char **why)
{
	const struct options *options = disposables->options;
	struct counts counts = count(disposables, owner);
	struct disposable *disposable;

	*why = NULL;
	if (counts.own_wanted >= options->max_per_vm)
		*why = "you have as many disposable VMs at once as one VM may have";
	else if (counts.all_wanted >= options->max_disposables)
		*why = "there are too many disposable VMs at once; try again later";
	/* What is being destroyed still needs memory, but not for long. */
	if (*why || counts.own >= options->max_per_vm || counts.all >= options->max_disposables)
		return NULL;
	disposable = find_spare(disposables, template);
	if (!disposable)
		disposable = make(disposables, domains, template, why);
	if (disposable) {
		disposable->taken = true;
		disposable->owner = owner;
		disposables->moved = true;
		*why = NULL;
	}
	return disposable;
}

void disposables_release(struct disposables *disposables, struct disposable *disposable)
{
	disposable->taken = false;
	disposable->unwanted = true;
	disposables->moved = true;
}

void disposables_drop_spares(struct disposables *disposables)
{
	for (size_t i = 0; i < DISPOSABLES_MAX; i++) {
		if (!disposables->list[i].taken)
			disposables->list[i].unwanted = true;
	}
	for (unsigned i = 0; i < disposables->templates.count; i++)
		disposables->templates.list[i].next_spare = 0;
	disposables->moved = true;
}

void disposables_end(struct disposables *disposables)
{
	disposables->ending = true;
	for (size_t i = 0; i < DISPOSABLES_MAX; i++)
		disposables->list[i].unwanted = true;
}

unsigned disposables_left(const struct disposables *disposables)
{
	unsigned left = 0;

	for (size_t i = 0; i < DISPOSABLES_MAX; i++)
		left += disposables->list[i].state != DISPOSABLE_FREE;
	return left;
}

/* ---- What happens to each ---- */

static void watch_ready(struct xs_handle *xs, const struct disposable *disposable)
{
	char path[64];

	ready_path(disposable, path);
	if (!xs_watch(xs, path, STORE_READY_TOKEN))
		log_line(LOG_WARNING, "watching %s: %s", path, strerror(errno));
}

static void unwatch_ready(struct xs_handle *xs, const struct disposable *disposable)
{
	char path[64];

	ready_path(disposable, path);
	xs_unwatch(xs, path, STORE_READY_TOKEN);
}

/* It cannot be used. `why` is for the caller. */
static void fail(struct disposables *disposables, struct disposable *disposable, const char *why)
{
	int64_t pause = clock_now() + SPARE_PAUSE;

	if (!disposable->unwanted)
		log_line(LOG_WARNING, "%s, made from the template %s: %s", disposable->name,
			 disposable->template, why);
	disposable->failure = why;
	if (!disposable->taken) {
		for (unsigned i = 0; i < disposables->templates.count; i++) {
			struct vm_template *template = &disposables->templates.list[i];

			if (strcmp(template->name, disposable->template) == 0)
				template->next_spare = pause;
		}
	}
	disposable->unwanted = true;
}

static void go_on_creating(struct disposables *disposables, struct disposable *disposable,
			   int64_t now)
{
	char how[64];
	int status;

	if (!child_ended(&disposable->xl, now, &status))
		return;
	disposables->domains_aged = true;
	/* Which domain it has become is found out with the next list of domains. */
	disposable->state = DISPOSABLE_BOOTING;
	disposables->look = true;
	if (status == 0)
		return;
	snprintf(how, sizeof(how), "ended with %d", status);
	log_line(LOG_WARNING, "xl create -q -e %s/%s.cfg %s", disposables->templates.directory,
		 disposable->template, disposable->xl.late ? "took too long, and was killed" : how);
	fail(disposables, disposable, not_started);
}

static void go_on_booting(struct disposables *disposables, struct disposable *disposable,
			  struct xs_handle *xs, const struct made *made, int64_t now)
{
	char path[64], *value;

	if (disposable->domid == 0) {
		disposable->domid = made->domid;
		watch_ready(xs, disposable);
	}
	if (!disposables->look) {
		if (now >= disposable->deadline)
			fail(disposables, disposable, "it did not get ready in time");
		return;
	}
	/* Whatever its value: that it is there says that somebody can be called. */
	ready_path(disposable, path);
	value = store_read(xs, path);
	if (value)
		disposable->state = DISPOSABLE_READY;
	free(value);
}

/* It has a domain, or should have one. */
static void look_at(struct disposables *disposables, struct disposable *disposable,
		    struct xs_handle *xs, const struct made *made, int64_t now)
{
	if (!disposable->unwanted && (!made || !made->running))
		fail(disposables, disposable,
		     disposable->state == DISPOSABLE_READY ? "the disposable VM has ended"
							   : "it ended before it was ready");
	else if (!disposable->unwanted && disposable->state == DISPOSABLE_BOOTING)
		go_on_booting(disposables, disposable, xs, made, now);
	if (!disposable->unwanted)
		return;
	if (disposable->domid != 0)
		unwatch_ready(xs, disposable);
	disposable->state = DISPOSABLE_DESTROYED;
}

static void start_destroy(struct disposables *disposables, struct disposable *disposable,
			  int64_t now)
{
	int r = xl_destroy(&disposable->xl, disposables->options, disposable->domid,
			   now + DESTROY_TIME);

	if (r < 0 && !disposable->warned)
		log_line(LOG_WARNING, "xl destroy cannot be run: %s", strerror(-r));
	disposable->warned |= r < 0;
}

static void go_on_destroying(struct disposables *disposables, struct disposable *disposable,
			     const struct made *made, int64_t now)
{
	int status;

	if (child_runs(&disposable->xl)) {
		if (!child_ended(&disposable->xl, now, &status))
			return;
		disposables->domains_aged = true;
		disposable->next_attempt = now + DESTROY_AGAIN;
		if (status != 0 && !disposable->warned)
			log_line(LOG_WARNING,
				 "xl destroy %u ended with %d; it is tried again until that domain "
				 "is gone",
				 disposable->domid, status);
		disposable->warned |= status != 0;
	} else if (disposables->domains_aged) {
		return;
	} else if (!made && !disposable->taken) {
		*disposable = (struct disposable){.state = DISPOSABLE_FREE};
	} else if (made && now >= disposable->next_attempt) {
		disposable->domid = made->domid;
		start_destroy(disposables, disposable, now);
		disposable->next_attempt = now + DESTROY_AGAIN;
	}
}

static void step(struct disposables *disposables, struct disposable *disposable,
		 struct xs_handle *xs, const struct domains *domains, int64_t now)
{
	const struct made *made = domains_find_made(domains, disposable->uuid);

	switch (disposable->state) {
	case DISPOSABLE_CREATED:
		go_on_creating(disposables, disposable, now);
		break;
	case DISPOSABLE_BOOTING:
	case DISPOSABLE_READY:
		if (!disposables->domains_aged)
			look_at(disposables, disposable, xs, made, now);
		break;
	case DISPOSABLE_DESTROYED:
		go_on_destroying(disposables, disposable, made, now);
		break;
	case DISPOSABLE_FREE:
		break;
	}
}

/* ---- All of them ---- */

static bool is_known(const struct disposables *disposables, const struct made *made)
{
	for (size_t i = 0; i < DISPOSABLES_MAX; i++) {
		if (disposables->list[i].state != DISPOSABLE_FREE &&
		    memcmp(disposables->list[i].uuid, made->uuid, DOMAIN_UUID_SIZE) == 0)
			return true;
	}
	return false;
}

/* What an earlier program left, or its xl, which may still have been at work. */
static void adopt_strangers(struct disposables *disposables, const struct domains *domains)
{
	for (size_t i = 0; i < domains->made_count; i++) {
		const struct made *made = &domains->made[i];
		struct disposable *place = free_place(disposables);

		if (!place || is_known(disposables, made))
			continue;
		log_line(LOG_INFO, "domain %u is a disposable VM that was left: it is destroyed",
			 made->domid);
		*place = (struct disposable){.state = DISPOSABLE_DESTROYED,
					     .owner = DOMAIN_NONE,
					     .unwanted = true,
					     .domid = made->domid};
		memcpy(place->uuid, made->uuid, DOMAIN_UUID_SIZE);
	}
}

static unsigned count_spares(const struct disposables *disposables, const char *template)
{
	unsigned spares = 0;

	for (size_t i = 0; i < DISPOSABLES_MAX; i++) {
		const struct disposable *each = &disposables->list[i];

		spares += each->state != DISPOSABLE_FREE && !each->taken && !each->unwanted &&
			  strcmp(each->template, template) == 0;
	}
	return spares;
}

static void make_spares(struct disposables *disposables, const struct domains *domains, int64_t now)
{
	const char *why;

	for (unsigned i = 0; i < disposables->templates.count && !disposables->ending; i++) {
		struct vm_template *template = &disposables->templates.list[i];

		for (unsigned n = count_spares(disposables, template->name);
		     n < template->preload && now >= template->next_spare; n++) {
			if (!make(disposables, domains, template->name, &why))
				template->next_spare = now + SPARE_PAUSE;
		}
	}
}

void disposables_step(struct disposables *disposables, struct xs_handle *xs,
		      const struct domains *domains)
{
	int64_t now = clock_now();

	disposables->moved = false;
	if (!disposables->domains_aged)
		adopt_strangers(disposables, domains);
	for (size_t i = 0; i < DISPOSABLES_MAX; i++)
		step(disposables, &disposables->list[i], xs, domains, now);
	if (!disposables->domains_aged)
		disposables->look = false;
	make_spares(disposables, domains, now);
}

static void wait_for(const struct disposable *disposable, struct pollfd *fds, size_t *count,
		     int *timeout, int64_t now)
{
	child_wait_for(&disposable->xl, fds, count, timeout, now);
	if (disposable->state == DISPOSABLE_BOOTING)
		child_lower(timeout, disposable->deadline, now);
	if (disposable->state == DISPOSABLE_DESTROYED && !child_runs(&disposable->xl) &&
	    !disposable->taken)
		child_lower(timeout, disposable->next_attempt, now);
}

void disposables_wait_for(const struct disposables *disposables, struct pollfd *fds, size_t *count,
			  int *timeout)
{
	int64_t now = clock_now();

	for (size_t i = 0; i < DISPOSABLES_MAX; i++)
		wait_for(&disposables->list[i], fds, count, timeout, now);
	for (unsigned i = 0; i < disposables->templates.count && !disposables->ending; i++) {
		const struct vm_template *template = &disposables->templates.list[i];

		if (template->next_spare > now &&
		    count_spares(disposables, template->name) < template->preload)
			child_lower(timeout, template->next_spare, now);
	}
	if (disposables->look || disposables->domains_aged || disposables->moved)
		*timeout = 0;
}
