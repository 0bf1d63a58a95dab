/*
 * What editwire.c assumes about libdeflate: it reads these bytes and no others. The prover uses
 * this in place of the library's code.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef LIBDEFLATE_H
#define LIBDEFLATE_H
#include <stddef.h>
#include <stdint.h>

/*@ requires readable: \valid_read((const unsigned char *)buffer + (0 .. len - 1)) &&
    \initialized((const unsigned char *)buffer + (0 .. len - 1));
    assigns \result \from crc, ((const unsigned char *)buffer)[0 .. len - 1]; */
uint32_t libdeflate_crc32(uint32_t crc, const void *buffer, size_t len);

#endif
