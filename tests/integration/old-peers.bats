#!/usr/bin/env bats
# Programs from before ours at the other end, in both directions.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# ---- An old receiver: 16 bytes, no name ----

@test "an old receiver's success is a success" {
    printf hello >file
    peer old <<'END'
sum=$(take | tee "$T/stream" | crc32)
old_answer 0 "$sum"
END
    try "$AGENT" --via="$T/old" file
    exits 0
    is "$said" ""
}

@test "the stream that an old receiver gets is the format's, to the byte" {
    printf hello >file
    chmod 640 file
    touch -d @1234567890.123456789 file
    touch -a -d @1134567890.023456789 file
    peer old <<'END'
sum=$(take | tee "$T/stream" | crc32)
old_answer 0 "$sum"
END
    try "$AGENT" --via="$T/old" file
    exits 0
    {
        header 5 100640 5 1134567890 23456789 1234567890 123456789
        printf 'file\0hello'
        end
    } >"$T/expected"
    cmp "$STREAM" "$T/expected"
}

@test "a directory is sent before its contents and after them, under one name, with its true mode the second time" {
    mkdir dir
    printf hello >dir/file
    ln -s file dir/link
    chmod 555 dir
    touch -d @1234567890.5 dir
    try "$AGENT" --via="tee '$STREAM' | $(receiver)" dir
    exits 0
    # The order in the directory is the file system's: compare without it.
    is "$(LC_ALL=C grep -aobF dir "$STREAM" | wc -l)" 4
    same_tree dir "$INCOMING/dir"
    is "$(head -c 8 "$STREAM" | tail -c 4 | od -An -tu4 --endian=little | tr -d ' ')" $((8#040555))
    is "$(tail -c 68 "$STREAM" | head -c 36 | od -An -tx1 -v | tr -d ' \n')" "$(
        {
            header 4 040555 0 "$(tail -c 52 "$STREAM" | head -c 4 | od -An -tu4 --endian=little | tr -d ' ')" \
                "$(tail -c 48 "$STREAM" | head -c 4 | od -An -tu4 --endian=little | tr -d ' ')" 1234567890 500000000
            printf 'dir\0'
        } | od -An -tx1 -v | tr -d ' \n'
    )"
    is "$(tail -c 32 "$STREAM" | tr -d '\0' | wc -c)" 0
}

@test "an old receiver's success with another checksum is a failed copy" {
    printf hello >file
    peer old <<'END'
sum=$(take | crc32)
old_answer 0 $((sum ^ 0x80000000))
END
    try "$AGENT" --via="$T/old" file
    exits 1
    says_one_sentence "checksums differ"
}

@test "an old receiver's success with another checksum removes nothing" {
    printf hello >file
    peer old <<'END'
take >/dev/null
old_answer 0 1
END
    try "$AGENT" --move --via="$T/old" file
    exits 1
    exists file
}

@test "an old receiver's failures are said, though it names no entry" {
    local pair
    printf hello >file
    for pair in "$EEXIST rename" "$ENOLINK --dereference" "$ENOSPC full" "$EDQUOT accepts" "$EILSEQ --allow-all-names" \
        "$EINVAL stream" "$ETRUNCATED middle" "$EIO Input/output"; do
        peer old <<END
take >/dev/null
old_answer ${pair% *} 0
END
        try "$AGENT" --via="$T/old" file
        exits 1
        says_one_sentence "${pair#* }"
    done
}

@test "a name that the answer announces but does not bring is done without" {
    printf hello >file
    local more
    for more in 'le32 4' 'le32 4; printf ab' 'le32 16384' 'le32 -1' 'printf xx'; do
        peer odd <<END
sum=\$(take | crc32)
old_answer 0 "\$sum"
$more
END
        try "$AGENT" --via="$T/odd" file
        exits 0
    done
}

# ---- An old sender: the stream of the format alone ----

@test "an old sender gets the extension, empty or not, and the right checksum" {
    end >"$STREAM"
    deliver "$STREAM"
    exits 0
    answered 0 "" "$STREAM"
    {
        entry_file file content
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 0
    answered 0 file "$STREAM"
    deliver "$STREAM"
    exits 1
    answered $EEXIST file
}

@test "an old sender's tree arrives" {
    {
        entry_dir dir 700 # writable first, as some send it
        entry_file dir/file content 440 1111111111 111111111
        entry_dir dir/sub 755
        entry_link dir/sub/link ../file 1222222222 222222222
        entry_dir dir/sub 555 1333333333 333333333
        entry_dir dir 750 1444444444 444444444
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 0
    answered 0 dir "$STREAM"
    picture "$INCOMING/dir" >"$T/picture"
    diff - "$T/picture" <<END
0 . dir 0750 1444444444444444444 
1 b'file' file 0440 1111111111111111111 7 $(printf content | sha256sum | cut -d' ' -f1)
1 b'sub' dir 0555 1333333333333333333 
2 b'link' link 0777 1222222222222222222 b'../file'
END
}

@test "a sender that goes breadth first is understood" {
    {
        entry_dir dir
        entry_file dir/file 1
        entry_dir dir/a
        entry_dir dir/b
        entry_file other 2
        entry_file dir/a/file 3
        entry_dir dir/a/deep
        entry_file dir/b/file 4
        entry_file dir/a/deep/file 5
        entry_link dir/b/link ../a
        entry_dir dir 500 1111111111
        entry_dir dir/a 550 1222222222
        entry_dir dir/b 555 1333333333
        entry_dir dir/a/deep 511 1444444444
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 0
    answered 0 dir/a/deep "$STREAM"
    arrived_names dir,other
    is "$(stat -c '%a %Y' "$INCOMING/dir" "$INCOMING/dir/a" "$INCOMING/dir/b" "$INCOMING/dir/a/deep" | paste -sd, -)" \
        "500 1111111111,550 1222222222,555 1333333333,511 1444444444"
    is "$(cd "$INCOMING" && cat dir/file other dir/a/file dir/b/file dir/a/deep/file)" 12345
}

@test "a sender that leaves out a directory's second header is understood" {
    {
        entry_dir dir
        entry_file dir/file x
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 0
    is "$(<"$INCOMING/dir/file")" x
}

@test "bytes behind the end of the transfer are no part of it" {
    {
        entry_file file content
        end
    } >"$T/whole"
    { cat "$T/whole"; entry_file more x; } >"$STREAM"
    deliver "$STREAM"
    exits 0
    answered 0 file "$T/whole"
    arrived_names file
}

@test "an answer comes though the sender does not close the stream" {
    start_unpacker
    entry_file file content >&8
    end >&8
    end_unpacker
    exits 0
    exec 8>&-
    arrived_names file
}

@test "the fields of an end header mean nothing" {
    {
        entry_file file content
        header 0 177777 -1 1 4294967295 3 4294967295
    } >"$STREAM"
    deliver "$STREAM"
    exits 0
    answered 0 file "$STREAM"
}
