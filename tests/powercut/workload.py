#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""In the machine whose power will be cut: all steps of steps.py on each of its recorded disks.
What has begun, and what was reported as successful, is written to the last sectors of the disk,
which the file system does not use: so the record has it in order, at the time when a user would
have known. The disks' devices and the kinds of their file systems are the arguments in the file
"disks".

Says "ok DISK STEP" for each, and ends with another status than 0 if a step does not do what it
should.
"""
import mmap
import os
import pathlib
import subprocess
import sys
import time

from steps import EARLIER, OWNER, STEPS, Target

SOURCES = "/var/lib/lab/sources"
SECTORS = 4096
PATH = "/var/lib/lab/job/bin"


def as_owner(*command):
    done = subprocess.run(command, user=OWNER, group=OWNER, extra_groups=[], cwd="/",
                          env={"PATH": f"{PATH}:/usr/bin:/bin", "HOME": "/nonexistent",
                               "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp"},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout.strip()


def make(top, made):
    for path, what in made.items():
        place = pathlib.Path(top, path)
        if what is None:
            place.mkdir(parents=True, exist_ok=True)
        elif isinstance(what, Target):
            place.symlink_to(what)
        elif path == "docs/linked too":
            os.link(place.with_name("linked"), place)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(what)
        os.lchown(place, OWNER, OWNER)


class Disk:
    def __init__(self, device, kind, at):
        self.device, self.at = device, at
        os.makedirs(at)
        subprocess.run(["mount", "-t", kind, "-o", "noatime", device, at], check=True)
        os.chmod(at, 0o755)

    def mark(self, text):
        """Into the record. Unlike a flush, it makes nothing durable that was not."""
        page = mmap.mmap(-1, SECTORS)
        page.write(f"mark: {text}\n".encode())
        fd = os.open(self.device, os.O_WRONLY | os.O_DIRECT)
        try:
            os.pwrite(fd, page, os.lseek(fd, 0, os.SEEK_END) - SECTORS)
        finally:
            os.close(fd)

    def deliver(self, number, step):
        sources = f"{self.at}/out" if step.kind == "move" else f"{SOURCES}/{number}"
        top = dict.fromkeys(path.split("/")[0] for path in step.sends)
        return as_owner("qfile-agent", *step.options, "--via",
                        f"qfile-unpacker {OWNER} {self.at}/in",
                        *(f"{sources}/{name}" for name in top))

    def save(self, number, step):
        """An application writes the new content, of a contested file after it was changed here. It
        stays for a moment: one that ends while it writes leaves a damaged save."""
        path = next(iter(step.replaces))
        new = step.beside[1] if step.beside else step.replaces[path]
        make(f"{SOURCES}/{number}", {"new": new, "here": step.replaces[path]})
        changed = (f"cp {SOURCES}/{number}/here {self.at}/{path}; sync {self.at}/{path}; "
                   if step.beside else "")
        handler = pathlib.Path(f"{SOURCES}/{number}/handler")
        handler.write_text(f'#!/bin/sh\n{changed}cat {SOURCES}/{number}/new >"$1"\n'
                           "sleep 2\n", "utf-8")
        handler.chmod(0o755)
        return as_owner("qopen-in-vm", "--from=work", *step.options, "--via",
                        f"vm-file-editor --handler={handler}", f"{self.at}/{path}")

    def do(self, number, step):
        expected = 0 if step.kind in ("delivery", "move", "save") else 1
        act = self.save if step.kind in ("save", "contested") else self.deliver
        self.mark(f"begin {number}")
        status, said = act(number, step)
        self.mark(f"end {number}")
        if status != expected:
            print(f"not ok {self.device} {step.name}: {status}: {said}", flush=True)
            sys.exit(1)
        print(f"ok {self.device} {step.name}", flush=True)


def main():
    os.makedirs(SOURCES, mode=0o755)
    for number, step in enumerate(STEPS):
        make(f"{SOURCES}/{number}", step.sends)
    for line in pathlib.Path("disks").read_text("ascii").splitlines():
        device, kind = line.split()
        disk = Disk(device, kind, f"/srv/{kind}")
        make(disk.at, EARLIER)
        os.sync()
        disk.mark("ready")
        for number, step in enumerate(STEPS):
            disk.do(number, step)
        # what the file system writes by itself, a few seconds later, belongs to the record
        time.sleep(8)
        disk.mark("over")
        subprocess.run(["umount", disk.at], check=True)


if __name__ == "__main__":
    main()
