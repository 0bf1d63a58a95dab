#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# entries.sh MANAGER DIRECTORY: write into this directory what puts qfile-send into the menus of a
# file manager that reads files: dolphin, libfm (PCManFM and PCManFM-Qt), thunar or contractor
# (elementary's Files). Nautilus, Nemo and Caja have menu.c.
#
# All of them start the program with the names as words of its own, without a shell. No file says
# for which types it is (MimeType) where that would make it a program to open these types with.
set -eu
manager=$1
mkdir -p "$2"
cd "$2"

copy='Copy to another VM...'      copy_de='In eine andere VM kopieren …'
move='Move to another VM...'      move_de='In eine andere VM verschieben …'
open='Open in another VM...'      open_de='In einer anderen VM öffnen …'
view='View in a disposable VM'    view_de='In einer Wegwerf-VM ansehen'

licence='# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors'

# Copying and moving are for directories, too.
is_for_all() { [ "$1" = copy ] || [ "$1" = move ]; }

# names KEY ACTION: what it is called, in both languages.
names() {
    eval "printf '%s=%s\n%s[de]=%s\n' $1 \"\$$2\" $1 \"\$$2_de\""
}

# dolphin FILE MIMETYPE ACTION...
dolphin() {
    file=$1 type=$2
    shift 2
    {
        echo "$licence"
        echo "[Desktop Entry]
Type=Service
ServiceTypes=KonqPopupMenu/Plugin
MimeType=$type;
X-KDE-Protocols=file
X-KDE-Priority=TopLevel
Actions=$(printf '%s;' "$@")"
        for action; do
            echo "
[Desktop Action $action]"
            names Name "$action"
            echo "Icon=folder-remote
Exec=qfile-send --$action -- %F"
        done
    } >"$file"
}

# It is for local files if nothing else is said, and PCManFM 1.3 crashes where that is said.
libfm() {
    echo "$licence"
    echo "[Desktop Entry]
Type=Action"
    names Name "$1"
    echo "Icon=folder-remote
Profiles=main;

[X-Action-Profile main]
MimeTypes=$(is_for_all "$1" && echo 'all/all;' || echo 'all/allfiles;')
Exec=qfile-send --$1 -- %F"
}

thunar() {
    echo "$licence"
    echo "[Desktop Entry]
Type=Application"
    names Name "$1"
    echo "Icon=folder-remote
Exec=qfile-send --$1 -- %F"
}

contractor() {
    echo "$licence"
    echo "[Contractor Entry]"
    names Name "$1"
    names Description "$1"
    echo "Icon=folder-remote
MimeType=$(is_for_all "$1" && echo 'inode;' || true)application;audio;font;image;message;model;\
multipart;text;video;
Exec=qfile-send --$1 -- %F"
}

case $manager in
dolphin)
    dolphin qfile-send.desktop all/all copy move
    dolphin qfile-send-files.desktop all/allfiles open view
    ;;
libfm | thunar) for action in copy move open view; do
    $manager $action >qfile-send-$action.desktop
done ;;
contractor) for action in copy move open view; do
    contractor $action >qfile-send-$action.contract
done ;;
*)
    echo "entries.sh: unknown file manager $manager" >&2
    exit 2
    ;;
esac
chmod 644 qfile-send*
