# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""LibreOffice Calc."""
import scenarios
from cases.libreoffice_writer import Writer, document


class Calc(Writer):
    programs = {"libreoffice-calc": "localc", "libreoffice-gtk3": "soffice"}
    file = "table.ods"
    made = document("spreadsheet")
    desktop = "libreoffice-calc"

    def edit(self, screen, texts):
        """A cell at the top; the second time the one below."""
        screen.press("Escape", "ctrl+Home", *["Down"] * (len(texts) - 1))
        screen.type(texts[-1])
        screen.press("Return")


APPLICATION = Calc()
TESTS = [*scenarios.USUAL, scenarios.is_found_running_by_xdg_open]
