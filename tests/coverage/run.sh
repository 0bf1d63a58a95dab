#!/bin/sh
# Run the tests once on a build that counts, and say which lines and branches of the library they reach: `make coverage`.
#
# Fails where fewer than 95 % of the lines are reached, or in the parsing code a line or branch less than all.
set -u
cd "$(dirname "$0")/../.."
build=$1
library=$build/lib/libqfile.so.1
unit=$build/tests/unit-tests

# Anybody may count: the receiver becomes its user.
for counted in "$library" "$unit"; do
    rm -f "$counted.counters"
    touch "$counted.counters"
    chmod 666 "$counted.counters"
done
QFILE_BUILD=$build "${PYTHON-python3}" -B tests/run.py -1 -s "unit hostile integration"
status=$?

# write TO PROGRAM: what was counted in the library as PROGRAM has it, beside the notes that gcc made for it.
write() {
    rm -rf "$1"
    mkdir -p "$1"
    find "$build/lib" -name '*.gcno' -exec cp {} "$1" \;
    QFILE_COVERAGE_TO=$1 "$2" || exit 1
}
write "$build/counted/programs" "$build/bin/qfile-unpacker"
write "$build/counted/unit" "$unit"

report() {
    gcovr --root . --filter lib/ --object-directory "$build/counted" "$build/counted" "$@"
}
report --branches --html-details "$build/coverage.html" --html-title qfilecopy >"$build/branches.txt" || exit 1
report --txt "$build/lines.txt" --json "$build/coverage.json" || exit 1
cat "$build/lines.txt"
"${PYTHON-python3}" tests/coverage/judge.py "$build/coverage.json" || status=1
exit $status
