#!/usr/bin/env bats
# qopen-in-vm and vm-file-editor together, with an application that is a script.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load open

eval "before_large_$(declare -f teardown)"

teardown() {
    [ -z "${large-}" ] || rm -rf "$large"
    before_large_teardown
}

# open_there ARGUMENT...: with the real editor at the other end. Sets what `try` sets.
open_there() {
    try "$OPENER" --via="$(real_editor)" "$@"
}

@test "a file goes there, and what is saved there comes back" {
    printf first >file
    chmod 640 file
    handler <<<'cp "$file" "$T/shown"; printf second >"$file"'
    open_there file
    exits 0
    is "$said" ""
    is "$(<"$T/shown") $(<file) $(stat -c %a file)" "first second 640"
    nothing_beside
    nothing_there
}

@test "saves come back while it is open" {
    printf first >file
    handler <<'END'
for i in one two three; do
    printf $i >"$file.new"
    mv "$file.new" "$file"
    until [ "$(cat "$SENT/file")" = $i ]; do [ -d "$T" ] || exit; sleep 0.02; done
done
touch "$T/seen"
END
    open_there -v file
    exits 0
    exists "$T/seen"
    has "$said" "save 3"
    is "$(<file)" three
    nothing_beside
    nothing_there
}

# open_each NAME...: all at once, each with the real editor.
open_each() {
    local name openers=()
    for name; do
        "$OPENER" --via="$(real_editor)" "${option[@]}" -- "$name" </dev/null >/dev/null 2>>"$T/stderr" 3>&- &
        openers+=($!)
        started+=($!)
    done
    for name in "${openers[@]}"; do wait "$name" || fail "exit status: $?" "stderr: $(<"$T/stderr")" || return; done
}

@test "names at the borders, to edit and only to look at" {
    local length name names=() option=()
    for length in 221 222 231 232 255; do
        name=$(last_bytes "$length" "$(head -c 251 /dev/zero | tr '\0' n).txt")
        names+=("$name")
        printf first >"$name"
    done
    mkdir "$T/names"
    handler <<<'touch "$T/names/$(basename "$file")"; chmod u+w "$file"; printf second >"$file"'
    open_each "${names[@]}"
    for name in "${names[@]}"; do
        is "$(<"$name")" second
        exists "$T/names/$(last_bytes 231 "$name")"
        printf first >"$name"
    done
    is "$(ls "$T/names" | wc -l)" 3 # of 231, 232 and 255 bytes, the last 231 are the same
    option=(--view-only)
    open_each "${names[@]}"
    for name in "${names[@]}"; do is "$(<"$name")" first; done
    exists "$T/names/$(last_bytes 221 "${names[0]}")"
    nothing_there
    is "$(ls -A | wc -l)" 5
}

@test "names of any characters" {
    local name names=($'new\nline' $'latin\xe9' '-n' '$(x)' "quote'\"" $'\e[31m' '字' ' ' '~') option=()
    handler <<<'printf second >"$file"'
    for name in "${names[@]}"; do printf first >"./$name"; done
    open_each "${names[@]}"
    for name in "${names[@]}"; do is "$(<"./$name")" second; done
    nothing_there
    is "$(ls -A --quoting-style=escape | wc -l)" "${#names[@]}"
}

@test "an empty file, and one edited to empty" {
    : >file
    handler <<<'stat -c %s "$file" >"$T/size"; printf second >"$file"'
    open_there file
    exits 0
    is "$(<"$T/size") $(<file)" "0 second"
    handler <<<': >"$file"'
    open_there file
    exits 0
    is "$(stat -c %s file)" 0
    nothing_beside
}

@test "--view-only: read-only there, untouched here" {
    printf first >file
    identity file >"$T/before"
    handler <<<'stat -c %a "$file" >"$T/mode"; chmod 600 "$file"; printf second >"$file"'
    open_there --view-only file
    exits 0
    is "$(<"$T/mode")" 400
    identity file | cmp - "$T/before"
    nothing_beside
    nothing_there
}

@test "200 saves in a row: the last is in its place, nothing else is" {
    printf first >file
    many_saves
    open_there file
    exits 0
    is "$(sort -u file) $(wc -l <file)" "200 500"
    nothing_beside
}

@test "written in place all the time while large saves travel: the last is in its place" {
    head -c 1000000 /dev/zero >file
    handler <<'END'
head -c 20000000 /dev/zero >"$file"
for i in {1..40}; do
    printf "mark-%02d" $i | dd of="$file" bs=7 seek=$((i * 50000)) conv=notrunc status=none
    sleep 0.03
done
printf "the last one" >>"$file"
cp "$file" "$T/last"
END
    open_there file
    exits 0
    cmp file "$T/last"
    nothing_beside
    nothing_there
}

@test "two files at once" {
    printf first >a
    printf first >b
    handler <<<'sleep 0.3; printf "%s there" "$(basename "$file")" >"$file"; sleep 0.3'
    "$OPENER" --via="$(real_editor)" a </dev/null >/dev/null 2>"$T/a" 3>&- &
    started+=($!)
    open_there b
    exits 0
    wait "${started[0]}"
    is "$(<a) $(<b)" "a there b there"
    is "$(<"$T/a")" ""
    nothing_beside a,b
    nothing_there
}

@test "the same file twice: no edit is lost, and the first one's is in its place" {
    printf first >file.txt
    handler <<'END'
touch "$T/opened"
until [ -e "$T/go-on" ]; do [ -d "$T" ] || exit; sleep 0.02; done
printf "of the first" >"$file"
END
    "$OPENER" --via="$(real_editor)" file.txt </dev/null >/dev/null 2>"$T/a" 3>&- &
    started+=($!)
    wait_until test -e "$T/opened"
    handler <<<'printf "of the second" >"$file"'
    open_there file.txt
    exits 1
    has "$said" already
    touch "$T/go-on"
    wait "${started[0]}"
    is "$(<file.txt)" "of the first"
    beside file.txt
    is "$(<"$besides")" "of the second"
    nothing_there
}

@test "an application that fails: its message is shown here" {
    printf first >file.xyz
    handler <<<'exit 3'
    open_there --from=work file.xyz
    exits 1
    has "$said" "work could not do it"
    has "$said" "status 3"
    is "$(<file.xyz)" first
    nothing_there
}

@test "a file that is too long for the other VM: that is said here" {
    head -c 30000000 /dev/zero >file
    handler <<<'touch "$T/called"'
    try "$OPENER" --via="$(real_editor --max-bytes=1M) 2>/dev/null" file
    exits 1
    has "$said" "could not do it"
    missing "$T/called"
    nothing_there
}

# A handler that saves once, and stays.
staying() {
    handler <<'END'
printf second >"$file"
until [ "$(cat "$SENT/file")" = second ]; do [ -d "$T" ] || exit; sleep 0.02; done
echo $$ >"$T/application.new" && mv "$T/application.new" "$T/application"
stay
END
}

@test "the opener is stopped or killed: the editor notices, its application ends, nothing is left there" {
    local signal
    for signal in TERM INT HUP KILL; do
        printf first >file
        rm -f "$T/application"
        staying
        cp "$T/handler" "$T/editor" # start_opener's
        printf '#!/bin/sh\nexec %s\n' "env $(real_editor)" >"$T/editor"
        start_opener file
        wait_until test -e "$T/application"
        kill -$signal "$opener"
        end_of "$opener"
        is "$status" $((128 + $(kill -l $signal)))
        [ $signal = KILL ] || has "$said" "number 1"
        wait_until gone "$(<"$T/application")"
        wait_until nothing_there 2>/dev/null
        is "$(<file)" second
        nothing_beside
    done
}

@test "the editor is stopped or killed: the opener says which save was the last" {
    local signal
    for signal in TERM HUP KILL; do
        printf first >file
        rm -f "$T/application" "$T/editor-pid"
        staying
        printf '#!/bin/sh\necho $$ >"%s"\nexec %s\n' "$T/editor-pid" "env $(real_editor) 2>/dev/null" >"$T/editor"
        chmod 755 "$T/editor"
        start_opener file
        wait_until test -e "$T/application"
        kill -$signal "$(<"$T/editor-pid")"
        end_of "$opener"
        is "$status" 1
        [ $signal != KILL ] || has "$said" "number 1"
        is "$(<file)" second
        nothing_beside
        if [ $signal = KILL ]; then
            # Nobody is left there who could do this.
            kill -KILL "$(<"$T/application")"
            rm -r "$THERE"/qopen-*
        fi
        nothing_there
    done
}

@test "1 GiB there and back" {
    # The original, the copy there and the version that comes back, and half a GiB for others.
    local free place=/dev/shm
    [ -w "$place" ] || skip "no $place"
    free=$(df --output=avail -k "$place" | tail -n 1)
    [ "$free" -gt $((3670016)) ] || skip "less than 3.5 GiB free in $place"
    [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 4194304 ] || skip "less than 4 GiB of memory to be had"
    large=$(mktemp -d "$place/qfile-open.XXXXXX")
    # The other end of a sparse file is as good as its middle.
    truncate -s 1G "$large/file"
    printf 'the end' | dd of="$large/file" bs=1 seek=$((2 ** 30 - 7)) conv=notrunc status=none
    mkdir "$large/there"
    handler <<'END'
[ "$(tail -c 7 "$file")" = "the end" ] && stat -c %s "$file" >"$T/size"
printf 'a mark' | dd of="$file" bs=1 seek=600000000 conv=notrunc status=none
END
    THERE=$large/there open_there "$large/file"
    exits 0
    is "$(<"$T/size") $(stat -c %s "$large/file")" "$((2 ** 30)) $((2 ** 30))"
    is "$(tail -c 7 "$large/file")" "the end"
    is "$(tail -c +600000001 "$large/file" | head -c 6)" "a mark"
    is "$(ls -A "$large" | paste -sd, -) $(ls -A "$large/there")" "file,there "
}
