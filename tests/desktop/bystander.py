# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The rest of a desktop, played on a session's bus: what shows notices, and a file manager. Run as
a process of its own, in the environment of that session. What it is called for it writes to stdout,
a line of JSON each: {"call": "Notify", "values": [...]}. It reads what it is to do, a line each:

{"do": "choose", "id": 1, "action": "show"}: the user chooses what a notice offers.
{"do": "close"}: the user closes the last notice, or the one with the "id".
{"do": "be", "capabilities": [...], "manager": true}: what it can do from now on.
"""
import json
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib

NOTICES, NOTICES_PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
MANAGER, MANAGER_PATH = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1"
KNOWN = Gio.DBusNodeInfo.new_for_xml(f"""
<node>
  <interface name="{NOTICES}">
    <method name="GetCapabilities"><arg type="as" direction="out"/></method>
    <method name="Notify">
      <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
      <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
      <arg type="a{{sv}}" direction="in"/><arg type="i" direction="in"/>
      <arg type="u" direction="out"/>
    </method>
  </interface>
  <interface name="{MANAGER}">
    <method name="ShowItems">
      <arg type="as" direction="in"/><arg type="s" direction="in"/>
    </method>
    <method name="ShowFolders">
      <arg type="as" direction="in"/><arg type="s" direction="in"/>
    </method>
  </interface>
</node>""")


class Bystander:
    def __init__(self):
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.last, self.manager, self.capabilities = 0, True, ["actions", "body", "body-markup"]
        for interface, path in zip(KNOWN.interfaces, (NOTICES_PATH, MANAGER_PATH)):
            self.bus.register_object(path, interface, self.called, None, None)
        for name in NOTICES, MANAGER:
            Gio.bus_own_name_on_connection(self.bus, name, Gio.BusNameOwnerFlags.NONE, None, None)

    def called(self, _bus, _sender, _path, _interface, method, values, invocation):
        values = values.unpack()
        if method == "GetCapabilities":
            return invocation.return_value(GLib.Variant("(as)", (self.capabilities,)))
        print(json.dumps({"call": method, "values": values}), flush=True)
        if method == "Notify":
            self.last = values[1] or self.last + 1
            return invocation.return_value(GLib.Variant("(u)", (self.last,)))
        if not self.manager:
            return invocation.return_dbus_error("org.example.Failed", "it is broken")
        return invocation.return_value(None)

    def signal(self, name, types, *values):
        self.bus.emit_signal(None, NOTICES_PATH, NOTICES, name, GLib.Variant(types, values))

    def do(self, what):
        if what["do"] == "be":
            self.capabilities, self.manager = what["capabilities"], what["manager"]
        elif what["do"] == "close":
            self.signal("NotificationClosed", "(uu)", what.get("id", self.last), 2)
        else:
            self.signal("ActivationToken", "(us)", what["id"], "token-1")
            self.signal("ActionInvoked", "(us)", what["id"], what["action"])
        self.bus.flush_sync()
        print(json.dumps({"done": what["do"]}), flush=True)

    def read(self, stdin, _condition):
        line = stdin.readline()
        if not line:
            sys.exit(0)
        self.do(json.loads(line))
        return True


bystander = Bystander()
GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, bystander.read)
print(json.dumps({"done": "begin"}), flush=True)
GLib.MainLoop().run()
