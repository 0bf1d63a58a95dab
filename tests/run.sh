#!/bin/sh
# Run the tests, as the caller and, started by root, as a plain user too. Ends with "N passed, N failed, N skipped".
#
#     sh tests/run.sh [-b BUILD] [-1] [NAME...]
#
# BUILD: the build to test, "build" if not said. -1: as the caller only. NAME: of these integration tests only, such as roundtrip.
set -u
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8 # the tests' own text has characters of many scripts
QFILE_BUILD=build
once=
while getopts b:1 option; do
    case $option in
    b) QFILE_BUILD=$OPTARG ;;
    1) once=1 ;;
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

. tests/tap.sh

# suites WHO DIRECTORY [COMMAND...]: all suites in the tree at DIRECTORY, through COMMAND.
suites() {
    who=$1 tree=$2
    shift 2
    set -- "$@" sh -c 'cd "$0" && eval "$1"' "$tree"
    if [ -z "$files" ]; then
        suite "unit-as-$who" "$@" 'CK_TAP_LOG_FILE_NAME=- CK_VERBOSITY=silent $QFILE_BUILD/tests/unit-tests'
        suite "hostile-as-$who" "$@" 'python3 tests/hostile/run.py'
        suite "escape-as-$who" "$@" 'python3 tests/escape/run.py'
    fi
    suite "integration-as-$who" "$@" "bats --tap --jobs $(nproc) ${files:-tests/integration/*.bats}"
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
