#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# export.sh NAME: writes a tar to stdout with the source as the directory NAME. In a clone of the
# repository that is what was committed last; in a tree that came from a release, all of it but
# what was built.
#
# The same source gives the same bytes, whoever exports it: owners, modes, the order and the times
# do not come from this machine.
set -eu
cd "$(dirname "$0")/.."

if [ -e .git ]; then
    # Whoever owns the clone: the commands of its Makefile are run, too.
    exec git -c safe.directory="$PWD" -c tar.umask=0022 archive --format=tar --prefix="$1/" HEAD
fi
# All have the time of the release, which the packages' changelog tells.
exec tar -c --format=ustar --sort=name --owner=root:0 --group=root:0 --numeric-owner \
    --mode=u=rwX,go=rX --mtime="$(sed -n 's/^ -- .*>  //p' debian/changelog | head -n 1)" \
    --exclude=./build --exclude='./build-*' --exclude=__pycache__ --transform="s|^\.|$1|" .
