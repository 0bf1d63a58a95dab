#!/usr/bin/env bats
# Many calls at once, callers that do not get on, and streams that nobody reads.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load rpc

# hold COUNT HEX: that many connections, each with these bytes sent, kept open until $T/release is there. Sets $holder.
hold() {
    python3 - "$SOCKETS/work" "$@" "$T" </dev/null 3>&- <<'PYTHON' &
import os, socket, sys, time
path, count, sent, top = sys.argv[1:]
os.chdir(os.path.dirname(path))
connections = []
for _ in range(int(count)):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.path.basename(path))
    connection.sendall(bytes.fromhex(sent))
    connections.append(connection)
open(f"{top}/held", "w").close()
while not os.path.exists(f"{top}/release"):
    time.sleep(0.05)
PYTHON
    holder=$!
    started+=("$holder")
    wait_until test -e "$T/held"
}

release() {
    touch "$T/release"
    wait "$holder"
    rm "$T/held" "$T/release"
}

@test "200 calls at once: as many as --max-calls are served, the others are told to try again" {
    service test.Wait <<'BODY'
echo >"$NOTES/running-$$"
until [ -e "$NOTES/go" ]; do sleep 0.3; done
cat
BODY
    start_daemon --max-calls=150
    local n callers=()
    for ((n = 0; n < 200; n++)); do
        {
            status=0
            echo "call $n" | "$RPC" --sockets="$SOCKETS" --as=home work test.Wait >"$T/out-$n" 2>"$T/err-$n" || status=$?
            echo $status >"$T/status-$n"
        } 3>&- &
        callers+=($!)
    done
    enough_refused() { [ "$(cat "$T"/status-* 2>/dev/null | grep -c 126)" = 50 ]; }
    enough_running() { [ "$(ls "$NOTES" | grep -c running)" = 150 ]; }
    wait_until enough_refused
    wait_until enough_running
    is "$(ls "$T"/status-* | wc -l)" 50
    touch "$NOTES/go"
    wait "${callers[@]}"
    is "$(cat "$T"/status-* | sort | uniq -c | tr -s ' \n' ' ')" " 150 0 50 126 "
    for ((n = 0; n < 200; n++)); do
        if [ "$(<"$T/status-$n")" = 0 ]; then
            is "$(<"$T/out-$n")" "call $n"
            is "$(<"$T/err-$n")" ""
        else
            is "$(<"$T/out-$n")" ""
            is "$(<"$T/err-$n")" "pedos-rpc: work refuses test.Wait: you have too many calls at once; try again when one has ended"
        fi
    done
    wait_until no_calls
    rm "$NOTES"/running-*
    serves_on
}

@test "who connects and says nothing, or half a frame, keeps nobody from being served" {
    start_daemon --max-calls=30
    local said_so
    for said_so in "" 01 0100000004 010000000400000001000000 0100000004000000010000000200000005000000; do
        hold 10 "$said_so"
        serves_on
        release
        wait_until no_calls
    done
}

@test "who uses up his calls by saying nothing is refused until they are given up, and then served" {
    service test.Hi <<<'echo hi'
    start_daemon --max-calls=3
    hold 3 0100000004
    rpc work test.Hi
    exits 126
    says_one_sentence "too many calls at once"
    wait_until no_calls # the silent ones are still connected
    rpc work test.Hi
    exits 0
    release
}

@test "one account's silent connections do not keep another's calls from being served" {
    need_accounts alice bob
    service test.Hi <<<'echo hi'
    SERVED_AS=
    through=(in_accounts)
    start_daemon --max-calls=3 bob
    ln -s bob "$SOCKETS/work" # where `hold` connects
    hold 3 ""
    try in_accounts "$RPC" --sockets="$SOCKETS" bob test.Hi
    exits 126
    try as alice "$RPC" --sockets="$SOCKETS" bob test.Hi
    exits 0
    is "$told" hi
    release
}

@test "a log is not filled by calls that are refused" {
    start_daemon --max-calls=1
    hold 1 ""
    local n
    for n in {1..50}; do
        status=0
        "$RPC" --sockets="$SOCKETS" --as=home work test.Hi </dev/null 2>/dev/null 3>&- || status=$?
        is "$status" 126
    done
    release
    [ "$(grep -c "more calls at once" "$T/log")" -lt 25 ]
}

# pump OWN OTHER: a program that fills its stdout until it is full, waits until the other one has done so, ends it, and reads all of its stdin;
# it leaves how much it wrote in $NOTES/OWN-wrote, and what it read in $NOTES/OWN-read.
make_pump() {
    cat >"$NOTES/pump" <<'PYTHON'
#!/usr/bin/python3 -SE
import os, sys, time
notes, own, other = sys.argv[1:]
os.set_blocking(1, False)
written, last = 0, time.monotonic()
while time.monotonic() < last + 0.5:
    try:
        written += os.write(1, bytes(65536))
        last = time.monotonic()
    except BlockingIOError:
        time.sleep(0.01)
with open(f"{notes}/{own}-wrote", "w") as file:
    print(written, file=file)
while not os.path.exists(f"{notes}/{other}-wrote"):
    time.sleep(0.05)
os.close(1)
read = 0
while data := os.read(0, 65536):
    read += len(data)
with open(f"{notes}/{own}-read", "w") as file:
    print(read, file=file)
PYTHON
    chmod 755 "$NOTES/pump"
}

@test "both directions full, and nobody reads: nothing is lost when they are read" {
    make_pump
    service test.Pump <<<'exec "$NOTES/pump" "$NOTES" service caller'
    start_daemon
    rpc work test.Pump "$NOTES/pump" "$NOTES" caller service
    exits 0
    wait_until test -s "$NOTES/service-read"
    is "$(<"$NOTES/caller-read")" "$(<"$NOTES/service-wrote")"
    is "$(<"$NOTES/service-read")" "$(<"$NOTES/caller-wrote")"
    [ "$(<"$NOTES/caller-wrote")" -gt 65536 ]
    wait_until no_calls
}

@test "a service that writes and does not read gets its bytes through a full stdin" {
    service test.Write <<<'head -c 50000000 /dev/zero'
    start_daemon
    # What PROGRAM's child writes is never read.
    rpc work test.Write bash -c 'yes & cat | cksum >"$1"' bash "$T/sum"
    is "$(<"$T/sum")" "$(head -c 50000000 /dev/zero | cksum)"
    wait_until no_calls
}

@test "a PROGRAM that writes and does not read gets its bytes through a full stdout" {
    start_daemon
    service test.Sum <<<'yes "" & cksum >"$NOTES/sum"; kill $!'
    rpc work test.Sum bash -c 'head -c 50000000 /dev/zero; exec >&-; until [ -s "$1/sum" ]; do sleep 0.05; done' bash "$NOTES"
    is "$(<"$NOTES/sum")" "$(head -c 50000000 /dev/zero | cksum)"
    wait_until no_calls
}

@test "a stdout that nobody reads does not hold back stderr's end of the frames before it, nor stdin" {
    service test.Mixed <<<'echo complaint >&2; yes & cksum >"$NOTES/sum"; kill $!'
    start_daemon
    mkfifo "$T/full"
    exec 9<>"$T/full"
    head -c 20000000 /dev/zero | "$RPC" --sockets="$SOCKETS" --as=home work test.Mixed >&9 2>"$T/stderr" 3>&- &
    caller=$!
    started+=("$caller")
    wait_until test -s "$NOTES/sum"
    is "$(<"$NOTES/sum")" "$(head -c 20000000 /dev/zero | cksum)"
    kill "$caller"
    wait "$caller" || true
    wait_until no_calls
}

@test "much in both directions at once arrives byte by byte" {
    service test.Cat <<<'exec cat'
    start_daemon
    head -c 40000000 /dev/urandom >"$T/data"
    # Only the first cat holds stdout, so that its end is stdout's.
    rpc work test.Cat bash -c 'exec 5>&1 >&-; cat "$1" >&5 & exec 5>&-; cat >"$2"' bash "$T/data" "$T/copy"
    exits 0
    cmp "$T/data" "$T/copy"
}
