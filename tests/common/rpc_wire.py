# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The frames of PedOS rpc, by hand."""
import struct

(HELLO, CALL, ACCEPTED, REFUSED, STDIN, STDOUT, STDERR, EXIT, UNWANTED,
 QUESTION, ASKING) = range(1, 12)
FRAME_MAX, REASON_MAX = 65536, 400


def number(value):
    return struct.pack("<I", value)


def header(kind, length):
    return struct.pack("<II", kind, length)


def frame(kind, payload=b""):
    return header(kind, len(payload)) + payload


def call(service="test.Cat", user="", source="home"):
    return frame(CALL, b"".join(part.encode() + b"\0" for part in (service, user, source)))


def question(service="test.Cat", user="", source="home"):
    return frame(QUESTION, b"".join(part.encode() + b"\0" for part in (service, user, source)))


def refused(code, reason=b"because"):
    return frame(REFUSED, number(code) + reason)


GREETING = frame(HELLO, number(1))
BEGUN = GREETING + frame(ACCEPTED)


def split(data):
    """Whole frames at the beginning of what was received, as (type, payload), and what is left."""
    frames, i = [], 0
    while len(data) - i >= 8:
        kind, length = struct.unpack_from("<II", data, i)
        if len(data) - i < 8 + length:
            break
        frames.append((kind, data[i + 8:i + 8 + length]))
        i += 8 + length
    return frames, data[i:]
