# SPDX-License-Identifier: GPL-2.0-or-later
"""records.py ANSWER DIRECTORY: read an answer of OpenInVM, version 2, strictly. Each save's payload becomes a file of DIRECTORY, called by its number.

Prints a line for each record: "save NUMBER", "damaged NUMBER" where the checksum differs, "done CODE MESSAGE"; and at the end "lost" where it does not
end with a done, or "more" where something follows it.
"""
import os
import struct
import sys
import zlib

SAVE, DONE = 1, 2


def main():
    number = 0
    with open(sys.argv[1], "rb") as answer:
        while head := answer.read(24):
            if len(head) < 24:
                break
            mark, kind, code, length = struct.unpack("<8sIIQ", head)
            if mark != b"PedOSv2\0" or kind not in (SAVE, DONE) or kind == SAVE and code:
                sys.exit(f"no record: {head!r}")
            payload, crc = answer.read(length), answer.read(4)
            if len(payload) < length or len(crc) < 4:
                break
            whole = zlib.crc32(payload) == int.from_bytes(crc, "little")
            if kind == DONE:
                print("done" if whole else "damaged done", code, payload.decode("ascii"))
                return "more" if answer.read(1) else None
            number += 1
            with open(os.path.join(sys.argv[2], str(number)), "wb") as file:
                file.write(payload)
            print("save" if whole else "damaged", number)
    return "lost"


if end := main():
    print(end)
