# The Filecopy format as qfile(5) describes it, in shell: streams and answers that owe nothing to the C code.
# SPDX-License-Identifier: GPL-2.0-or-later

# le32 NUMBER, le64 NUMBER: little-endian bytes. -1 is all ones.
le32() {
    local bytes
    printf -v bytes '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
    printf '%b' "$bytes"
}

le64() {
    le32 $(($1 & 0xffffffff))
    le32 $(($1 >> 32 & 0xffffffff))
}

# How many bytes a string has, whatever the locale says of characters.
bytes_of() {
    local LC_ALL=C
    printf '%d' "${#1}"
}

# header NAMELEN MODE FILELEN ATIME ANSEC MTIME MNSEC; MODE in octal, type bits included.
header() {
    le32 "$1"
    le32 $((8#$2))
    le64 "$3"
    le32 "$4"
    le32 "$5"
    le32 "$6"
    le32 "$7"
}

# entry_head NAME MODE FILELEN [MTIME [MNSEC]]: header and name; the data is still to come.
entry_head() {
    header $(($(bytes_of "$1") + 1)) "$2" "$3" 1500000000 0 "${4-1000000000}" "${5-0}"
    printf '%s\0' "$1"
}

# entry_dir NAME [MODE [MTIME [MNSEC]]]: to be sent before its contents and once more after them.
entry_dir() {
    local mode=0000${2-755}
    entry_head "$1" "04${mode: -4}" 0 "${@:3}"
}

# entry_file NAME CONTENT [MODE [MTIME [MNSEC]]]
entry_file() {
    local mode=0000${3-644}
    entry_head "$1" "10${mode: -4}" "$(bytes_of "$2")" "${@:4}"
    printf '%s' "$2"
}

# entry_link NAME TARGET [MTIME [MNSEC]]
entry_link() {
    entry_head "$1" 120777 "$(bytes_of "$2")" "${@:3}"
    printf '%s' "$2"
}

end() {
    header 0 0 0 0 0 0 0
}

# The CRC-32 of stdin as a number: it is in the last 8 bytes of what gzip makes.
crc32() {
    gzip -c | tail -c 8 | head -c 4 | od -An -tu4 --endian=little | tr -d ' '
}

# stream_length FILE: the bytes of a stream that holds this one regular file. A sender does not close its end before it
# has the answer, so that a receiver has to know when to stop reading.
stream_length() {
    printf '%d' $((32 + $(bytes_of "${1##*/}") + 1 + $(stat -c %s "$1") + 32))
}

# old_answer CODE CRC: what a receiver from before the last-name extension answers.
old_answer() {
    le32 "$1"
    le32 0
    le64 "$2"
}

# new_answer CODE CRC NAME
new_answer() {
    old_answer "$1" "$2"
    le32 "$(bytes_of "$3")"
    printf '%s' "$3"
}

# Numbers of errors on the wire. They are Linux's, the same on every machine that these programs run on.
ENOENT=2 EPERM=1 EIO=5 EEXIST=17 EINVAL=22 ENOSPC=28 ENAMETOOLONG=36 ENOLINK=67 EILSEQ=84 EDQUOT=122 ECANCELED=125
ETRUNCATED=31415926
