# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The manual pages are well-formed, and say the same as --help."""
import os
import re

import suite
from copying import Copying
from expect import check, equal
from settings import BIN, TOP

test = suite.cases(Copying, once=True)

MAN = TOP / "man"


def page_of(t, program):
    """The manual page of a program as it is shown, without its line breaks."""
    page, = MAN.glob(f"{program}.[18]")
    shown = t.run("mandoc", "-Tascii", page).exits(0).told
    return re.sub(".\b", "", shown).replace("\n", "")


@test("the manual pages are clean under mandoc -Tlint")
def _(t):
    # In their own directory mandoc finds what they refer to.
    os.chdir(MAN)
    lint = t.run("mandoc", "-Tlint", *sorted(page.name for page in MAN.glob("*.[1358]")))
    equal(lint.told, "")
    # Pages that have just been installed are not in its index of this machine's pages yet.
    equal([line for line in lint.exits(0).said.splitlines()
           if not line.startswith("mandoc: outdated mandoc.db ")], [])


@test("every option in --help stands in the manual page")
def _(t):
    # A build that counts has its notes beside the programs.
    programs = [name for name in os.listdir(BIN) if os.access(BIN / name, os.X_OK)]
    check("qfile-agent" in programs, f"programs: {programs}")
    for program in programs:
        page = page_of(t, program)
        options = set(re.findall("--[a-z][a-z-]*", t.run(BIN / program, "--help").told))
        check(options, f"{program} --help names no option")
        for option in options:
            check(re.search(f"{option}(?![a-z-])", page),
                  f"the page of {program} does not know {option}")
