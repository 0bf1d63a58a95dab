# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A machine that boots the system of image.py in QEMU, and one job in it.

    lab = Lab(system, logs)
    for line in lab.run(job):       what the job writes, line by line, while it runs
        ...
    lab.status                      its exit status; None if the machine ended without it
    lab.out                         the directory with what it left in $OUT, and the journal

A job is a directory with an executable file "run"; guest/lab-job says what it finds. Nothing of the
system's disk is kept. The kernel's and systemd's output is in LOGS/console, that of the job in
LOGS/output.
"""
import os
import shutil
import subprocess
import threading

import image

# Best under emulation: a second processor costs more than it gains.
PROCESSORS, MEMORY = 1, 512
# Seconds. A machine that runs for so long hangs.
WATCHDOG = 3600
RESULT = 64 << 20
KERNEL = ("console=ttyS0 root=/dev/nvme0n1 rootwait rw quiet panic=-1 mitigations=off audit=0 "
          "systemd.show_status=0")


def nvme(name, path, *options):
    """A disk: /dev/nvme0n1, /dev/nvme1n1 and so on, in this order."""
    settings = ",".join((f"if=none,id={name},format=raw,file={path}", *options))
    return ["-drive", settings, "-device", f"nvme,serial={name},drive={name}"]


def recorded(name, path, log):
    """A disk of which QEMU records every write, flush and discard in the file `log`: /dev/vda and
    so on. This kind has no FUA, which would not be in the record: the kernel flushes after such a
    write."""
    opened = (f"driver=blklogwrites,node-name={name},discard=unmap,"
              f"file.driver=file,file.filename={path},file.discard=unmap,"
              f"log.driver=file,log.filename={log}")
    return ["-blockdev", opened, "-device", f"virtio-blk-pci,drive={name},write-cache=on"]


class Lab:
    def __init__(self, system, logs):
        self.system, self.logs, self.out = system, logs, f"{logs}/out"
        self.status, self.qemu = None, None
        shutil.rmtree(logs, ignore_errors=True)
        os.makedirs(self.out)

    def command(self, disks):
        """Ends with us, however we end."""
        return ["setpriv", "--pdeathsig", "KILL", image.QEMU, "-accel", "tcg,tb-size=256",
                "-cpu", "max", "-smp", str(PROCESSORS), "-m", str(MEMORY), "-nodefaults",
                "-display", "none", "-kernel", self.system.vmlinuz, "-append", KERNEL,
                "-serial", f"file:{self.logs}/console", "-serial", "stdio",
                "-device", "virtio-rng-pci",
                *(["-initrd", self.system.initrd] if self.system.initrd else []),
                *nvme("root", self.system.root, "snapshot=on"),
                *nvme("job", f"{self.logs}/job.tar", "readonly=on"),
                *nvme("result", f"{self.logs}/result.tar"), *disks]

    def run(self, job, disks=()):
        """Boot it with further disks. A generator: the machine runs while it is asked."""
        image.do("tar", "-cf", f"{self.logs}/job.tar", "-C", job, ".")
        image.do("truncate", "-s", "%1M", f"{self.logs}/job.tar")
        with open(f"{self.logs}/result.tar", "wb") as file:
            file.truncate(RESULT)
        with open(f"{self.logs}/qemu", "wb") as said:
            self.qemu = subprocess.Popen(self.command(disks), stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=said)
        watchdog = threading.Timer(WATCHDOG, self.qemu.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            with open(f"{self.logs}/output", "wb", buffering=0) as output:
                for line in self.qemu.stdout:
                    output.write(line)
                    yield line.decode(errors="replace").rstrip("\r\n")
            self.qemu.wait()
        finally:
            watchdog.cancel()
            self.end()
        self.take_results()

    def end(self):
        if self.qemu.poll() is None:
            self.qemu.kill()
        self.qemu.wait()
        self.qemu.stdout.close()

    def take_results(self):
        subprocess.run(["tar", "-xf", f"{self.logs}/result.tar", "-C", self.out],
                       stderr=subprocess.DEVNULL, check=False)
        for name in ("job.tar", "result.tar"):
            os.unlink(f"{self.logs}/{name}")
        try:
            with open(f"{self.out}/status", encoding="ascii") as file:
                self.status = int(file.read())
        except (OSError, ValueError):
            self.status = None  # it brought nothing back

    def last_words(self):
        """For a failure: where to look."""
        return f"see {self.logs}/console, output and qemu"
