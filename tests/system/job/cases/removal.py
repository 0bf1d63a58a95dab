# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The packages are upgraded while a call runs, and removed."""
from daemon import staging, under_way
from guest import arrived, check, copy, equal, finish, run, systemctl
from install import packages
from listing import added_since

NAMES = ("qfilecopy", "pedos-rpc", "pedos-rpc-dom0", "libqfile1")


def version(name):
    return run("dpkg-query", "-W", "-f", "${Version}", name).exits(0).said


def test_upgrade():
    """an upgrade does not end a call that runs, and calls are served after it"""
    before, caller = version("pedos-rpc"), under_way()
    run("apt-get", "install", "-y", "-q", *packages("after")).exits(0)
    check(version("pedos-rpc") != before, "it is the same version")
    check(caller.poll() is None and staging(), "the call was ended")
    # the end of an empty delivery: the receiver answers that all is well
    caller.stdin.write(bytes(32))
    finish(caller).exits(0)
    copy("personal", "work", "after the upgrade").exits(0)
    arrived("personal", "work", "after the upgrade")


def test_remove():
    """removed: no daemon runs, and no socket is left"""
    run("apt-get", "remove", "-y", "-q", *NAMES).exits(0)
    equal(systemctl("list-units", "--all", "--plain", "--no-legend", "pedos-rpc*"), "")
    equal(run("find", "/run/pedos-rpcd").status, 1)


def test_purge():
    """purged: no file of ours is left, but what was delivered"""
    run("dpkg", "--purge", *NAMES).exits(0)
    left = [path for path in added_since("before") if "later" not in path
            and path != "/usr/local/bin/xdg-open" and not path.endswith("-")
            and "__pycache__" not in path]
    equal(left, [])
    equal(run("systemctl", "list-units", "--failed", "--plain", "--no-legend").said, "")
    arrived("personal", "work", "after the upgrade")
