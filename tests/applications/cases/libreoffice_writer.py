# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""LibreOffice Writer, which is also the base of Calc here: what is started first goes on as
another process than the handler, and lock files lie beside the document."""
import io
import re
import zipfile

import scenarios
from application import Application

KINDS = {"text": "<text:p>first line</text:p>",
         "spreadsheet": '<table:table table:name="sheet"><table:table-row><table:table-cell '
                        'office:value-type="string"><text:p>first line</text:p>'
                        '</table:table-cell></table:table-row></table:table>'}
NAMESPACES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
                      for name in ("office", "text", "table", "manifest"))


def document(kind):
    """A small one, of the parts that it must have."""
    mime = f"application/vnd.oasis.opendocument.{kind}"
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as parts:
        parts.writestr("mimetype", mime)
        parts.writestr("content.xml", '<?xml version="1.0" encoding="UTF-8"?>'
                       f'<office:document-content {NAMESPACES} office:version="1.2"><office:body>'
                       f"<office:{kind}>{KINDS[kind]}</office:{kind}></office:body>"
                       "</office:document-content>")
        entries = "".join(
            f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{of}"/>'
            for path, of in (("/", mime), ("content.xml", "text/xml")))
        parts.writestr("META-INF/manifest.xml", '<?xml version="1.0" encoding="UTF-8"?>'
                       f'<manifest:manifest {NAMESPACES} manifest:version="1.2">{entries}'
                       "</manifest:manifest>")
    return written.getvalue()


class Writer(Application):
    programs = {"libreoffice-writer": "lowriter", "libreoffice-gtk3": "soffice"}
    large = True
    keeps_open = True
    file = "letter.odt"
    other = "other.odt"
    desktop = "libreoffice-writer"
    made = document("text")

    def content(self):
        return self.made

    def command(self):
        return "soffice --norestore --nologo"

    def holds(self, data, texts):
        """A whole archive, whose document has these texts, which may begin with a capital
        letter then."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as parts:
                whole = parts.testzip() is None
                content = re.sub("<[^>]*>", " ", parts.read("content.xml").decode().lower())
        except (zipfile.BadZipFile, KeyError, EOFError):
            return False
        return whole and all(text.strip() in content for text in texts)

    def save_as(self, screen, path):
        screen.save_as(["ctrl+shift+s"], "Save", path)

    def holds_beside(self, data):
        return self.holds(data, ["one "])


APPLICATION = Writer()

TESTS = [*scenarios.USUAL, scenarios.saves_beside, scenarios.needs_no_session_bus,
         *scenarios.ONE_FOR_ALL, scenarios.takes_a_minute_after_xdg_open]
