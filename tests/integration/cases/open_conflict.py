# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The file was changed here while it was open there, or cannot be written: nothing is overwritten,
and no edit is lost."""
import contextlib
import mmap
import os
import re
import shlex
import time

import edit_wire as wire
import machine
import suite
import tree
from expect import check, equal, has, missing, wait_until
from opening import Opening, files_below, saving
from settings import BUILD
from tap import Skip

test = suite.cases(Opening)

EDITED = r"edited in [^,]*, 20[0-9][0-9]-[01][0-9]-[0-3][0-9] [0-2][0-9]\.[0-5][0-9]\.[0-5][0-9]"


def meddling(meddle, answer=wire.save(b"edited") + wire.done()):
    """The part of an editor; while it is open there, `meddle` is done here."""
    def play(peer):
        peer.take()
        meddle()
        peer.send(answer)
    return play


def rewrite(path, content):
    """By another file that is renamed over it."""
    tree.write(".new", content)
    os.rename(".new", path)


def edit_beside(t, *names):
    """The path of the only entry but these, which has the edit."""
    found = t.beside(*names)
    equal(tree.read(found), "edited")
    return found


def kept_beside(t, end, reason):
    """The edit lies beside "file.txt", and is named in the one sentence that was said, with this
    reason. Returns its path."""
    found = edit_beside(t, "file.txt")
    name = os.path.basename(found)
    check(re.fullmatch(rf"file \({EDITED}\)\.txt", name), f"beside it: {name}")
    end.exits(1).says(f'/{name}"', reason)
    return found


def versions_beside():
    """The names of those that lie beside "file.txt"."""
    return [name for name in tree.names_in(".") if name.startswith("file (")]


@test("changed here to a content of the same size and CRC-32: the local one stays, too")
def _(t):
    tree.write("file.txt", tree.checked("first"))

    def play(peer):
        peer.take()
        tree.write("file.txt", tree.checked("local"))
        peer.save(tree.checked("there"))
        peer.done()
    t.open_file(play, "file.txt").exits(1)
    equal((tree.read_bytes("file.txt"), tree.read_bytes(t.beside("file.txt"))),
          (tree.checked("local"), tree.checked("there")))


@test("the path leads elsewhere in the end: where the saves are is told")
def _(t):
    def renamed_directory():
        os.rename("there", "moved")
        os.mkdir("there")
        tree.write("there/file.txt", "another")

    def repointed():
        tree.write("another.txt", "another")
        os.unlink("link")
        os.symlink("another.txt", "link")
    for path, act, where in (("there/file.txt", renamed_directory, "moved/file.txt"),
                             ("link", repointed, "file.txt")):
        os.makedirs("there", exist_ok=True)
        tree.write("there/file.txt", "first")
        tree.write("file.txt", "first")
        if not os.path.lexists("link"):
            os.symlink("file.txt", "link")

        def play(peer, act=act):
            peer.take()
            act()
            peer.save("edited")
            peer.done()
        end = t.open_file(play, path).exits(1)
        has(end.said, f'"{path}" was moved or replaced, or leads elsewhere now: what was saved is '
            f'in "{os.path.abspath(where)}"')
        equal((tree.read(where), tree.read(path)), ("edited", "another"))


@test("changed here in place: the local one stays, the edit is beside it")
def _(t):
    tree.write("file.txt", "first")
    end = t.open_file(meddling(lambda: tree.write("file.txt", "local")), "file.txt")
    kept_beside(t, end, "changed here")
    equal(tree.read("file.txt"), "local")


@test("replaced here: likewise")
def _(t):
    tree.write("file.txt", "first")
    end = t.open_file(meddling(lambda: rewrite("file.txt", "local")), "file.txt")
    kept_beside(t, end, "changed here")
    equal(tree.read("file.txt"), "local")


@test("changed here to the same size, with its time set back: likewise")
def _(t):
    noon = 1577880000
    tree.write("file.txt", "first", mtime=noon)
    end = t.open_file(meddling(lambda: tree.write("file.txt", "local", mtime=noon)), "file.txt")
    kept_beside(t, end, "changed here")
    equal(tree.read("file.txt"), "local")


@test("changed here as soon as it was written, within one tick of its clock: likewise")
def _(t):
    for _ in range(3):
        tree.write("file.txt", "first")
        end = t.open_file(meddling(lambda: tree.write("file.txt", "local")), "file.txt")
        equal(tree.read("file.txt"), "local")
        os.unlink(kept_beside(t, end, "changed here"))


@test("removed here: the edit is beside where it was")
def _(t):
    tree.write("file.txt", "first")
    end = t.open_file(meddling(lambda: os.unlink("file.txt")), "file.txt")
    kept_beside(t, end, "removed here")
    missing("file.txt")


@test("a directory or a link put in its place here: not written into, not followed")
def _(t):
    precious = f"{t.top}/precious"

    def put_link():
        os.unlink("file.txt")
        os.symlink(precious, "file.txt")

    def put_directory():
        os.unlink("file.txt")
        os.mkdir("file.txt")
    tree.write(precious, "precious")
    tree.write("file.txt", "first")
    kept = kept_beside(t, t.open_file(meddling(put_link), "file.txt"), "changed here")
    equal((tree.read(precious), os.readlink("file.txt")), ("precious", precious))
    os.unlink("file.txt")
    os.unlink(kept)
    tree.write("file.txt", "first")
    kept_beside(t, t.open_file(meddling(put_directory), "file.txt"), "changed here")
    equal(tree.names_in("file.txt"), [])


@test("touched here, or given another mode: that is no change")
def _(t):
    def touch():
        os.utime("file.txt")
        os.chmod("file.txt", 0o604)
    tree.write("file.txt", "first")
    t.open_file(meddling(touch), "file.txt").exits(0).says_nothing()
    equal((tree.read("file.txt"), tree.mode_of("file.txt")), ("edited", 0o604))
    t.nothing_beside("file.txt")


@test("rewritten here with the same content: that is no change")
def _(t):
    tree.write("file.txt", "first")
    t.open_file(meddling(lambda: rewrite("file.txt", "first")), "file.txt").exits(0).says_nothing()
    equal(tree.read("file.txt"), "edited")
    t.nothing_beside("file.txt")


@test("changed here between two saves: the first is in its place, "
      "the second beside what was made of it")
def _(t):
    def play(peer):
        peer.take()
        peer.save("second")
        wait_until(lambda: tree.read("file.txt") == "second", "the first save")
        tree.append("file.txt", "local")
        peer.save("edited")
        peer.done()
    tree.write("file.txt", "first")
    end = t.open_file(play, "file.txt").exits(1)
    has(end.said, "(it was changed here in the meantime)")
    has(end.said, '"file.txt": 1 of 2 saves is here; the last one is in "'
        + os.path.abspath(edit_beside(t, "file.txt")))
    equal(tree.read("file.txt"), "secondlocal")


@test("changed here through a mapping, which leaves no sign, by a program that goes on, or has "
      "ended since: the edit is beside it", waits=True)
def _(t):
    for ends in False, True:
        tree.write("file.txt", "first")
        with open("file.txt", "r+b") as file, mmap.mmap(file.fileno(), 0) as area:
            area[:] = b"FIRST"
            # Until a later change would show in its times, if it did.
            time.sleep(4)
            before = os.stat("file.txt")

            def change(end=ends, opened=file, mapped=area):
                mapped[:] = b"local"
                if end:
                    mapped.close()
                    opened.close()
            end = t.open_file(meddling(change), "file.txt").exits(1)
            # On a disk there is a sign, if the page was written meanwhile; in memory there is none.
            if os.stat("file.txt").st_mtime_ns != before.st_mtime_ns:
                raise Skip("files on this disk show that they are changed through a mapping")
        has(end.said, "(it was changed here in the meantime)")
        os.unlink(edit_beside(t, "file.txt"))
        equal(tree.read("file.txt"), "local")


@test("further saves replace the one beside it")
def _(t):
    tree.write("file.txt", "first")
    saves = b"".join(wire.save(content) for content in (b"second", b"third", b"edited"))
    end = t.open_file(meddling(lambda: tree.write("file.txt", "local"), saves + wire.done()),
                      "file.txt").exits(1)
    edit_beside(t, "file.txt")
    equal(tree.read("file.txt"), "local")
    has(end.said, '"file.txt": none of 3 saves is here')
    equal(len(end.said.split("\n")), 2)


@test("the one beside it, too, is not replaced where it was changed here")
def _(t):
    def play(peer):
        peer.take()
        tree.write("file.txt", "local")
        peer.save("second")
        kept, = wait_until(versions_beside, "what is kept beside it")
        tree.write(kept, "mine")
        peer.save("third")
        peer.done()
    tree.write("file.txt", "first")
    t.open_file(play, "file.txt").exits(1)
    equal(tree.read("file.txt"), "local")
    equal(sorted(tree.read(name) for name in versions_beside()), ["mine", "third"])


@test("changed back here: the next save is in its place again, or beside it, but never lost")
def _(t):
    def play(peer):
        peer.take()
        tree.write("file.txt", "local")
        peer.save("second")
        wait_until(versions_beside, "what is kept beside it")
        tree.write("file.txt", "first")
        peer.save("third")
        peer.done()
    tree.write("file.txt", "first")
    t.open_file(play, "file.txt")
    has([tree.read(name) for name in tree.names_in(".")], "third")


@test("the name of the other VM is in the name beside it")
def _(t):
    meddle = meddling(lambda: tree.write("file.txt", "local"))
    tree.write("file.txt", "first")
    t.open_file(meddle, "--from=disp123", "file.txt").exits(1)
    kept = edit_beside(t, "file.txt")
    has(kept, "(edited in disp123, ")
    os.unlink(kept)
    tree.write("file.txt", "first")
    t.open_file(meddle, "file.txt", env={"QREXEC_REMOTE_DOMAIN": "work"}).exits(1)
    has(edit_beside(t, "file.txt"), "(edited in work, ")


@test("a name of 255 bytes is shortened for the one beside it, and keeps its extension")
def _(t):
    name = f"{'字' * 83}xx.txt"
    equal(len(name.encode()), 255)
    tree.write(name, "first")
    t.open_file(meddling(lambda: tree.write(name, "local")), name).exits(1)
    kept = os.path.basename(edit_beside(t, name))
    check(re.fullmatch(rf"字+ \({EDITED}\)\.txt", kept), f"beside it: {kept}")
    equal(tree.read(name), "local")


@test("changed here, and a link: the edit is beside the target")
def _(t):
    os.mkdir("elsewhere")
    tree.write("elsewhere/file.txt", "first")
    os.symlink("elsewhere/file.txt", "link.txt")
    t.open_file(meddling(lambda: tree.write("link.txt", "local")), "link.txt").exits(1)
    t.nothing_beside("elsewhere", "link.txt")
    equal(os.readlink("link.txt"), "elsewhere/file.txt")
    equal(tree.read("elsewhere/file.txt"), "local")
    kept, = [name for name in tree.names_in("elsewhere") if name != "file.txt"]
    equal(tree.read(f"elsewhere/{kept}"), "edited")


@test("version 1: changed here, the edit is beside it, and there is no FILE~")
def _(t):
    tree.write("file.txt", "first")
    end = t.open_file(meddling(lambda: tree.write("file.txt", "local"), b"edited"), "file.txt")
    kept_beside(t, end, "changed here")
    equal(tree.read("file.txt"), "local")


# ---- The same file, opened twice ----


@test("opened a second time: that is told at once, and its edits are beside the file")
def _(t):
    tree.write("file.txt", "first")
    opener, peer = t.start_with_peer("file.txt")
    peer.take()
    second = t.open_file(saving("edited"), "file.txt").exits(1)
    has(second.said, "already")
    kept = edit_beside(t, "file.txt")
    equal(tree.read("file.txt"), "first")
    has(second.said, os.path.basename(kept))
    peer.save("one")
    peer.done()
    peer.end()
    opener.wait().exits(0).says_nothing()
    equal((tree.read("file.txt"), edit_beside(t, "file.txt")), ("one", kept))


@test("after a save, too, it counts as opened")
def _(t):
    tree.write("file.txt", "first")
    opener, peer = t.start_with_peer("file.txt")
    peer.take()
    peer.save("one")
    wait_until(lambda: tree.read("file.txt") == "one", "the save")
    t.open_file(saving("edited"), "file.txt").exits(1)
    equal(tree.read("file.txt"), "one")
    edit_beside(t, "file.txt")
    peer.done()
    peer.end()
    opener.wait().exits(0)


@test("opened a second time through a link, and only to look at it")
def _(t):
    tree.write("file.txt", "first")
    os.symlink("file.txt", "link")
    opener, peer = t.start_with_peer("file.txt")
    peer.take()
    has(t.open_file(saving(), "link").exits(0).said, "already")
    t.open_file(saving(), "--view-only", "file.txt").exits(0).says_nothing()
    peer.done()
    peer.end()
    opener.wait().exits(0)
    # It is over: nobody has it open any more.
    t.open_file(saving(), "file.txt").exits(0).says_nothing()


# ---- What may not be written, what is full ----


def bound():
    """How a program is started as a user whom permissions bind."""
    return {"user": 65534, "group": 65534, "extra_groups": []} if machine.am_root() else {}


def give_away(t):
    """To that user, the directories of the case."""
    if machine.am_root():
        for where, directories, files in os.walk(t.top):
            for name in (".", *directories, *files):
                os.chown(f"{where}/{name}", 65534, 65534, follow_symlinks=False)


def kept_path(end):
    """The path that is told as the place of an edit."""
    found = re.findall(r'^.* but in "(.*)"$', end.said, re.MULTILINE)
    check(len(found) == 1, f"{len(found)} paths in: {end.said}")
    return found[0]


@test("a file that may not be written: it is told at once, and the edit is beside it")
def _(t):
    tree.write("file.txt", "first", mode=0o444)
    give_away(t)
    end = t.open_file(saving("edited"), "file.txt", **bound()).exits(1)
    has(end.said, 'you may not write to "file.txt": what is saved will be kept')
    kept = edit_beside(t, "file.txt")
    equal(tree.read("file.txt"), "first")
    has(end.said, os.path.basename(kept))


@test("a directory that may not be written: the edit is in a private place, which is named")
def _(t):
    os.mkdir("sealed")
    tree.write("sealed/file.txt", "first")
    os.chmod("sealed", 0o555)
    give_away(t)
    kept = kept_path(t.open_file(saving("edited"), "sealed/file.txt", **bound()).exits(1))
    has(kept, f"{t.home}/.local/share/qopen-in-vm/")
    equal((tree.read("sealed/file.txt"), tree.read(kept)), ("first", "edited"))
    equal((tree.mode_of(os.path.dirname(kept)), tree.mode_of(kept)), (0o700, 0o600))
    equal(tree.names_in("sealed"), ["file.txt"])


def cover_var_tmp(t, directory):
    """The shell's words that make a directory /var/tmp, in a namespace of mounts. What is tested
    stays in sight when it lies there."""
    cover = f"mount --rbind {directory} /var/tmp"
    build = os.path.realpath(BUILD)
    if not build.startswith("/var/tmp/"):
        return cover
    build, aside = shlex.quote(build), shlex.quote(f"{t.top}/build")
    return (f"mkdir {aside} && mount --rbind {build} {aside} && {cover} && mkdir -p {build} && "
            f"mount --rbind {aside} {build}")


def with_var_tmp(t):
    """
    The words before a command that runs where /var/tmp is `top`/var-tmp, as the same user as here.
    A plain user is root where mounts can be made, and becomes itself again.
    """
    machine.need_mount_namespaces()
    os.mkdir(f"{t.top}/var-tmp")
    itself = ([] if machine.am_root()
              else ["unshare", "-U", f"--map-user={os.getuid()}", f"--map-group={os.getgid()}"])
    bind = cover_var_tmp(t, '"$0"') + ' && exec "$@"'
    return [*machine.IN_NAMESPACE, "sh", "-c", bind, f"{t.top}/var-tmp", *itself]


@test("where the home directory may not be written either, it is kept in /var/tmp")
def _(t):
    through = with_var_tmp(t)
    if machine.am_root():
        through += ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    os.mkdir("sealed")
    tree.write("sealed/file.txt", "first")
    os.chmod("sealed", 0o555)
    give_away(t)
    os.chmod(t.home, 0o555)
    opener, peer = t.start_with_peer("sealed/file.txt", through=through)
    peer.take()
    peer.save("edited")
    peer.done()
    peer.end()
    place, name = os.path.split(kept_path(opener.wait().exits(1)))
    has(place, "/var/tmp/qopen-in-vm-")
    there = f"{t.top}/var-tmp/{os.path.basename(place)}"
    equal(tree.read(f"{there}/{name}"), "edited")
    equal(tree.mode_of(there), 0o700)
    equal((tree.read("sealed/file.txt"), tree.names_in("sealed")), ("first", ["file.txt"]))


@contextlib.contextmanager
def opened_on_small_disk(t, before=":"):
    """
    Open file.txt, which holds "first", with a file system of 1 MiB as the working directory and
    `before` done there. The opener, a Peer that has taken all, and the path of that directory for
    this process, which outlives the others.
    """
    machine.need_mount_namespaces()
    os.mkdir(f"{t.top}/disk")
    make = ('mount -t tmpfs -o size=1m,mode=777 none "$0"; cd "$0"; printf first >file.txt; '
            f'{before}; exec "$@"')
    opener, peer = t.start_with_peer(
        "file.txt", through=[*machine.IN_NAMESPACE, "sh", "-ec", make, f"{t.top}/disk"])
    disk = os.open(f"/proc/{peer.role.pid}/cwd", tree.DIRECTORY & ~os.O_NOFOLLOW)
    try:
        peer.take()
        yield opener, peer, f"/proc/self/fd/{disk}"
    finally:
        os.close(disk)


@test("a full disk: the file is as it was, the edit in a private place that is named")
def _(t):
    version = os.urandom(3000000)
    with opened_on_small_disk(t) as (opener, peer, disk):
        peer.save(version)
        peer.done()
        peer.end()
        end = opener.wait().exits(1)
        has(end.said, "the disk is full")
        kept = kept_path(end)
        has(kept, f"{t.home}/")
        check(tree.read_bytes(kept) == version, "it is another version")
        equal((tree.read(f"{disk}/file.txt"), tree.names_in(disk)), ("first", ["file.txt"]))


@test("a disk that fills up while a version comes: likewise, with what had come before")
def _(t):
    version = os.urandom(700000)
    record = wire.save(version)
    with opened_on_small_disk(t) as (opener, peer, disk):
        peer.send(record[:300000])
        peer.wait_taken()
        with contextlib.suppress(OSError):
            tree.write(f"{disk}/filler", bytes(900000))
        peer.send(record[300000:])
        peer.done()
        peer.end()
        end = opener.wait().exits(1)
        has(end.said, "the disk is full")
        kept = kept_path(end)
        has(kept, f"{t.home}/")
        check(tree.read_bytes(kept) == version, "it is another version")
        equal((tree.read(f"{disk}/file.txt"), tree.names_in(disk)),
              ("first", ["file.txt", "filler"]))


@test("a disk that has room again: the next save is in its place")
def _(t):
    version = os.urandom(3000000)
    with opened_on_small_disk(t) as (opener, peer, disk):
        peer.save(version)
        peer.save("small")
        peer.done()
        peer.end()
        kept = kept_path(opener.wait().exits(0))
        check(tree.read_bytes(kept) == version, "it is another version")
        equal(tree.read(f"{disk}/file.txt"), "small")


@test("where there is room nowhere: that is said, and the next save may have more luck")
def _(t):
    before = cover_var_tmp(t, ".") + "; export HOME=$PWD"
    with opened_on_small_disk(t, before) as (opener, peer, disk):
        peer.save(os.urandom(3000000))
        peer.save("small")
        peer.done()
        peer.end()
        end = opener.wait().exits(0)
        has(end.said, "save 1 could be written nowhere")
        has(end.said, "the disk is full")
        equal((tree.read(f"{disk}/file.txt"), files_below(disk)), ("small", ["file.txt"]))


def open_files(pid):
    """The paths of the files and directories that a process has open, whether they still have these
    names or not."""
    with os.scandir(f"/proc/{pid}/fd") as found:
        return sorted(os.readlink(each.path) for each in found)


@test("a version that is announced larger than any disk is refused by that, not by filling it")
def _(t):
    tree.write("file", "first")
    sent = os.getcwd()  # without links
    opener, peer = t.start_with_peer("file", through=with_var_tmp(t))
    peer.take()
    peer.send(wire.header(wire.SAVE, 2**61), bytes(1000000))
    peer.wait_taken()
    # a file system in memory may have no bounds: then it refuses nothing
    if os.statvfs(sent).f_blocks:
        ours = "/var/tmp/", os.path.dirname(sent)
        equal([path for path in open_files(opener.pid) if path.startswith(ours)],
              [sent, f"{sent}/file"])
    peer.end()
    opener.wait().exits(1)
    equal(tree.read("file"), "first")
    t.nothing_beside()
    t.nothing_kept()
    equal(files_below(f"{t.top}/var-tmp"), [])
