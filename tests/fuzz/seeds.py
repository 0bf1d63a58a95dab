#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Write the seeds of the fuzz targets into corpus/TARGET/NAME: `python3 tests/fuzz/seeds.py`.

What a fuzzer found later lies beside them, under names that are hash sums.
"""
import pathlib
import struct
import zlib

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
DIR, FILE, LINK = 0o040000, 0o100000, 0o120000
EEXIST, EMFILE, ENOSPC, EILSEQ, ETRUNCATED = 17, 24, 28, 84, 31415926
ALL_NAMES, UNSAFE_LINKS, FEW_FILES, FEW_BYTES = 1, 2, 4, 8  # fuzz_unpack.c
RESET, LATE = 1, 2  # fuzz_result.c
CONFINED, UNCONFINED, ENTRY, GROWN, UNSYNCED, DONE = range(6)  # lib/receive/child/report.h
# rpc/protocol/frame.h
(HELLO, CALL, ACCEPTED, REFUSED, STDIN, STDOUT, STDERR, EXIT, UNWANTED, QUESTION,
 ASKING) = range(1, 12)
# fuzz_rpcd.c; and fuzz_rpc.c, where SCREEN is in the place of WAITS
STAYS, DEAF, WAITS, CLOSES, MUCH = 4, 8, 16, 32, 64
SCREEN = 16
STAGING = b".qfile-incoming-0123456789abcdef"
END = bytes(32)
TAGS = "".join(chr(0xe0000 + ord(letter)) for letter in "gbeng\x7f")
ENGLAND = f"\U0001f3f4{TAGS}".encode()


def save(target, seeds):
    directory = CORPUS / target
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in seeds.items():
        (directory / name).write_bytes(content)


# ---- qfile(5): entries ----


def header(namelen, mode, filelen, nanoseconds=500000000):
    return struct.pack("<IIQIIII", namelen, mode, filelen, 1500000000, 0, 1000000000, nanoseconds)


def entry(name, mode, data=b"", filelen=None):
    return (header(len(name) + 1, mode, len(data) if filelen is None else filelen)
            + name + b"\0" + data)


def directory(name, mode=0o755):
    return entry(name, DIR | mode)


def file(name, data=b"hi\n", mode=0o644):
    return entry(name, FILE | mode, data)


def link(name, target):
    return entry(name, LINK | 0o777, target)


# ---- unpack: two bytes, then a stream, folded as in input.c ----


def fold(data):
    folded = bytearray()
    i = 0
    while i < len(data):
        run = 1
        while i + run < len(data) and run < 255 * 1024 and data[i + run] == data[i]:
            run += 1
        if run >= 1024:
            run -= run % 1024
            folded += bytes((0xFE, run // 1024, data[i]))
        elif data[i] == 0xFE:
            run = 1
            folded += b"\xfe\0\xfe"
        else:
            run = 1
            folded.append(data[i])
        i += run
    return bytes(folded)


def stream(*entries, options=0, cuts=0, end=END):
    return bytes((options, cuts)) + fold(b"".join(entries) + end)


def unpack_seeds():
    tree = (directory(b"d"), file(b"d/a"), link(b"d/l", b"a"), directory(b"d/e"),
            link(b"d/e/up", b"../a"), directory(b"d/e", 0o500), directory(b"d"))
    deep = [b"/".join([b"x"] * depth) for depth in range(1, 41)]
    sparse = b"head" + bytes(70000) + b"middle" * 700 + bytes(40 * 4096) + b"tail" + bytes(9000)
    noise = bytes(zlib.crc32(bytes([i % 251, i // 251])) & 0xFF for i in range(3000))
    return {
        "directory-ends-often": stream(*[directory(b"d")] * 50, file(b"d/f"), file(b"e")),
        "empty": stream(),
        "nothing": b"\0\0",
        "one-file": stream(file(b"report.pdf")),
        "tree": stream(*tree),
        "tree-in-small-pieces": stream(*tree, cuts=5),
        "tree-in-single-bytes": stream(*tree, cuts=1),
        "without-end": stream(*tree, end=b""),
        "cut-in-header": stream(*tree, end=b"\x02\0\0\0\xed"),
        "cut-in-name": stream(*tree, end=entry(b"d/long-name", FILE)[:38]),
        "cut-in-data": stream(*tree, end=entry(b"d/b", FILE | 0o600, b"half", filelen=100)),
        "cut-in-target": stream(*tree, end=entry(b"d/m", LINK, b"half", filelen=100)),
        "bytes-behind-the-end": stream(file(b"a"), end=END + b"more"),
        "several-at-top": stream(file(b"a", b""), file(b"b", b"x"), directory(b"c"),
                                 directory(b"c")),
        "twice": stream(file(b"a"), file(b"a")),
        "file-then-directory": stream(file(b"a"), directory(b"a")),
        "below-a-file": stream(file(b"a"), file(b"a/b")),
        "below-a-link": stream(directory(b"d"), link(b"d/l", b"."), file(b"d/l/f")),
        "directory-over-link": stream(directory(b"d"), link(b"d/l", b"."), directory(b"d/l")),
        "parent-not-sent": stream(file(b"d/a")),
        "parent-of-directory-not-sent": stream(directory(b"d/e")),
        "sealed": stream(directory(b"d"), directory(b"d", 0o500), file(b"d/a")),
        "sealed-shut": stream(directory(b"d"), file(b"d/a"), directory(b"d", 0),
                              directory(b"d", 0o700)),
        "breadth-first": stream(directory(b"d"), directory(b"e"), file(b"d/a"), file(b"e/a"),
                                directory(b"d"), directory(b"e")),
        "same-prefix": stream(directory(b"d"), directory(b"dd"), file(b"d/a"), file(b"dd/a"),
                              directory(b"dd"), directory(b"d")),
        "forty-deep-and-back": stream(*map(directory, deep), file(deep[-1] + b"/f"),
                                      *map(directory, deep[::-1])),
        "set-id-bits": stream(file(b"a", mode=0o7755), directory(b"d", 0o7777),
                              directory(b"d", 0o7777)),
        "name-dot-dot": stream(file(b"../a")),
        "name-dot-dot-inside": stream(directory(b"d"), file(b"d/../../a")),
        "name-dot": stream(directory(b"d"), file(b"d/./a")),
        "name-absolute": stream(file(b"/a")),
        "name-empty-component": stream(directory(b"d"), file(b"d//a")),
        "name-slash-at-end": stream(directory(b"d/")),
        "name-with-nul": stream(file(b"a\0b")),
        "name-staging": stream(directory(STAGING)),
        "name-255": stream(file(b"n" * 255)),
        "name-256": stream(file(b"n" * 256)),
        "name-control": stream(file(b"a\x1b[31m")),
        "name-control-allowed": stream(file(b"a\x1b[31m"), options=ALL_NAMES),
        "name-not-utf8-allowed": stream(file(b"\xff\xfe"), options=ALL_NAMES),
        "name-unicode": stream(file("Ünïcödé \N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}".encode())),
        "link-up": stream(directory(b"d"), link(b"d/l", b"../a")),
        "link-absolute": stream(directory(b"d"), link(b"d/l", b"/etc")),
        "link-absolute-allowed": stream(directory(b"d"), link(b"d/l", b"/etc"),
                                        options=UNSAFE_LINKS),
        "link-through-link": stream(directory(b"d"), directory(b"d/e"), link(b"d/e/m", b".."),
                                    link(b"d/l", b"e/m/..")),
        "link-out-through-link": stream(directory(b"d"), directory(b"d/e"), link(b"d/e/m", b".."),
                                        link(b"d/e/l", b"m/..")),
        "link-to-link": stream(directory(b"d"), directory(b"d/e"), link(b"d/e/m", b".."),
                               link(b"d/l", b"e/m/e/m")),
        "link-at-top": stream(link(b"l", b"a")),
        "link-empty": stream(directory(b"d"), entry(b"d/l", LINK)),
        "link-with-nul": stream(directory(b"d"), link(b"d/l", b"a\0b")),
        "link-5000": stream(directory(b"d"), link(b"d/l", b"a/" * 2500)),
        "few-files": stream(*tree, options=FEW_FILES),
        "few-files-one-more": stream(file(b"a"), file(b"b"), file(b"c"), file(b"d"),
                                     options=FEW_FILES),
        "few-files-then-sealed": stream(directory(b"d"), directory(b"e"), file(b"d/a"),
                                        directory(b"e"), directory(b"d"), options=FEW_FILES),
        "few-bytes": stream(file(b"a", noise), file(b"b", noise), options=FEW_BYTES),
        "file-of-zeros": stream(file(b"a", bytes(200 << 10))),
        "file-64k-less-1": stream(file(b"a", b"x" * 65535)),
        "file-64k": stream(file(b"a", b"x" * 65536), file(b"b")),
        "file-256k": stream(file(b"a", b"x" * (256 << 10)), file(b"b")),
        "file-sparse": stream(file(b"first", b"shift"), file(b"a", sparse), file(b"b")),
        "file-sparse-in-pieces": stream(file(b"a", sparse), file(b"b", sparse), cuts=24),
        "file-1m": stream(file(b"a", b"x" * 500000 + bytes(500000) + b"y"), file(b"b")),
        "file-too-large-for-the-disk": stream(entry(b"a", FILE, filelen=1 << 62)),
        "file-length-negative": stream(entry(b"a", FILE, filelen=1 << 63)),
        "directory-with-data": stream(entry(b"d", DIR | 0o755, b"x")),
        "type-fifo": stream(entry(b"p", 0o010644)),
        "mode-unknown-bit": stream(entry(b"a", 1 << 31 | FILE)),
        "nanoseconds": stream(header(2, FILE, 0, 1000000000) + b"a\0"),
        "namelen-1": stream(header(1, FILE, 0) + b"\0"),
        "namelen-16384": stream(header(16384, FILE, 0) + b"a" * 16384),
        "name-not-terminated": stream(header(1 + 1, FILE, 0) + b"ab"),
    }


# ---- names: sizes of buffers, a name, a NUL, a target ----


def names(name, target=b"", sizes=b"\x20\x50\0"):
    return sizes + name + b"\0" + target


def names_seeds():
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}".encode()
    return {
        "plain": names(b"report.pdf"),
        "tar-gz": names(b"data.tar.gz"),
        "hidden": names(b".profile"),
        "long-with-extension": names(b"n" * 251 + b".pdf"),
        "long-numbered-already": names(b"n" * 251 + b" (2)"),
        "long-utf8": names("ü".encode() * 127),
        "long-character": names("\N{ROCKET}".encode() + b"." + b"x" * 250),
        "long-extension": names(b"a." + b"x" * 253, sizes=b"\xff\xff\xff"),
        "path": names(b"d/e/f", b"../g"),
        "path-climbing": names(b"d/e/f", b"../../g"),
        "target-late-dot-dot": names(b"d/e/f", b"x/../y"),
        "target-escape": names(b"d/e/f", b"\x1b[31m"),
        "target-dots": names(b"d/e/f", b".././/./../x"),
        "target-absolute": names(b"d/e", b"/etc/passwd"),
        "top-level-link": names(b"l", b"x"),
        "dot-dot": names(b"../x"),
        "dot-dot-at-end": names(b"d/.."),
        "dots": names(b"..."),
        "empty-component": names(b"d//e"),
        "slash-at-end": names(b"d/"),
        "absolute": names(b"/etc/passwd"),
        "staging": names(STAGING),
        "component-255": names(b"d/" + b"n" * 255 + b"/e"),
        "component-256": names(b"d/" + b"n" * 256 + b"/e"),
        "escape": names(b"a\x1b[31mb"),
        "newline": names(b"a\nb"),
        "delete": names(b"a\x7fb"),
        "c1-control": names(b"a\xc2\x9bb"),
        "right-to-left-override": names("a\N{RIGHT-TO-LEFT OVERRIDE}fdp.exe".encode()),
        "no-break-space": names("a\N{NO-BREAK SPACE}b".encode()),
        "byte-order-mark": names("\N{ZERO WIDTH NO-BREAK SPACE}a".encode()),
        "family": names(family, sizes=b"\x20\x04\0"),
        "family-cut": names(family + "\N{ZERO WIDTH JOINER}\N{GIRL}".encode(), sizes=b"\x20\x05\0"),
        "joiner-behind-ascii": names("a\N{ZERO WIDTH JOINER}b".encode()),
        "two-joiners": names("é\N{ZERO WIDTH JOINER}\N{ZERO WIDTH JOINER}é".encode()),
        "persian": names("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645".encode()),
        "cursive-joiner": names("\u0647\u200d\u064f.\u0634".encode()),
        "virama": names("\u0915\u094d\u200d\u0937\u09b0\u200d\u09cd\u09af".encode()),
        "astronaut": names("\U0001f469\U0001f3fd\u200d\U0001f680".encode(), sizes=b"\x20\x04\0"),
        "styles": names("\u2764\ufe0f\u200d\U0001f525 1\ufe0f\u20e3 x\ufe0f".encode()),
        "flag-of-tags": names(ENGLAND, sizes=b"\x20\x05\0"),
        "spaces": names("\u3000a\u202f \xa0b\xa0/c\xa0".encode(), sizes=b"\x04\x50\0"),
        "marks": names(("\u0301a" + 10 * "\u0301").encode()),
        "nothing-to-see": names("a\u3164\u115f\u2800\U000e0100".encode()),
        "long-joined": names(61 * "\U0001f468".encode() + "\u200d\U0001f469y.x".encode()),
        "combining": names("e\N{COMBINING ACUTE ACCENT}tude".encode(), sizes=b"\x20\x06\0"),
        "wide": names("日本語の名前".encode(), sizes=b"\x20\x08\0"),
        "overlong": names(b"a\xc0\xafb"),
        "surrogate": names(b"a\xed\xa0\x80b"),
        "beyond-unicode": names(b"a\xf4\x90\x80\x80b"),
        "cut-off": names(b"a\xe2\x80"),
        "private-use": names("\ue000".encode()),
        "vm-name": names(b"work-vm_1.x"),
        "vm-name-63": names(b"v" * 63),
        "vm-name-64": names(b"v" * 64),
        "small-buffer": names(b"a long name that does not fit", sizes=b"\0\x05\0"),
    }


# ---- wire: a header or a result. result: four bytes, then a result ----


def result(code, crc, name=b"", namelen=None):
    return struct.pack("<IIQI", code, 0, crc, len(name) if namelen is None else namelen) + name


def wire_seeds():
    return {
        "header-file": header(4, FILE | 0o644, 3),
        "header-directory": header(2, DIR | 0o7755, 0),
        "header-link": header(4, LINK | 0o777, 1),
        "header-end": END,
        "header-longest": header(16383, LINK | 0o777, 16383),
        "header-largest": header(2, FILE, (1 << 63) - 1),
        "result-success": result(0, 0x0675B6FB, b"d"),
        "result-failure": result(EEXIST, 0x0675B6FB, b"report.pdf"),
        "result-namelen-too-large": result(EEXIST, 0, namelen=16384),
    }


def sent_back(content, options=LATE, cuts=0, pause=0xFFFF):
    return struct.pack("<BBH", options, cuts, pause) + content


def result_seeds():
    good = zlib.crc32(END)
    return {
        "success": sent_back(result(0, good, b"d")),
        "success-in-pieces": sent_back(result(0, good, b"d"), cuts=3),
        "success-in-single-bytes": sent_back(result(0, good, b"d" * 200), cuts=1),
        "success-of-an-old-receiver": sent_back(result(0, good)[:16]),
        "success-and-silence": sent_back(result(0, good, b"d"), pause=16),
        "success-too-early": sent_back(result(0, good, b"d"), options=0),
        "wrong-checksum": sent_back(result(0, 1, b"d")),
        "high-half-of-checksum": sent_back(result(0, 0xFFFFFFFF << 32 | good, b"d")),
        "failure": sent_back(result(ENOSPC, 0, b"photos/1.jpg")),
        "failure-early": sent_back(result(EILSEQ, 0, b"a\x1b[31m"), options=0),
        "failure-truncated": sent_back(result(ETRUNCATED, 0, b"")),
        "failure-unknown": sent_back(result(0xFFFFFFFF, 0, b"")),
        "failure-with-long-name": sent_back(
            result(EILSEQ, 0, "e\N{COMBINING ACUTE ACCENT}\N{COMBINING TILDE}".encode() * 210)),
        "failure-then-reset": sent_back(result(EEXIST, 0, b"d"), options=LATE | RESET),
        "name-cut": sent_back(result(EEXIST, 0, b"name", namelen=100)),
        "name-pauses": sent_back(result(EEXIST, 0, b"long-name"), pause=24),
        "namelen-16384": sent_back(result(EEXIST, 0, b"name", namelen=16384)),
        "namelen-16383": sent_back(result(EEXIST, 0, b"n" * 300, namelen=16383)),
        "namelen-cut": sent_back(result(EEXIST, 0)[:18]),
        "cut": sent_back(result(0, good)[:15]),
        "reset": sent_back(b"", options=LATE | RESET),
        "nothing": sent_back(b""),
    }


# ---- report: one byte, then records as in lib/receive/child/report.h, on a 64-bit machine ----


def record(kind, name=b"", code=0, layers=0, namelen=None):
    return struct.pack("<IIIIIxxxxQQ", kind, code, layers,
                       len(name) if namelen is None else namelen, 0x0675B6FB, 3, 2) + name


def reports(*records, cuts=0):
    return bytes((cuts,)) + b"".join(records)


def report_seeds():
    confined = record(CONFINED, layers=0xFF)
    return {
        "delivery": reports(confined, record(ENTRY, b"d"), record(ENTRY, b"e"), record(DONE, b"e")),
        "delivery-in-pieces": reports(confined, record(ENTRY, b"d"), record(DONE, b"d"), cuts=5),
        "delivery-renaming": reports(confined, record(ENTRY, b"taken"), record(DONE, b"taken"),
                                     cuts=0x80),
        "taken": reports(confined, record(ENTRY, b"taken")),
        "failed": reports(confined, record(DONE, b"d/a", code=EILSEQ)),
        "malformed": reports(confined, record(DONE, b"d/a", code=22)),
        "truncated": reports(confined, record(DONE, code=ETRUNCATED)),
        "code-4096": reports(record(DONE, code=4096)),
        "unconfined": reports(record(UNCONFINED, code=1, layers=8)),
        "unconfined-no-descriptor": reports(record(UNCONFINED, code=EMFILE, layers=8)),
        "unconfined-all-layers": reports(record(UNCONFINED, code=1, layers=0xFFFFFFFF)),
        "unknown-kind": reports(record(DONE + 1)),
        "grown-and-unsynced": reports(confined, record(GROWN), record(UNSYNCED), record(DONE)),
        "entry-dot": reports(record(ENTRY, b".")),
        "entry-dot-dot": reports(record(ENTRY, b"..")),
        "entry-with-slash": reports(record(ENTRY, b"../beside")),
        "entry-below": reports(record(ENTRY, b"d/a")),
        "entry-with-nul": reports(record(ENTRY, b"a\0b")),
        "entry-staging": reports(record(ENTRY, STAGING)),
        "entry-empty": reports(record(ENTRY)),
        "entry-255": reports(record(ENTRY, b"n" * 255), record(DONE)),
        "entry-256": reports(record(ENTRY, b"n" * 256)),
        "done-long-name": reports(record(DONE, b"d/" * 1000 + b"e", code=EEXIST)),
        "namelen-16384": reports(record(DONE, b"n", namelen=16384)),
        "namelen-huge": reports(record(DONE, namelen=0xFFFFFFFF)),
        "cut-in-name": reports(record(ENTRY, b"abc", namelen=10)),
        "cut-in-record": reports(confined[:17]),
        "nothing": reports(),
    }


# ---- policy: what is called, by whom, of whom; then a policy ----


def policy(*lines, call=b"PedOS.Filecopy+rename work vault", end=b"\n"):
    return b"\n".join((call, *lines)) + end


def policy_seeds():
    rules = (b"PedOS.Filecopy +rename work vault allow user=keeper",
             b"PedOS.Filecopy + work vault ask", b"PedOS.Filecopy * evil @anyvm deny",
             b"* +all boss @anyvm allow user=root", b"* * @anyvm @anyvm deny")
    return {
        "rules": policy(*rules),
        "rules-without-argument": policy(*rules, call=b"PedOS.Filecopy work vault"),
        "rules-empty-argument": policy(*rules, call=b"PedOS.Filecopy+ work vault"),
        "rules-deny": policy(*rules, call=b"PedOS.Filecopy evil vault"),
        "rules-any-service": policy(*rules, call=b"Clock+all boss evil"),
        "rules-backwards": policy(*reversed(rules)),
        "comments": policy(b"# a * b c allow", b"", b" \t# \xc3\xa9", b"a * b c allow # no", b"\r",
                           b"#\0"),
        "carriage-returns": policy(*(rule + b"\r" for rule in rules)),
        "last-line-not-ended": policy(*rules, end=b""),
        "blanks": policy(b"\t a\t+ b  c \tallow\t user=x  "),
        "bad-service": policy(b"a+b * b c allow", b"1a * b c allow", b"@anyvm * b c allow",
                              b"a\0 * b c allow"),
        "bad-argument": policy(b"a b b c allow", b"a +* b c allow", b"a ++ b c allow",
                               b"a +\0 b c allow"),
        "bad-vm": policy(b"a * * c allow", b"a * @any c allow", b"a * b c+ allow",
                         b"a * b 1 allow"),
        "bad-action": policy(b"a * b c Allow", b"a * b c allowx", b"a * b c"),
        "bad-user": policy(b"a * b c deny user=x", b"a * b c allow user=",
                           b"a * b c ask user=x user=y", b"a * b c allow user=a+b",
                           b"a * b c ask x=y"),
        "longest": policy(
            b"s" * 63 + b" + " + b"v" * 63 + b" " + b"w" * 63 + b" allow user=" + b"u" * 32,
            call=b"s" * 63 + b" " + b"v" * 63 + b" " + b"w" * 63),
        "too-long": policy(b"s" * 64 + b" * b c allow", b"a * " + b"v" * 64 + b" c allow",
                           b"a * b c allow user=" + b"u" * 33, b"a +" + b"x" * 62 + b" b c ask"),
        "pair": policy(b"PedOS.Filecopy +rename allow user=keeper", b"* * ask", call=b"work"),
        "pair-empty": policy(call=b"work"),
        "pair-bad": policy(b"a * b c allow", call=b"work"),
        "disposables": policy(b"* * @anyvm @anyvm allow", b"PedOS.OpenInVM * work @dispvm ask",
                              b"PedOS.OpenInVM * work @dispvm:office allow user=x",
                              call=b"PedOS.OpenInVM work @dispvm:office"),
        "bad-disposables": policy(b"a * @dispvm b allow", b"a * b @dispvm: allow",
                                  b"a * b @dispvm:1 allow", b"a * b @dispvm:a.b allow",
                                  b"a * b @dispvms allow", b"a * b @dispvm:a\0b allow",
                                  call=b"a b @dispvm:" + b"t" * 56),
        "request": b"@dispvm:office PedOS.OpenInVM+view-only",
        "request-to-a-vm": b"work PedOS.Filecopy",
        "request-with-more": b"@dispvm a b",
        "pair-name-with-nul": policy(b"a * ask", call=b"wo\0rk"),
        "nothing": b"",
    }


# ---- template ----


def template_seeds():
    return {
        "all": (b"# all keys\nnetwork=yes\ndisplay=none\ngeometry=1200x900\nmemory=4G\n"
                b"space=64M\nprocesses=100\nbind=/srv/data\nbind=/opt/x\n"),
        "blanks": b" network\t= yes \r\n\r\n\t# nothing\n  bind = /a b \r",
        "least": b"geometry=64x64\nmemory=32M\nspace=1M\nprocesses=8\nbind=/",
        "most": (b"geometry=16384x16384\nmemory=9223372036854775807\n"
                 b"space=9223372036854775807\nprocesses=100000"),
        "too-much": b"memory=9223372036854775808",
        "too-wide": b"geometry=16385x64",
        "climbing": b"bind=/a/../b",
        "dots": b"bind=/a/.../..b/b..",
        "relative": b"bind=a",
        "longest-bind": b"bind=/" + b"x" * 4094,
        "too-long-a-bind": b"bind=/" + b"x" * 4095,
        "too-long-a-line": b"#" * 4161,
        "binds": b"bind=/x\n" * 32,
        "too-many-binds": b"bind=/x\n" * 33,
        "nul": b"network=yes\0\n",
        "no-key": b"uid=0\n",
        "no-value": b"network\n",
        "nothing": b"",
    }


# ---- settings ----


def settings_seeds():
    return {
        "all": (b"# names\nincoming = QubesIncoming\ncopy-service = qubes.Filecopy\n"
                b"open-service = qubes.OpenInVM\n\n# options\nqfile-unpacker.max-bytes = 20G\n"
                b"qfile-unpacker.max-files=100000\nqfile-unpacker.wait-for-space=1G\n"
                b"qfile-unpacker.timeout=60\nqfile-unpacker.on-conflict=rename\n"
                b"qfile-unpacker.allow-all-names=yes\nqfile-unpacker.allow-unsafe-symlinks=no\n"
                b"qopen-in-vm.max-bytes=2G\nvm-file-editor.max-bytes=500M\n"),
        "blanks": b" incoming\t= In \r\n\r\n\t# nothing\n  open-service = a.b-c_d \r",
        "most": (b"qfile-unpacker.max-bytes=18446744073709551615\n"
                 b"qfile-unpacker.wait-for-space=17592186044415\n"
                 b"qfile-unpacker.timeout=4294967295"),
        "too-much": b"qfile-unpacker.wait-for-space=17592186044416",
        "too-long-a-wait": b"qfile-unpacker.timeout=4294967296",
        "a-path": b"incoming=../etc",
        "an-argument": b"copy-service=a+b",
        "longest-name": b"incoming=" + b"x" * 63,
        "too-long-a-name": b"incoming=" + b"x" * 64,
        "longest-line": b"#" * 1024,
        "too-long-a-line": b"#" * 1025,
        "nul": b"incoming=In\0\n",
        "no-key": b"handler=sh\n",
        "no-value": b"incoming\n",
        "nothing": b"",
    }


# ---- frame: a header, then a payload ----


def frame(kind, payload=b"", length=None):
    return struct.pack("<II", kind, len(payload) if length is None else length) + payload


def number(kind, value):
    return frame(kind, struct.pack("<I", value))


def call(service=b"test.Service", user=b"", source=b"work", kind=CALL):
    return frame(kind, service + b"\0" + user + b"\0" + source + b"\0")


def refusal(code, reason):
    return frame(REFUSED, struct.pack("<I", code) + reason)


def frame_seeds():
    return {
        "hello": number(HELLO, 1),
        "call": call(b"PedOS.Filecopy+allow-all-names", b"user", b"work"),
        "call-longest": call(b"s" * 63, b"_" * 32, b"v" * 63),
        "call-service-64": call(b"s" * 64),
        "call-account-33": call(user=b"u" * 33),
        "call-without-service": call(b""),
        "call-of-two": frame(CALL, b"s\0u\0"),
        "call-not-terminated": frame(CALL, b"s\0u\0v"),
        "call-with-more": frame(CALL, b"s\0u\0v\0x\0"),
        "call-escape": call(b"s\x1b[31m"),
        "call-path": call(b"../../bin/sh"),
        "refused": refusal(13, b"the policy denies it"),
        "refused-longest": refusal(2, b"r" * 400),
        "refused-too-long": refusal(2, b"r" * 401),
        "stdin-largest": frame(STDIN, length=65536),
        "stdin-too-large": frame(STDIN, length=65537),
        "exit": number(EXIT, 255),
        "unwanted": number(UNWANTED, STDOUT),
        "type-0": frame(0),
        "type-12": frame(12),
        "question": call(kind=QUESTION),
        "question-of-any": call(b"", kind=QUESTION),
        "question-shortest": call(b"", b"", b"", QUESTION),
        "asking": frame(ASKING),
        "asking-with-more": frame(ASKING, b"x"),
    }


# ---- rpcd and rpc: five bytes, then what the other end says, folded ----


def said(*frames, options=STAYS, noise=0, first=20, second=5, stop=3):
    return bytes((options, noise, first, second, stop)) + fold(b"".join(frames))


CALLER = number(HELLO, 1) + call()
SERVICE = number(HELLO, 1) + frame(ACCEPTED)
ASKED = number(HELLO, 1) + frame(ASKING)
ENDS = frame(STDOUT) + frame(STDERR) + number(EXIT, 0)


def ways(seeds):
    """Each through memory, moving pipes, and sockets."""
    return {f"{name}-{way}": bytes((content[0] | way,)) + content[1:]
            for name, content in seeds.items() for way in range(3)}


def rpcd_seeds():
    large = frame(STDIN, b"x" * 65536)
    return ways({
        "copy": said(CALLER, frame(STDIN, b"hello"), frame(STDIN), options=STAYS | WAITS),
        "copy-large": said(CALLER, large * 6, frame(STDIN), options=STAYS | WAITS | MUCH,
                           first=200),
        "both-directions": said(CALLER, large * 6, frame(STDIN), options=STAYS | MUCH, first=255,
                                second=255),
        "half-closed": said(CALLER, frame(STDIN), options=STAYS | MUCH, first=100),
        "not-read": said(CALLER, large * 6, options=STAYS | MUCH | CLOSES, stop=70),
        "deaf": said(CALLER, large * 6, options=STAYS | MUCH | DEAF, first=255, second=255),
        "deaf-and-exit": said(CALLER, large * 6, options=STAYS | DEAF),
        "unwanted": said(CALLER, number(UNWANTED, STDOUT), number(UNWANTED, STDERR),
                         options=STAYS | MUCH, first=255, second=255),
        "unwanted-twice": said(CALLER, number(UNWANTED, STDOUT), number(UNWANTED, STDOUT)),
        "unwanted-stdin": said(CALLER, number(UNWANTED, STDIN)),
        "behind-the-end": said(CALLER, frame(STDIN), frame(STDIN, b"more")),
        "stdout": said(CALLER, frame(STDOUT, b"x")),
        "exit": said(CALLER, number(EXIT, 0)),
        "second-call": said(CALLER, call()),
        "small-frames": said(CALLER, *(frame(STDIN, bytes((i,))) for i in range(100)), frame(STDIN),
                             options=STAYS | WAITS, noise=3),
        "hung-up": said(CALLER, frame(STDIN, b"hello"), options=0),
        "cut": said(CALLER, frame(STDIN, b"hello", length=10), options=0),
        "cut-and-stays": said(CALLER, frame(STDIN, b"hello", length=10)),
        "no-hello": said(call()),
        "version-2": said(number(HELLO, 2), call()),
        "bad-name": said(number(HELLO, 1), call(b"../x")),
        "question": said(number(HELLO, 1), call(kind=QUESTION)),
        "question-of-any": said(number(HELLO, 1), call(b"", kind=QUESTION)),
        "question-and-stdin": said(number(HELLO, 1), call(kind=QUESTION), frame(STDIN, b"x")),
        "question-second": said(CALLER, call(kind=QUESTION)),
        "asking": said(number(HELLO, 1), frame(ASKING)),
        "nothing": said(),
    })


def rpc_seeds():
    large = frame(STDOUT, b"x" * 65536)
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}".encode()
    return ways({
        "copy": said(SERVICE, frame(STDOUT, b"hello"), frame(STDERR, b"a line\n"), ENDS),
        "copy-large": said(SERVICE, large * 6, ENDS, options=STAYS | MUCH, first=200),
        "not-read": said(SERVICE, large * 6, ENDS, options=STAYS | MUCH | CLOSES, second=70),
        "deaf": said(SERVICE, large * 6, ENDS, options=STAYS | MUCH | DEAF, first=255),
        "unwanted": said(SERVICE, number(UNWANTED, STDIN), frame(STDOUT, b"x"), ENDS,
                         options=STAYS | MUCH, first=255),
        "unwanted-stdout": said(SERVICE, number(UNWANTED, STDOUT)),
        "terminal": said(SERVICE, frame(STDOUT, b"a\x1b[31m\tb\r\n"), ENDS, options=STAYS | SCREEN),
        "terminal-large": said(SERVICE, large * 6, ENDS, options=STAYS | SCREEN),
        "terminal-closed": said(SERVICE, large * 6, ENDS, options=STAYS | SCREEN | CLOSES | MUCH,
                                second=70),
        "family-cut": said(SERVICE, *(frame(STDERR, bytes((c,))) for c in family), ENDS),
        "character-cut": said(SERVICE, frame(STDERR, b"a\xe2\x82"), frame(STDERR, b"\xac\xe2"),
                              frame(STDERR, b"\n"), ENDS),
        "cut-at-the-end": said(SERVICE, frame(STDERR, b"a\xf0\x9f\x98"), ENDS),
        "override": said(SERVICE, frame(STDERR, "\N{RIGHT-TO-LEFT OVERRIDE}fdp.exe".encode()),
                         ENDS),
        "exit-too-early": said(SERVICE, frame(STDOUT), number(EXIT, 0)),
        "exit-256": said(SERVICE, frame(STDOUT), frame(STDERR), number(EXIT, 256)),
        "behind-exit": said(SERVICE, ENDS, frame(STDOUT, b"x")),
        "stdin": said(SERVICE, frame(STDIN, b"x")),
        "refused": said(number(HELLO, 1), refusal(13, b"the policy\x1b denies it")),
        "refused-without-reason": said(number(HELLO, 1), refusal(2, b"")),
        "accepted-twice": said(SERVICE, frame(ACCEPTED), ENDS),
        "asking": said(ASKED, frame(ACCEPTED), frame(STDOUT, b"hello"), ENDS),
        "asking-refused": said(ASKED, refusal(13, b"they denied it")),
        "asking-for-ever": said(ASKED),
        "asking-twice": said(ASKED, frame(ASKING), frame(ACCEPTED), ENDS),
        "asking-too-late": said(SERVICE, frame(ASKING), ENDS),
        "asking-first": said(frame(ASKING), SERVICE, ENDS),
        "question": said(number(HELLO, 1), call(kind=QUESTION)),
        "hung-up": said(SERVICE, frame(STDOUT, b"hello"), options=0),
        "cut": said(SERVICE, frame(STDOUT, b"hello", length=10), options=0),
        "nothing": said(),
    })


# ---- edit: a request, a record, a checksum, then a name ----

MARK = b"PedOSv2\0"
SAVE, DONE_EDITING = 1, 2


def request(name, length=0, flags=0, crc=0):
    said = name.ljust(232, b"\0") + MARK + struct.pack("<QI", length, flags)
    return said + struct.pack("<I", zlib.crc32(said) ^ crc)


def edit_record(kind=SAVE, code=0, length=0, mark=MARK):
    return mark + struct.pack("<IIQ", kind, code, length)


def edit(request_bytes=request(b"report.pdf"), record_bytes=edit_record(), name=b"report.pdf"):
    return request_bytes + record_bytes + b"\1\2\3\x84" + name


def edit_seeds():
    return {
        "plain": edit(request(b"report.pdf", 77), edit_record(SAVE, 0, 77)),
        "view-only": edit(request(b"view-only-report.pdf", 77, 1),
                          edit_record(DONE_EDITING, 5, 4096)),
        "view-only-name": edit(request(b"view-only-report.pdf")),
        "view-only-flag-alone": edit(request(b"report.pdf", 0, 1)),
        "view-only-of-nothing": edit(request(b"view-only-", 0, 1)),
        "version-1": edit(b"report.pdf".ljust(256, b"\0")),
        "version-1-view-only": edit(b"view-only-report.pdf".ljust(256, b"\0")),
        "version-1-garbage": edit(b"report.pdf\0" + b"\xff" * 245),
        "version-1-255": edit(b"n" * 255 + b"\0"),
        "version-1-256": edit(b"n" * 256),
        "name-231": edit(request(b"n" * 231)),
        "name-232": edit(request(b"n" * 232)),
        "name-231-view-only": edit(request(b"view-only-" + b"n" * 221, 0, 1)),
        "name-of-continuation-bytes": edit(b"\x80" * 240 + bytes(16)),
        "name-of-long-characters": edit(("\N{GRINNING FACE}" * 63).encode() + bytes(4)),
        "wrong-checksum": edit(request(b"report.pdf", crc=1)),
        "unknown-flag": edit(request(b"report.pdf", 0, 2)),
        "longest": edit(request(b"a", 2**63 - 1), edit_record(SAVE, 0, 2**63 - 1)),
        "too-long": edit(request(b"a", 2**63), edit_record(SAVE, 0, 2**63)),
        "done-too-long": edit(record_bytes=edit_record(DONE_EDITING, 0, 4097)),
        "unknown-kind": edit(record_bytes=edit_record(3)),
        "no-record": edit(record_bytes=edit_record(mark=b"PedOSv1\0")),
        "climbing": edit(request(b"../../etc/passwd"), name=b"../../etc/passwd"),
        "dot-dot": edit(request(b".."), name=b".."),
        "controls": edit(request(b"a\x1b[31m\n"), name=b"a\x1b[31m\n\0\x7f"),
        "joiners": edit(name="\u200da\u200d\u202e\u200d\N{MAN}\u200d\N{WOMAN}/\u200d".encode()),
        "staging": edit(request(STAGING), name=STAGING),
        "long-extension": edit(request(b"a." + b"x" * 229), name=b"a." + b"x" * 253),
        "tar": edit(name=b"n" * 240 + b".tar.gz"),
        "name-256": edit(name=b"n" * 256),
        "not-utf8": edit(name=b"\xff\xfe\xc3.txt"),
        "nothing": b"",
    }


# ---- opener: two bytes, then a reply, folded ----

# fuzz_opener.c
VIEW_ONLY, FEW, RESETS, EARLY, CHANGED, REMOVED, SETTLED = (1 << bit for bit in range(7))


def told(payload=b"", kind=SAVE, code=0, crc=0):
    return (edit_record(kind, code, len(payload)) + payload
            + struct.pack("<I", zlib.crc32(payload) ^ crc))


def ended(message=b"", code=0):
    return told(message, DONE_EDITING, code)


def replied(*records, options=0, cuts=0):
    return bytes((options, cuts)) + fold(b"".join(records))


def opener_seeds():
    one, two, large = told(b"one\n"), told(b"the second\0\xff\n"), told(b"x" * 300000 + bytes(5000))
    return {
        "saved": replied(one, ended()),
        "saved-settled": replied(one, ended(), options=SETTLED),
        "saved-twice": replied(one, two, ended(b"well")),
        "saved-in-single-bytes": replied(one, two, ended(), cuts=1),
        "saved-in-pieces": replied(one, large, two, ended(), cuts=7),
        "saved-the-same": replied(told(b"as it was\n"), one, told(b"as it was\n"), ended(),
                                  options=SETTLED),
        "saved-empty": replied(told(), ended()),
        "saved-large": replied(large, ended()),
        "few-bytes": replied(told(b"x" * 5000), large, ended(), options=FEW),
        "not-saved": replied(ended()),
        "lost": replied(one, two[:-1]),
        "lost-in-header": replied(one, two[:10]),
        "lost-in-payload": replied(large[:200000]),
        "reset": replied(one, two[:30], options=RESETS),
        "damaged": replied(one, told(b"two", crc=1), ended()),
        "damaged-then-good": replied(told(b"two", crc=1), one, ended()),
        "message": replied(ended(b"\x1b[31m no application\n\xff", 2)),
        "message-of-no-errno": replied(ended(b"", 2**32 - 1)),
        "message-4096": replied(ended(b"m" * 4096)),
        "message-4097": replied(ended(b"m" * 4097)),
        "message-damaged": replied(one, told(b"m", DONE_EDITING, crc=1)),
        "behind-the-end": replied(one, ended(), two),
        "unknown-kind": replied(one, told(b"x", 3)),
        "length-huge": replied(one, edit_record(SAVE, 0, 2**62) + b"x"),
        "length-too-huge": replied(one, edit_record(SAVE, 0, 2**63) + b"x"),
        "no-mark": replied(one, b"PedOSv1\0" + one[8:]),
        "old": replied(b"new content\n"),
        "old-short": replied(b"Ped"),
        "old-large": replied(b"x" * 300000),
        "old-few-bytes": replied(b"x" * 5001, options=FEW),
        "old-reset": replied(b"new content\n", options=RESETS),
        "old-changed": replied(b"new content\n", options=CHANGED),
        "nothing": replied(),
        "nothing-reset": replied(options=RESETS),
        "nothing-early": replied(options=EARLY),
        "view-only": replied(one, told(b"two", crc=1), ended(b"seen"), options=VIEW_ONLY),
        "view-only-old": replied(b"new content\n", options=VIEW_ONLY),
        "early": replied(one, ended(), options=EARLY),
        "early-success": replied(ended(), options=EARLY),
        "early-end": replied(ended(b"too large", 122), options=EARLY),
        "changed": replied(one, two, ended(), options=CHANGED),
        "changed-settled": replied(one, two, large, ended(), options=CHANGED | SETTLED, cuts=3),
        "removed": replied(one, two, ended(), options=REMOVED),
    }


# ---- editor: two bytes, then a request and content, folded ----

FROM_NOBODY = 4  # fuzz_editor.c, where a limit and a reset are 1 and 2


def asked(request_bytes, content=b"some text\n", options=0, cuts=0):
    return bytes((options, cuts)) + fold(request_bytes + content)


def editor_seeds():
    def file_of(name=b"report.pdf", content=b"some text\n", length=None, flags=0, **how):
        return asked(request(name, len(content) if length is None else length, flags), content,
                     **how)

    def old(name, content=b"some text\n", **how):
        return asked(name.ljust(256, b"\0"), content, **how)

    return {
        "plain": file_of(),
        "plain-in-single-bytes": file_of(cuts=1),
        "plain-in-pieces": file_of(content=b"x" * 300000, cuts=9),
        "from-nobody": file_of(options=FROM_NOBODY),
        "view-only": file_of(b"view-only-report.pdf", flags=1),
        "empty": file_of(content=b""),
        "large": file_of(content=b"x" * 300000 + bytes(5000)),
        "few-bytes": file_of(content=b"x" * 5000, options=1),
        "few-bytes-one-more": file_of(content=b"x" * 5001, options=1),
        "cut": file_of(length=11),
        "reset": file_of(length=11, options=2),
        "more": file_of(length=3),
        "longest": file_of(length=2**63 - 1),
        "too-long": file_of(length=2**63),
        "wrong-checksum": asked(request(b"report.pdf", 10, crc=1)),
        "short": asked(request(b"report.pdf", 10)[:255], b""),
        "nothing": asked(b"", b""),
        "name-dot-dot": file_of(b".."),
        "name-climbing": file_of(b"../../etc/passwd"),
        "name-controls": file_of(b"a\x1b[31m\n.txt"),
        "name-staging": file_of(STAGING),
        "name-staging-behind-a-slash": file_of("é/".encode() + STAGING),
        "name-231": file_of(b"n" * 231),
        "name-232": file_of(b"n" * 232),
        "old": old(b"report.pdf"),
        "old-view-only": old(b"view-only-report.pdf"),
        "old-empty": old(b"report.pdf", b""),
        "old-255": old(b"n" * 255),
        "old-256": old(b"n" * 256),
        "old-reset": old(b"report.pdf", options=2),
        "old-few-bytes": old(b"report.pdf", b"x" * 5001, options=1),
        "old-garbage": asked(b"report.pdf\0".ljust(256, b"\xff")),
    }


for target, seeds in (("unpack", unpack_seeds), ("names", names_seeds), ("wire", wire_seeds),
                      ("result", result_seeds), ("report", report_seeds),
                      ("policy", policy_seeds), ("template", template_seeds),
                      ("settings", settings_seeds),
                      ("frame", frame_seeds), ("rpcd", rpcd_seeds), ("rpc", rpc_seeds),
                      ("edit", edit_seeds), ("opener", opener_seeds), ("editor", editor_seeds)):
    save(target, seeds())
