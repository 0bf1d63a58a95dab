#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# deb.sh DIRECTORY: builds the packages for Debian in an empty directory, from a clean export of the
# source. DIRECTORY must be absolute. What the build says is in DIRECTORY/build.log. With DESKTOP=0
# in the environment, those for a desktop are left out.
set -eu
here=$(dirname "$0")
directory=$1

rm -rf "$directory"
mkdir -p "$directory"
sh "$here/export.sh" source >"$directory/source.tar"
tar -x -f "$directory/source.tar" -C "$directory"
rm "$directory/source.tar"
cd "$directory/source"
# Options of the make that calls this, and what is set for another build, are not for this one.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR PREFIX BINDIR SBINDIR LIBDIR INCLUDEDIR \
    MANDIR UNITDIR SYSCONFDIR CC CFLAGS CPPFLAGS LDFLAGS B V XEN MENUS WERROR
[ "${DESKTOP-1}" != 0 ] || export DEB_BUILD_PROFILES=pkg.qfilecopy.nodesktop
unset DESKTOP
echo "Building the packages and running the unit tests takes about 1.5 minutes;" \
    "$directory/build.log says how far it is."
if ! dpkg-buildpackage --build=binary --no-sign >"$directory/build.log" 2>&1; then
    tail -n 40 "$directory/build.log"
    echo "Building the packages failed; $directory/build.log has all of it." >&2
    exit 1
fi
rm -rf "$directory/source"
