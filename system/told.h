/*
 * What a user asked for, on stdout.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSTEM_TOLD_H
#define SYSTEM_TOLD_H
#include <stdbool.h>

/* Write the text. False: it could not be written, and a message on stderr has said why. */
bool told(const char *text);

#endif
