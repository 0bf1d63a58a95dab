/*
 * What the fuzz targets share: properties that must hold, whatever the input.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef FUZZ_H
#define FUZZ_H
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* A property of the code under test: an input that breaks it is a find. */
#define CHECK(property) ((property) ? (void)0 : fuzz_fail("broken: " #property, __FILE__, __LINE__))
/* A preparation that has to work for the target to mean anything. */
#define MUST(call) ((call) >= 0 ? (void)0 : fuzz_fail("preparing: " #call, __FILE__, __LINE__))

_Noreturn void fuzz_fail(const char *what, const char *file, int line);

/* How many descriptors are open: as many after an input as before, or something was left open. */
unsigned fuzz_open_descriptors(void);

/*
 * A copy with nothing behind it and nothing before: the sanitizer sees every byte that is read
 * beyond. To be freed.
 */
void *fuzz_exact_copy(const void *bytes, size_t size);
/* A buffer of that size, and no byte more. */
void *fuzz_exact_buffer(size_t size);

/*
 * Is it well-formed UTF-8 without control characters and without marks that change the direction of
 * writing? Owes nothing to the library.
 */
int fuzz_is_clean_text(const char *text, size_t length);

/* libFuzzer's interface. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#endif
