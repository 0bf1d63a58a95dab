# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The daemon of dom0 under systemd, with a played xenstore, hypervisor and xl: what it may do, what
xl may do in a unit of its own, and what outlives which of them."""
import os
import pathlib
import shlex
import shutil
import signal
import sys
import threading

from guest import JOB, check, equal, journal, now, run, systemctl, unit, wait_until

sys.path.append(str(JOB / "played"))

DAEMON, SOCKET = "pedos-rpc-dom0.service", "pedos-rpc-xl.socket"
PLACE = JOB / "dom0"
POLICY = "Open * work @dispvm allow\nCopy * work vault ask\n"
# In place of a prompt, where the daemon is: what is said there is in the journal.
PROMPT = """#!/bin/sh
echo "prompt: networks $(ls /sys/class/net)" >&2
for place in /etc /usr /root /var/lib/xen /run /home; do
    { echo x >"$place/written"; } 2>/dev/null && echo "prompt: wrote to $place" >&2
done
mknod /tmp/node b 8 0 2>/dev/null && echo "prompt: made a device" >&2
setpriv --reuid=65534 true 2>/dev/null && echo "prompt: became another" >&2
unshare -m true 2>/dev/null && echo "prompt: has namespaces" >&2
exit 0
"""
# In front of what plays xl: it leaves a process, as a device model is one, and does what xl and its
# scripts do.
XL = """#!/bin/sh
cd {place}
if [ "$1" = create ]; then
    setsid sh -c 'echo $$ >model; exec sleep infinity' </dev/null >/dev/null 2>&1 &
    {{
        setpriv --reuid=65534 --clear-groups true && echo account
        unshare --mount --ipc true && echo namespaces
        mknod node b 7 99 && rm node && echo device
        chroot / true && echo chroot
        echo "network $(readlink /proc/self/ns/net)"
    }} >might 2>&1
else
    kill "$(cat model)"
fi
exec {played} "$@"
"""


def drop_in(name, *lines):
    directory = pathlib.Path(f"/etc/systemd/system/{name}.d")
    directory.mkdir()
    (directory / "played.conf").write_text("\n".join(lines) + "\n", "ascii")


def begin():
    """Returns the played Xen, in which the daemon runs."""
    import world
    PLACE.mkdir()
    played = world.World(PLACE)
    played.policy(POLICY)
    played.template()
    xl = PLACE / "bin/xl"
    real = xl.rename(PLACE / "bin/played-xl")
    xl.write_text(XL.format(place=shlex.quote(str(PLACE)), played=shlex.quote(str(real))), "ascii")
    xl.chmod(0o755)
    (PLACE / "prompt").write_text(PROMPT, "ascii")
    (PLACE / "prompt").chmod(0o755)
    environment = " ".join(f"{name}={value}" for name, value in played.environment().items()
                           if name in ("XENSTORED_PATH", "HYPERVISOR", "LD_PRELOAD", "PATH"))
    directory = f"--disposables={PLACE}/disposables"
    drop_in(DAEMON, "[Unit]", "ConditionPathExists=", "[Service]", f"Environment={environment}",
            "ExecStart=", "ExecStart=/usr/sbin/pedos-rpc-dom0 --foreground "
            f"--xl-socket=/run/pedos-rpc-xl --policy={PLACE}/policy.d {directory} "
            f"--prompt={PLACE}/prompt")
    drop_in("pedos-rpc-xl@.service", "[Service]", f"Environment={environment}", "ExecStart=",
            f"ExecStart=/usr/sbin/pedos-rpc-dom0 --serve-xl {directory}")
    systemctl("daemon-reload")
    systemctl("start", DAEMON)
    return played


def end(played):
    systemctl("stop", DAEMON)
    played.close()
    shutil.rmtree(PLACE)
    for name in DAEMON, "pedos-rpc-xl@.service":
        shutil.rmtree(f"/etc/systemd/system/{name}.d")
    systemctl("daemon-reload")
    systemctl("reset-failed")


def in_played_xen(case):
    def test():
        played = begin()
        try:
            case(played)
        finally:
            end(played)
    test.__doc__ = case.__doc__
    return test


def ask(played, name="a"):
    """A VM that a guest has asked for is ready. Returns its domid."""
    before = set(played.disposables())
    wait_until(lambda: any(path.endswith("/1/data/pedos-rpc/dom0")
                           for _, path, _ in played.store.watches), "the daemon")
    played.request(1, name, "@dispvm Open")
    wait_until(lambda: set(played.disposables()) - before, "a VM")
    domid, = set(played.disposables()) - before
    wait_until(lambda: (PLACE / "model").exists() and model_runs(), "its device model")
    played.get_ready(domid)
    played.wait_answer(1, name, "ready")
    return domid


def model():
    return int((PLACE / "model").read_text("ascii"))


def model_runs():
    try:
        return pathlib.Path(f"/proc/{model()}/comm").read_text("ascii") == "sleep\n"
    except (OSError, ValueError):
        return False


def cgroup(pid):
    return pathlib.Path(f"/proc/{pid}/cgroup").read_text("ascii")


@in_played_xen
def test_disposable(played):
    """xl runs in a unit of its own, with what it needs, and the daemon has nothing of that"""
    ask(played)
    check("pedos-rpc-xl@" in cgroup(model()), cgroup(model()))
    equal((PLACE / "might").read_text("ascii").splitlines(),
          ["account", "namespaces", "device", "chroot",
           f"network {os.readlink('/proc/self/ns/net')}"])
    played.withdraw(1, "a")
    wait_until(lambda: not played.disposables() and not model_runs(), "its end")
    equal(systemctl("list-units", "--failed", "--plain", "--no-legend"), "")


@in_played_xen
def test_prompt(played):
    """a prompt of the daemon has no network, writes no file, makes no device"""
    since = now()
    wait_until(lambda: any(path.endswith("/1/data/pedos-rpc/dom0")
                           for _, path, _ in played.store.watches), "the daemon")
    played.request(1, "q", "vault Copy")
    played.wait_answer(1, "q", "allowed")
    equal(wait_until(lambda: [line for line in journal("-u", DAEMON, since=since)
                              if line.startswith("prompt: ")], "what it said"),
          ["prompt: networks lo"])


@in_played_xen
def test_killed(played):
    """what xl left lives on when the daemon is killed, and the next daemon has xl destroy it"""
    ask(played)
    asked, go_on = threading.Event(), threading.Event()
    before = model()

    def destroy(arguments):
        asked.set()
        go_on.wait()
        return played.xl.destroy(arguments)

    (PLACE / "bin/xl").write_text(f"#!/bin/sh\nexec {PLACE}/bin/played-xl \"$@\"\n", "ascii")
    played.xl.on_destroy = destroy
    pid = int(unit(DAEMON, "MainPID"))
    os.kill(pid, signal.SIGKILL)
    played.withdraw(1, "a")  # the next daemon would make another VM for it
    wait_until(lambda: int(unit(DAEMON, "MainPID")) not in (0, pid), "another daemon")
    wait_until(asked.is_set, "xl destroy")
    check(model_runs() and model() == before, "the device model has gone")
    go_on.set()
    wait_until(lambda: not played.disposables(), "its end")
    os.kill(before, signal.SIGKILL)


@in_played_xen
def test_stopped(played):
    """stopped, the daemon has xl destroy its VMs first; then nothing of it is left"""
    ask(played)
    systemctl("stop", DAEMON)
    equal(unit(DAEMON, "Result"), "success")
    equal((played.disposables(), len(played.xl.named("destroy"))), ([], 1))
    check(not model_runs(), "the device model is there")
    equal(unit(SOCKET, "ActiveState"), "inactive")
    check(not os.path.exists("/run/pedos-rpc-xl"), "the socket is there")
    wait_until(lambda: run("systemctl", "list-units", "--plain", "--no-legend",
                           "pedos-rpc-xl@*").said == "", "the end of its units")
