#!/usr/bin/env bats
# Streams that are none: EINVAL, nothing visible.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# refuses COMMAND...: a delivery that begins well and goes on with what COMMAND prints is malformed.
refuses() {
    {
        entry_dir dir
        entry_file dir/file x
        "$@"
        end
    } >"$STREAM"
    deliver "$STREAM" --allow-all-names --allow-unsafe-symlinks
    exits 1 || return
    is "$(field 0 4)" $EINVAL || return
    nothing_arrived
}

named_header() {
    header 4 "$@"
    printf 'bad\0'
}

@test "types other than file, directory and link are refused" {
    local type
    for type in 00 01 02 06 14 16 17; do
        refuses named_header "${type}0644" 0 0 0 0 0
    done
}

@test "mode bits that do not exist are refused" {
    refuses named_header 200100644 0 0 0 0 0
    refuses named_header 37777700644 0 0 0 0 0
}

@test "a directory with data is refused" {
    refuses named_header 040755 1 0 0 0 0
}

@test "lengths beyond what a file can have are refused" {
    refuses named_header 100644 -1 0 0 0 0
    refuses named_header 100644 $((-2 ** 63)) 0 0 0 0
}

@test "link targets that are too long are refused" {
    refuses named_header 120777 16384 0 0 0 0
    refuses named_header 120777 -1 0 0 0 0
}

@test "nanoseconds of a second or more are refused" {
    refuses named_header 100644 0 0 1000000000 0 0
    refuses named_header 100644 0 0 0 0 1000000000
    refuses named_header 100644 0 0 0 0 -1
}

@test "names of impossible lengths are refused" {
    refuses header 16384 100644 0 0 0 0 0
    refuses header -1 100644 0 0 0 0 0
    refuses header 1 100644 0 0 0 0 0
}

@test "an entry in a directory that was not sent is refused" {
    refuses entry_file missing/file x
    refuses entry_dir dir/missing/sub
    refuses entry_link missing/link x
}

@test "an entry below a file is refused" {
    refuses entry_file dir/file/below x
    refuses entry_dir dir/file/below
}

@test "one name for two entries of a delivery is refused" {
    {
        entry_file twice 1
        entry_file twice 2
        end
    } >"$STREAM"
    deliver "$STREAM" --on-conflict=rename
    refused $EEXIST twice
    {
        entry_dir dir
        entry_file dir/twice 1
        entry_dir dir/twice
        end
    } >"$STREAM"
    deliver "$STREAM"
    refused $EEXIST dir/twice
}
