# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What is stopped by one layer only, and why. Everything else is stopped by another one too, as the
configurations show."""

ONLY = {
    "descriptors": {
        "what is open needs no path, so that no file system's layer is asked": [
            "inherited", "inherited-file", "answer", "stop",
        ],
        "neither chroot nor Landlock is asked what may be looked at below an open directory": [
            "inherited-stat",
        ],
    },
    "resources": {
        "addresses are what the parser itself needs, and only this layer counts them": [
            "memory", "heap", "memory-shared",
        ],
        "so are descriptors": ["descriptors"],
    },
    "system-calls": {
        "harmless by itself: a part of the kernel to attack": [
            "unshare-files", "socket", "socketpair", "netlink", "vsock", "io-uring", "bpf",
            "userfaultfd", "perf", "memfd", "seccomp", "int-80", "x32", "modify-ldt", "personality",
            "setuid-x32", "syslog",
        ],
        "the code runs in the same confinement": [
            "exec-memory", "mmap-code", "mprotect-code", "mprotect-write",
        ],
        "the key is one of its own": ["add-key"],
        "a process may always change this of itself": ["outlive", "dumpable"],
        "no other layer and no check of the monitor looks at attributes": [
            "xattr-user", "xattr-acl",
        ],
    },
    "old-kernel": {
        "the port is one of a network of its own, without a way out": ["listen"],
        "what it reads is its own": ["landlock-widen"],
    },
    "verify": {
        "the kernel lets a parser make links and names as it likes": [
            "staged-link", "staged-link-deep", "staged-link-climbing", "staged-link-link",
            "staged-control", "staged-not-utf8", "staged-direction", "create-after",
        ],
        "only the monitor can count": ["entries-few", "entries-many", "deep-lie"],
    },
}


def only_layer(layer, name):
    """Why the attempt escapes without this layer; None: it does not."""
    layers = [layer, "system-calls"] if layer == "old-kernel" else [layer]
    return next((reason for each in layers for reason, names in ONLY.get(each, {}).items()
                 if name in names), None)
