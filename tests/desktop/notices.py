# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Shows the notices of a desktop to a case: writes each as a line of JSON to stdout, with its
title, summary, body, actions, icon and number. Run as a process of its own, on that desktop.

notices.py [CAPABILITY...]: what it says that it can do. A line on stdin, "ACTION", is an action of
the last notice that the user chooses.
"""
import json
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
INTERFACE = """<node><interface name="org.freedesktop.Notifications">
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
<arg type="as" direction="in"/><arg type="a{sv}" direction="in"/><arg type="i" direction="in"/>
<arg type="u" direction="out"/></method>
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="CloseNotification"><arg type="u" direction="in"/></method>
<method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/>
<arg type="s" direction="out"/><arg type="s" direction="out"/></method>
<signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
<signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
</interface></node>"""


class Server:
    def __init__(self, capabilities):
        self.capabilities, self.last = capabilities, 0
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        interface = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
        self.bus.register_object(PATH, interface, self.called, None, None)
        Gio.bus_own_name_on_connection(self.bus, NAME, Gio.BusNameOwnerFlags.NONE,
                                       lambda *_: print("{}", flush=True), None)
        GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, self.chosen)

    def called(self, _bus, _sender, _path, _interface, method, given, call):
        answers = {
            "Notify": lambda: GLib.Variant("(u)", (self.notify(*given.unpack()),)),
            "GetCapabilities": lambda: GLib.Variant("(as)", (self.capabilities,)),
            "GetServerInformation": lambda: GLib.Variant("(ssss)", ("case", "test", "1", "1.2")),
        }
        call.return_value(answers[method]() if method in answers else None)

    def notify(self, title, replaces, icon, summary, body, actions, _hints, _timeout):
        self.last = replaces or self.last + 1
        print(json.dumps({"title": title, "icon": icon, "summary": summary, "body": body,
                          "actions": actions, "number": self.last}), flush=True)
        return self.last

    def chosen(self, _fd, condition):
        line = sys.stdin.readline().strip() if condition & GLib.IO_IN else ""
        if line:
            self.bus.emit_signal(None, PATH, NAME, "ActionInvoked",
                                 GLib.Variant("(us)", (self.last, line)))
        return bool(line)


server = Server(sys.argv[1:])
GLib.MainLoop().run()
