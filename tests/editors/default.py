# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The handler that there is without --handler: xdg-open, which asks the desktop's settings what
opens a file. Those of the machine do not count."""
import os
import shutil

from expect import check

# The name of no browser: what opens all that nothing else does.
NO_BROWSER = "qfile-no-browser"
# What type a file is of, by what the machine knows: some programs that xdg-open asks know nothing
# else.
TYPES = "/usr/share/mime"


def why_not():
    missing = [program for program in ("xdg-open", "file") if not shutil.which(program)]
    return f"needs {', '.join(missing)}" if missing else None


def desktop(opening, application=None):
    """A desktop that opens text with a shell script, or has no application at all. It has no screen
    either: a script needs none."""
    data, settings = opening.home / "data", opening.home / "settings"
    (data / "applications").mkdir(parents=True)
    settings.mkdir()
    if os.path.isdir(TYPES):
        (data / "mime").symlink_to(TYPES)
    if application:
        (data / "applications/scripted.desktop").write_text(
            "[Desktop Entry]\nType=Application\nName=Scripted\nMimeType=text/plain;\n"
            f"Exec={opening.script(application)} %f\n")
        (settings / "mimeapps.list").write_text(
            "[Default Applications]\ntext/plain=scripted.desktop\n")
    opening.environment.update(XDG_DATA_HOME=str(data), XDG_DATA_DIRS=str(data),
                               XDG_CONFIG_HOME=str(settings), XDG_CONFIG_DIRS=str(settings),
                               MAILCAPS=os.devnull, BROWSER=NO_BROWSER, DISPLAY=":none",
                               DBUS_SESSION_BUS_ADDRESS="disabled:")


def opens_with_the_application_for_the_type(opening):
    """It writes a temporary file, and renames it over the one that is there."""
    desktop(opening,
            """sed -i 's/^first/new/' "$1" && until [ -e "$HOME/enough" ]; do sleep 0.05; done""")
    opening.start()
    opening.comes_back("new line\nlast line\n")
    (opening.home / "enough").touch()
    opening.ends_with("new line\nlast line\n")


def fails_where_no_application_is_for_the_type(opening):
    desktop(opening)
    opening.start()
    told = [line for line in opening.ends_unchanged(status=1).splitlines()
            if line.startswith("qopen-in-vm: ")]
    check(any("no application" in line and '".txt"' in line for line in told), f"it told: {told}")


TESTS = [opens_with_the_application_for_the_type, fails_where_no_application_is_for_the_type]
