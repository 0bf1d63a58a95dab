# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""kate: the second one hands its file over to the first, by the session bus."""
import re

import scenarios
from application import Application


class Kate(Application):
    programs = {"kate": "kate"}
    large = True
    desktop = "org.kde.kate"

    def unsaved(self, name):
        return rf"{re.escape(name)} \* "


APPLICATION = Kate()
TESTS = [*scenarios.TEXT_EDITOR, *scenarios.ONE_FOR_ALL]
