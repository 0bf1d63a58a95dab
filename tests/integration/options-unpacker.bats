#!/usr/bin/env bats
# qfile-unpacker's command line.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# wrong_usage PART ARGUMENT...: exit 2, one clear sentence with PART in it, nothing received.
wrong_usage() {
    try "$UNPACKER" "${@:2}" "$RECEIVER" "$INCOMING"
    exits 2 || return
    is "$told" "" || return
    says_one_sentence "$1" || return
    nothing_arrived
}

# A delivery of one file of so many bytes.
file_of() {
    entry_head file 100644 "$1"
    head -c "$1" /dev/zero
    end
}

has_staging() {
    [ -n "$(find "$INCOMING" -mindepth 1 -maxdepth 1 -name '.qfile-incoming-*')" ]
}

@test "--help and -h say what there is, and no more than these tests try" {
    try "$UNPACKER" --help
    exits 0
    is "$said" ""
    is "$(grep -oE -- '--[a-z][a-z-]+' "$T/stdout" | sort -u | paste -sd' ' -)" \
        "--allow-all-names --allow-unsafe-symlinks --help --max-bytes --max-files --no-allow-all-names --no-allow-unsafe-symlinks --on-conflict --timeout --verbose --version --wait-for-space"
    local long=$told
    try "$UNPACKER" -h
    exits 0
    is "$told" "$long"
}

@test "--version and -V name the program and its version" {
    local option
    for option in --version -V; do
        try "$UNPACKER" $option
        exits 0
        is "$said" ""
        is "$(printf '%s\n' "$told" | grep -cE '^qfile-unpacker .*[0-9]+\.[0-9]+\.[0-9]+$')" 1
    done
}

@test "help that cannot be written is a failure" {
    status=0
    "$UNPACKER" --help >/dev/full 2>"$T/stderr" || status=$?
    said=$(<"$T/stderr")
    exits 1
}

@test "an option that does not exist, or lacks its value, is refused" {
    wrong_usage --no-such-option --no-such-option
    wrong_usage "'Z'" -Z
    wrong_usage --allow-all-names --allow-all-names=1
    try "$UNPACKER" "$RECEIVER" "$INCOMING" --max-bytes
    exits 2
    says_one_sentence --max-bytes
}

@test "a third word is refused" {
    wrong_usage 'too many arguments: "/' x
    try "$UNPACKER" -- "$RECEIVER" "$INCOMING" more
    exits 2
    says_one_sentence 'too many arguments: "more"'
}

@test "sizes and numbers that are none are refused" {
    local value
    for value in '' x -1 +1 1.5 1k 1KB ' 1' 0x10 18446744073709551616 16777216T; do
        wrong_usage "--max-bytes takes a size" --max-bytes="$value"
        wrong_usage "--wait-for-space takes a size" --wait-for-space="$value"
        wrong_usage "--max-files takes a number" --max-files="$value"
    done
    wrong_usage "--max-files takes a number" --max-files=1K
    for value in '' x -1 1.5 1s 4294967296; do
        wrong_usage "--timeout takes a number of seconds" --timeout="$value"
    done
    wrong_usage "--wait-for-space takes a size" -wx
}

@test "--on-conflict refuses what it does not know" {
    local value
    for value in '' overwrite FAIL renamed; do
        wrong_usage "--on-conflict takes fail or rename" --on-conflict="$value"
    done
}

@test "a wrong value is sanitised" {
    wrong_usage '"?[31m"' --max-bytes=$'\e[31m'
}

@test "a terminal as stdin is refused" {
    need script
    status=0
    script -qec "'$UNPACKER' '$RECEIVER' '$INCOMING'" /dev/null </dev/null >"$T/stdout" 2>&1 3>&- || status=$?
    said=$(<"$T/stdout")
    exits 2
    has "$said" "stdin is a terminal"
}

@test "--max-bytes refuses one byte more, counted over all files" {
    {
        entry_file a 12345
        entry_file b 67890
        end
    } >"$STREAM"
    deliver "$STREAM" --max-bytes=9
    refused $EDQUOT b
    deliver "$STREAM" --max-bytes=4
    refused $EDQUOT a
    deliver "$STREAM" --max-bytes=10
    exits 0
    arrived_names a,b
}

@test "--max-bytes knows K, M, G and T" {
    file_of 1025 >"$STREAM"
    deliver "$STREAM" --max-bytes=1K
    refused $EDQUOT file
    file_of 1048577 >"$STREAM"
    deliver "$STREAM" --max-bytes=1M
    refused $EDQUOT file
    file_of 1048576 >"$STREAM"
    deliver "$STREAM" --max-bytes=1M
    exits 0
    # Refused at its header: no data needs to follow.
    entry_head huge 100644 $((2 ** 30 + 1)) >"$STREAM"
    rm "$INCOMING/file"
    deliver "$STREAM" --max-bytes=1G
    refused $EDQUOT huge
    entry_head huge 100644 $((2 ** 40 + 1)) >"$STREAM"
    deliver "$STREAM" --max-bytes=1T
    refused $EDQUOT huge
    deliver "$STREAM" --max-bytes=0
    refused $EDQUOT huge
}

@test "--max-bytes cannot be got round with lengths that overflow" {
    {
        entry_file a 12345
        entry_head b 100644 $((2 ** 63 - 1))
    } >"$STREAM"
    deliver "$STREAM" --max-bytes=1M
    refused $EDQUOT b
}

@test "--max-files refuses one entry more: files, directories and links" {
    {
        entry_dir dir
        entry_file dir/file x
        entry_link dir/link file
        entry_dir dir
        end
    } >"$STREAM"
    deliver "$STREAM" --max-files=2
    refused $EDQUOT dir/link
    deliver "$STREAM" --max-files=0
    refused $EDQUOT dir
    deliver "$STREAM" --max-files=3
    exits 0
    is "$(find "$INCOMING/dir" | wc -l)" 3
}

@test "--wait-for-space begins at once where there is enough" {
    local option
    entry_file file x >"$STREAM"
    end >>"$STREAM"
    for option in -w1 --wait-for-space=1 --wait-for-space=1M --wait-for-space=1024K --wait-for-space=0; do
        deliver "$STREAM" $option
        exits 0
        rm "$INCOMING/file"
    done
}

@test "--wait-for-space reads nothing while there is too little, and can be stopped" {
    local option
    for option in -w1000000T -w1000000000000; do
        rm -f "$T/open-stream"
        start_unpacker $option
        entry_file file x >&8
        wait_until has_staging
        is "$(children_of "$monitor")" ""
        kill -TERM "$monitor"
        end_unpacker
        exec 8>&-
        refused $ECANCELED ""
    done
}

@test "a sender that has gone ends the waiting for space" {
    # Its stream ends, and nobody is left to read an answer.
    mkfifo "$T/nobody-reads"
    "$UNPACKER" -w1000000T "$RECEIVER" "$INCOMING" </dev/null >"$T/nobody-reads" 2>"$T/stderr" 3>&- &
    monitor=$!
    started+=("$monitor")
    : <"$T/nobody-reads"
    wait_until gone "$monitor"
    end_unpacker
    exits 1
    nothing_arrived
}

@test "--verbose and -v say what happened, without them nothing is said" {
    entry_file file x >"$STREAM"
    end >>"$STREAM"
    local option
    for option in -v --verbose; do
        deliver "$STREAM" $option
        exits 0
        has "$said" "received 1 entries, 1 bytes"
        has "$said" "confinement in force: "
        rm "$INCOMING/file"
    done
    deliver "$STREAM"
    exits 0
    is "$said" ""
}

@test "the old form: UID DIRECTORY, then -v and -w with or without a number" {
    {
        entry_file file x
        end
    } >"$STREAM"
    local options
    for options in "" "-v" "-w" "-w 1" "-v -w 1" "-w 1 -v" "-v -w" "-w -v"; do
        status=0
        "$UNPACKER" "$RECEIVER" "$INCOMING" $options <"$STREAM" >"$ANSWER" 2>"$T/stderr" || status=$?
        said=$(<"$T/stderr")
        exits 0
        answered 0 file "$STREAM"
        arrived_names file
        rm "$INCOMING/file"
    done
}

@test "options come before, between and behind the words" {
    {
        entry_file file x
        end
    } >"$STREAM"
    "$UNPACKER" -v "$RECEIVER" --max-files=1 "$INCOMING" --on-conflict=rename <"$STREAM" >"$ANSWER" 2>"$T/stderr"
    "$UNPACKER" -v --max-files=1 --on-conflict=rename -- "$RECEIVER" "$INCOMING" <"$STREAM" >"$ANSWER" 2>"$T/stderr"
    arrived_names "file,file (2)"
}

@test "--on-conflict: the last word counts" {
    {
        entry_file file x
        end
    } >"$STREAM"
    deliver "$STREAM"
    deliver "$STREAM" --on-conflict=rename --on-conflict=fail
    exits 1
    arrived_names file
}
