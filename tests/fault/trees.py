# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Trees to deliver, and what they look like."""
import os
import random
import shutil
import stat


def write_file(path, content, mode=0o644, mtime=1_577_836_800.5):
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)
    os.utime(path, (mtime, mtime))


def plant_one(at):
    """One top-level directory with everything that an entry can be. Its commit is one rename."""
    os.makedirs(f"{at}/album/sub/empty")
    write_file(f"{at}/album/file", b"content " * 700, 0o640)
    write_file(f"{at}/album/holes", b"x" + bytes(3 * 4096))
    os.symlink("sub/file", f"{at}/album/link")
    write_file(f"{at}/album/sub/file", b"", 0o600, 1_000_000_000)
    os.chmod(f"{at}/album/sub", 0o2750)
    for path in ("sub/empty", "sub", "."):
        os.utime(f"{at}/album/{path}", ns=(10**18, 10**18 + 7))
    return ["album"]


def plant_two(at):
    """Two top-level entries, one of them a directory that its owner may not write: the commit is
    decided by the directory `commit`, and needs the link `widened`."""
    os.mkdir(f"{at}/sealed")
    write_file(f"{at}/sealed/file", b"content", 0o400)
    os.utime(f"{at}/sealed", ns=(10**18, 10**18 + 7))
    os.chmod(f"{at}/sealed", 0o555)
    write_file(f"{at}/note", b"a note\n")
    return ["sealed", "note"]


# More than the receiver syncs one by one.
MANY = 20


def plant_one_of_many(at):
    """The same as plant_one(), with so much in it that the whole file system is synced."""
    names = plant_one(at)
    for number in range(MANY):
        write_file(f"{at}/album/sub/empty/{number}", b"%d" % number)
    os.utime(f"{at}/album/sub/empty", ns=(10**18, 10**18 + 7))
    return names


# More than the receiver lets wait before it begins to write.
THOUSANDS = 6000


def plant_thousands(at):
    os.mkdir(f"{at}/album")
    for number in range(THOUSANDS):
        write_file(f"{at}/album/{number}", b"")
    os.utime(f"{at}/album", ns=(10**18, 10**18 + 7))
    return ["album"]


def plant_two_of_many(at):
    """The same of plant_two()."""
    names = plant_two(at)
    os.chmod(f"{at}/sealed", 0o755)
    for number in range(MANY):
        write_file(f"{at}/sealed/{number}", b"%d" % number)
    os.utime(f"{at}/sealed", ns=(10**18, 10**18 + 7))
    os.chmod(f"{at}/sealed", 0o555)
    return names


def plant_pair(at):
    """Two top-level entries that anybody can remove, for moving."""
    write_file(f"{at}/note", b"a note\n")
    return [*plant_one(at), "note"]


def plant_many(at):
    """Some hundred files, some MiB, three top-level entries."""
    chance = random.Random(1)
    for year in range(2001, 2011):
        os.makedirs(f"{at}/photos/{year}")
        for number in range(30):
            write_file(f"{at}/photos/{year}/{number}", chance.randbytes(chance.randrange(12000)))
    write_file(f"{at}/film", chance.randbytes(3 << 20))
    plant_two(at)
    return ["photos", "film", "sealed"]


def plant_earlier(at):
    """What stands in the incoming directory already, and must not change."""
    os.mkdir(f"{at}/earlier")
    write_file(f"{at}/earlier/file", b"delivered last year\n", 0o600, 900_000_000)
    os.symlink("file", f"{at}/earlier/link")
    os.chmod(f"{at}/earlier", 0o500)
    os.utime(f"{at}/earlier", (900_000_000, 900_000_000))
    write_file(f"{at}/earlier.txt", b"and this\n", 0o444, 900_000_000)


def give_to(uid, gid, at):
    """Everything in a directory, and the directory itself."""
    os.chown(at, uid, gid)
    for where, directories, files in os.walk(at):
        for name in directories + files:
            os.lchown(f"{where}/{name}", uid, gid)


def look(path):
    """One entry: kind, mode, time of the last change, content or target, owner."""
    status = os.lstat(path)
    mode, payload = stat.S_IMODE(status.st_mode) & 0o777, None
    if stat.S_ISLNK(status.st_mode):
        kind, payload = "link", os.readlink(path)
    elif stat.S_ISDIR(status.st_mode):
        kind = "directory"
    elif stat.S_ISREG(status.st_mode):
        kind = "file"
        with open(path, "rb") as file:
            payload = file.read()
    else:
        kind = "other"
    return (kind, mode, status.st_mtime_ns, payload), (status.st_uid, status.st_gid)


def picture(top):
    """Paths in a tree, `top` included as itself, and what is there: ({path: entry}, owners)."""
    entries, owners = {}, set()
    todo = [top] if os.path.lexists(top) else []
    while todo:
        path = todo.pop()
        entry, owner = look(path)
        entries[os.path.relpath(path, top)] = entry
        owners.add(owner)
        if entry[0] == "directory":
            todo += [f"{path}/{name}" for name in os.listdir(path)]
    return entries, owners


def remove(top):
    """rm -r that gets into sealed directories, too."""
    for where, directories, _ in os.walk(top):
        os.chmod(where, 0o700)
        for name in directories:
            if not os.path.islink(f"{where}/{name}"):
                os.chmod(f"{where}/{name}", 0o700)
    shutil.rmtree(top)
