#!/usr/bin/env bats
# qfile-agent's command line.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# wrong_usage PART ARGUMENT...: exit 2, one clear sentence with PART in it, nothing else.
wrong_usage() {
    try "$AGENT" "${@:2}"
    exits 2 || return
    is "$told" "" || return
    says_one_sentence "$1"
}

@test "--help and -h say what there is, and no more than these tests try" {
    try "$AGENT" --help
    exits 0
    is "$said" ""
    is "$(grep -oE -- '--[a-z][a-z-]+' "$T/stdout" | sort -u | paste -sd' ' -)" \
        "--allow-all-names --dereference --help --ignore-symlinks --move --progress --rename --service --version --via --vm"
    local long=$told
    try "$AGENT" -h
    exits 0
    is "$told" "$long"
}

@test "--version and -V name the program and its version" {
    local option
    for option in --version -V; do
        try "$AGENT" $option
        exits 0
        is "$said" ""
        is "$(printf '%s\n' "$told" | grep -cE '^qfile-agent .*[0-9]+\.[0-9]+\.[0-9]+$')" 1
    done
}

@test "help that cannot be written is a failure" {
    status=0
    "$AGENT" --help >/dev/full 2>"$T/stderr" || status=$?
    said=$(<"$T/stderr")
    exits 1
}

@test "an option that does not exist, or lacks its value, is refused" {
    wrong_usage --no-such-option --no-such-option x
    wrong_usage "'Z'" -Z x
    wrong_usage --vm --vm
    wrong_usage --via --via
    wrong_usage --service --service
    wrong_usage --progress --progress
    wrong_usage --rename --rename=yes x
}

@test "nothing to send is refused" {
    wrong_usage "nothing to send" --via=true
    wrong_usage "nothing to send" --vm=work
    wrong_usage "nothing to send"
}

@test "options that contradict each other are refused" {
    : >file
    wrong_usage "--vm and --via" --vm=work --via=true file
    wrong_usage "--ignore-symlinks and --dereference" --via=true --ignore-symlinks -L file
}

@test "options that need --vm are refused without it" {
    : >file
    wrong_usage "--service needs --vm" --via=true --service=x file
    wrong_usage --on-conflict=rename --via=true --rename file
    wrong_usage "need --vm" --via=true --allow-all-names file
}

@test "what is no VM's name is refused" {
    local name
    : >file
    for name in '' 1st _x -x .x 'a b' a/b ../x 'a;b' 'ä' $'a\nb' "a$(printf '%063d' 0)"; do
        wrong_usage "no VM's name" --vm="$name" file
    done
}

@test "--progress refuses what it does not know, gui included" {
    local value
    : >file
    for value in gui TTY '' yes; do
        wrong_usage "--progress takes auto, tty, json or none" --via=true --progress="$value" file
    done
}

@test "without a receiver, a terminal is refused in its place" {
    need script
    : >file
    # Typed by hand, without --vm or --via, all the program could do is to write bytes onto the screen.
    status=0
    script -qec "'$AGENT' file" /dev/null </dev/null >"$T/stdout" 2>&1 3>&- || status=$?
    said=$(<"$T/stdout")
    exits 2
    has "$said" "use --vm=NAME or --via=COMMAND"
}

@test "without --vm and --via it speaks on stdin and stdout" {
    printf hello >file
    mkfifo "$T/to" "$T/from"
    "$UNPACKER" "$RECEIVER" "$INCOMING" <"$T/to" >"$T/from" 2>"$T/unpacker" 3>&- &
    started+=($!)
    "$AGENT" file >"$T/to" <"$T/from" 3>&-
    wait "${started[0]}"
    same_tree file "$INCOMING/file"
}

@test "a name that looks like an option can be sent behind --" {
    : >--move
    send -- --move
    exits 0
    arrived_names --move
    exists --move
}

@test "--via runs its command with a shell" {
    printf hello >file
    try "$AGENT" --via="exec 5>'$T/shell' && echo \$((6 * 7)) >&5 && $(receiver)" file
    exits 0
    is "$(<"$T/shell")" 42
    same_tree file "$INCOMING/file"
}

@test "--via's command keeps stderr and the environment" {
    : >file
    QFILE_TEST=kept try "$AGENT" --via="echo said \$QFILE_TEST >&2; $(receiver)" file
    exits 0
    is "$said" "said kept"
}
