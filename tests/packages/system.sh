# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# What is tried where systemd is the first process, as root; sh -e runs it. The packages are
# installed, and lie in /mnt.

fail() {
    echo "FAILED: $*"
    journalctl --no-pager --no-hostname -b -n 60
    exit 1
}
# Wait until a command succeeds. It is not the machine that decides how long.
await() {
    until "$@" >/dev/null 2>&1; do sleep 0.2; done
}
is_active() { systemctl --quiet is-active "$1"; }
as() { # as ACCOUNT COMMAND
    setpriv --reuid="$1" --regid="$1" --init-groups --reset-env sh -c "cd && $2"
}
policy=/etc/pedos-rpc/policy.d/50-test.policy
socket=pedos-rpcd@qfwork.socket service=pedos-rpcd@qfwork.service
call() { as qfhome "pedos-rpc qfwork test.Here"; }

useradd -m qfhome
echo '* * @anyvm @anyvm allow' >$policy
mkdir -p /run/pedos-rpc
cat >/run/pedos-rpc/test.Here <<'END'
#!/bin/sh
echo here
END
cat >/run/pedos-rpc/test.Long <<'END'
#!/bin/sh
echo begun
read word
echo "$word"
END
cat >/run/pedos-rpc/test.Limits <<'END'
#!/bin/sh
echo "network: $(ls /sys/class/net | xargs) $(grep -c . /proc/net/dev)"
echo home >"$HOME/written" && echo home
! echo x >/etc/written 2>/dev/null && echo etc
unshare -Urmpf --mount-proc sh -c 'mount -t tmpfs none /mnt && chroot / true && ls -d /proc/1' &&
    echo namespaces
test -r /dev/fuse -o ! -e /dev/fuse && echo devices
END
# Says which of these can be reached; with "listen", they can be.
cat >/run/pedos-rpc/test.Reach <<'END'
#!/usr/bin/python3
import os, signal, socket, sys
for name, family, address in (("tcp", socket.AF_INET, ("127.0.0.1", 7777)),
                              ("path", socket.AF_UNIX, "/run/qf-reach"),
                              ("abstract", socket.AF_UNIX, "\0qf-reach")):
    try:
        end = socket.socket(family)
        if sys.argv[1:] != ["listen"]:
            end.connect(address)
            print(name)
        elif os.fork() == 0:
            end.bind(address)
            if name == "path":
                os.chmod(address, 0o666)
            end.listen()
            signal.pause()
    except OSError:
        pass
END
chmod 755 /run/pedos-rpc/*
reach() { as qfhome "pedos-rpc qfwork test.Reach" | xargs; }

echo "== an account that is not there: the socket stays, and serves when it comes"
systemctl enable --now $socket
call && fail "there is no account qfwork"
is_active $socket || fail "the socket has gone"
useradd -m qfwork
await call
is_active $socket || fail "the socket has gone later"

echo "== a wrong policy: reload fails and says why, and the old one stays"
echo wrong >$policy
systemctl reload $service && fail "reload did not say that it failed"
journalctl -b -p err --no-pager | grep "the policy is wrong" || fail "no error in the journal"
call || fail "the old policy has gone"

echo "== a start with a wrong policy: the socket stays, all is refused, and reload mends it"
for n in 1 2 3 4 5 6; do
    systemctl kill --kill-who=main --signal=KILL $service
    await is_active $service
    call && fail "a wrong policy allows something"
done
is_active $socket || fail "the socket has gone"
echo '* * @anyvm @anyvm allow' >$policy
systemctl reload $service || fail "reload"
await call

echo "== a daemon that was killed is started again"
systemctl kill --kill-who=main --signal=KILL $service
await call

echo "== what services need, and what they do not have"
as qfhome "pedos-rpc qfwork test.Limits" | tee /root/limits
for word in home etc namespaces devices; do
    grep -qx $word /root/limits || fail "no $word"
done
grep -qx 'network: lo 3' /root/limits || fail "there is a network"

echo "== the network, which they do not have, as pedos-rpcd(8) gives it back"
/run/pedos-rpc/test.Reach listen
await sh -c '[ "$(/run/pedos-rpc/test.Reach | xargs)" = "tcp path abstract" ]'
[ "$(reach)" = path ] || fail "reached: $(reach)"
mkdir /etc/systemd/system/pedos-rpcd@.service.d
cat >/etc/systemd/system/pedos-rpcd@.service.d/network.conf <<'END'
[Service]
PrivateNetwork=no
IPAddressDeny=
RestrictAddressFamilies=AF_INET AF_INET6
END
systemctl daemon-reload
systemctl restart $service
[ "$(reach)" = "tcp path abstract" ] || fail "reached, with the drop-in: $(reach)"
rm -r /etc/systemd/system/pedos-rpcd@.service.d
systemctl daemon-reload
systemctl restart $service

echo "== systemd runs nothing for what runs in the place of dom0's daemon"
if [ -e /usr/lib/systemd/system/pedos-rpc-dom0.service ]; then
    cat >/root/ask-systemd <<'END'
#!/bin/sh
systemd-run --quiet --wait touch "$1-private"
busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager \
    SetEnvironment as 1 "QF_BUS_$(basename "$1")=yes"
exit 0
END
    sh /root/ask-systemd /root/can
    [ -e /root/can-private ] || fail "systemd runs nothing for root"
    mkdir /etc/systemd/system/pedos-rpc-dom0.service.d
    cat >/etc/systemd/system/pedos-rpc-dom0.service.d/ask.conf <<'END'
[Unit]
ConditionPathExists=
[Service]
Type=oneshot
Restart=no
ExecStart=
ExecStart=/bin/sh /root/ask-systemd /root/could
ExecStopPost=
END
    systemctl daemon-reload
    systemctl start pedos-rpc-dom0.service
    [ ! -e /root/could-private ] || fail "systemd ran something"
    systemctl show-environment | grep QF_BUS_could && fail "the bus reached systemd"
    systemctl unset-environment QF_BUS_can
    rm -r /etc/systemd/system/pedos-rpc-dom0.service.d
    systemctl daemon-reload
fi

echo "== stopped: there is no socket that nobody serves"
systemctl stop $socket $service
[ ! -e /run/pedos-rpcd/qfwork ] || fail "the socket is there"
systemctl start $socket
call

echo "== an upgrade lets a call go on"
mkfifo /root/words
exec 3<>/root/words
setpriv --reuid=qfhome --regid=qfhome --init-groups --reset-env \
    pedos-rpc qfwork test.Long </root/words >/root/long &
await grep begun /root/long
dpkg --force-unsafe-io -i /mnt/pedos-rpc_*.deb | tee /root/upgrade
grep "$service serves a call" /root/upgrade || fail "nothing was said of the call"
echo word >&3
wait $! || fail "the call was ended"
[ "$(tail -n 1 /root/long)" = word ] || fail "the call did not go on"
exec 3>&-

echo "== and starts an idle daemon again"
before=$(systemctl show -P MainPID $service)
await sh -c "[ -z \"\$(cat /proc/$before/task/$before/children)\" ]"
dpkg --force-unsafe-io -i /mnt/pedos-rpc_*.deb
[ "$before" != "$(systemctl show -P MainPID $service)" ] || fail "it is the old one"
call

echo "== purge ends what runs, and disables it"
dpkg --purge pedos-rpc-dom0 pedos-rpc
is_active $socket && fail "the socket is there"
is_active $service && fail "the service is there"
[ ! -e /run/pedos-rpcd ] || fail "/run/pedos-rpcd is there"
ls /etc/systemd/system/*/pedos-rpc* && fail "it is enabled"
userdel -r qfhome 2>/dev/null
userdel -r qfwork 2>/dev/null
echo "== all of it"
