#!/usr/bin/env bats
# --move removes what was sent, and only that, once the receiver has confirmed it.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# A receiver that does what it is told between having everything and confirming it.
meanwhile() {
    {
        printf 'receiver >"$T/held"\n'
        cat
        printf 'cat "$T/held"\n'
    } | peer meanwhile
}

move() {
    try "$AGENT" --move --via="$T/meanwhile" "$@"
}

@test "--move removes what was sent" {
    mkdir -p dir/sub/deeper dir/empty
    printf 1 >dir/file
    printf 2 >dir/sub/deeper/file
    ln -s file dir/link
    printf 3 >single
    printf 4 >not-sent
    cp -a dir "$T/copy"
    send --move dir single
    exits 0
    is "$said" ""
    same_tree "$T/copy" "$INCOMING/dir"
    is "$(ls -A)" not-sent
}

@test "--move removes a tree that is deeper than there are descriptors" {
    python3 - <<'END'
import os
fd = os.open(".", os.O_RDONLY)
for level in range(1500):
    os.mkdir("d", dir_fd=fd)
    inner = os.open("d", os.O_RDONLY, dir_fd=fd)
    os.close(fd)
    fd = inner
END
    send --move d
    exits 0
    is "$(ls -A)" ""
    is "$(find "$INCOMING/d" | wc -l)" 1500
}

@test "--move removes a directory that is named by its place" {
    mkdir -p real/inner
    printf x >real/inner/file
    send --move real/inner/..
    exits 0
    arrived_names real
    is "$(ls -A)" ""
}

@test "--move removes nothing when the delivery fails" {
    mkdir dir
    printf 1 >dir/file
    send dir
    exits 0
    picture --below "$SENT" >"$T/sent-before"
    send --move dir
    exits 1
    picture --below "$SENT" | diff "$T/sent-before" -
    rm -r "$INCOMING/dir"
    ln -s / dir/link
    picture --below "$SENT" >"$T/sent-before"
    send --move dir
    exits 1
    nothing_arrived
    picture --below "$SENT" | diff "$T/sent-before" -
}

@test "--move keeps a file that changed since it was read, and names it" {
    mkdir dir
    printf 1 >dir/changed
    printf 2 >dir/other
    meanwhile <<'END'
printf more >>"$SENT/dir/changed"
END
    move dir
    exits 1
    has "$said" 'kept "dir/changed": it changed'
    lacks "$said" other
    is "$(<dir/changed)" 1more
    is "$(ls -A dir)" changed
    is "$(<"$INCOMING/dir/changed")" 1
}

@test "--move keeps a file whose time alone changed" {
    printf 1 >file
    meanwhile <<'END'
touch -d '2001-01-01' "$SENT/file"
END
    move file
    exits 1
    has "$said" 'kept "file": it changed'
    exists file
}

@test "--move keeps a file that another took the place of, same size and time" {
    printf 1 >file
    meanwhile <<'END'
printf 2 >"$SENT/new"
touch -r "$SENT/file" "$SENT/new"
mv "$SENT/new" "$SENT/file"
END
    move file
    exits 1
    has "$said" 'kept "file": it changed'
    is "$(<file)" 2
}

@test "--move keeps an entry that appeared since, and names it" {
    mkdir -p dir/sub
    printf 1 >dir/file
    meanwhile <<'END'
printf new >"$SENT/dir/new"
mkdir "$SENT/dir/sub/new-dir"
END
    move dir
    exits 1
    has "$said" 'kept "dir/new": it appeared'
    has "$said" 'kept "dir/sub/new-dir": it appeared'
    is "$(find dir | LC_ALL=C sort | paste -sd, -)" dir,dir/new,dir/sub,dir/sub/new-dir
}

@test "--move is content when somebody else removed an entry already" {
    mkdir dir
    printf 1 >dir/file
    printf 2 >dir/other
    meanwhile <<'END'
rm "$SENT/dir/file"
END
    move dir
    exits 0
    is "$(ls -A)" ""
}

@test "--move does not follow a link that took a directory's place" {
    mkdir -p dir/sub "$T/outside"
    printf 1 >dir/sub/file
    printf 1 >"$T/outside/file"
    meanwhile <<'END'
mv "$SENT/dir/sub" "$SENT/moved"
ln -s "$T/outside" "$SENT/dir/sub"
END
    move dir
    exits 1
    has "$said" 'kept "dir/sub"'
    exists "$T/outside/file"
    exists dir/sub
    exists moved/file
}

@test "--move does not enter a directory that took another's place" {
    mkdir -p dir/sub
    printf 1 >dir/sub/file
    meanwhile <<'END'
mv "$SENT/dir/sub" "$SENT/moved"
mkdir "$SENT/dir/sub"
ln "$SENT/moved/file" "$SENT/dir/sub/file"
END
    move dir
    exits 1
    has "$said" 'kept "dir/sub"'
    exists dir/sub/file
    exists moved/file
}

@test "--move with -L removes the link, not what it points to" {
    mkdir -p dir elsewhere/sub
    printf 1 >elsewhere/file
    printf 2 >elsewhere/sub/file
    ln -s ../elsewhere dir/link
    ln -s ../elsewhere/file dir/file
    ln -s elsewhere/file top
    picture elsewhere >"$T/elsewhere"
    send --move -L dir top
    exits 0
    is "$(ls -A)" elsewhere
    picture elsewhere | diff "$T/elsewhere" -
    same_tree elsewhere "$INCOMING/dir/link"
    same_tree elsewhere/file "$INCOMING/top"
}

@test "--move with --ignore-symlinks keeps the links that were not sent" {
    mkdir dir
    printf 1 >dir/file
    ln -s file dir/link
    send --move --ignore-symlinks dir
    is "$(ls -A dir)" link
    is "$(ls -A "$INCOMING/dir")" file
}

@test "--move keeps what was skipped" {
    mkdir dir
    printf 1 >dir/file
    mkfifo dir/fifo
    send --move dir
    has "$said" 'skipped "dir/fifo"'
    is "$(ls -A dir)" fifo
}

@test "--move names what it may not remove" {
    ! am_root || skip "root may"
    mkdir dir
    printf 1 >dir/file
    chmod 555 dir
    send --move dir
    exits 1
    has "$said" 'could not remove "dir/file": Permission denied'
    exists dir/file
}
