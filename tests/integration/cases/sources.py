# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What every source file has."""
import re

import suite
from copying import Copying
from expect import check, equal
from settings import TOP

test = suite.cases(Copying, once=True)

LINES = "SPDX-License-Identifier: GPL-2.0-or-later", "Copyright the qfilecopy authors"

# Where sources are, and the names of those that are no scripts.
PLACES = ["cli", "completions", "desktop", "doc", "include", "lib", "rpc", "system", "tests",
          "text", "qfile-agent", "qfile-unpacker", "qopen-in-vm", "vm-file-editor", ".ci"]
NAMES = ("*.c", "*.h", "*.py", "*.sh", "*.bash", "*.fish", "_qfilecopy", "*.mk", "*.in", "*.map",
         "*.ld", "Makefile")

# Of every line, in characters. Not counted are what a program has written: tests/fuzz/corpus,
# tests/abi and doc/demo.svg; the contracts of libutf8proc; and what cannot be broken: of Markdown
# the tables and what is between fences, of zsh the line that names all programs.
COLUMNS = 100
PAGES = "*.md", "doc/*.md", "tests/*.md"
CELL_END = re.compile(r"(?<!\\)\|")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def is_script(path):
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def sources():
    """Without the inputs of the fuzz targets, which may be anything."""
    yield TOP / "Makefile"
    for place in PLACES:
        for path in (TOP / place).rglob("*"):
            if path.is_file() and TOP / "tests/fuzz/corpus" not in path.parents and (
                    any(path.match(name) for name in NAMES) or is_script(path)):
                yield path


def has_lines(path):
    """Both, the one below the other, in the comment at its head."""
    lines = path.read_text(encoding="utf-8").splitlines()[:40]
    stripped = [line.removeprefix(" *").removeprefix("#").strip() for line in lines]
    return LINES in zip(stripped, stripped[1:])


CONTRACTS = TOP / "tests/prove/utf8proc.h"


def long_lines(path):
    """Each as the path and how it begins."""
    text = path.read_text(encoding="utf-8")
    lines = (FENCED.sub("", text) if path.suffix == ".md" else text).split("\n")
    return [f"{path.relative_to(TOP)}: {line[:COLUMNS]}" for line in lines
            if len(line.expandtabs(8)) > COLUMNS and not line.startswith("#compdef ")
            and not (path.suffix == ".md" and line.startswith("|"))]


def uneven_rows(path):
    """The rows of its tables with more or fewer cells than the row above, each as the path and how
    it begins. What stands behind the last cell of a table is not shown."""
    above = None
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = len(CELL_END.findall(line)) if line.startswith("|") else None
        if cells and ((above or cells) != cells or not line.endswith("|")):
            yield f"{path.relative_to(TOP)}: {line[:COLUMNS]}"
        above = cells


@test("every source file says its licence and whose it is")
def _(t):
    found = sorted(sources())
    check(len(found) > 300, f"so few sources: {len(found)}")
    equal([str(path.relative_to(TOP)) for path in found if not has_lines(path)], [])


@test("no line is longer than 100 columns")
def _(_):
    pages = [path for place in PAGES for path in TOP.glob(place)]
    check(len(pages) > 5, f"so few pages: {len(pages)}")
    found = [path for path in sources() if path != CONTRACTS]
    equal([line for path in sorted([*found, *pages, *TOP.glob("doc/*.py")])
           for line in long_lines(path)], [])


@test("what a row of a table says stands in its cells")
def _(_):
    pages = sorted(path for place in PAGES for path in TOP.glob(place))
    equal([row for path in pages for row in uneven_rows(path)], [])
