# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Command lines are completed, by bash, zsh and fish."""
import os
import re

import suite
import tree
from completing import Completing, programs
from expect import equal, missing
from settings import BIN
from settled import WithSettings

test = suite.cases(Completing, once=True)


class CompletingThere(WithSettings, Completing):
    """The shells run where the settings are."""


test_there = suite.cases(CompletingThere, once=True)

SHELLS = "bash", "zsh", "fish"

VMS = ["@default", "@dispvm", "@dispvm:office", "vault", "work", "work.2"]
# None of these is the name of a VM.
HOSTILE = ["$(touch bad)", "`touch bad`", "(touch bad)", "work;touch bad", "*", "w*", "--help",
           "a b", "\\$(touch bad)", "'", '"', "work\x1b[31m", "wörk", "w" * 64, "@evil", "-x",
           "@dispvm:", "@dispvm:1", "@dispvm:$(touch bad)", "@dispvmx"]
FILES = ["$(touch bad)", "a b", "directory", "it's", "plain"]
SERVICES = ["PedOS.Filecopy", "PedOS.OpenInVM"]

EXPECTED = {
    "qfile-agent --vm=": VMS,
    "qfile-agent --vm ": VMS,
    "qfile-agent --vm=wo": ["work", "work.2"],
    "qfile-agent --vm v": ["vault"],
    "qfile-agent --vm=work ": FILES,
    "qfile-agent --vm=work plain ": FILES,
    "qfile-agent --progress=": ["auto", "json", "none", "tty"],
    "qfile-agent --service=": SERVICES,
    "qopen-in-vm ": VMS,
    "qopen-in-vm w": ["work", "work.2"],
    "qopen-in-vm work ": FILES,
    "qopen-in-vm --view-only work pl": ["plain"],
    "qopen-in-vm --vm=work ": FILES,
    "qfile-unpacker --on-conflict=": ["fail", "rename"],
    "qfile-unpacker root d": ["directory"],
    "pedos-rpc v": ["vault"],
    "pedos-rpc work P": SERVICES,
    "pedos-rpc --list PedOS.F": ["PedOS.Filecopy"],
    "pedos-rpcd --transport=": ["unix", "xen"],
    "pedos-rpcd --policy=": ["directory"],
}
ASKED = {"--list PedOS.Filecopy", "--list PedOS.OpenInVM", "--list"}


def make_files(t):
    tree.write(t.vms, "".join(f"{name}\n" for name in ["work", "vault", "@dispvm",
                                                        *HOSTILE, "@dispvm:office", "work.2"]))
    for name in FILES:
        if name == "directory":
            os.mkdir(name)
        else:
            tree.write(name)


for shell in SHELLS:
    @test(f"{shell} offers VMs, files, services and words; what is no VM's name is not offered, "
          "and nothing is run or expanded")
    def _(t, shell=shell):
        make_files(t)
        got = dict(zip(EXPECTED, t.completed(shell, EXPECTED)))
        equal({line: got[line] for line in EXPECTED if got[line] != EXPECTED[line]},
              {line: EXPECTED[line] for line in EXPECTED if got[line] != EXPECTED[line]})
        equal(set(tree.read(t.asked).split("\n")[:-1]), ASKED)
        missing("bad")

    @test(f"{shell} offers every option of each program's --help, and no others")
    def _(t, shell=shell):
        make_files(t)
        for program, got in zip(programs(), t.completed(shell, [f"{name} -" for name in
                                                                programs()])):
            told = t.run(BIN / program, "--help").exits(0).told
            heads = re.findall(r"^ +(-.*?)(?:  |$)", told, re.MULTILINE)
            options = {option for head in heads for option in re.findall(r"--?\w[a-z-]*", head)}
            equal((program, got), (program, sorted(options)))


@test("where pedos-rpc names no VM, or fails, no shell offers one or complains")
def _(t):
    tree.write(t.vms)
    os.unlink(f"{t.top}/bin/qrexec-client-vm")
    for each in SHELLS:
        equal(t.completed(each, ["qfile-agent --vm=", "qopen-in-vm w"]), [[], []])
    tree.script(f"{t.top}/bin/pedos-rpc", "#!/bin/sh\necho nobody serves any VM >&2\nexit 125\n")
    for each in SHELLS:
        equal(t.completed(each, ["qfile-agent --vm=", "qopen-in-vm w"]), [[], []])


@test_there("the services that are set are offered, and asked for; what is no name is not run")
def _(t):
    tree.write(t.vms, "work\n")
    os.unlink(f"{t.top}/bin/qrexec-client-vm")
    t.set("# copy-service=no", "copy-service=no", " copy-service\t= qubes.Filecopy \r",
          "open-service = $(touch bad)", "open-services=no")
    t.through = t.settled()
    services = ["PedOS.OpenInVM", "qubes.Filecopy"]
    for each in SHELLS:
        equal((each, *t.completed(each, ["qfile-agent --vm=", "qopen-in-vm w",
                                         "qfile-agent --service=", "pedos-rpc work "])),
              (each, ["work"], ["work"], services, services))
    equal(set(tree.read(t.asked).split("\n")[:-1]),
          {"--list qubes.Filecopy", "--list PedOS.OpenInVM"})
    missing("bad")
