# What all integration tests share: `load helpers`.
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Assertions are functions that return 1, never `[[ ]]` or `! command`: bats stops only at a simple command that fails.

bats_require_minimum_version 1.5.0

# For a program that hangs. No test takes a tenth of it.
BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT-300}

TESTS=$BATS_TEST_DIRNAME
TOP=$(cd "$TESTS/../.." && pwd)
# QFILE_BUILD: another build than the ordinary one, such as that with sanitizers.
BUILD=$TOP/${QFILE_BUILD:-build}
AGENT=$BUILD/bin/qfile-agent
UNPACKER=$BUILD/bin/qfile-unpacker
. "$TESTS/wire.bash"

# ---- Before and after each test ----

setup() {
    unset SSH_CONNECTION PROGRESS_TYPE FILECOPY_TOTAL_BYTES SAVED_FD_1 PEDOS_RPC_CLIENT QREXEC_REMOTE_DOMAIN QREXEC_SERVICE_ARGUMENT
    export LC_ALL=C.UTF-8
    umask 022
    T=$BATS_TEST_TMPDIR
    SENT=$T/sent         # what the sender has
    INCOMING=$T/incoming # what the receiver delivers to
    ANSWER=$T/answer     # what the unpacker answered
    STREAM=$T/stream
    started=()
    mkdir "$SENT" "$INCOMING"
    if am_root; then
        # Root receives for somebody who is not root: then a mistake with privileges shows.
        RECEIVER=65534
        let_through "$INCOMING"
        chown "$RECEIVER:$RECEIVER" "$INCOMING"
    else
        RECEIVER=$(id -u)
    fi
    cd "$SENT" || return
}

teardown() {
    local pid
    exec 8>&- 9>&-
    for pid in "${started[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    # bats removes the directory, which takes more than rm -r where a plain user owns sealed directories.
    cd / && chmod -R u+rwx "$BATS_TEST_TMPDIR"
}

am_root() {
    [ "$(id -u)" = 0 ]
}

# Let others pass the private directories that bats made above a path.
let_through() {
    local dir=$1
    while [ "$dir" != "${BATS_RUN_TMPDIR%/*}" ] && [ "$dir" != / ]; do
        dir=${dir%/*}
        [ "$dir" = "${BATS_RUN_TMPDIR%/*}" ] || chmod a+x "$dir"
    done
}

need_root() {
    am_root || skip "needs root"
}

need() {
    command -v "$1" >/dev/null || skip "needs $1"
}

# ---- Assertions ----

fail() {
    printf '%s\n' "$@" >&2
    return 1
}

is() {
    [ "$1" = "$2" ] || fail "got:      $1" "expected: $2"
}

has() {
    case $1 in
    *"$2"*) ;;
    *) fail "got:             $1" "expected in it:  $2" ;;
    esac
}

lacks() {
    case $1 in
    *"$2"*) fail "got:                 $1" "not expected in it:  $2" ;;
    esac
}

# The last try's exit status.
exits() {
    [ "$status" = "$1" ] || fail "exit status: $status, expected: $1" "stderr: $said"
}

exists() {
    [ -e "$1" ] || [ -L "$1" ] || fail "not there: $1"
}

missing() {
    { [ ! -e "$1" ] && [ ! -L "$1" ]; } || fail "still there: $1"
}

# The last try said one sentence, and this is in it. A hint to --help may follow.
says_one_sentence() {
    has "$said" "$1"
    is "$(printf '%s\n' "$said" | grep -vc "^Try '")" 1
}

# Wait until a command succeeds. The bound is for tests that would never end, not a promise of speed.
wait_until() {
    local i
    for ((i = 0; i < 1200; i++)); do
        "$@" && return
        sleep 0.05
    done
    fail "waited in vain for: $*"
}

gone() {
    ! kill -0 "$1" 2>/dev/null
}

# ---- Trees ----

picture() {
    python3 "$TESTS/picture.py" "$@"
}

# Entry by entry: type, content, mode, mtime with nanoseconds, link target.
same_tree() {
    picture "$1" >"$T/picture1" || return
    picture "$2" >"$T/picture2" || return
    [ -s "$T/picture1" ] || fail "no picture of $1" || return
    diff "$T/picture1" "$T/picture2" >&2
}

# Nothing is visible, and nothing is left behind either.
nothing_arrived() {
    is "$(ls -A "$INCOMING")" ""
}

# What is in the incoming directory, to be compared by still_as_before.
remember_incoming() {
    picture --below "$INCOMING" >"$T/before"
}

still_as_before() {
    picture --below "$INCOMING" >"$T/after" || return
    diff "$T/before" "$T/after" >&2
}

arrived_names() {
    is "$(ls -A "$INCOMING" | LC_ALL=C sort | paste -sd, -)" "$1"
}

# ---- Running the programs ----

# Sets $status, $said (stderr) and $told (stdout).
try() {
    status=0
    "$@" </dev/null >"$T/stdout" 2>"$T/stderr" 3>&- || status=$?
    said=$(tr -d '\0' <"$T/stderr")
    told=$(tr -d '\0' <"$T/stdout")
}

# The shell command of a receiver, for --via. Options of the unpacker may be given.
receiver() {
    printf '%q ' "$UNPACKER" "$@" "$RECEIVER" "$INCOMING"
}

# Send with the agent to the unpacker.
send() {
    try "$AGENT" --via="$(receiver)" "$@"
}

# deliver STREAM [OPTION...]: what an old sender would send, to the unpacker. Sets $status and $said; the answer is in $ANSWER.
deliver() {
    status=0
    "$UNPACKER" "${@:2}" "$RECEIVER" "$INCOMING" <"$1" >"$ANSWER" 2>"$T/stderr" 3>&- || status=$?
    said=$(<"$T/stderr")
}

# field OFFSET SIZE: a number of the answer.
field() {
    od -An -tu"$2" --endian=little -j "$1" -N "$2" "$ANSWER" | tr -d ' '
}

# answered CODE NAME [STREAM]: the answer, to the byte. With a STREAM, which was received whole, its checksum too.
answered() {
    local namelen
    namelen=$(bytes_of "$2")
    is "$(field 0 4)" "$1" || return
    is "$(field 4 4)" 0 || return
    is "$(field 12 4)" 0 || return # the checksum has 32 bits of its 64
    [ -z "$3" ] || is "$(field 8 4)" "$(crc32 <"$3")" || return
    is "$(field 16 4)" "$namelen" || return
    is "$(stat -c %s "$ANSWER")" $((20 + namelen)) || return
    printf '%s' "$2" | cmp - <(tail -c +21 "$ANSWER") >&2
}

# refused CODE NAME: the last delivery ended so, and nothing of it is visible.
refused() {
    answered "$1" "$2" || return
    exits 1 || return
    nothing_arrived
}

# Start the unpacker on a stream that stays open: what is written to descriptor 8 goes there. Sets $monitor.
start_unpacker() {
    mkfifo "$T/open-stream"
    "$UNPACKER" "$@" "$RECEIVER" "$INCOMING" <"$T/open-stream" >"$ANSWER" 2>"$T/stderr" 3>&- &
    monitor=$!
    started+=("$monitor")
    exec 8>"$T/open-stream"
}

# Wait for the unpacker that start_unpacker started. Sets $status and $said.
end_unpacker() {
    status=0
    wait "$monitor" || status=$?
    said=$(<"$T/stderr")
}

children_of() {
    cat /proc/"$1"/task/*/children 2>/dev/null | tr -d ' \n'
}

# A file of this name is in the staging directory of somebody.
staged() {
    [ -n "$(find "$INCOMING" -mindepth 3 -name "$1" 2>/dev/null)" ]
}

# peer NAME <<'BODY': a bash script that stands in for the receiver of one file, $SENT/file, with the functions of wire.bash;
# `take` reads the stream.
peer() {
    {
        printf '#!/bin/bash\n. %q\n' "$TESTS/wire.bash"
        printf '%s=%q\n' T "$T" SENT "$SENT"
        printf 'receiver() { %s"$@"; }\n' "$(receiver)"
        printf '%s\n' 'take() { head -c "$(stream_length "$SENT/file")"; }'
        cat
    } >"$T/$1"
    chmod 755 "$T/$1"
}

# ---- Namespaces for what needs a mount ----

# Root where mounts can be made: as a plain user, in a user namespace.
in_namespace() {
    if am_root; then
        unshare -m "$@"
    else
        unshare -Urm "$@"
    fi
}

need_namespace() {
    in_namespace true 2>/dev/null || skip "no mount namespaces for this user"
}

# Make $HOMES/user, the home of an account `user`, for with_account.
make_account() {
    HOMES=$T/homes
    if am_root; then ACCOUNT=12345; else ACCOUNT=$RECEIVER; fi
    mkdir -p "$HOMES/user"
    printf 'root:x:0:0::/:/bin/sh\nuser:x:%d:%d::%s:/bin/sh\n' "$ACCOUNT" "$(am_root && echo 12345 || id -g)" "$HOMES/user" >"$T/passwd"
    if am_root; then
        let_through "$HOMES/user"
        chown 12345:12345 "$HOMES/user"
    fi
}

# with_account COMMAND...: where the machine's accounts are those of make_account, as the same user as here.
with_account() {
    if am_root; then
        unshare -m sh -c 'mount --bind "$1" /etc/passwd && shift && exec "$@"' sh "$T/passwd" "$@"
    else
        unshare -Urm sh -c 'mount --bind "$1" /etc/passwd && shift && exec unshare -U "$@"' sh "$T/passwd" \
            --map-user="$(id -u)" --map-group="$(id -g)" "$@"
    fi
}

need_account() {
    make_account
    with_account true 2>/dev/null || skip "this user cannot have accounts of his own making"
}
