#!/usr/bin/env bats
# The service PedOS.Filecopy, and calling it on a VM.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# make_service: the service file as it would be installed in $T/bin, where the unpacker has its user and directory by itself.
make_service() {
    mkdir "$T/bin"
    printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s"\nexec %s "$@"\n' "$T/options" "$(receiver)" >"$T/bin/qfile-unpacker"
    sed "s|@BINDIR@|$T/bin|" "$TOP/qfile-unpacker/PedOS.Filecopy.in" >"$T/PedOS.Filecopy"
    chmod 755 "$T/bin/qfile-unpacker" "$T/PedOS.Filecopy"
}

# make_client NAME: an rpc client that joins the service and the local program, and notes how it was called.
make_client() {
    cat >"$T/$1" <<END
#!/bin/bash
printf '%s\n' "\$@" >"$T/call"
service=\${2%%+*}
argument=\${2#"\$service"}
mkfifo "$T/to" "$T/from"
"$T/\$service" "\${argument#+}" <"$T/to" >"$T/from" &
"\${@:3}" >"$T/to" <"$T/from"
status=\$?
wait
rm "$T/to" "$T/from"
exit \$status
END
    chmod 755 "$T/$1"
}

# call ARGUMENT...: send through the client of make_client.
call() {
    PEDOS_RPC_CLIENT=$T/client try "$AGENT" "$@"
}

# serve ARGUMENT: run the service on $STREAM.
serve() {
    status=0
    "$T/PedOS.Filecopy" "$@" <"$STREAM" >"$ANSWER" 2>"$T/stderr" || status=$?
    said=$(<"$T/stderr")
}

@test "the service without an argument receives" {
    make_service
    entry_file file x >"$STREAM"
    end >>"$STREAM"
    serve
    exits 0
    arrived_names file
    is "$(<"$T/options")" ""
    serve ""
    exits 1
    answered $EEXIST file
}

@test "the service turns its argument into options" {
    make_service
    entry_file $'a\nb' x >"$STREAM"
    end >>"$STREAM"
    serve rename
    exits 1
    is "$(<"$T/options")" --on-conflict=rename
    serve allow-all-names
    exits 0
    is "$(<"$T/options")" --allow-all-names
    serve allow-all-names+rename
    exits 0
    is "$(LC_ALL=C sort "$T/options" | paste -sd, -)" --allow-all-names,--on-conflict=rename
    exists "$INCOMING"/$'a\nb'
    exists "$INCOMING"/$'a\nb (2)'
}

@test "the service takes its argument from the environment, too" {
    make_service
    entry_file file x >"$STREAM"
    end >>"$STREAM"
    export QREXEC_SERVICE_ARGUMENT=rename
    serve
    serve
    exits 0
    arrived_names "file,file (2)"
}

@test "the service refuses any other argument, and runs nothing" {
    make_service
    entry_file file x >"$STREAM"
    end >>"$STREAM"
    local argument
    for argument in verbose --allow-unsafe-symlinks allow-unsafe-symlinks rename+other '*' 'rename allow-all-names' '$(id)' 'rename;id'; do
        serve "$argument"
        exits 2
        has "$said" "nothing else"
        missing "$T/options"
        nothing_arrived
    done
}

@test "the service file runs the installed program" {
    is "$(grep -c '@BINDIR@' "$BUILD/services/PedOS.Filecopy")" 0
    is "$(grep -cE '^exec /.*/qfile-unpacker "\$@"$' "$BUILD/services/PedOS.Filecopy")" 1
    [ -x "$BUILD/services/PedOS.Filecopy" ]
}

@test "--vm calls PedOS.Filecopy with itself as the local program" {
    make_service
    make_client client
    printf hello >file
    call --vm=work file
    exits 0
    same_tree file "$INCOMING/file"
    is "$(head -2 "$T/call" | paste -sd, -)" work,PedOS.Filecopy
    is "$(sed -n 3p "$T/call")" "$AGENT"
}

@test "--rename and --allow-all-names become the service's argument, joined with +" {
    make_service
    make_client client
    printf hello >file
    call --vm=work --rename file
    call --vm=work --rename file
    exits 0
    is "$(sed -n 2p "$T/call")" PedOS.Filecopy+rename
    arrived_names "file,file (2)"
    printf x >$'a\x01'
    call --vm=work --allow-all-names $'a\x01'
    exits 0
    is "$(sed -n 2p "$T/call")" PedOS.Filecopy+allow-all-names
    call --vm=work --rename --allow-all-names $'a\x01'
    exits 0
    case $(sed -n 2p "$T/call") in
    PedOS.Filecopy+rename+allow-all-names | PedOS.Filecopy+allow-all-names+rename) ;;
    *) fail "$(<"$T/call")" ;;
    esac
    is "$(ls "$INCOMING" | wc -l)" 4
}

@test "--service names another service" {
    make_service
    make_client client
    mv "$T/PedOS.Filecopy" "$T/my.Service"
    printf hello >file
    call --vm=work --service=my.Service file
    exits 0
    is "$(sed -n 2p "$T/call")" my.Service
    exists "$INCOMING/file"
}

@test "--vm hands on what is for the sender: --move, -L, --ignore-symlinks, --progress" {
    make_service
    make_client client
    mkdir dir
    printf hello >file
    ln -s ../file dir/link
    call --vm=work --move -L --progress=json dir
    exits 0
    missing dir
    exists file
    is "$(<"$INCOMING/dir/link")" hello
    has "$said" '"bytes":5'
    mkdir other
    ln -s / other/link
    call --vm=work --ignore-symlinks other
    exits 0
    is "$(ls -A "$INCOMING/other")" ""
}

@test "--vm sends names that look like options" {
    make_service
    make_client client
    : >--help
    call --vm=work -- --help
    exits 0
    arrived_names --help
}

@test "a failure of the service's is the agent's" {
    make_service
    make_client client
    printf hello >file
    call --vm=work file
    call --vm=work file
    exits 1
    has "$said" "is there already"
    has "$said" --rename
}

@test "--vm names a missing file before the client is called" {
    make_client client
    call --vm=work missing
    exits 1
    says_one_sentence '"missing"'
    missing "$T/call"
}

@test "without PEDOS_RPC_CLIENT, qrexec-client-vm and then pedos-rpc are looked for in PATH" {
    local dir
    for dir in /usr/lib/qubes /usr/lib/pedos /usr/bin /usr/local/bin; do
        [ ! -e $dir/qrexec-client-vm ] || skip "qrexec is installed"
    done
    mkdir "$T/one" "$T/two"
    printf '#!/bin/sh\necho %s "$1"\n' pedos-rpc >"$T/one/pedos-rpc"
    printf '#!/bin/sh\necho %s "$1"\n' qrexec >"$T/two/qrexec-client-vm"
    chmod 755 "$T"/*/*
    : >file
    try env PATH="$T/one:$PATH" "$AGENT" --vm=work file
    exits 0
    is "$told" "pedos-rpc work"
    try env PATH="$T/one:$T/two:$PATH" "$AGENT" --vm=work file
    is "$told" "qrexec work"
}

@test "without any rpc client it says what to install or use instead" {
    local dir
    for dir in /usr/lib/qubes /usr/lib/pedos /usr/bin /usr/local/bin; do
        [ ! -e $dir/qrexec-client-vm ] || skip "qrexec is installed"
    done
    : >file
    try env PATH="$T/nothing" "$AGENT" --vm=work file
    exits 1
    says_one_sentence "install qrexec or pedos-rpc"
    has "$said" "--via="
}

@test "a client that cannot be run is named" {
    : >file
    PEDOS_RPC_CLIENT=/no/such/client try "$AGENT" --vm=work file
    exits 1
    says_one_sentence /no/such/client
}

@test "the service delivers to PedOSIncoming by the source's name" {
    need_account
    sed "s|@BINDIR@|$BUILD/bin|" "$TOP/qfile-unpacker/PedOS.Filecopy.in" >"$T/PedOS.Filecopy"
    chmod 755 "$T/PedOS.Filecopy"
    {
        entry_file file x
        end
    } >"$STREAM"
    QREXEC_REMOTE_DOMAIN=personal with_account "$T/PedOS.Filecopy" rename <"$STREAM" >"$ANSWER"
    answered 0 file "$STREAM"
    is "$(<"$HOMES/user/PedOSIncoming/personal/file")" x
}
