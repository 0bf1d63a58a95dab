/*
 * Failing system calls, to order: the linker leads the library's calls in the unit tests through
 * here (FAULTY in the Makefile).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef FAULTS_H
#define FAULTS_H
#include <stdbool.h>

/*
 * From here on the `number`th call of this process that can be made to fail does, with `error`, and
 * with `lasting` every one behind it. 0: none does, calls are counted only.
 */
void faults_begin(unsigned number, int error, bool lasting);
/* The same, where only the calls of the function `name` count. */
void faults_begin_in(const char *name, unsigned number, int error, bool lasting);
/* From here on none fails. Returns how many calls there were since faults_begin(). */
unsigned faults_end(void);
/* The function that failed first; NULL: none came to it. */
const char *faults_failed(void);

/*
 * The next time that the function `name` is called, let `act` happen before anything else: what
 * another process might do just then.
 */
void faults_before(const char *name, void (*act)(void));

/*
 * Seconds that the clock is ahead of the files' times. At first it is behind them: between making a
 * file and looking at it, any time may pass, and the file is one that was written to just now.
 */
#define FILES_ARE_YOUNG (-3600)
#define FILES_ARE_OLD   10
extern long faults_ahead;

/*
 * Let poll(2) wait for as long as it takes, whatever it was told: where a timeout must not end
 * before somebody who is slow has their turn.
 */
extern bool faults_patient;

/* What time(2) says; 0: the time. */
extern long faults_time;

/* Let file systems tell no size, as a tmpfs without a bound does. */
extern bool faults_no_blocks;

#endif
