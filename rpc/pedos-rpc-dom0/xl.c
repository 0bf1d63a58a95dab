/*
 * xl, here or in a unit of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "xl.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UUID_TEXT_SIZE 37
#define REQUEST_SIZE   256 /* a line, its newline replaced by a NUL */

/* ---- Starting it here ---- */

static int start_create(struct child *xl, char *path, const char *vm_name, const char *vm_uuid,
			int64_t deadline)
{
	char name[32], uuid[UUID_TEXT_SIZE + 16];
	/* The options must stand before the file. Without -e, xl would stay. */
	char *argv[] = {
		(char *)"xl", (char *)"create", (char *)"-q", (char *)"-e", path, name, uuid, NULL};

	snprintf(name, sizeof(name), "name='%s'", vm_name);
	snprintf(uuid, sizeof(uuid), "uuid='%s'", vm_uuid);
	return child_start(xl, argv, deadline);
}

static int start_destroy(struct child *xl, unsigned domid, int64_t deadline)
{
	char text[16];
	char *argv[] = {(char *)"xl", (char *)"destroy", text, NULL};

	snprintf(text, sizeof(text), "%u", domid);
	return child_start(xl, argv, deadline);
}

/* ---- Having it started ---- */

static void write_uuid(const unsigned char *u, char text[UUID_TEXT_SIZE])
{
	snprintf(text, UUID_TEXT_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
		 u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
		 u[15]);
}

int xl_create(struct child *xl, const struct options *options, const struct disposable *disposable,
	      char *path)
{
	char uuid[UUID_TEXT_SIZE], request[REQUEST_SIZE];

	write_uuid(disposable->uuid, uuid);
	if (!options->xl_socket)
		return start_create(xl, path, disposable->name, uuid, disposable->deadline);
	snprintf(request, sizeof(request), "create %s %s %s\n", disposable->template,
		 disposable->name, uuid);
	return child_ask(xl, options->xl_socket, request, disposable->deadline);
}

int xl_destroy(struct child *xl, const struct options *options, unsigned domid, int64_t deadline)
{
	char request[REQUEST_SIZE];

	if (!options->xl_socket)
		return start_destroy(xl, domid, deadline);
	snprintf(request, sizeof(request), "destroy %u\n", domid);
	return child_ask(xl, options->xl_socket, request, deadline);
}

/* ---- Being asked ---- */

/* Read a line. False: there is none. */
static bool read_request(char untrusted_line[REQUEST_SIZE])
{
	for (size_t n = 0; n < REQUEST_SIZE; n++) {
		if (read(STDIN_FILENO, untrusted_line + n, 1) != 1 || !untrusted_line[n])
			return false;
		if (untrusted_line[n] == '\n') {
			untrusted_line[n] = '\0';
			return true;
		}
	}
	return false;
}

/* Is it written as write_uuid() does, and that of a disposable VM? */
static bool uuid_ok(const char *untrusted_uuid)
{
	unsigned char bytes[DOMAIN_UUID_SIZE];
	char digits[2 * DOMAIN_UUID_SIZE + 1], again[UUID_TEXT_SIZE];
	size_t n = 0;

	for (const char *c = untrusted_uuid; *c && n < 2 * DOMAIN_UUID_SIZE; c++) {
		if (*c != '-')
			digits[n++] = *c;
	}
	digits[n] = '\0';
	for (size_t i = 0; i < DOMAIN_UUID_SIZE; i++) {
		unsigned byte;

		if (sscanf(digits + 2 * i, "%2x", &byte) != 1)
			return false;
		bytes[i] = (unsigned char)byte;
	}
	write_uuid(bytes, again);
	return strcmp(untrusted_uuid, again) == 0 &&
	       memcmp(bytes, domains_our_uuid, DOMAIN_UUID_PREFIX) == 0;
}

/* Is it "disp" and a number? */
static bool name_ok(const char *untrusted_name)
{
	size_t digits;

	if (strncmp(untrusted_name, "disp", 4) != 0)
		return false;
	digits = strspn(untrusted_name + 4, "0123456789");
	return digits > 0 && digits <= 4 && !untrusted_name[4 + digits];
}

/* Is this domain a disposable VM? */
static bool is_disposable(struct machine *machine, unsigned domid)
{
	xc_domaininfo_t info;

	return xc_domain_getinfolist(machine->xc, domid, 1, &info) == 1 && info.domain == domid &&
	       memcmp(info.handle, domains_our_uuid, DOMAIN_UUID_PREFIX) == 0;
}

/* Each returns whether what came is right, and xl runs. */
static bool start_create_asked(struct child *xl, struct machine *machine, const char *words)
{
	char template[64], name[16], uuid[UUID_TEXT_SIZE], target[80], path[TEMPLATE_PATH_SIZE];
	const char *wrong;
	int end = 0, r;

	if (sscanf(words, "%63s %15s %36s%n", template, name, uuid, &end) != 3 || words[end])
		return false;
	snprintf(target, sizeof(target), RPC_DISPOSABLE ":%s", template);
	if (!rpc_disposable_ok(target) || !name_ok(name) || !uuid_ok(uuid))
		return false;
	wrong = templates_find(&machine->disposables.templates, template, path);
	if (wrong) {
		log_line(LOG_WARNING, "%s: %s", path, wrong);
		return false;
	}
	r = start_create(xl, path, name, uuid, INT64_MAX);
	if (r < 0)
		log_line(LOG_WARNING, "xl create cannot be run: %s", strerror(-r));
	return r == 0;
}

static bool start_destroy_asked(struct child *xl, struct machine *machine, const char *words)
{
	unsigned domid;
	int end = 0, r;

	if (sscanf(words, "%5u%n", &domid, &end) != 1 || words[end] ||
	    !is_disposable(machine, domid))
		return false;
	r = start_destroy(xl, domid, INT64_MAX);
	if (r < 0)
		log_line(LOG_WARNING, "xl destroy cannot be run: %s", strerror(-r));
	return r == 0;
}

static bool start_asked(struct child *xl, struct machine *machine)
{
	char line[REQUEST_SIZE];

	if (!read_request(line))
		return false;
	if (strncmp(line, "create ", 7) == 0)
		return start_create_asked(xl, machine, line + 7);
	return strncmp(line, "destroy ", 8) == 0 && start_destroy_asked(xl, machine, line + 8);
}

/* Wait until xl has ended, and kill it if we are told to. Returns its status. */
static int wait_for_end(struct child *xl)
{
	struct pollfd fds[] = {{.fd = xl->ended, .events = POLLIN},
			       {.fd = STDIN_FILENO, .events = POLLIN}};
	int status;
	char kill;

	while (!child_ended(xl, 0, &status)) {
		if (poll(fds, 2, -1) < 0 || !fds[1].revents)
			continue;
		if (recv(STDIN_FILENO, &kill, 1, 0) == 1)
			child_kill(xl);
		else /* who asked has gone: xl may finish what it does */
			fds[1].fd = -1;
	}
	return status;
}

int xl_serve(struct machine *machine)
{
	struct child xl = {.runs = false};
	unsigned char status;

	if (!start_asked(&xl, machine)) {
		log_line(LOG_WARNING, "a request for xl is refused, or cannot be served");
		return EXIT_FAILED;
	}
	status = (unsigned char)wait_for_end(&xl);
	if (send(STDIN_FILENO, &status, 1, MSG_NOSIGNAL) != 1)
		log_line(LOG_INFO, "who asked has gone");
	return EXIT_SUCCESS;
}
