# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""person.py RENAME FILE: somebody who edits FILE: in bursts of saves, with pauses in which the last
one can be sent. RENAME: 1 where every save goes to a new file that is renamed over the old one, 0
where every other is written in place."""
import os
import sys
import time

from versions import LAST, content

SAVES, PAUSE = LAST // 3, 0.6  # in a burst; seconds after it, more than what counts as quiet

always_rename, path = sys.argv[1] == "1", sys.argv[2]
for version in range(1, LAST + 1):
    target = f"{path}.new" if always_rename or version % 2 else path
    with open(target, "wb") as file:
        file.write(content(version))
    if target != path:
        os.rename(target, path)
    if version % SAVES == 0:
        time.sleep(PAUSE)
