#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# What belongs to make install and make uninstall beside the files. All that it needs is in its
# environment: DESTDIR, and the variables of the Makefile that name directories.
#
# installed.sh found SONAME    after installing: makes the library known to the dynamic linker, and
#                              says what else has to be done by hand
# installed.sh gone            after uninstalling: the same, where the library is gone
# installed.sh tidy DIR...     removes directories that are empty, and their parents up to PREFIX
set -eu
PATH=$PATH:/usr/sbin:/sbin

# Is the file that is installed the one that the dynamic linker knows by this name?
is_known() {
    ldconfig -p 2>/dev/null | sed -n "s|^	$1 .* => ||p" | while IFS= read -r path; do
        [ ! "$path" -ef "$LIBDIR/$1" ] || echo known
    done | grep -q known
}

# Only root can write the cache of the dynamic linker.
renew_cache() {
    [ "$(id -u)" != 0 ] || ! command -v ldconfig >/dev/null || ldconfig
}

found() {
    renew_cache
    if is_known "$1"; then
        echo "The dynamic linker knows $LIBDIR/$1."
    else
        echo "The dynamic linker does not know $LIBDIR/$1, which only other programs need. Link
those with -Wl,-rpath,$LIBDIR; or, as root, write $LIBDIR to a file
/etc/ld.so.conf.d/qfilecopy.conf, and run ldconfig."
    fi
    case $LIBDIR in
    /usr/lib | /usr/lib/*-linux-* | /usr/local/lib | /usr/local/lib/*-linux-*) ;;
    *) echo "pkg-config finds it with PKG_CONFIG_PATH=$LIBDIR/pkgconfig." ;;
    esac
    case $UNITDIR in
    /etc/systemd/system | /lib/systemd/system | /usr/lib/systemd/system) ;;
    /usr/local/lib/systemd/system) ;;
    *) echo "systemd does not look into $UNITDIR: use UNITDIR=, or systemctl link." ;;
    esac
}

# Directories that every system has stay, even if they are empty.
is_of_system() {
    case $1 in
    /usr/local/bin | /usr/local/sbin | /usr/local/lib | /usr/local/include) return 0 ;;
    /usr/local/etc | /usr/local/man | /usr/local/share | /usr/local/share/man) return 0 ;;
    /usr/local/share/zsh | /usr/local/share/zsh/site-functions) return 0 ;;
    /usr/local/*/* | /etc/pedos-rpc) return 1 ;;
    /usr/* | /etc/*) return 0 ;;
    /*/*) return 1 ;;
    *) return 0 ;;
    esac
}

tidy() {
    for directory; do
        while :; do
            [ -n "$DESTDIR" ] || ! is_of_system "$directory" || break
            rmdir "$DESTDIR$directory" 2>/dev/null || [ ! -e "$DESTDIR$directory" ] || break
            # Above PREFIX nothing is ours, unless all of it is below DESTDIR.
            [ -n "$DESTDIR" ] || [ "${directory#"$PREFIX"/}" != "$directory" ] || break
            directory=${directory%/*}
            [ -n "$directory" ] || break
        done
    done
}

case $1 in
tidy) shift && tidy "$@" ;;
*)
    # What is below DESTDIR is not in its place yet: packages care for that.
    [ -z "$DESTDIR" ] || exit 0
    if [ "$1" = found ]; then found "$2"; else renew_cache; fi
    ;;
esac
