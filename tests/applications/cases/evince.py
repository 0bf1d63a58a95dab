# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""evince: a note is added to a page, and saved into the file."""
import re

import scenarios
from application import Application


def made():
    """A PDF of one empty page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] >>"]
    text, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return (f"{text}xref\n0 4\n0000000000 65535 f \n{table}trailer\n<< /Size 4 /Root 1 0 R >>\n"
            f"startxref\n{len(text)}\n%%EOF\n").encode()


class Evince(Application):
    programs = {"evince": "evince"}
    file = "page.pdf"
    quit = ("ctrl+w",)
    desktop = "org.gnome.Evince"

    def content(self):
        return made()

    def edit(self, screen, texts):
        """A note on the page, the second one further down; its window is closed again."""
        number = self.ready(screen, self.file)
        screen.press("s")
        screen.click(number, 300, 150 * len(texts))
        screen.type(texts[-1])
        screen.press("Escape")

    def save_it(self, screen, path):
        """Under the name that it has, which is to be replaced."""
        screen.save_as(["ctrl+s"], "Save As", path)

    def holds(self, data, texts):
        """Whole, and with notes at as many places. One that was made again is there twice."""
        places = set(re.findall(rb"/Rect \[([^]]*)\] /Subtype /Text", data))
        return (data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
                and len(places) == len(texts))


APPLICATION = Evince()
TESTS = [*scenarios.USUAL, scenarios.is_found_by_xdg_open]
