#!/usr/bin/env bats
# What is sent is what arrives.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

@test "a tree arrives as it was: files, directories, links, modes, times" {
    mkdir -p tree/a/b tree/empty
    : >tree/nothing
    printf 'text\n' >tree/a/text
    head -c 300000 /dev/urandom >tree/a/b/large
    head -c 4096 /dev/urandom >tree/a/b/block
    ln -s ../text tree/a/b/link
    ln -s nowhere tree/a/dangling
    touch -d '2020-02-03 04:05:06.789012345' tree/a/text
    touch -h -d '2010-01-01 00:00:00.000000001' tree/a/b/link
    touch -d '2001-02-03 04:05:06.5' tree/empty tree/a
    chmod 700 tree/a/b
    chmod 640 tree/a/text
    chmod 755 tree/a/b/block
    send tree
    exits 0
    is "$said" ""
    same_tree tree "$INCOMING/tree"
    arrived_names tree
}

@test "an empty file and an empty directory arrive" {
    : >nothing
    mkdir empty
    send nothing empty
    exits 0
    same_tree nothing "$INCOMING/nothing"
    same_tree empty "$INCOMING/empty"
    arrived_names empty,nothing
}

@test "a large file arrives" {
    head -c 30000001 /dev/urandom >large
    send large
    exits 0
    same_tree large "$INCOMING/large"
}

@test "several files and directories arrive in one delivery" {
    mkdir -p one/inner two
    printf 1 >one/inner/file
    printf 2 >two/file
    printf 3 >three
    send one two three
    exits 0
    arrived_names one,three,two
    same_tree one "$INCOMING/one"
    same_tree two "$INCOMING/two"
    same_tree three "$INCOMING/three"
}

@test "many entries at the top level arrive" {
    local i
    for ((i = 0; i < 1500; i++)); do
        printf '%d' "$i" >"file $i"
    done
    send file*
    exits 0
    same_tree "$SENT/file 1499" "$INCOMING/file 1499"
    picture --below "$SENT" >"$T/picture1"
    picture --below "$INCOMING" >"$T/picture2"
    is "$(wc -l <"$T/picture1")" 1500
    cmp "$T/picture1" "$T/picture2"
}

@test "many entries in one directory arrive" {
    mkdir many
    seq 1 5000 | (cd many && xargs touch)
    send many
    exits 0
    same_tree many "$INCOMING/many"
    is "$(ls "$INCOMING/many" | wc -l)" 5000
}

@test "read-only directories arrive, at the top level too" {
    mkdir -p sealed/inner
    printf x >sealed/inner/file
    chmod 444 sealed/inner/file
    chmod 555 sealed/inner sealed
    send sealed
    exits 0
    same_tree sealed "$INCOMING/sealed"
    is "$(stat -c %a "$INCOMING/sealed")" 555
}

@test "directories and files of mode 0 arrive, at the top level too" {
    {
        entry_dir none 0 1111111111 5
        entry_dir none/inner 0
        entry_file none/inner/file content 0 1222222222 6
        entry_dir none/inner 0 1333333333 7
        entry_dir none 0 1111111111 5
        entry_file nobody content 0
        end
    } >"$STREAM"
    deliver "$STREAM"
    answered 0 nobody "$STREAM"
    exits 0
    arrived_names nobody,none
    picture "$INCOMING/none" >"$T/picture"
    diff - "$T/picture" <<END
0 . dir 0000 1111111111000000005 
1 b'inner' dir 0000 1333333333000000007 
2 b'file' file 0000 1222222222000000006 7 $(printf content | sha256sum | cut -d' ' -f1)
END
    is "$(stat -c %a "$INCOMING/nobody")" 0
}

@test "root sends a directory of mode 0" {
    need_root
    mkdir none
    printf x >none/file
    chmod 0 none none/file
    send none
    exits 0
    same_tree none "$INCOMING/none"
}

@test "a directory 4000 levels deep arrives, and a file at its bottom" {
    python3 - <<'END'
import os
fd = os.open(".", os.O_RDONLY)
for level in range(4000):
    os.mkdir("d", dir_fd=fd)
    inner = os.open("d", os.O_RDONLY, dir_fd=fd)
    os.close(fd)
    fd = inner
with open(os.open("file", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=fd), "w") as file:
    file.write("at the bottom")
END
    send d
    exits 0
    same_tree d "$INCOMING/d"
    is "$(wc -l <"$T/picture2")" 4001
    has "$(tail -1 "$T/picture2")" "4000 b'file' file 0644"
}

@test "holes stay holes" {
    truncate -s 64M sparse
    printf begin | dd of=sparse conv=notrunc status=none
    printf middle | dd of=sparse conv=notrunc status=none bs=1M seek=33
    truncate -s 8M hole
    [ "$(stat -c %b sparse)" -lt 4096 ] || skip "no sparse files here"
    send sparse hole
    exits 0
    same_tree sparse "$INCOMING/sparse"
    same_tree hole "$INCOMING/hole"
    # A file system may round up what it allots, but not to a hundredth of the size.
    [ "$(stat -c %b "$INCOMING/sparse")" -le 1024 ] || fail "$(stat -c '%b blocks' "$INCOMING/sparse")"
    is "$(stat -c %b "$INCOMING/hole")" 0
}

@test "zeros that were written become holes" {
    head -c 4M /dev/zero >zeros
    printf x >>zeros
    send zeros
    exits 0
    same_tree zeros "$INCOMING/zeros"
    [ "$(stat -c %b "$INCOMING/zeros")" -le 128 ] || fail "$(stat -c '%b blocks' "$INCOMING/zeros")"
}

@test "a time before 1970 arrives as 1970, one beyond 2106 as the last second of the format" {
    mkdir old
    : >new
    touch -d @-1000000.25 old
    touch -d @5000000000 new
    { [ "$(stat -c %Y old)" = -1000001 ] || [ "$(stat -c %Y old)" = -1000000 ]; } && [ "$(stat -c %Y new)" = 5000000000 ] ||
        skip "no such times in this file system"
    send old new
    exits 0
    is "$(stat -c %Y "$INCOMING/old")" 0
    is "$(stat -c %Y "$INCOMING/new")" 4294967295
}

@test "access and modification times arrive to the nanosecond" {
    {
        header 5 100644 2 1234567890 123456789 4294967295 999999999
        printf 'file\0hi'
        header 4 040755 0 1 2 3 4
        printf 'dir\0'
        header 4 040755 0 1 2 3 4
        printf 'dir\0'
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 0
    is "$(TZ=UTC stat -c '%.9X %.9Y' "$INCOMING/file")" "1234567890.123456789 4294967295.999999999"
    is "$(TZ=UTC stat -c '%.9X %.9Y' "$INCOMING/dir")" "1.000000002 3.000000004"
}

@test "set-user-ID, set-group-ID and sticky bits are dropped" {
    mkdir dir
    : >dir/file
    chmod 6755 dir/file
    chmod 1777 dir
    is "$(stat -c %a dir/file)" 6755
    send dir
    exits 0
    is "$(stat -c %a "$INCOMING/dir/file")" 755
    is "$(stat -c %a "$INCOMING/dir")" 777
    {
        entry_dir d 7755
        entry_file d/f x 7644
        entry_dir d 7755
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 0
    is "$(stat -c %a "$INCOMING/d/f")" 644
    is "$(stat -c %a "$INCOMING/d")" 755
}

@test "a directory's mode does not depend on umask, nor a file's" {
    mkdir dir
    : >dir/file
    chmod 777 dir
    chmod 666 dir/file
    umask 077
    send dir
    exits 0
    same_tree dir "$INCOMING/dir"
}

@test "a directory's set-group-ID bit at the receiver's does not spread" {
    chmod g+s "$INCOMING"
    mkdir dir
    send dir
    exits 0
    is "$(stat -c %a "$INCOMING/dir")" 755
}

@test "received files belong to the receiver" {
    mkdir dir
    : >dir/file
    ln -s file dir/link
    send dir
    exits 0
    is "$(find "$INCOMING" ! -uid "$RECEIVER" | wc -l)" 0
    is "$(find "$INCOMING/dir" | wc -l)" 3
}

@test "root receives for an account that only a number knows" {
    need_root
    RECEIVER=54321
    chown 54321:54321 "$INCOMING"
    mkdir -p dir/sealed
    : >dir/sealed/file
    chmod 500 dir/sealed dir
    send dir
    exits 0
    same_tree dir "$INCOMING/dir"
    is "$(stat -c %u:%g "$INCOMING/dir/sealed/file")" 54321:54321
}

@test "root receives for himself" {
    need_root
    RECEIVER=0
    chown 0:0 "$INCOMING"
    mkdir -p dir/sealed
    : >dir/sealed/file
    chmod 0 dir/sealed/file
    chmod 0 dir/sealed dir
    send dir
    exits 0
    same_tree dir "$INCOMING/dir"
    is "$(stat -c %u:%g "$INCOMING/dir/sealed/file")" 0:0
}

@test "an empty delivery is a success" {
    end >"$STREAM"
    deliver "$STREAM"
    exits 0
    answered 0 "" "$STREAM"
    nothing_arrived
}
