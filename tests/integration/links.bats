#!/usr/bin/env bats
# Symbolic links: none leaves the top-level entry it came in, and none is followed.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# A delivery of dir/sub with one link in sub.
with_link() {
    entry_dir dir
    entry_dir dir/sub
    entry_link "${2-dir/sub/link}" "$1"
    entry_dir dir/sub
    entry_dir dir
    end
}

@test "links that stay inside arrive" {
    mkdir -p dir/sub/deeper
    ln -s sub dir/down
    ln -s . dir/here
    ln -s .. dir/sub/up
    ln -s ../../file dir/sub/deeper/far
    ln -s ../../nowhere dir/sub/deeper/dangling
    ln -s file/ dir/slash
    ln -s './/sub//deeper' dir/odd
    send dir
    exits 0
    same_tree dir "$INCOMING/dir"
    is "$(find "$INCOMING/dir" -type l | wc -l)" 7
}

@test "a link that leaves the tree refuses the whole delivery" {
    local target
    for target in / /etc/passwd ../.. ../../x ../../../x sub/../../../x ../x/../../.. //x ../../dir; do
        with_link "$target" >"$STREAM"
        deliver "$STREAM"
        refused $ENOLINK dir/sub/link || fail "target: $target"
    done
}

@test "a link whose way out goes through another link refuses the delivery" {
    {
        entry_dir dir
        entry_dir dir/a
        entry_dir dir/a/b
        # Counted in components, the second stays inside. Followed, the first has climbed already.
        entry_link dir/a/b/up ../..
        entry_link dir/a/b/out up/../..
        end
    } >"$STREAM"
    deliver "$STREAM"
    refused $ENOLINK dir/a/b/out
}

@test "a link at the top level refuses the delivery" {
    local target
    for target in file . .. /etc; do
        {
            entry_file file x
            entry_link link "$target"
            end
        } >"$STREAM"
        deliver "$STREAM"
        refused $ENOLINK link || fail "target: $target"
    done
}

@test "--allow-unsafe-symlinks accepts links anywhere, --no-allow-unsafe-symlinks takes that back" {
    {
        with_link /etc/passwd | head -c -32
        entry_link top ../../x
        end
    } >"$STREAM"
    deliver "$STREAM" --allow-unsafe-symlinks
    exits 0
    is "$(readlink "$INCOMING/dir/sub/link")" /etc/passwd
    is "$(readlink "$INCOMING/top")" ../../x
    rm -r "$INCOMING/dir" "$INCOMING/top"
    deliver "$STREAM" --allow-unsafe-symlinks --no-allow-unsafe-symlinks
    refused $ENOLINK dir/sub/link
}

@test "a link's modification time arrives" {
    {
        entry_dir dir
        entry_link dir/link file 1234567890 123456789
        entry_dir dir
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 0
    is "$(TZ=UTC stat -c %.9Y "$INCOMING/dir/link")" 1234567890.123456789
}

@test "nothing is created through a link, whatever is allowed" {
    mkdir "$T/outside"
    chmod 777 "$T/outside"
    local target
    for target in sub "$T/outside" ../../outside; do
        {
            entry_dir dir
            entry_dir dir/sub
            entry_dir dir/sub
            entry_link dir/link "$target"
            entry_file dir/link/file x
            end
        } >"$STREAM"
        deliver "$STREAM" --allow-unsafe-symlinks --allow-all-names
        refused $EINVAL dir/link/file || fail "target: $target"
        is "$(ls -A "$T/outside")" ""
    done
}

@test "a directory cannot take a link's place, nor a file" {
    mkdir "$T/outside"
    chmod 777 "$T/outside"
    {
        entry_link link "$T/outside"
        entry_dir link 700
        end
    } >"$STREAM"
    deliver "$STREAM" --allow-unsafe-symlinks
    refused $EEXIST link
    {
        entry_link link "$T/outside/file"
        entry_file link x
        end
    } >"$STREAM"
    deliver "$STREAM" --allow-unsafe-symlinks
    refused $EEXIST link
    is "$(ls -A "$T/outside")" ""
    is "$(stat -c %a "$T/outside")" 777
}

@test "a link's target must be a name, too" {
    with_link $'\e[31m' >"$STREAM"
    deliver "$STREAM"
    refused $EILSEQ dir/sub/link
    with_link $'\e[31m' >"$STREAM"
    deliver "$STREAM" --allow-all-names
    exits 0
    is "$(readlink "$INCOMING/dir/sub/link")" $'\e[31m'
}

@test "an empty target and one with a NUL refuse the delivery" {
    with_link "" >"$STREAM"
    deliver "$STREAM"
    exits 1
    is "$(field 0 4)" $EINVAL
    nothing_arrived
    {
        entry_dir dir
        entry_head dir/link 120777 3
        printf 'a\0b'
        end
    } >"$STREAM"
    deliver "$STREAM" --allow-all-names --allow-unsafe-symlinks
    refused $EINVAL dir/link
}

@test "--ignore-symlinks leaves links out, even one that is named" {
    mkdir dir
    : >dir/file
    ln -s file dir/link
    ln -s / dir/unsafe
    ln -s dir top
    send --ignore-symlinks dir top
    exits 0
    arrived_names dir
    is "$(ls -A "$INCOMING/dir")" file
}

@test "-L and --dereference send what links point to" {
    mkdir -p dir elsewhere/inner
    printf outside >elsewhere/file
    printf deep >elsewhere/inner/deep
    chmod 640 elsewhere/file
    ln -s ../elsewhere dir/directory
    ln -s ../elsewhere/file dir/file
    ln -s dir/file top
    local option
    for option in -L --dereference; do
        send $option dir top
        exits 0
        same_tree elsewhere "$INCOMING/dir/directory"
        same_tree elsewhere/file "$INCOMING/dir/file"
        same_tree elsewhere/file "$INCOMING/top"
        is "$(find "$INCOMING" -type l | wc -l)" 0
        rm -r "$INCOMING/dir" "$INCOMING/top"
    done
}

@test "-L names a link that points nowhere, and sends nothing" {
    mkdir dir
    ln -s nowhere dir/dangling
    send -L dir
    exits 1
    has "$said" 'dir/dangling": No such file'
    nothing_arrived
    ln -s nowhere dangling
    send -L dangling
    exits 1
    says_one_sentence '"dangling": No such file'
}

@test "-L names a link that leads back up, and does not go round in circles" {
    mkdir -p dir/sub
    ln -s .. dir/sub/up
    send -L dir
    exits 1
    has "$said" 'dir/sub/up": Too many levels'
    nothing_arrived
    ln -s self self
    send -L self
    exits 1
    says_one_sentence 'self'
}

@test "a link that is named is refused in words that help" {
    ln -s "$T" link
    send link
    exits 1
    has "$said" 'the link "link" points outside of what is copied'
    has "$said" --dereference
    has "$said" --ignore-symlinks
    nothing_arrived
}
