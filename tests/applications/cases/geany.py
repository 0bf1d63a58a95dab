# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""geany: the second one hands its file over to the first, through a socket of its own."""
import scenarios
from application import Application


class Geany(Application):
    programs = {"geany": "geany"}
    starred = True


APPLICATION = Geany()
TESTS = [*scenarios.TEXT_EDITOR, *scenarios.ONE_FOR_ALL, scenarios.is_found_by_xdg_open,
         scenarios.is_found_running_by_xdg_open]
