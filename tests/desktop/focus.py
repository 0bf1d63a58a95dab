# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a screen reader says while somebody moves through a menu by keys: run as a process of its
own, in the environment of a desktop. It writes a line of JSON for each thing that gets the keys, or
is selected: {"role": "menu item", "name": "Copy"}."""
import json

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

EVENTS = "object:state-changed:focused", "object:state-changed:selected", "focus:"


def heard(event):
    if event.detail1 or event.type.startswith("focus"):
        try:
            print(json.dumps({"role": event.source.get_role_name(),
                              "name": event.source.get_name()}), flush=True)
        except GLib.Error:  # it has gone
            pass


Atspi.init()
listener = Atspi.EventListener.new(heard)
for each in EVENTS:
    listener.register(each)
print(json.dumps({"role": "listener", "name": ""}), flush=True)
Atspi.event_main()
