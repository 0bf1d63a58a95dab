/*
 * The directory of a user that takes deliveries, where its caller gives it no other name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RECEIVE_INCOMING_H
#define RECEIVE_INCOMING_H

#define INCOMING_NAME "PedOSIncoming"

#endif
