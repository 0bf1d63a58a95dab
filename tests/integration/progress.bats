#!/usr/bin/env bats
# Showing how far a transfer is, to a person or a program.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# A receiver that takes its time, so that there is something to show. dd takes what is there: nobody knows how much is to come.
slowly() {
    peer slowly <<'END'
while dd of="$T/part" bs=200000 count=1 status=none && [ -s "$T/part" ]; do
    cat "$T/part"
    sleep 0.05
done | receiver
END
    printf '%s' "$T/slowly"
}

# The JSON objects on stderr, one a line: print what an expression makes of each.
json() {
    python3 -c "
import json, re, sys
for line in open(sys.argv[1], encoding='utf-8'):
    o = json.loads(line)
    print($1)
" "$T/stderr"
}

# on_terminal COMMAND: run it on a terminal of 60 columns; sets $status and $shown.
on_terminal() {
    need script
    status=0
    script -qec "stty cols 60; $1" /dev/null </dev/null >"$T/screen" 2>&1 3>&- || status=$?
    shown=$(tr -d '\0' <"$T/screen")
    said=$shown
}

@test "json: every line is an object, the last one has everything" {
    mkdir dir
    head -c 100000 /dev/zero >dir/a
    head -c 23456 /dev/zero >dir/b
    ln -s a dir/link
    send --progress=json dir
    exits 0
    [ -s "$T/stderr" ] || fail "nothing said"
    while read -r line; do
        printf '%s\n' "$line" | python3 -m json.tool >/dev/null
    done <"$T/stderr"
    is "$(json '(o["bytes"], o["total_bytes"], o["entries"])' | tail -1)" "(123456, 123456, 4)"
    is "$(json 'type(o["seconds"]).__name__ + type(o["name"]).__name__' | sort -u)" floatstr
}

@test "json: at most ten lines a second, and bytes that grow" {
    truncate -s 3M large
    try "$AGENT" --progress=json --via="$(slowly)" large
    exits 0
    json 'o["seconds"]' >"$T/seconds"
    [ "$(wc -l <"$T/seconds")" -ge 3 ] || fail "too few lines: $said"
    # All but the last, which tells that it is done, keep their distance; seconds are rounded to thousandths.
    is "$(head -n -1 "$T/seconds" | awk 'NR > 1 && $1 - last < 0.099 { bad++ } { last = $1 } END { print bad + 0 }')" 0
    json 'o["bytes"]' | sort -n -c
}

@test "json: names that need escaping, and names that are no UTF-8" {
    local name
    for name in $'quote"back\\slash' $'new\nline\ttab\e' $'latin\xe9' $'\U1F469\u200D\U1F680 emoji' $'\x7f' $'cut\xe2\x82'; do
        printf x >"$name"
        try "$AGENT" --progress=json --via="$(receiver --allow-all-names)" "$name"
        exits 0
        # How many signs stand for bytes that are no character is nobody's business.
        is "$(json 'ascii(re.sub("\ufffd+", "?", o["name"]))' | tail -1)" \
            "$(python3 -c 'import os, re, sys; print(ascii(re.sub("\ufffd+", "?", os.fsencode(sys.argv[1]).decode("utf-8", "replace"))))' "$name")"
    done
    is "$(LC_ALL=C tr -d '\n' <"$T/stderr" | LC_ALL=C grep -c '[[:cntrl:]]')" 0
}

@test "json: FILECOPY_TOTAL_BYTES is the total, without looking" {
    head -c 1000 /dev/zero >file
    FILECOPY_TOTAL_BYTES=4000 send --progress=json file
    exits 0
    is "$(json '(o["bytes"], o["total_bytes"])' | tail -1)" "(1000, 4000)"
}

@test "tty: one line redrawn, with percent, size, rate and name, and a newline at the end" {
    truncate -s 3M large
    try "$AGENT" --progress=tty --via="$(slowly)" large
    exits 0
    is "$(wc -l <"$T/stderr")" 1
    [ "$(tr -dc '\r' <"$T/stderr" | wc -c)" -ge 3 ] || fail "not redrawn: $said"
    local last
    last=$(tr '\r' '\n' <"$T/stderr" | tail -1)
    has "$last" "100%"
    has "$last" "3.0 MiB"
    has "$last" "/s"
    has "$last" large
}

@test "auto: a line on a terminal, cut to its width" {
    local name
    name=$(printf 'long-%.0s' {1..40})end
    truncate -s 1M "$name"
    on_terminal "'$AGENT' --via='$(receiver)' '$name'"
    exits 0
    has "$shown" "100%"
    has "$shown" "  ..."
    has "$shown" "-end"
    lacks "$shown" "$name"
    # What was drawn, without the codes: no more than the columns there are.
    is "$(tr '\r' '\n' <"$T/screen" | sed 's/\x1b\[K//g' | awk 'length($0) > 60' | wc -l)" 0
}

@test "auto: nothing where stderr is no terminal" {
    printf x >file
    send file
    exits 0
    is "$said" ""
    rm "$INCOMING/file"
    send --progress=auto file
    exits 0
    is "$said" ""
}

@test "none: nothing, on a terminal too" {
    printf x >file
    on_terminal "'$AGENT' --progress=none --via='$(receiver)' file"
    exits 0
    is "$shown" ""
    exists "$INCOMING/file"
}

@test "tty: a name is sanitised" {
    local name=$'evil\e[2Jx\u202Efdp.txt'
    printf x >"$name"
    try "$AGENT" --progress=tty --via="$(receiver --allow-all-names)" "$name"
    exits 0
    has "$said" 'evil?[2Jx?fdp.txt'
    lacks "$said" $'\e[2J'
    lacks "$said" $'\u202E'
}

@test "tty: a name in any script is shown where the terminal has UTF-8, and masked where not" {
    printf x >'名前 é'
    try "$AGENT" --progress=tty --via="$(receiver)" '名前 é'
    exits 0
    has "$said" '名前 é'
    rm "$INCOMING/名前 é"
    LC_ALL=C try "$AGENT" --progress=tty --via="$(receiver)" '名前 é'
    exits 0
    has "$said" '?????? ??'
    is "$(LC_ALL=C grep -c -a $'[\x80-\xff]' "$T/stderr")" 0
}

@test "tty: the line makes room for an error" {
    truncate -s 3M large
    printf x >"$INCOMING/large"
    try "$AGENT" --progress=tty --via="$(receiver) 2>/dev/null" large
    exits 1
    # Whatever was drawn is wiped: the sentence begins in the first column.
    is "$(tr '\r' '\n' <"$T/stderr" | sed 's/^\x1b\[K//' | grep -c '^qfile-agent: ')" 1
}

@test "PROGRESS_TYPE=console is the line, whatever stderr is" {
    printf x >file
    PROGRESS_TYPE=console send file
    exits 0
    has "$said" "100%"
    has "$said" file
}

@test "PROGRESS_TYPE=none is nothing, on a terminal too" {
    printf x >file
    on_terminal "PROGRESS_TYPE=none '$AGENT' --via='$(receiver)' file"
    exits 0
    is "$shown" ""
}

@test "PROGRESS_TYPE=gui is percents, one a line, where the wrapper reads them" {
    truncate -s 3M large
    PROGRESS_TYPE=gui SAVED_FD_1=6 try "$AGENT" --via="$(slowly)" large 6>"$T/percents"
    exits 0
    is "$said" ""
    is "$(tail -1 "$T/percents")" 100
    is "$(grep -vcxE '[0-9]+' "$T/percents")" 0
    sort -n -c "$T/percents"
}

@test "PROGRESS_TYPE=gui with FILECOPY_TOTAL_BYTES counts against that" {
    head -c 1000 /dev/zero >file
    PROGRESS_TYPE=gui FILECOPY_TOTAL_BYTES=4000 send file
    exits 0
    is "$(tail -1 "$T/stderr")" 25
}

@test "--progress goes before PROGRESS_TYPE" {
    printf x >file
    PROGRESS_TYPE=console send --progress=none file
    exits 0
    is "$said" ""
}
