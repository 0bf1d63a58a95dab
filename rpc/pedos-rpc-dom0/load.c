/*
 * Reading the policy and the templates.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "load.h"

#include "base/log.h"

bool load_policy(const char *directory, struct rpc_policy *policy)
{
	static struct rpc_policy_error error;
	static char text[sizeof(error.file) + 256];

	if (rpc_policy_load(directory, policy, &error) < 0) {
		log_line(LOG_ERR, "the policy is wrong: %s",
			 rpc_policy_error_text(&error, text, sizeof(text)));
		return false;
	}
	if (policy->files == 0)
		log_line(LOG_WARNING, "%s has no file *.policy: nobody may call anything",
			 directory);
	return true;
}

bool load_has_room(const struct rpc_policy *policy, const struct domains *domains)
{
	const struct domain *source, *target;

	if (!tables_too_large(policy, domains->list, domains->count, &source, &target))
		return true;
	log_line(LOG_WARNING,
		 "too many rules concern calls from \"%s\" to \"%s\": together they may have %d "
		 "bytes; say more with fewer, through * and @anyvm",
		 source->name, target->name, RPC_PAIR_TEXT_MAX);
	return false;
}

void load_again(struct machine *machine, const char *policy_directory)
{
	struct rpc_policy policy;

	if (!load_policy(policy_directory, &policy)) {
		log_line(LOG_WARNING, "the policy that was read before stays in force");
	} else if (!load_has_room(&policy, &machine->domains)) {
		log_line(LOG_WARNING, "the policy that was read before stays in force");
		rpc_policy_free(&policy);
	} else {
		rpc_policy_free(&machine->policy);
		machine->policy = policy;
	}
	if (templates_load(&machine->disposables.templates))
		disposables_drop_spares(&machine->disposables);
	else
		log_line(LOG_WARNING, "the templates that were read before stay in force");
}
