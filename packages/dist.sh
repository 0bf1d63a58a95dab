#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# dist.sh VERSION DIRECTORY: makes the release of the source, and the file with its checksum.
set -eu
name=qfilecopy-$1
here=$(dirname "$0")
mkdir -p "$2"
# Not a pipe, in which the failure of the first command would not be seen.
sh "$here/export.sh" "$name" >"$2/$name.tar"
gzip -n -9 -f "$2/$name.tar"
cd "$2"
sha256sum "$name.tar.gz" >"$name.tar.gz.sha256"
ls "$PWD/$name.tar.gz" "$PWD/$name.tar.gz.sha256"
