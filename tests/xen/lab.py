# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Xen with dom0 and three PV guests in QEMU, and jobs in them.

    lab = Lab(packages, build)              boots
    lab.work.run("echo $0", status=0)       a shell script in a guest, or in lab.dom0; raises Broken
                                            if it ends with another status
    job = lab.work.start("pedos-rpc ...")   the same without waiting; job.wait(), job.kill()
    lab.close()

Output of the tested programs and of the kernels is shown unchanged. The protocol between the lab
and its machines is described in agent.c.
"""
import base64
import os
import shlex
import subprocess
import sys
import threading

import image
import packages

# "beside": for disposable VMs, and for Xen itself.
MEMORY = {"dom0": 1024, "work": 768, "personal": 768, "vault": 384, "beside": 1024}
GUESTS = ("work", "personal", "vault")
# A prompt is made by the case that asks.
DOM0_DAEMON = ("pedos-rpc-dom0 --max-per-vm=3 --boot-timeout=1200 --prompt=/run/prompt "
               "--prompt-timeout=10")
# Under software emulation, dom0 dies of a page fault in early boot if SMAP is on. With XSAVE a
# context switch sometimes loses registers, and programs die of a corrupted heap.
CPU = "max,-smap,-smep,-la57,-xsave,-avx,-avx2,-fma,-f16c"
PROCESSORS = 2
# Seconds. A job that takes this long hangs, unless its case allows more.
TIMEOUT = 1200


class Broken(Exception):
    """A machine did not do what it should."""


class Job:
    """A shell script that runs in a machine."""

    def __init__(self, machine, script):
        self.machine, self.script = machine, script
        self.out, self.err, self.status = b"", b"", None
        self.over = threading.Event()
        self.number = machine.lab.add(self)

    def take(self, verb, content):
        if verb == "out":
            self.out += content
        elif verb == "err":
            self.err += content
        elif verb == "exit":
            self.end(int(content))

    def end(self, status):
        """`status` None: the machine ended, and the job with it."""
        if not self.over.is_set():
            self.status = status
            self.over.set()

    def wait(self, status=None, timeout=TIMEOUT):
        """What it wrote to stdout, as text. Broken when it ends with another status, or does not
        end. `status` None: any."""
        if not self.over.wait(timeout):
            self.kill()
            raise Broken(f"{self} did not end within {timeout} s")
        if status is not None and self.status != status:
            raise Broken(f"{self} ended with {self.status}, not {status}: {self.errors[-1000:]}")
        return self.text

    @property
    def text(self):
        return self.out.decode(errors="replace")

    @property
    def errors(self):
        return self.err.decode(errors="replace")

    def kill(self):
        """All processes of its process group."""
        self.machine.lab.send(self.machine.name, self.number, "kill", "")

    def __str__(self):
        return f"{self.machine.name}: {' '.join(self.script.split())[:200]!r}"


class Machine:
    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.ready = threading.Event()
        self.daemons = []
        self.log = open(os.path.join(lab.logs, f"{name}.log"), "ab")

    def start(self, script, user=None):
        if user:
            script = f"exec su {user} -c {shlex.quote(script)}"
        job = Job(self, script)
        self.lab.send(self.name, job.number, "run", script)
        return job

    def run(self, script, status=0, user=None, timeout=TIMEOUT):
        return self.start(script, user).wait(status, timeout)

    def serve(self, program):
        """Start this machine's daemon, which stays in the foreground; what it logs is kept."""
        self.daemon = self.start(f"exec {program} --foreground")
        self.daemons.append(self.daemon)


class Guest(Machine):
    @property
    def config(self):
        return f"/run/{self.name}.cfg"

    def configure(self, **more):
        """`more`: other settings of xl.cfg(5)."""
        settings = {
            "name": self.name, "type": "pv", "kernel": "/boot/vmlinux",
            "ramdisk": "/boot/guest.cpio", "memory": self.lab.memory[self.name],
            "extra": f"lab={self.name} console=hvc0 quiet loglevel=1 panic=0", **more,
        }
        lines = "\n".join(f"{key}={value!r}" for key, value in settings.items())
        self.lab.dom0.run(f"cat >{self.config} <<'END'\n{lines}\nEND")

    def boot(self, **more):
        """Returns before it is up; settle() waits for that."""
        self.configure(**more)
        self.ready.clear()
        self.lab.dom0.run(f"xl create -q {self.config} >&2")
        self.domid = int(self.lab.dom0.run(f"xl domid {self.name}"))
        self.lab.attach(self)

    def await_ready(self):
        if not self.ready.wait(TIMEOUT):
            raise Broken(f"{self.name} did not boot, see {self.log.name}")

    def settle(self):
        self.await_ready()
        self.serve("pedos-rpcd")

    def destroy(self):
        self.lab.dom0.run(f"xl destroy {self.name}")


def qemu_command(found, logs, initrd, memory, disks):
    """Ends with us, however we end. The first serial line is the hypervisor's and dom0's console,
    the second leads to dom0's agent."""
    xen = ("console=com1 com1=115200,8n1 dom0_max_vcpus=1 "
           f"dom0_mem={memory['dom0']}M,max:{memory['dom0']}M")
    return ["setpriv", "--pdeathsig", "KILL", packages.QEMU, "-accel", "tcg,thread=multi", "-smp",
            str(PROCESSORS), "-cpu", CPU, "-m", str(sum(memory.values())),
            "-nodefaults", "-display", "none", "-no-reboot", "-serial", f"file:{logs}/xen.log",
            "-serial", "stdio",
            "-kernel", found.hypervisor, "-append", xen, "-initrd",
            f"{found.vmlinuz} console=hvc0 quiet,{initrd}", *disks]


class Lab:
    """`place`: its directory below the build; `memory`: in MiB, all of it together is the
    emulator's; `disks`: options of the emulator."""

    place, memory, disks = "xen", MEMORY, ()

    def __init__(self, found, build):
        self.logs = os.path.join(build, self.place, "logs")
        os.makedirs(self.logs, exist_ok=True)
        for name in os.listdir(self.logs):
            os.unlink(os.path.join(self.logs, name))
        self.jobs, self.number, self.lock = {}, 0, threading.Lock()
        self.results = []
        self.dom0 = Machine(self, "dom0")
        self.guests = self.make_guests()
        self.machines = {machine.name: machine for machine in (self.dom0, *self.guests)}
        dom0 = os.path.join(build, self.place, "dom0.cpio")
        self.write_images(found, build, dom0)
        command = qemu_command(found, self.logs, dom0, self.memory, self.disks)
        self.qemu = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=open(f"{self.logs}/qemu.log", "wb"))
        self.reader = threading.Thread(target=self.listen, daemon=True)
        self.reader.start()

    def make_guests(self):
        self.work, self.personal, self.vault = guests = [Guest(self, name) for name in GUESTS]
        return guests

    def write_images(self, found, build, dom0):
        image.write_images(found, build, os.path.join(build, self.place, "guest.cpio"), dom0)

    def await_dom0(self):
        if not self.dom0.ready.wait(TIMEOUT):
            raise Broken(f"dom0 did not boot, see {self.logs}/xen.log")

    def boot(self):
        self.await_dom0()
        self.dom0.serve(DOM0_DAEMON)
        for guest in self.guests:
            guest.boot()
        for guest in self.guests:
            guest.settle()

    def measured(self, what, value):
        """A line of the table that is shown at the end."""
        self.results.append((what, value))

    def show_results(self):
        width = max((len(what) for what, _ in self.results), default=0)
        table = "".join(f"{what:{width}}  {value}\n" for what, value in self.results)
        with open(f"{self.logs}/results", "w") as file:
            file.write(table)
        sys.stderr.write(table)

    def add(self, job):
        with self.lock:
            self.number += 1
            self.jobs[self.number] = job
            return self.number

    def send(self, machine, number, verb, text):
        line = f"@{machine} {number} {verb} ".encode() + base64.b64encode(text.encode()) + b"\n"
        with self.lock:
            try:
                self.qemu.stdin.write(line)
                self.qemu.stdin.flush()
            except OSError:
                pass  # QEMU ended: listen() ends every job

    def attach(self, guest):
        """The console of a guest that was just started: xenconsoled makes a terminal for it, and
        names it in xenstore."""
        path = f"/local/domain/{guest.domid}/console/tty"
        terminal = self.dom0.run(f"until t=$(xenstore-read {path} 2>/dev/null) && [ -n \"$t\" ]; "
                                 "do sleep 0.1; done; echo $t").strip()
        job = Job(self.dom0, "attach")
        self.send("dom0", job.number, "attach", f"{guest.name} {terminal}")
        job.wait(0)

    def listen(self):
        for line in self.qemu.stdout:
            fields = line.rstrip(b"\r\n").split(b" ")
            if not line.startswith(b"@") or len(fields) != 4:
                self.dom0.log.write(line)
                continue
            machine = self.machines.get(fields[0][1:].decode(errors="replace"))
            self.dispatch(machine, int(fields[1]), fields[2].decode(), base64.b64decode(fields[3]))
        for job in self.jobs.values():
            job.end(None)

    def dispatch(self, machine, number, verb, content):
        if verb == "ready":
            machine.ready.set()
        elif verb == "log":
            machine.log.write(content + b"\n")
            machine.log.flush()
        elif verb == "gone":
            for job in self.jobs.values():
                if job.machine is machine:
                    job.end(None)
        elif number in self.jobs:
            self.jobs[number].take(verb, content)

    def ended(self):
        return self.qemu.poll() is not None

    def kill(self):
        self.qemu.kill()

    def close(self):
        """Switch the machine off, and keep what the daemons have logged."""
        self.kill()
        self.qemu.wait()
        self.reader.join()
        for machine in self.machines.values():
            for daemon in machine.daemons:
                machine.log.write(f"--- {daemon.script}\n".encode() + daemon.err)
            machine.log.close()
