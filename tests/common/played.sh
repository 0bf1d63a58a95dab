#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# A command of the tests in place of a program, under that program's name. $PLAYED: the command,
# which takes the arguments where there are any.
[ $# = 0 ] || PLAYED="$PLAYED \"\$@\""
eval "$PLAYED"
