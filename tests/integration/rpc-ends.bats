#!/usr/bin/env bats
# Whoever of a call ends, is stopped or is killed: the others notice, say it, and nothing stays behind.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load rpc

# A call that goes on until somebody ends it, beside a PROGRAM whose number is in $NOTES/program.
begin_call() {
    make_staying_service
    start_daemon
    start_rpc work test.Stay sh -c 'echo $$ >"$0/program"; exec sleep 1000' "$NOTES"
    wait_until service_stays
    wait_until test -s "$NOTES/program"
}

program_is_gone() { ended "$(<"$NOTES/program")"; }

all_are_gone() {
    wait_until service_is_gone
    wait_until program_is_gone
    wait_until no_calls
}

@test "a caller that a signal stops dies of it, and with it PROGRAM, the service and its process group" {
    local signal
    for signal in TERM INT HUP; do
        rm -f "$NOTES"/*
        make_staying_service
        [ -n "$daemon" ] || start_daemon
        # A shell has its background processes ignore SIGINT.
        python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
            "$RPC" --sockets="$SOCKETS" --as=home work test.Stay sh -c 'echo $$ >"$0/program"; exec sleep 1000' "$NOTES" \
            >"$T/stdout" 2>"$T/stderr" 3>&- &
        caller=$!
        wait_until service_stays
        wait_until test -s "$NOTES/program"
        kill -$signal "$caller"
        end_rpc
        exits $((128 + $(kill -l $signal)))
        is "$said" ""
        all_are_gone
    done
    serves_on
}

@test "Ctrl-C on a terminal ends the caller, PROGRAM and the service" {
    make_staying_service
    start_daemon
    python3 - "$NOTES/service" "$RPC" --sockets="$SOCKETS" --as=home work test.Stay sh -c 'echo $$ >"$0/program"; sleep 1000' "$NOTES" 3>&- <<'PYTHON'
import os, pty, signal, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
while not (os.path.exists(sys.argv[1]) and os.path.exists(os.path.dirname(sys.argv[1]) + "/program")):
    time.sleep(0.05)
os.write(terminal, b"\x03")
status = os.waitpid(pid, 0)[1]
sys.exit(not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT))
PYTHON
    all_are_gone
    serves_on
}

@test "a PROGRAM that ignores SIGTERM is ended, too" {
    make_staying_service
    start_daemon
    start_rpc work test.Stay bash -c 'trap "" TERM; echo $$ >"$0/program"; while :; do sleep 0.1; done' "$NOTES"
    wait_until service_stays
    wait_until test -s "$NOTES/program"
    kill "$caller"
    end_rpc
    exits 143
    all_are_gone
}

@test "a service that ignores SIGTERM is ended, too" {
    service test.Stubborn <<'BODY'
trap "" TERM
echo $$ >"$NOTES/child"
echo $$ >"$NOTES/service"
while :; do sleep 0.1; done
BODY
    start_daemon
    start_rpc work test.Stubborn
    wait_until test -s "$NOTES/service"
    kill "$caller"
    end_rpc
    exits 143
    wait_until service_is_gone
    wait_until no_calls
    serves_on
}

@test "a caller that is killed takes the service and its process group with it" {
    begin_call
    kill -KILL "$caller"
    end_rpc
    exits 137
    wait_until service_is_gone
    wait_until no_calls
    logged "the caller has gone"
    kill "$(<"$NOTES/program")" # its pipes have ended, which this one does not look at
    serves_on
}

@test "a caller that is killed while the service floods it is noticed" {
    service test.Flood <<<'echo $$ >"$NOTES/service"; echo $$ >"$NOTES/child"; exec yes'
    start_daemon
    mkfifo "$T/nobody-reads"
    exec 9<>"$T/nobody-reads"
    "$RPC" --sockets="$SOCKETS" --as=home work test.Flood </dev/null >&9 2>/dev/null 3>&- &
    caller=$!
    wait_until test -s "$NOTES/child"
    kill -KILL "$caller"
    wait "$caller" || true
    wait_until service_is_gone
    wait_until no_calls
}

@test "a daemon that is killed: its calls end, and their callers say so" {
    begin_call
    kill -KILL "$daemon"
    end_rpc
    exits 125
    says_one_sentence "the connection to work was lost"
    wait_until service_is_gone
    wait_until program_is_gone
}

@test "a call's process that is killed: its service ends, the caller says so, the daemon serves on" {
    begin_call
    kill -KILL "$(process_of_call)"
    end_rpc
    exits 125
    says_one_sentence "the connection to work was lost"
    wait_until ended "$(<"$NOTES/service")"
    wait_until program_is_gone
    kill "$(<"$NOTES/child")"
    wait_until no_calls
    serves_on
}

@test "a daemon that is asked to end ends its services first, removes its sockets, and says nothing is wrong" {
    local signal
    for signal in TERM INT; do
        rm -f "$NOTES"/*
        begin_call
        if [ $signal = TERM ]; then
            stop_daemon
        else # which a shell has its background processes ignore; the daemon does not
            kill -INT "$daemon"
            status=0
            wait "$daemon" || status=$?
        fi
        exits 0
        service_is_gone
        missing "$SOCKETS/work"
        end_rpc
        exits 125
        says_one_sentence "the connection to work was lost"
        wait_until program_is_gone
    done
}

@test "a call that is stopped while the daemon is not serving ends at once" {
    start_daemon
    kill -STOP "$daemon"
    start_rpc work test.Any
    sleep 0.3
    kill "$caller"
    end_rpc
    kill -CONT "$daemon"
    exits 143
    wait_until no_calls
    serves_on
}

@test "a daemon that does not answer is given up" {
    start_daemon
    kill -STOP "$daemon"
    rpc work test.Any
    kill -CONT "$daemon"
    exits 125
    says_one_sentence "work does not answer"
}
