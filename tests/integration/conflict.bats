#!/usr/bin/env bats
# What arrived earlier stays as it is.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# A delivery of files, each with its name as content.
files() {
    local name
    for name; do
        entry_file "$name" "$name"
    done
    end
}

answer_is_there() {
    [ "$(stat -c %s "$ANSWER")" -ge 20 ]
}

@test "a name that is taken refuses the delivery, and what was there stays" {
    local earlier
    files one >"$STREAM"
    for earlier in file directory link dangling; do
        case $earlier in
        file) printf earlier >"$INCOMING/one" ;;
        directory) mkdir "$INCOMING/one" && printf x >"$INCOMING/one/inner" ;;
        link) ln -s / "$INCOMING/one" ;;
        dangling) ln -s nowhere "$INCOMING/one" ;;
        esac
        remember_incoming
        deliver "$STREAM"
        exits 1
        answered $EEXIST one
        still_as_before
        rm -r "$INCOMING/one"
    done
}

@test "a directory does not grow into one that is there already" {
    {
        entry_dir dir
        entry_file dir/new x
        entry_dir dir 700
        end
    } >"$STREAM"
    mkdir "$INCOMING/dir"
    remember_incoming
    deliver "$STREAM"
    exits 1
    answered $EEXIST dir
    still_as_before
}

@test "several entries: whole or nothing when the second collides" {
    files two >"$STREAM"
    deliver "$STREAM"
    remember_incoming
    files one two three >"$STREAM"
    deliver "$STREAM"
    exits 1
    answered $EEXIST two
    still_as_before
    arrived_names two
}

@test "a collision is answered before the data is sent" {
    printf earlier >"$INCOMING/large"
    remember_incoming
    start_unpacker
    entry_head large 100644 1000000 >&8
    wait_until answer_is_there
    end_unpacker
    exec 8>&-
    exits 1
    answered $EEXIST large
    still_as_before
}

@test "a name that is taken only while the data arrives refuses the delivery" {
    start_unpacker
    entry_head late 100644 10 >&8
    wait_until staged late
    printf meanwhile >"$INCOMING/late"
    printf 0123456789 >&8
    end >&8
    end_unpacker
    exec 8>&-
    exits 1
    answered $EEXIST late
    arrived_names late
    is "$(<"$INCOMING/late")" meanwhile
}

@test "--on-conflict=rename keeps both: report.pdf becomes report (2).pdf, then (3)" {
    files report.pdf >"$STREAM"
    deliver "$STREAM" --on-conflict=rename
    arrived_names report.pdf
    deliver "$STREAM" --on-conflict=rename
    exits 0
    answered 0 report.pdf "$STREAM"
    deliver "$STREAM" --on-conflict=rename -v
    exits 0
    has "$said" "1 of them under another name"
    arrived_names "report (2).pdf,report (3).pdf,report.pdf"
    is "$(<"$INCOMING/report (3).pdf")" report.pdf
}

@test "--on-conflict=rename numbers directories, hidden files and names without an extension" {
    {
        entry_dir photos
        entry_file photos/1.jpg x
        entry_dir photos 555
        files .hidden plain
    } >"$STREAM"
    deliver "$STREAM" --on-conflict=rename
    deliver "$STREAM" --on-conflict=rename
    exits 0
    arrived_names ".hidden,.hidden (2),photos,photos (2),plain,plain (2)"
    same_tree "$INCOMING/photos" "$INCOMING/photos (2)"
}

@test "--on-conflict=rename keeps a name of 255 bytes at 255, and whole characters" {
    local name
    name=$(printf '語%.0s' {1..83}).txt
    name=x${name}x
    is "$(bytes_of "$name")" 255
    files "$name" >"$STREAM"
    deliver "$STREAM" --on-conflict=rename
    exits 0
    deliver "$STREAM" --on-conflict=rename
    exits 0
    is "$(ls "$INCOMING" | wc -l)" 2
    name="x$(printf '語%.0s' {1..81}) (2).txtx"
    is "$(<"$INCOMING/$name")" "$(<"$INCOMING/x$(printf '語%.0s' {1..83}).txtx")"
}

@test "--on-conflict=rename renames only what collides" {
    files two >"$STREAM"
    deliver "$STREAM"
    files one two three >"$STREAM"
    deliver "$STREAM" --on-conflict=rename
    exits 0
    arrived_names "one,three,two,two (2)"
}

@test "--on-conflict=rename finds a name beside one of the same delivery" {
    printf earlier >"$INCOMING/a"
    files a "a (2)" >"$STREAM"
    deliver "$STREAM" --on-conflict=rename
    exits 0
    is "$(ls "$INCOMING" | wc -l)" 3
    is "$(<"$INCOMING/a")" earlier
    is "$(cat "$INCOMING"/* | grep -oF 'a (2)' | wc -l)" 1
}

@test "two deliveries of one name at a time: one arrives, the other is refused" {
    start_unpacker
    entry_head same 100644 4 >&8
    wait_until staged same
    entry_file same second >"$STREAM"
    end >>"$STREAM"
    local first_answer=$ANSWER
    ANSWER=$T/answer2
    deliver "$STREAM"
    exits 0
    answered 0 same "$STREAM"
    ANSWER=$first_answer
    printf 1234 >&8
    end >&8
    end_unpacker
    exec 8>&-
    exits 1
    answered $EEXIST same
    arrived_names same
    is "$(<"$INCOMING/same")" second
}

@test "many deliveries of one name at a time all arrive under names of their own" {
    local i
    files same.txt >"$STREAM"
    for i in 1 2 3 4 5 6; do
        "$UNPACKER" --on-conflict=rename "$RECEIVER" "$INCOMING" <"$STREAM" >"$T/answer$i" 2>>"$T/stderr" 3>&- &
        started+=($!)
    done
    for i in "${started[@]}"; do
        wait "$i"
    done
    arrived_names "same (2).txt,same (3).txt,same (4).txt,same (5).txt,same (6).txt,same.txt"
}
