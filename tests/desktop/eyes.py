# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a screen reader knows of a desktop: run as a process of its own, in the environment of that
desktop. It reads a request a line, JSON, and answers each with a line of JSON.

{"do": "look"}: all that is shown, as nested nodes: role, name, description, text, states, actions,
box (left, top, width, height), children, and `path`, by which the other requests name a node.
{"do": "act", "path": ["bus name", "object path"], "action": "click"}: what can be done with it;
null where it cannot.
{"do": "focus", "path": ...}: gives it the keys.

It speaks AT-SPI over D-Bus itself: a library would answer from what it knew before.
"""
import json
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib

# Of so many children at most each node tells: a list may have thousands of rows.
MOST = 80
LONGEST = 40000  # characters of a text
PATIENCE = 20000  # milliseconds, for a program that is busy
ROOT = ["org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root"]
INTERFACE = "org.a11y.atspi."
# By their numbers in org.a11y.atspi.Accessible.GetState.
STATES = {1: "active", 4: "checked", 8: "enabled", 9: "expandable", 10: "expanded", 11: "focusable",
          12: "focused", 16: "modal", 23: "selected", 24: "sensitive", 25: "showing",
          30: "visible"}


def connect():
    """To the bus of accessibility."""
    session = Gio.bus_get_sync(Gio.BusType.SESSION)
    address, = session.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress",
                                 None, None, Gio.DBusCallFlags.NONE, PATIENCE, None).unpack()
    return Gio.DBusConnection.new_for_address_sync(
        address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
        | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)


class Eyes:
    def __init__(self):
        self.bus = connect()

    def call(self, node, interface, method, given=None):
        answer = self.bus.call_sync(*node, INTERFACE + interface, method, given, None,
                                    Gio.DBusCallFlags.NONE, PATIENCE, None).unpack()
        return answer[0] if len(answer) == 1 else answer

    def value(self, node, interface, name):
        return self.bus.call_sync(*node, "org.freedesktop.DBus.Properties", "Get",
                                  GLib.Variant("(ss)", (INTERFACE + interface, name)), None,
                                  Gio.DBusCallFlags.NONE, PATIENCE, None).unpack()[0]

    def states_of(self, node):
        low, high = self.call(node, "Accessible", "GetState")
        return [name for number, name in STATES.items() if (low | high << 32) >> number & 1]

    def text_of(self, node):
        count = min(self.value(node, "Text", "CharacterCount"), LONGEST)
        return self.call(node, "Text", "GetText", GLib.Variant("(ii)", (0, count)))

    def actions_of(self, node):
        count = self.value(node, "Action", "NActions")
        return [self.call(node, "Action", "GetName", GLib.Variant("(i)", (number,)))
                for number in range(count)]

    def told(self, node):
        """All but the children; None for what is not shown."""
        states = self.states_of(node)
        role = self.call(node, "Accessible", "GetRoleName")
        if role not in ("application", "desktop frame") and "showing" not in states:
            return None
        has = self.call(node, "Accessible", "GetInterfaces")
        return {
            "path": node, "role": role, "states": states,
            "name": self.value(node, "Accessible", "Name"),
            "description": self.value(node, "Accessible", "Description"),
            "text": self.text_of(node) if INTERFACE + "Text" in has else "",
            "actions": self.actions_of(node) if INTERFACE + "Action" in has else [],
            "box": (self.call(node, "Component", "GetExtents", GLib.Variant("(u)", (0,)))
                    if INTERFACE + "Component" in has else None),
        }

    def look(self, node):
        """A node and all below it; None where it is not shown, or has gone meanwhile."""
        try:
            found = self.told(node)
            children = self.call(node, "Accessible", "GetChildren") if found else []
        except GLib.Error:
            return None
        if found:
            below = (self.look(list(child)) for child in children[:MOST])
            found["children"] = [child for child in below if child]
        return found

    def act(self, node, action):
        names = self.actions_of(node)
        if action not in names:
            return None
        return self.call(node, "Action", "DoAction", GLib.Variant("(i)", (names.index(action),)))

    def answer(self, request):
        if request["do"] == "look":
            return self.look(ROOT)
        try:
            if request["do"] == "focus":
                return self.call(request["path"], "Component", "GrabFocus")
            return self.act(request["path"], request["action"])
        except GLib.Error:  # it has gone
            return None


def main():
    eyes = Eyes()
    for line in sys.stdin:
        print(json.dumps(eyes.answer(json.loads(line))), flush=True)


main()
