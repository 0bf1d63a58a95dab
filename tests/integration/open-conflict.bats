#!/usr/bin/env bats
# The file was changed here while it was open there, or cannot be written: nothing is overwritten, and no edit is lost.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load open

EDITED="edited in [^,]*, 20[0-9][0-9]-[01][0-9]-[0-3][0-9] [0-2][0-9]\.[0-5][0-9]\.[0-5][0-9]"

# While it is open there, `meddle` is run here.
meddled() {
    printf 'meddle() { %s\n}\n' "$1"
    cat <<'END'
take
meddle
save edited
all_done
END
}

# kept_beside TEXT: the edit lies beside "file.txt", is named in the one sentence that was said, with TEXT as the reason.
kept_beside() {
    exits 1 || return
    beside file.txt || return
    [[ ${besides##*/} =~ ^"file ("$EDITED").txt"$ ]] || fail "beside it: $besides" || return
    is "$(<"$besides")" edited || return
    says_one_sentence "\"${besides##*/}\"" 2>/dev/null || says_one_sentence "${besides##*/}\"" || return
    has "$said" "$1"
}

@test "changed here in place: the local one stays, the edit is beside it" {
    printf first >file.txt
    meddled 'printf local >"$SENT/file.txt"' | editor
    open_file file.txt
    kept_beside "changed here"
    is "$(<file.txt)" local
}

@test "replaced here: likewise" {
    printf first >file.txt
    meddled 'printf local >"$SENT/.new"; mv "$SENT/.new" "$SENT/file.txt"' | editor
    open_file file.txt
    kept_beside "changed here"
    is "$(<file.txt)" local
}

@test "changed here to the same size, with its time set back: likewise" {
    printf first >file.txt
    touch -d '2020-01-01 12:00' file.txt
    meddled 'printf local >"$SENT/file.txt"; touch -d "2020-01-01 12:00" "$SENT/file.txt"' | editor
    open_file file.txt
    kept_beside "changed here"
    is "$(<file.txt)" local
}

@test "changed here as soon as it was written, within one tick of its clock: likewise" {
    local i
    for i in 1 2 3; do
        printf first >file.txt
        meddled 'printf local >"$SENT/file.txt"' | editor
        open_file file.txt
        is "$(<file.txt)" local
    done
}

@test "removed here: the edit is beside where it was" {
    printf first >file.txt
    meddled 'rm "$SENT/file.txt"' | editor
    open_file file.txt
    kept_beside "removed here"
    missing file.txt
}

@test "a directory or a link put in its place here: not written into, not followed" {
    printf first >file.txt
    printf precious >"$T/precious"
    meddled 'rm "$SENT/file.txt"; ln -s "$T/precious" "$SENT/file.txt"' | editor
    open_file file.txt
    kept_beside "changed here"
    is "$(<"$T/precious") $(readlink file.txt)" "precious $T/precious"
    rm -r file.txt "$besides"
    printf first >file.txt
    meddled 'rm "$SENT/file.txt"; mkdir "$SENT/file.txt"' | editor
    open_file file.txt
    kept_beside ""
    is "$(ls -A file.txt)" ""
}

@test "touched here, or given another mode: that is no change" {
    printf first >file.txt
    meddled 'touch "$SENT/file.txt"; chmod 604 "$SENT/file.txt"' | editor
    open_file file.txt
    exits 0
    is "$said" ""
    is "$(<file.txt) $(stat -c %a file.txt)" "edited 604"
    nothing_beside file.txt
}

@test "rewritten here with the same content: that is no change" {
    printf first >file.txt
    meddled 'printf first >"$SENT/.new"; mv "$SENT/.new" "$SENT/file.txt"' | editor
    open_file file.txt
    exits 0
    is "$(<file.txt)" edited
    nothing_beside file.txt
}

@test "changed here between two saves: the first is in its place, the second beside what was made of it" {
    printf first >file.txt
    editor <<'END'
take
save second; shows second "$SENT/file.txt"
printf local >>"$SENT/file.txt"
save edited
all_done
END
    open_file file.txt
    kept_beside "changed here"
    is "$(<file.txt)" secondlocal
}

@test "further saves replace the one beside it" {
    printf first >file.txt
    editor <<'END'
take
printf local >"$SENT/file.txt"
save second
save third
save edited
all_done
END
    open_file file.txt
    exits 1
    beside file.txt
    is "$(<file.txt) $(<"$besides")" "local edited"
    is "$(printf '%s\n' "$said" | wc -l)" 3
}

@test "the one beside it, too, is not replaced where it was changed here" {
    printf first >file.txt
    editor <<'END'
take
printf local >"$SENT/file.txt"
save second
await there 'file (*'
printf mine >"$(echo "$SENT"/file\ *)"
save third
all_done
END
    open_file file.txt
    exits 1
    is "$(cat file.txt)" local
    is "$(find . -name 'file (*' | wc -l)" 2
    grep -qxF mine 'file ('*
    grep -qxF third 'file ('*
}

@test "changed back here: the next save is in its place again, or beside it, but never lost" {
    printf first >file.txt
    editor <<'END'
take
printf local >"$SENT/file.txt"
save second
await there 'file (*'
printf first >"$SENT/file.txt"
save third
all_done
END
    open_file file.txt
    grep -qrxF third .
}

@test "the name of the other VM is in the name beside it" {
    printf first >file.txt
    meddled 'printf local >"$SENT/file.txt"' | editor
    open_file --from=disp123 file.txt
    beside file.txt
    has "$besides" "(edited in disp123, "
    rm "$besides"
    printf first >file.txt
    QREXEC_REMOTE_DOMAIN=work open_file file.txt
    beside file.txt
    has "$besides" "(edited in work, "
}

@test "a name of 255 bytes is shortened for the one beside it, and keeps its extension" {
    local name
    name=$(printf '字%.0s' {1..83})xx.txt
    is "$(bytes_of "$name")" 255
    printf first >"$name"
    meddled 'printf local >"$(echo "$SENT"/*.txt)"' | editor
    open_file "$name"
    exits 1
    beside "$name"
    is "$(<"$besides")" edited
    [[ ${besides##*/} =~ ^字+" ("$EDITED").txt"$ ]] || fail "beside it: $besides"
}

@test "changed here, and a link: the edit is beside the target" {
    mkdir elsewhere
    printf first >elsewhere/file.txt
    ln -s elsewhere/file.txt link.txt
    meddled 'printf local >"$SENT/link.txt"' | editor
    open_file link.txt
    exits 1
    nothing_beside elsewhere,link.txt
    is "$(<elsewhere/file.txt)" local
    is "$(cat elsewhere/file\ *)" edited
}

@test "version 1: changed here, the edit is beside it, and there is no FILE~" {
    printf first >file.txt
    editor <<'END'
take
printf local >"$SENT/file.txt"
printf edited
END
    open_file file.txt
    kept_beside "changed here"
    is "$(<file.txt)" local
}

# ---- The same file, opened twice ----

@test "opened a second time: that is told at once, and its edits are beside the file" {
    printf first >file.txt
    editor <<'END'
take
touch "$T/opened"
await test -e "$T/go-on"
save one
all_done
END
    start_opener file.txt
    wait_until test -e "$T/opened"
    editor <<'END'
take
save edited
all_done
END
    status=0
    "$OPENER" --via="$T/editor" file.txt </dev/null >/dev/null 2>"$T/second" 3>&- || status=$?
    said=$(<"$T/second")
    is "$status" 1
    has "$said" "already"
    beside file.txt
    is "$(<file.txt) $(<"$besides")" "first edited"
    has "$said" "${besides##*/}"
    touch "$T/go-on"
    end_of "$opener"
    exits 0
    is "$said" ""
    is "$(<file.txt) $(<"$besides")" "one edited"
}

@test "after a save, too, it counts as opened" {
    printf first >file.txt
    editor <<'END'
take
save one; shows one "$SENT/file.txt"
touch "$T/opened"
await test -e "$T/go-on"
all_done
END
    start_opener file.txt
    wait_until test -e "$T/opened"
    editor <<'END'
take
save edited
all_done
END
    status=0
    "$OPENER" --via="$T/editor" file.txt </dev/null >/dev/null 2>"$T/second" 3>&- || status=$?
    is "$status" 1
    is "$(<file.txt)" one
    beside file.txt
    touch "$T/go-on"
    end_of "$opener"
    exits 0
}

@test "opened a second time through a link, and only to look at it" {
    printf first >file.txt
    ln -s file.txt link
    editor <<'END'
take
touch "$T/opened"
await test -e "$T/go-on"
all_done
END
    start_opener file.txt
    wait_until test -e "$T/opened"
    editor <<'END'
take
all_done
END
    status=0
    "$OPENER" --via="$T/editor" link </dev/null >/dev/null 2>"$T/second" 3>&- || status=$?
    is "$status" 0
    has "$(<"$T/second")" already
    "$OPENER" --view-only --via="$T/editor" file.txt </dev/null >/dev/null 2>"$T/second" 3>&-
    is "$(<"$T/second")" ""
    touch "$T/go-on"
    end_of "$opener"
    exits 0
    # It is over: nobody has it open any more.
    open_file file.txt
    exits 0
    is "$said" ""
}

# ---- What may not be written, what is full ----

# As a user whom permissions bind.
bound() {
    if am_root; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi
}

# Give that user the directories of this test.
give_away() {
    if am_root; then
        let_through "$SENT"
        chown -R 65534:65534 "$T"
    fi
}

send_edited() {
    editor <<'END'
take
save edited
all_done
END
    give_away
}

# The path in quotes behind "but in".
kept_path() {
    kept=$(printf '%s\n' "$said" | sed -n 's/.* but in "\(.*\)"$/\1/p')
    [ -n "$kept" ] || fail "no path in: $said"
}

@test "a file that may not be written: it is told at once, and the edit is beside it" {
    printf first >file.txt
    chmod 444 file.txt
    send_edited
    try bound "$OPENER" --via="$T/editor" file.txt
    exits 1
    has "$said" 'you may not write to "file.txt": what is saved will be kept'
    beside file.txt
    is "$(<file.txt) $(<"$besides")" "first edited"
    has "$said" "${besides##*/}"
}

@test "a directory that may not be written: the edit is in a private place, which is named" {
    mkdir sealed
    printf first >sealed/file.txt
    chmod 555 sealed
    send_edited
    try bound "$OPENER" --via="$T/editor" sealed/file.txt
    chmod 755 sealed
    exits 1
    kept_path
    has "$kept" "$HOME/.local/share/qopen-in-vm/"
    is "$(<sealed/file.txt) $(<"$kept")" "first edited"
    is "$(stat -c %a "${kept%/*}")" 700
    is "$(stat -c %a "$kept" | cut -c 2-)" 00 || has "$(stat -c %a "$kept")" 644
    is "$(ls -A sealed)" file.txt
}

# with_var_tmp COMMAND...: with a /var/tmp of ours, as the same user. A plain user is root where he may mount; there he becomes himself again.
with_var_tmp() {
    local himself=()
    am_root || himself=(unshare -U --map-user="$(id -u)" --map-group="$(id -g)")
    mkdir -p "$T/var-tmp"
    in_namespace sh -ec 'mount --bind "$1" /var/tmp; shift; exec "$@"' sh "$T/var-tmp" "${himself[@]}" "$@"
}

@test "where the home directory may not be written either, it is kept in /var/tmp" {
    need_namespace
    mkdir sealed "$T/var-tmp"
    printf first >sealed/file.txt
    chmod 555 sealed
    send_edited
    chmod 555 "$HOME"
    local bound=()
    if am_root; then bound=(setpriv --reuid=65534 --regid=65534 --clear-groups); fi
    try with_var_tmp "${bound[@]}" "$OPENER" --via="$T/editor" sealed/file.txt
    chmod 755 sealed "$HOME"
    exits 1
    kept_path
    has "$kept" "/var/tmp/qopen-in-vm-"
    is "$(<"$T/var-tmp/${kept#/var/tmp/}")" edited
    is "$(stat -c %a "$T/var-tmp"/qopen-in-vm-*)" 700
}

# open_on_small_disk [BEFORE]: open file.txt, which holds "first", with a file system of 1 MiB as the working directory and BEFORE done there. $T/after is
# what it holds in the end, $T/names and $T/files are what there is beside it.
open_on_small_disk() {
    need_namespace
    mkdir "$T/disk"
    export OPENER T
    try in_namespace sh -ec '
        mount -t tmpfs -o size=1m,mode=777 none "$T/disk"
        cd "$T/disk"
        echo first >file.txt
        eval "$1"
        status=0
        "$OPENER" --via="$T/editor" file.txt || status=$?
        cp file.txt "$T/after"
        ls -A >"$T/names"
        find . -type f >"$T/files"
        exit $status' sh "${1-}"
}

@test "a full disk: the file is as it was, the edit in a private place that is named" {
    editor <<'END'
take
head -c 3000000 /dev/urandom >"$T/version"
save_file "$T/version"
all_done
END
    open_on_small_disk
    exits 1
    kept_path
    has "$said" "No space"
    has "$kept" "$HOME/"
    cmp "$kept" "$T/version"
    is "$(<"$T/after") $(<"$T/names")" "first file.txt"
}

@test "a disk that fills up while a version comes: likewise, with what had come before" {
    editor <<'END'
take
head -c 700000 /dev/urandom >"$T/version"
save_file "$T/version" >"$T/record"
head -c 300000 "$T/record"
head -c 900000 /dev/zero >"$T/disk/filler" 2>/dev/null
tail -c +300001 "$T/record"
all_done
END
    open_on_small_disk
    exits 1
    kept_path
    cmp "$kept" "$T/version"
    is "$(<"$T/after")" first
}

@test "a disk that has room again: the next save is in its place" {
    editor <<'END'
take
head -c 3000000 /dev/urandom >"$T/version"
save_file "$T/version"
save small
all_done
END
    open_on_small_disk
    exits 0
    kept_path
    cmp "$kept" "$T/version"
    is "$(<"$T/after")" small
}

@test "where there is room nowhere: that is said, and the next save may have more luck" {
    editor <<'END'
take
head -c 3000000 /dev/urandom >"$T/version"
save_file "$T/version"
save small
all_done
END
    open_on_small_disk 'mount --bind . /var/tmp; export HOME=$PWD'
    has "$said" "save 1 could be written nowhere"
    has "$said" "No space"
    is "$(<"$T/after") $(<"$T/files")" "small ./file.txt"
}

@test "a version that is announced larger than any disk is refused by that, not by filling it" {
    need_namespace
    printf first >file
    editor <<'END'
take
record 1 0 $((2 ** 61))
head -c 1000000 /dev/zero
sleep 0.1
END
    try with_var_tmp "$OPENER" --via="$T/editor" file
    exits 1
    is "$(<file)" first
    nothing_beside
    is "$(find "$HOME" "$T/var-tmp" -type f)" ""
}
