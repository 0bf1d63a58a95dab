# Opening files in another VM: `load helpers`, `load rpc` where calls are made, then `load open`.
# SPDX-License-Identifier: GPL-2.0-or-later

OPENER=$BUILD/bin/qopen-in-vm
VM_EDITOR=$BUILD/bin/vm-file-editor
. "$TESTS/openwire.bash"

# ---- Before each test, after what the other files do ----

eval "unopened_$(declare -f setup)"

setup() {
    unopened_setup || return
    unset DISPLAY WAYLAND_DISPLAY TMPDIR XDG_STATE_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR
    export HOME=$T/home
    THERE=$T/there   # the temporary directory of the other VM
    RECORDS=$T/saves # what `records` found
    mkdir "$HOME" "$THERE"
}

# ---- The other side as a script ----

# script_of FILE <<'BODY': a bash script with the format's functions, that finds $T, $SENT and $THERE. One that runs already is not changed: a shell
# reads its script bit by bit.
script_of() {
    {
        printf '#!/bin/bash\n. %q\n. %q\n' "$TESTS/wire.bash" "$TESTS/openwire.bash"
        printf '%s=%q\n' T "$T" SENT "$SENT" THERE "$THERE"
        cat
    } >"$1.new"
    chmod 755 "$1.new"
    mv "$1.new" "$1"
}

# editor <<'BODY': a script that stands in for the editor. `take` reads what the opener sends: $T/request and $T/content. `shows TEXT [FILE]` waits
# until a file of the opener's, $SENT/file if not said, has that content; `await COMMAND...` until that succeeds. `there NAME`: has $SENT such a name?
editor() {
    {
        cat <<'END'
take() { head -c 256 >"$T/request" && cat >"$T/content"; }
shows() { until [ "$(cat "${2-$SENT/file}")" = "$1" ]; do [ -d "$T" ] || exit; sleep 0.01; done; }
await() { until "$@"; do [ -d "$T" ] || exit; sleep 0.01; done; }
there() { [ -n "$(find "$SENT" -maxdepth 1 -name "$1")" ]; }
END
        cat
    } | script_of "$T/editor"
}

# Open with what `editor` made, at the other end. Sets what `try` sets.
open_file() {
    try "$OPENER" --via="exec $T/editor" "$@"
}

# start_opener ARGUMENT...: the same in the background. Sets $opener.
start_opener() {
    # A shell starts what is in its background with SIGINT ignored.
    python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
        "$OPENER" --via="exec $T/editor" "$@" </dev/null >"$T/stdout" 2>"$T/stderr" 3>&- &
    opener=$!
    started+=("$opener")
}

# end_of PID: wait for it. Sets $status and $said.
end_of() {
    status=0
    wait "$1" || status=$?
    said=$(tr -d '\0' <"$T/stderr")
}

# Besides the file itself (or what is named), nothing is in $SENT, hidden or not.
nothing_beside() {
    is "$(ls -A "$SENT" | LC_ALL=C sort | paste -sd, -)" "${1-file}"
}

# The only entry of $SENT but those named.
beside() {
    local name
    find "$SENT" -mindepth 1 -maxdepth 1 -printf '%f\n' >"$T/beside"
    for name; do grep -vxF -- "$name" "$T/beside" >"$T/fewer" || true; mv "$T/fewer" "$T/beside"; done
    is "$(wc -l <"$T/beside")" 1 || return
    besides=$SENT/$(<"$T/beside")
}

# What stat tells of a file that changes when anything is written to it or put in its place.
identity() {
    stat -c '%i %s %a %u %g %Y %y %Z %z' "$@"
}

# ---- A scripted application in the other VM ----

# handler <<'BODY': what vm-file-editor starts; the file is "$file". `look` opens it for writing, and changes nothing: then it is plain that this was
# the application, and no other one is waited for. `stay` goes on until the test is over.
handler() {
    { printf '%s\n' 'file=$1' 'look() { : <>"$file"; }' 'stay() { while [ -d "$T" ]; do sleep 0.1; done; }'; cat; } | script_of "$T/handler"
}

# A handler that saves 200 times in a row: 500 lines, each the save's number.
many_saves() {
    handler <<'BODY'
exec python3 - "$file" <<'END'
import os, sys
for i in range(1, 201):
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as new:
        new.write(f"{i}\n" * 500)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
END
BODY
}

# The command of a real editor with the scripted application. Options may be given.
real_editor() {
    printf 'TMPDIR=%q ' "$THERE"
    printf '%q ' "$VM_EDITOR" --handler="$T/handler" "$@"
}

# Ask the real editor with the stream in $STREAM; the answer is in $ANSWER. Sets $status and $said.
ask() {
    status=0
    TMPDIR=$THERE "$VM_EDITOR" --handler="$T/handler" "$@" <"$STREAM" >"$ANSWER" 2>"$T/stderr" 3>&- || status=$?
    said=$(tr -d '\0' <"$T/stderr")
}

# ask_for NAME CONTENT [OPTION...]: that, with a request of version 2.
ask_for() {
    { new_request "$1" "$(bytes_of "$2")" && printf '%s' "$2"; } >"$STREAM"
    ask "${@:3}"
}

# start_editor [OPTION...]: the same in the background, with what is in $STREAM. Sets $editor; end_of waits for it.
start_editor() {
    TMPDIR=$THERE python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
        "$VM_EDITOR" --handler="$T/handler" "$@" <"$STREAM" >"$ANSWER" 2>"$T/stderr" 3>&- &
    editor=$!
    started+=("$editor")
}

# ask_each NAME...: for each of these names, with the content "first", at the same time. For the first, $T/said-1 is what was said, $T/answer-1 the
# answer, and so on; all exit with 0.
ask_each() {
    local i editors=()
    for ((i = 1; i <= $#; i++)); do
        { new_request "${!i}" 5 && printf first; } >"$T/stream-$i"
        TMPDIR=$THERE "$VM_EDITOR" --handler="$T/handler" <"$T/stream-$i" >"$T/answer-$i" 2>"$T/said-$i" 3>&- &
        editors+=($!)
        started+=($!)
    done
    for i in "${editors[@]}"; do wait "$i" || fail "exit status: $?" "stderr: $(cat "$T"/said-*)" || return; done
}

# records LINE...: the answer has exactly these records; the contents are in $RECORDS/1 and so on.
records() {
    rm -rf "$RECORDS"
    mkdir "$RECORDS"
    python3 "$TESTS/records.py" "$ANSWER" "$RECORDS" >"$T/records" || return
    is "$(<"$T/records")" "$(printf '%s\n' "$@")"
}

# saved CONTENT...: these versions came back, and all was well.
saved() {
    local i lines=()
    for ((i = 1; i <= $#; i++)); do lines+=("save $i"); done
    records "${lines[@]}" "done 0 " || return
    for ((i = 1; i <= $#; i++)); do is "$(<"$RECORDS/$i")" "${!i}" || return; done
}

# Nothing of the editor's is left in the other VM.
nothing_there() {
    is "$(ls -A "$THERE")" ""
}
