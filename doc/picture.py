#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Draw what `make demo` wrote as a picture of a terminal: `make picture`.

    sh tests/demo.sh 2>&1 | /usr/bin/python3 doc/picture.py TOP >doc/demo.svg

TOP is the directory of the source tree. The picture has no path, date, account or duration of the
machine that ran the demo.
"""
import re
import sys
import textwrap
from xml.sax.saxutils import escape

COLUMNS = 100
INDENT = "    "
WIDTH, HEIGHT, MARGIN = 7.8, 18, 16  # of a character, of a line, around them all: in pixels
COLOURS = {"title": "#e5c07b", "command": "#98c379", "refused": "#e06c75", "output": "#d0d4dc"}

# What the demo writes, and what stands for it in the picture. None: the line is left out.
REPLACED = (
    (r"TOP/build/bin/", ""),
    (r"TOP/build/demo/policy/", "policy/"),
    (r"TOP/build/demo/work/home", "/home/work"),
    (r"TOP/build/demo/personal/home", "/home/personal"),
    (r"TOP/build/demo/personal/tmp/qopen-work-\w+", "/tmp/qopen-work"),
    (r" What personal's daemon wrote down:$", ""),
    (r"^pedos-rpcd: ", None),
    (r"(; nothing was copied)\. Use .*$", r"\1 ..."),  # advice
    (r"( 1 save), at [\d:]+, (is here)$", r"\1 \2"),
)
LEFT_OUT = re.compile(r"It landed in ")  # sections whose titles begin so


def clean(line, top):
    """The line as it is shown, or None."""
    line = re.sub(r"\033\[\d*m", "", line.rstrip("\n")).replace(top, "TOP")
    for pattern, instead in REPLACED:
        if instead is None:
            if re.search(pattern, line):
                return None
        else:
            line = re.sub(pattern, instead, line)
    return line


def kind_of(line, after_blank):
    if line.startswith("$ "):
        return "command"
    if re.search(r"refuse|malformed|points outside", line) and not after_blank:
        return "refused"
    return "title" if after_blank else "output"


def wrapped(line):
    return textwrap.wrap(line, COLUMNS, subsequent_indent=INDENT, break_on_hyphens=False) or [""]


def lines_of(demo, top):
    """Pairs of a kind and a line. What was said once about the confinement is not repeated."""
    shown, said, after_blank, left_out = [], set(), True, False
    for line in demo:
        line = clean(line, top)
        if line is None or line in said:
            continue
        if "confinement in force" in line:
            said.add(line)
        kind = kind_of(line, after_blank)
        after_blank = not line
        if kind == "title":
            left_out = LEFT_OUT.match(line)
        if not left_out and (line or shown):
            shown += [(kind, part) for part in wrapped(line)]
    return shown


def text_at(row, kind, line):
    weight = ' font-weight="bold"' if kind == "title" else ""
    return (f'<text x="{MARGIN}" y="{MARGIN + HEIGHT * row + 13}" fill="{COLOURS[kind]}"{weight} '
            f'xml:space="preserve">{escape(line)}</text>')


def svg(lines):
    width, height = round(COLUMNS * WIDTH) + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    body = [text_at(row, kind, line) for row, (kind, line) in enumerate(lines) if line]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"',
        '     font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13">',
        "<title>What make demo shows</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#1e2127"/>',
        *body,
        "</svg>", ""])


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: picture.py TOP <OUTPUT-OF-THE-DEMO >PICTURE")
    lines = lines_of(sys.stdin, sys.argv[1].rstrip("/"))
    if not any(kind == "refused" for kind, _ in lines):
        sys.exit("picture.py: this is not what the demo writes when all is well")
    sys.stdout.write(svg([("command", "$ make demo"), ("output", ""), *lines]))


if __name__ == "__main__":
    main()
