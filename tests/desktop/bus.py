# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The message bus of a session, which starts no services of this machine but those that are named.
What others there do, and how long they take, is no part of a case."""
import os

import tree

CONFIGURATION = """<busconfig>
<type>session</type>
<listen>{address}</listen>
<auth>EXTERNAL</auth>
<servicedir>{services}</servicedir>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/>
<allow own="*"/>
</policy>
</busconfig>
"""


def message_bus(directory, address, *services):
    """The words of its command. `directory`: an empty one, for its files; `services`: the files of
    those that it may start."""
    for path in services:
        os.symlink(path, f"{directory}/{os.path.basename(path)}")
    path = f"{directory}/session.conf"
    tree.write(path, CONFIGURATION.format(address=address, services=directory))
    return ["dbus-daemon", f"--config-file={path}", "--nofork"]
