#!/usr/bin/env bats
# Opening files through pedos-rpc.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load rpc
load open

# The service PedOS.OpenInVM as it is installed, with a program beside it that runs the scripted application.
serve_editor() {
    mkdir "$T/bin"
    printf '#!/bin/sh\nTMPDIR=%q exec %q --handler=%q "$@"\n' "$THERE" "$VM_EDITOR" "$T/handler" >"$T/bin/vm-file-editor"
    sed "s|@BINDIR@|$T/bin|" "$TOP/vm-file-editor/PedOS.OpenInVM.in" >"$SERVICES/PedOS.OpenInVM"
    chmod 755 "$T/bin/vm-file-editor" "$SERVICES/PedOS.OpenInVM"
    # What is shown there belongs to whom the service runs as.
    chmod 777 "$THERE"
    let_through "$THERE"
    printf '#!/bin/sh\nexec %q --sockets=%q --as=home "$@"\n' "$RPC" "$SOCKETS" >"$T/client"
    chmod 755 "$T/client"
    start_daemon
}

open_in() {
    PEDOS_RPC_CLIENT=$T/client try "$OPENER" "$@"
}

@test "a file goes there, is shown under its opener's name, and what is saved there comes back" {
    printf first >file
    handler <<<'cat "$file"; dirname "$file"; printf second >"$file"'
    serve_editor
    open_in work file
    exits 0
    has "$said" first
    has "$said" "$THERE/qopen-home-"
    is "$(<file)" second
    nothing_beside
    nothing_there
    wait_until no_calls
    logged "PedOS.OpenInVM"
}

@test "an edit that cannot be put in its place is named after the VM; and the service may have another name" {
    printf first >file.txt
    handler <<END
printf local >'$SENT/file.txt'
printf second >"\$file"
END
    serve_editor
    mv "$SERVICES/PedOS.OpenInVM" "$SERVICES/test.Open"
    chmod 666 file.txt
    let_through "$SENT"
    open_in --service=test.Open work file.txt
    exits 1
    beside file.txt
    has "$besides" "(edited in work, "
    is "$(<file.txt) $(<"$besides")" "local second"
}

@test "--view-only goes along, so do --verbose and --max-bytes" {
    printf first >file
    identity file >"$T/before"
    handler <<<'stat -c %a "$file"; chmod 600 "$file"; printf second >"$file"'
    serve_editor
    open_in --view-only work file
    exits 0
    has "$said" 400
    identity file | cmp - "$T/before"
    open_in -v work file
    exits 0
    has "$said" "save 1"
    printf first >file
    open_in --max-bytes=3 work file
    exits 1
    is "$(<file)" first
}

was_read_twice() { [ "$(grep -c "read the policy again" "$T/log")" = 2 ]; }

@test "a refusal, an unknown service and a VM that nobody serves are said, and the file is as it was" {
    printf first >file
    identity file >"$T/before"
    handler <<<'touch "$NOTES/called"'
    serve_editor
    rule PedOS.OpenInVM + @anyvm @anyvm deny
    kill -HUP "$daemon"
    wait_until is_logged "read the policy again"
    open_in work file
    exits 126
    has "$said" "work refuses PedOS.OpenInVM: the policy denies it"
    rule "*" "*" @anyvm @anyvm allow
    kill -HUP "$daemon"
    wait_until was_read_twice
    open_in --service=test.None work file
    exits 127
    has "$said" "there is no such service"
    stop_daemon
    open_in work file
    exits 125
    has "$said" "nobody serves work on this machine"
    identity file | cmp - "$T/before"
    nothing_beside
}

@test "no argument of the service is accepted" {
    printf first >file
    handler <<END
touch '$NOTES/called'
END
    serve_editor
    open_in --service=PedOS.OpenInVM+anything work file
    has "$said" "takes no argument"
    # Whether the file had been sent by then or not.
    [ "$status" = 1 ] || exits 2
    missing "$NOTES/called"
    is "$(<file)" first
}

@test "an rpc client that is not there" {
    printf first >file
    PEDOS_RPC_CLIENT=/no/such/client try "$OPENER" work file
    [ "$status" != 0 ]
    says_one_sentence /no/such/client
}

@test "the connection is lost: that is said, and which save was the last" {
    printf first >file
    handler <<END
printf second >"\$file"
until [ "\$(cat '$SENT/file')" = second ]; do [ -d '$T' ] || exit; sleep 0.02; done
echo \$\$ >'$NOTES/application.new' && mv '$NOTES/application.new' '$NOTES/application'
stay
END
    let_through "$SENT"
    serve_editor
    PEDOS_RPC_CLIENT=$T/client "$OPENER" work file </dev/null >/dev/null 2>"$T/stderr" 3>&- &
    opener=$!
    started+=("$opener")
    wait_until test -e "$NOTES/application"
    kill -KILL "$(process_of_call)"
    end_of "$opener"
    [ "$status" != 0 ]
    has "$said" "number 1"
    is "$(<file)" second
    # The service was killed with the call, and nobody is left there who could do this.
    kill -KILL "$(<"$NOTES/application")"
    rm -r "$THERE"/qopen-*
}

@test "the caller is stopped: the application there ends, nothing is left" {
    printf first >file
    handler <<END
printf second >"\$file"
echo \$\$ >'$NOTES/application.new' && mv '$NOTES/application.new' '$NOTES/application'
stay
END
    serve_editor
    PEDOS_RPC_CLIENT=$T/client "$OPENER" work file </dev/null >/dev/null 2>"$T/stderr" 3>&- &
    opener=$!
    started+=("$opener")
    wait_until test -e "$NOTES/application"
    kill "$opener"
    wait "$opener" || true
    wait_until ended "$(<"$NOTES/application")"
    wait_until no_calls
    wait_until nothing_there
    nothing_beside
}
