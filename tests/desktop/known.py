# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The file managers that are known here. Run as a program, it names those that are tried."""
import os
import random


class Manager:
    """One with a module of ours in `modules`, a part of its directory below /usr/lib, or that reads
    files of ours in `folder`, of the kind that desktop/menus/entries.sh calls `kind`. `submenu`:
    where the entries are. `told`: it tells screen readers of its menus."""

    def __init__(self, *command, modules=None, folder=None, kind=None, submenu=None, told=True,
                 env=()):
        self.command, self.program = command, command[0]
        self.modules, self.folder, self.kind = modules, folder, kind
        self.submenu, self.told, self.environment = submenu, told, dict(env)


MANAGERS = [
    Manager("nautilus", "--new-window", modules="extensions-4", told=False),
    Manager("nemo", modules="extensions-3.0"),
    Manager("caja", "--no-desktop", "--browser", modules="extensions-2.0"),
    Manager("thunar", folder="Thunar/sendto", kind="thunar", submenu="Send To"),
    Manager("dolphin", "--new-window", folder="kio/servicemenus", kind="dolphin"),
    Manager("pcmanfm", "--no-desktop", folder="file-manager/actions", kind="libfm",
            env={"GTK_MODULES": "gail:atk-bridge"}),
    Manager("pcmanfm-qt", folder="file-manager/actions", kind="libfm"),
]


def sampled():
    """So many of them as SAMPLE in the environment says, chosen by SEED, or all."""
    if not (number := os.environ.get("SAMPLE")):
        return MANAGERS
    return random.Random(os.environ.get("SEED", "0")).sample(MANAGERS, int(number))


if __name__ == "__main__":
    print(*(manager.program for manager in sampled()))
