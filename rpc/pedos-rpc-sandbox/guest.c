/*
 * The sandbox of a service.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "guest.h"

#include "confine.h"

#include "base/services.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What a service is told about who calls: the user, for whom there is no name of a VM. */
#define CALLER "user"

#define HOME "/home/user"

/* For sockets and the like of what runs inside. Where this usually is cannot be written. */
#define RUNTIME "/tmp/runtime-user"

/* The longest value of LANG that is handed on. */
#define LANGUAGE_MAX 64

/* An application fills the window. */
static const char openbox[] =
	"<?xml version=\"1.0\"?>\n"
	"<openbox_config xmlns=\"http://openbox.org/3.4/rc\"><applications>\n"
	"<application type=\"normal\"><maximized>yes</maximized></application>\n"
	"</applications></openbox_config>\n";

/*
 * What runs first inside, as a shell's command. The limit of processes counts those inside only, so
 * it is set here; not all shells call it by the same letter. That of the memory of each process is
 * for where nothing limits all of them together. Where one fails, the user's own is lower.
 */
static const char first[] = "{ (ulimit -u %u) && ulimit -u %u || ulimit -p %u; } 2>/dev/null\n"
			    "%sprintf up >&%d && exec %d>&-\n"
			    "%s%sexec \"$@\"";
static const char limit_memory[] = "ulimit -d %ju 2>/dev/null\n";
static const char await_network[] = "read -r go <&%d && exec %d<&- || exit\n";
static const char manage_windows[] =
	"if command -v openbox >/dev/null; then\n"
	"    openbox --config-file /etc/openbox.xml >/dev/null 2>&1 &\n"
	"elif command -v matchbox-window-manager >/dev/null; then\n"
	"    matchbox-window-manager -use_titlebar no >/dev/null 2>&1 &\n"
	"fi\n";

/* ---- Limits ---- */

/* Is the user's systemd there, which can limit the memory of all processes together? */
static bool has_systemd(char environment[PATH_MAX + 32])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	bool there;
	int fd;

	if (!runtime || snprintf(address.sun_path, sizeof(address.sun_path), "%s/systemd/private",
				 runtime) >= (int)sizeof(address.sun_path))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	there = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	if (fd >= 0)
		close(fd);
	snprintf(environment, PATH_MAX + 32, "XDG_RUNTIME_DIR=%s", runtime);
	return there;
}

/* Put the sandbox into a group of its own. Its command line follows, with an empty environment. */
static bool add_group(struct words *words, const struct template *template, char *environment)
{
	const char *run = confine_find("systemd-run"), *env = confine_find("env");

	if (!run || !env || !has_systemd(environment))
		return false;
	words_add(words, run, "--user", "--scope", "--quiet", "--collect", NULL);
	words_add_format(words, "--property=MemoryMax=%ju", (uintmax_t) template->memory);
	words_add(words, "--property=MemorySwapMax=0", NULL);
	words_add_format(words, "--property=TasksMax=%u", template->processes);
	words_add(words, "--", env, "-i", NULL);
	return true;
}

/* ---- What is inside ---- */

/* Where nothing may be shown, nor what is around it: it would be a way out. */
static const char *const never[] = {"/proc", "/sys", "/dev", "/run", "/tmp/.X11-unix"};

static bool is_within(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0' || directory[length - 1] == '/');
}

static bool is_way_out(const char *path)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char real[PATH_MAX];

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		if (is_within(path, never[i]) || is_within(never[i], path))
			return true;
	}
	/* Usually it is below /run. */
	return runtime && realpath(runtime, real) &&
	       (is_within(path, real) || is_within(real, path));
}

/* Show what the template says. Returns NULL, or what is wrong. */
static const char *show_binds(struct confinement *confinement, const struct template *template)
{
	char real[PATH_MAX];
	static char wrong[PATH_MAX + 200];

	for (size_t i = 0; i < template->bind_count; i++) {
		const char *path = template->binds[i];

		if (!realpath(path, real)) {
			snprintf(wrong, sizeof(wrong), "the template's bind=%s: %s", path,
				 strerror(errno));
			return wrong;
		}
		if (is_way_out(real) || is_way_out(path)) {
			snprintf(wrong, sizeof(wrong),
				 "the template's bind=%s would be a way out of the sandbox", path);
			return wrong;
		}
		if (is_within(HOME, path)) {
			snprintf(wrong, sizeof(wrong),
				 "the template's bind=%s would hide the sandbox's own home "
				 "directory, " HOME ": name what is needed below it",
				 path);
			return wrong;
		}
		words_add(&confinement->words, "--ro-bind", real, path, NULL);
	}
	return NULL;
}

/* Programs of ours that services run, where they are not below /usr. */
static void show_own_programs(struct confinement *confinement)
{
	static const char *const names[] = {"vm-file-editor", "qfile-unpacker"};
	char self[PATH_MAX], path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	while (length > 0 && self[length - 1] != '/')
		length--;
	if (length <= 0)
		return;
	self[length] = '\0';
	if (is_within(self, "/usr"))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (snprintf(path, sizeof(path), "%s%s", self, names[i]) < (int)sizeof(path))
			words_add(&confinement->words, "--ro-bind-try", path, path, NULL);
	}
}

static void set_environment(struct confinement *confinement, const struct guest *guest)
{
	static const char *const fixed[][2] = {
		{"HOME", HOME},
		{"USER", "user"},
		{"LOGNAME", "user"},
		{"SHELL", "/bin/sh"},
		{"XDG_RUNTIME_DIR", RUNTIME},
		{"QREXEC_REMOTE_DOMAIN", CALLER},
		/* Nobody answers these, so programs would wait for them. */
		{"GSETTINGS_BACKEND", "memory"},
		{"GTK_USE_PORTAL", "0"},
		{"NO_AT_BRIDGE", "1"},
	};
	const char *language = getenv("LANG"), *argument = service_argument(guest->service);

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		confine_set(confinement, fixed[i][0], fixed[i][1]);
	if (!language || !*language || strlen(language) > LANGUAGE_MAX)
		language = "C.UTF-8";
	confine_set(confinement, "LANG", language);
	confine_set(confinement, "QREXEC_SERVICE_FULL_NAME", guest->service);
	confine_set(confinement, "QREXEC_SERVICE_ARGUMENT", argument ? argument : "");
}

static void add_display(struct confinement *confinement, const struct display *display)
{
	confine_set(confinement, "DISPLAY", ":0");
	/* Whose window is closed has ended all in it, as a person does. */
	confine_set(confinement, "QOPEN_SCREEN_IS_A_WINDOW", "1");
	confine_add_file(confinement, openbox, "/etc/openbox.xml");
	words_add(&confinement->words, "--ro-bind", display->socket, "/tmp/.X11-unix/X0", NULL);
}

static void add_command(struct words *words, const struct guest *guest, bool grouped, int up)
{
	const unsigned limit = guest->template->processes;
	char await[64] = "", memory[64] = "";

	if (!grouped)
		snprintf(memory, sizeof(memory), limit_memory,
			 (uintmax_t)guest->template->memory >> 10);
	if (guest->network)
		snprintf(await, sizeof(await), await_network, guest->network->waits,
			 guest->network->waits);
	words_add(words, "/bin/sh", "-c", NULL);
	words_add_format(words, first, limit, limit, limit, memory, up, up, await,
			 guest->display ? manage_windows : "");
	words_add(words, "sh", guest->program, service_argument(guest->service), NULL);
}

/* Longer lists of what opens which type are left out. */
#define CHOICES_MAX 65536

/*
 * Which application the user has chosen for a type of files: a copy, by which nobody inside reaches
 * the file itself.
 */
static void add_choices(struct confinement *confinement)
{
	static char text[CHOICES_MAX];
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char path[PATH_MAX];
	ssize_t length;
	int fd;

	if (config && *config == '/')
		snprintf(path, sizeof(path), "%s/mimeapps.list", config);
	else
		snprintf(path, sizeof(path), "%s/.config/mimeapps.list", home ? home : "");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	length = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (fd >= 0)
		close(fd);
	if (length <= 0 || length == sizeof(text) || memchr(text, '\0', (size_t)length))
		return;
	text[length] = '\0';
	confine_add_file(confinement, text, HOME "/.config/mimeapps.list");
}

/* All that is inside. Returns NULL, or what is wrong. */
static const char *fill(struct confinement *confinement, const struct guest *guest)
{
	confine_add_file(confinement, "user:x:1000:1000:user:" HOME ":/bin/sh\n", "/etc/passwd");
	confine_add_file(confinement, "user:x:1000:\n", "/etc/group");
	confine_show(confinement, guest->program);
	show_own_programs(confinement);
	set_environment(confinement, guest);
	add_choices(confinement);
	if (guest->display)
		add_display(confinement, guest->display);
	/* The X server keeps this machine's, by which the cookie of the user's screen is found. */
	words_add(&confinement->words, "--hostname", "sandbox", "--perms", "0700", "--dir", RUNTIME,
		  "--chdir", HOME, NULL);
	return show_binds(confinement, guest->template);
}

int guest_start(struct guest *guest, const int fds[3], char *failure, size_t size)
{
	static struct confinement confinement;
	static struct words command;
	char variable[PATH_MAX + 32], *environment[] = {NULL, NULL};
	const char *wrong;
	int up[2], number, r;

	confine_begin(&confinement, guest->bubblewrap, fds, guest->filter, guest->template->space);
	wrong = fill(&confinement, guest);
	if (wrong) {
		snprintf(failure, size, "%s", wrong);
		return -EINVAL;
	}
	if (add_group(&command, guest->template, variable))
		environment[0] = variable;
	r = pipe2(up, O_CLOEXEC) < 0 ? -errno : 0;
	if (r == 0) {
		guest->up = up[0];
		number = confine_pass(&confinement, up[1]);
		r = guest->network ? network_add(guest->network, &confinement) : 0;
	}
	if (r == 0) {
		confine_end(&confinement, &command);
		add_command(&command, guest, environment[0], number);
		r = process_start(&guest->process, command.list, environment, confinement.fds,
				  confinement.fd_count);
		close(up[1]);
		if (guest->network)
			network_given(guest->network);
	}
	if (r < 0)
		snprintf(failure, size, "cannot run %s: %s", guest->bubblewrap, strerror(-r));
	return r;
}

bool guest_is_up(struct guest *guest)
{
	char text[4];
	ssize_t n;

	do
		n = read(guest->up, text, sizeof(text));
	while (n < 0 && errno == EINTR);
	close(guest->up);
	guest->up = -1;
	return n > 0;
}
