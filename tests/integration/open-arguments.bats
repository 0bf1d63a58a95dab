#!/usr/bin/env bats
# qopen-in-vm's command line and the file that it names: what is wrong is found before anything is sent. And what is sent, to the byte.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load open

# misused PART ARGUMENT...: wrong usage, in one sentence.
misused() {
    try "$OPENER" "${@:2}"
    exits 2 || return
    is "$told" "" || return
    has "$said" "Try 'qopen-in-vm --help'" || return
    says_one_sentence "$1"
}

# refuses PART ARGUMENT...: named in one sentence before the other side is called.
refuses() {
    editor <<<'touch "$T/called"'
    open_file "${@:2}"
    exits 1 || return
    says_one_sentence "$1" || return
    missing "$T/called"
}

# ---- The command line ----

@test "wrong usage is said in one sentence" {
    printf x >file
    misused "name a file"
    misused "name a file" --via=true
    misused "one file" work file file
    misused "two ways" --via=true work file
    misused "needs a VM" --service=test.Open file
    misused "no VM's name" -- -work file
    misused "no VM's name" 'wo rk' file
    misused "no VM's name" '@dispvm:' file
    misused "no VM's name" "$(printf 'w%.0s' {1..64})" file
    misused "--from" --from=x work file
    misused "--from" --from=../x --via=true file
    misused "--max-bytes" --max-bytes=lots --via=true file
    misused "--nonsense" --nonsense file
}

@test "--progress takes four words" {
    printf x >file
    try "$OPENER" --progress=often --via=true file
    exits 2
    says_one_sentence 'not "often"'
}

@test "--help and --version" {
    try "$OPENER" --help
    exits 0
    has "$told" "Usage: qopen-in-vm"
    try "$OPENER" -V
    exits 0
    has "$told" qopen-in-vm
    is "$said" ""
}

@test "without a VM, stdin and stdout must not be a terminal" {
    need script
    printf x >file
    status=0
    script -qec "'$OPENER' file" /dev/null </dev/null >"$T/screen" 2>&1 3>&- || status=$?
    is "$status" 2
    has "$(<"$T/screen")" "stdin and stdout"
}

# ---- The file ----

@test "a file that is not there is named" {
    : >there
    ln -s nowhere dangling
    refuses '"missing": No such file' missing
    refuses '"missing/": No such file' missing/
    refuses '"there/": Not a directory' there/
    refuses '"dangling": No such file' dangling
}

@test "an empty name is named so" {
    refuses "name is empty" ""
}

@test "a directory is named so, whatever its name" {
    mkdir dir
    ln -s dir link
    local name
    for name in dir dir/ . .. / link link/ dir/..; do
        refuses "\"$name\" in another VM: it is a directory" "$name"
    done
}

@test "what is no regular file is named so, and not waited for" {
    mkfifo fifo
    refuses '"fifo" in another VM: it is not a regular file' fifo
    refuses '"/dev/null" in another VM: it is not a regular file' /dev/null
    refuses '"fifo"' --view-only fifo
}

@test "a file that may not be read is named" {
    am_root && skip "root reads everything"
    printf x >file
    chmod 0 file
    refuses '"file": Permission denied' file
    mkdir shut
    printf x >shut/file
    chmod 0 shut
    refuses '"shut/file": Permission denied' shut/file
}

@test "a missing file's name is sanitised" {
    refuses '?[31m?missing' $'\e[31m\u202Emissing'
    lacks "$said" $'\e'
}

@test "with a VM, too, nobody is called for a file that is not there" {
    printf '#!/bin/sh\ntouch "%s"\n' "$T/called" >"$T/client"
    chmod 755 "$T/client"
    PEDOS_RPC_CLIENT=$T/client try "$OPENER" work missing
    exits 1
    says_one_sentence '"missing"'
    missing "$T/called"
}

# ---- What is sent ----

# sends REQUEST-NAME FLAGS ARGUMENT...: the request has this name and these flags, and the content is that of the file named last.
sends() {
    editor <<'END'
take
all_done
END
    open_file "${@:3}"
    exits 0 || return
    is "$said" "" || return
    new_request "$1" "$(stat -L -c %s -- "${!#}")" "$2" | cmp - "$T/request" >&2 || return
    cmp -- "${!#}" "$T/content" >&2
}

@test "the request and the content are the format's, to the byte" {
    printf hello >file
    sends file 0 file
    sends view-only-file 1 --view-only file
    : >empty
    sends empty 0 empty
    head -c 3000001 /dev/urandom >large.bin
    sends large.bin 0 large.bin
    cmp large.bin "$T/content"
}

@test "the name is the last component of the path, as it was named" {
    mkdir -p deep/deeper
    printf hello >deep/deeper/file.txt
    ln -s deep/deeper/file.txt link.odt
    sends file.txt 0 deep/deeper/file.txt
    sends file.txt 0 "$PWD/deep//deeper/./file.txt"
    sends link.odt 0 link.odt
    printf hello >./-file
    sends -file 0 -- -file
}

@test "names at the borders: a longer one loses its beginning" {
    local length name room option
    for length in 220 221 222 230 231 232 255; do
        name=$(printf '%s' "$(head -c 251 /dev/zero | tr '\0' n)end.txt" | tail -c "$length")
        is "$(bytes_of "$name")" "$length"
        printf hello >"$name"
        sends "$(last_bytes 231 "$name")" 0 "$name"
        sends "view-only-$(last_bytes 221 "$name")" 1 --view-only "$name"
    done
}

@test "a name is never cut inside a character" {
    # 3 bytes each, and 255 in all: 231 bytes are 77 of them; 221, 73 and two thirds.
    local name
    name=$(printf '字%.0s' {1..85})
    printf hello >"$name"
    sends "$(printf '字%.0s' {1..77})" 0 "$name"
    sends "view-only-$(printf '字%.0s' {1..73})" 1 --view-only "$name"
}

@test "a path of more than 300 bytes is no longer a name" {
    local dir name
    dir=$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200})
    name=$(printf 'f%.0s' {1..100}).txt
    mkdir -p "$dir"
    printf hello >"$dir/$name"
    sends "$name" 0 "$dir/$name"
}

@test "a file that is called view-only- is edited all the same" {
    printf hello >view-only-notes
    sends view-only-notes 0 view-only-notes
    sends view-only-view-only-notes 1 --view-only view-only-notes
}

@test "the stream ends with the content, without waiting for an answer" {
    printf hello >file
    editor <<'END'
cat >"$T/all"
all_done
END
    open_file file
    exits 0
    is "$(stat -c %s "$T/all")" $((256 + 5))
}

@test "without a VM, the format is on stdin and stdout" {
    printf hello >file
    editor <<'END'
take
save changed
all_done
END
    mkfifo "$T/forth" "$T/back"
    "$T/editor" <"$T/forth" >"$T/back" 3>&- &
    started+=($!)
    status=0
    "$OPENER" file >"$T/forth" <"$T/back" 2>"$T/stderr" 3>&- || status=$?
    is "$status$(<"$T/stderr")" 0
    { new_request file 5 && printf hello; } | cmp - <(cat "$T/request" "$T/content")
    is "$(<file)" changed
}

@test "an answer that comes before the file was sent is none" {
    printf hello >file
    { save changed && all_done; } >"$ANSWER"
    status=0
    "$OPENER" file <"$ANSWER" >"$STREAM" 2>"$T/stderr" 3>&- || status=$?
    is "$status" 1
    has "$(<"$T/stderr")" "makes no sense"
    is "$(<file)" hello
}

@test "a file that grows while it is sent is sent as long as was said" {
    truncate -s 64M growing
    editor <<'END'
head -c 256 >"$T/request"
head -c 1000000 >/dev/null
printf more >>"$SENT/growing"
cat | wc -c >"$T/rest"
all_done
END
    open_file growing
    exits 0
    is "$(<"$T/rest")" $((64 * 2 ** 20 - 1000000))
}

@test "a file that becomes shorter while it is sent is named" {
    truncate -s 64M shrinking
    editor <<'END'
head -c 1000000 >/dev/null
truncate -s 1000 "$SENT/shrinking"
cat >/dev/null
END
    open_file shrinking
    exits 1
    has "$said" '"shrinking"'
    has "$said" shorter
}
