/*
 * Who may have been handed the file?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/holders/candidates.h"
#include "io/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Programs that show no files, and that may well be on the same screen or bus, as the kernel
 * shortens their names: a program that begins like a name with '*' at its end is meant, too.
 */
static const char *const services[] = {
	/* Shells, and what they run in. */
	"sh",
	"dash",
	"bash",
	"zsh",
	"ksh",
	"mksh",
	"fish",
	"login",
	"su",
	"sudo",
	"sshd*",
	"ssh",
	"tmux*",
	"screen",
	"timeout",
	"agetty",
	/* The session and its buses. */
	"systemd*",
	"(sd-pam)",
	"dbus-*",
	"at-spi*",
	"dconf-*",
	"gvfs*",
	"gconfd*",
	"xfconfd",
	"xdg-desktop-por*",
	"xdg-document-po*",
	"xdg-permission-*",
	"gnome-keyring-*",
	"ibus-*",
	"fcitx*",
	"polkit*",
	"xsettingsd",
	"tracker-*",
	"goa-*",
	"evolution-*",
	"obexd",
	/* Secrets. */
	"ssh-agent",
	"gpg-agent",
	"dirmngr",
	"scdaemon",
	"keyboxd",
	"pinentry*",
	/* Screens and sound. */
	"Xorg",
	"Xvfb",
	"Xwayland",
	"Xephyr",
	"Xnest",
	"Xtigervnc",
	"Xvnc",
	"x11vnc",
	"xrdp-*",
	"X",
	"xinit",
	"startx",
	"pulseaudio",
	"pipewire*",
	"wireplumber",
	"cryfs",
	"speech-dispatch*",
	"sd_*",
	/* Managers of windows, and what they are surrounded by. */
	"openbox",
	"fluxbox",
	"blackbox",
	"icewm*",
	"xfwm4",
	"metacity",
	"marco",
	"muffin",
	"mutter*",
	"kwin*",
	"i3",
	"i3bar",
	"i3status",
	"sway",
	"swaybar",
	"swaybg",
	"swayidle",
	"weston*",
	"labwc",
	"twm",
	"ctwm",
	"fvwm*",
	"jwm",
	"awesome",
	"dwm",
	"bspwm",
	"sxhkd",
	"xmonad*",
	"herbstluftwm",
	"spectrwm",
	"wmaker",
	"pekwm",
	"compiz",
	"matchbox-*",
	"picom",
	"compton",
	"xcompmgr",
	"gnome-session*",
	"gnome-shell*",
	"gsd-*",
	"cinnamon*",
	"csd-*",
	"mate-session",
	"mate-settings-d",
	"mate-panel",
	"mate-notificati",
	"xfce4-session",
	"xfce4-panel",
	"xfce4-notifyd",
	"xfce4-power-man",
	"xfsettingsd",
	"xfdesktop",
	"panel-*",
	"lxsession",
	"lxpanel",
	"lxqt-*",
	"ksmserver",
	"kded5",
	"kglobalaccel5",
	"kdeinit5",
	"klauncher",
	"kioslave*",
	"kiod5",
	"kactivitymanage",
	"plasmashell",
	"plasma_*",
	"tint2",
	"dunst",
	"notification-da",
	"nm-applet",
	"blueman-*",
	"pasystray",
	"unclutter",
	"xclip",
	"xsel",
	"wl-copy",
	"xbindkeys",
	"xscreensaver*",
	"light-locker",
	"xautolock",
	"xss-lock",
	"redshift*",
	/* Terminals: what runs in them is a process of its own. */
	"xterm",
	"uxterm",
	"rxvt*",
	"urxvt*",
	"gnome-terminal*",
	"mate-terminal",
	"xfce4-terminal",
	"lxterminal",
	"qterminal",
	"konsole",
	"kitty",
	"alacritty",
	"foot",
	"footclient",
	/* Other VMs. */
	"pedos-*",
	"qfile-*",
	"qopen-in-vm",
	"vm-file-editor",
	"qrexec-*",
	"qubes-*",
	/* Of the system, where the account is root. */
	"init",
	"udevd",
	"rsyslogd",
	"cron",
	"multipathd",
	"iscsid",
	"dockerd",
	"containerd*",
};

/*
 * Programs that are handed files through a socket in a place that all accounts share, or that has
 * no file. Many others have sockets there who show no files; an application has the same screen or
 * bus.
 */
static const char *const servers[] = {"emacs*", "nvim", "kak", "soffice*"};

/* Sockets that are listened on: so many are looked for. */
#define SOCKETS_MAX 256
/* Processes above us: so many are known. */
#define ANCESTORS_MAX 64

/* How a program with the handler's environment can reach others. NULL: not at all. */
struct session {
	const char *display, *wayland, *bus, *runtime;
	bool own_bus; /* there is one at the usual place in `runtime` */
};

struct listening {
	unsigned long inode;
	bool shared; /* in a place that is not the account's own */
};

struct look {
	struct candidates *found;
	const struct holders *holders;
	struct session session;
	const char *places[4]; /* where sockets of applications are */
	int place_count;
	struct listening sockets[SOCKETS_MAX];
	int socket_count;
	pid_t ancestors[ANCESTORS_MAX];
	int ancestor_count;
};

static const char *value_of(char *const environment[], const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++) {
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=' &&
		    (*environment)[length + 1])
			return *environment + length + 1;
	}
	return NULL;
}

static void find_session(struct session *session, char *const environment[])
{
	char path[PATH_MAX];

	session->display = value_of(environment, "DISPLAY");
	session->wayland = value_of(environment, "WAYLAND_DISPLAY");
	session->bus = value_of(environment, "DBUS_SESSION_BUS_ADDRESS");
	session->runtime = value_of(environment, "XDG_RUNTIME_DIR");
	session->own_bus =
		session->runtime &&
		snprintf(path, sizeof(path), "%s/bus", session->runtime) < (int)sizeof(path) &&
		access(path, F_OK) == 0;
}

static bool has_session(const struct session *session)
{
	return session->display || session->wayland || session->bus || session->own_bus;
}

/* ---- Sockets ---- */

static void find_places(struct look *look, char *const environment[])
{
	static const char *const names[] = {"XDG_RUNTIME_DIR", "HOME", "TMPDIR"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *place = value_of(environment, names[i]);

		if (place && strlen(place) > 1 && strcmp(place, "/tmp") != 0)
			look->places[look->place_count++] = place;
	}
}

/* Names of sockets without a file, after their '@', that are no application's. */
static const char *const system_names[] = {"qopen-in-vm/", "/tmp/.X11-unix/", "/tmp/.ICE-unix/",
					   "/tmp/dbus-",   "/run/",           "/org/"};

static bool is_of_system(const char *name)
{
	for (size_t i = 0; i < sizeof(system_names) / sizeof(*system_names); i++) {
		if (strncmp(name, system_names[i], strlen(system_names[i])) == 0)
			return true;
	}
	return false;
}

/* Is it in a directory of the account's? */
static bool is_in_own_place(const struct look *look, const char *path)
{
	for (int i = 0; i < look->place_count; i++) {
		size_t length = strlen(look->places[i]);

		if (strncmp(path, look->places[i], length) == 0 && path[length] == '/')
			return true;
	}
	return false;
}

/* Is it below /tmp, or nowhere in the files? */
static bool is_in_shared_place(const char *path)
{
	return path[0] == '@' ? !is_of_system(path + 1) : strncmp(path, "/tmp/", 5) == 0;
}

static bool add_socket(const char *line, void *argument)
{
	struct look *look = argument;
	unsigned long flags, inode;
	int at = 0;
	char path[256];
	bool own;

	if (sscanf(line, "%*x: %*x %*x %lx %*x %*x %lu %n", &flags, &inode, &at) != 2 || at == 0)
		return false;
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(line + at, "\n"), line + at);
	own = is_in_own_place(look, path);
	if (flags & 0x10000 /* __SO_ACCEPTCON */ && (own || is_in_shared_place(path)) &&
	    look->socket_count < SOCKETS_MAX)
		look->sockets[look->socket_count++] =
			(struct listening){.inode = inode, .shared = !own};
	return false;
}

static bool is_listened_on(const struct look *look, unsigned long inode, bool shared)
{
	for (int i = 0; i < look->socket_count; i++) {
		if (look->sockets[i].inode == inode && (shared || !look->sockets[i].shared))
			return true;
	}
	return false;
}

/* Does it listen on one of these sockets? `shared`: those in shared places count, too. */
static bool listens(int dir, const struct look *look, bool shared)
{
	int fd =
		look->socket_count > 0 ? openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	DIR *list = fd < 0 ? NULL : directory_read(fd);
	const struct dirent *entry;
	bool found = false;

	while (list && !found && (entry = readdir(list))) {
		unsigned long inode;
		char text[64];
		ssize_t n = readlinkat(fd, entry->d_name, text, sizeof(text) - 1);

		text[n < 0 ? 0 : n] = '\0';
		found = sscanf(text, "socket:[%lu]", &inode) == 1 &&
			is_listened_on(look, inode, shared);
	}
	if (list)
		closedir(list);
	return found;
}

/* ---- Families ---- */

/* The parent of a process, or 0. */
static pid_t parent_of(pid_t pid)
{
	struct process process;
	int dir = process_open(pid), r;

	if (dir < 0)
		return 0;
	r = process_read(dir, &process);
	close(dir);
	return r < 0 ? 0 : process.parent;
}

static void find_ancestors(struct look *look)
{
	pid_t pid = getpid();

	while ((pid = parent_of(pid)) > 0 && look->ancestor_count < ANCESTORS_MAX)
		look->ancestors[look->ancestor_count++] = pid;
}

static bool is_ancestor(const struct look *look, pid_t pid)
{
	for (int i = 0; i < look->ancestor_count; i++) {
		if (look->ancestors[i] == pid)
			return true;
	}
	return false;
}

static bool is_descendant(pid_t pid)
{
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		pid = parent_of(pid);
		if (pid == getpid())
			return true;
	}
	return false;
}

static bool names_directory(const char *variable, void *argument)
{
	const struct look *look = argument;

	return strstr(variable, look->holders->target.base);
}

/* Was it started by the handler, or by one whom that started? */
static bool is_family(pid_t pid, int dir, struct look *look)
{
	return is_descendant(pid) || process_any(dir, "environ", '\0', names_directory, look) == 1;
}

/* Was it, or one of those that have started it, seen to let go of the file? */
static bool has_released(const struct look *look, pid_t pid)
{
	const struct holders *holders = look->holders;

	for (int level = 0; level < ANCESTORS_MAX && pid > 1; level++) {
		for (int i = 0; i < holders->released_count; i++) {
			if (holders->released[i].pid == pid)
				return true;
		}
		pid = parent_of(pid);
	}
	return false;
}

/* ---- One process ---- */

static bool is_among(const char *name, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strcspn(names[i], "*");

		if (strncmp(name, names[i], length) == 0 && (names[i][length] || !name[length]))
			return true;
	}
	return false;
}

static bool is_service(const char *name)
{
	return is_among(name, services, sizeof(services) / sizeof(*services));
}

/* Of what hides its name, nothing is known. */
static bool is_server(const struct process *process)
{
	return !process->name[0] ||
	       is_among(process->name, servers, sizeof(servers) / sizeof(*servers));
}

static bool is_value(const char *variable, const char *name, const char *value)
{
	size_t length = strlen(name);

	return value && strncmp(variable, name, length) == 0 && variable[length] == '=' &&
	       strcmp(variable + length + 1, value) == 0;
}

static bool is_shared(const char *variable, void *argument)
{
	const struct session *session = argument;

	return is_value(variable, "DISPLAY", session->display) ||
	       is_value(variable, "WAYLAND_DISPLAY", session->wayland) ||
	       is_value(variable, "DBUS_SESSION_BUS_ADDRESS", session->bus) ||
	       (session->own_bus && is_value(variable, "XDG_RUNTIME_DIR", session->runtime));
}

/* What cannot be seen may be, where there is a way to it at all. */
static bool shares_session(int dir, struct session *session)
{
	int r = has_session(session) ? process_any(dir, "environ", '\0', is_shared, session) : 0;

	return r != 0 && r != -ESRCH;
}

/* Is it of a program that had the path, and ended at once? */
static void compare_program(int dir, struct look *look)
{
	const struct holders *holders = look->holders;
	struct program program;

	if (process_program(dir, &program) < 0)
		return;
	for (int i = 0; i < holders->handed_count && !look->found->likely; i++) {
		if (!program_same(&holders->handed[i].program, &program))
			continue;
		look->found->likely = true;
		snprintf(look->found->name, sizeof(look->found->name), "%s",
			 holders->handed[i].name);
	}
}

static int look_at(pid_t pid, int dir, void *argument)
{
	struct look *look = argument;
	struct process process = {.name = ""};
	int r = process_is_ours(dir);
	bool family;

	if (r == 1)
		r = process_read(dir, &process);
	else if (r == 0)
		return 0;
	if (r == -ESRCH || is_ancestor(look, pid))
		return 0;
	if (r == 0 && (process.of_kernel || is_service(process.name)))
		return 0;
	family = is_family(pid, dir, look);
	if (r == 0 && !family && !shares_session(dir, &look->session) &&
	    !listens(dir, look, is_server(&process)))
		return 0;
	look->found->any = true;
	look->found->server = look->found->server || is_server(&process) ||
			      (!family && listens(dir, look, false));
	if (family && !has_released(look, pid))
		snprintf(look->found->heir, sizeof(look->found->heir), "%s",
			 process.name[0] ? process.name : "a program");
	compare_program(dir, look);
	return 0;
}

void candidates_look(struct candidates *candidates, const struct holders *holders,
		     char *const environment[])
{
	struct look look = {.found = candidates, .holders = holders};

	*candidates = (struct candidates){.any = false};
	find_session(&look.session, environment);
	candidates->starts = look.session.bus || look.session.own_bus;
	find_places(&look, environment);
	if (process_any(AT_FDCWD, "/proc/net/unix", '\n', add_socket, &look) < 0)
		candidates->any = true;
	find_ancestors(&look);
	if (process_each(look_at, &look) < 0)
		candidates->any = true;
}
