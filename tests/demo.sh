#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# `make demo`: two "VMs" that are two home directories, a real tree copied from one to the other by
# rpc, a file of the one edited in the other, and attacks that fail.
set -eu
cd "$(dirname "$0")/.."
top=$PWD
bin=$top/build/bin
demo=$top/build/demo

title() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || title() { printf '\n%s\n' "$*"; }
# As one word of a shell script, whatever is in it.
quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }
run() { echo "\$ $*"; "$@"; }

# Everything about a tree that a copy must keep: type, mode, time to the nanosecond, link target;
# and every file's content.
picture() {
    (cd "$1" && find . -printf '%y %m %T@ %P %l\n' | LC_ALL=C sort &&
        find . -type f -exec cksum {} + | LC_ALL=C sort -k 3)
}

[ ! -e "$demo" ] || { chmod -R u+rwX "$demo" && rm -rf "$demo"; }
work=$demo/work/home personal=$demo/personal/home
mkdir -p "$work" "$personal/PedOSIncoming"

title "Two VMs: \"work\" sends, \"personal\" receives."
# The headers of this machine. A link that leads out of the tree would be refused, as the attack
# below shows; so leave such links behind.
cp -a /usr/include "$work/headers"
find "$work/headers" -type l | while IFS= read -r link; do
    case $(readlink "$link") in
    /* | *..*) rm -f "$link" ;;
    esac
done
mkdir "$work/headers/sealed"
echo "read only" >"$work/headers/sealed/note"
chmod 500 "$work/headers/sealed"
entries=$(find "$work/headers" | wc -l)
size=$(du -sh --apparent-size "$work/headers" | cut -f 1)
echo "work:     $work ($entries entries, $size)"
echo "personal: $personal (empty)"

title "personal offers two services, and its policy lets work call them:"
mkdir "$demo/policy" "$demo/services" "$demo/personal/tmp"
# As the programs call them here: /etc/qfilecopy.conf may name others.
named() { "$bin/$1" --help | sed -n 's/.* the service to call there (default \(.*\))$/\1/p'; }
copying=$(named qfile-agent) opening=$(named qopen-in-vm)
printf '%s * work personal allow\n' "$copying" "$opening" >"$demo/policy/10-demo.policy"
# Installed, the service delivers to its user's home directory. Here, to one below build/.
cat >"$demo/services/$copying" <<EOF
#!/bin/sh
incoming=$(quoted "$personal/PedOSIncoming")
exec $(quoted "$bin/qfile-unpacker") -v $(id -u) "\$incoming/\$QREXEC_REMOTE_DOMAIN"
EOF
# Installed, it runs what the desktop has for the type of a file. Here, a script stands in for
# somebody at a desk.
cat >"$demo/services/$opening" <<EOF
#!/bin/sh
export TMPDIR=$(quoted "$demo/personal/tmp")
exec $(quoted "$bin/vm-file-editor") --handler=$(quoted "$(quoted "$demo/somebody")")
EOF
cat >"$demo/somebody" <<'EOF'
#!/bin/sh
echo "somebody in personal opens $1"
echo "This line was written in personal." >>"$1"
EOF
chmod -R go-w "$demo/policy" "$demo/services"
chmod 755 "$demo/services"/* "$demo/somebody"
run cat "$demo/policy/10-demo.policy"
# Of one account, two domains: its own user may call under any name.
user=$(id -un 2>/dev/null) || user=
"$bin/pedos-rpcd" --foreground --transport=unix --sockets="$demo/sockets" \
    --policy="$demo/policy" --services="$demo/services" ${user:+--user="$user"} personal \
    2>"$demo/log" &
daemon=$!
trap 'kill $daemon 2>/dev/null; wait $daemon 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
until [ -S "$demo/sockets/personal" ]; do
    kill -0 $daemon 2>/dev/null || { cat "$demo/log" >&2; exit 1; }
    sleep 0.1
done
export PEDOS_RPC_SOCKETS="$demo/sockets"
# vm NAME COMMAND...: what is called there, is called under that name.
vm() {
    printf '#!/bin/sh\nexec %s --as=%s "$@"\n' "$(quoted "$bin/pedos-rpc")" "$1" >"$demo/client-$1"
    chmod 755 "$demo/client-$1"
    PEDOS_RPC_CLIENT=$demo/client-$1
    export PEDOS_RPC_CLIENT
    shift
    run "$@"
}

title "Copy a tree from work to personal:"
cd "$work"
vm work "$bin/qfile-agent" --vm=personal headers

title "It landed in personal's PedOSIncoming, under the sender's name:"
run ls -l "$personal/PedOSIncoming/work"

title "Both sides compared, entry by entry (type, mode, time, link target, content):"
picture "$work/headers" >"$demo/sent"
picture "$personal/PedOSIncoming/work/headers" >"$demo/received"
if ! cmp "$demo/sent" "$demo/received"; then
    echo "They differ: see $demo/sent and $demo/received" >&2
    exit 1
fi
# A picture has one line that begins with a letter for each entry.
echo "All $(grep -c '^[a-z]' "$demo/sent") entries are the same on both sides."

title "Open a file of work's in personal, where somebody edits it:"
echo "This line was written in work." >notes.txt
vm work "$bin/qopen-in-vm" --verbose personal notes.txt
run cat notes.txt
if ! grep -q "written in personal" notes.txt || [ -n "$(ls -A "$demo/personal/tmp")" ]; then
    echo "The edit did not come back, or something is left there." >&2
    exit 1
fi

title "A hostile sender: a stream with a file called ../../../.bashrc"
find "$demo/personal" | LC_ALL=C sort >"$demo/before"
# A header (namelen 17, mode 0100644, 5 bytes of content, times), the name, the content.
attack() {
    printf '\021\0\0\0\244\201\0\0\005\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
    printf '../../../.bashrc\0evil\n'
}
attack >"$demo/attack"
if vm work "$bin/pedos-rpc" --as=work personal "$copying" <"$demo/attack" >"$demo/result"; then
    echo "It was accepted. That must never happen." >&2
    exit 1
fi

title "Another: a link in a tree that points to /etc/passwd"
mkdir "$work/trap" && ln -s /etc/passwd "$work/trap/innocent.txt"
if vm work "$bin/qfile-agent" --vm=personal "$work/trap"; then
    echo "It was accepted. That must never happen." >&2
    exit 1
fi

title "And a VM that the policy does not name:"
if vm stranger "$bin/qfile-agent" --vm=personal "$work/headers/sealed"; then
    echo "It was accepted. That must never happen." >&2
    exit 1
fi
find "$demo/personal" | LC_ALL=C sort >"$demo/after"
cmp "$demo/before" "$demo/after"
title "All were refused, and nothing in personal's home has changed." \
    "What personal's daemon wrote down:"
grep -e '->' "$demo/log"
