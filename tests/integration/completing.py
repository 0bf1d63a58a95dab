# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Shells that complete command lines: what cases of the completions work with."""
import contextlib
import os
import pty
import re
import shlex

import machine
import tree
from copying import Copying
from expect import check, equal
from settings import BIN, TOP
from tap import Skip

SOURCES = TOP / "completions"
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"

# Each shell reads one line after the other from the file $GIVEN, completes it, and writes to the
# file $GOT what came of it, NUL-terminated: bash the line with all completions in it, the others
# one completion in each line.
BASH = f"""
source {BASH_COMPLETION}
mapfile -t given <$GIVEN
next() {{
    READLINE_LINE=${{given[0]}} READLINE_POINT=${{#READLINE_LINE}}
    given=("${{given[@]:1}}")
}}
note() {{
    printf '%s\\0' "$READLINE_LINE" >>$GOT
    READLINE_LINE= READLINE_POINT=0
    (( ${{#given[@]}} )) || exit 0
}}
bind -x '"\\C-n": next'
bind -x '"\\C-x": note'
bind '"\\C-t": insert-completions'
"""
BASH_KEYS = b"\x0e\x14\x18"  # C-n, C-t, C-x: for each line
ZSH = f"""
fpath=({SOURCES} $fpath)
autoload -Uz compinit
compinit -u -d $HOME/dump
compadd() {{
    local -a found
    if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]]; then
        builtin compadd "$@"
        return
    fi
    builtin compadd -A found "$@"
    (( ! $#found )) || print -rl -- $found >>$GOT
    builtin compadd "$@"
}}
zle -C one complete-word _generic
zle-line-init() {{
    local line
    for line in "${{(@f)$(<$GIVEN)}}"; do
        BUFFER=$line
        CURSOR=$#BUFFER
        zle one
        print -n '\\0' >>$GOT
    done
    exit
}}
zle -N zle-line-init
"""
FISH = """
while read --local line
    complete --do-complete $line >>$GOT
    printf '\\0' >>$GOT
end <$GIVEN
"""


class Completing(Copying):
    """
    `pedos-rpc --list` is played: it writes what is in `vms`, and notes its command line. A
    `qrexec-client-vm` is there.
    """

    def __init__(self):
        super().__init__()
        self.through = []  # the words before a shell
        self.vms, self.asked = f"{self.top}/vms", f"{self.top}/asked"
        bin_directory = f"{self.top}/bin"
        os.mkdir(bin_directory)
        tree.script(f"{bin_directory}/pedos-rpc",
                    f'#!/bin/sh\necho "$*" >>{self.asked}\ncat {self.vms}\n')
        tree.script(f"{bin_directory}/qrexec-client-vm", "#!/bin/sh\n")
        data = f"{self.top}/data"
        self.link("qfilecopy.bash", f"{data}/bash-completion/completions", "")
        self.link("qfilecopy.fish", f"{data}/fish/vendor_completions.d", ".fish")
        self.environment |= {
            "HOME": self.top, "ZDOTDIR": self.top, "TERM": "dumb", "XDG_DATA_HOME": data,
            "XDG_CONFIG_HOME": f"{self.top}/config", "XDG_DATA_DIRS": f"{data}:/usr/share",
            "PATH": f"{bin_directory}:{BIN}:{self.environment['PATH']}",
            "GIVEN": f"{self.top}/given", "GOT": f"{self.top}/got"}

    @staticmethod
    def link(source, directory, end):
        """As make install does, for each program."""
        os.makedirs(directory)
        for program in programs():
            os.symlink(SOURCES / source, f"{directory}/{program}{end}")

    def completed(self, shell, lines):
        """For each line the words that this shell offers for its last one, sorted."""
        machine.need(shell)
        tree.write(f"{self.top}/given", "".join(f"{line}\n" for line in lines))
        tree.write(f"{self.top}/got", "")
        got = getattr(self, f"by_{shell}")(lines)
        check(len(got) == len(lines), f"{shell} has completed {len(got)} of {len(lines)} lines: "
              f"{got}")
        return got

    def results(self):
        return tree.read(f"{self.top}/got").split("\0")[:-1]

    def on_terminal(self, keys, *command):
        """Run this on a terminal, on which these keys are pressed."""
        machine.need_terminal()
        screen, terminal = pty.openpty()
        with open(screen, "rb", buffering=0) as screen:
            with open(terminal, "wb", buffering=0) as terminal:
                os.write(screen.fileno(), keys)
                program = self.start(*self.through, *command, stdin=terminal, stdout=terminal,
                                     stderr=terminal, start_new_session=True)
            with contextlib.suppress(OSError):  # how a terminal that nobody has any more ends
                while screen.read(65536):
                    pass
        program.wait().exits(0)

    def by_bash(self, lines):
        if not os.path.exists(BASH_COMPLETION):
            raise Skip("needs the package bash-completion")
        tree.write(f"{self.top}/bashrc", BASH)
        self.on_terminal(BASH_KEYS * len(lines), "bash", "--rcfile", f"{self.top}/bashrc", "-i")
        # What bash takes for the beginning of the last word stays before the first completion.
        kept = [re.search(r"^.*[ =@]|^", line)[0] for line in lines]
        # A line that stayed as it was has none.
        found = [shown.removeprefix(before) if shown != line else ""
                 for shown, line, before in zip(self.results(), lines, kept)]
        return [sorted({word.rstrip("=") for word in shlex.split(words)}) for words in found]

    def by_zsh(self, _):
        tree.write(f"{self.top}/.zshrc", ZSH)
        self.on_terminal(b"", "zsh", "-d", "-i")
        return [sorted({word for line in found.split("\n") for word in shlex.split(line)})
                for found in self.results()]

    def by_fish(self, lines):
        self.run(*self.through, "fish", "-c", FISH).exits(0).says_nothing()
        # Behind a tab is what it says of the word. Before a value is its option.
        option = [re.search(r"[^ ]*=|", line.rpartition(" ")[2])[0] for line in lines]
        return [sorted({word.split("\t")[0].removeprefix(before).rstrip("/")
                        for word in found.split("\n") if word})
                for found, before in zip(self.results(), option)]


def programs():
    """All that are built."""
    found = [name for name in sorted(os.listdir(BIN)) if os.access(BIN / name, os.X_OK)]
    check("qfile-agent" in found, f"programs: {found}")
    return found
