#!/usr/bin/env bats
# Every failure in words: what happened, where, and what to do.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# explains CODE PART...: the sender's one sentence for what a receiver answered has these parts, and the name.
explains() {
    local part
    printf hello >file
    peer failing <<END
take >/dev/null
new_answer $1 0 some/entry
END
    try "$AGENT" --via="$T/failing" file
    exits 1 || return
    says_one_sentence "some/entry" || return
    for part in "${@:2}" "nothing was copied"; do
        has "$said" "$part" || return
    done
}

@test "EEXIST: the name is there already, and how to keep both" {
    printf old >report.pdf
    send report.pdf
    exits 0
    remember_incoming
    printf new >report.pdf
    send report.pdf
    exits 1
    has "$said" '"report.pdf" is there already'
    has "$said" PedOSIncoming
    # Only rpc hands on what --rename asks for.
    has "$said" --on-conflict=rename
    still_as_before
    exists report.pdf
}

@test "ENOLINK: names the link and both options" {
    mkdir dir
    ln -s /etc/passwd dir/escape
    send dir
    exits 1
    has "$said" 'link "dir/escape"'
    has "$said" --dereference
    has "$said" --ignore-symlinks
    nothing_arrived
}

@test "ENOSPC: a file larger than the free space is refused at its header" {
    truncate -s 15T huge 2>/dev/null || skip "no such large files here"
    [ "$(stat -f -c '%a * %S' "$INCOMING" | xargs -I{} bash -c 'echo $(({}))')" -lt $((15 * 2 ** 40)) ] || skip "so much space is free here"
    send huge
    exits 1
    has "$said" '"huge"'
    has "$said" full
    nothing_arrived
    # Nothing but header and name was sent here.
    entry_head huge 100644 $((2 ** 62)) >"$STREAM"
    deliver "$STREAM"
    refused $ENOSPC huge
}

@test "ENOSPC: a disk that fills up in the middle leaves nothing" {
    need_namespace
    mkdir dir
    local i
    for i in 1 2 3 4 5 6 7 8; do
        head -c 200000 /dev/urandom >dir/$i
    done
    # A plain user is root where he may mount; there he becomes himself again.
    local command=$UNPACKER
    am_root || command="unshare -U --map-user=$RECEIVER --map-group=$(id -g) $UNPACKER"
    try in_namespace sh -ec '
        mount -t tmpfs -o size=1m,mode=777 none "$3"
        "$1" --via="$2 $4 $3/in" dir && exit 99
        ls -A "$3/in"
        echo nothing more
    ' sh "$AGENT" "$command" "$INCOMING" "$RECEIVER"
    exits 0
    has "$said" full
    has "$said" '"dir/'
    is "$told" "nothing more"
}

@test "a file system that does not tell its size takes large files, and is not waited for" {
    need_namespace
    head -c 400000 /dev/urandom >file
    local command=$UNPACKER
    am_root || command="unshare -U --map-user=$RECEIVER --map-group=$(id -g) $UNPACKER"
    try in_namespace sh -ec '
        mount -t tmpfs -o size=0,mode=777 none "$3"
        "$1" --via="$2 $4 $3/in -w1" file
        cmp file "$3/in/file"
    ' sh "$AGENT" "$command" "$INCOMING" "$RECEIVER"
    exits 0
}

@test "EDQUOT: more than the receiver accepts" {
    printf hello >file
    try "$AGENT" --via="$(receiver --max-bytes=4)" file
    exits 1
    has "$said" '"file" exceeds what the receiver accepts'
    nothing_arrived
}

@test "EILSEQ: names the entry and --allow-all-names" {
    mkdir dir
    : >dir/$'bad\nname'
    send dir
    exits 1
    has "$said" '"dir/bad?name"'
    has "$said" --allow-all-names
    nothing_arrived
}

@test "ENAMETOOLONG and EINVAL of another receiver" {
    explains $ENAMETOOLONG "too long"
    explains $EINVAL "make sense of the stream"
}

@test "the other codes of another receiver" {
    explains $EEXIST "is there already" rename
    explains $ENOSPC full
    explains $EDQUOT "quota"
    explains $ENOLINK --dereference --ignore-symlinks
    explains $EILSEQ --allow-all-names
    explains $ETRUNCATED "stream end in the middle" "Try again"
    explains $ECANCELED "stopped"
    explains 13 "PedOSIncoming"
    explains 30 "read-only"
    explains $EPERM "could not do its work"
    explains $EIO "Input/output error"
    explains 3000 "Unknown error 3000"
    explains $((0x7fffffff)) "unknown error"
    explains $((0xffffffff)) "unknown error"
}

@test "another checksum is a failed copy" {
    printf hello >file
    peer wrong-sum <<'END'
sum=$(take | crc32)
new_answer 0 $((sum ^ 1)) file
END
    try "$AGENT" --via="$T/wrong-sum" file
    exits 1
    says_one_sentence "checksums differ"
}

@test "a byte that changed on the way is noticed by the sender" {
    printf hello >file
    peer noisy <<'END'
take | tr o 0 | receiver
END
    try "$AGENT" --via="$T/noisy" file
    # The receiver cannot know, but what it received has another checksum.
    exits 1
    has "$said" "checksums differ"
}

@test "a connection that ends without an answer is lost" {
    printf hello >file
    try "$AGENT" --via=true file
    exits 1
    has "$said" "connection was lost"
    has "$said" "ended with status 0"
    try "$AGENT" --via='exit 7' file
    exits 1
    has "$said" "connection was lost"
    has "$said" "ended with status 7"
    try "$AGENT" --via='kill -9 $$' file
    exits 1
    has "$said" "connection was lost"
    has "$said" "killed by signal 9"
}

@test "a connection that ends in the middle of the answer is lost" {
    printf hello >file
    local bytes
    for bytes in 1 15; do
        peer half <<END
sum=\$(take | crc32)
old_answer 0 "\$sum" | head -c $bytes
END
        try "$AGENT" --via="$T/half" file
        exits 1
        has "$said" "connection was lost"
    done
}

@test "a command that does not exist is a lost connection, said so" {
    printf hello >file
    try "$AGENT" --via=/no/such/command file
    exits 1
    has "$said" "connection was lost"
    has "$said" "ended with status 127"
}

@test "a stream that ends in the middle: the receiver says so and nothing arrives" {
    local length bytes
    {
        entry_dir dir
        entry_file dir/file content
        entry_link dir/link file
        entry_dir dir
        end
    } >"$T/whole"
    length=$(stat -c %s "$T/whole")
    for bytes in 0 1 31 32 33 35 36 40 68 76 80 83 84 120 $((length - 33)) $((length - 32)) $((length - 1)); do
        head -c "$bytes" "$T/whole" >"$STREAM"
        deliver "$STREAM"
        exits 1
        is "$(field 0 4)" $ETRUNCATED || fail "cut at $bytes"
        nothing_arrived
        has "$said" "ended in the middle"
    done
}

@test "a file that shrinks while it is sent is named, and nothing is delivered" {
    truncate -s 64M shrinking
    peer meddling <<'END'
{
    head -c 100000
    truncate -s 1000 "$SENT/shrinking"
    cat
} | receiver
END
    try "$AGENT" --via="$T/meddling" shrinking
    exits 1
    has "$said" '"shrinking"'
    has "$said" "shorter"
    nothing_arrived
}

@test "a directory that vanishes while it is sent is named, and nothing is delivered" {
    truncate -s 64M first
    mkdir second
    peer meddling <<'END'
{
    head -c 100000
    rmdir "$SENT/second"
    cat
} | receiver
END
    try "$AGENT" --via="$T/meddling" first second
    exits 1
    has "$said" '"second": No such file'
    nothing_arrived
}

# in_order DIR COMMAND: make a large file $big in DIR, and with COMMAND a $small, so that the directory lists $big first.
in_order() {
    local pair makers maker
    # Some file systems go by a hash of the name, some by age.
    for pair in "x y" "y x"; do
        read -r big small <<<"$pair"
        for makers in "truncate $2" "$2 truncate"; do
            for maker in $makers; do
                if [ $maker = truncate ]; then truncate -s 64M "$1/$big"; else $maker "$1/$small"; fi
            done
            [ "$(ls -U "$1" | head -1)" = "$big" ] && return
            rm -r "$1/$big" "$1/$small"
        done
    done
    skip "no way to have one entry listed before another here"
}

@test "a directory that vanishes while its neighbour is sent is named, and nothing is delivered" {
    mkdir tree
    in_order tree mkdir
    peer meddling <<END
{
    head -c 100000
    rmdir "\$SENT/tree/$small"
    cat
} | receiver
END
    try "$AGENT" --via="$T/meddling" tree
    exits 1
    has "$said" "\"tree/$small\": No such file"
    nothing_arrived
}

@test "a link swapped in for a directory during the walk is not followed" {
    mkdir tree "$T/secrets"
    printf secret >"$T/secrets/secret"
    in_order tree mkdir
    peer meddling <<END
{
    head -c 100000
    rmdir "\$SENT/tree/$small"
    ln -s "$T/secrets" "\$SENT/tree/$small"
    tee "$T/stream"
} | receiver
END
    try "$AGENT" --via="$T/meddling" tree
    exits 1
    has "$said" "tree/$small"
    nothing_arrived
    is "$(grep -c -a secret "$STREAM")" 0
}

@test "a link swapped in for a file during the walk is not followed" {
    mkdir tree
    printf secret >"$T/secret"
    in_order tree touch
    peer meddling <<END
{
    head -c 100000
    ln -sf "$T/secret" "\$SENT/tree/$small"
    tee "$T/stream"
} | receiver
END
    try "$AGENT" --via="$T/meddling" tree
    exits 1
    has "$said" "tree/$small"
    nothing_arrived
    is "$(grep -c -a secret "$STREAM")" 0
}
