#!/usr/bin/env bats
# Copying with qfile-agent through pedos-rpc.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load rpc

# The service PedOS.Filecopy as it is installed, with a program beside it that delivers to $INCOMING. Root's runs as root, as it would there.
serve_copies() {
    mkdir "$T/bin"
    printf '#!/bin/sh\nexec %s "$@"\n' "$(receiver)" >"$T/bin/qfile-unpacker"
    sed "s|@BINDIR@|$T/bin|" "$TOP/qfile-unpacker/PedOS.Filecopy.in" >"$SERVICES/PedOS.Filecopy"
    chmod 755 "$T/bin/qfile-unpacker" "$SERVICES/PedOS.Filecopy"
    if am_root; then SERVED_AS=root; fi
    make_client "$T/client" --as=home
    start_daemon
}

# make_client FILE [OPTION...]: what the agent is to take for its rpc client.
make_client() {
    printf '#!/bin/sh\nexec %q --sockets=%q %s "$@"\n' "$RPC" "$SOCKETS" "${*:2}" >"$1"
    chmod 755 "$1"
}

copy() {
    PEDOS_RPC_CLIENT=$T/client try "$AGENT" --vm=work "$@"
}

@test "a tree arrives as it was" {
    serve_copies
    mkdir -p tree/below
    head -c 5000000 /dev/urandom >tree/large
    : >tree/below/empty
    ln -s large tree/link
    copy tree
    exits 0
    is "$said" ""
    same_tree tree "$INCOMING/tree"
    wait_until no_calls
    logged "ended with 0"
}

@test "--rename keeps both, --move leaves nothing here" {
    serve_copies
    echo first >file
    copy file
    echo second >file
    copy file
    exits 1
    has "$said" "is there already"
    is "$(<"$INCOMING/file")" first
    copy --rename --move file
    exits 0
    is "$(<"$INCOMING/file (2)")" second
    missing file
}

@test "--move keeps here what was refused there" {
    serve_copies
    rule PedOS.Filecopy + @anyvm @anyvm deny
    kill -HUP "$daemon"
    wait_until is_logged "read the policy again"
    echo content >file
    copy --move file
    exits 126
    has "$said" "work refuses PedOS.Filecopy: the policy denies it"
    is "$(<file)" content
    nothing_arrived
}

@test "a VM that nobody serves, and a service that there is not, are said" {
    serve_copies
    echo content >file
    rm "$SERVICES/PedOS.Filecopy"
    copy file
    exits 127
    has "$said" "there is no such service"
    stop_daemon
    copy file
    exits 125
    has "$said" "nobody serves work on this machine"
    nothing_arrived
}

@test "a name that the receiver refuses is named" {
    serve_copies
    echo content >$'bad\x01name'
    copy $'bad\x01name'
    exits 1
    has "$said" "bad?name"
    nothing_arrived
    copy --allow-all-names $'bad\x01name'
    exits 0
    exists "$INCOMING"/$'bad\x01name'
}

@test "a sender that is stopped leaves nothing there" {
    serve_copies
    head -c 300000000 /dev/zero >file
    PEDOS_RPC_CLIENT=$T/client "$AGENT" --vm=work --move file </dev/null >/dev/null 2>"$T/stderr" 3>&- &
    caller=$!
    started+=("$caller")
    wait_until staged file
    kill "$caller"
    wait "$caller" || true
    wait_until no_calls
    wait_until nothing_arrived
    exists file
    copy file
    exits 0
}

@test "two accounts copy to each other, each under the name that the kernel knows him by" {
    need_accounts alice bob
    as alice unshare -Ur true 2>/dev/null || skip "accounts cannot make user namespaces here"
    sed "s|@BINDIR@|$BUILD/bin|" "$TOP/qfile-unpacker/PedOS.Filecopy.in" >"$SERVICES/PedOS.Filecopy"
    chmod 755 "$SERVICES/PedOS.Filecopy"
    SERVED_AS=
    through=(in_accounts)
    start_daemon alice bob
    make_client "$T/client"
    local from to
    cd "$T/homes"
    for from in alice bob; do
        to=$([ $from = alice ] && echo bob || echo alice)
        echo "from $from" >"$from/file"
        as $from env PEDOS_RPC_CLIENT="$T/client" "$AGENT" --vm=$to "$from/file" </dev/null 3>&-
        is "$(<"$to/PedOSIncoming/$from/file")" "from $from"
        is "$(in_accounts stat -c %U "$to/PedOSIncoming/$from/file")" $to
    done
}
