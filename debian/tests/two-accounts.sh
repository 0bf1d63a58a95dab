# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# Two accounts of this machine, one of which may call the other, through pedos-rpcd as it is
# installed: started by systemd where that runs, by hand elsewhere. Tests read this file in, call
# begin, and have $sender and $receiver. Both are removed at the end.

sender=qftest-a receiver=qftest-b
policy=/etc/pedos-rpc/policy.d/10-qftest.policy
unit=pedos-rpcd@$receiver
inbox=/home/$receiver/PedOSIncoming/$sender
log=$(mktemp) daemon=

has_systemd() { [ -d /run/systemd/system ]; }
# as ACCOUNT COMMAND: in its home directory.
as() {
    setpriv --reuid="$1" --regid="$1" --init-groups --reset-env sh -c "cd && $2"
}
as_sender() { as $sender "$1"; }
fail() {
    echo "FAILED: $*" >&2
    if has_systemd; then journalctl --no-pager -n 50 -u "$unit.service" >&2; else
        cat "$log" >&2
    fi
    exit 1
}
# A test may have more to remove.
clean_up_more() { :; }
clean_up() {
    clean_up_more
    if has_systemd; then
        systemctl disable --now "$unit.socket" "$unit.service" 2>/dev/null || true
    elif [ -n "$daemon" ]; then
        kill "$daemon" && wait "$daemon" || true
    fi
    rm -f "$policy" "$log"
    for account in $sender $receiver; do userdel --force --remove "$account" 2>/dev/null || true; done
}

# begin SERVICE...: what the sender may call.
begin() {
    trap clean_up EXIT
    trap 'exit 1' HUP INT TERM
    for account in $sender $receiver; do useradd --create-home --shell /bin/sh "$account"; done
    for service; do
        echo "$service * $sender $receiver allow"
    done >"$policy"
    if has_systemd; then
        systemctl enable --now "$unit.socket"
    else
        pedos-rpcd --foreground --transport=unix "$receiver" 2>"$log" &
        daemon=$!
        until [ -S "/run/pedos-rpcd/$receiver" ]; do
            kill -0 $daemon || fail "pedos-rpcd has ended"
            sleep 0.1
        done
    fi
}
