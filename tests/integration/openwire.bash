# The OpenInVM format as qfile(5) describes it, in shell: requests, records and raw answers that owe nothing to the C code. After wire.bash.
# SPDX-License-Identifier: GPL-2.0-or-later

# padded SIZE TEXT: TEXT and NULs up to so many bytes.
padded() {
    printf '%s' "$2"
    head -c $(($1 - $(bytes_of "$2"))) /dev/zero
}

# last_bytes COUNT TEXT: as older programs cut a name, without regard for characters.
last_bytes() {
    local LC_ALL=C
    if [ "${#2}" -gt "$1" ]; then printf '%s' "${2: -$1}"; else printf '%s' "$2"; fi
}

# old_request NAME: version 1. "view-only-" is a part of NAME.
old_request() {
    padded 256 "$(last_bytes 255 "$1")"
}

# new_request NAME LENGTH [FLAGS]: version 2.
new_request() {
    unsummed_request "$@"
    le32 "$(unsummed_request "$@" | crc32)"
}

unsummed_request() {
    padded 232 "$1"
    printf 'PedOSv2\0'
    le64 "$2"
    le32 "${3-0}"
}

# record KIND CODE LENGTH: the 24 bytes before a payload.
record() {
    printf 'PedOSv2\0'
    le32 "$1"
    le32 "$2"
    le64 "$3"
}

save() {
    record 1 0 "$(bytes_of "$1")"
    printf '%s' "$1"
    le32 "$(printf '%s' "$1" | crc32)"
}

save_file() {
    record 1 0 "$(stat -c %s "$1")"
    cat "$1"
    le32 "$(crc32 <"$1")"
}

# A save whose checksum says that it was changed while it was sent.
damaged() {
    record 1 0 "$(bytes_of "$1")"
    printf '%s' "$1"
    le32 $(($(printf '%s' "$1" | crc32) ^ 0xffffffff))
}

# all_done [CODE [MESSAGE]]
all_done() {
    record 2 "${1-0}" "$(bytes_of "${2-}")"
    printf '%s' "${2-}"
    le32 "$(printf '%s' "${2-}" | crc32)"
}

ENODATA=61
