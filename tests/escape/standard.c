/*
 * What the monitor's own stdin and stderr are: terminals, logs, files, sockets, directories. The
 * child has pipes in their place.
 *
 * The name of an attempt says which of the two it is about, and what run.py makes that:
 * "stdin-file-...". Whoever started the receiver had a use for it that is not the sender's affair.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define EVIL "password for user: "

/* The call may succeed: the child has a pipe there. Whether anybody gets it shows outside. */
static int shows_outside(ssize_t n)
{
	return n < 0 ? errno : ECANCELED;
}

static int write_on(int fd)
{
	return shows_outside(write(fd, EVIL, strlen(EVIL)));
}

static int write_at_the_start(int fd)
{
	return why(pwrite(fd, EVIL, strlen(EVIL), 0));
}

static int truncate_it(int fd)
{
	return why(ftruncate(fd, 0));
}

static int open_to_all(int fd)
{
	return shows_outside(fchmod(fd, 0666));
}

static int antedate(int fd)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	return shows_outside(futimens(fd, times));
}

static int read_from_the_start(int fd)
{
	char bytes[100];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		return errno;
	say("read: %.*s", (int)n, bytes);
	return ESCAPED;
}

static int rewind_and_read(int fd)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? errno : steal(fd);
}

static int map_it(int fd)
{
	const char *bytes = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	if (bytes == MAP_FAILED)
		return errno;
	say("read: %.100s", bytes);
	return ESCAPED;
}

/* Then what is written goes to where the attacker likes. */
static int stop_appending(int fd)
{
	if (fcntl(fd, F_SETFL, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return errno;
	return why(write(fd, EVIL, strlen(EVIL)));
}

static int change_terminal(int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings) < 0)
		return errno;
	settings.c_lflag ^= ICANON;
	return why(tcsetattr(fd, TCSANOW, &settings));
}

static int type_on_terminal(int fd)
{
	for (const char *byte = "evil\n"; *byte; byte++) {
		if (ioctl(fd, TIOCSTI, byte) < 0)
			return errno;
	}
	return ESCAPED;
}

static int send_on(int fd)
{
	return why(send(fd, EVIL, strlen(EVIL), MSG_NOSIGNAL));
}

static int receive_from(int fd)
{
	char bytes[100];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0)
		return errno;
	say("read: %.*s", (int)n, bytes);
	return ESCAPED;
}

static int open_below(int fd)
{
	return steal(openat(fd, "secret", O_RDONLY));
}

static int look_below(int fd)
{
	struct stat status;

	return why(fstatat(fd, "secret", &status, 0));
}

static int create_below(int fd)
{
	return why(openat(fd, "evil", O_WRONLY | O_CREAT, 0644));
}

static int make_directory_below(int fd)
{
	return why(mkdirat(fd, "evil", 0700));
}

static int link_below(int fd)
{
	return why(symlinkat("secret", fd, "evil"));
}

static int stdin_terminal_write(void)
{
	return write_on(STDIN_FILENO);
}

static int stdin_terminal_change(void)
{
	return change_terminal(STDIN_FILENO);
}

static int stdin_terminal_type(void)
{
	return type_on_terminal(STDIN_FILENO);
}

static int stdin_file_rewind(void)
{
	return rewind_and_read(STDIN_FILENO);
}

static int stdin_file_read(void)
{
	return read_from_the_start(STDIN_FILENO);
}

static int stdin_file_map(void)
{
	return map_it(STDIN_FILENO);
}

static int stdin_file_write(void)
{
	return write_at_the_start(STDIN_FILENO);
}

static int stdin_file_truncate(void)
{
	return truncate_it(STDIN_FILENO);
}

static int stdin_file_mode(void)
{
	return open_to_all(STDIN_FILENO);
}

static int stdin_file_times(void)
{
	return antedate(STDIN_FILENO);
}

static int stdin_fifo_write(void)
{
	return write_on(STDIN_FILENO);
}

static int stdin_fifo_mode(void)
{
	return open_to_all(STDIN_FILENO);
}

static int stdin_fifo_times(void)
{
	return antedate(STDIN_FILENO);
}

/* One socket may be both the stream and the way of the answer. */
static int stdin_socket_answer(void)
{
	static const char success[20];

	return shows_outside(write(STDIN_FILENO, success, sizeof(success)));
}

static int stdin_socket_send(void)
{
	return send_on(STDIN_FILENO);
}

static int stdin_socket_shutdown(void)
{
	return why(shutdown(STDIN_FILENO, SHUT_RDWR));
}

static int stdin_epoll_wait(void)
{
	struct epoll_event event;

	return why(epoll_wait(STDIN_FILENO, &event, 1, 0));
}

static int stdin_epoll_add(void)
{
	struct epoll_event event = {.events = EPOLLOUT};

	return why(epoll_ctl(STDIN_FILENO, EPOLL_CTL_ADD, STDOUT_FILENO, &event));
}

static int stdin_directory_open(void)
{
	return open_below(STDIN_FILENO);
}

static int stdin_directory_look(void)
{
	return look_below(STDIN_FILENO);
}

static int stdin_directory_create(void)
{
	return create_below(STDIN_FILENO);
}

static int stdin_directory_make(void)
{
	return make_directory_below(STDIN_FILENO);
}

static int stdin_directory_link(void)
{
	return link_below(STDIN_FILENO);
}

static int stdin_directory_enter(void)
{
	return fchdir(STDIN_FILENO) < 0 ? errno : steal(openat(AT_FDCWD, "secret", O_RDONLY));
}

static int stderr_terminal_read(void)
{
	return steal(STDERR_FILENO);
}

static int stderr_terminal_write(void)
{
	return write_on(STDERR_FILENO);
}

static int stderr_terminal_change(void)
{
	return change_terminal(STDERR_FILENO);
}

static int stderr_terminal_type(void)
{
	return type_on_terminal(STDERR_FILENO);
}

static int stderr_log_forge(void)
{
	return write_on(STDERR_FILENO);
}

static int stderr_log_write(void)
{
	return write_at_the_start(STDERR_FILENO);
}

static int stderr_log_truncate(void)
{
	return truncate_it(STDERR_FILENO);
}

static int stderr_log_mode(void)
{
	return open_to_all(STDERR_FILENO);
}

static int stderr_log_times(void)
{
	return antedate(STDERR_FILENO);
}

static int stderr_append_forge(void)
{
	return write_on(STDERR_FILENO);
}

static int stderr_append_rewrite(void)
{
	return stop_appending(STDERR_FILENO);
}

static int stderr_append_truncate(void)
{
	return truncate_it(STDERR_FILENO);
}

static int stderr_both_read(void)
{
	return read_from_the_start(STDERR_FILENO);
}

static int stderr_both_rewind(void)
{
	return rewind_and_read(STDERR_FILENO);
}

static int stderr_both_map(void)
{
	return map_it(STDERR_FILENO);
}

static int stderr_socket_write(void)
{
	return write_on(STDERR_FILENO);
}

static int stderr_socket_send(void)
{
	return send_on(STDERR_FILENO);
}

static int stderr_socket_receive(void)
{
	return receive_from(STDERR_FILENO);
}

static int stderr_directory_open(void)
{
	return open_below(STDERR_FILENO);
}

static int stderr_directory_look(void)
{
	return look_below(STDERR_FILENO);
}

static int stderr_directory_create(void)
{
	return create_below(STDERR_FILENO);
}

#define ARRIVES   "it arrives there"
#define TAKES     "the kernel takes it"
#define CONTENT   "its content"
#define CHANGES   "it is changed"
#define NO_TYPING "a setting of the kernel forbids it to some"

const struct attempt standard_attempts[] = {
	{"stdin-terminal-write", "write on the terminal that stdin is", ARRIVES,
	 stdin_terminal_write, NULL},
	{"stdin-terminal-change", "change how the terminal reads that stdin is", TAKES,
	 stdin_terminal_change, NULL},
	{"stdin-terminal-type", "type on the terminal that stdin is", TAKES, stdin_terminal_type,
	 NO_TYPING},
	{"stdin-file-rewind", "go back in the file that stdin is, and read", CONTENT,
	 stdin_file_rewind, NULL},
	{"stdin-file-read", "read what stood before the stream in the file that stdin is", CONTENT,
	 stdin_file_read, NULL},
	{"stdin-file-map", "map the file that stdin is", CONTENT, stdin_file_map, NULL},
	{"stdin-file-write", "overwrite the file that stdin is", CHANGES, stdin_file_write, NULL},
	{"stdin-file-truncate", "empty the file that stdin is", CHANGES, stdin_file_truncate, NULL},
	{"stdin-file-mode", "open the file that stdin is to all", CHANGES, stdin_file_mode, NULL},
	{"stdin-file-times", "antedate the file that stdin is", CHANGES, stdin_file_times, NULL},
	{"stdin-fifo-write", "write to the named pipe that stdin is", ARRIVES, stdin_fifo_write,
	 NULL},
	{"stdin-fifo-mode", "open the named pipe that stdin is to all", CHANGES, stdin_fifo_mode,
	 NULL},
	{"stdin-fifo-times", "antedate the named pipe that stdin is", CHANGES, stdin_fifo_times,
	 NULL},
	{"stdin-socket-answer", "answer the sender by the socket that stdin is", ARRIVES,
	 stdin_socket_answer, NULL},
	{"stdin-socket-send", "send on the socket that stdin is", ARRIVES, stdin_socket_send, NULL},
	{"stdin-socket-shutdown", "shut the socket down that stdin is", TAKES,
	 stdin_socket_shutdown, NULL},
	{"stdin-epoll-wait", "find out by the epoll that stdin is what others wait for", TAKES,
	 stdin_epoll_wait, NULL},
	{"stdin-epoll-add", "have the epoll that stdin is wait for something else", TAKES,
	 stdin_epoll_add, NULL},
	{"stdin-directory-open", "open a file in the directory that stdin is", CONTENT,
	 stdin_directory_open, NULL},
	{"stdin-directory-look", "find out what is in the directory that stdin is", "it is found",
	 stdin_directory_look, NULL},
	{"stdin-directory-create", "create a file in the directory that stdin is", "it is there",
	 stdin_directory_create, NULL},
	{"stdin-directory-make", "make a directory in the directory that stdin is", "it is there",
	 stdin_directory_make, NULL},
	{"stdin-directory-link", "make a link in the directory that stdin is", "it is there",
	 stdin_directory_link, NULL},
	{"stdin-directory-enter", "change to the directory that stdin is", CONTENT,
	 stdin_directory_enter, NULL},
	{"stderr-terminal-read", "read what is typed on the terminal that stderr is", CONTENT,
	 stderr_terminal_read, NULL},
	{"stderr-terminal-write", "ask for a password on the terminal that stderr is", ARRIVES,
	 stderr_terminal_write, NULL},
	{"stderr-terminal-change", "change how the terminal reads that stderr is", TAKES,
	 stderr_terminal_change, NULL},
	{"stderr-terminal-type", "type on the terminal that stderr is", TAKES, stderr_terminal_type,
	 NO_TYPING},
	{"stderr-log-forge", "write a line into the log that stderr is", CHANGES, stderr_log_forge,
	 NULL},
	{"stderr-log-write", "overwrite the log that stderr is", CHANGES, stderr_log_write, NULL},
	{"stderr-log-truncate", "empty the log that stderr is", CHANGES, stderr_log_truncate, NULL},
	{"stderr-log-mode", "open the log that stderr is to all", CHANGES, stderr_log_mode, NULL},
	{"stderr-log-times", "antedate the log that stderr is", CHANGES, stderr_log_times, NULL},
	{"stderr-append-forge", "append a line to the log that stderr is", CHANGES,
	 stderr_append_forge, NULL},
	{"stderr-append-rewrite", "overwrite the log that stderr may only append to", CHANGES,
	 stderr_append_rewrite, NULL},
	{"stderr-append-truncate", "empty the log that stderr may only append to", CHANGES,
	 stderr_append_truncate, NULL},
	{"stderr-both-read", "read the log that stderr is", CONTENT, stderr_both_read, NULL},
	{"stderr-both-rewind", "go back in the log that stderr is, and read", CONTENT,
	 stderr_both_rewind, NULL},
	{"stderr-both-map", "map the log that stderr is", CONTENT, stderr_both_map, NULL},
	{"stderr-socket-write", "write to the log's socket that stderr is", ARRIVES,
	 stderr_socket_write, NULL},
	{"stderr-socket-send", "send on the log's socket that stderr is", ARRIVES,
	 stderr_socket_send, NULL},
	{"stderr-socket-receive", "receive from the log's socket that stderr is", CONTENT,
	 stderr_socket_receive, NULL},
	{"stderr-directory-open", "open a file in the directory that stderr is", CONTENT,
	 stderr_directory_open, NULL},
	{"stderr-directory-look", "find out what is in the directory that stderr is", "it is found",
	 stderr_directory_look, NULL},
	{"stderr-directory-create", "create a file in the directory that stderr is", "it is there",
	 stderr_directory_create, NULL},
	{0},
};
