# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Requests and answers of the OpenInVM format, true to qfile(5) or not. It owes nothing to the C
code."""
import struct
import zlib

MARK = b"PedOSv2\0"
VIEW_ONLY = b"view-only-"
SAVE, DONE, BESIDE, NOTE = 1, 2, 3, 4
MESSAGE_MAX = 4096


# ---- What the opener says ----


def request(name, length, flags=0, flipped=0):
    """One of version 2. `flipped`: bits of the checksum that are wrong."""
    said = name.ljust(232, b"\0") + MARK + struct.pack("<QI", length, flags)
    return said + struct.pack("<I", zlib.crc32(said) ^ flipped)


def old_request(name):
    return name.ljust(256, b"\0")


# ---- The reply of the editor ----


def header(kind, length, code=0, mark=MARK):
    return mark + struct.pack("<IIQ", kind, code, length)


def record(kind, payload=b"", code=0, flipped=0):
    return (header(kind, len(payload), code) + payload
            + struct.pack("<I", zlib.crc32(payload) ^ flipped))


def save(content, flipped=0):
    return record(SAVE, content, flipped=flipped)


def done(message=b"", code=0, flipped=0):
    return record(DONE, message, code, flipped)


def first(answer):
    """Of the record that an answer begins with: kind, code, payload, is its checksum right, and
    what follows it. None: it begins with no whole one."""
    if len(answer) < 28 or not answer.startswith(MARK):
        return None
    kind, code, length = struct.unpack_from("<IIQ", answer, 8)
    if len(answer) < 28 + length:
        return None
    payload, checksum = answer[24:24 + length], answer[24 + length:28 + length]
    return (kind, code, payload, checksum == struct.pack("<I", zlib.crc32(payload)),
            answer[28 + length:])


def split(answer):
    """The records of an answer as (kind, code, payload); and what is left, which is none."""
    records = []
    while (record := first(answer)) and record[3]:
        records.append(record[:3])
        answer = record[4]
    return records, answer
