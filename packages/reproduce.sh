#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# reproduce.sh PACKAGES DIRECTORY: builds the packages once more, in DIRECTORY, which is another
# path, with another locale, time zone, umask and, where faketime is installed, in another year.
# Exit status 0: each package has the same bytes as the one in PACKAGES.
set -eu
here=$(dirname "$0")
packages=$1
again=$2

later=
! command -v faketime >/dev/null || later="faketime -f +400d"
# The unit tests of the build change nothing in the packages.
(umask 077 && LC_ALL=tr_TR.UTF-8 LANGUAGE=tr TZ=Pacific/Kiritimati DEB_BUILD_OPTIONS=nocheck \
    $later sh "$here/deb.sh" "$again")

different=0
for package in "$packages"/*.deb; do
    other=$again/${package##*/}
    cmp "$package" "$other" && continue
    different=1
    ! command -v diffoscope >/dev/null || diffoscope "$package" "$other" || true
done
[ $different = 0 ]
echo "$(ls "$packages"/*.deb | wc -l) packages have the same bytes${later:+, in another year, too}."
