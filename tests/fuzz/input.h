/*
 * A descriptor that yields bytes of memory, in the pieces and with the interruptions that the
 * fuzzer chooses.
 *
 * The targets are linked so that read(2) and poll(2) of this descriptor come here: no pipe and no
 * second process, which would cost most of the speed, and every run of an input is the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef INPUT_H
#define INPUT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *bytes;
	size_t size, pos;
	uint8_t cuts; /* 0: as much at once as is asked for; else how it is cut, see input.c */
	bool reset;   /* ends in ECONNRESET, not in an orderly end */
	bool late;    /* not ready as long as the other side has to be waited for, too */
	/* Behind so many bytes, nothing comes in the time that a caller is ready to wait. */
	size_t pause;
	uint32_t noise; /* internal */
};

/* Begin with an input. Returns the descriptor, always the same. */
int input_begin(const struct input *input);

/*
 * Bytes that the fuzzer gives, unfolded: 0xfe, n, byte stands for n KiB of that byte, or with n = 0
 * for that byte itself. So a small input makes a large file. Returns how many there are, at most
 * `max`.
 */
size_t input_unfold(const uint8_t *data, size_t size, uint8_t *bytes, size_t max);
/* The other way round. Returns 0 where that takes more than `max` bytes. */
size_t input_fold(const uint8_t *bytes, size_t size, uint8_t *data, size_t max);

#endif
