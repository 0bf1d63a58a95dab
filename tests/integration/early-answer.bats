#!/usr/bin/env bats
# A receiver that answers before it has everything: the sender stops at once.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# stubborn ANSWER: a receiver that reads a little, answers with the command ANSWER, and then neither reads nor goes away until it is let go.
stubborn() {
    peer stubborn <<END
head -c 100 >/dev/null
$1
while [ -d "\$T" ] && [ ! -e "\$T/let-go" ]; do sleep 0.05; done
END
}

# Start the sender in the background.
start_agent() {
    "$AGENT" --via="$T/stubborn" "$@" </dev/null >"$T/stdout" 2>"$T/stderr" 3>&- &
    started+=($!)
}

# Let the receiver go, and wait for the sender.
end_agent() {
    touch "$T/let-go"
    status=0
    wait "${started[0]}" || status=$?
    said=$(<"$T/stderr")
}

says() {
    grep -qF -- "$1" "$T/stderr"
}

@test "an early answer is said at once, though the receiver neither reads nor closes" {
    truncate -s 1G large
    stubborn 'new_answer $EEXIST 0 large'
    start_agent large
    wait_until says '"large" is there already'
    missing "$T/let-go"
    end_agent
    exits 1
}

@test "an early answer of an old receiver is said at once, though it neither reads nor closes" {
    truncate -s 1G large
    stubborn 'old_answer $ENOSPC 0'
    start_agent large
    wait_until says full
    end_agent
    exits 1
}

@test "an early answer is noticed between small files" {
    mkdir dir
    seq 1 20000 | (cd dir && xargs touch)
    stubborn 'new_answer $EDQUOT 0 dir/1'
    start_agent dir
    wait_until says 'exceeds what the receiver accepts'
    end_agent
    exits 1
}

@test "a receiver that answers early and goes away is believed, not called a lost connection" {
    truncate -s 1G large
    peer gone <<'END'
head -c 100 >/dev/null
new_answer $ENOLINK 0 dir/link
END
    try "$AGENT" --via="$T/gone" large
    exits 1
    says_one_sentence 'the link "dir/link" points outside'
}

@test "a receiver that goes away without a word is a lost connection" {
    truncate -s 1G large
    try "$AGENT" --via='head -c 100 >/dev/null' large
    exits 1
    has "$said" "connection was lost"
}

@test "a success that comes too early is none" {
    truncate -s 1G large
    local answer
    for answer in 'new_answer 0 0 large' 'old_answer 0 0'; do
        peer too-early <<END
head -c 100 >/dev/null
$answer
END
        try "$AGENT" --via="$T/too-early" large
        exits 1
        says_one_sentence "before everything was sent"
    done
}

@test "a success that comes too early removes nothing" {
    truncate -s 1G large
    peer too-early <<'END'
head -c 100 >/dev/null
new_answer 0 0 large
END
    try "$AGENT" --move --via="$T/too-early" large
    exits 1
    exists large
}

@test "the unpacker answers in the middle, and the sender stops in the middle" {
    mkdir dir
    ln -s / dir/link
    truncate -s 8T large 2>/dev/null || truncate -s 1G large
    # Far too large to be sent: that this ends at all shows that the answer was heeded.
    send dir large
    exits 1
    has "$said" '"dir/link"'
    nothing_arrived
}
