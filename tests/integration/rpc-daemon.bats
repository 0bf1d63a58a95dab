#!/usr/bin/env bats
# pedos-rpcd as a daemon: its sockets, the background, its end; and both programs' command lines.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load rpc

@test "--help and --version go to stdout, a wrong command line to stderr" {
    local program
    for program in "$RPC" "$RPCD"; do
        try "$program" --help
        exits 0
        has "$told" "Usage: ${program##*/} [OPTION]..."
        is "$said" ""
        is "$(awk 'length > 100' <<<"$told")" ""
        try "$program" --version
        exits 0
        is "$told" "${program##*/} (qfilecopy) $(sed -n 's/^VERSION = //p' "$TOP/Makefile")"
        status=0
        "$program" --help >/dev/full 2>/dev/null </dev/null 3>&- || status=$?
        [ "$status" != 0 ]
    done
}

# misuses STATUS SENTENCE PROGRAM ARGUMENT...
misuses() {
    try "${@:3}"
    exits "$1" || fail "${@:4}" || return
    says_one_sentence "$2" || return
    has "$said" "Try '${3##*/} --help'." || return
    is "$told" ""
}

@test "pedos-rpc refuses a wrong command line with 125 and one sentence" {
    local name
    misuses 125 "a VM and a service must be named" "$RPC"
    misuses 125 "a VM and a service must be named" "$RPC" work
    for name in "" 1work -- ../work wo/rk "wo rk" "work;id" $'work\n' "w$(printf '%063d' 0)" "wörk"; do
        misuses 125 "that is no VM's name" "$RPC" -- "$name" test.A
    done
    for name in "" 1test +x /etc/passwd ../x "test A" 'test;id' 'test*' $'test\n' "t$(printf '%063d' 0)" "tést"; do
        misuses 125 "that is no service's name" "$RPC" work "$name"
    done
    misuses 125 "--user: that is no account's name" "$RPC" --user=-x work test.A
    misuses 125 "--user: that is no account's name" "$RPC" --user= work test.A
    misuses 125 "--as: that is no VM's name" "$RPC" --as=1 work test.A
    misuses 125 "--transport takes unix or xen" "$RPC" --transport=tcp work test.A
    misuses 125 "unrecognized option" "$RPC" --no-such-option work test.A
}

@test "pedos-rpcd refuses a wrong command line with 2 and one sentence" {
    local text
    for text in "" 0 -1 10001 1x 99999999999999999999; do misuses 2 "--max-calls takes a number" "$RPCD" --max-calls="$text"; done
    misuses 2 "--setenv takes NAME=TEXT" "$RPCD" --setenv=DISPLAY
    misuses 2 "--setenv takes NAME=TEXT" "$RPCD" --setenv==x
    misuses 2 "--user: that is no account's name" "$RPCD" --user='a b'
    misuses 2 "--transport takes unix or xen" "$RPCD" --transport=tcp
    misuses 2 "a DOMAIN is a name" "$RPCD" --transport=unix work ../x
    misuses 2 "unrecognized option" "$RPCD" --no-such-option
}

@test "options behind the service are PROGRAM's" {
    service test.Hi <<<'echo hi'
    start_daemon
    rpc work test.Hi sh -c '[ "$*" = "--user=x --as=y -V" ]' sh --user=x --as=y -V
    exits 0
}

@test "the longest names there are can be called" {
    local domain service
    domain=w$(printf '%062d' 0)
    service=t$(printf '%030d' 0)+$(printf '%031d' 0)
    service "${service%%+*}" <<<'echo "$1"'
    start_daemon "$domain"
    rpc "$domain" "$service"
    exits 0
    is "$told" "${service#*+}"
}

@test "the daemon serves the domains that are named, or that of its own account" {
    service test.Hi <<<'echo hi'
    start_daemon work play
    is "$(ls "$SOCKETS" | paste -sd,)" play,work
    rpc play test.Hi
    exits 0
    stop_daemon
    id -un >/dev/null 2>&1 || skip "this user has no account"
    rm -r "$SOCKETS"
    daemon_options
    "$RPCD" "${options[@]}" </dev/null >"$T/log" 2>&1 3>&- &
    daemon=$!
    started+=("$daemon")
    wait_until daemon_is_ready
    is "$(ls "$SOCKETS")" "$(id -un)"
}

@test "a socket that a killed daemon left behind is taken over" {
    start_daemon
    kill -KILL "$daemon"
    wait "$daemon" || true
    exists "$SOCKETS/work"
    rpc work test.Next
    exits 125
    says_one_sentence "nobody serves work on this machine"
    start_daemon
    serves_on
}

@test "a second daemon for the same domain does not start, and does not harm the first" {
    start_daemon
    daemon_options
    try "$RPCD" "${options[@]}" other work
    exits 1
    says_one_sentence "$SOCKETS/work: another pedos-rpcd serves it, or it is no socket"
    missing "$SOCKETS/other"
    serves_on
}

@test "what is no socket of a daemon's is not removed" {
    mkdir -p "$SOCKETS/work"
    daemon_options
    try "$RPCD" "${options[@]}" work
    exits 1
    says_one_sentence "$SOCKETS/work"
    exists "$SOCKETS/work"
    rmdir "$SOCKETS/work"
    echo precious >"$SOCKETS/work"
    try "$RPCD" "${options[@]}" work
    exits 1
    says_one_sentence "$SOCKETS/work"
    is "$(<"$SOCKETS/work")" precious
}

@test "a directory of sockets that cannot be made is said" {
    daemon_options
    try "$RPCD" "${options[@]}" --sockets="$T/no/such" work
    exits 1
    says_one_sentence "making the directory of sockets $T/no/such: No such file or directory"
    try "$RPCD" "${options[@]}" --sockets=/dev/null work
    exits 1
    says_one_sentence "opening the directory of sockets /dev/null: Not a directory"
}

@test "in the background it is ready when its starter ends, has no terminal or directory of his, and ends on SIGTERM" {
    service test.Exit <<<'exit 3'
    daemon_options
    "$RPCD" "${options[@]:1}" work </dev/null >"$T/stdout" 2>"$T/log" 3>&-
    daemon=$(grep -lazs -- "^--sockets=$SOCKETS\$" /proc/[0-9]*/cmdline | cut -d/ -f3)
    [ -n "$daemon" ] || fail "no daemon"
    started+=("$daemon")
    rpc work test.Exit
    exits 3
    is "$(readlink /proc/"$daemon"/fd/{0,1} | paste -sd,)" /dev/null,/dev/null
    is "$(cut -d' ' -f6 "/proc/$daemon/stat")" "$daemon"
    kill "$daemon"
    wait_until ended "$daemon"
    missing "$SOCKETS/work"
}

@test "in the background, too, a daemon that cannot start says so and fails" {
    start_daemon
    daemon_options
    try "$RPCD" "${options[@]:1}" work
    exits 1
    says_one_sentence "another pedos-rpcd serves it"
}

@test "sockets that the starter has opened are served, and left behind" {
    service test.Hi <<<'echo "$QREXEC_REMOTE_DOMAIN"; ls /proc/self/fd | wc -l'
    mkdir "$SOCKETS"
    cat >"$T/starter" <<'PYTHON'
#!/usr/bin/python3
import os, socket, sys
os.chdir(sys.argv[1])
for number, domain in enumerate(("work", "play"), 3):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"sockets/{domain}")
    listener.listen()
    os.dup2(listener.detach(), number + 100)
for number in (3, 4):
    os.dup2(number + 100, number)
    os.close(number + 100)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2")
os.execv(sys.argv[2], sys.argv[2:])
PYTHON
    chmod 755 "$T/starter"
    through=("$T/starter" "$T")
    start_daemon ignored-domain
    missing "$SOCKETS/ignored-domain"
    local domain
    for domain in work play; do
        rpc $domain test.Hi
        exits 0
        is "$told" "home
4"
    done
    stop_daemon
    exits 0
    exists "$SOCKETS/work"
    rpc work test.Hi
    exits 125
}

@test "a descriptor that the starter passes and that is no listening socket of a domain is refused" {
    daemon_options
    local what
    for what in 'os.open("/dev/null", 0)' 'socket.socket(socket.AF_INET).detach()' 'socket.socket(socket.AF_UNIX).detach()'; do
        try python3 -c "import os, socket, sys
os.dup2($what, 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')
os.execv(sys.argv[1], sys.argv[1:])" "$RPCD" "${options[@]}"
        exits 1
        says_one_sentence "descriptor 3"
    done
}

@test "LISTEN_FDS for another process is not for us" {
    service test.Hi <<<'echo hi'
    export LISTEN_PID=1 LISTEN_FDS=1
    start_daemon
    unset LISTEN_PID LISTEN_FDS
    serves_on
}

@test "the log says of each call who, what, as whom and how it ended" {
    service test.Exit <<<'head -c 7; printf 12345; exit 3'
    start_daemon
    printf 1234567 | "$RPC" --sockets="$SOCKETS" --as=home work test.Exit+x >/dev/null 3>&- || true
    wait_until no_calls
    logged "pedos-rpcd: home -> work test.Exit+x as ${SERVED_AS:-this user}: allowed; ended with 3; 7 bytes in, 12 out, "
    rpc work test.None
    logged "pedos-rpcd: home -> work test.None: refused: there is no such service"
}

@test "for the journal a line begins with its priority" {
    export JOURNAL_STREAM=1:1
    daemon_options
    printf 'wrong\n' >"$POLICY/50-test.policy"
    "$RPCD" "${options[@]}" --policy="$T/none" work </dev/null >"$T/log" 2>&1 3>&- &
    daemon=$!
    started+=("$daemon")
    wait_until grep -q 'ready$' "$T/log"
    logged "<4>there is no policy in $T/none"
    logged "<6>ready"
}
