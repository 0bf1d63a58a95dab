#!/usr/bin/env bats
# Whoever is killed, nothing half is visible, and the next delivery needs no cleaning up by hand.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# An unpacker in the middle of a delivery: a sealed directory, one of mode 0 and half a file are there already.
begin_delivery() {
    start_unpacker
    {
        entry_dir sealed
        entry_dir sealed/none
        entry_file sealed/none/file x 0
        entry_dir sealed/none 0
        entry_dir sealed 500
        entry_head half 100644 1000000
        head -c 10000 /dev/zero
    } >&8
    wait_until staged half
    child=$(children_of "$monitor")
    [ -n "$child" ] || fail "no child"
}

# Nothing but staging directories of killed receivers.
nothing_visible() {
    is "$(ls -A "$INCOMING" | grep -v '^\.qfile-incoming-' || true)" ""
}

good_delivery_cleans_up() {
    {
        entry_file good content
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 0 || return
    answered 0 good "$STREAM" || return
    arrived_names good
}

@test "a killed monitor takes its child along, and the next delivery cleans up" {
    begin_delivery
    kill -KILL "$monitor"
    end_unpacker
    exits 137
    wait_until gone "$child"
    exec 8>&-
    nothing_visible
    is "$(ls -A "$INCOMING" | wc -l)" 1
    is "$(stat -c %s "$ANSWER")" 0
    good_delivery_cleans_up
}

@test "a killed child is an answered failure, and leaves nothing" {
    begin_delivery
    kill -KILL "$child"
    end_unpacker
    exec 8>&-
    exits 1
    is "$(field 0 4)" $EIO
    nothing_arrived
    good_delivery_cleans_up
}

@test "a signal to stop is answered, and leaves nothing" {
    local signal
    for signal in TERM INT HUP; do
        rm -f "$T/open-stream"
        begin_delivery
        kill -$signal "$monitor"
        end_unpacker
        exec 8>&-
        exits 1
        is "$(field 0 4)" $ECANCELED
        wait_until gone "$child"
        nothing_arrived
    done
}

@test "what many killed receivers left is cleaned up by one delivery" {
    local i
    for i in 1 2 3; do
        rm -f "$T/open-stream"
        begin_delivery
        # Stopped, so that it does not answer the end of its stream; the next one must not take it for dead.
        kill -STOP "$monitor"
        exec 8>&-
    done
    is "$(ls -A "$INCOMING" | wc -l)" 3
    for i in "${started[@]}"; do
        kill -KILL "$i"
        wait "$i" || true
    done
    nothing_visible
    {
        entry_file good content
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 0
    arrived_names good
}

@test "what a living receiver stages is left alone by another delivery" {
    begin_delivery
    {
        entry_file good content
        end
    } >"$STREAM"
    local first=$ANSWER
    ANSWER=$T/answer2
    deliver "$STREAM"
    exits 0
    ANSWER=$first
    is "$(ls "$INCOMING")" good
    head -c 990000 /dev/zero >&8
    end >&8
    end_unpacker
    exec 8>&-
    exits 0
    arrived_names good,half,sealed
    is "$(stat -c %s "$INCOMING/half")" 1000000
}

@test "a deep tree that a killed receiver left is cleaned up" {
    local i path=d
    start_unpacker
    {
        for ((i = 0; i < 150; i++)); do
            entry_dir "$path"
            path+=/d
        done
        entry_file "${path%d}bottom" x
    } >&8
    wait_until staged bottom
    kill -KILL "$monitor"
    end_unpacker
    exec 8>&-
    nothing_visible
    good_delivery_cleans_up
}

@test "what only looks like a receiver's leftover is not followed out of the directory" {
    mkdir "$T/outside"
    chmod 777 "$T/outside"
    : >"$T/outside/precious"
    ln -s "$T/outside" "$INCOMING/.qfile-incoming-0123456789abcdef"
    {
        entry_file good content
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 0
    exists "$INCOMING/good"
    exists "$T/outside/precious"
}

@test "a killed sender is an incomplete stream for the receiver" {
    truncate -s 1G large
    "$AGENT" --via="exec 2>'$T/unpacker'; $(receiver)" large 2>"$T/stderr" </dev/null 3>&- &
    started+=($!)
    wait_until staged large
    kill -KILL "${started[0]}"
    wait "${started[0]}" || status=$?
    is "$status" 137
    wait_until grep -q "ended in the middle" "$T/unpacker"
    wait_until nothing_arrived 2>/dev/null
}

@test "a sender that is told to stop says so, dies of the signal, and nothing arrives" {
    local signal
    for signal in TERM INT HUP; do
        peer slow <<'END'
{
    head -c 100000
    touch "$T/begun"
    while [ -d "$T" ] && [ ! -e "$T/let-go" ]; do sleep 0.05; done
    cat
} | receiver 2>/dev/null
END
        rm -f "$T/begun" "$T/let-go"
        truncate -s 64M large
        # A shell starts what is in its background with SIGINT ignored.
        python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
            "$AGENT" --move --via="$T/slow" large 2>"$T/stderr" </dev/null 3>&- &
        started+=($!)
        wait_until test -e "$T/begun"
        kill -$signal $!
        wait_until grep -q "stopped; nothing was copied" "$T/stderr"
        touch "$T/let-go"
        status=0
        wait $! || status=$?
        is "$status" $((128 + $(kill -l $signal)))
        nothing_arrived
        exists large
    done
}

@test "a starter that ignores the end of its children changes nothing" {
    entry_file a x >"$STREAM"
    entry_file b x >>"$STREAM"
    end >>"$STREAM"
    status=0
    python3 -c 'import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])' \
        "$UNPACKER" "$RECEIVER" "$INCOMING" <"$STREAM" >"$ANSWER" 2>"$T/stderr" 3>&- || status=$?
    exits 0
    is "$(field 0 4)" 0
    arrived_names a,b
}
