#!/usr/bin/env bats
# vm-file-editor's command line, its messages, and its service file.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

VM_EDITOR=$BUILD/bin/vm-file-editor

# request NAME LENGTH: of version 2, as qfile(5) describes it.
request() {
    local head
    head=$T/head
    {
        printf '%s' "$1"
        head -c $((232 - $(bytes_of "$1"))) /dev/zero
        printf 'PedOSv2\0'
        le64 "$2"
        le32 0
    } >"$head"
    cat "$head"
    le32 "$(crc32 <"$head")"
}

# ask NAME CONTENT [OPTION...]: a request, and this content. Sets $status and $said; the answer is in $ANSWER.
ask() {
    mkdir -p "$T/tmp"
    { request "$1" "$(bytes_of "$2")" && printf '%s' "$2"; } >"$STREAM"
    status=0
    TMPDIR=$T/tmp "$VM_EDITOR" "${@:3}" <"$STREAM" >"$ANSWER" 2>"$T/stderr" 3>&- || status=$?
    said=$(tr -d '\0' <"$T/stderr")
    is "$(ls -A "$T/tmp")" ""
}

# ended CODE MESSAGE: the answer is this end and nothing else.
ended() {
    is "$(field 8 4)" 2 || return
    is "$(field 12 4)" "$1" || return
    is "$(field 16 8)" "$(bytes_of "$2")" || return
    is "$(tail -c +25 "$ANSWER" | head -c -4)" "$2" || return
    is "$(stat -c %s "$ANSWER")" $((28 + $(bytes_of "$2")))
}

wrong_usage() {
    try "$VM_EDITOR" "${@:2}"
    exits 2 || return
    is "$told" "" || return
    says_one_sentence "$1"
}

@test "--help and -h say what there is, and no more than these tests try" {
    try "$VM_EDITOR" --help
    exits 0
    is "$said" ""
    is "$(grep -oE -- '--[a-z][a-z-]+' "$T/stdout" | sort -u | paste -sd' ' -)" "--handler --help --max-bytes --verbose --version --wait"
    local long=$told
    try "$VM_EDITOR" -h
    exits 0
    is "$told" "$long"
}

@test "--version and -V name the program and its version" {
    local option
    for option in --version -V; do
        try "$VM_EDITOR" $option
        exits 0
        is "$said" ""
        is "$(printf '%s\n' "$told" | grep -cE '^vm-file-editor .*[0-9]+\.[0-9]+\.[0-9]+$')" 1
    done
    status=0
    "$VM_EDITOR" --help >/dev/full 2>"$T/stderr" || status=$?
    said=$(<"$T/stderr")
    exits 1
}

@test "wrong options, values and words are refused in one sentence" {
    local value
    wrong_usage --no-such-option --no-such-option
    wrong_usage --handler --handler
    wrong_usage '"file"' file
    wrong_usage '"?[31m"' $'\e[31m'
    for value in '' x -1 1.5 1k 18446744073709551616 16777216T; do
        wrong_usage "--max-bytes takes a size" --max-bytes="$value"
    done
    for value in '' ' '; do
        wrong_usage "--handler takes a command" --handler="$value"
    done
}

@test "a terminal as stdin is refused" {
    need script
    status=0
    script -qec "'$VM_EDITOR'" /dev/null </dev/null >"$T/stdout" 2>&1 3>&- || status=$?
    said=$(<"$T/stdout")
    exits 2
    has "$said" "stdin is a terminal"
}

@test "the handler is a shell command with the file behind it, of any name" {
    cd "$T" || return
    ask "it's a \"file\" \$(id).txt" content --handler='f() { basename "$3"; printf "%s\n" "$#" "$1" "$2"; cat "$3"; exit 5; }; f -n "a  b" >seen'
    exits 1
    is "$(<seen)" "$(printf '%s\n' "it's a \"file\" \$(id).txt" 3 -n "a  b" content)"
    has "$said" "failed with status 5"
}

@test "the default handler is xdg-open, with the file's path" {
    mkdir "$T/bin"
    printf '#!/bin/sh\n[ "$(cat "$1")" = content ] && echo "$1" >"%s"; exit %s\n' "$T/seen" 7 >"$T/bin/xdg-open"
    chmod 755 "$T/bin/xdg-open"
    PATH=$T/bin:$PATH QREXEC_REMOTE_DOMAIN=work ask file.txt content
    exits 1
    is "$(grep -cE "^$T/tmp/qopen-work-[A-Za-z0-9]{6}/file.txt$" "$T/seen")" 1
    ended 5 'the handler "xdg-open" failed with status 7'
}

@test "no application is told so, with the extension" {
    mkdir "$T/bin"
    ask file.odt content --handler=/no/such/command
    exits 1
    ended 2 'no application of the other VM could open a file that ends in ".odt"'
    has "$said" 'ends in ".odt"'
    ask file content --handler=/no/such/command
    ended 2 'no application of the other VM could open a file without an extension'
    for code in 3 4; do
        printf '#!/bin/sh\nexit %s\n' $code >"$T/bin/xdg-open"
        chmod 755 "$T/bin/xdg-open"
        PATH=$T/bin:$PATH ask .tar.gz content
        ended 2 'no application of the other VM could open a file that ends in ".gz"'
        ask file content --handler="exit $code;"
        ended 5 "the handler \"exit $code;\" failed with status $code"
    done
}

@test "a handler that dies of a signal is told so" {
    ask file content --handler='kill -9 $$;'
    exits 1
    ended 5 'the handler "kill -9 $$;" was ended by signal 9 (Killed)'
}

@test "what cannot be received is told to both sides" {
    ask file content --max-bytes=6 --handler='exit 5;'
    exits 1
    ended 122 'the file is larger than the other VM accepts, or has room for'
    says_one_sentence 'receiving "file": it exceeds what may be received'
    ask file content --max-bytes=7 --handler='exit 5;'
    ended 5 'the handler "exit 5;" failed with status 5'
    request file 9 >"$STREAM"
    TMPDIR=$T/tmp "$VM_EDITOR" <"$STREAM" >"$ANSWER" 2>"$T/stderr" || status=$?
    ended 61 'the file did not arrive whole in the other VM'
    request file $((2 ** 60)) >"$STREAM"
    TMPDIR=$T/tmp "$VM_EDITOR" <"$STREAM" >"$ANSWER" 2>"$T/stderr" || status=$?
    ended 28 'the disk of the other VM is full'
    TMPDIR=$T/missing "$VM_EDITOR" <"$STREAM" >"$ANSWER" 2>"$T/stderr" || status=$?
    is "$(field 12 4)" 2
    has "$(<"$T/stderr")" "$T/missing"
}

@test "a source that is no VM's name is refused" {
    local name
    for name in '' 1st a/b ../x 'a b' $'a\n'; do
        QREXEC_REMOTE_DOMAIN=$name ask file content --handler="touch $T/ran;"
        exits 1
        says_one_sentence "QREXEC_REMOTE_DOMAIN must be a VM's name"
        is "$(stat -c %s "$ANSWER")" 0
        missing "$T/ran"
    done
}

@test "--verbose and -v say what happened, without them nothing is said" {
    local option
    for option in -v --verbose; do
        QREXEC_REMOTE_DOMAIN=work ask file content $option --handler='echo new >"$1"; :'
        exits 0
        has "$said" "$T/tmp/qopen-work-"
        has "$said" "saves sent back: 1"
    done
    ask file content --handler='echo new >"$1"; :'
    exits 0
    is "$said" ""
}

@test "the service takes no argument, and runs the installed program" {
    mkdir "$T/bin"
    printf '#!/bin/sh\necho "run with $# arguments"\n' >"$T/bin/vm-file-editor"
    sed "s|@BINDIR@|$T/bin|" "$TOP/vm-file-editor/PedOS.OpenInVM.in" >"$T/PedOS.OpenInVM"
    chmod 755 "$T/bin/vm-file-editor" "$T/PedOS.OpenInVM"
    try "$T/PedOS.OpenInVM"
    is "$told" "run with 0 arguments"
    try "$T/PedOS.OpenInVM" ""
    is "$told" "run with 0 arguments"
    try "$T/PedOS.OpenInVM" --help
    exits 2
    is "$told" ""
    says_one_sentence "the service takes no argument"
    QREXEC_SERVICE_ARGUMENT=x try "$T/PedOS.OpenInVM"
    exits 2
    is "$told" ""
    is "$(grep -c '@BINDIR@' "$BUILD/services/PedOS.OpenInVM")" 0
    is "$(grep -cE '^exec /.*/vm-file-editor$' "$BUILD/services/PedOS.OpenInVM")" 1
    [ -x "$BUILD/services/PedOS.OpenInVM" ]
}
