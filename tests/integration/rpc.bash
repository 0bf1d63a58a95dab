# Calls with pedos-rpc and pedos-rpcd on one machine: `load helpers`, then `load rpc`.
# SPDX-License-Identifier: GPL-2.0-or-later

RPC=$BUILD/bin/pedos-rpc
RPCD=$BUILD/bin/pedos-rpcd

# ---- Before and after each test, around what helpers.bash has ----

eval "plain_$(declare -f setup)"
eval "plain_$(declare -f teardown)"

setup() {
    plain_setup || return
    unset PEDOS_RPC_SOCKETS LISTEN_PID LISTEN_FDS JOURNAL_STREAM
    SOCKETS=$T/sockets
    SERVICES=$T/services
    POLICY=$T/policy
    NOTES=$T/notes # where services leave something for the test
    mkdir "$SERVICES" "$POLICY" "$NOTES"
    chmod 777 "$NOTES"
    let_through "$NOTES"
    # Root serves as somebody who is not root: then a mistake with privileges shows.
    if am_root; then SERVED_AS=nobody; else SERVED_AS=$(id -un 2>/dev/null) || SERVED_AS=; fi
    rule "*" "*" @anyvm @anyvm allow
}

teardown() {
    local pid
    # A daemon that is asked to end ends its services, too.
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    exec 8>&- 9>&-
    for pid in "${started[@]}"; do
        for _ in {1..140}; do ended "$pid" && break || sleep 0.05; done
    done
    plain_teardown
}

# ---- What is served ----

# rule COLUMN...: the policy's only line.
rule() {
    echo "$@" >"$POLICY/50-test.policy"
}

# service NAME [DIRECTORY] <<'BODY': a shell script; it finds $NOTES.
service() {
    local file=${2-$SERVICES}/$1
    { printf '#!/bin/bash\nNOTES=%q\n' "$NOTES" && cat; } >"$file" && chmod 755 "$file"
}

# A service that says who it is, has a child in its process group, and stays.
make_staying_service() {
    service test.Stay <<'BODY'
sleep 1000 &
echo $! >"$NOTES/child"
echo $$ >"$NOTES/service.new" && mv "$NOTES/service.new" "$NOTES/service"
wait
BODY
}

service_stays() { exists "$NOTES/service" 2>/dev/null; }

service_is_gone() {
    ended "$(<"$NOTES/service")" && ended "$(<"$NOTES/child")"
}

# A zombie that nobody reaps has ended, too.
ended() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    stat=${stat##*) }
    [ "${stat%% *}" = Z ]
}

# ---- The daemon ----

# The options of a daemon for the tests: DOMAIN is to follow.
daemon_options() {
    options=(--foreground --transport=unix --sockets="$SOCKETS" --policy="$POLICY" --services="$SERVICES" ${SERVED_AS:+--user="$SERVED_AS"})
}

# start_daemon [OPTION...] [DOMAIN...]: a daemon that serves "work", or the domains named. Sets $daemon; its log is $T/log.
start_daemon() {
    daemon_options
    [ $# -gt 0 ] || set -- work
    case ${!#} in -*) set -- "$@" work ;; esac
    "${through[@]}" "$RPCD" "${options[@]}" "$@" </dev/null >"$T/log" 2>&1 3>&- &
    daemon=$!
    started+=("$daemon")
    wait_until daemon_is_ready
    # Started through a function, it is the child of a shell.
    while [ "$(<"/proc/$daemon/comm")" != pedos-rpcd ]; do
        daemon=$(children_of "$daemon")
        started+=("$daemon")
    done
}

daemon_is_ready() {
    ! ended "$daemon" || fail "the daemon has ended: $(<"$T/log")" || exit 1
    grep -q ': ready$' "$T/log"
}

# stop_daemon: ask it to end, and wait. Sets $status.
stop_daemon() {
    status=0
    kill "$daemon" && wait "$daemon" || status=$?
}

logged() { has "$(<"$T/log")" "$1"; }
is_logged() { grep -qF -- "$1" "$T/log"; }

# The process that serves the only call there is.
process_of_call() {
    children_of "$daemon"
}

no_calls() {
    [ -z "$(children_of "$daemon")" ]
}

# ---- Calls ----

# rpc ARGUMENT...: call as the VM "home"; nothing on stdin. Sets what `try` sets.
rpc() {
    try "$RPC" --sockets="$SOCKETS" --as=home "$@"
}

# start_rpc ARGUMENT...: the same in the background. Sets $caller.
start_rpc() {
    "$RPC" --sockets="$SOCKETS" --as=home "$@" </dev/null >"$T/stdout" 2>"$T/stderr" 3>&- &
    caller=$!
    started+=("$caller")
}

# end_rpc: wait for it. Sets $status, $said and $told.
end_rpc() {
    status=0
    wait "$caller" || status=$?
    said=$(<"$T/stderr")
    told=$(<"$T/stdout")
}

# The daemon serves the next call.
serves_on() {
    service test.Next <<<'echo served'
    rpc work test.Next
    exits 0 || return
    is "$told" served
}

# ---- Accounts of our own making, for root ----

# need_accounts NAME...: accounts with homes in $T/homes and numbers from 12345 on, seen by what runs through in_accounts.
need_accounts() {
    need_root
    local number=12345 name
    printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$T/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$T/group"
    for name; do
        mkdir -p "$T/homes/$name"
        chown $number:$number "$T/homes/$name"
        printf '%s:x:%d:%d::%s:/bin/sh\n' "$name" $number $number "$T/homes/$name" >>"$T/passwd"
        printf '%s:x:%d:\n' "$name" $number >>"$T/group"
        number=$((number + 1))
    done
    let_through "$T/homes/$1"
    unshare -m true 2>/dev/null || skip "no mount namespaces here"
    unshare -m sh -c 'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group && touch "$0/mounted" && exec sleep 3600' "$T" \
        3>&- </dev/null &
    accounts=$!
    started+=("$accounts")
    wait_until test -e "$T/mounted"
    as "$1" test -x "$RPC" || skip "other accounts cannot reach this build"
}

# in_accounts COMMAND...: where these accounts are, as root.
in_accounts() {
    nsenter --mount="/proc/$accounts/ns/mnt" --wd="$PWD" "$@"
}

# as NAME COMMAND...: as one of them.
as() {
    in_accounts setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"
}
