# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What comes back is put into the file's place: whole, as it is saved, and with all that the file
had besides its content."""
import os
import struct

import edit_wire as wire
import machine
import suite
import tap
import tree
from expect import check, equal, has, missing, wait_until
from opening import Opening, OpeningOnDisk, answering, saving

test = suite.cases(Opening)
test_on_disk = suite.cases(OpeningOnDisk)


def unchanged(path, before):
    """Nothing was written to it, nor put in its place, since tree.identity() was this."""
    equal(tree.identity(path), before)


@test("every save is in its place before the next is made")
def _(t):
    seen = []

    def play(peer):
        peer.take()
        equal(peer.content, b"first")
        for content in "second", "third":
            peer.save(content)
            seen.append(wait_until(lambda: tree.read("file") == content, f"the save {content}"))
        peer.done()
    tree.write("file", "first")
    t.open_file(play, "file").exits(0).says_nothing()
    equal(len(seen), 2)
    equal(tree.read("file"), "third")
    t.nothing_beside()


@test("-v tells of every save")
def _(t):
    tree.write("file", "first")
    said = t.open_file(saving("second", "third"), "-v", "file").exits(0).said
    has(said, 'save 1 is in "file"')
    has(said, 'save 2 is in "file"')


@test("who has the file open keeps the whole content of before")
def _(t):
    tree.write("file", "first")
    with open("file", "rb") as before:
        t.open_file(saving("second"), "file").exits(0)
        equal(before.read(), b"first")
    equal(tree.read("file"), "second")


@test("a version that is on its way is not seen")
def _(t):
    tree.write("file", bytes(1000000))
    before = tree.identity("file")
    version = os.urandom(900000)
    record = wire.save(version)
    opener, peer = t.start_with_peer("file")
    peer.take()
    peer.send(record[:899999])
    peer.wait_taken()
    unchanged("file", before)
    # Where the file system has unnamed files, not even a hidden one is seen.
    equal([name for name in tree.names_in(".") if not name.startswith(".")], ["file"])
    peer.send(record[899999:])
    peer.done()
    peer.end()
    opener.wait().exits(0)
    check(tree.read_bytes("file") == version, "it is not the version that came")
    t.nothing_beside()


@test("nothing comes back: the file is not touched")
def _(t):
    tree.write("file", "first")
    before = tree.identity("file")
    t.open_file(saving(), "file").exits(0)
    unchanged("file", before)
    t.nothing_beside()


@test("a file edited to empty is empty")
def _(t):
    tree.write("file", "first")
    t.open_file(saving(""), "file").exits(0)
    equal(tree.size_of("file"), 0)
    t.nothing_beside()


@test("an empty file gets a content")
def _(t):
    tree.write("file")
    t.open_file(saving("content"), "file").exits(0)
    equal(tree.read("file"), "content")


@test("200 saves in a row: whoever reads sees one whole version")
def _(t):
    def version(number):
        return b"%d\n" % number * 20000
    tree.write("file", version(0))
    opener = t.start_opener(saving(*(version(number) for number in range(1, 201))), "-v", "file")
    last = 0
    while last < 200 and opener.runs():
        content = tree.read_bytes("file")
        number = int(content.partition(b"\n")[0])
        check(number >= last, f"version {number} after version {last}")
        check(content == version(number),
              f"{len(content)} bytes that are not all of version {number}")
        last = number
    end = opener.wait().exits(0)
    # A line of each, and the summary.
    equal(len(end.said.split("\n")), 201)
    check(tree.read_bytes("file") == version(200), "it is not the last version")
    t.nothing_beside()


# ---- What the file has besides its content ----


@test("mode is kept, but for set-ID bits, which writing would drop, too")
def _(t):
    for mode in 0o644, 0o600, 0o777, 0o640, 0o400, 0o755, 0o200:
        if not machine.am_root() and mode & 0o600 != 0o600:
            continue  # who may not write to it does not replace it
        tree.write("file", "first", mode)
        t.open_file(saving("changed"), "file").exits(0)
        equal(tree.mode_of("file"), mode)
        equal(tree.read("file"), "changed")
        os.unlink("file")
    tree.write("file", "first", 0o6755)
    t.open_file(saving("changed"), "file").exits(0)
    equal(tree.mode_of("file"), 0o755)


@test("the umask has no say")
def _(t):
    tree.write("file", "first", 0o666)
    t.open_file(saving("changed"), "file", umask=0o077).exits(0)
    equal((tree.mode_of("file"), tree.read("file")), (0o666, "changed"))


def owner_of(path):
    status = os.lstat(path)
    return status.st_uid, status.st_gid


@test("owner and group are kept by root")
def _(t):
    machine.need_root()
    tree.write("file", "first")
    os.chown("file", 12345, 23456)
    t.open_file(saving("changed"), "file").exits(0)
    equal((owner_of("file"), tree.read("file")), ((12345, 23456), "changed"))


@test("a group of the user's is kept")
def _(t):
    machine.need_root()
    tree.write("file", "first")
    os.chown("file", 65534, 12345)
    os.chmod("file", 0o660)
    for path in ".", t.top, t.home:
        os.chown(path, 65534, -1)
    t.open_file(saving("changed"), "file", user=65534, group=65534, extra_groups=[12345]).exits(0)
    equal((owner_of("file"), tree.mode_of("file"), tree.read("file")),
          ((65534, 12345), 0o660, "changed"))


# Access lists as Linux has them in extended attributes: tags, in this order, permissions, and whom
# they are for.
OWNER, USER, GROUP, SOME_GROUP, MASK, OTHERS = 1, 2, 4, 8, 16, 32
NOBODY = 2**32 - 1


def access_list(*entries):
    """Of entries (TAG, PERMISSIONS) or (TAG, PERMISSIONS, ID)."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each, *[NOBODY] * (3 - len(each)))
                                           for each in entries)


def give(path, name, value):
    """An extended attribute. Skips where there are none of this kind."""
    try:
        os.setxattr(path, name, value)
    except OSError as failure:
        raise tap.Skip(
            f"no {'access lists' if 'acl' in name else 'extended attributes'} here") from failure


def attributes_of(path):
    """All extended attributes that we may see."""
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


@test_on_disk("access lists are kept")
def _(t):
    tree.write("file", "first")
    given = access_list((OWNER, 6), (USER, 6, 12345), (GROUP, 4), (SOME_GROUP, 4, 12346), (MASK, 6),
                        (OTHERS, 4))
    give("file", "system.posix_acl_access", given)
    before = tree.mode_of("file"), owner_of("file")
    t.open_file(saving("changed"), "file").exits(0)
    equal(tree.read("file"), "changed")
    equal(os.getxattr("file", "system.posix_acl_access"), given)
    equal((tree.mode_of("file"), owner_of("file")), before)


@test_on_disk("an access list that the directory would give is not taken instead")
def _(t):
    tree.write("file", "first", 0o600)
    give(".", "system.posix_acl_default",
         access_list((OWNER, 7), (USER, 7, 12345), (GROUP, 5), (MASK, 7), (OTHERS, 7)))
    t.open_file(saving("changed"), "file").exits(0)
    equal((tree.mode_of("file"), tree.read("file")), (0o600, "changed"))
    equal([name for name in attributes_of("file") if "acl" in name], [])


@test_on_disk("extended attributes are kept")
def _(t):
    tree.write("file", "first")
    given = {"user.origin": b"https://example.org/", "user.binary": bytes(range(256)),
             "user.empty": b""}
    for name, value in given.items():
        give("file", name, value)
    before = attributes_of("file")
    equal({name: value for name, value in before.items() if name.startswith("user.")}, given)
    t.open_file(saving("changed"), "file").exits(0)
    equal(tree.read("file"), "changed")
    equal(attributes_of("file"), before)


@test("a symbolic link stays a link: what changes is its target")
def _(t):
    os.mkdir("elsewhere")
    tree.write("elsewhere/target", "first")
    os.symlink("target", "elsewhere/second")
    os.symlink("elsewhere/second", "link")
    t.open_file(saving("changed"), "link").exits(0)
    equal((os.readlink("link"), os.readlink("elsewhere/second")), ("elsewhere/second", "target"))
    equal(tree.read("elsewhere/target"), "changed")
    check(not os.path.islink("elsewhere/target"), "the target is a link")
    t.nothing_beside("elsewhere", "link")
    equal(tree.names_in("elsewhere"), ["second", "target"])


@test("an absolute link, and one through another directory, likewise")
def _(t):
    far = f"{t.top}/far"
    os.mkdir(far)
    os.mkdir("here")
    os.symlink(f"{far}/target", "link")
    os.symlink(far, "here/dir")
    for path in "link", "here/dir/target":
        tree.write(f"{far}/target", "first")
        t.open_file(saving("changed"), path).exits(0)
        equal(tree.read(f"{far}/target"), "changed")
    equal(tree.names_in(far), ["target"])
    equal((os.readlink("link"), os.readlink("here/dir")), (f"{far}/target", far))


@test("a file with other names: it is told, and these keep the content of before")
def _(t):
    tree.write("file", "first")
    os.link("file", "other")
    t.open_file(saving("changed"), "file").exits(0).says('"file" has other names')
    equal((tree.read("file"), tree.read("other")), ("changed", "first"))
    tree.write("alone", "first")
    t.open_file(saving("changed"), "alone").exits(0).says_nothing()


# ---- Only to look at it ----


@test("--view-only: whatever comes back is not written anywhere")
def _(t):
    def play(peer):
        peer.take()
        peer.save("second")
        peer.damaged("third")
        peer.save(os.urandom(2000000))
        peer.done()
    tree.write("file", "first")
    os.link("file", "other")  # nothing will be written: nothing to be told
    before = tree.identity("file")
    t.open_file(play, "--view-only", "file").exits(0).says_nothing()
    unchanged("file", before)
    t.nothing_beside("file", "other")
    t.nothing_kept()


@test("--view-only: nor is an answer of version 1")
def _(t):
    tree.write("file", "first")
    before = tree.identity("file")
    t.open_file(answering(os.urandom(2000000)), "--view-only", "file").exits(0)
    unchanged("file", before)
    t.nothing_beside()
    t.nothing_kept()


@test("--view-only: a file that may not be written, in a directory that may not either")
def _(t):
    tree.write("file", "first", 0o400)
    os.chmod(".", 0o500)
    t.open_file(saving(), "--view-only", "file").exits(0).says_nothing()
    os.chmod(".", 0o700)


# ---- An editor of version 1 ----


@test("version 1: what comes back is in its place, what was before in FILE~")
def _(t):
    tree.write("file", "first", 0o640)
    t.open_file(answering(b"second"), "file").exits(0).says('/file~"')
    equal((tree.read("file"), tree.read("file~")), ("second", "first"))
    equal(tree.mode_of("file"), 0o640)
    t.nothing_beside("file", "file~")


@test("version 1: what is called FILE~ already is never replaced")
def _(t):
    tree.write("file", "first")
    tree.write("file~", "mine")
    t.open_file(answering(b"second"), "file").exits(0).says('/file.~1~"')
    t.open_file(answering(b"third"), "file").exits(0).says('/file.~2~"')
    equal([tree.read(name) for name in ("file", "file~", "file.~1~", "file.~2~")],
          ["third", "mine", "first", "second"])
    t.nothing_beside("file", "file.~1~", "file.~2~", "file~")


@test("version 1: a dangling link called FILE~ is a name that is taken")
def _(t):
    tree.write("file", "first")
    os.symlink("nowhere", "file~")
    t.open_file(answering(b"second"), "file").exits(0)
    equal((tree.read("file"), tree.read("file.~1~"), os.readlink("file~")),
          ("second", "first", "nowhere"))
    missing("nowhere")


@test("version 1: nothing comes back where nothing was modified")
def _(t):
    tree.write("file", "first")
    before = tree.identity("file")
    t.open_file(answering(), "file").exits(0).says_nothing()
    unchanged("file", before)
    t.nothing_beside()


@test("version 1: short contents, and such as begin like a record")
def _(t):
    for content in ("x", "1234567", "12345678", "123456789", "PedOSv", "PedOSv2", "PedOSv22",
                    "PedOSv1x"):
        tree.write("file", "first")
        t.open_file(answering(content.encode()), "file").exits(0)
        equal((tree.read("file"), tree.read("file~")), (content, "first"))
        os.unlink("file~")


@test("version 1: a large content")
def _(t):
    content = os.urandom(5000001)
    tree.write("file", "first")
    t.open_file(answering(content), "file").exits(0)
    check(tree.read_bytes("file") == content, "it is not what came back")
    equal(tree.read("file~"), "first")


@test("version 1: FILE~ lies beside a link's target")
def _(t):
    os.mkdir("elsewhere")
    tree.write("elsewhere/target", "first")
    os.symlink("elsewhere/target", "link")
    t.open_file(answering(b"second"), "link").exits(0)
    equal((tree.read("elsewhere/target"), tree.read("elsewhere/target~")), ("second", "first"))
    t.nothing_beside("elsewhere", "link")


@test("version 1: a command that fails is a failure, since the answer does not tell")
def _(t):
    def play(peer):
        peer.take()
        peer.send(b"second")
        return 3
    tree.write("file", "first")
    has(t.open_file(play, "file").exits(1).said, "ended with status 3")
    equal(tree.read("file~"), "first")
