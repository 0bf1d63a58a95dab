#!/usr/bin/env bats
# The connection is lost, the other side fails or talks nonsense, or somebody wants to stop: what is known is said, and nothing half is ever in the
# file's place.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load open

# the_answer_is BYTES: the editor answers with so many bytes of $ANSWER, and is gone.
the_answer_is() {
    editor <<END
take
head -c $1 '$ANSWER'
END
}

# ---- Lost ----

@test "lost wherever it may be in an answer: the last save that arrived whole counts, and is named by its number" {
    { save second && save third && all_done; } >"$ANSWER"
    local first=$((24 + 6 + 4)) second=$((24 + 6 + 4 + 24 + 5 + 4)) length bytes expected number
    length=$(stat -c %s "$ANSWER")
    is "$length" $((second + 28))
    for bytes in 8 23 24 27 $((first - 4)) $((first - 1)) $first $((first + 7)) $((first + 24)) $((second - 1)) $second $((second + 24)) \
        $((length - 1)); do
        printf original >file
        the_answer_is "$bytes"
        open_file file
        expected=original number=0
        if [ "$bytes" -ge "$first" ]; then expected=second number=1; fi
        if [ "$bytes" -ge "$second" ]; then expected=third number=2; fi
        is "$(<file)" "$expected" || fail "lost after $bytes bytes"
        exits 1
        has "$said" "connection"
        has "$said" "lost"
        if [ $number = 0 ]; then has "$said" "nothing that was saved had arrived"; else has "$said" "number $number"; fi
        nothing_beside
    done
}

@test "lost before an answer, and before the content was taken" {
    truncate -s 3M file
    editor <<<'exit 7'
    open_file file
    exits 1
    # An answer of nothing at all is what version 1 says of a file that was not modified: how the command ended tells.
    has "$said" "ended with status 7"
    nothing_beside
    editor <<<'head -c 1000 >/dev/null; kill -9 $$'
    open_file file
    exits 1
    has "$said" "killed by signal 9"
    nothing_beside
}

@test "a command that cannot be run" {
    printf first >file
    try "$OPENER" --via=/no/such/command file
    exits 1
    has "$said" "ended with status 127"
    is "$(<file)" first
}

@test "lost in a large save: nothing of it is left" {
    printf first >file
    head -c 3000000 /dev/urandom >"$T/version"
    save_file "$T/version" >"$ANSWER"
    the_answer_is 2000000
    open_file file
    exits 1
    is "$(<file)" first
    nothing_beside
    is "$(find "$HOME" -type f)" ""
}

# ---- Damaged ----

@test "a damaged save is dropped, and the next one counts" {
    printf first >file
    editor <<'END'
take
damaged half
save second
all_done
END
    open_file -v file
    exits 0
    is "$(<file)" second
    has "$said" "save 1 was changed while it was sent"
    has "$said" "save 2 is in"
    nothing_beside
}

@test "a damaged save that none follows is a failure" {
    printf first >file
    editor <<'END'
take
save second
damaged half
all_done
END
    open_file file
    exits 1
    is "$(<file)" second
    has "$said" "save 2, the last one, was damaged"
    nothing_beside
}

@test "a damaged save, then the connection is lost" {
    printf first >file
    editor <<'END'
take
save second
damaged half
END
    open_file file
    exits 1
    is "$(<file)" second
    has "$said" "number 1"
}

@test "a flipped bit anywhere in a save's content is noticed" {
    printf first >file
    editor <<'END'
take
save 'a content of some length' | sed 's/some/sone/'
all_done
END
    open_file file
    exits 1
    is "$(<file)" first
    nothing_beside
}

# ---- Failed there ----

@test "the other side's failure is shown, with its message, sanitised" {
    printf first >file
    editor <<'END'
take
all_done 2 $'no application\e[2J for this\xff\ntype'
END
    open_file --from=work file
    exits 1
    says_one_sentence "work could not do it: no application?[2J for this??type"
    is "$(<file)" first
}

@test "a failure without a message, and codes that nobody knows" {
    printf first >file
    local pair
    for pair in "$ENOSPC No space" "$EDQUOT quota" "$ENODATA No data" "3000 nknown error" "$((0x7fffffff)) nknown error" \
        "$((0xffffffff)) Remote I/O error"; do
        editor <<END
take
all_done ${pair%% *}
END
        open_file file
        exits 1
        says_one_sentence "${pair#* }"
    done
}

@test "what was saved before the failure counts" {
    printf first >file
    editor <<'END'
take
save second
all_done 5 'it broke'
END
    open_file file
    exits 1
    has "$said" "it broke"
    is "$(<file)" second
}

@test "a message without a failure is shown" {
    printf first >file
    editor <<'END'
take
all_done 0 'mind the gap'
END
    open_file file
    exits 0
    says_one_sentence "mind the gap"
}

@test "the other side refuses before it has read everything: its reason is heard" {
    truncate -s 64M file
    editor <<'END'
head -c 1000 >/dev/null
all_done 122 'too long for this VM'
exec <&-
sleep 0.2
END
    open_file file
    exits 1
    says_one_sentence "too long for this VM"
}

@test "the other side refuses and stays, without reading: its reason is heard all the same" {
    truncate -s 64M file
    editor <<'END'
all_done 122 'too long for this VM'
exec >&-
await test -e "$T/go-on"
END
    start_opener file
    wait_until grep -q "too long for this VM" "$T/stderr"
    touch "$T/go-on"
    end_of "$opener"
    exits 1
}

# ---- Nonsense ----

# nonsense <<'BODY': what the editor sends first; a good save and a done follow.
nonsense() {
    printf first >file
    { echo take && cat && echo 'save second; all_done'; } | editor
    open_file file
    exits 1 || return
    is "$(<file)" first || return
    nothing_beside || return
    is "$(find "$HOME" -type f)" ""
}

@test "nonsense ends it, and leaves the file alone" {
    nonsense <<<'record 3 0 0; le32 0'
    has "$said" "makes no sense"
    nonsense <<<'record 0 0 0; le32 0'
    has "$said" "makes no sense"
    nonsense <<<'record 1 0 -1'
    nonsense <<<'record 1 0 $((1 << 63))'
    nonsense <<<'record 2 0 4097; head -c 4097 /dev/zero; le32 0'
    has "$said" "makes no sense"
    nonsense <<<'record 2 0 -1'
}

@test "nonsense behind a save: that counts" {
    printf first >file
    editor <<'END'
take
save second
printf 'PedOSv3\0 and so on, for more than one header'
save third
all_done
END
    open_file file
    exits 1
    has "$said" "makes no sense"
    has "$said" "number 1"
    is "$(<file)" second
}

@test "a done whose checksum is wrong is none" {
    printf first >file
    editor <<'END'
take
record 2 0 4
printf text
le32 1
END
    open_file file
    exits 1
    lacks "$said" text
}

@test "what comes behind a done is not read" {
    printf first >file
    editor <<'END'
trap '' PIPE
take
all_done
save second 2>/dev/null
exit 0
END
    open_file file
    exits 0
    is "$(<file)" first
}

@test "--max-bytes: a longer version is refused" {
    printf first >file
    editor <<'END'
take
save 123456
all_done
END
    open_file --max-bytes=6 file
    exits 0
    is "$(<file)" 123456
    printf first >file
    open_file --max-bytes=5 file
    exits 1
    is "$(<file)" first
    nothing_beside
    editor <<'END'
take
printf 1234567890
END
    open_file --max-bytes=9 file
    exits 1
    is "$(<file)" first
    nothing_beside
    open_file --max-bytes=10 file
    exits 0
}

# ---- Stopped ----

# stopped_by SIGNAL: it says so and how far it came, dies of the signal, and the command at the other end is asked to end.
stopped_by() {
    printf first >file
    editor <<'END'
trap 'touch "$T/ended"; exit 1' TERM
take
save second; shows second
head -c 100000 /dev/urandom >"$T/version"
save_file "$T/version" | head -c 99000
touch "$T/half"
await test -e "$T/never"
END
    start_opener file
    wait_until test -e "$T/half"
    kill -"$1" "$opener"
    end_of "$opener"
    is "$status" $((128 + $(kill -l "$1"))) || return
    has "$said" stopped || return
    has "$said" "number 1" || return
    is "$(<file)" second || return
    nothing_beside || return
    wait_until test -e "$T/ended"
}

@test "SIGTERM" {
    stopped_by TERM
}

@test "SIGINT" {
    stopped_by INT
}

@test "SIGHUP" {
    stopped_by HUP
}

@test "a signal to stop while the content is sent" {
    truncate -s 64M file
    editor <<'END'
head -c 1000 >/dev/null
touch "$T/begun"
await test -e "$T/go-on"
END
    start_opener file
    wait_until test -e "$T/begun"
    kill "$opener"
    end_of "$opener"
    is "$status" 143
    has "$said" stopped
    nothing_beside
}

@test "killed while a version comes: the file is as it was, and the next save into it works" {
    printf first >file
    head -c 3000000 /dev/urandom >"$T/version"
    save_file "$T/version" >"$ANSWER"
    editor <<END
take
head -c 2000000 '$ANSWER'
touch "\$T/half"
await test -e "\$T/never"
END
    start_opener file
    wait_until test -e "$T/half"
    kill -KILL "$opener"
    end_of "$opener"
    is "$(<file)" first
    touch "$T/never"
    editor <<'END'
take
save second
all_done
END
    open_file file
    exits 0
    is "$said" ""
    is "$(<file)" second
}

# ---- Progress ----

@test "--progress=json counts what is sent and what comes back" {
    head -c 3000000 /dev/zero >file
    editor <<'END'
head -c 256 >"$T/request"
{ head -c 1000000; sleep 0.3; cat; } >"$T/content"
save_file "$T/content" | { head -c 1000000; sleep 0.3; cat; }
all_done
END
    open_file --progress=json file
    exits 0
    python3 - "$T/stderr" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert lines and all(line["total_bytes"] == 3000000 for line in lines), lines
assert all(0 <= line["bytes"] <= 3000000 for line in lines), lines
END
}

@test "on a terminal, a line shows how far it is, and is gone at the end" {
    need script
    head -c 30000000 /dev/zero >file
    editor <<'END'
head -c 10000000 >/dev/null; sleep 0.3
cat >/dev/null
all_done 5 'it broke'
END
    status=0
    script -qec "stty cols 60; '$OPENER' --via='$T/editor' file" /dev/null </dev/null >"$T/screen" 2>&1 3>&- || status=$?
    is "$status" 1
    has "$(<"$T/screen")" "%"
    # Whatever was drawn is wiped: the sentence begins in the first column.
    is "$(tr '\r' '\n' <"$T/screen" | sed 's/^\x1b\[K//' | grep -c '^qopen-in-vm: ')" 1
}
