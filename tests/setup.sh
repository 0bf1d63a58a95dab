#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# Install what is missing for building, the demo, the tests or the benchmark:
# `sh tests/setup.sh build test`.
# Does nothing, and needs nobody's password, where everything is there already.
set -eu

missing=
reasons=

# need PACKAGE REASON CHECK...: the Debian package, what it is for, and a command that succeeds
# where it is installed.
need() {
    package=$1 reason=$2
    shift 2
    "$@" >/dev/null 2>&1 && return
    missing="$missing $package"
    reasons="$reasons
    $package: $reason"
}

has() { command -v "$1"; }
has_module() { command -v pkg-config && pkg-config --exists "$1"; }
# In a directory of its own: some options leave files where the compiler is called.
links_as() {
    probe=$(mktemp -d) || return
    (cd "$probe" && shift && "$@" -x c -o probe -) <<END
$1
END
    set -- $?
    rm -rf "$probe"
    return "$1"
}
links_with() { links_as 'int main(void) { return 0; }' cc "$@"; }
has_xen() { has_module xenvchan && has_module xenstore && has_module xencontrol; }
has_fuzzer() { links_as 'int LLVMFuzzerTestOneInput(void) { return 0; }' clang -fsanitize=fuzzer; }
has_vim() { has vim || has vim.tiny; }
has_headers() { echo '#include <stdio.h>' | cc -E -; }
# need_menu MANAGER MODULE: what its menu is built with.
need_menu() { need "lib$1-extension-dev" "puts entries into the menu of $1" has_module "$2"; }
need_nautilus() { need_menu nautilus libnautilus-extension-4; }
need_nemo() { need_menu nemo libnemo-extension; }
need_caja() { need_menu caja libcaja-extension; }

for group in "$@"; do
    case $group in
    build)
        need gcc "compiles" has cc
        need libc6-dev "headers of the C library" has_headers
        need pkg-config "finds libraries" has pkg-config
        need libdeflate-dev "the checksum" has_module libdeflate
        need libxxhash-dev "tells contents apart" has_module libxxhash
        need libutf8proc-dev "knows which characters are letters" has_module libutf8proc
        need libseccomp-dev "confines the receiver's parser to a list of system calls" \
            has_module libseccomp
        [ "${XEN-1}" = 0 ] ||
            need libxen-dev "calls from guest to guest under Xen; make XEN=0 goes without" has_xen
        ;;
    deb)
        [ ! -e .git ] || need git "exports what was committed" has git
        need dpkg-dev "builds packages" has dpkg-buildpackage
        need debhelper "builds them as Debian does" has dh
        need systemd "says where units are" has_module systemd
        need check "runs the unit tests of the build" has_module check
        need python3 "shows what they say" has python3
        ;;
    rpm)
        [ ! -e .git ] || need git "exports what was committed" has git
        need rpm "builds packages" has rpmbuild
        ;;
    packages)
        need lintian "checks packages of Debian" has lintian
        need rpmlint "checks those of rpm" has rpmlint
        need faketime "builds in another year" has faketime
        need systemd-container "starts a system of its own" has systemd-nspawn
        need apparmor "checks the profile for it" has apparmor_parser
        need desktop-file-utils "checks the entries of a desktop" has desktop-file-validate
        need xvfb "a screen that nobody sees, for windows" has Xvfb
        need xauth "lets programs show them there" has xauth
        need xdotool "looks for them there, and presses keys" has xdotool
        need dbus-daemon "joins the programs of a desktop" has dbus-run-session
        need python3-gi "plays what shows notices" /usr/bin/python3 -c "import gi"
        ;;
    demo)
        need findutils "compares both sides" has find
        ;;
    picture)
        need python3 "draws the demo" has python3
        ;;
    test)
        need check "runs the unit tests" has_module check
        need python3 "runs all others" has python3
        need mandoc "checks the manual pages" has mandoc
        need bubblewrap "makes the sandboxes that are attacked" has bwrap
        need abigail-tools \
            "compares the binary interface of libqfile with the one that programs were built on" \
            has abidiff
        ;;
    shells)
        completes="completes command lines; tests go without those of these that are missing"
        need bash-completion "$completes" test -e /usr/share/bash-completion/bash_completion
        need zsh "$completes" has zsh
        need fish "$completes" has fish
        ;;
    unicode)
        need unicode-data "knows all characters; tests of names compare with it where it is" \
            test -e /usr/share/unicode/emoji/emoji-test.txt
        ;;
    editors)
        missing_ones="they go without those of these that are missing"
        need vim-tiny "an editor, for the tests of opening files; $missing_ones" has_vim
        need nano "an editor" has nano
        need tmux "the terminal of both" has tmux
        ;;
    desktop)
        need mousepad "a graphical editor" has mousepad
        need xvfb "its screen, which nobody sees" has Xvfb
        need xdotool "types into it" has xdotool
        need dbus-daemon "lets it hand files over" has dbus-daemon
        need xdg-utils "opens files with what was chosen for their types" has xdg-open
        need file "tells it their types" has file
        ;;
    gtk)
        need libgtk-3-dev "windows of what file managers start" has_module gtk+-3.0
        need libjson-glib-dev "reads what the other programs say of their progress" \
            has_module json-glib-1.0
        need gettext "translates them" has msgfmt
        ;;
    menus)
        need_nautilus
        need_nemo
        need_caja
        ;;
    screen)
        need xvfb "a screen that nobody sees" has Xvfb
        need xdotool "presses keys there" has xdotool
        need openbox "its window manager" has openbox
        need dbus-daemon "joins the programs of a desktop" has dbus-daemon
        need shared-mime-info "knows types of files" test -e /usr/share/mime/types
        need libglib2.0-bin "says with what they are opened" has gio
        need xdg-utils "says that, too" has xdg-mime
        need at-spi2-core "tells what is shown, as to a screen reader" \
            test -e /usr/share/dbus-1/services/org.a11y.Bus.service
        need python3-gi "reads that" /usr/bin/python3 -c "import gi"
        need adwaita-icon-theme "icons, for the pictures" test -d /usr/share/icons/Adwaita
        need fonts-dejavu-core "letters" test -d /usr/share/fonts/truetype/dejavu
        ;;
    wayland)
        need weston "a compositor of Wayland; its case is skipped where it is missing" has weston
        ;;
    pictures)
        need notification-daemon "shows notices" \
            test -x /usr/lib/notification-daemon/notification-daemon
        need bubblewrap "gives the user of the pictures a home directory" has bwrap
        ;;
    manager:*)
        manager=${group#manager:}
        need "$manager" "a file manager, in whose menu files are sent" has "$manager"
        case $manager in
        nautilus | nemo | caja) need_$manager ;;
        pcmanfm)
            need libfm-modules "its menu" test -n "$(ls /usr/lib/*/libfm/modules 2>&-)"
            need libatk-adaptor "tells what GTK 2 shows" \
                test -n "$(ls /usr/lib/*/gtk-2.0/modules/libatk-bridge.so 2>&-)"
            need libgail-common "helps there" \
                test -n "$(ls /usr/lib/*/gtk-2.0/modules/libgail.so 2>&-)"
            ;;
        esac
        ;;
    application:*:*) # application:PACKAGE:PROGRAM
        application=${group#application:}
        need "${application%:*}" "opens files for make check-applications, or helps there" \
            has "${application#*:}"
        ;;
    ssh)
        need openssh-server "the other end, for tests of ssh" test -x /usr/sbin/sshd
        need openssh-client "leads there, and makes keys" has ssh-keygen
        ;;
    prove)
        need frama-c-base "proves that the parsing code does nothing undefined" has frama-c
        ;;
    fault)
        need python3 "kills and fails what delivers, and looks at what is left" has python3
        need bubblewrap "makes the sandboxes of @dispvm" has bwrap
        ;;
    filesystems)
        need python3 "delivers to file systems, and plays some" has python3
        need python3-fusepy "plays file systems that refuse calls" \
            /usr/bin/python3 -c "import fusepy"
        need fuse3 "mounts them" has fusermount3
        need e2fsprogs "makes ext4" has mkfs.ext4
        need xfsprogs "makes xfs" has mkfs.xfs
        need btrfs-progs "makes btrfs" has mkfs.btrfs
        need dosfstools "makes vfat" has mkfs.vfat
        need exfatprogs "makes exfat" has mkfs.exfat
        need exfat-fuse "exfat in user space" has mount.exfat-fuse
        need ntfs-3g "ntfs in user space" has ntfs-3g
        need bindfs "a directory with other owners and modes" has bindfs
        ;;
    system)
        need qemu-system-x86 "boots a Debian for make check-system" has qemu-system-x86_64
        need mmdebstrap "makes it" has mmdebstrap
        need e2fsprogs "makes its disk" has mke2fs
        need util-linux "ends the machine with its test" has setpriv
        need dpkg "unpacks its kernel, which is never installed" has dpkg-deb
        need python3 "runs the lab" has python3
        ;;
    powercut)
        need e2fsprogs "makes ext4" has mkfs.ext4
        need xfsprogs "makes xfs" has mkfs.xfs
        need btrfs-progs "makes btrfs" has mkfs.btrfs
        need mount "mounts what the power cut left" has losetup
        ;;
    xen)
        need qemu-system-x86 "runs Xen where there is none" has qemu-system-x86_64
        need libxen-dev "talks to Xen: xenvchan, xenstore, xencontrol" has_module xenvchan
        need xenstore-utils "shows and changes xenstore in the guests" has xenstore-ls
        need findutils "compares both sides, in the guests" has find
        need dpkg "unpacks Xen and a kernel, which are never installed" has dpkg-deb
        need python3 "runs the lab" has python3
        ;;
    fuzz)
        need clang "compiles the fuzz targets" has clang
        need libclang-rt-dev "libFuzzer and the sanitizers" has_fuzzer
        need llvm "finds the lines of a crash" has llvm-symbolizer
        ;;
    sanitized)
        need gcc "has the sanitizers" links_with -fsanitize=address,undefined
        ;;
    coverage)
        need gcc "counts" links_with --coverage
        need gcovr "says what was reached" has gcovr
        ;;
    warnings)
        need clang "compiles, and warns of other things than gcc" has clang
        ;;
    format)
        need clang-format-14 "formats C; another version would format otherwise" has clang-format-14
        ;;
    bench)
        need python3 "runs the benchmark" has python3
        need libarchive-tools "bsdtar, to compare with" has bsdtar
        need rsync "to compare with" has rsync
        need time "measures memory" test -x /usr/bin/time
        ;;
    *)
        echo "setup.sh: unknown group $group" >&2
        exit 2
        ;;
    esac
done
[ -n "$missing" ] || exit 0 # silently: most commands begin with this

echo "Missing on this machine:$reasons"
if ! has apt-get >/dev/null; then
    echo "This script knows only Debian's and Ubuntu's packages." \
        "Install what these names stand for, then try again:$missing" >&2
    exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    if ! has sudo >/dev/null; then
        echo "Only root can install packages. As root, type: apt-get install$missing" >&2
        exit 1
    fi
    sudo=sudo
    echo "Installing them takes root: sudo may ask for your password."
fi
echo "+ apt-get install$missing"
export DEBIAN_FRONTEND=noninteractive
# The list of packages may be older than the packages on the server, or not there at all.
install() { $sudo apt-get install -y -q --no-remove --no-install-recommends $missing >/dev/null; }
install 2>/dev/null || { $sudo apt-get update -q >/dev/null && install; } || {
    echo "That failed. Try it by hand: apt-get update; apt-get install$missing" >&2
    exit 1
}
