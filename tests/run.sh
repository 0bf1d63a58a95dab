#!/bin/sh
# Run the tests, as the caller and, started by root, as a plain user too. Ends with "N passed, N failed, N skipped".
#
#     sh tests/run.sh [-b BUILD] [-1] [-s SUITES] [NAME...]
#
# BUILD: the build to test, "build" if not said. -1: as the caller only. SUITES: words of "unit hostile escape dom0 editors integration fault xen",
# all but the last two if not said. NAME: of the integration tests only these, such as roundtrip; and without -s, no other suites.
set -u
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8 # the tests' own text has characters of many scripts
QFILE_BUILD=build
once=
chosen=
while getopts b:1s: option; do
    case $option in
    b) QFILE_BUILD=$OPTARG ;;
    1) once=1 ;;
    s) chosen=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
export QFILE_BUILD
results=$PWD/$QFILE_BUILD/tests/results
plain=
rm -rf "$results"
mkdir -p "$results"
trap '[ -z "$plain" ] || { chmod -R u+rwX "$plain" 2>/dev/null; rm -rf "$plain"; }' EXIT
trap 'exit 130' INT TERM

files=
for name in "$@"; do files="$files tests/integration/$name.bats"; done
[ -n "$chosen" ] || chosen=${files:+integration}
[ -n "$chosen" ] || chosen="unit hostile escape dom0 editors integration"

. tests/tap.sh

# What a suite runs, in the tree that is to be tested.
command_of() {
    case $1 in
    unit) echo "CK_TAP_LOG_FILE_NAME=- CK_VERBOSITY=silent $QFILE_BUILD/tests/unit-tests" ;;
    xen) echo "python3 -B tests/xen/run.py ${CASES-}" ;;
    hostile | escape | dom0 | editors | fault) echo "python3 -B tests/$1/run.py $([ "$1" != fault ] || echo "${PARTS-}")" ;;
    # They wait more than they work.
    integration) echo "bats --tap --jobs $((3 * $(nproc))) ${files:-tests/integration/*.bats}" ;;
    *) echo "echo 'there is no suite $1' >&2; false" ;;
    esac
}

# suites WHO DIRECTORY [COMMAND...]: the chosen suites in the tree at DIRECTORY, through COMMAND.
suites() {
    who=$1 tree=$2
    shift 2
    for each in $chosen; do
        suite "$each-as-$who" "$@" sh -c 'cd "$0" && eval "$1"' "$tree" "$(command_of "$each")"
    done
}

who=$(id -un 2>/dev/null) || who=$(id -u)
suites "$who" .
if [ "$(id -u)" = 0 ] && [ -z "$once" ]; then
    # In a copy of his own: this directory may be one that he cannot reach.
    plain=$(mktemp -d)
    mkdir "$plain/home"
    tar -c --exclude=./.git --exclude='./build*' . | tar -x -C "$plain/home"
    tar -c --exclude="$QFILE_BUILD/demo" --exclude="$QFILE_BUILD/tests/results" --exclude="$QFILE_BUILD/fuzz" "$QFILE_BUILD" | tar -x -C "$plain/home"
    chown -R 65534:65534 "$plain"
    suites plain-user "$plain/home" setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$plain/home"
fi
closing_line
