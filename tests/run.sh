#!/bin/sh
# Run all tests, as the caller and, started by root, as a plain user too. Ends with "N passed, N failed, N skipped".
# Arguments choose among the integration tests: `sh tests/run.sh roundtrip names`.
set -u
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8 # the tests' own text has characters of many scripts
results=$PWD/build/tests/results
plain=
rm -rf "$results"
mkdir -p "$results"
trap '[ -z "$plain" ] || { chmod -R u+rwX "$plain" 2>/dev/null; rm -rf "$plain"; }' EXIT
trap 'exit 130' INT TERM

files=
for name in "$@"; do files="$files tests/integration/$name.bats"; done
[ -n "$files" ] || files=$(echo tests/integration/*.bats)

# suite NAME COMMAND...: run a command that writes TAP. One that dies before its end counts as one failure more.
suite() {
    name=$1
    shift
    printf '%s ... ' "$name"
    "$@" >"$results/$name.tap" 2>"$results/$name.err" </dev/null
    awk -v name="$name" -v status=$? '
        /^ok .*# skip/ { skipped++; next }
        /^ok / { passed++ }
        /^not ok / { failed++ }
        /^1\.\.[0-9]/ { planned = substr($0, 4) + 0 }
        END {
            if (passed + failed + skipped != planned || planned == 0 || (status != 0 && !failed)) {
                print "not ok - " name " ended early, with status " status >>FILENAME
                failed++
            }
            printf "%d %d %d\n", passed, failed, skipped
        }' "$results/$name.tap" >"$results/$name.count"
    read -r passed failed skipped <"$results/$name.count"
    echo "$passed passed, $failed failed, $skipped skipped"
    sed -n 's/^ok [0-9]* \(.*# skip\)/    \1/p' "$results/$name.tap"
    [ "$failed" = 0 ] || {
        awk '/^not ok/ { show = 1 } /^ok/ { show = 0 } show' "$results/$name.tap"
        tail -n 20 "$results/$name.err"
    }
}

# What a suite runs, for `sh -c` in the tree that is its first word.
unit='cd "$0" && CK_TAP_LOG_FILE_NAME=- CK_VERBOSITY=silent build/tests/unit-tests'
integration='cd "$0" && bats --tap --jobs "$(nproc)" "$@"'

who=$(id -un 2>/dev/null) || who=$(id -u)
suite "unit-as-$who" sh -c "$unit" .
suite "integration-as-$who" sh -c "$integration" . $files
if [ "$(id -u)" = 0 ]; then
    # In a copy of his own: this directory may be one that he cannot reach.
    plain=$(mktemp -d)
    mkdir "$plain/home"
    tar -c --exclude=build/demo --exclude=build/tests/results . | tar -x -C "$plain/home"
    chown -R 65534:65534 "$plain"
    as_plain="setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=$plain/home"
    suite unit-as-plain-user $as_plain sh -c "$unit" "$plain/home"
    suite integration-as-plain-user $as_plain sh -c "$integration" "$plain/home" $files
fi

cat "$results"/*.count | awk '
    { passed += $1; failed += $2; skipped += $3 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 }'
