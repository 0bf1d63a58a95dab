#!/usr/bin/env bats
# A sender that falls silent, and one that does not listen: --timeout.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

ETIMEDOUT=110

# falls_silent COMMAND...: a sender that sends what COMMAND prints and then nothing, without closing the stream, is given up.
falls_silent() {
    start_unpacker --timeout=1
    "$@" >&8
    end_unpacker
    exec 8>&-
    rm "$T/open-stream"
    exits 1 || return
    says_one_sentence "nothing came for too long" || return
    has "$said" "the sender fell silent" || return
    is "$(field 0 4)" $ETIMEDOUT || return
    nothing_arrived
}

part_of_a_header() {
    entry_dir dir | head -c 20
}

part_of_a_name() {
    entry_dir directory | head -c 36
}

part_of_a_small_file() {
    entry_dir dir
    entry_file dir/file content | head -c -3
}

part_of_a_large_file() {
    entry_head file 100644 10000000
    head -c 2000000 /dev/zero
}

part_of_a_link() {
    entry_dir dir
    entry_link dir/link target | head -c -3
}

all_but_the_end() {
    entry_file file content
}

@test "a sender that never begins is given up" {
    falls_silent true
}

@test "a sender that falls silent is given up, wherever it stops" {
    local part
    for part in part_of_a_header part_of_a_name part_of_a_small_file part_of_a_large_file part_of_a_link all_but_the_end; do
        falls_silent $part || fail "$part"
    done
}

@test "a sender that is slower than that altogether, but never silent for so long, is not given up" {
    local byte
    entry_file file content >"$STREAM"
    end >>"$STREAM"
    start_unpacker --timeout=2
    for part in $(seq 0 10 79); do
        tail -c +$((part + 1)) "$STREAM" | head -c 10 >&8
        sleep 0.4
    done
    end_unpacker
    exec 8>&-
    exits 0
    arrived_names file
}

@test "--timeout=0 waits for ever" {
    start_unpacker --timeout=0
    entry_file file content >&8
    sleep 1.5
    kill -0 "$monitor" || fail "it did not wait"
    end >&8
    end_unpacker
    exec 8>&-
    exits 0
    arrived_names file
}

@test "a sender that does not take its answer is given up" {
    # A pipe that is full already: whoever shares it with us has left it so.
    status=0
    python3 - "$UNPACKER" --timeout=1 "$RECEIVER" "$INCOMING" 3>&- <<'PYTHON' 2>"$T/stderr" || status=$?
import os, subprocess, sys
reading, writing = os.pipe()
os.set_blocking(writing, False)
try:
    while True:
        os.write(writing, bytes(4096))
except BlockingIOError:
    os.set_blocking(writing, True)
stream, end = os.pipe()
os.write(end, bytes(32))
os.close(end)
sys.exit(subprocess.call(sys.argv[1:], stdin=stream, stdout=writing, close_fds=True))
PYTHON
    said=$(<"$T/stderr")
    exits 1
    says_one_sentence "the sender had gone before it could be told"
}
