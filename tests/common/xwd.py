# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Pictures of an Xvfb's screen, which it keeps in a file as XWD."""
import struct
import zlib


def png(xwd, box=None):
    """A picture as Xvfb has it, with 32 bits a pixel (blue first), as PNG; of `box` (left, top,
    width, height) only, where that is given."""
    header = struct.unpack(">25I", xwd[:100])
    size, columns, lines, line, colours = header[0], header[4], header[5], header[12], header[19]
    left, top, width, height = box or (0, 0, columns, lines)
    right, bottom = min(left + width, columns), min(top + height, lines)
    left, top = max(left, 0), max(top, 0)
    rows = []
    for y in range(top, bottom):
        row = xwd[size + 12 * colours + y * line:][4 * left:4 * right]
        pixels = bytearray(3 * (right - left))
        pixels[0::3], pixels[1::3], pixels[2::3] = row[2::4], row[1::4], row[0::4]
        rows.append(b"\0" + pixels)

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    header = struct.pack(">2I5B", right - left, bottom - top, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(b"".join(rows), 9)) + chunk(b"IEND", b""))
