# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a screen reader knows of a desktop: run as a process of its own, in the environment of that
desktop. It reads a request a line, JSON, and answers each with a line of JSON.

{"do": "look"}: all that is shown, as nested nodes: role, name, description, text, states, actions,
box (left, top, width, height), children, and `path`, by which the other requests name a node.
{"do": "act", "path": [0, 0, 1], "action": "click"}: what can be done with it; null where it cannot.
{"do": "focus", "path": ...}: gives it the keys.
"""
import json
import sys
import warnings

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

# Newer versions have other names for some functions.
warnings.simplefilter("ignore", DeprecationWarning)

# Of so many children at most each node tells: a list may have thousands of rows.
MOST = 80
LONGEST = 40000  # characters of a text


def text_of(accessible):
    if not (text := accessible.get_text_iface()):
        return ""
    return Atspi.Text.get_text(text, 0, min(Atspi.Text.get_character_count(text), LONGEST))


def actions_of(accessible):
    if not (acts := accessible.get_action_iface()):
        return []
    return [Atspi.Action.get_action_name(acts, i) for i in range(acts.get_n_actions())]


def box_of(accessible):
    if not (component := accessible.get_component_iface()):
        return None
    box = Atspi.Component.get_extents(component, Atspi.CoordType.SCREEN)
    return [box.x, box.y, box.width, box.height]


def states_of(accessible):
    return [state.value_nick for state in accessible.get_state_set().get_states()]


def node_of(accessible, path):
    """None for what is not shown, or has gone while it was looked at."""
    try:
        states = states_of(accessible)
        role = accessible.get_role_name()
        if role not in ("application", "desktop frame") and "showing" not in states:
            return None
        count = accessible.get_child_count()
        node = {"path": path, "role": role, "name": accessible.get_name(), "states": states,
                "description": accessible.get_description(), "text": text_of(accessible),
                "actions": actions_of(accessible), "box": box_of(accessible)}
    except GLib.Error:
        return None
    node["children"] = children_of(accessible, path, min(count, MOST))
    return node


def children_of(accessible, path, count):
    found = []
    for i in range(count):
        try:
            child = accessible.get_child_at_index(i)
        except GLib.Error:
            continue
        if child and (node := node_of(child, [*path, i])):
            found.append(node)
    return found


def at(desktop, path):
    accessible = desktop
    for index in path:
        accessible = accessible and accessible.get_child_at_index(index)
    return accessible


def act(accessible, action):
    names = actions_of(accessible) if accessible else []
    if action not in names:
        return None
    return Atspi.Action.do_action(accessible.get_action_iface(), names.index(action))


def answer(desktop, request):
    try:
        if request["do"] == "look":
            desktop.clear_cache()  # of all below it: what is asked for is what is there now
            return node_of(desktop, [])
        accessible = at(desktop, request["path"])
        if request["do"] == "focus":
            return Atspi.Component.grab_focus(accessible.get_component_iface())
        return act(accessible, request["action"])
    except GLib.Error as error:
        return {"error": str(error)}


def main():
    Atspi.init()
    desktop = Atspi.get_desktop(0)
    for line in sys.stdin:
        while GLib.MainContext.default().iteration(False):
            pass
        print(json.dumps(answer(desktop, json.loads(line))), flush=True)


main()
