/*
 * agent DEVICE: runs jobs in a machine of the lab, for lab.py at the other end of the serial line
 * or console DEVICE.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 *
 * It is the first process of every machine. The one in dom0 has the serial line to the host, and
 * passes on what is for the guests, through the terminals that xenconsoled makes for their
 * consoles. In both directions there are lines "@MACHINE JOB VERB BASE64". The verbs
 *
 *   to a machine:    run (a shell script), kill (the job's process group),
 *                    attach ("GUEST TERMINAL", dom0 only)
 *   from a machine:  ready, out, err (what a job wrote), exit (its status, 128+N after signal N),
 *                    gone (the guest's terminal ended)
 *
 * A line that does not begin with '@' is the kernel's, and goes to the host as "log".
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1 << 16)
#define MACHINES       16
#define JOBS           128
/* While more bytes than this wait for the line to the host, jobs and guests are not read. */
#define WAITING_MAX (1 << 16)

/*
 * A serial line or console: text that waits to be sent, and the beginning of a line that was
 * received.
 */
struct line {
	int fd;
	char machine[64];
	char *waiting;
	size_t waiting_bytes;
	size_t received_bytes;
	char received[LINE_MAX_BYTES];
};

struct job {
	pid_t pid; /* 0: free */
	int number;
	int output[2]; /* what it writes to stdout and stderr; -1: ended */
};

static struct line lines[MACHINES]; /* the first leads to the host */
static struct job jobs[JOBS];
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static char here[64]; /* this machine's name */

static void base64_encode(const unsigned char *bytes, size_t length, char *text)
{
	for (size_t i = 0; i < length; i += 3, text += 4) {
		unsigned triple = bytes[i] << 16 | (i + 1 < length ? bytes[i + 1] << 8 : 0) |
				  (i + 2 < length ? bytes[i + 2] : 0);

		for (int digit = 0; digit < 4; digit++)
			text[digit] = (size_t)digit <= length - i
					      ? digits[triple >> (18 - 6 * digit) & 63]
					      : '=';
	}
	*text = '\0';
}

/* Decode in place, which works since there are fewer bytes than digits. Returns how many. */
static size_t base64_decode(char *text)
{
	unsigned bits = 0, count = 0;
	size_t length = 0;

	for (const char *digit = text, *value; *digit && (value = strchr(digits, *digit));
	     digit++) {
		bits = bits << 6 | (unsigned)(value - digits);
		count += 6;
		if (count >= 8) {
			count -= 8;
			text[length++] = (char)(bits >> count);
		}
	}
	text[length] = '\0';
	return length;
}

static void send_bytes(struct line *line, const char *bytes, size_t length)
{
	line->waiting = realloc(line->waiting, line->waiting_bytes + length);
	if (!line->waiting)
		err(1, NULL);
	memcpy(line->waiting + line->waiting_bytes, bytes, length);
	line->waiting_bytes += length;
}

/* One line to the host. */
static void tell(const char *machine, int job, const char *verb, const void *bytes, size_t length)
{
	static char text[2 * LINE_MAX_BYTES];
	int head = snprintf(text, sizeof(text), "@%s %d %s ", machine, job, verb);

	base64_encode(bytes, length, text + head);
	strcat(text, "\n");
	send_bytes(&lines[0], text, strlen(text));
}

static void flush_line(struct line *line)
{
	ssize_t written = write(line->fd, line->waiting, line->waiting_bytes);

	if (written > 0) {
		line->waiting_bytes -= (size_t)written;
		memmove(line->waiting, line->waiting + written, line->waiting_bytes);
	}
}

static bool open_line(struct line *line, const char *machine, const char *device)
{
	struct termios raw;

	line->fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (line->fd < 0)
		return false;
	if (tcgetattr(line->fd, &raw) == 0) {
		cfmakeraw(&raw);
		cfsetspeed(&raw, B115200);
		tcsetattr(line->fd, TCSANOW, &raw);
	}
	snprintf(line->machine, sizeof(line->machine), "%s", machine);
	line->waiting_bytes = line->received_bytes = 0;
	return true;
}

static void close_line(struct line *line)
{
	if (line == &lines[0])
		errx(1, "the line to the host ended");
	tell(line->machine, 0, "gone", "", 0);
	close(line->fd);
	line->fd = -1;
}

/* A guest that was started again has a new terminal. */
static void attach(int number, char *text)
{
	char *device = strchr(text, ' ');
	struct line *free_line = NULL;

	for (struct line *line = lines + 1; line < lines + MACHINES; line++) {
		if (line->fd >= 0 && device &&
		    strncmp(text, line->machine, (size_t)(device - text)) == 0 &&
		    !line->machine[device - text])
			close_line(line);
		if (line->fd < 0)
			free_line = line;
	}
	if (device)
		*device++ = '\0';
	const char *answer = device && free_line && open_line(free_line, text, device) ? "0" : "1";
	tell(here, number, "exit", answer, 1);
}

static void start_job(int number, const char *script)
{
	int output[2], error[2];
	struct job *job = jobs;

	while (job < jobs + JOBS && job->pid)
		job++;
	if (job == jobs + JOBS || pipe2(output, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0) {
		tell(here, number, "exit", "255", 3);
		return;
	}
	job->pid = fork();
	if (job->pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		setsid();
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(output[1], 1);
		dup2(error[1], 2);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(255);
	}
	close(output[1]);
	close(error[1]);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	fcntl(error[0], F_SETFL, O_NONBLOCK);
	job->number = number;
	job->output[0] = output[0];
	job->output[1] = error[0];
}

static void obey(char *text)
{
	char machine[64], verb[16];
	int number, begin = 0;

	if (sscanf(text, "@%63s %d %15s %n", machine, &number, verb, &begin) < 3 || !begin)
		return;
	for (struct line *line = lines + 1; line < lines + MACHINES; line++)
		if (line->fd >= 0 && strcmp(machine, line->machine) == 0) {
			send_bytes(line, text, strlen(text));
			send_bytes(line, "\n", 1);
			return;
		}
	if (strcmp(machine, here) != 0) {
		tell(machine, number, "exit", "254", 3);
		return;
	}
	base64_decode(text + begin);
	if (strcmp(verb, "run") == 0)
		start_job(number, text + begin);
	else if (strcmp(verb, "attach") == 0)
		attach(number, text + begin);
	else if (strcmp(verb, "kill") == 0)
		for (struct job *job = jobs; job < jobs + JOBS; job++)
			if (job->pid && job->number == number)
				kill(-job->pid, SIGKILL);
}

/* A whole line that came in: from the host a command, from a guest something for the host. */
static void take(struct line *line, char *text)
{
	if (line == &lines[0])
		obey(text);
	else if (*text == '@') {
		send_bytes(&lines[0], text, strlen(text));
		send_bytes(&lines[0], "\n", 1);
	} else
		tell(line->machine, 0, "log", text, strlen(text));
}

static void receive(struct line *line)
{
	ssize_t got = read(line->fd, line->received + line->received_bytes,
			   sizeof(line->received) - 1 - line->received_bytes);
	char *begin = line->received, *end;

	if (got <= 0) {
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			close_line(line);
		return;
	}
	line->received_bytes += (size_t)got;
	line->received[line->received_bytes] = '\0';
	for (; (end = strpbrk(begin, "\r\n")); begin = end + 1) {
		*end = '\0';
		if (*begin)
			take(line, begin);
	}
	line->received_bytes = strlen(begin);
	memmove(line->received, begin, line->received_bytes);
	if (line->received_bytes == sizeof(line->received) - 1)
		line->received_bytes = 0; /* no line of ours is so long */
}

/* Pass on what a job has written. Returns false when there is no more for now. */
static bool pass_on(struct job *job, int which)
{
	char bytes[1536]; /* not much more than the ring of a console takes at once */
	ssize_t got = job->output[which] < 0 ? -1 : read(job->output[which], bytes, sizeof(bytes));

	if (got == 0) {
		close(job->output[which]);
		job->output[which] = -1;
	}
	if (got > 0)
		tell(here, job->number, which ? "err" : "out", bytes, (size_t)got);
	return got > 0;
}

/* A job is over when its shell has ended. Later output of a daemon that it started is lost. */
static void reap(void)
{
	int status;

	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
		for (struct job *job = jobs; job < jobs + JOBS; job++) {
			if (job->pid != pid)
				continue;
			char text[16];
			for (int which = 0; which < 2; which++) {
				while (pass_on(job, which))
					;
				if (job->output[which] >= 0)
					close(job->output[which]);
			}
			snprintf(text, sizeof(text), "%d",
				 WIFSIGNALED(status) ? 128 + WTERMSIG(status)
						     : WEXITSTATUS(status));
			tell(here, job->number, "exit", text, strlen(text));
			job->pid = 0;
		}
}

static void serve(int signals)
{
	struct pollfd polled[1 + MACHINES + 2 * JOBS] = {{.fd = signals, .events = POLLIN}};
	bool busy = lines[0].waiting_bytes > WAITING_MAX;

	for (int i = 0; i < MACHINES; i++) {
		bool listens = i == 0 || !busy;
		polled[1 + i].fd = lines[i].fd;
		polled[1 + i].events =
			(short)((listens ? POLLIN : 0) | (lines[i].waiting_bytes ? POLLOUT : 0));
	}
	for (int i = 0; i < 2 * JOBS; i++) {
		polled[1 + MACHINES + i].fd =
			jobs[i / 2].pid && !busy ? jobs[i / 2].output[i % 2] : -1;
		polled[1 + MACHINES + i].events = POLLIN;
	}
	if (poll(polled, sizeof(polled) / sizeof(*polled), -1) < 0)
		return;
	for (int i = 0; i < MACHINES; i++) {
		if (polled[1 + i].revents & POLLOUT)
			flush_line(&lines[i]);
		if (polled[1 + i].revents & (POLLIN | POLLHUP | POLLERR) &&
		    lines[i].fd == polled[1 + i].fd)
			receive(&lines[i]);
	}
	for (int i = 0; i < 2 * JOBS; i++)
		if (polled[1 + MACHINES + i].revents &&
		    jobs[i / 2].output[i % 2] == polled[1 + MACHINES + i].fd)
			pass_on(&jobs[i / 2], i % 2);
	if (polled[0].revents) {
		struct signalfd_siginfo info;
		if (read(signals, &info, sizeof(info)) > 0)
			reap();
	}
}

int main(int argc, char **argv)
{
	sigset_t child;

	if (argc != 3)
		errx(2, "usage: agent MACHINE DEVICE");
	for (struct line *line = lines; line < lines + MACHINES; line++)
		line->fd = -1;
	snprintf(here, sizeof(here), "%s", argv[1]);
	if (!open_line(&lines[0], "host", argv[2]))
		err(1, "%s", argv[2]);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		err(1, "signalfd");
	tell(here, 0, "ready", "", 0);
	for (;;)
		serve(signals);
}
