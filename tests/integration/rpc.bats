#!/usr/bin/env bats
# pedos-rpc and pedos-rpcd on one machine: how a service is called, what it finds, and what comes back.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load rpc

@test "our own stdin and stdout are the service's, byte by byte" {
    service test.Cat <<<'exec cat'
    start_daemon
    head -c 3000000 /dev/urandom >"$T/sent-bytes"
    "$RPC" --sockets="$SOCKETS" --as=home work test.Cat <"$T/sent-bytes" >"$T/came-back" 3>&-
    cmp "$T/sent-bytes" "$T/came-back"
    rpc work test.Cat
    exits 0
    is "$told$said" ""
}

@test "a PROGRAM's stdin and stdout are joined to the service's, and its arguments are its own" {
    service test.Ask <<<'echo question; read -r answer; echo "$answer" >"$NOTES/answer"'
    start_daemon
    rpc work test.Ask sh -c 'read -r question; echo "$question" >"$1"; echo "$2"' sh "$T/question" "-- an answer"
    exits 0
    is "$(<"$T/question")" question
    is "$(<"$NOTES/answer")" "-- an answer"
    is "$told" ""
}

@test "the sockets' directory comes from the environment, too" {
    service test.Hi <<<'echo hi'
    start_daemon
    PEDOS_RPC_SOCKETS=$SOCKETS try "$RPC" --as=home work test.Hi
    exits 0
    is "$told" hi
    PEDOS_RPC_SOCKETS=$T/elsewhere try "$RPC" work test.Hi
    exits 125
    says_one_sentence "nobody serves work on this machine"
    has "$said" "$T/elsewhere/work"
}

@test "every exit status of a service comes back" {
    service test.Exit <<<'exit "$1"'
    start_daemon
    local n
    for n in {0..255}; do
        status=0
        "$RPC" --sockets="$SOCKETS" --as=home work "test.Exit+$n" </dev/null 3>&- || status=$?
        is "$status" "$n" || return
    done
}

@test "with a PROGRAM its exit status counts, and the service's where that is 0" {
    service test.Exit <<<'exit "$1"'
    start_daemon
    local n
    for n in 1 42 125 255; do
        rpc work test.Exit+7 sh -c "exit $n"
        exits "$n"
        rpc work test.Exit+0 sh -c "exit $n"
        exits "$n"
    done
    rpc work test.Exit+7 true
    exits 7
    rpc work test.Exit+0 true
    exits 0
    rpc work test.Exit+7 sh -c 'kill -KILL $$'
    exits 137
}

@test "a service that dies of writing more than the PROGRAM wanted does not count" {
    service test.Endless <<<'exec yes'
    start_daemon
    # What it writes would go to a service that may be dead by then.
    rpc work test.Endless sh -c 'head -c 10 >/dev/null'
    exits 0
}

@test "a service that a signal ends is 128 and the signal's number" {
    service test.Die <<<'kill -"$1" $$; sleep 1000'
    start_daemon
    local signal
    for signal in HUP INT TERM KILL SEGV USR1; do
        rpc work "test.Die+$signal"
        exits $((128 + $(kill -l $signal)))
    done
}

@test "no such service, a refused call and a failed one have statuses of their own, and one sentence" {
    start_daemon
    rpc work test.None
    exits 127
    says_one_sentence "work refuses test.None: there is no such service"
    rule test.None "*" @anyvm @anyvm deny
    kill -HUP "$daemon"
    wait_until is_logged "read the policy again"
    rpc work test.None
    exits 126
    says_one_sentence "work refuses test.None: the policy denies it"
    rpc nobody-there test.None
    exits 125
    says_one_sentence "nobody serves nobody-there on this machine"
}

@test "a PROGRAM that cannot be run is said, and the service ends" {
    make_staying_service
    start_daemon
    rpc work test.Stay "$T/no-such-program"
    exits 125
    says_one_sentence "cannot run $T/no-such-program: No such file or directory"
    wait_until no_calls
}

@test "the service sees the end of PROGRAM's output, and its own can still be read" {
    service test.Count <<<'wc -c'
    start_daemon
    rpc work test.Count sh -c 'printf 12345; exec >&-; cat >"$1"' sh "$T/count"
    exits 0
    is "$(tr -d ' ' <"$T/count")" 5
}

@test "PROGRAM sees the end of the service's output, and the service still reads" {
    service test.First <<<'echo first; exec >&-; cat >"$NOTES/rest"'
    start_daemon
    rpc work test.First sh -c 'cat >"$1"; echo after the end' sh "$T/first"
    exits 0
    is "$(<"$T/first")" first
    wait_until grep -qx "after the end" "$NOTES/rest"
}

@test "a service that closes its stdin stops who writes to it, and goes on" {
    service test.Deaf <<'BODY'
exec <&-
for i in {1..1200}; do [ -e "$NOTES/written" ] && break; sleep 0.05; done
echo alive
BODY
    start_daemon
    rpc work test.Deaf bash -c 'yes; echo "$?" >"$1/written"; cat >"$1/said"' bash "$NOTES"
    is "$(<"$NOTES/written")" 141
    is "$(<"$NOTES/said")" alive
}

@test "a PROGRAM that closes its stdin stops the service's output, and goes on" {
    service test.Loud <<'BODY'
yes
echo "$?" >"$NOTES/written"
cat >"$NOTES/rest"
BODY
    start_daemon
    rpc work test.Loud bash -c 'exec <&-; for i in {1..1200}; do [ -e "$1/written" ] && break; sleep 0.05; done; echo alive' bash "$NOTES"
    exits 0
    is "$(<"$NOTES/written")" 141
    wait_until grep -qx alive "$NOTES/rest"
}

@test "where nobody reads our stdout the service is told, and its status comes back" {
    service test.Loud <<<'yes; exit $?'
    start_daemon
    { "$RPC" --sockets="$SOCKETS" --as=home work test.Loud </dev/null 3>&- || echo $? >"$T/status"; } | head -c 100000 >/dev/null
    is "$(<"$T/status")" 141
}

@test "a stdout that cannot be written is said, and the call has failed" {
    service test.Hi <<<'echo hi'
    start_daemon
    status=0
    "$RPC" --sockets="$SOCKETS" --as=home work test.Hi </dev/null >/dev/full 2>"$T/stderr" 3>&- || status=$?
    said=$(<"$T/stderr")
    exits 125
    says_one_sentence "writing to stdout: No space left on device"
}

@test "the service's stderr is ours, without what a terminal would obey" {
    service test.Complain <<<'printf "plain\ttext \303\251\n\033[31mred\007\302\233m\n\303" >&2; echo out'
    start_daemon
    rpc work test.Complain
    exits 0
    is "$told" out
    is "$said" "$(printf 'plain\ttext \303\251\n?[31mred?')$(printf '%s' "${said#*red\?}")"
    is "$(printf '%s' "$said" | LC_ALL=C tr -d '\11\12\40-\176\303\251')" ""
    lacks "$said" $'\033'
}

@test "the service's stderr is carried beside a PROGRAM, too" {
    service test.Complain <<<'echo complaint >&2'
    start_daemon
    rpc work test.Complain cat
    exits 0
    is "$said" complaint
}

@test "on a terminal the service's output is shown without what the terminal would obey, and in a file it is as it was" {
    service test.Escape <<<'printf "a\033]0;title\007b\n"'
    start_daemon
    python3 - "$RPC" --sockets="$SOCKETS" --as=home work test.Escape >"$T/shown" 3>&- <<'PYTHON'
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], stdin_read=lambda fd: b"")))
PYTHON
    is "$(tr -d '\r' <"$T/shown")" 'a?]0;title?b'
    rpc work test.Escape
    is "$told" "$(printf 'a\033]0;title\007b')"
}

@test "a service finds who calls and how, and nothing else of the daemon's environment" {
    service test.Env <<<'printf "%s\n" "$#" "$@" >"$NOTES/arguments"; exec env >"$NOTES/env"'
    export SECRET_OF_THE_DAEMON=x LANG=C.UTF-8
    start_daemon --setenv=DISPLAY=:7
    unset SECRET_OF_THE_DAEMON
    rpc work test.Env+some+thing
    exits 0
    is "$(paste -sd, "$NOTES/arguments")" "1,some+thing"
    is "$(sed 's/=.*//' "$NOTES/env" | grep -vxE 'PWD|SHLVL|_|USER|LOGNAME' | LC_ALL=C sort | paste -sd,)" \
        DISPLAY,HOME,LANG,PATH,QREXEC_REMOTE_DOMAIN,QREXEC_SERVICE_ARGUMENT,QREXEC_SERVICE_FULL_NAME,SHELL,XDG_RUNTIME_DIR
    grep -qx QREXEC_REMOTE_DOMAIN=home "$NOTES/env"
    grep -qx QREXEC_SERVICE_FULL_NAME=test.Env+some+thing "$NOTES/env"
    grep -qx QREXEC_SERVICE_ARGUMENT=some+thing "$NOTES/env"
    grep -qx DISPLAY=:7 "$NOTES/env"
    rpc work test.Env
    is "$(paste -sd, "$NOTES/arguments")" 0
    grep -qx QREXEC_SERVICE_ARGUMENT= "$NOTES/env"
    rpc work test.Env+
    is "$(paste -sd, "$NOTES/arguments")" "1,"
}

@test "a service has no descriptors but its three, no signals blocked or ignored, and a usual umask" {
    cat >"$SERVICES/test.Look" <<'PYTHON'
#!/usr/bin/python3 -SEB
import os, signal
print(*(fd for fd in range(1024) if os.path.lexists(f"/proc/self/fd/{fd}")))
print(*sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
with open("/proc/self/status") as file:
    ignored = int(next(line for line in file if line.startswith("SigIgn")).split()[1], 16)
# Python ignores two by itself. Signals 32 and 33 are the C library's, which has what it starts ignore them.
print(*(n for n in range(1, 65) if ignored >> n - 1 & 1 and n not in (signal.SIGPIPE, signal.SIGXFSZ, 32, 33)))
print(f"{os.umask(0):o}", os.getpid() == os.getsid(0) == os.getpgrp())
PYTHON
    chmod 755 "$SERVICES/test.Look"
    exec 7<"$SERVICES/test.Look"
    umask 077
    trap '' HUP QUIT USR1
    start_daemon
    trap - HUP QUIT USR1
    umask 022
    exec 7<&-
    missing "/proc/$daemon/fd/7"
    rpc work test.Look
    exits 0
    is "$told" "0 1 2


22 True"
}

@test "a PROGRAM has no descriptors of the caller's, and no signals blocked or ignored" {
    service test.Hi <<<'cat'
    start_daemon
    # Signals 32 and 33 are the C library's, which has what it starts ignore them.
    local look='ls /proc/self/fd | paste -sd, >"$1"; while read -r name value; do case $name in
        SigBlk: | SigIgn:) echo "$name $((16#$value & ~0x180000000))" >>"$1" ;; esac; done </proc/self/status'
    try env --default-signal=PIPE bash -c "$look" bash "$T/usual"
    rpc work test.Hi bash -c "$look" bash "$T/look"
    exits 0
    is "$(<"$T/look")" "$(<"$T/usual")"
    is "$(sed -n 's/^SigBlk: //p' "$T/look")" 0
}

@test "a service begins in the home of its account" {
    need_account
    service test.Where <<<'pwd; echo "$HOME $USER $LOGNAME $SHELL $XDG_RUNTIME_DIR"; id -u'
    SERVED_AS=user
    through=(with_account)
    start_daemon
    rpc work test.Where
    exits 0
    is "$told" "$HOMES/user
$HOMES/user user user /bin/sh /run/user/$ACCOUNT
$ACCOUNT"
}

@test "a service of the whole name comes before one without the argument, and the first directory before the next" {
    mkdir "$T/first" "$T/second"
    let_through "$T/first/x"
    service test.S "$T/first" <<<'echo first "$@"'
    service test.S "$T/second" <<<'echo second "$@"'
    service test.S+special "$T/second" <<<'echo special "$@"'
    service test.T "$T/second" <<<'echo only second "$@"'
    rmdir "$SERVICES"
    SERVICES=$T/first start_daemon --services="$T/second"
    rpc work test.S
    is "$told" first
    rpc work test.S+other
    is "$told" "first other"
    rpc work test.S+special
    is "$told" "special special"
    rpc work test.T+a+b
    is "$told" "only second a+b"
    rpc work test.S+special+more
    is "$told" "first special+more"
}

@test "a service that others may change, or that is none, is not run; only the log says which" {
    local name
    for name in Group World; do service "test.$name" <<<'echo must not run'; done
    chmod g+w "$SERVICES/test.Group"
    chmod o+w "$SERVICES/test.World"
    mkdir "$SERVICES/test.Directory"
    mkfifo "$SERVICES/test.Fifo"
    service test.Mode <<<'echo must not run'
    chmod 644 "$SERVICES/test.Mode"
    printf '#!/no/such/interpreter\n' >"$SERVICES/test.Broken"
    chmod 755 "$SERVICES/test.Broken"
    if am_root; then
        service test.Foreign <<<'echo must not run'
        chown 12345 "$SERVICES/test.Foreign"
    fi
    start_daemon
    for file in "$SERVICES"/*; do
        name=${file##*/}
        rpc work "$name"
        exits 125 || fail "$name" || return
        says_one_sentence "the service cannot be started there; the log there says why"
        lacks "$said" "$SERVICES"
        is "$told" ""
        logged "$file"
    done
    serves_on
}

@test "what is started in the background and holds no stream does not hold the call" {
    service test.Leave <<<'setsid sleep 1000 <&- >&- 2>&- & echo $! >"$NOTES/left"; echo done'
    start_daemon
    rpc work test.Leave
    exits 0
    is "$told" "done"
    wait_until no_calls
    kill -0 "$(<"$NOTES/left")"
    kill "$(<"$NOTES/left")"
}
