#!/usr/bin/env bats
# What comes back is put into the file's place: whole, as it is saved, and with all that the file had besides its content.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load open

@test "every save is in its place before the next is made" {
    printf first >file
    editor <<'END'
take
save second; shows second
save third; shows third
touch "$T/seen"
all_done
END
    open_file file
    exits 0
    is "$said" ""
    exists "$T/seen"
    is "$(<"$T/content")" first
    is "$(<file)" third
    nothing_beside
}

@test "-v tells of every save" {
    printf first >file
    editor <<'END'
take
save second
save third
all_done
END
    open_file -v file
    exits 0
    has "$said" 'save 1 is in "file"'
    has "$said" 'save 2 is in "file"'
}

@test "who has the file open keeps the whole content of before" {
    printf first >file
    exec 8<file
    editor <<'END'
take
save second
all_done
END
    open_file file
    is "$(cat <&8)" first
    is "$(<file)" second
}

@test "a version that is on its way is not seen" {
    head -c 1000000 /dev/zero >file
    identity file >"$T/before"
    editor <<'END'
take
head -c 900000 /dev/urandom >"$T/version"
save_file "$T/version" >"$T/record"
head -c 899999 "$T/record"
sleep 0.1
ls -A "$SENT" >"$T/names"
stat -c '%i %s %a %u %g %Y %y %Z %z' "$SENT/file" >"$T/meanwhile"
tail -c +900000 "$T/record"
all_done
END
    open_file file
    exits 0
    cmp "$T/before" "$T/meanwhile"
    # Where the file system has unnamed files, not even a hidden one is seen.
    is "$(grep -v '^\.' "$T/names")" file
    cmp "$T/version" file
    nothing_beside
}

@test "nothing comes back: the file is not touched" {
    printf first >file
    identity file >"$T/before"
    editor <<'END'
take
all_done
END
    open_file file
    exits 0
    identity file | cmp - "$T/before"
    nothing_beside
}

@test "a file edited to empty is empty" {
    printf first >file
    editor <<'END'
take
save ''
all_done
END
    open_file file
    exits 0
    is "$(stat -c %s file)" 0
    nothing_beside
}

@test "an empty file gets a content" {
    : >file
    editor <<'END'
take
save content
all_done
END
    open_file file
    exits 0
    is "$(<file)" content
}

@test "200 saves in a row: whoever reads sees one whole version" {
    printf '0\n%.0s' {1..20000} >file
    cat >"$T/reader" <<'END'
import sys
seen, last = 0, 0
while last < 200:
    with open(sys.argv[1], encoding="ascii") as file:
        lines = file.read().split("\n")
    if len(lines) != 20001 or lines.pop() != "" or len(set(lines)) != 1 or int(lines[0]) < last:
        sys.exit(f"{len(lines)} lines of {sorted(set(lines))} after version {last}")
    last, seen = int(lines[0]), seen + 1
print(seen)
END
    cat >"$T/writer" <<'END'
import struct, sys, zlib
for i in range(1, 201):
    content = b"%d\n" % i * 20000
    sys.stdout.buffer.write(struct.pack("<8sIIQ", b"PedOSv2\0", 1, 0, len(content)) + content + struct.pack("<I", zlib.crc32(content)))
END
    editor <<'END'
take
python3 "$T/writer"
all_done
END
    python3 "$T/reader" "$SENT/file" >"$T/seen" 2>&1 3>&- &
    started+=($!)
    open_file -v file
    exits 0
    is "$(wc -l <"$T/stderr")" 200
    status=0
    wait "${started[-1]}" || status=$?
    is "$status" 0 || fail "$(<"$T/seen")"
    is "$(sort -u file)" 200
    nothing_beside
}

# ---- What the file has besides its content ----

save_once() {
    editor <<'END'
take
save changed
all_done
END
    open_file "$@"
}

@test "mode is kept, but for set-ID bits, which writing would drop, too" {
    local mode
    for mode in 644 600 777 640 400 755 200; do
        am_root || [ $((8#$mode & 8#600)) = $((8#600)) ] || continue # who may not write to it does not replace it
        printf first >file
        chmod "$mode" file
        save_once file
        exits 0
        is "$(stat -c %a file) $(cat file)" "$mode changed"
        rm -f file
    done
    printf first >file
    chmod 6755 file
    save_once file
    exits 0
    is "$(stat -c %a file)" 755
}

@test "the umask has no say" {
    printf first >file
    chmod 666 file
    umask 077
    save_once file
    exits 0
    is "$(stat -c %a file)" 666
}

@test "owner and group are kept by root" {
    need_root
    printf first >file
    chown 12345:23456 file
    save_once file
    exits 0
    is "$(stat -c %u:%g file)" 12345:23456
}

@test "a group of the user's is kept" {
    need_root
    let_through "$SENT"
    printf first >file
    chown 65534:12345 file
    chmod 660 file
    chown 65534 . "$T" "$HOME"
    editor <<'END'
take
save changed
all_done
END
    try setpriv --reuid=65534 --regid=65534 --groups=12345 "$OPENER" --via="$T/editor" file
    exits 0
    is "$(stat -c '%u:%g %a' file) $(<file)" "65534:12345 660 changed"
}

@test "access lists are kept" {
    need setfacl
    printf first >file
    setfacl -m u:12345:rw,g:12346:r,m::rw file 2>/dev/null || skip "no access lists here"
    getfacl -n file >"$T/before" 2>/dev/null
    save_once file
    exits 0
    is "$(<file)" changed
    getfacl -n file 2>/dev/null | diff "$T/before" - >&2
}

@test "an access list that the directory would give is not taken instead" {
    need setfacl
    printf first >file
    chmod 600 file
    setfacl -d -m u:12345:rwx,o::rwx . 2>/dev/null || skip "no access lists here"
    save_once file
    exits 0
    is "$(stat -c %a file)" 600
    lacks "$(getfacl -n file 2>/dev/null)" 12345
}

# attributes FILE: its extended attributes, one a line.
attributes() {
    python3 -c '
import os, sys
for name in sorted(os.listxattr(sys.argv[1])):
    print(name, os.getxattr(sys.argv[1], name).hex())' "$1"
}

@test "extended attributes are kept" {
    printf first >file
    python3 -c '
import os
os.setxattr("file", "user.origin", b"https://example.org/")
os.setxattr("file", "user.binary", bytes(range(256)))
os.setxattr("file", "user.empty", b"")' 2>/dev/null || skip "no extended attributes here"
    attributes file >"$T/before"
    is "$(wc -l <"$T/before")" 3
    save_once file
    exits 0
    attributes file | diff "$T/before" - >&2
}

@test "a symbolic link stays a link: what changes is its target" {
    mkdir elsewhere
    printf first >elsewhere/target
    ln -s target elsewhere/second
    ln -s elsewhere/second link
    save_once link
    exits 0
    is "$(readlink link) $(readlink elsewhere/second)" "elsewhere/second target"
    is "$(<elsewhere/target)" changed
    [ ! -L elsewhere/target ]
    nothing_beside elsewhere,link
    is "$(ls -A elsewhere | paste -sd, -)" second,target
}

@test "an absolute link, and one through another directory, likewise" {
    mkdir "$T/far" here
    printf first >"$T/far/target"
    ln -s "$T/far/target" link
    ln -s "$T/far" here/dir
    save_once link
    exits 0
    is "$(<"$T/far/target")" changed
    printf first >"$T/far/target"
    save_once here/dir/target
    exits 0
    is "$(<"$T/far/target")" changed
    is "$(ls -A "$T/far")" target
    [ -L link ] && [ -L here/dir ]
}

@test "a file with other names: it is told, and these keep the content of before" {
    printf first >file
    ln file other
    save_once file
    exits 0
    says_one_sentence '"file" has other names'
    is "$(<file) $(<other)" "changed first"
    printf first >alone
    save_once alone
    is "$said" ""
}

# ---- Only to look at it ----

@test "--view-only: whatever comes back is not written anywhere" {
    printf first >file
    ln file other # nothing will be written: nothing to be told
    identity file >"$T/before"
    editor <<'END'
take
save second
damaged third
head -c 2000000 /dev/urandom >"$T/large"
save_file "$T/large"
all_done
END
    open_file --view-only file
    exits 0
    is "$said" ""
    identity file | cmp - "$T/before"
    nothing_beside file,other
    is "$(find "$HOME" -type f)" ""
}

@test "--view-only: nor is an answer of version 1" {
    printf first >file
    identity file >"$T/before"
    editor <<'END'
take
head -c 2000000 /dev/urandom
END
    open_file --view-only file
    exits 0
    identity file | cmp - "$T/before"
    nothing_beside
    is "$(find "$HOME" -type f)" ""
}

@test "--view-only: a file that may not be written, in a directory that may not either" {
    printf first >file
    chmod 400 file
    chmod 500 .
    editor <<'END'
take
all_done
END
    open_file --view-only file
    exits 0
    is "$said" ""
    chmod 700 .
}

# ---- An editor of version 1 ----

# comes_back_old CONTENT FILE: it sends that, raw.
comes_back_old() {
    printf '%s' "$1" >"$T/raw"
    editor <<'END'
take
cat "$T/raw"
END
    open_file "$2"
}

@test "version 1: what comes back is in its place, what was before in FILE~" {
    printf first >file
    chmod 640 file
    comes_back_old second file
    exits 0
    says_one_sentence '/file~"'
    is "$(<file) $(<file~)" "second first"
    is "$(stat -c %a file)" 640
    nothing_beside file,file~
}

@test "version 1: what is called FILE~ already is never replaced" {
    printf first >file
    printf mine >file~
    comes_back_old second file
    exits 0
    says_one_sentence '/file.~1~"'
    comes_back_old third file
    exits 0
    says_one_sentence '/file.~2~"'
    is "$(<file) $(<file~) $(<file.~1~) $(<file.~2~)" "third mine first second"
    nothing_beside file,file.~1~,file.~2~,file~
}

@test "version 1: a dangling link called FILE~ is a name that is taken" {
    printf first >file
    ln -s nowhere file~
    comes_back_old second file
    exits 0
    is "$(<file) $(<file.~1~) $(readlink file~)" "second first nowhere"
    missing nowhere
}

@test "version 1: nothing comes back where nothing was modified" {
    printf first >file
    identity file >"$T/before"
    comes_back_old "" file
    exits 0
    is "$said" ""
    identity file | cmp - "$T/before"
    nothing_beside
}

@test "version 1: short contents, and such as begin like a record" {
    local content
    for content in x 1234567 12345678 123456789 PedOSv PedOSv2 PedOSv22 PedOSv1x; do
        printf first >file
        comes_back_old "$content" file
        exits 0
        is "$(<file) $(<file~)" "$content first"
        rm file~
    done
}

@test "version 1: a large content" {
    printf first >file
    editor <<'END'
take
head -c 5000001 /dev/urandom | tee "$T/raw"
END
    open_file file
    exits 0
    cmp file "$T/raw"
    is "$(<file~)" first
}

@test "version 1: FILE~ lies beside a link's target" {
    mkdir elsewhere
    printf first >elsewhere/target
    ln -s elsewhere/target link
    comes_back_old second link
    exits 0
    is "$(<elsewhere/target) $(<elsewhere/target~)" "second first"
    nothing_beside elsewhere,link
}

@test "version 1: a command that fails is a failure, since the answer does not tell" {
    printf first >file
    editor <<'END'
take
printf second
exit 3
END
    open_file file
    exits 1
    has "$said" "ended with status 3"
    is "$(<file~)" first
}
