#!/usr/bin/env bats
# Who may call what: the policy, accounts, and who is believed to be whom.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load rpc

refused_by_policy() {
    exits 126 || return
    says_one_sentence "the policy denies it"
}

@test "the first rule that matches decides, and what no rule matches is denied" {
    service test.A <<<'echo A "$@"'
    service test.B <<<'echo B'
    cat >"$POLICY/50-test.policy" <<'END'
# what is asked for, who asks, whom
test.A  +secret  @anyvm  @anyvm  deny
test.A  *        home    work    allow
test.A  *        @anyvm  @anyvm  deny
END
    start_daemon work play
    rpc work test.A
    exits 0
    is "$told" A
    rpc work test.A+open
    is "$told" "A open"
    rpc work test.A+secret
    refused_by_policy
    rpc play test.A
    refused_by_policy
    rpc work test.B
    refused_by_policy
    try "$RPC" --sockets="$SOCKETS" --as=other work test.A
    refused_by_policy
}

@test "files count in the order of their names, and only those that are called *.policy" {
    service test.A <<<'echo A'
    echo 'test.A * @anyvm @anyvm deny' >"$POLICY/40-earlier.policy"
    echo 'this is no policy' >"$POLICY/README"
    start_daemon
    rpc work test.A
    refused_by_policy
    rm "$POLICY/40-earlier.policy"
    kill -HUP "$daemon"
    wait_until is_logged "read the policy again: 1 rules"
    rpc work test.A
    exits 0
}

@test "without a policy everything is denied, and the log says so at the start" {
    service test.A <<<'echo A'
    rm "$POLICY"/*
    start_daemon
    logged "there is no policy in $POLICY: every call is refused"
    rpc work test.A
    refused_by_policy
}

@test "SIGHUP takes a new policy; a wrong one is named with its line, and the old one stays" {
    service test.A <<<'echo A'
    rule "*" "*" @anyvm @anyvm deny
    start_daemon
    rpc work test.A
    refused_by_policy
    rule "*" "*" @anyvm @anyvm allow
    kill -HUP "$daemon"
    wait_until is_logged "read the policy again"
    rpc work test.A
    exits 0
    printf '* * @anyvm @anyvm deny\n* * @anyvm @anyvm perhaps\n' >"$POLICY/50-test.policy"
    kill -HUP "$daemon"
    wait_until is_logged "the policy stays as it was: $POLICY/50-test.policy:2: the action must be allow, deny or ask"
    rpc work test.A
    exits 0
    rule "*" "*" @anyvm @anyvm allow
    chmod o+w "$POLICY/50-test.policy"
    kill -HUP "$daemon"
    wait_until is_logged "the policy stays as it was: $POLICY/50-test.policy: others may write to it"
    rpc work test.A
    exits 0
}

@test "a call that goes on is not touched by a new policy" {
    make_staying_service
    start_daemon
    start_rpc work test.Stay
    wait_until service_stays
    rule "*" "*" @anyvm @anyvm deny
    kill -HUP "$daemon"
    wait_until is_logged "read the policy again"
    rpc work test.Stay
    refused_by_policy
    kill -0 "$caller"
    kill -0 "$(<"$NOTES/service")" || am_root
    kill "$caller"
    end_rpc
    exits 143
}

@test "with a wrong policy the daemon does not start, and makes no socket" {
    printf '\n* * @anyvm @anyvm\n' >"$POLICY/50-test.policy"
    daemon_options
    local mode
    for mode in "" 1; do # in the background, too
        try "$RPCD" "${options[@]:${mode:-0}}" work
        exits 1
        says_one_sentence "the policy is wrong: $POLICY/50-test.policy:2: a rule has five columns"
        missing "$SOCKETS"
    done
}

@test "ask: COMMAND is told who asks for what, and its status decides" {
    service test.A <<<'echo A'
    rule "*" "*" @anyvm @anyvm ask
    cat >"$T/prompt" <<'END'
#!/bin/sh
printf '%s\n' "$#" "$@" >"$1/asked"
exit "$(cat "$1/answer")"
END
    chmod 755 "$T/prompt"
    let_through "$T/prompt"
    echo 0 >"$NOTES/answer"
    start_daemon --prompt="$T/prompt $NOTES"
    rpc work test.A+x
    exits 0
    is "$told" A
    is "$(paste -sd, "$NOTES/asked")" "4,$NOTES,home,work,test.A+x"
    logged "allowed when asked"
    for answer in 1 2 255; do
        echo $answer >"$NOTES/answer"
        rpc work test.A
        refused_by_policy
    done
    wait_until no_calls
}

@test "ask: without a COMMAND, or with one that cannot be run, it is denied" {
    service test.A <<<'echo A'
    rule "*" "*" @anyvm @anyvm ask
    start_daemon
    rpc work test.A
    refused_by_policy
    logged "the policy says ask, and there is no --prompt"
    stop_daemon
    start_daemon --prompt="$T/no-such-command"
    rpc work test.A
    refused_by_policy
    logged "whoever was asked did not allow it"
}

@test "ask: a COMMAND that is killed has not allowed it" {
    service test.A <<<'echo A'
    rule "*" "*" @anyvm @anyvm ask
    start_daemon --prompt="echo \$\$ >$NOTES/prompt; exec sleep 1000; :"
    start_rpc work test.A
    wait_until test -s "$NOTES/prompt"
    kill -KILL "$(<"$NOTES/prompt")"
    end_rpc
    refused_by_policy
    wait_until no_calls
}

@test "ask: when the caller goes, or the daemon is ended, nobody is asked any more" {
    service test.A <<<'echo A'
    rule "*" "*" @anyvm @anyvm ask
    start_daemon --prompt="echo \$\$ >$NOTES/prompt; exec sleep 1000; :"
    local whom
    for whom in caller daemon; do
        rm -f "$NOTES/prompt"
        start_rpc work test.A
        wait_until test -s "$NOTES/prompt"
        kill "${!whom}"
        end_rpc
        [ "$status" != 0 ]
        is "$told" ""
        wait_until ended "$(<"$NOTES/prompt")"
        [ $whom = daemon ] || wait_until no_calls
    done
    wait_until ended "$daemon"
}

@test "user= names the account, and only that one may be asked for" {
    need_root
    service test.Who <<<'id -un; id -u; id -g; id -G'
    cat >"$POLICY/50-test.policy" <<'END'
test.Who +daemon @anyvm @anyvm allow user=daemon
test.Who +gone   @anyvm @anyvm allow user=no-such-account
test.Who *       @anyvm @anyvm allow
END
    start_daemon
    rpc work test.Who+daemon
    exits 0
    is "$(paste -sd, <<<"$told")" "daemon,1,1,1"
    rpc work test.Who
    is "$(paste -sd, <<<"$told")" "nobody,65534,65534,65534"
    rpc --user=daemon work test.Who+daemon
    exits 0
    rpc --user=root work test.Who+daemon
    exits 126
    says_one_sentence "the policy does not give that account"
    rpc --user=root work test.Who
    exits 126
    rpc --user=nobody work test.Who
    exits 0
    rpc work test.Who+gone
    exits 125
    says_one_sentence "the account to run it as is not to be had there"
    logged "there is no such account to run it as"
}

@test "a daemon of a plain user serves as himself, and as nobody else" {
    ! am_root || skip "root may become anybody"
    [ -n "$SERVED_AS" ] || skip "this user has no account"
    service test.Who <<<'id -u'
    echo "test.Who +root @anyvm @anyvm allow user=root
test.Who +own @anyvm @anyvm allow user=$SERVED_AS
* * @anyvm @anyvm allow" >"$POLICY/50-test.policy"
    start_daemon
    rpc work test.Who+root
    exits 125
    says_one_sentence "the account to run it as is not to be had there"
    logged "to run services as another account it must be started as root"
    rpc work test.Who+own
    exits 0
    is "$told" "$(id -u)"
    rpc --user=root work test.Who
    exits 126
    rpc --user="$SERVED_AS" work test.Who
    exits 0
}

@test "root serves as the domain's own account, where nobody says otherwise" {
    need_accounts alice bob
    service test.Who <<<'id -un'
    SERVED_AS=
    through=(in_accounts)
    start_daemon alice bob gone
    rpc alice test.Who
    is "$told" alice
    rpc bob test.Who
    is "$told" bob
    rpc gone test.Who
    exits 125
    logged "there is no such account to run it as"
}

@test "a name is believed of the daemon's own user only" {
    need_accounts alice bob
    service test.From <<<'echo "$QREXEC_REMOTE_DOMAIN"'
    SERVED_AS=
    through=(in_accounts)
    start_daemon bob
    try as alice "$RPC" --sockets="$SOCKETS" bob test.From
    exits 0
    is "$told" alice
    try as alice "$RPC" --sockets="$SOCKETS" --as=alice bob test.From
    is "$told" alice
    try as alice "$RPC" --sockets="$SOCKETS" --as=root bob test.From
    exits 126
    says_one_sentence "you are not who you say you are"
    try in_accounts "$RPC" --sockets="$SOCKETS" --as=dom9 bob test.From
    is "$told" dom9
    try in_accounts "$RPC" --sockets="$SOCKETS" bob test.From
    is "$told" root
    try in_accounts setpriv --reuid=4242 --regid=4242 --clear-groups "$RPC" --sockets="$SOCKETS" bob test.From
    exits 126
    says_one_sentence "your account has no name that a domain can have"
}

@test "who listens in a domain's place and is neither root nor the domain's account is not called" {
    need_accounts alice mallory
    mkdir "$SOCKETS"
    chown mallory "$SOCKETS" 2>/dev/null || chown 12346 "$SOCKETS"
    through=(as mallory)
    SERVED_AS=
    start_daemon alice mallory
    try as alice "$RPC" --sockets="$SOCKETS" mallory test.A
    exits 127 # it was called
    # To alice herself it is not alice either.
    local who
    for who in alice root; do
        try in_accounts setpriv --reuid=$who --regid=$who --clear-groups "$RPC" --sockets="$SOCKETS" alice test.A
        exits 125
        says_one_sentence "who serves $SOCKETS/alice is neither root nor alice: it is not called"
    done
    wait_until is_logged "alice -> alice: hung up before it said what it wants"
}
