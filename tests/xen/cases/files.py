# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Files go from guest to guest."""
from common import INCOMING, await_that, equal, expect, nothing_left, picture

TREE = r"""
rm -rf tree && mkdir -p tree/sub/deeper/deepest tree/empty tree/sealed && cd tree
echo hello >plain && chmod 640 plain
: >nothing
head -c 3000000 /dev/urandom >random
echo '#!/bin/sh' >script && chmod 755 script
echo secret >sealed/note && chmod 400 sealed/note
echo deep >sub/deeper/deepest/'a name with spaces'
echo umlaut >sub/"$(printf 'Gr\303\274\303\237e')"
ln -s sub/deeper link
ln -s deeper/deepest sub/dirlink
ln -s nowhere dangling
touch -d '2001-02-03 04:05:06' plain sub/deeper
touch -d '1999-12-31 23:59:59' sub/deeper/deepest/*
chmod 500 sealed
"""


def test_tree(lab):
    """a tree arrives in another guest as it was, entry by entry."""
    lab.work.run(f"cd && {TREE}", user="user")
    lab.work.run("cd && qfile-agent --vm=personal tree", user="user")
    sent = picture(lab.work, "/home/user/tree")
    expect(sent.count("\n") > 20, f"the tree was not made: {sent}")
    equal("the tree", picture(lab.personal, f"{INCOMING}/work/tree"), sent)
    equal("entries that are not the user's", lab.personal.run(f"find {INCOMING}/work ! -user user"),
          "")
    nothing_left(lab)


def test_thirty(lab):
    """thirty calls at once, all open at the same time, each with its own answer."""
    script = ("{{ echo number {n}; sleep 1000 & echo $! >/tmp/sleeper-{n}; wait; }} | "
              "pedos-rpc personal test.hold")
    calls = [lab.work.start(script.format(n=n)) for n in range(30)]
    await_that(lab.personal, "[ $(ls /tmp/held-* 2>/dev/null | wc -l) = 30 ]",
               "30 services that run at once")
    lab.work.run("kill $(cat /tmp/sleeper-*); rm /tmp/sleeper-*")
    for n, call in enumerate(calls):
        equal(f"call {n}", call.wait(0), f"held\nnumber {n}\n")
    nothing_left(lab)


def test_thirty_files(lab):
    """thirty deliveries at once arrive, each whole."""
    lab.work.run("cd && mkdir thirty && for n in $(seq 30); "
                 "do head -c 300000 /dev/urandom >thirty/file-$n; done", user="user")
    # A caller gives up when nobody has come for half a minute, which a slow emulator may take for
    # so many, or when xenstore has no room for one more call; nothing was delivered then, and they
    # may try again.
    deliver = ("until qfile-agent --vm=personal file-$n 2>/tmp/said-$n; do "
               "grep -q -e 'does not answer' -e 'No space left' /tmp/said-$n || "
               "{ cat /tmp/said-$n >&2; touch /tmp/failed-$n; break; }; done")
    lab.work.run(f"cd ~/thirty && for n in $(seq 30); do {{ {deliver}; }} & done; wait; "
                 "! ls /tmp/failed-* 2>/dev/null", user="user")
    sent = lab.work.run("cd /home/user/thirty && cksum file-* | sort")
    expect(sent.count("\n") == 30, "30 files were not made")
    equal("the files", lab.personal.run(f"cd {INCOMING}/work && cksum file-* | sort"), sent)
    nothing_left(lab)


def test_both_directions(lab):
    """deliveries in both directions at once, and both directions of one call at once."""
    for guest in (lab.work, lab.personal):
        guest.run(f"cd && rm -rf {INCOMING}/*/file-* && "
                  f"head -c 20000000 /dev/urandom >of-{guest.name}", user="user")
    calls = [lab.work.start("cd && qfile-agent --vm=personal of-work", user="user"),
             lab.personal.start("cd && qfile-agent --vm=work of-personal", user="user"),
             lab.work.start("cd && pedos-rpc personal test.echo <of-work | cksum", user="user"),
             lab.personal.start("cd && pedos-rpc work test.echo <of-personal | cksum", user="user")]
    outputs = [call.wait(0) for call in calls]
    for source, target, echoed in ((lab.work, lab.personal, outputs[2]),
                                   (lab.personal, lab.work, outputs[3])):
        sent = source.run(f"cksum </home/user/of-{source.name}")
        equal(f"what {source.name} had echoed", echoed, sent)
        equal(f"what {source.name} sent",
              target.run(f"cksum <{INCOMING}/{source.name}/of-{source.name}"), sent)
    nothing_left(lab)
