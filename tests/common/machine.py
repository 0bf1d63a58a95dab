# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What this machine and this user can do. What a case needs and cannot have here skips it."""
import functools
import os
import pty
import shutil
import subprocess

from tap import Skip

def am_root():
    return os.geteuid() == 0


def need_root():
    if not am_root():
        raise Skip("needs root")


def need(program):
    """Returns its path."""
    if not (path := shutil.which(program)):
        raise Skip(f"needs {program}")
    return path


# Root where mounts can be made: as a plain user, in a user namespace.
IN_NAMESPACE = ["unshare", "-m"] if am_root() else ["unshare", "-Urm"]


def works(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


@functools.cache
def has_mount_namespaces():
    return works(*IN_NAMESPACE, "true")


@functools.cache
def has_user_namespaces(uid):
    """Has that user, whether it is this one or somebody else?"""
    if am_root() and uid != 0:
        return works("setpriv", f"--reuid={uid}", "--clear-groups", "unshare", "-U", "true")
    return works("unshare", "-U", "true")


def need_mount_namespaces():
    if not has_mount_namespaces():
        raise Skip("no mount namespaces for this user")


# Who makes sandboxes where root runs the tests: root gets none.
PLAIN_USER = 65534


def as_plain_user():
    """The words before a command that root has a plain account run; nothing for others. What
    they start with is found whatever is in PATH then."""
    if am_root():
        return [need("setpriv"), f"--reuid={PLAIN_USER}", f"--regid={PLAIN_USER}", "--clear-groups"]
    return []


@functools.cache
def why_no_sandboxes():
    """None, where as_plain_user() can make what pedos-rpc-sandbox does."""
    if not (bubblewrap := shutil.which("bwrap")):
        return "needs bubblewrap"
    tried = subprocess.run([*as_plain_user(), bubblewrap, "--unshare-user", "--unshare-pid",
                            "--disable-userns", "--ro-bind", "/", "/", "--proc", "/proc", "true"],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"no sandboxes here: {tried.stderr.strip()}"


def need_sandboxes():
    if reason := why_no_sandboxes():
        raise Skip(reason)


@functools.cache
def can_receive():
    return am_root() or works("unshare", "-Urm", "true")


NO_RECEIVER = ("a plain user can make no user namespaces here, as in a chroot, and so cannot "
               "receive")


def need_receiver():
    """A plain user can receive only in a user namespace of its own: without these nothing arrives
    anywhere."""
    if not can_receive():
        raise Skip(NO_RECEIVER)


@functools.cache
def why_no_terminal():
    """None, where terminals can be had."""
    try:
        for fd in pty.openpty():
            os.close(fd)
    except OSError as error:
        return f"no terminals here: {error}"
    return None


def need_terminal():
    if reason := why_no_terminal():
        raise Skip(reason)
