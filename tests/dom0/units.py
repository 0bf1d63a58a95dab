# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""xl in a unit of its own: what it is asked for, what it refuses, and whose end it survives."""
import re
import threading

from disposables import begin, ready, wait_destroyed
from expect import FOREVER, equal
from world import RUNNING

OURS = "64697370-6f73-8162-0123-456789abcdef"


def a_unit_makes_and_destroys_it(world):
    begin(world, world.start_unit())
    world.request(1, "a", "@dispvm Open")
    ready(world, "a", 100)
    call, = world.xl.named("create")
    equal(call[:4], ["create", "-q", "-e", f"{world.directory}/disposables/default.cfg"])
    assert re.fullmatch(r"name='disp\d+'", call[4]), call
    assert re.fullmatch(r"uuid='64697370-6f73-8162-\w{4}-\w{12}'", call[5]), call
    world.withdraw(1, "a")
    wait_destroyed(world)
    equal(world.xl.named("destroy"), [["destroy", "100"]])


def a_unit_tells_the_status_of_xl(world):
    world.xl.on_create = lambda arguments: 3
    begin(world, world.start_unit())
    world.request(1, "a", "@dispvm Open")
    assert "could not be started" in world.wait_answer(1, "a", "refused")
    assert "default.cfg ended with 3" in world.said(), world.said()


def xl_hangs_in_a_unit_and_is_killed(world):
    def create(arguments):
        world.xl.create(arguments)
        threading.Event().wait(FOREVER)
        return 0

    world.xl.on_create = create
    begin(world, world.start_unit(), "--boot-timeout=1")
    world.request(1, "a", "@dispvm Open")
    world.wait_answer(1, "a", "refused")
    wait_destroyed(world)
    assert "took too long" in world.said(), world.said()
    equal(world.unit.served[0].wait(timeout=FOREVER), 0)


def nobody_listens_for_xl(world):
    begin(world, "--xl-socket=/nonexistent/socket")
    world.request(1, "a", "@dispvm Open")
    assert "could not be started" in world.wait_answer(1, "a", "refused")
    assert "xl create cannot be run: No such file" in world.said(), world.said()


def a_unit_that_is_killed(world):
    def create(arguments):
        world.unit.served[0].kill()
        return 0

    world.xl.on_create = create
    begin(world, world.start_unit())
    world.request(1, "a", "@dispvm Open")
    assert "could not be started" in world.wait_answer(1, "a", "refused")
    assert "default.cfg ended with 255" in world.said(), world.said()


def xl_outlives_the_daemon_and_what_it_made_is_destroyed(world):
    go_on = threading.Event()

    def create(arguments):
        go_on.wait(FOREVER)
        return world.xl.create(arguments)

    world.xl.on_create = create
    option = world.start_unit()
    begin(world, option)
    world.request(1, "a", "@dispvm Open")
    world.wait(lambda: world.xl.named("create"))
    world.kill()
    world.start(option, "--boot-timeout=1")
    go_on.set()
    equal(world.unit.served[0].wait(timeout=FOREVER), 0)
    world.wait(lambda: ["destroy", "100"] in world.xl.named("destroy"))
    # also the one that the request gets now, which nobody makes ready
    wait_destroyed(world)


def a_unit_refuses_all_but_disposable_vms(world):
    world.start_unit()
    world.template("default")
    outside = world.directory / "outside.cfg"
    outside.write_text("type='pv'\n")
    world.start_domain(7, "ours", uuid=OURS.replace("-", ""))
    for request in (
            b"", b"\n", b"create", b"destroy", b"list\n", b"destroy 1\n", b"destroy 0\n",
            b"destroy 99\n", b"destroy 7 1\n", b"destroy -1\n", b"destroy 7", b"destroy work\n",
            f"create default disp1 {OURS}".encode(),
            f"create default disp1 {OURS} x='y'\n".encode(),
            f"create ../outside disp1 {OURS}\n".encode(),
            f"create {outside} disp1 {OURS}\n".encode(),
            f"create other disp1 {OURS}\n".encode(),
            f"create default vault {OURS}\n".encode(),
            f"create default disp {OURS}\n".encode(),
            f"create default disp1' {OURS}\n".encode(),
            f"create default disp12345 {OURS}\n".encode(),
            f"create default disp1 0{OURS[1:]}\n".encode(),
            f"create default disp1 {OURS.upper()}\n".encode(),
            f"create default disp1 {OURS[:-1]}\n".encode(),
            f"create default disp1 {OURS.replace('-', '')}\n".encode(),
            f"create default disp1 {OURS}\0\n".encode(), b"x" * 5000):
        equal((request, *world.unit.ask(request)), (request, 1, b""))
    equal(world.xl.calls, [])
    equal(world.unit.ask(b"destroy 7\n"), (0, b"\0"))
    equal(world.unit.ask(f"create default disp1 {OURS}\n".encode()), (0, b"\0"))
    equal((world.flags[100], world.uuids[100]), (RUNNING, OURS.replace("-", "")))


def a_unit_believes_no_template_that_others_may_write(world):
    world.start_unit()
    (world.template("default") / "default.cfg").chmod(0o666)
    equal(world.unit.ask(f"create default disp1 {OURS}\n".encode()), (1, b""))
    said = world.unit.log.read_text()
    assert "others than root may change it" in said, said
    equal(world.xl.calls, [])
