# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Two guests that are a Debian each: set up as doc/xen.md says, used, and booted again."""
from common import INCOMING, await_that, equal, expect

# What the account that opens a file does there, in place of an application.
SOMEBODY = "#!/bin/sh\necho \"edited in $(hostname)\" >>\"$1\"\n"
DEVICES = "".join(f"/dev/xen/{name} root:xen 660\n" for name in ("evtchn", "gntalloc", "xenbus"))
LOOK = "stat -c '%n %U:%G %a' /dev/xen/evtchn /dev/xen/gntalloc /dev/xen/xenbus"
LIMIT = "cat /sys/module/xen_gntalloc/parameters/limit"


def policy(lab, rules):
    """doc/xen.md writes it so; reload is a signal, since dom0 has no systemd here."""
    lines = "\n".join(rules)
    lab.dom0.run(f"cat >/etc/pedos-rpc/policy.d/50-copy.policy <<'END'\n{lines}\nEND\n"
                 "kill -HUP $(pidof pedos-rpc-dom0)")


def ready_for_calls(guest):
    """What the packages see to, in every boot."""
    equal(f"devices of {guest.name}", guest.run(LOOK), DEVICES)
    equal(f"pages for calls in {guest.name}", guest.run(LIMIT), "8192\n")
    equal(f"failed units of {guest.name}", guest.run("systemctl --failed --no-legend"), "")


def send(lab, name, status=0):
    lab.personal.run(f"cd && echo 'from {name}' >{name} && qfile-agent --vm=work {name}", status,
                     user="user")


def arrived(lab, name):
    path = f"{INCOMING}/personal/{name}"
    equal(path, lab.work.run(f"stat -c %U {path} && cat {path}"), f"user\nfrom {name}\n")


def test_install(lab):
    """apt installs the packages, in a PV and a PVH guest, and calls could be made at once."""
    equal("Debians under Xen",
          [guest.run("systemd-detect-virt; cat /sys/hypervisor/guest_type")
           for guest in lab.guests], ["xen\nPV\n", "xen\nPVH\n"])
    for guest in lab.guests:
        guest.run("useradd -m -s /bin/sh user && apt-get install -y -q /mnt/*.deb >&2")
        ready_for_calls(guest)


def test_daemon(lab):
    """one command starts the daemon, and another one makes a plain account a caller."""
    for guest in lab.guests:
        guest.run("systemctl enable --now pedos-rpcd")
        guest.run("usermod -aG xen user")
        equal("the daemon", guest.run("systemctl is-active pedos-rpcd"), "active\n")


def test_copy(lab):
    """a plain account sends to the other guest where the policy allows it, and only there."""
    send(lab, "early", 126)
    policy(lab, ["PedOS.Filecopy * personal work allow"])
    await_that(lab.personal, "[ \"$(pedos-rpc --list PedOS.Filecopy)\" = work ]",
               "that it may call work")
    send(lab, "letter")
    arrived(lab, "letter")
    lab.work.run("cd && echo no >no && qfile-agent --vm=personal no", 126, user="user")
    equal("what came without leave", lab.personal.run("ls /home/user"), "early\nletter\n")


def test_open(lab):
    """a file is opened in the other guest, and its save comes back."""
    policy(lab, ["PedOS.Filecopy * personal work allow", "PedOS.OpenInVM * personal work allow"])
    lab.work.run(f"cat >/usr/local/bin/xdg-open <<'END' && chmod 755 /usr/local/bin/xdg-open\n"
                 f"{SOMEBODY}END\n")
    await_that(lab.personal, "[ \"$(pedos-rpc --list PedOS.OpenInVM)\" = work ]",
               "that it may open there")
    lab.personal.run("cd && qopen-in-vm work letter", user="user")
    equal("the file", lab.personal.run("cat /home/user/letter"), "from letter\nedited in work\n")


def test_journal(lab):
    """the journal says who called what."""
    said = lab.work.run("journalctl -u pedos-rpcd -o cat --no-pager")
    for service in "PedOS.Filecopy", "PedOS.OpenInVM":
        expect(any("personal" in line and service in line for line in said.splitlines()),
               f"{service} of personal is not in the journal: {said}")


def test_stranger(lab):
    """an account that is not in the group xen cannot call."""
    lab.personal.run("useradd -m stranger")
    job = lab.personal.start("cd && echo >none && qfile-agent --vm=work none", user="stranger")
    job.wait()
    expect(job.status and "/dev/xen" in job.errors, f"it ended with {job.status}: {job.errors}")


def test_killed(lab):
    """systemd starts a daemon that was killed again, and calls work."""
    lab.work.run("systemctl kill -s KILL pedos-rpcd")
    await_that(lab.work, "[ $(systemctl show --value -p NRestarts pedos-rpcd) = 1 ] && "
               "systemctl -q is-active pedos-rpcd", "that it is started again")
    send(lab, "killed")
    arrived(lab, "killed")


def test_reboot(lab):
    """both guests boot again: devices, daemons and calls are as before."""
    for guest in lab.guests:
        guest.reboot()
    for guest in lab.guests:
        guest.settle_again()
        ready_for_calls(guest)
        await_that(guest, "systemctl -q is-active pedos-rpcd", "that the daemon runs")
    arrived(lab, "letter")
    await_that(lab.personal, "[ \"$(pedos-rpc --list PedOS.Filecopy)\" = work ]",
               "that it may call work")
    send(lab, "again")
    arrived(lab, "again")
