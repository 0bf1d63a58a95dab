# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""
README.md and doc/*.md: their blocks of commands work as they stand, their links lead somewhere, and
README.md stays short.

A block in fences of `sh` is a script, each command of which succeeds. One of `console` shows
commands, behind "$ ", and what they write to stdout and stderr: "..." stands for any text in a
line, and the lines of one command may come in any order, since several programs write them. A
command that shows nothing succeeds and writes nothing. The blocks of a file run one after another
in a directory that has a few files; the VM "work" is served, by pedos-rpcd, and so is "@dispvm".
`ssh` and `qrexec-client-vm` are played: what they are told is done here, by ssh in another home. So
is `xdg-open`.

What cannot run here is marked with a reason, one of ELSEWHERE, in the line above its fence:
<!-- elsewhere: needs root -->. How many are marked so is counted in MARKED.
"""
import collections
import os
import re
import shlex
import xml.etree.ElementTree

import machine
import suite
import tree
from copying import Copying
from calling import Calling
from expect import Broken, check, equal, exists
from settings import BIN, BUILD, EDITOR, PYTHON, TOP, UNPACKER
from tap import Skip

text_test = suite.cases(Copying, once=True)
block_test = suite.cases(Calling)

PAGES = [TOP / "README.md", *sorted((TOP / "doc").glob("*.md"))]
README_BYTES = 10240
PICTURE_BYTES = 30000
COLUMNS = 80

ELSEWHERE = {"takes minutes", "needs root", "needs Xen", "needs a desktop"}
MARKED = {
    ("README.md", "takes minutes"): 1,
    ("README.md", "needs root"): 1,
    ("doc/accounts.md", "needs root"): 4,
    ("doc/benchmarks.md", "takes minutes"): 1,
    ("doc/disposable.md", "needs root"): 1,
    ("doc/desktop.md", "needs root"): 1,
    ("doc/desktop.md", "needs a desktop"): 2,
    ("doc/install.md", "needs root"): 1,
    ("doc/install.md", "takes minutes"): 1,
    ("doc/qrexec.md", "needs root"): 2,
    ("doc/xen.md", "needs Xen"): 9,
}

FENCE = re.compile(r"^(?:<!-- elsewhere: (?P<reason>.*) -->\n)?```(?P<kind>.*)\n"
                   r"(?P<body>(?:.*\n)*?)```$", re.MULTILINE)

Block = collections.namedtuple("Block", "page line kind reason body")


def name_of(page):
    return str(page.relative_to(TOP))


def blocks_of(page):
    text = tree.read(page)
    return [Block(name_of(page), text[:found.start("kind")].count("\n") + 1, found["kind"],
                  found["reason"], found["body"]) for found in FENCE.finditer(text)]


def is_run(block):
    return block.kind in ("sh", "console") and not block.reason


# ---- The text ----


@text_test("README.md is short")
def _(_):
    size = os.path.getsize(TOP / "README.md")
    check(size <= README_BYTES,
          f"{size} bytes, where {README_BYTES} are allowed: "
          "what most readers do not need has its place in doc/")


@text_test("the prose of README.md and doc/ is wrapped")
def _(_):
    # Blocks stay as they are typed, and tables have a line for each row.
    prose = [(name_of(page), line) for page in PAGES
             for line in FENCE.sub("", tree.read(page)).splitlines()]
    equal([(page, line) for page, line in prose
           if len(line) > COLUMNS and not line.startswith("|") and " " in line], [])


@text_test("the links of README.md and doc/ lead somewhere")
def _(_):
    count = 0
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", tree.read(page))):
            if not re.match(r"[a-z]+:|#", target):
                exists(str(page.parent / target.partition("#")[0]))
                count += 1
    check(count > 10, f"only {count} links were found")


@text_test("doc/desktop.md shows each picture of the desktop, and they are small")
def _(_):
    pictures = sorted((TOP / "doc/desktop").iterdir())
    shown = re.findall(r"!\[[^\]]+\]\(desktop/([^)]+)\)", tree.read(TOP / "doc/desktop.md"))
    equal(sorted(shown), [path.name for path in pictures])
    equal([path.name for path in pictures if path.stat().st_size > PICTURE_BYTES], [])


def check_marks():
    marked = collections.Counter()
    for page in PAGES:
        blocks = blocks_of(page)
        # Nothing is a block in another way, or a mark that marks none.
        equal(tree.read(page).count("```"), 2 * len(blocks))
        equal(re.findall(r"^(?: {4}|\t|~~~).*", FENCE.sub("", tree.read(page)), re.MULTILINE), [])
        equal(tree.read(page).count("elsewhere:"),
              sum(block.reason is not None for block in blocks))
        for block in blocks:
            check(block.kind in ("sh", "console"),
                  f"{block.page}:{block.line}: a block of {block.kind!r}")
            if block.reason is not None:
                check(block.reason in ELSEWHERE,
                      f"{block.page}:{block.line}: the reason {block.reason!r}")
                marked[block.page, block.reason] += 1
    equal(dict(marked), MARKED)


@text_test("blocks that cannot be run here are marked, and counted")
def _(_):
    check_marks()


@text_test("what is marked is good shell, and its make has such targets")
def _(t):
    makefiles = tree.read(TOP / "Makefile") + tree.read(TOP / "tests/tests.mk")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefiles, re.MULTILINE))
    for page in PAGES:
        for block in blocks_of(page):
            if block.reason:
                end = t.run("sh", "-n", "-c", block.body)
                check(end.status == 0, f"{block.page}:{block.line}: {end.said}")
                for words in re.findall(r"^make\b(.*)", block.body, re.MULTILINE):
                    called = [word for word in shlex.split(words, comments=True) if "=" not in word]
                    check(targets.issuperset(called), f"{block.page}:{block.line}: make {words}")


def text_of(picture):
    """The lines of a picture, from its top to its bottom."""
    return [each.text or "" for each in xml.etree.ElementTree.fromstring(picture).iter()
            if each.tag.endswith("text")]


@text_test("make picture draws what the demo wrote, without paths, dates and accounts")
def _(t):
    demo = """\
\033[1mCopy a tree:\033[0m
$ /srv/q/build/bin/qfile-agent --vm=personal <headers>
qfile-unpacker: confinement in force: this & that
qfile-agent: a link in it; nothing was copied. Use --other to do otherwise

It landed in PedOSIncoming:
$ ls -l /srv/q/build/demo/personal/home/PedOSIncoming/work
drwxr-xr-x 78 alice staff 12288 Nov 28 04:57 headers

Once more:
qfile-unpacker: confinement in force: this & that
somebody opens /srv/q/build/demo/personal/tmp/qopen-work-0KGBZw/notes.txt
personal refuses it

All were refused. What personal's daemon wrote down:
pedos-rpcd: work -> personal PedOS.Filecopy as alice: allowed; ended with 0; 7 bytes in, \
8 out, 1.63 s
"""
    drawn = t.run(PYTHON, "-B", TOP / "doc/picture.py", "/srv/q", stdin=demo.encode()).exits(0).told
    equal(text_of(drawn),
          ["$ make demo", "Copy a tree:", "$ qfile-agent --vm=personal <headers>",
           "qfile-unpacker: confinement in force: this & that",
           "qfile-agent: a link in it; nothing was copied ...", "Once more:",
           "somebody opens /tmp/qopen-work/notes.txt", "personal refuses it", "All were refused."])
    t.run(PYTHON, "-B", TOP / "doc/picture.py", "/srv/q",
          stdin=b"make: failed\n").exits(1).says("not what the demo writes")


@text_test("the picture of the demo shows nothing of the machine that made it")
def _(_):
    shown = text_of(tree.read(TOP / "doc/demo.svg"))
    check(30 <= len(shown) <= 45, f"{len(shown)} lines")
    for line in shown:
        check(not re.search(r"/build/|/root\b|\b20\d\d\b|\d\d:\d\d| as \w+:", line), line)
        for path in re.findall(r"(?<![\w.])/[\w/-]+", line):
            known = "/home/work", "/home/personal", "/tmp/qopen-work", "/etc/passwd"
            check(path.startswith(known), line)


# ---- The blocks ----


def make_files():
    """What the commands of the pages work on."""
    for path, content in {"report.pdf": "a report\n", "invoice.pdf": "an invoice\n",
                          "report.odt": "the old text\n", "photos/beach.jpg": "sun\n",
                          "photos/2023/hill.jpg": "clouds\n",
                          "drafts/letter": "Dear reader\n"}.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        tree.write(path, content)
    # The pages are read in a clone.
    os.symlink(TOP / "doc", "doc")


def make_surroundings(t):
    """Files to work on; the VM "work"; ssh and qrexec."""
    check_marks()  # a block that has lost its mark is not run: it may change this machine
    if BUILD != TOP / "build":
        raise Skip("programs built on the library would need the other build's flags")
    for program in ("cc", "pkg-config"):
        machine.need(program)
    machine.need_receiver()
    t.need_account()
    if not machine.has_user_namespaces(t.account):
        raise Skip("no user namespaces here, and the pages show them")
    if not t.served_as:
        raise Skip("this user has no name to be called by")
    make_files()
    played = f"{t.top}/played"
    os.mkdir(played)
    # This tree may be a copy of the one that was built.
    module = tree.read(TOP / "lib/libqfile.pc.in")
    for name, path in {"PREFIX": TOP, "LIBDIR": BUILD / "lib", "INCLUDEDIR": TOP / "include",
                       "VERSION": "0"}.items():
        module = module.replace(f"@{name}@", str(path))
    tree.write(f"{t.top}/libqfile.pc", module)
    # Who comes by ssh is a plain user there, whoever tests.
    become = (f"setpriv --reuid={t.account} --regid={t.account} --clear-groups "
              if machine.am_root() else "")
    tree.script(f"{played}/ssh", f"""#!/bin/sh
while :; do
    case $1 in --) shift; break ;; -*) shift ;; *) break ;; esac
done
shift
export SSH_CONNECTION="192.0.2.7 40000 192.0.2.8 22"
export HOME={shlex.quote(t.home)} TMPDIR={shlex.quote(t.home)}
cd && exec {become}sh -c "$*"
""")
    tree.script(f"{played}/xdg-open", '#!/bin/sh\nexec sed -i s/old/new/ "$1"\n')
    tree.script(
        f"{played}/qrexec-client-vm",
        '#!/bin/sh\n[ "$1" != @dispvm ] || { shift; set -- work "$@"; }\nexec pedos-rpc "$@"\n')
    t.environment |= {"HOME": t.sent, "PATH": f"{played}:{BIN}:{os.environ['PATH']}",
                      "PEDOS_RPC_SOCKETS": t.sockets,
                      "PEDOS_RPC_CLIENT": f"{played}/qrexec-client-vm", "PKG_CONFIG_PATH": t.top,
                      "LD_LIBRARY_PATH": f"{BUILD}/lib", "TMPDIR": t.top}
    t.service("PedOS.Filecopy", f"exec {UNPACKER} {t.uid} {shlex.quote(t.incoming)}/$$")
    t.service(
        "PedOS.OpenInVM",
        f"export TMPDIR={shlex.quote(t.incoming)}; exec {EDITOR} --handler='sed -i s/old/new/'")
    t.start_daemon()


def in_shell(t, script):
    """stdout and stderr together, and the exit status."""
    end = t.run(*t.with_account(), "sh", "-c", f"exec 2>&1\n{script}")
    return end.told, end.status


def session_of(block):
    """Pairs of a command and the lines that it writes. A command may go on in lines that begin with
    "> "."""
    pairs = []
    for line in block.body.splitlines():
        if line.startswith("$ "):
            pairs.append((line[2:], []))
        elif line.startswith("> ") and pairs and not pairs[-1][1]:
            pairs[-1] = (f"{pairs[-1][0]}\n{line[2:]}", [])
        else:
            check(pairs, f"{block.page}:{block.line}: output before a command")
            pairs[-1][1].append(line)
    return pairs


def fits(shown, line):
    return re.fullmatch(".*".join(re.escape(part) for part in shown.split("...")), line)


def compare(shown, written):
    """Each line that is shown is one that was written, and there are no others."""
    left = list(written)
    for line in shown:
        found = next((each for each in left if fits(line, each)), None)
        if found is None:
            raise Broken(f"shown: {line!r}\nwritten: {written!r}")
        left.remove(found)
    equal(left, [])


def run_session(t, block):
    pairs = session_of(block)
    mark = "---- next ----"
    told, _ = in_shell(t, "\n".join(f"{command}\necho \"{mark}$?\"" for command, _ in pairs))
    parts = re.split(rf"^{mark}(\d+)$\n?", told, flags=re.MULTILINE)
    equal(len(parts), 2 * len(pairs) + 1)
    for (command, shown), written, status in zip(pairs, parts[::2], parts[1::2]):
        try:
            compare(shown, written.splitlines())
            check(shown or status == "0", f"exit status {status}")
        except Broken as broken:
            raise Broken(f"{block.page}:{block.line}: $ {command}\n{broken}") from broken


def run_page(page):
    def run(t):
        make_surroundings(t)
        for block in blocks_of(page):
            if is_run(block) and block.kind == "console":
                run_session(t, block)
            elif is_run(block):
                told, status = in_shell(t, f"set -e\n{block.body}")
                check(status == 0, f"{block.page}:{block.line}: exit status {status}\n{told}")
    return run


for each in PAGES:
    if any(is_run(block) for block in blocks_of(each)):
        block_test(f"the commands of {name_of(each)} work as they stand")(run_page(each))
