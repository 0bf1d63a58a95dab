#!/usr/bin/env bats
# What qfile-agent's arguments name, and what is wrong with them: found before anything is sent.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# A receiver that notes that it was called.
watched() {
    printf '%s' "touch '$T/called'; $(receiver)"
}

# refuses PART ARGUMENT...: named in one sentence before a receiver is called.
refuses() {
    try "$AGENT" --via="$(watched)" "${@:2}"
    exits 1 || return
    says_one_sentence "$1" || return
    missing "$T/called" || return
    nothing_arrived
}

@test "a missing file is named before anything is sent" {
    : >there
    refuses '"missing": No such file' there missing
    refuses '"missing/": No such file' there missing/
    refuses '"there/": Not a directory' there/
}

@test "every missing file is named" {
    try "$AGENT" --via="$(watched)" missing1 missing2
    exits 1
    has "$said" '"missing1"'
    has "$said" '"missing2"'
    missing "$T/called"
}

@test "an empty argument is named before anything is sent" {
    : >there
    refuses "an argument is empty" there ""
}

@test "the root directory has no name to be sent under" {
    refuses "root directory" /
    refuses "root directory" /..
}

@test "two arguments with one base name are named before anything is sent" {
    mkdir -p a b a/same
    : >a/file
    : >b/file
    refuses 'name "file"' a/file b/file
    refuses 'name "a"' a ./a/
    refuses 'name "file"' a/file b a/file
}

@test "a missing file's name is sanitised" {
    try "$AGENT" --via="$(watched)" $'\e[31m\u202Emissing'
    exits 1
    says_one_sentence '?[31m?missing'
    lacks "$said" $'\e'
    lacks "$said" $'\u202E'
}

@test "what is neither file nor directory nor link is named before anything is sent" {
    mkfifo fifo
    refuses '"fifo" is neither' fifo
    refuses '"/dev/null" is neither' /dev/null
}

@test ". and .. and dir/ and /x/ and x/. send a directory under its real name" {
    mkdir -p "$SENT/real/inner"
    printf x >"$SENT/real/file"
    local argument
    for argument in . "$SENT/real/" ../real/ inner/.. "$SENT/real/inner/.." ./. "$SENT//real//" "$SENT/real"; do
        cd "$SENT/real"
        send "$argument"
        exits 0
        arrived_names real
        same_tree "$SENT/real" "$INCOMING/real"
        rm -r "$INCOMING/real"
    done
    cd "$SENT/real/inner"
    send ..
    exits 0
    arrived_names real
}

@test "link/ sends the directory that it points to, under its real name" {
    mkdir real
    printf x >real/file
    ln -s real link
    send link/
    exits 0
    arrived_names real
    same_tree real "$INCOMING/real"
}

@test "sockets, fifos and devices are skipped with a warning each" {
    mkdir dir
    mkfifo dir/fifo
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("dir/socket")'
    : >dir/file
    local devices=""
    if am_root && mknod dir/device c 1 3 2>/dev/null; then
        devices=1
    fi
    send dir
    exits 0
    has "$said" 'skipped "dir/fifo"'
    has "$said" 'skipped "dir/socket"'
    [ -z "$devices" ] || has "$said" 'skipped "dir/device"'
    is "$(ls -A "$INCOMING/dir")" file
}

@test "a file that cannot be read is named, and nothing is delivered" {
    ! am_root || skip "root reads everything"
    mkdir dir
    : >dir/file
    chmod 0 dir/file
    send dir
    exits 1
    has "$said" '"dir/file": Permission denied; nothing was copied'
    nothing_arrived
}

@test "a file or directory that may not be read is named before anything is sent" {
    am_root && skip "root reads everything"
    echo x >secret
    mkdir shut
    chmod 0 secret shut
    local argument
    for argument in secret shut; do
        run --separate-stderr "$AGENT" --via="touch $T/called; exit 1" "$argument"
        exits 1
        has "$stderr" "$argument"
        has "$stderr" "Permission denied"
    done
    missing "$T/called"
    chmod 700 shut
}
