#!/usr/bin/env bats
# vm-file-editor, whose command line is in options-editor.bats: requests that make no sense, applications that fail, somebody who wants to stop, an
# opener that has gone. Nothing is ever left.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load open

# ---- Requests ----

# refused CODE: the answer is a failure, in one sentence here, and no application was started.
refused() {
    exits 1 || return
    rm -rf "$RECORDS" && mkdir "$RECORDS"
    python3 "$TESTS/records.py" "$ANSWER" "$RECORDS" >"$T/records" || return
    has "$(<"$T/records")" "done $1 " || return
    is "$(wc -l <"$T/records")" 1 || return
    is "$(printf '%s\n' "$said" | wc -l)" 1 || return
    missing "$T/called" || return
    nothing_there
}

# silently_refused: the same where nobody knows whether the opener understands records.
silently_refused() {
    [ "$status" != 0 ] || fail "accepted" || return
    is "$(printf '%s\n' "$said" | wc -l)" 1 || return
    missing "$T/called" || return
    nothing_there
}

@test "a request that is too short" {
    handler <<<'touch "$T/called"'
    new_request file 0 >"$T/whole"
    local bytes
    for bytes in 0 1 231 232 240 255; do
        head -c "$bytes" "$T/whole" >"$STREAM"
        ask
        silently_refused || fail "with $bytes bytes"
    done
}

@test "a content that is too short" {
    handler <<<'touch "$T/called"'
    { new_request file 5 && printf hell; } >"$STREAM"
    ask
    refused $ENODATA
    new_request file 1000000 >"$STREAM"
    ask
    refused $ENODATA
}

@test "a request that is malformed" {
    handler <<<'touch "$T/called"'
    # A flag that nobody knows, a length beyond all, a checksum that is wrong, a name without an end.
    new_request file 0 2 >"$STREAM"
    ask
    silently_refused
    new_request file -1 >"$STREAM"
    ask
    silently_refused
    { unsummed_request file 0 && le32 12345; } >"$STREAM"
    ask
    silently_refused
    head -c 256 /dev/zero | tr '\0' n >"$STREAM"
    ask
    silently_refused
    head -c 256 /dev/zero >"$STREAM"
    ask
    silently_refused
}

@test "--max-bytes: the announcement is enough, and under version 1 what comes is counted" {
    handler <<<'cat "$file"; look'
    ask_for file 12345 --max-bytes=5
    exits 0
    is "$said" 12345
    handler <<<'touch "$T/called"'
    new_request file $((1 << 62)) >"$STREAM"
    ask --max-bytes=1T
    refused $EDQUOT
    ask_for file 123456 --max-bytes=5
    refused $EDQUOT
    { old_request file && printf 123456; } >"$STREAM"
    ask --max-bytes=5
    silently_refused
    is "$(stat -c %s "$ANSWER")" 0
    { old_request file && head -c 5000000 /dev/zero; } >"$STREAM"
    ask --max-bytes=1M
    silently_refused
}

@test "a length beyond the disk is refused by that, not by filling it" {
    handler <<<'touch "$T/called"'
    new_request file $((1 << 61)) >"$STREAM"
    ask
    exits 1
    missing "$T/called"
    nothing_there
    has "$(tr -d '\0' <"$ANSWER")" PedOSv2
}

@test "a disk that is full is said to the opener's user" {
    need_namespace
    handler <<<'touch "$T/called"'
    { new_request file 3000000 && head -c 3000000 /dev/zero; } >"$STREAM"
    export VM_EDITOR T STREAM ANSWER THERE
    try in_namespace sh -ec '
        mount -t tmpfs -o size=1m,mode=777 none "$THERE"
        TMPDIR=$THERE "$VM_EDITOR" --handler="$T/handler" <"$STREAM" >"$ANSWER" && exit 99
        ls -A "$THERE"'
    exits 0
    is "$told" ""
    missing "$T/called"
    has "$(tr -d '\0' <"$ANSWER")" full
}

@test "a temporary directory that is none" {
    handler <<<'touch "$T/called"'
    { new_request file 1 && printf x; } >"$STREAM"
    THERE=$T/none ask
    exits 1
    says_one_sentence "$T/none"
    missing "$T/called"
}

# ---- Applications that fail ----

# failed PART...: the answer is a failure, and its message has these parts.
failed() {
    local part
    exits 1 || return
    rm -rf "$RECORDS" && mkdir "$RECORDS"
    python3 "$TESTS/records.py" "$ANSWER" "$RECORDS" >"$T/records" || return
    told=$(tail -n 1 "$T/records")
    case $told in "done 0 "*) fail "$told" || return ;; "done "*) ;; *) fail "$told" || return ;; esac
    for part; do has "$told" "$part" || return; done
    nothing_there
}

@test "an application that fails is told of, with its status" {
    handler <<<'exit 5'
    ask_for file.txt first
    failed 5
    handler <<<'kill -KILL $$'
    ask_for file.txt first
    failed
}

@test "what it saved before it failed comes first" {
    handler <<<'printf changed >"$file"; exit 5'
    ask_for file.txt first
    failed 5
    is "$(head -n 1 "$T/records")" "save 1"
    is "$(<"$RECORDS/1")" changed
}

@test "no xdg-open here" {
    mkdir "$T/bin"
    ln -s "$(command -v sh)" "$T/bin/sh"
    { new_request file.xyz 1 && printf x; } >"$STREAM"
    status=0
    PATH=$T/bin TMPDIR=$THERE "$VM_EDITOR" <"$STREAM" >"$ANSWER" 2>"$T/stderr" 3>&- || status=$?
    failed "no application"
}

@test "version 1: an application that fails sends nothing back but what is whole" {
    handler <<<'exit 5'
    { old_request file.txt && printf first; } >"$STREAM"
    ask
    exits 1
    is "$(stat -c %s "$ANSWER")" 0
    nothing_there
}

# ---- Stopped, or left alone ----

# An application that saves once, and then stays, with a child of its own session.
staying() {
    handler <<END
$1
export -f stay
export T
setsid bash -c stay &
echo \$! >"\$T/child"
echo \$\$ >"\$T/application.new" && mv "\$T/application.new" "\$T/application"
stay
END
    rm -f "$T/application"
}

# A zombie that nobody reaps has ended, too.
ended() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    stat=${stat##*) }
    [ "${stat%% *}" = Z ]
}

application_has_ended() {
    wait_until ended "$(<"$T/application")" || return
    wait_until ended "$(<"$T/child")"
}

@test "a signal to stop: what was saved last is sent, the application asked to end, nothing is left" {
    local signal
    { new_request file.txt 5 && printf first; } >"$STREAM"
    for signal in TERM HUP INT; do
        staying 'printf changed >"$file"; touch "${file%/*}/.lock"'
        start_editor
        wait_until test -e "$T/application"
        kill -$signal "$editor"
        end_of "$editor"
        [ "$status" != 0 ] || fail "it ended with 0"
        application_has_ended
        nothing_there
        rm -rf "$RECORDS" && mkdir "$RECORDS"
        python3 "$TESTS/records.py" "$ANSWER" "$RECORDS" >"$T/records"
        is "$(head -n 1 "$T/records")" "save 1"
        is "$(<"$RECORDS/1")" changed
        lacks "$(<"$T/records")" "done 0"
    done
}

@test "a signal to stop while the content comes" {
    handler <<<'touch "$T/called"'
    mkfifo "$T/open-stream"
    STREAM=$T/open-stream start_editor
    exec 8>"$T/open-stream"
    { new_request file.txt 1000 && printf first; } >&8
    wait_until is_received
    kill "$editor"
    end_of "$editor"
    [ "$status" != 0 ]
    missing "$T/called"
    nothing_there
}

is_received() { [ -n "$(find "$THERE" -name file.txt)" ]; }

# listen: an opener that can go away. Its end is the process $opener.
listen() {
    mkfifo "$T/listened"
    sleep 1000 <"$T/listened" >/dev/null 2>&1 3>&- &
    opener=$!
    started+=("$opener")
    ANSWER=$T/listened start_editor
}

@test "the opener has gone: the application is asked to end, nothing is left" {
    { new_request file.txt 5 && printf first; } >"$STREAM"
    staying 'touch "${file%/*}/.lock"'
    listen
    wait_until test -e "$T/application"
    kill -KILL "$opener"
    end_of "$editor"
    [ "$status" != 0 ]
    application_has_ended
    nothing_there
}

@test "the opener has gone with a save that nobody takes" {
    { new_request file.txt 5 && printf first; } >"$STREAM"
    staying 'head -c 3000000 /dev/zero >"$file"; sleep 0.8'
    listen
    wait_until test -e "$T/application"
    kill -KILL "$opener"
    end_of "$editor"
    [ "$status" != 0 ]
    application_has_ended
    nothing_there
}

@test "the opener has gone before the application was started" {
    handler <<<stay
    { new_request file.txt 5 && printf first; } >"$STREAM"
    status=0
    { TMPDIR=$THERE "$VM_EDITOR" --handler="$T/handler" <"$STREAM" 2>"$T/stderr" 3>&- || echo "$?" >"$T/status"; } | true
    wait_until test -s "$T/status"
    nothing_there
}

@test "version 1: the opener has gone" {
    { old_request file.txt && printf first; } >"$STREAM"
    staying 'printf changed >"$file"'
    listen
    wait_until test -e "$T/application"
    kill -KILL "$opener"
    end_of "$editor"
    [ "$status" != 0 ]
    application_has_ended
    nothing_there
}

@test "an application that does not want to end does not keep it" {
    { new_request file.txt 5 && printf first; } >"$STREAM"
    handler <<'END'
trap '' TERM HUP INT
echo $$ >"$T/application.new" && mv "$T/application.new" "$T/application"
stay
END
    start_editor
    wait_until test -e "$T/application"
    kill "$editor"
    end_of "$editor"
    [ "$status" != 0 ]
    nothing_there
    kill -KILL "$(<"$T/application")" 2>/dev/null || true
}

@test "several at once do not know of each other" {
    handler <<<'sleep 0.2; printf "%s" "$(basename "$file") there" >"$file"'
    local n editors=()
    for n in 1 2 3 4; do
        { new_request "file-$n" 1 && printf x; } >"$T/stream-$n"
        STREAM=$T/stream-$n ANSWER=$T/answer-$n start_editor
        editors+=("$editor")
    done
    for n in 1 2 3 4; do
        end_of "${editors[n - 1]}"
        exits 0
        ANSWER=$T/answer-$n saved "file-$n there"
    done
    nothing_there
}
