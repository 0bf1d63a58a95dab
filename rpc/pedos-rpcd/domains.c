/*
 * The domains that are served.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "domains.h"

#include "account.h"

#include "base/log.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/*
 * A plain user serves as themselves. In a directory of sockets of their own they may give
 * themselves other names, which nobody else takes for an account's.
 */
static bool is_own(const struct options *options, const struct account *own, const char *domain)
{
	if (options->own_sockets || options->listen.inherited > 0 || strcmp(own->name, domain) == 0)
		return true;
	if (getpwnam(domain))
		log_line(LOG_ERR, "only root can serve the account %s; you can serve your own",
			 domain);
	else
		log_line(LOG_ERR, "there is no account %s on this machine", domain);
	return false;
}

static bool is_servable(const struct options *options, const char *domain)
{
	const char *name = account_default(options, domain);
	struct account account;
	int r = account_find(&account, name);

	if (r == 0)
		return name || is_own(options, &account, domain);
	if (r == -EPERM)
		log_line(LOG_ERR,
			 "--user: only a pedos-rpcd that root started can run services as %s",
			 name);
	else if (name == domain)
		log_line(LOG_ERR,
			 "there is no account %s on this machine; with --user, services run as "
			 "another account",
			 name);
	else
		log_line(LOG_ERR, "--user: there is no account %s on this machine", name);
	return false;
}

bool domains_check(const struct options *options)
{
	struct account account;
	bool ok = true;

	if (options->transport->rules) {
		/* The policy is dom0's, and may always say which account. */
		if (options->user_is_said)
			return is_servable(options, "");
		if (account_find(&account, options->user) < 0)
			log_line(LOG_WARNING,
				 "there is no account %s here: calls are served only if dom0's "
				 "policy says user=, or with --user",
				 options->user);
		return true;
	}
	for (size_t i = 0; ok && i < options->listen.count; i++)
		ok = is_servable(options, options->listen.domains[i]);
	return ok;
}

bool domains_check_inherited(const struct options *options, const struct rpc_listener *listener)
{
	const char *domain, *where;
	bool ok = true;

	if (options->listen.inherited == 0)
		return true;
	for (size_t i = 0; ok && (domain = listener->transport->domain(listener, i, &where)); i++)
		ok = is_servable(options, domain);
	return ok;
}

void domains_log(const struct options *options, const struct rpc_listener *listener)
{
	const char *domain, *where;
	struct account account;

	for (size_t i = 0; (domain = listener->transport->domain(listener, i, &where)); i++) {
		const char *name = account_default(options, domain);

		if (!name && account_find(&account, NULL) == 0 && *account.name)
			name = account.name;
		log_line(LOG_INFO, "ready for calls to %s (%s); services run as %s", domain, where,
			 name ? name : "this user");
	}
}
