#!/usr/bin/env bats
# Building and installing, and building on libqfile.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# make in a copy of the source tree: nobody else's build is in the way, nor is ours in theirs.
make_in_copy() {
    [ "$BUILD" = "$TOP/build" ] || skip "only the ordinary build is installed"
    need make
    mkdir "$T/source"
    tar c -C "$TOP" --exclude=./.git --exclude='./build*' --exclude=./tests . | tar x -C "$T/source" --no-same-owner
    # What is built already is as good.
    mkdir "$T/source/build"
    cp -a "$TOP"/build/bin "$TOP"/build/lib "$TOP"/build/qfile-* "$TOP"/build/rpc "$TOP"/build/services "$T/source/build"
    make -C "$T/source" "$@" >"$T/make" 2>&1 || fail "$(<"$T/make")"
}

installed() {
    (cd "$T/root" && find . ! -type d | LC_ALL=C sort | sed 's/^\.//')
}

@test "make install puts everything below PREFIX, and DESTDIR before it" {
    make_in_copy install DESTDIR="$T/root" PREFIX=/opt/qfile
    local file
    for file in bin/qfile-agent bin/qfile-unpacker include/qfile.h lib/libqfile.so lib/libqfile.so.1 lib/pkgconfig/libqfile.pc \
        etc/pedos-rpc/PedOS.Filecopy; do
        exists "$T/root/opt/qfile/$file"
    done
    is "$(installed | grep -vc '^/opt/qfile/')" 0
    is "$(grep -c '^exec /opt/qfile/bin/qfile-unpacker ' "$T/root/opt/qfile/etc/pedos-rpc/PedOS.Filecopy")" 1
    [ -x "$T/root/opt/qfile/etc/pedos-rpc/PedOS.Filecopy" ]
    is "$(grep -rl "$T" "$T/root" --include=*.pc --include=PedOS.* | wc -l)" 0
}

@test "with PREFIX=/usr the service goes to /etc" {
    make_in_copy install DESTDIR="$T/root" PREFIX=/usr
    exists "$T/root/etc/pedos-rpc/PedOS.Filecopy"
    is "$(grep -c '^exec /usr/bin/qfile-unpacker ' "$T/root/etc/pedos-rpc/PedOS.Filecopy")" 1
    is "$(installed | grep -vc -e '^/usr/' -e '^/etc/')" 0
}

@test "what is installed works, wherever it is" {
    make_in_copy install DESTDIR="$T/root" PREFIX=/usr
    rm -r "$T/source"
    AGENT=$T/root/usr/bin/qfile-agent UNPACKER=$T/root/usr/bin/qfile-unpacker
    printf hello >file
    send file
    exits 0
    same_tree file "$INCOMING/file"
}

@test "a program can be built on the installed library" {
    need cc
    need pkg-config
    make_in_copy install DESTDIR="$T/root" PREFIX=/usr
    cat >"$T/program.c" <<'END'
#include <qfile.h>
#include <stdio.h>

int main(void)
{
	printf("%s %d\n", qfile_version(), qfile_name_check("a/../b", 6, 0));
	return 0;
}
END
    export PKG_CONFIG_PATH=$T/root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$T/root PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1
    cc -Wall -Wextra -pedantic -Werror -o "$T/program" "$T/program.c" $(pkg-config --cflags --libs libqfile)
    is "$(LD_LIBRARY_PATH=$T/root/usr/lib "$T/program")" "$(pkg-config --modversion libqfile) -22"
    has "$(ldd "$T/program" 2>/dev/null || true)" libqfile.so.1
}

@test "the header is C++, too" {
    [ "$BUILD" = "$TOP/build" ] || skip "this program would need the other build's flags"
    need c++
    printf '#include <qfile.h>\nint main() { return qfile_vm_name_ok("work") ? 0 : 1; }\n' >"$T/program.cc"
    c++ -Wall -Wextra -Werror -I"$TOP/include" -o "$T/program" "$T/program.cc" -L"$BUILD/lib" -lqfile
    LD_LIBRARY_PATH=$BUILD/lib "$T/program"
}

@test "the library exports only what its header declares" {
    need nm
    local name
    nm -D --defined-only "$BUILD/lib/libqfile.so" | awk '$2 ~ /[A-Z]/ && $2 != "A" { sub(/@.*/, "", $3); print $3 }' >"$T/exported"
    [ -s "$T/exported" ] || fail "nothing is exported"
    while read -r name; do
        grep -qE "\b$name\(" "$TOP/include/qfile.h" || fail "not declared: $name"
    done <"$T/exported"
    grep -oE '^[a-z].*\bqfile_[a-z_]+\(' "$TOP/include/qfile.h" | grep -oE 'qfile_[a-z_]+\($' | tr -d '(' | while read -r name; do
        grep -qx "$name" "$T/exported" || fail "declared, not exported: $name"
    done
}

@test "make clean removes what was built" {
    make_in_copy clean
    missing "$T/source/build"
}

@test "make XEN=0 leaves nothing to be done that needs Xen" {
    make_in_copy XEN=0 -n
    local of_xen
    for of_xen in -lxen /xen.*\\.h RPC_XEN vchan xenstore dom0; do
        is "$(grep -c -e "$of_xen" "$T/make")" 0
    done
    has "$(<"$T/make")" "LINK build/bin/pedos-rpc"
}
