#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The packages that make deb built: their form, whether a second build gives the same bytes, and
what they do in a system that is laid over this one. Nothing is installed on this machine."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../common"))

import machine
import qubes
import tap
import tree
from expect import check, equal, has, lacks
from layer import PACKAGES, Layer
from settings import BUILD, TOP

BUILT = BUILD / "deb"
NAMES = ["libqfile1", "libqfile-dev", "qfilecopy", "pedos-rpc"]
XEN_NAMES = ["pedos-rpc-dom0"]
MENUS = ["caja", "nautilus", "nemo"]
DESKTOP_NAMES = ["qfilecopy-desktop", *(f"qfilecopy-{name}" for name in MENUS)]
QUBES = "qfilecopy-qubes"  # of Debian alone
AT_ONCE = 2
HERE = pathlib.Path(__file__).parent

TESTS = []


def test(name):
    def add(function):
        TESTS.append(tap.Case(name, function))
        return function
    return add


def run(*command, **how):
    """Returns what it said; it must succeed."""
    ended = subprocess.run([str(word) for word in command], check=False, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)
    check(ended.returncode == 0, f"{' '.join(map(str, command))}:\n{ended.stdout}")
    return ended.stdout


def packages(pattern="*.deb"):
    return [path for path in sorted(BUILT.glob(pattern)) if "-dbgsym_" not in path.name]


def field(package, name):
    return run("dpkg-deb", "-f", package, name).strip()


def with_desktop():
    return bool(packages("qfilecopy-desktop_*.deb"))


def expected():
    """The packages that there have to be."""
    return [*NAMES, *(XEN_NAMES if packages("pedos-rpc-dom0_*.deb") else []),
            *(DESKTOP_NAMES if with_desktop() else [])]


@test("the packages have the version of the source")
def _():
    version, = re.findall(r"^VERSION = (\S+)$", tree.read(TOP / "Makefile"), re.MULTILINE)
    names = {field(package, "Package") for package in packages()}
    equal(names, {QUBES, *expected()})
    equal({field(package, "Version") for package in packages()}, {version})
    has(tree.read(TOP / "rpm/qfilecopy.spec"), f"\nVersion:        {version}\n")


@test("lintian finds no error and no warning")
def _():
    machine.need("lintian")
    equal([line for line in run("lintian", "--profile", "debian", "--fail-on", "none",
                                *BUILT.glob("*.changes")).splitlines()
           if line != "running with root privileges is not recommended!"], [])


@test("rpmlint finds no error and no warning")
def _():
    machine.need("rpmlint")
    built = sorted((BUILD / "rpm").glob("RPMS/*/*.rpm"))
    check(len(built) >= len(expected()), f"packages: {built}")
    has(run("rpmlint", "-c", TOP / "rpm/rpmlint.toml", TOP / "rpm/qfilecopy.spec", *built),
        " 0 errors, 0 warnings,")


@test("a second build, elsewhere and under other conditions, gives the same bytes")
def _():
    has(run("sh", TOP / "packages/reproduce.sh", BUILT, f"{BUILD}/deb-again"),
        "packages have the same bytes")


# In tenths. One of them is no daemon: it runs xl, whose scripts set up disks and networks.
EXPOSURE = {"pedos-rpcd.service": 29, "pedos-rpcd@work.service": 29, "pedos-rpc-dom0.service": 20,
            "pedos-rpc-xl@work.service": 52}


@test("the units are well-formed, and systemd-analyze security is below 3.0 for each daemon")
def _():
    machine.need("systemd-analyze")
    units = f"{BUILD}/tests/packages-units"
    shutil.rmtree(units, ignore_errors=True)
    os.makedirs(units)
    # Programs that are not installed here are no fault of the units.
    names = set()
    for path in TOP.glob("rpc/*/*.in"):
        template = path.name.removesuffix(".in")
        names.add(template.replace("@", "@work"))
        for name in template, template.replace("@", "@work"):
            tree.write(f"{units}/{name}",
                       re.sub(r"@SBINDIR@/[a-z0-9-]+", "/bin/true", tree.read(path)))
    services = sorted(name for name in names if name.endswith(".service"))
    equal(services, sorted(EXPOSURE))
    run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
        *sorted(f"{units}/{name}" for name in names))
    for name in services:
        run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE[name]}",
            "--no-pager", f"{units}/{name}")


@test("install, configure, remove, purge: nothing is left")
def _():
    with Layer(BUILT) as layer:
        layer.install(installable(packages()))
        layer.run("systemctl enable pedos-rpcd@root.socket pedos-rpcd.service && "
                  "echo '* * @anyvm @anyvm deny' >/etc/pedos-rpc/policy.d/50-mine.policy && "
                  "echo '# mine' >>/etc/pedos-rpc/PedOS.Filecopy && "
                  "mkdir /etc/pedos-rpc/disposables && "
                  "touch /etc/pedos-rpc/disposables/default.cfg /etc/qfilecopy.conf && "
                  "cd /usr/lib/systemd/system && for unit in pedos-rpc*; do "
                  "mkdir /etc/systemd/system/$unit.d && "
                  "echo '[Unit]' >/etc/systemd/system/$unit.d/override.conf; done")
        names = " ".join(reversed([field(package, "Package") for package in packages()]))
        layer.run(f"dpkg --remove {names}")
        equal(layer.run("cd /etc/pedos-rpc && echo * && tail -n 1 PedOS.Filecopy && "
                        "echo policy.d/* disposables/* ../qfilecopy.conf").splitlines(),
              ["PedOS.Filecopy PedOS.OpenInVM disposables policy.d", "# mine",
               "policy.d/50-mine.policy disposables/default.cfg ../qfilecopy.conf"])
        equal(layer.run("find /etc/systemd /usr/lib/systemd -name 'pedos-rpcd@*' ! -name '*.d'"),
              "")
        layer.run(f"dpkg --purge {names}")
        equal(layer.left(), [])


@test("upgrade: what an administrator changed and enabled stays")
def _():
    with Layer(BUILT) as layer, tempfile.TemporaryDirectory(prefix="qf-before-") as before:
        for package in packages():
            make_earlier(package, before)
        layer.install(" ".join(layer.bring(path) for path in pathlib.Path(before).iterdir()))
        layer.run("systemctl enable pedos-rpcd@root.socket && "
                  "echo '# mine' >>/etc/pedos-rpc/PedOS.Filecopy && "
                  "echo '* * @anyvm @anyvm deny' >/etc/pedos-rpc/policy.d/50-mine.policy")
        layer.install(installable(packages()))
        equal(layer.run("tail -n 1 /etc/pedos-rpc/PedOS.Filecopy; ls /etc/pedos-rpc/policy.d; "
                        "systemctl is-enabled pedos-rpcd@root.socket; "
                        "dpkg-query -W -f '${Version}' pedos-rpc").splitlines(),
              ["# mine", "50-mine.policy", "enabled", field(packages()[0], "Version")])


@test("the profile of AppArmor is right, as far as this AppArmor knows what is in it")
def _():
    machine.need("apparmor_parser")
    profile = tree.read(TOP / "packages/apparmor/qfile-unpacker")
    if not os.path.exists("/etc/apparmor.d/abi/4.0"):
        for newer in "abi <abi/4.0>,\n", "  userns,\n":
            has(profile, newer)
            profile = profile.replace(newer, "")
    with tempfile.NamedTemporaryFile("w", prefix="qf-profile-") as file:
        file.write(profile)
        file.flush()
        run("apparmor_parser", "--skip-kernel-load", "--skip-cache", file.name)


@test("that profile is installed where AppArmor knows its abi, and nowhere else")
def _():
    with Layer(BUILT) as layer:
        package = f"{PACKAGES}/{packages('qfilecopy_*.deb')[0].name}"
        there = "test -e /etc/apparmor.d/qfile-unpacker && echo there || echo missing"
        layer.run("rm -rf /etc/apparmor.d/abi/4.0")
        layer.install(package)
        equal(layer.run(there), "missing\n")
        layer.run("mkdir -p /etc/apparmor.d/abi && touch /etc/apparmor.d/abi/4.0")
        layer.install(package)
        equal(layer.run(there), "there\n")
        layer.run("dpkg --purge qfilecopy")
        equal(layer.run(there), "missing\n")


def own_test(name):
    """One of the packages' own tests, without systemd."""
    with Layer(BUILT) as layer:
        layer.install(installable())
        scripts, source = layer.bring(TOP / "debian/tests"), layer.bring(TOP / "doc")
        said, well = layer.try_to(f"cd {os.path.dirname(source)} && sh {scripts}/{name}")
        check(well and "\n== all of it\n" in f"\n{said}", said)


@test("two accounts copy, move and open, without systemd")
def _():
    own_test("accounts")


@test("a program is built on the library")
def _():
    own_test("library")


@test("a window sends, a notice is shown, and modules can be loaded")
def _():
    if not with_desktop():
        raise tap.Skip("there are no packages for a desktop")
    for program in "xvfb-run", "xauth", "xdotool", "dbus-run-session", "desktop-file-validate":
        machine.need(program)
    if not machine.works("/usr/bin/python3", "-c", "import gi"):
        raise tap.Skip("needs the package python3-gi")
    own_test("desktop")


@test("the packages for a desktop: modules are where file managers look, and nothing else is")
def _():
    if not with_desktop():
        raise tap.Skip("there are no packages for a desktop")
    for manager in MENUS:
        package, = packages(f"qfilecopy-{manager}_*.deb")
        equal(field(package, "Enhances"), manager)
        files = [line.split()[5] for line in run("dpkg-deb", "-c", package).splitlines()
                 if not line.startswith("d")]
        module, = [path for path in files if "/doc/" not in path]
        has(field(package, "Depends"), f"lib{manager}-extension")
        check(re.fullmatch(rf"\./usr/lib/[^/]+/{manager}/extensions-[0-9.]+/"
                           rf"lib{manager}-qfile-send\.so", module), module)
    package, = packages("qfilecopy-desktop_*.deb")
    said = run("dpkg-deb", "-c", package)
    for place in ("Thunar/sendto", "kio/servicemenus", "file-manager/actions", "contractor",
                  "locale/de/LC_MESSAGES"):
        has(said, f" ./usr/share/{place}/qfile-")


@test("DESKTOP=0: the packages for a desktop are left out, and need nothing of GTK")
def _():
    said = run("sh", "-c", "DEB_BUILD_PROFILES=pkg.qfilecopy.nodesktop dh_listpackages && "
               "make -f debian/rules -n DEB_BUILD_PROFILES=pkg.qfilecopy.nodesktop "
               "override_dh_auto_build", cwd=TOP)
    check("qfilecopy\n" in said, said)
    for name in DESKTOP_NAMES:
        lacks(said, name)
    has(said, "DESKTOP=0 MENUS=''")
    with tempfile.TemporaryDirectory(prefix="qf-status-") as empty:
        tree.write(f"{empty}/status", "")
        ended = subprocess.run(["dpkg-checkbuilddeps", f"--admindir={empty}", "-P",
                                "pkg.qfilecopy.nodesktop", TOP / "debian/control"], check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    has(ended.stdout, "libseccomp-dev")
    check("gtk" not in ended.stdout and "extension" not in ended.stdout, ended.stdout)


@test("in the place of Qubes' programs")
def _():
    with Layer(BUILT) as layer:
        layer.install(f"{installable()} {of(QUBES)}")
        said, well = layer.try_to(f"sh {layer.bring(TOP / 'debian/tests/qubes')}")
        check(well, said)


def look(layer, paths):
    """The content and the mode of these files, or where links lead to."""
    return [layer.run(f"readlink {path} || {{ cat {path}; stat -c %a {path}; }}")
            for path in paths]


def of_theirs(version):
    """What there is without qfilecopy-qubes."""
    return [f"{qubes.content(path, version)}{qubes.MODES.get(path, 0o755):o}\n"
            for path in qubes.FILES]


OURS = [f"../pedos-rpc/{name}\n" for name in ("PedOS.Filecopy", "PedOS.OpenInVM")] + [
    f"../../bin/{os.path.basename(path)}\n" for path in qubes.PROGRAMS]
KEPT = [f"{path}~distrib" for path in qubes.FILES]
CONF = "/etc/qfilecopy.conf"


@test("in the place of Qubes' programs: they are kept, upgraded, and back after a removal")
def _():
    with Layer(BUILT) as layer, tempfile.TemporaryDirectory(prefix="qf-qubes-") as made:
        first, second = (layer.bring(qubes.build(version, made)) for version in ("1", "2"))
        layer.install(f"{first} {of('qfilecopy')}")
        layer.install(of(QUBES))
        equal((look(layer, qubes.FILES), look(layer, KEPT)), (OURS, of_theirs("1")))
        # Both are upgraded, in which nothing of the other one is lost.
        layer.install(second)
        layer.install(of(QUBES))
        equal((look(layer, qubes.FILES), look(layer, KEPT)), (OURS, of_theirs("2")))
        layer.run(f"dpkg --remove {QUBES}")
        equal(look(layer, qubes.FILES), of_theirs("2"))
        layer.run(f"! ls -d {' '.join(KEPT)} {CONF} && [ -z \"$(dpkg-divert --list {QUBES})\" ]")
        # The other way round: ours is there first.
        layer.run(f"dpkg --purge {qubes.NAME}")
        layer.install(of(QUBES))
        layer.install(first)
        equal((look(layer, qubes.FILES), look(layer, KEPT)), (OURS, of_theirs("1")))
        layer.run(f"dpkg --purge {QUBES}")
        equal(look(layer, qubes.FILES), of_theirs("1"))
        layer.run(f"dpkg --purge {qubes.NAME} qfilecopy")
        layer.run(f"rm {first} {second}")
        equal(layer.left(), [])


@test("an installation that fails changes none of Qubes' programs")
def _():
    with Layer(BUILT) as layer, tempfile.TemporaryDirectory(prefix="qf-qubes-") as made:
        layer.install(f"{layer.bring(qubes.build('1', made))} {of('qfilecopy')}")
        # The last one cannot be diverted.
        layer.run(f"echo other >{KEPT[-1]}")
        said, well = layer.try_to(f"dpkg --force-unsafe-io -i {of(QUBES)}")
        check(not well, said)
        equal(look(layer, qubes.FILES), of_theirs("1"))
        layer.run(f"[ -z \"$(dpkg-divert --list {QUBES})\" ] && ! [ -e {CONF} ]")


@test("an installation that an administrator's diversion prevents leaves everything as it was")
def _():
    with Layer(BUILT) as layer, tempfile.TemporaryDirectory(prefix="qf-qubes-") as made:
        layer.install(f"{layer.bring(qubes.build('1', made))} {of('qfilecopy')}")
        layer.run(f"dpkg-divert --local --add --rename --divert /usr/lib/mine {qubes.FILES[-1]}")
        said, well = layer.try_to(f"dpkg --force-unsafe-io -i {of(QUBES)}")
        check(not well and "clashes with" in said, said)
        equal(look(layer, qubes.FILES[:-1] + ["/usr/lib/mine"]), of_theirs("1"))
        equal(layer.run(f"dpkg-divert --listpackage {qubes.FILES[-1]}"), "LOCAL\n")
        layer.run(f"[ -z \"$(dpkg-divert --list {QUBES})\" ] && ! [ -L {CONF} ]")
        # dpkg takes it as not installed, not as half installed.
        lacks(layer.run(f"dpkg-query -W -f '${{Status}}' {QUBES} || true"), "half")


@test("the names of Qubes are set again when the package is installed again after a removal")
def _():
    with Layer(BUILT) as layer:
        layer.install(f"{of('qfilecopy')} {of(QUBES)}")
        layer.run(f"dpkg --remove {QUBES} && ! [ -L {CONF} ]")
        layer.install(of(QUBES))
        has(layer.run(f"cat {CONF}"), "QubesIncoming")


@test("settings that an administrator has made stay as they are")
def _():
    with Layer(BUILT) as layer:
        layer.install(of("qfilecopy"))
        layer.run(f"echo 'incoming = Mine' >{CONF}")
        has(layer.install(of(QUBES)), f"{CONF} stays as it is")
        layer.run(f"dpkg --purge {QUBES}")
        equal(layer.run(f"cat {CONF}; rm {CONF}"), "incoming = Mine\n")
        # The link that was taken away is not made again by an upgrade.
        layer.install(of(QUBES))
        layer.run(f"rm {CONF}")
        layer.install(of(QUBES))
        layer.run(f"! ls {CONF}")


@test("the same with systemd; and services, the socket, reload, kills and upgrades under it")
def _():
    machine.need("systemd-nspawn")
    with Layer(BUILT) as layer:
        if not layer.can_boot():
            raise tap.Skip("systemd-nspawn starts nothing here")
        layer.install(installable())
        layer.bring(HERE / "system.sh")
        layer.bring(TOP / "debian/tests")
        said, status = layer.boot("sh -e /root/tests/accounts && sh -e /root/system.sh")
        check(status == "0" and said.endswith("== all of it\n"), f"status {status}:\n{said}")


def of(name):
    """The package of this name, there."""
    package, = packages(f"{name}_*.deb")
    return f"{PACKAGES}/{package.name}"


def installable(chosen=None):
    """These packages, there; without a choice, those that go on with the usual names."""
    if chosen is None:
        chosen = [package for package in packages() if QUBES not in package.name]
    return " ".join(f"{PACKAGES}/{package.name}" for package in chosen)


def make_earlier(package, directory):
    """The same package with an earlier version."""
    with tempfile.TemporaryDirectory(prefix="qf-earlier-") as tree_of_it:
        run("dpkg-deb", "-R", package, f"{tree_of_it}/p")
        control = f"{tree_of_it}/p/DEBIAN/control"
        version = field(package, "Version")
        tree.write(control, tree.read(control).replace(f"Version: {version}", "Version: 0.9")
                   .replace(f"(= {version})", "(= 0.9)").replace(f"(>= {version})", "(>= 0.9)"))
        run("dpkg-deb", "--root-owner-group", "-b", f"{tree_of_it}/p", directory)


if __name__ == "__main__":
    if not packages():
        sys.exit(f"there are no packages in {BUILT}: make deb builds them")
    sys.exit(tap.run(tap.chosen(TESTS, sys.argv[1:]), AT_ONCE))
