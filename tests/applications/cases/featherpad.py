# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""FeatherPad: the second one hands its file over to the first, by the session bus."""
import scenarios
from application import Application


class FeatherPad(Application):
    programs = {"featherpad": "featherpad"}
    starred = True
    close = ("ctrl+shift+q",)


APPLICATION = FeatherPad()
TESTS = [*scenarios.TEXT_EDITOR, *scenarios.ONE_FOR_ALL]
