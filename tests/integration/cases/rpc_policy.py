# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Who may call what: the policy, accounts, and who is believed to be whom."""
import os
import pwd
import shlex
import signal
import time

import machine
import process
import suite
import tree
from calling import WithAccounts
from expect import check, equal, lacks, missing, wait_until
from settings import RPC, RPCD
from tap import Skip

test = suite.cases(WithAccounts)


def refused(end):
    end.exits(126).says("the policy denies it")


def asked(end, service="test.A"):
    """Its user was told that somebody is asked: what came after that."""
    first, _, rest = end.said.partition("\n")
    equal(first, f"pedos-rpc: somebody in work is asked whether {service} is allowed: waiting for "
          "the answer")
    return process.End(end.status, end.out, rest.encode())


def make_policy(t, *rules):
    tree.write(f"{t.policy}/50-test.policy", "".join(f"{rule}\n" for rule in rules))


def hang_up(t):
    """Have the daemon read a policy that it may not like."""
    t.daemon.kill(signal.SIGHUP)


@test("the first rule that matches decides, and what no rule matches is denied")
def _(t):
    t.service("test.A", 'echo A "$@"')
    t.service("test.B", "echo B")
    make_policy(t, "# what is asked for, who asks, whom",
                "test.A  +secret  @anyvm  @anyvm  deny",
                "test.A  *        home    work    allow",
                "test.A  *        @anyvm  @anyvm  deny")
    t.start_daemon(domains=("work", "play"))
    equal(t.rpc("work", "test.A").exits(0).told, "A")
    equal(t.rpc("work", "test.A+open").exits(0).told, "A open")
    refused(t.rpc("work", "test.A+secret"))
    refused(t.rpc("play", "test.A"))
    refused(t.rpc("work", "test.B"))
    refused(t.run(RPC, f"--sockets={t.sockets}", "--as=other", "work", "test.A"))


@test("files count in the order of their names, and only those that are called *.policy")
def _(t):
    t.service("test.A", "echo A")
    tree.write(f"{t.policy}/40-earlier.policy", "test.A * @anyvm @anyvm deny\n")
    tree.write(f"{t.policy}/README", "this is no policy\n")
    t.start_daemon()
    refused(t.rpc("work", "test.A"))
    os.unlink(f"{t.policy}/40-earlier.policy")
    hang_up(t)
    t.daemon.logged("read the policy again: 1 rule")
    lacks(t.daemon.said(), "1 rules")
    t.rpc("work", "test.A").exits(0)


@test("without a policy everything is denied, and the log says so at the start")
def _(t):
    t.service("test.A", "echo A")
    os.unlink(f"{t.policy}/50-test.policy")
    t.start_daemon()
    t.daemon.logged(f"there is no policy in {t.policy}: every call is refused")
    refused(t.rpc("work", "test.A"))


@test("SIGHUP takes a new policy; a wrong one is named with its line, and the old one stays")
def _(t):
    t.service("test.A", "echo A")
    t.rule("*", "*", "@anyvm", "@anyvm", "deny")
    t.start_daemon()
    refused(t.rpc("work", "test.A"))
    t.rule("*", "*", "@anyvm", "@anyvm", "allow")
    t.reload()
    t.rpc("work", "test.A").exits(0)
    make_policy(t, "* * @anyvm @anyvm deny", "* * @anyvm @anyvm perhaps")
    hang_up(t)
    t.daemon.logged(f"the policy stays as it was: {t.policy}/50-test.policy:2: "
                    "the action must be allow, deny or ask")
    t.rpc("work", "test.A").exits(0)
    t.rule("*", "*", "@anyvm", "@anyvm", "deny")
    os.chmod(f"{t.policy}/50-test.policy", 0o646)
    hang_up(t)
    t.daemon.logged(
        f"the policy stays as it was: {t.policy}/50-test.policy: others may write to it")
    t.rpc("work", "test.A").exits(0)


@test("a call that goes on is not touched by a new policy")
def _(t):
    t.make_staying_service()
    t.start_daemon()
    call = t.start_rpc("work", "test.Stay")
    service = int(t.wait_note("service"))
    t.rule("*", "*", "@anyvm", "@anyvm", "deny")
    t.reload()
    refused(t.rpc("work", "test.Stay"))
    check(call.runs(), "the call has ended")
    check(not process.ended(service), "the service has ended")
    call.kill(signal.SIGTERM)
    call.wait().exits(143)


@test("with a wrong policy the daemon does not start, and makes no socket")
def _(t):
    make_policy(t, "", "* * @anyvm @anyvm")
    foreground = t.daemon_options()
    for options in foreground, [option for option in foreground if option != "--foreground"]:
        t.run(RPCD, *options, "work").exits(1).says(
            f"the policy is wrong: {t.policy}/50-test.policy:2: a rule has five columns")
        missing(t.sockets)


@test("--check says whether the policy is right, and serves nothing")
def _(t):
    check_only = [RPCD, *t.daemon_options(), "--check"]
    t.run(*check_only, "work").exits(0).says_nothing()
    t.run(*check_only, "--user=no-such-account", "work").exits(1).says(
        "there is no account no-such-account")
    make_policy(t, "* * @anyvm @anyvm")
    t.run(*check_only, "work").exits(1).says(
        f"the policy is wrong: {t.policy}/50-test.policy:1: a rule has five columns")
    missing(t.sockets)


@test("ask: COMMAND is told who asks for what, and its status decides")
def _(t):
    t.service("test.A", "echo A")
    t.rule("*", "*", "@anyvm", "@anyvm", "ask")
    questions, answers = [], [0, 1, 2, 255]

    def prompt(role):
        questions.append(role.arguments)
        return answers.pop(0)
    t.start_daemon(f"--prompt={t.stand_in(prompt).command} 'its own'")
    allowed = asked(t.rpc("work", "test.A+x"), "test.A+x").exits(0).says_nothing()
    equal(allowed.told, "A")
    equal(questions, [["its own", "home", "work", "test.A+x"]])
    t.daemon.logged("allowed when asked")
    while answers:
        refused(asked(t.rpc("work", "test.A")))
    equal(questions[1:], [["its own", "home", "work", "test.A"]] * 3)
    wait_until(t.no_calls, "the end of the calls")


@test("ask: whoever was asked cannot allow what a policy denies that came meanwhile")
def _(t):
    t.service("test.A", "echo A")
    t.rule("*", "*", "@anyvm", "@anyvm", "ask")

    def prompt(_):
        t.rule("*", "*", "@anyvm", "@anyvm", "deny")
        t.reload()
        return 0
    t.start_daemon(f"--prompt={t.stand_in(prompt).command}")
    asked(t.rpc("work", "test.A")).exits(126).says(
        "the policy has changed meanwhile; try again")
    # By the new one nobody is asked.
    t.rpc("work", "test.A").exits(126).says("the policy denies it")
    t.rule("*", "*", "@anyvm", "@anyvm", "allow")
    t.reload()
    equal(t.rpc("work", "test.A").exits(0).told, "A")


@test("ask: without a COMMAND, or with one that cannot be run, it is denied")
def _(t):
    t.service("test.A", "echo A")
    t.rule("*", "*", "@anyvm", "@anyvm", "ask")
    t.start_daemon()
    refused(t.rpc("work", "test.A"))
    t.daemon.logged("the policy says ask, and there is no --prompt")
    t.daemon.stop().exits(0)
    t.start_daemon(f"--prompt={t.top}/no-such-command")
    refused(asked(t.rpc("work", "test.A")))
    t.daemon.logged("whoever was asked did not allow it")


def question(prompt, call):
    """Wait for the COMMAND that is started for a call."""
    started = wait_until(lambda: prompt.started() or not call.runs(), "a question")
    check(started is not True, "the call has ended, and nobody was asked")
    return started


@test("ask: a COMMAND that is killed has not allowed it")
def _(t):
    t.service("test.A", "echo A")
    t.rule("*", "*", "@anyvm", "@anyvm", "ask")
    prompt = t.stand_in()
    t.start_daemon(f"--prompt={prompt.command}")
    call = t.start_rpc("work", "test.A")
    process.kill(question(prompt, call).pid)
    refused(asked(call.wait()))
    wait_until(t.no_calls, "the end of the call")


@test("ask: no answer in time is a no, and nobody is asked any more; without a limit it is waited "
      "for")
def _(t):
    t.service("test.A", "echo A")
    t.rule("*", "*", "@anyvm", "@anyvm", "ask")
    for text in ("", "x", "-1", "86401", "1s"):
        t.run(RPCD, f"--prompt-timeout={text}", "work").exits(2).says(
            "--prompt-timeout takes a number of seconds up to 86400")
    prompt = t.stand_in()
    t.start_daemon(f"--prompt={prompt.command}", "--prompt-timeout=1")
    call = t.start_rpc("work", "test.A")
    command = question(prompt, call)
    asked(call.wait()).exits(126).says("whoever was asked has not answered in time")
    wait_until(lambda: process.ended(command.pid), "the end of the question")
    wait_until(t.no_calls, "the end of the call")
    t.daemon.stop().exits(0)
    t.start_daemon(f"--prompt={prompt.command}", "--prompt-timeout=0")
    call = t.start_rpc("work", "test.A")
    command = question(prompt, call)
    time.sleep(2)
    check(call.runs(), "it was not waited")
    command.end(0)
    equal(asked(call.wait()).exits(0).told, "A")


@test("ask: when the caller goes, or the daemon is ended, nobody is asked any more")
def _(t):
    t.service("test.A", "echo A")
    t.rule("*", "*", "@anyvm", "@anyvm", "ask")
    prompt = t.stand_in()
    # The one who asks is a child of COMMAND, as a program on a screen may be.
    command = tree.script(f"{t.top}/prompt",
                          f'#!/bin/sh\n{shlex.join(prompt.words)} "$@" &\nwait\n')
    t.start_daemon(f"--prompt={command}")
    for whom in "caller", "daemon":
        call = t.start_rpc("work", "test.A")
        command = question(prompt, call)
        (call if whom == "caller" else t.daemon).kill(signal.SIGTERM)
        end = call.wait()
        check(end.status != 0, "the call was a success")
        equal(end.out, b"")
        wait_until(lambda pid=command.pid: process.ended(pid), "the end of the question")
        if whom == "caller":
            wait_until(t.no_calls, "the end of the call")
    t.daemon.wait()


def ids_of(end):
    """What the service test.Who has told of itself: its user, its group, and all its groups."""
    status = dict(line.split(":\t", 1) for line in end.exits(0).told.splitlines())
    users, groups = set(status["Uid"].split()), set(status["Gid"].split())
    check(len(users) == len(groups) == 1, f"it has several: {users} {groups}")
    return (int(users.pop()), int(groups.pop()),
            sorted({*groups, *(int(number) for number in status["Groups"].split())}))


def ids_in_accounts(name):
    """The same, as the accounts of this machine have it."""
    account = pwd.getpwnam(name)
    return account.pw_uid, account.pw_gid, sorted(os.getgrouplist(name, account.pw_gid))


@test("user= names the account, and only that one may be asked for")
def _(t):
    machine.need_root()
    t.service("test.Who", "exec grep -E '^(Uid|Gid|Groups):' /proc/self/status")
    make_policy(t, "test.Who +daemon @anyvm @anyvm allow user=daemon",
                "test.Who +gone   @anyvm @anyvm allow user=no-such-account",
                "test.Who *       @anyvm @anyvm allow")
    t.start_daemon()
    equal(ids_of(t.rpc("work", "test.Who+daemon")), ids_in_accounts("daemon"))
    equal(ids_of(t.rpc("work", "test.Who")), ids_in_accounts("nobody"))
    t.rpc("--user=daemon", "work", "test.Who+daemon").exits(0)
    t.rpc("--user=root", "work",
          "test.Who+daemon").exits(126).says("the policy does not give that account")
    t.rpc("--user=root", "work", "test.Who").exits(126)
    t.rpc("--user=nobody", "work", "test.Who").exits(0)
    t.rpc("work", "test.Who+gone").exits(125).says("the service's account cannot be used there")
    t.daemon.logged("the account to run it as does not exist")


@test("a daemon of a plain user serves as himself, and as nobody else")
def _(t):
    if machine.am_root():
        raise Skip("root may become anybody")
    if not t.served_as:
        raise Skip("this user has no account")
    t.service("test.Who", "exec id -u")
    make_policy(t, "test.Who +root @anyvm @anyvm allow user=root",
                f"test.Who +own @anyvm @anyvm allow user={t.served_as}", "* * @anyvm @anyvm allow")
    t.start_daemon()
    t.rpc("work", "test.Who+root").exits(125).says("the service's account cannot be used there")
    t.daemon.logged("only a pedos-rpcd that root started can run it as another account")
    equal(t.rpc("work", "test.Who+own").exits(0).told, str(os.getuid()))
    t.rpc("--user=root", "work", "test.Who").exits(126)
    t.rpc(f"--user={t.served_as}", "work", "test.Who").exits(0)


@test("root serves as the domain's own account, where nobody says otherwise")
def _(t):
    t.accounts("alice", "bob", "gone")
    t.service("test.Who", "exec id -un")
    t.served_as = None
    t.start_daemon(domains=("alice", "bob", "gone"), through=t.in_accounts())
    for name in "alice", "bob":
        equal(t.rpc(name, "test.Who").exits(0).told, name)
    passwd = tree.read(f"{t.top}/passwd").splitlines(keepends=True)
    tree.write(f"{t.top}/passwd", "".join(line for line in passwd if not line.startswith("gone:")))
    t.rpc("gone", "test.Who").exits(125)
    t.daemon.logged("the account to run it as does not exist")


@test("a name is believed of the daemon's own user only")
def _(t):
    t.accounts("alice", "bob")
    t.service("test.From", 'echo "$QREXEC_REMOTE_DOMAIN"')
    t.served_as = None
    t.start_daemon(domains=["bob"], through=t.in_accounts())

    def call(through, *options):
        return t.run(*through, RPC, f"--sockets={t.sockets}", *options, "bob", "test.From")
    equal(call(t.as_user("alice")).exits(0).told, "alice")
    equal(call(t.as_user("alice"), "--as=alice").exits(0).told, "alice")
    call(t.as_user("alice"), "--as=root").exits(126).says("you are not who you say you are")
    equal(call(t.in_accounts(), "--as=dom9").exits(0).told, "dom9")
    equal(call(t.in_accounts()).exits(0).told, "root")
    call(t.as_user(4242)).exits(126).says("your account has no name that a domain can have")


@test("who listens in a domain's place and is neither root nor the domain's account is not called")
def _(t):
    t.accounts("alice", "mallory")
    os.mkdir(t.sockets)
    os.chown(t.sockets, 12346, -1)
    t.served_as = None
    t.start_daemon(domains=("alice", "mallory"), through=t.as_user("mallory"))

    def call(who, domain):
        return t.run(*t.as_user(who), RPC, f"--sockets={t.sockets}", domain, "test.A")
    call("alice", "mallory").exits(127)  # it was called
    # To alice herself it is not alice either.
    for who in "alice", "root":
        call(who, "alice").exits(125).says(
            f"who serves {t.sockets}/alice is neither root nor alice: it is not called")
    t.daemon.logged("alice -> alice: hung up before it said what it wants")
