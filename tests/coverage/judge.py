#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Judge what gcovr counted: `judge.py coverage.json`. Ends with "N passed, N failed"."""
import json
import sys

LINES = 95.0  # percent, of the library and what it uses of text/
# The parsers of what a stranger sends: every line, every branch but those that the source itself
# says cannot be taken (GCOVR_EXCL_BR).
PARSERS = ("text/character.c", "text/character.h", "text/printable.c", "text/vmname.c",
           "lib/format/wire.c", "lib/open/editwire.c", "lib/format/name.c", "lib/format/tagname.c",
           "lib/receive/child/unpack.c", "lib/receive/child/piece.c")


def share(reached, all_of_them):
    return 100 * reached / all_of_them if all_of_them else 100.0


def main():
    files = {file["file"]: [line for line in file["lines"] if not line["gcovr/noncode"]]
             for file in json.load(open(sys.argv[1]))["files"]}
    lines = [line for file in files.values() for line in file]
    checks = [(f"lib and text: at least {LINES} % of the lines",
               share(sum(line["count"] > 0 for line in lines), len(lines)) >= LINES, [])]
    for parser in PARSERS:
        missed = [f"line {line['line_number']}" for line in files[parser] if line["count"] == 0]
        missed += [f"branch in line {line['line_number']}" for line in files[parser]
                   for branch in line["branches"] if branch["count"] == 0]
        checks.append((f"{parser}: all lines and branches", not missed, missed))
    branches = [branch for line in lines for branch in line["branches"]]
    print(f"lib and text: {share(sum(line['count'] > 0 for line in lines), len(lines)):.1f} % of "
          f"{len(lines)} lines, "
          f"{share(sum(branch['count'] > 0 for branch in branches), len(branches)):.1f} % of "
          f"{len(branches)} branches")
    for name, passed, missed in checks:
        print(f"{'ok' if passed else 'not ok'} - {name}", *missed, sep="\n    ")
    failed = sum(not passed for _, passed, _ in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
