#!/usr/bin/env bats
# Whom a delivery is for, and where it goes when no directory is named.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

one_file() {
    entry_file file x
    end
}

# account_delivery ARGUMENT...: deliver one file as the accounts of make_account have it, from a VM named in $QREXEC_REMOTE_DOMAIN.
account_delivery() {
    one_file >"$STREAM"
    status=0
    with_account "$UNPACKER" "$@" <"$STREAM" >"$ANSWER" 2>"$T/stderr" 3>&- || status=$?
    said=$(<"$T/stderr")
}

@test "without arguments it delivers to PedOSIncoming/SOURCE, made 0700, of user or the caller" {
    need_account
    umask 0
    QREXEC_REMOTE_DOMAIN=work account_delivery
    exits 0
    answered 0 file "$STREAM"
    is "$(<"$HOMES/user/PedOSIncoming/work/file")" x
    is "$(stat -c '%a %u' "$HOMES/user/PedOSIncoming")" "700 $ACCOUNT"
    is "$(stat -c '%a %u' "$HOMES/user/PedOSIncoming/work")" "700 $ACCOUNT"
    is "$(stat -c '%u' "$HOMES/user/PedOSIncoming/work/file")" "$ACCOUNT"
    is "$(ls -A "$HOMES/user")" PedOSIncoming
}

@test "an account can be named, or numbered" {
    need_account
    local n=0 name
    for name in user "$ACCOUNT"; do
        QREXEC_REMOTE_DOMAIN=vm$((++n)) account_delivery "$name"
        exits 0
        is "$(<"$HOMES/user/PedOSIncoming/vm$n/file")" x
    done
}

@test "a sender over ssh is named by its address, unless a name is given" {
    need_account
    SSH_CONNECTION="192.0.2.7 40000 192.0.2.1 22" account_delivery
    exits 0
    is "$(<"$HOMES/user/PedOSIncoming/ssh-192.0.2.7/file")" x
    SSH_CONNECTION="fe80::1%eth0 40000 fe80::2%eth0 22" account_delivery
    exits 0
    is "$(<"$HOMES/user/PedOSIncoming/ssh-fe80--1/file")" x
    SSH_CONNECTION="192.0.2.7 40000 192.0.2.1 22" QREXEC_REMOTE_DOMAIN=work account_delivery
    exits 0
    is "$(ls "$HOMES/user/PedOSIncoming" | tr '\n' ' ')" "ssh-192.0.2.7 ssh-fe80--1 work "
}

@test "PedOSIncoming keeps the mode that its owner gave it" {
    need_account
    mkdir "$HOMES/user/PedOSIncoming"
    chmod 755 "$HOMES/user/PedOSIncoming"
    chown "$ACCOUNT" "$HOMES/user/PedOSIncoming"
    QREXEC_REMOTE_DOMAIN=work account_delivery
    exits 0
    is "$(stat -c %a "$HOMES/user/PedOSIncoming")" 755
}

@test "a source that is no VM's name is refused" {
    need_account
    local source
    for source in "" . .. ../x a/b 1st _x -x .x 'a b' 'a;b' "a$(printf '%063d' 0)"; do
        QREXEC_REMOTE_DOMAIN=$source account_delivery
        exits 1
        answered $EPERM "" # what is wrong on this side is not for the sender
        has "$said" "must be a VM's name"
        is "$(find "$HOMES/user" -mindepth 1 ! -name PedOSIncoming)" ""
    done
    account_delivery # not set at all
    exits 1
    has "$said" "QREXEC_REMOTE_DOMAIN is not set"
    answered $EPERM ""
}

@test "a VM's name of 63 characters, and of every kind of them, is accepted" {
    need_account
    local source
    for source in x "a$(printf '%062d' 0)" sys-net Work_1.b-C; do
        QREXEC_REMOTE_DOMAIN=$source account_delivery
        exits 0
        is "$(<"$HOMES/user/PedOSIncoming/$source/file")" x
    done
}

@test "a link in place of PedOSIncoming or of the source's directory is not followed" {
    need_account
    mkdir "$T/outside"
    chmod 777 "$T/outside"
    ln -s "$T/outside" "$HOMES/user/PedOSIncoming"
    QREXEC_REMOTE_DOMAIN=work account_delivery
    exits 1
    has "$said" "not a link"
    is "$(ls -A "$T/outside")" ""
    rm "$HOMES/user/PedOSIncoming"
    mkdir "$HOMES/user/PedOSIncoming"
    chown "$ACCOUNT" "$HOMES/user/PedOSIncoming"
    ln -s "$T/outside" "$HOMES/user/PedOSIncoming/work"
    QREXEC_REMOTE_DOMAIN=work account_delivery
    exits 1
    has "$said" "not a link"
    is "$(ls -A "$T/outside")" ""
}

@test "a named directory is made where it is missing, and not followed where it is a link" {
    one_file >"$STREAM"
    rmdir "$INCOMING"
    if am_root; then RECEIVER=0; fi
    deliver "$STREAM"
    exits 0
    is "$(stat -c '%a %u' "$INCOMING")" "700 $RECEIVER"
    mkdir "$T/outside"
    rm -r "$INCOMING"
    ln -s "$T/outside" "$INCOMING"
    deliver "$STREAM"
    exits 1
    has "$said" "not a link"
    is "$(ls -A "$T/outside")" ""
}

@test "a directory whose parent is missing is refused" {
    one_file >"$STREAM"
    rmdir "$INCOMING"
    INCOMING+=/deeper deliver "$STREAM"
    exits 1
    answered $EPERM ""
    has "$said" "No such file"
    missing "$INCOMING"
}

@test "a user who does not exist is refused" {
    one_file >"$STREAM"
    local user
    for user in no-such-user-here '' 4294967295 99999999999 -1x; do
        status=0
        "$UNPACKER" -- "$user" "$INCOMING" <"$STREAM" >"$ANSWER" 2>"$T/stderr" || status=$?
        said=$(<"$T/stderr")
        refused $EPERM ""
        says_one_sentence "name another account as USER"
    done
}

@test "a plain user receives for nobody else" {
    ! am_root || skip "root may"
    one_file >"$STREAM"
    local user
    for user in 0 root $((RECEIVER + 1)); do
        RECEIVER=$user deliver "$STREAM"
        refused $EPERM ""
        says_one_sentence "only root can receive for somebody else"
    done
}

@test "root delivers only where the user may write" {
    need_root
    one_file >"$STREAM"
    chown 0:0 "$INCOMING"
    deliver "$STREAM"
    exits 1
    is "$(field 0 4)" 13
    nothing_arrived
}

@test "root as receiver for a user keeps no group of his own" {
    need_root
    one_file >"$STREAM"
    # Writable for root's group alone.
    chown 0:0 "$INCOMING"
    chmod 770 "$INCOMING"
    deliver "$STREAM"
    exits 1
    nothing_arrived
}
