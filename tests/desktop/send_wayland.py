# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send under a Wayland compositor, where there is no X server."""
import os
import re

import suite
import tree
from expect import equal
from sending import Sending, plain

test = suite.cases(Sending, once=True)


@test("under Wayland: the question, the progress, cancelling, and a notice")
def _(t):
    t.open_wayland()
    t.show_notices()
    t.serve(wrap="sh -c 'exec sleep 99999'")
    tree.sparse("large", 4 << 30)
    send = t.send("large")
    t.sees("To which VM should “large” be copied?", by=[send])
    t.sees("work", "table cell", by=[send])
    t.click("Copy")
    t.sees(re.compile("of 4.3.GB"), "label", by=[send])
    t.click("Cancel")
    send.wait().exits(1)
    equal(os.listdir(t.incoming), [])
    t.service("PedOS.Filecopy", f"exec {t.via()}")
    t.send("--to=work", "report.txt").wait().exits(0)
    equal([plain(each["summary"]) for each in t.notices()], ["“report.txt” was copied to work"])
