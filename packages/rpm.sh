#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# rpm.sh VERSION DIRECTORY: builds the packages for systems with rpm, from the release of the
# source, in an empty directory. DIRECTORY must be absolute. Their names are said. With DESKTOP=0 in
# the environment, those for a desktop are left out.
#
# On Debian, rpm knows nothing of what is installed, and is not asked.
set -eu
here=$(dirname "$0")
directory=$2

rm -rf "$directory"
mkdir -p "$directory/SOURCES"
sh "$here/dist.sh" "$1" "$directory/SOURCES" >/dev/null
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR PREFIX BINDIR SBINDIR LIBDIR INCLUDEDIR \
    MANDIR UNITDIR SYSCONFDIR CC CFLAGS CPPFLAGS LDFLAGS B V XEN MENUS WERROR
options=
! command -v dpkg >/dev/null || options=--nodeps
[ "${DESKTOP-1}" != 0 ] || options="$options --without desktop"
unset DESKTOP
if ! rpmbuild $options -ba --define "_topdir $directory" --define "_dbpath $directory/db" \
    --define "packager The qfilecopy authors" "$here/../rpm/qfilecopy.spec" \
    >"$directory/build.log" 2>&1; then
    tail -n 40 "$directory/build.log"
    echo "Building the packages failed; $directory/build.log has all of it." >&2
    exit 1
fi
ls "$directory"/RPMS/*/*.rpm "$directory"/SRPMS/*.rpm
