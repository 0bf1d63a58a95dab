# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a caller is told: statuses, refusals, streams."""
from common import equal, expect, nothing_left


def call(guest, arguments, status, user="user"):
    job = guest.start(f"pedos-rpc {arguments} </dev/null", user)
    job.wait(status)
    return job


def test_statuses(lab):
    """the service's status and signal are the caller's."""
    for status in (0, 1, 77, 124):
        call(lab.work, f"personal test.exit+{status}", status)
    for name, number in (("TERM", 15), ("KILL", 9)):
        call(lab.work, f"personal test.signal+{name}", 128 + number)
    call(lab.work, "personal test.exit+3 sh -c 'exit 9'", 9)  # with a program, the program's


def test_streams(lab):
    """stdout and stderr arrive, each where it belongs."""
    job = call(lab.work, "personal test.both+words", 3)
    equal("stdout", job.text, "to stdout\n")
    equal("stderr", job.errors, "personal: to stderr: words\n")


def test_refusals(lab):
    """a denied service is 126, so is a VM that may not be called or is not there, an unknown
    service is 127; all in words."""
    for arguments, status, word in (("personal test.denied", 126, "test.denied"),
                                    ("nosuchvm test.echo", 126, "nosuchvm"),
                                    ("vault test.echo", 126, "vault"),
                                    ("personal test.unknown", 127, "test.unknown")):
        job = call(lab.work, arguments, status)
        expect(word in job.errors and job.errors.count("\n") == 1,
               f"{arguments}: the user is told {job.errors!r}")
        equal(f"stdout of {arguments}", job.text, "")


def test_list(lab):
    """a guest is listed whom it may call, for any service or one, and a mistyped name gets an
    offer."""
    for guest, service, expected in ((lab.work, "", "personal\n"), (lab.personal, "", "work\n"),
                                     (lab.vault, "", "personal\n"),
                                     (lab.work, "test.echo", "personal\n"),
                                     (lab.work, "test.denied", "")):
        equal(f"--list {service} in {guest.name}", call(guest, f"--list {service}", 0).text,
              expected)
    job = call(lab.work, "persnoal test.echo", 126)
    expect(job.errors.endswith("; did you mean personal?\n"), f"it says {job.errors!r}")
    expect("did you mean" not in call(lab.work, "persnoal test.denied", 126).errors,
           "a VM is offered that may not be called")
    nothing_left(lab)


def test_identity(lab):
    """the service learns its caller's name from dom0, and runs as the account that the policy
    says."""
    equal("from work", call(lab.work, "personal test.whoami+x+y", 0).text,
          "root work test.whoami+x+y x+y\n")
    equal("from vault", call(lab.vault, "personal test.whoami", 0).text,
          "user vault test.whoami \n")


def test_few_grants(lab):
    """where grants run out, calls get smaller rings, or say so in words."""
    limit = "/sys/module/xen_gntalloc/parameters/limit"
    lab.vault.run(f"echo 300 >{limit}")
    try:
        for _ in range(2):  # what was not enough is given back
            calls = [lab.vault.start("pedos-rpc personal test.wait+5") for _ in range(4)]
            statuses = [call.wait() is None or call.status for call in calls]
            told = [call.errors for call in calls if call.status]
            expect(statuses.count(0) >= 2 and statuses.count(0) + statuses.count(125) == 4,
                   f"they ended with {statuses}: {told}")
            expect(all("limit" in error for error in told), f"the user is told {told}")
        equal("a call later",
              lab.vault.run("pedos-rpc personal test.source+100000 | wc -c").strip(), "100000")
    finally:
        lab.vault.run(f"echo 8192 >{limit}")
    nothing_left(lab)
