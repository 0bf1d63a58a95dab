# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""mousepad: one process has all documents, and watches their files."""
import scenarios
from application import Application


class Mousepad(Application):
    programs = {"mousepad": "mousepad"}
    starred = True
    desktop = "org.xfce.mousepad"


APPLICATION = Mousepad()
TESTS = [*scenarios.TEXT_EDITOR, *scenarios.ONE_FOR_ALL, scenarios.is_found_by_xdg_open,
         scenarios.is_found_by_xdg_open_without_a_session_bus,
         scenarios.takes_a_minute_after_xdg_open]
