# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What guests ask of dom0 for single calls: disposable VMs, and that somebody is asked."""
import pathlib
import re
import signal
import threading

from expect import FOREVER, equal, wait_until
from world import POWEROFF, SHUTDOWN

MAY = "Open * work @dispvm allow user=keeper\nOpen * work @dispvm:office allow\n"


def begin(world, *options, policy=MAY, templates=("default",)):
    world.policy(policy)
    for name in templates:
        world.template(name)
    world.start(*options)
    world.wait(lambda: "/local/domain/1/data/pedos-rpc/dom0"
               in {path for _, path, _ in world.store.watches})


def ready(world, name, domid, source=1):
    """A VM that was asked for has booted."""
    world.wait(lambda: domid in world.flags)
    world.get_ready(domid)
    equal(world.wait_answer(source, name, "ready"), f"ready {domid}")


def wait_destroyed(machine):
    machine.wait(lambda: machine.disposables() == [])


# ---- Disposable VMs ----


def a_disposable_is_made_and_destroyed(world):
    begin(world)
    world.request(1, "abc-1", "@dispvm Open+x")
    world.wait(lambda: 100 in world.flags)
    equal(world.wait_answer(1, "abc-1", "st"), "starting")
    call, = world.xl.named("create")
    equal(call[:4], ["create", "-q", "-e", f"{world.directory}/disposables/default.cfg"])
    assert re.fullmatch(r"name='disp\d+'", call[4]), call
    assert re.fullmatch(r"uuid='64697370-6f73-8162-\w{4}-\w{12}'", call[5]), call
    equal((world.targets(100), world.sources(100)), ({}, {}))
    ready(world, "abc-1", 100)
    equal(world.sources(100), {"1": "work\nOpen +x ask user=keeper\n", "1/abc-1": "Open+x"})
    equal(world.store.permissions("/local/domain/100/pedos-rpc-in/1"), ("n0", "r100"))
    equal(world.store.permissions("/local/domain/100/pedos-rpc-in/1/abc-1"), ("n0", "b100"))
    equal(world.store.permissions("/local/domain/1/pedos-rpc-answers/abc-1"), ("n0", "r1"))
    world.withdraw(1, "abc-1")
    wait_destroyed(world)
    equal(world.xl.named("destroy"), [["destroy", "100"]])
    world.wait(lambda: world.answers(1) == {})


def a_disposable_of_a_template(world):
    begin(world, templates=("office",))
    world.request(1, "a", "@dispvm:office Open")
    ready(world, "a", 100)
    equal(world.xl.named("create")[0][3], f"{world.directory}/disposables/office.cfg")
    equal(world.sources(100)["1"], "work\nOpen + ask\n")


def what_the_policy_does_not_give_is_not_made(world):
    begin(world, policy=MAY + "Open * vault @dispvm deny\n* * vault @dispvm:x allow\n"
          "* * @anyvm @anyvm allow\n")
    for source, name, text in ((1, "a", "@dispvm Shell"), (1, "b", "@dispvm:other Open"),
                               (2, "c", "@dispvm Open"), (1, "d", "disp1 Open"),
                               (1, "e", "dom0 Open"), (1, "f", "work Open")):
        world.request(source, name, text)
        equal(world.wait_answer(source, name, "refused"), "refused the policy denies it")
    equal(world.xl.calls, [])


def only_those_are_watched_that_may(world):
    begin(world)
    watched = {path for _, path, _ in world.store.watches if path.endswith("dom0")}
    equal(watched, {"/local/domain/1/data/pedos-rpc/dom0"})
    world.policy("Open * vault @dispvm allow\n")
    world.daemon.send_signal(signal.SIGHUP)
    world.wait(lambda: {path for _, path, _ in world.store.watches if path.endswith("dom0")}
               == {"/local/domain/2/data/pedos-rpc/dom0"})


def who_may_no_more_is_told_so(world):
    begin(world)
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 100)
    world.request(1, "b", "@dispvm Open")
    equal(world.wait_answer(1, "b", "st"), "starting")
    world.policy("Open * vault @dispvm allow\n")
    world.daemon.send_signal(signal.SIGHUP)
    for name in "a", "b":
        equal(world.wait_answer(1, name, "refused"),
              "refused the policy has changed meanwhile; try again")
    wait_destroyed(world)
    # As long as it has not heard all, it gets nothing new; then nobody listens any more.
    world.request(1, "c", "@dispvm Open")
    world.withdraw(1, "a")
    world.wait(lambda: world.answers(1).keys() == {"b"})
    world.withdraw(1, "b")
    world.wait(lambda: "/local/domain/1/data/pedos-rpc/dom0"
               not in {path for _, path, _ in world.store.watches})
    equal(world.answers(1), {})


def requests_that_make_no_sense(world):
    begin(world)
    for number, text in enumerate((b"@dispvm", b"@dispvm  Open", b" Open", b"@dispvm Open\n",
                                   b"@dispvm Open x", b"\0" * 4000, b"\xff" * 4096,
                                   b"@dispvm:../x Open", b"@dispvm:a/b Open", b"@dispvm Op\0en",
                                   b"@dispvm " + b"s" * 64, b"x" * 64 + b" Open", b"@anyvm Open",
                                   b"* Open")):
        world.request(1, f"bad-{number}", text)
        equal(world.wait_answer(1, f"bad-{number}", "refused"),
              "refused that is no request of this version")
        world.withdraw(1, f"bad-{number}")
    for name in ("UPPER", "under_score", "x" * 33, "@x"):
        world.request(1, name, "@dispvm Open")
    world.request(1, "below/that", "x")
    world.request(1, "good", "@dispvm Open")
    ready(world, "good", 100)
    world.wait(lambda: world.answers(1).keys() == {"good"})
    equal(len(world.xl.calls), 1)


def one_guest_has_no_more_than_its_bound(world):
    begin(world, "--max-per-vm=3", policy=MAY + "Open * vault @dispvm allow\n")
    for number in range(5):
        world.request(1, f"r{number}", "@dispvm Open")
    world.wait(lambda: sum(answer.startswith("refused") for answer in world.answers(1).values())
               == 2)
    world.wait(lambda: world.disposables() == [100, 101, 102])
    for domid in (100, 101, 102):
        world.get_ready(domid)
    world.wait(lambda: sum(answer.startswith("ready") for answer in world.answers(1).values())
               == 3)
    world.request(2, "other", "@dispvm Open")
    ready(world, "other", 103, source=2)
    # A place that is free again can be used.
    one = next(name for name, answer in world.answers(1).items() if answer.startswith("ready"))
    world.withdraw(1, one)
    world.request(1, "next", "@dispvm Open")
    ready(world, "next", 104)
    equal(len(world.disposables()), 4)


def all_guests_have_no_more_than_their_bound(world):
    begin(world, "--max-disposables=2", policy="Open * @anyvm @dispvm allow\n")
    for source in (1, 2):
        world.request(source, "a", "@dispvm Open")
        world.wait(lambda: world.answers(source).get("a"))
    world.request(3, "a", "@dispvm Open")
    assert "try again later" in world.wait_answer(3, "a", "refused")
    world.wait(lambda: world.disposables() == [100, 101])


def what_is_being_destroyed_counts(world):
    go_on = threading.Event()

    def destroy(arguments):
        go_on.wait(FOREVER)
        return world.xl.destroy(arguments)

    world.xl.on_destroy = destroy
    begin(world, "--max-per-vm=1", policy=MAY + "Open * vault @dispvm allow\n")
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 100)
    world.withdraw(1, "a")
    world.wait(lambda: world.xl.named("destroy"))
    world.request(1, "b", "@dispvm Open")
    equal(world.wait_answer(1, "b", "st"), "starting")
    # Somebody else, who asks later, gets theirs: so the one before has had its turn.
    world.request(2, "c", "@dispvm Open")
    ready(world, "c", 101, source=2)
    equal((world.disposables(), len(world.xl.named("create"))), ([100, 101], 2))
    go_on.set()
    ready(world, "b", 102)


def a_flood_of_requests_harms_nobody(world):
    begin(world, policy="Open * @anyvm @dispvm allow\n")
    with world.store.lock:
        for number in range(300):
            world.store.nodes[f"/local/domain/1/data/pedos-rpc/dom0/n{number}"] = (
                b"\x1b[2Jgarbage", ("n1",))
    world.request(1, "last", "x" * 4096)
    world.wait(lambda: len(world.answers(1)) == 16)
    for number in range(30):
        world.request(1, "churn", f"@dispvm Shell{number}")
        world.withdraw(1, "churn")
    world.request(2, "a", "@dispvm Open")
    ready(world, "a", 100, source=2)
    equal(len(world.answers(1)), 16)
    assert world.said().count("\n") < 20 and "\x1b" not in world.said(), world.said()
    # Then it is served itself.
    world.store.remove("/local/domain/1/data/pedos-rpc/dom0")
    world.wait(lambda: world.answers(1) == {})
    world.request(1, "b", "@dispvm Open")
    ready(world, "b", 101)


def a_list_that_changes_while_it_is_read_harms_nobody(world):
    begin(world, policy="Open * @anyvm @dispvm allow\n")
    directory = "/local/domain/1/data/pedos-rpc/dom0"
    with world.store.lock:
        for number in range(100):
            world.store.nodes[f"{directory}/{number}{'x' * 80}"] = (b"", ("n1",))
    parts = []

    def change(path):
        if path == directory:
            parts.append(path)
            world.store.put(f"{directory}/x{len(parts)}")

    world.store.on_part = change
    world.request(1, "last", "x")
    world.wait(lambda: len(parts) >= 3)
    world.request(2, "a", "@dispvm Open")
    ready(world, "a", 100, source=2)


def the_caller_dies_while_xl_runs(world):
    go_on = threading.Event()

    def create(arguments):
        go_on.wait(FOREVER)
        return world.xl.create(arguments)

    world.xl.on_create = create
    begin(world)
    world.request(1, "a", "@dispvm Open")
    world.wait(lambda: world.xl.named("create"))
    world.withdraw(1, "a")
    world.wait(lambda: world.answers(1) == {})
    go_on.set()
    world.wait(lambda: world.xl.named("destroy") == [["destroy", "100"]])
    wait_destroyed(world)


def the_caller_dies_while_it_boots(world):
    begin(world)
    world.request(1, "a", "@dispvm Open")
    world.wait(lambda: 100 in world.flags)
    world.withdraw(1, "a")
    wait_destroyed(world)
    world.wait(lambda: {path for _, path, _ in world.store.watches if path.endswith("ready")}
               == set())


def the_guest_of_the_caller_ends(world):
    begin(world)
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 100)
    world.end_domain(1)
    wait_destroyed(world)
    assert "/local/domain/1" not in world.store.nodes


def a_renamed_guest_has_nothing_any_more(world):
    begin(world)
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 100)
    world.store.put("/local/domain/1/name", "play")
    wait_destroyed(world)
    world.wait(lambda: world.answers(1) == {})


def another_guest_with_that_number_has_nothing(world):
    begin(world, policy=MAY + "Open * evil @dispvm allow\n")
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 100)
    world.daemon.send_signal(signal.SIGSTOP)
    del world.flags[1]
    world.store.remove("/local/domain/1")
    world.start_domain(1, "evil")
    world.request(1, "a", "@dispvm Shell")
    world.daemon.send_signal(signal.SIGCONT)
    wait_destroyed(world)
    equal(world.wait_answer(1, "a", "refused"), "refused the policy denies it")


def a_vm_that_never_gets_ready(world):
    begin(world, "--boot-timeout=1")
    world.request(1, "a", "@dispvm Open")
    equal(world.wait_answer(1, "a", "refused"), "refused it did not get ready in time")
    wait_destroyed(world)


def a_vm_that_ends_while_it_boots(world):
    begin(world)
    world.request(1, "a", "@dispvm Open")
    world.wait(lambda: 100 in world.flags)
    world.set_flags(100, SHUTDOWN | POWEROFF)
    equal(world.wait_answer(1, "a", "refused"), "refused it ended before it was ready")
    wait_destroyed(world)


def a_vm_that_ends_during_the_call(world):
    begin(world)
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 100)
    world.set_flags(100, SHUTDOWN | POWEROFF)
    equal(world.wait_answer(1, "a", "refused"), "refused the disposable VM has ended")
    wait_destroyed(world)


def xl_fails(world):
    world.xl.on_create = lambda arguments: 3
    begin(world)
    world.request(1, "a", "@dispvm Open")
    assert "could not be started" in world.wait_answer(1, "a", "refused")
    assert "default.cfg ended with 3" in world.said(), world.said()
    equal(world.xl.named("destroy"), [])


def xl_fails_and_leaves_half_a_domain(world):
    def create(arguments):
        world.xl.create(arguments, name="(null)")
        return 1

    world.xl.on_create = create
    begin(world)
    world.request(1, "a", "@dispvm Open")
    world.wait_answer(1, "a", "refused")
    wait_destroyed(world)


def xl_hangs(world):
    def create(arguments):
        world.xl.create(arguments)
        threading.Event().wait(FOREVER)
        return 0

    world.xl.on_create = create
    begin(world, "--boot-timeout=1")
    world.request(1, "a", "@dispvm Open")
    world.wait_answer(1, "a", "refused")
    wait_destroyed(world)
    assert "took too long" in world.said(), world.said()


def there_is_no_xl(world):
    (world.directory / "bin/xl").write_text("#!/nonexistent\n")
    begin(world)
    world.request(1, "a", "@dispvm Open")
    assert "could not be started" in world.wait_answer(1, "a", "refused")
    assert "xl create cannot be run" in world.said(), world.said()


def what_cannot_be_destroyed_is_tried_again(world):
    def destroy(arguments):
        return 1 if len(world.xl.named("destroy")) == 1 else world.xl.destroy(arguments)

    world.xl.on_destroy = destroy
    begin(world)
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 100)
    world.withdraw(1, "a")
    wait_destroyed(world)
    equal(world.said().count("tried again until"), 1)


# ---- Templates ----


def a_template_that_is_not_there(world):
    begin(world, templates=())
    world.request(1, "a", "@dispvm Open")
    assert "no such template" in world.wait_answer(1, "a", "refused")
    assert "disposables/default.cfg: No such file" in world.said(), world.said()


def a_template_that_others_may_change(world):
    begin(world)
    (world.directory / "disposables/default.cfg").chmod(0o666)
    world.request(1, "a", "@dispvm Open")
    assert "no such template" in world.wait_answer(1, "a", "refused")
    assert "others than root may change it" in world.said(), world.said()
    equal(world.xl.calls, [])


def a_wrong_conf_is_refused(world):
    for conf, why in (("preload=33\n", "from 0 to 32"), ("preload=-1\n", "from 0 to 32"),
                      ("memory=1\n", "only preload=N"), ("#" * 5000, "larger than 4096")):
        world.template(conf=conf)
        status, said = world.run("--foreground")
        equal(status, 1)
        assert "disposables/default.conf: " in said and why in said, said
    world.template(conf="# fine\n\npreload=0\r\n")
    world.template("bad.name", conf="")
    status, said = world.run("--foreground")
    equal((status, "no template's name" in said), (1, True))


# ---- Preloading ----


def ready_spares(world, domids):
    world.wait(lambda: set(domids) <= set(world.disposables()))
    for domid in domids:
        world.get_ready(domid)


def spares_are_taken_and_replaced(world):
    world.template(conf="preload=2\n")
    begin(world)
    ready_spares(world, (100, 101))
    equal((world.sources(100), world.sources(101)), ({}, {}))
    # What is not ready would not be taken before what is.
    world.wait(lambda: len({path for _, path, _ in world.store.watches
                            if path.endswith("ready")}) == 2)
    taken = []
    for name in ("a", "b", "c"):
        world.request(1, name, "@dispvm Open")
        taken.append(int(world.wait_answer(1, name, "ready").split()[1]))
        newest = 102 + len(taken) - 1
        ready_spares(world, (newest,))
    equal(len(set(taken)), 3)
    for name in ("a", "b", "c"):
        world.withdraw(1, name)
    world.wait(lambda: len(world.disposables()) == 2)
    equal(set(world.disposables()) & set(taken), set())


def a_spare_that_boots_can_be_taken(world):
    world.template(conf="preload=1\n")
    begin(world)
    world.wait(lambda: 100 in world.flags)
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 100)
    world.wait(lambda: 101 in world.flags)


def spares_are_made_anew_when_told(world):
    world.template(conf="preload=1\n")
    begin(world)
    ready_spares(world, (100,))
    world.template(conf="preload=2\n")
    world.daemon.send_signal(signal.SIGHUP)
    world.wait(lambda: world.disposables() == [101, 102])
    world.template(conf="preload=x\n")
    world.daemon.send_signal(signal.SIGHUP)
    world.wait(lambda: "stay in force" in world.said())
    equal(world.disposables(), [101, 102])


def a_spare_that_ends_is_not_taken(world):
    world.template(conf="preload=1\n")
    begin(world)
    ready_spares(world, (100,))
    world.set_flags(100, SHUTDOWN | POWEROFF)
    world.wait(lambda: 100 not in world.flags)
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 101)


# ---- What is told ----


def what_may_be_had_is_told(world):
    world.policy(MAY + "Shell * work @dispvm deny\nOpen * @anyvm @anyvm allow\n"
                 "Open * vault @dispvm deny\n")
    world.once()
    offers = {path: value for path, value in world.store.below("/local/domain").items()
              if "@" in path}
    equal(offers, {
        "1/pedos-rpc/@dispvm": "",
        "1/pedos-rpc/@dispvm/rules": "work\nOpen * allow\nShell * deny\n",
        "1/pedos-rpc/@dispvm@office": "",
        "1/pedos-rpc/@dispvm@office/rules": "work\nOpen * allow\n"})
    for path in offers:
        equal(world.store.permissions(f"/local/domain/{path}"), ("n0", "r1"))
    before = len(world.store.changes)
    world.once()
    equal(world.store.changes[before:], [])
    world.policy("Open * work @dispvm allow\n")
    world.once()
    equal(world.targets(1), {"@dispvm": ""})


def a_disposable_is_nobodys_ordinary_target(world):
    begin(world, policy=MAY + "* * @anyvm @anyvm allow\n* * disp1 @anyvm allow\n")
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 100)
    world.start_domain(5, "new")
    world.wait(lambda: "new" in world.targets(1))
    name = world.xl.named("create")[0][4].split("'")[1]
    for domid in (1, 2, 3, 5):
        assert name not in world.targets(domid) and "100" not in world.sources(domid)
    equal(world.targets(100), {})
    equal(world.sources(100), {"1": "work\nOpen + ask user=keeper\n", "1/a": "Open"})


# ---- dom0's program ends ----


def ends_and_destroys_all(world):
    world.template(conf="preload=1\n")
    begin(world)
    ready_spares(world, (100,))
    world.request(1, "a", "@dispvm Open")
    world.wait_answer(1, "a", "ready")
    world.wait(lambda: 101 in world.flags)
    world.daemon.send_signal(signal.SIGTERM)
    equal(world.daemon.wait(FOREVER), 0)
    equal((world.disposables(), world.answers(1)), ([], {}))


def one_that_was_killed_leaves_nothing(world):
    begin(world)
    for stage in range(3):
        world.request(1, "a", "@dispvm Open")
        first = 100 + 2 * stage
        if stage > 0:
            world.wait(lambda: first in world.flags)
        if stage == 2:
            ready(world, "a", first)
        world.wait(lambda: len(world.xl.named("create")) == 2 * stage + 1)
        world.kill()
        world.start()
        # What was left is destroyed; the request is still there, and is granted anew.
        world.wait(lambda: first not in world.flags and first + 1 in world.flags)
        ready(world, "a", first + 1)
        world.withdraw(1, "a")
        wait_destroyed(world)
        world.wait(lambda: world.answers(1) == {})


def an_xl_that_outlives_a_killed_one(world):
    go_on = threading.Event()

    def create(arguments):
        if len(world.xl.named("create")) == 1:
            go_on.wait(FOREVER)
        return world.xl.create(arguments)

    world.xl.on_create = create
    begin(world)
    world.request(1, "a", "@dispvm Open")
    world.wait(lambda: world.xl.named("create"))
    world.kill()
    world.withdraw(1, "a")
    world.start()
    world.wait(lambda: len(world.store.watches) > 2)
    go_on.set()
    world.wait(lambda: world.xl.named("destroy") == [["destroy", "100"]])
    wait_destroyed(world)


def answers_and_grants_of_a_killed_one_are_forgotten(world):
    world.policy(MAY + "Copy * work vault ask\n")
    world.store.put("/local/domain/1/pedos-rpc-answers/old", "ready 9")
    world.store.put("/local/domain/2/pedos-rpc-in/1", "work\nCopy * ask\n", ("n0", "r2"))
    world.store.put("/local/domain/2/pedos-rpc-in/1/old", "Copy")
    world.start()
    world.wait(lambda: world.answers(1) == {}
               and world.sources(2) == {"1": "work\nCopy * ask\n"})
    world.store.put("/local/domain/1/pedos-rpc-answers/old", "ready 9")
    world.kill()
    equal(world.run("--clear"), (0, ""))
    equal((world.answers(1), world.sources(2)), ({}, {}))


# ---- Asking ----

ASK = "Copy * work vault ask user=me\nCopy * @anyvm @anyvm allow\nOpen * work @dispvm ask\n"


def prompt(world, script):
    path = world.directory / "prompt"
    path.write_text(f"#!/bin/sh\necho \"$@\" >>{world.directory}/asked\n{script}\n")
    path.chmod(0o755)
    (world.directory / "asked").touch()
    return f"--prompt={path}"


def asked(machine):
    """Whom the prompt was about, each time."""
    return (machine.directory / "asked").read_text().splitlines()


def a_yes_is_a_grant_for_one_call(world):
    begin(world, prompt(world, "exit 0"), policy=ASK)
    world.request(1, "a", "vault Copy+x")
    world.wait_answer(1, "a", "allowed")
    equal(asked(world), ["work vault Copy+x"])
    equal(world.sources(2)["1/a"], "Copy+x")
    equal(world.store.permissions("/local/domain/2/pedos-rpc-in/1/a"), ("n0", "b2"))
    # It is used once, by who removes it; and nobody makes it again.
    world.store.remove("/local/domain/2/pedos-rpc-in/1/a")
    world.start_domain(5, "new")
    world.wait(lambda: "new" in world.targets(1))
    assert "1/a" not in world.sources(2)
    world.withdraw(1, "a")
    world.wait(lambda: world.answers(1) == {})


def a_grant_that_is_not_used_goes_with_its_request(world):
    begin(world, prompt(world, "exit 0"), policy=ASK)
    world.request(1, "a", "vault Copy")
    world.wait_answer(1, "a", "allowed")
    world.withdraw(1, "a")
    world.wait(lambda: "1/a" not in world.sources(2))
    equal(world.sources(2)["1"], "work\nCopy * ask user=me\nCopy * allow\n")


def a_no_is_a_no(world):
    begin(world, prompt(world, "exit 1"), policy=ASK)
    world.request(1, "a", "vault Copy")
    equal(world.wait_answer(1, "a", "refused"), "refused whoever was asked did not allow it")
    assert "1/a" not in world.sources(2)
    # Who asks again at once has to wait, and says nothing new to anybody.
    world.withdraw(1, "a")
    world.request(1, "b", "vault Copy")
    equal(world.wait_answer(1, "b", "asking"), "asking")
    equal(len(asked(world)), 1)
    world.wait_answer(1, "b", "refused")
    equal(len(asked(world)), 2)


def no_answer_is_a_no(world):
    begin(world, prompt(world, "exec sleep 1000"), "--prompt-timeout=1", policy=ASK)
    world.request(1, "a", "vault Copy")
    equal(world.wait_answer(1, "a", "asking"), "asking")
    equal(world.wait_answer(1, "a", "refused"),
          "refused whoever was asked has not answered in time")


def without_a_prompt_nobody_is_asked(world):
    begin(world, policy=ASK)
    world.request(1, "a", "vault Copy")
    assert "--prompt" in world.wait_answer(1, "a", "refused")


def alive(number):
    """A process that nobody waits for stays, without a command line."""
    try:
        return pathlib.Path(f"/proc/{number}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


def a_prompt_ends_with_its_caller(world):
    begin(world, prompt(world, f"echo $$ >{world.directory}/pid; exec sleep 1000"), policy=ASK)
    world.request(1, "a", "vault Copy")
    pid = world.directory / "pid"
    world.wait(lambda: pid.exists() and pid.read_text().strip())
    number = pid.read_text().strip()
    world.withdraw(1, "a")
    wait_until(lambda: not alive(number), "the end of the prompt")
    world.wait(lambda: world.answers(1) == {})


def one_guest_has_one_prompt_at_a_time(world):
    begin(world, prompt(world, f"until [ -e {world.directory}/yes ]; do sleep 0.05; done"),
          policy=ASK + "Copy * open vault ask\n".replace("vault", "work"))
    for number in range(6):
        world.request(1, f"r{number}", "vault Copy")
    world.wait(lambda: list(world.answers(1).values()) == 6 * ["asking"] and asked(world))
    equal(len(asked(world)), 1)
    (world.directory / "yes").touch()
    world.wait(lambda: list(world.answers(1).values()) == 6 * ["allowed"])


def the_policy_changes_while_somebody_is_asked(world):
    begin(world, prompt(world, "exec sleep 1000"), policy=ASK)
    world.request(1, "a", "vault Copy")
    world.wait(lambda: asked(world))
    world.policy("Copy * work vault deny\nOpen * work @dispvm ask\n")
    world.daemon.send_signal(signal.SIGHUP)
    assert "policy has changed" in world.wait_answer(1, "a", "refused")


def a_grant_goes_with_the_rule(world):
    begin(world, prompt(world, "exit 0"), policy=ASK)
    world.request(1, "a", "vault Copy")
    world.wait_answer(1, "a", "allowed")
    world.policy("Copy * work vault ask\nOpen * work @dispvm ask\n")
    world.daemon.send_signal(signal.SIGHUP)
    assert "policy has changed" in world.wait_answer(1, "a", "refused")
    world.wait(lambda: world.sources(2) == {"1": "work\nCopy * ask\n"})


def a_disposable_that_somebody_is_asked_about(world):
    begin(world, prompt(world, f"until [ -e {world.directory}/yes ]; do sleep 0.05; done"),
          policy=ASK)
    world.request(1, "a", "@dispvm Open")
    equal(world.wait_answer(1, "a", "asking"), "asking")
    world.wait(lambda: asked(world) == ["work @dispvm Open"])
    equal(world.xl.calls, [])
    (world.directory / "yes").touch()
    ready(world, "a", 100)


def a_killed_one_asks_anew(world):
    begin(world, prompt(world, f"[ -e {world.directory}/yes ] || exec sleep 1000"), policy=ASK)
    world.request(1, "a", "vault Copy")
    world.wait(lambda: len(asked(world)) == 1)
    world.kill()
    (world.directory / "yes").touch()
    world.start(f"--prompt={world.directory}/prompt")
    world.wait_answer(1, "a", "allowed")
    equal(len(asked(world)), 2)
