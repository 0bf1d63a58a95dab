# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What `make bench` measures of many deliveries at the same time, through one pedos-rpcd: how long
all of them take against one after another, and how much memory a call takes."""
import contextlib
import os
import pwd
import re
import statistics
import subprocess
import sys
import time

from built import remove

CALLS = 16
LOOK = 0.02  # seconds between two looks at the memory


def accounts():
    """Accounts of this machine, besides root's: a daemon of root serves any of them."""
    found = sorted(each.pw_name for each in pwd.getpwall()
                   if each.pw_uid != 0 and re.fullmatch("[A-Za-z][A-Za-z0-9_.-]*", each.pw_name))
    return found[:CALLS] if os.getuid() == 0 and len(found) >= CALLS else []


def make_target(path, account):
    os.mkdir(path)
    if account:
        os.chown(path, pwd.getpwnam(account).pw_uid, -1)


def start(call, vm, name, scratch):
    return subprocess.Popen([*call, vm, "PedOS.Filecopy", *name], cwd=scratch,
                            stdin=subprocess.DEVNULL)


def children(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]
    return []


def memory_below(pid):
    """KiB of memory of what this process has started, shared pages divided among their users."""
    total, below = 0, children(pid)
    while below:
        pid = below.pop()
        below += children(pid)
        with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return total


def at_once(daemon, programs):
    """Wait for all. Returns the most memory that was seen of their calls, in KiB."""
    most = 0
    while any([program.poll() is None for program in programs]):
        most = max(most, memory_below(daemon))
        time.sleep(LOOK)
    return most


def wait(programs):
    if any([program.wait() for program in programs]):
        sys.exit("a delivery of many has failed")


def compare(title, rounds, scratch, daemon, call, vms, name):
    """`vms`: (the domain, its target's path, the account that owns it or None), one for each."""
    after, together = [], []
    for _ in range(rounds + 1):  # the first warms up and is not counted
        for many in (False, True):
            targets = {path: account for _, path, account in vms}
            for path, account in targets.items():
                make_target(path, account)
            begin = time.monotonic()
            if many:
                programs = [start(call, vm, name(number), scratch)
                            for number, (vm, _, _) in enumerate(vms)]
                wait(programs)
                together.append(time.monotonic() - begin)
            else:
                for number, (vm, _, _) in enumerate(vms):
                    wait([start(call, vm, name(number), scratch)])
                after.append(time.monotonic() - begin)
            remove(*targets)
    # Looking takes time: it has a round of its own.
    for path, account in {path: account for _, path, account in vms}.items():
        make_target(path, account)
    programs = [start(call, vm, name(number), scratch) for number, (vm, _, _) in enumerate(vms)]
    memory = at_once(daemon, programs)
    wait(programs)
    remove(*{path for _, path, _ in vms})
    after, together = after[1:], together[1:]
    ratio = statistics.median(a / b for a, b in zip(together, after))
    print(f"| {title:38} | {statistics.median(after):6.2f} s | {statistics.median(together):6.2f} s"
          f" | {ratio:5.2f}{' misses 1.0' if ratio > 1 else ''}"
          f" | {memory / 1024 / len(vms):8.2f} MiB |")
    sys.stdout.flush()


def measure(rounds, scratch, service, rpc, trees):
    """`service(domains, target)` runs a daemon, whose services deliver to the directory that the
    words `target` of a shell name; its value is (pid, directory of sockets). `trees`: (what each
    delivery is, the name of a copy of it by its number, how to make all of them)."""
    os.mkdir(f"{scratch}/targets")
    os.chmod(scratch, 0o711)
    os.chmod(f"{scratch}/targets", 0o755)
    print(f"\n{CALLS} deliveries at the same time, through pedos-rpcd ({rounds} rounds)\n")
    print(f"| {'each of them':38} | {'in turn':>8} | {'together':>8} | ratio | memory a call |")
    print(f"|{'-' * 40}|{'-' * 9}:|{'-' * 9}:|{'-' * 6}:|{'-' * 14}:|")
    for what, name, make in trees:
        make()
        for into in ("one account", f"{CALLS} accounts"):
            names = accounts() if into != "one account" else ["work"]
            if not names:
                print(f"| {f'{what}, into {into}':38} | skipped: only root can, with so many |")
                continue
            target = f"{scratch}/targets/$(id -un)"
            owner = pwd.getpwuid(os.getuid()).pw_name
            vms = [(names[number % len(names)],
                    f"{scratch}/targets/{names[number] if len(names) > 1 else owner}",
                    names[number] if len(names) > 1 else None) for number in range(CALLS)]
            with service(names, target, len(names) > 1) as (daemon, sockets):
                call = [rpc, f"--sockets={sockets}", "--as=home"]
                compare(f"{what}, into {into}", rounds, scratch, daemon, call, vms,
                        lambda number, name=name: name(number))
    remove(f"{scratch}/targets")
