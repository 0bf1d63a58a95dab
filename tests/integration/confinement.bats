#!/usr/bin/env bats
# The unpacking child's confinement, as it is said and as /proc shows it.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# Start a delivery and stop in the middle: the child is confined by then and waits for more. Sets $child.
confined_child() {
    start_unpacker "$@"
    entry_dir begun >&8
    wait_until staged begun
    child=$(children_of "$monitor")
    [ -n "$child" ] || fail "no child"
}

let_it_end() {
    entry_dir begun >&8
    end >&8
    end_unpacker
    exec 8>&-
    exits 0
}

# of_status NAME: a field of the child's /proc/PID/status; of_monitor: of its monitor's.
of_status() {
    awk -v name="$1:" '$1 == name { $1 = ""; sub(/^ /, ""); print }' "/proc/${2-$child}/status"
}

# /proc tells others only what the child cannot hide; root may look.
may_look() {
    need_root
    ls "/proc/$child/fd" >/dev/null 2>&1 || skip "this root may not look into processes"
}

@test "-v says which layers are in force, chroot always" {
    local layer
    confined_child -v
    let_it_end
    for layer in chroot privileges resources descriptors; do
        has "$said" "$layer"
    done
    is "$(printf '%s\n' "$said" | grep -c "confinement in force: ")" 1
}

@test "-v says that the namespaces and the mount are in force where they can be had" {
    in_namespace true 2>/dev/null || skip "none here"
    confined_child -v
    let_it_end
    has "$said" namespaces
    has "$said" mount
}

@test "-v says that a user namespace is in force where it can be had" {
    setpriv --reuid="$RECEIVER" --clear-groups unshare -U true 2>/dev/null || unshare -U true 2>/dev/null || skip "none here"
    confined_child -v
    let_it_end
    has "$said" "user namespace"
}

@test "child and monitor have no capabilities and no way to new ones" {
    local process set
    confined_child
    for process in "$child" "$monitor"; do
        for set in CapInh CapPrm CapEff CapAmb; do
            is "$(of_status $set "$process")" 0000000000000000
        done
        is "$(of_status NoNewPrivs "$process")" 1
    done
    is "$(of_status CapBnd)" 0000000000000000
    let_it_end
}

@test "child and monitor are the receiver, whatever they were started as" {
    local process
    confined_child
    for process in "$child" "$monitor"; do
        is "$(of_status Uid "$process" | tr '\t' ' ')" "$RECEIVER $RECEIVER $RECEIVER $RECEIVER"
    done
    let_it_end
}

@test "a receiver started by root keeps none of root's groups" {
    need_root
    confined_child
    is "$(of_status Gid "$monitor" | tr '\t' ' ')" "$RECEIVER $RECEIVER $RECEIVER $RECEIVER"
    is "$(of_status Groups "$monitor" | tr -d ' ')" "$RECEIVER"
    is "$(of_status Groups | tr -d ' ')" "$RECEIVER"
    let_it_end
}

@test "the child can start no process, dumps no core, and has few descriptors and little memory" {
    confined_child
    limit_of() {
        awk -F '  +' -v name="$1" '$1 == name { print $2 "," $3 }' "/proc/$child/limits"
    }
    is "$(limit_of "Max processes")" 0,0
    is "$(limit_of "Max core file size")" 0,0
    is "$(limit_of "Max open files")" 64,64
    # The address sanitizer needs terabytes of addresses.
    [ "${QFILE_BUILD-}" = build-sanitized ] || [ "$(limit_of "Max address space")" != unlimited,unlimited ] || fail "unlimited memory"
    let_it_end
}

@test "others of the same user cannot look into the child" {
    ! am_root || skip "root may"
    confined_child
    is "$(ls "/proc/$child/fd" 2>/dev/null | wc -l)" 0
    status=0
    readlink "/proc/$child/root" || status=$?
    is "$status" 1
    let_it_end
}

@test "the child has no descriptors but the stream, the report, stderr and its own directories" {
    confined_child
    may_look
    local fd to
    is "$(readlink "/proc/$child/fd/0")" "$T/open-stream"
    has "$(readlink "/proc/$child/fd/1")" pipe:
    is "$(readlink "/proc/$child/fd/2")" "$T/stderr"
    for fd in "/proc/$child/fd"/*; do
        case ${fd##*/} in
        0 | 1 | 2) ;;
        *)
            to=$(readlink "$fd")
            # As its own namespace names them: below the staging directory's tree.
            case $to in
            / | /begun | "$INCOMING"/.qfile-incoming-*/tree | "$INCOMING"/.qfile-incoming-*/tree/*) ;;
            *) fail "descriptor ${fd##*/}: $to" ;;
            esac
            ;;
        esac
    done
    let_it_end
}

@test "descriptors that the unpacker inherits are not the child's" {
    need_root
    exec 7<"$TESTS/helpers.bash"
    confined_child
    exec 7<&-
    may_look
    is "$(readlink "/proc/$child/fd"/* | grep -c helpers.bash)" 0
    let_it_end
}

@test "the staging directory is the child's whole file system" {
    confined_child
    may_look
    is "$(ls -A "/proc/$child/root/")" begun
    is "$(stat -L -c %d:%i "/proc/$child/root")" "$(stat -c %d:%i "$INCOMING"/.qfile-incoming-*/tree)"
    is "$(stat -L -c %d:%i "/proc/$child/cwd")" "$(stat -c %d:%i "$INCOMING"/.qfile-incoming-*/tree)"
    let_it_end
}

@test "the child has one mount, and nothing on it can be run, set an ID or be a device" {
    in_namespace true 2>/dev/null || skip "no namespaces here"
    confined_child
    may_look
    local options
    is "$(wc -l <"/proc/$child/mountinfo")" 1
    options=$(awk '{ print $6 }' "/proc/$child/mountinfo")
    has ",$options," ,nosuid,
    has ",$options," ,nodev,
    has ",$options," ,noexec,
    let_it_end
}

@test "the child has namespaces of its own" {
    in_namespace true 2>/dev/null || skip "no namespaces here"
    confined_child
    may_look
    local namespace
    for namespace in mnt net ipc uts cgroup pid; do
        [ -e "/proc/self/ns/$namespace" ] || continue
        [ "$(readlink "/proc/$child/ns/$namespace")" != "$(readlink "/proc/self/ns/$namespace")" ] || fail "shares $namespace"
    done
    is "$(ls "/proc/$child/task" | wc -l)" 1
    is "$(of_status NSpid | awk '{ print $NF }')" 1
    let_it_end
}

@test "the child's network has no way out" {
    in_namespace true 2>/dev/null || skip "no namespaces here"
    confined_child
    may_look
    is "$(tail -n +3 "/proc/$child/net/dev" | cut -d: -f1 | tr -d ' ')" lo
    is "$(tail -n +2 "/proc/$child/net/route" | wc -l)" 0
    let_it_end
}

@test "no mount is left behind" {
    local before
    before=$(wc -l </proc/self/mountinfo)
    confined_child
    is "$(wc -l </proc/self/mountinfo)" "$before"
    let_it_end
    is "$(wc -l </proc/self/mountinfo)" "$before"
    lacks "$(</proc/self/mountinfo)" "$T"
}

# without_user_namespaces COMMAND...: as root of a namespace below which there can be no more of them.
without_user_namespaces() {
    unshare -Urm sh -c 'echo "$0" >/proc/sys/user/max_user_namespaces && exec "$@"' "$@"
}

# The same for root, who stays who he is: every user is mapped to himself, which unshare(1) cannot do.
root_without_user_namespaces() {
    python3 -c '
import ctypes, os, sys
made, mapped = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000) != 0: # CLONE_NEWUSER
        os._exit(99)
    os.write(made[1], b"x")
    os.read(mapped[0], 1)
    with open("/proc/sys/user/max_user_namespaces", "w") as setting:
        setting.write("0")
    os.execv(sys.argv[1], sys.argv[1:])
os.close(made[1])
if os.read(made[0], 1):
    for kind in "uid", "gid":
        with open(f"/proc/{child}/{kind}_map", "w") as map:
            map.write("0 0 4294967295")
    os.write(mapped[1], b"x")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
' "$@"
}

@test "root needs no user namespaces" {
    need_root
    root_without_user_namespaces /bin/true 2>/dev/null || skip "cannot forbid them here"
    entry_file file x >"$STREAM"
    end >>"$STREAM"
    status=0
    root_without_user_namespaces "$UNPACKER" -v "$RECEIVER" "$INCOMING" <"$STREAM" >"$ANSWER" 2>"$T/stderr" 3>&- || status=$?
    said=$(<"$T/stderr")
    exits 0
    lacks "$said" "user namespace"
    has "$said" "namespaces, mount, chroot"
    arrived_names file
}

@test "without user namespaces a plain user is refused, and told what is in the way" {
    # One is allowed, for a plain user to be in.
    local plain=(unshare -U --map-user=12 --map-group=12)
    without_user_namespaces 1 "${plain[@]}" true 2>/dev/null || skip "cannot forbid them here"
    entry_file file x >"$STREAM"
    end >>"$STREAM"
    ! am_root || chown 0:0 "$INCOMING"
    status=0
    without_user_namespaces 1 "${plain[@]}" "$UNPACKER" -v 12 "$INCOMING" <"$STREAM" >"$ANSWER" 2>"$T/stderr" 3>&- || status=$?
    said=$(<"$T/stderr")
    exits 1
    has "$said" "none, nothing was read"
    has "$said" "user namespaces"
    has "$said" "start it as root"
    [ "$(field 0 4)" != 0 ] || fail "answered with success"
    nothing_arrived
}

@test "the child has its list of system calls where the kernel has seccomp" {
    [ -e /proc/sys/kernel/seccomp/actions_avail ] || skip "no seccomp here"
    confined_child -v
    is "$(of_status Seccomp)" 2
    is "$(of_status NoNewPrivs)" 1
    let_it_end
    has "$said" "system calls"
}

@test "Landlock is in force where the kernel has it" {
    # landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION)
    python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)' || skip "none here"
    confined_child -v
    let_it_end
    has "$said" Landlock
}
