# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""click.py NAME: click the entry of this name in a menu of GTK 4, which does not tell screen
readers that it is shown. Run as a process of its own, in the environment of a desktop. Exits with 0
when it has been clicked, with 1 when there is none."""
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib


def find(accessible, name):
    try:
        if accessible.get_role_name() == "menu item" and accessible.get_name() == name:
            return accessible
        children = [accessible.get_child_at_index(i) for i in range(accessible.get_child_count())]
    except GLib.Error:  # it has gone
        return None
    return next(filter(None, (find(child, name) for child in children if child)), None)


Atspi.init()
found = find(Atspi.get_desktop(0), sys.argv[1])
sys.exit(0 if found and Atspi.Action.do_action(found.get_action_iface(), 0) else 1)
