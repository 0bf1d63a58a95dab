#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# Run the tests once on a build that counts, and say which lines and branches of the library they
# reach: `make coverage`.
#
# Fails where fewer than 95 % of the lines are reached, or in the parsing code a line or branch less
# than all.
set -u
cd "$(dirname "$0")/../.."
build=$1
# All that the library is linked into, and counted in.
counted="bin/qfile-agent bin/qfile-unpacker bin/qopen-in-vm bin/vm-file-editor tests/unit-tests"

# Anybody may count: the receiver becomes its user.
for program in $counted; do
    rm -f "$build/$program.counters"
    touch "$build/$program.counters"
    chmod 666 "$build/$program.counters"
done
# Not a sample of them: each time, the same is reached. One after the other where all are of one
# account and slow: sessions of the unit tests see the processes of the other suites.
status=0
for suites in unit "hostile integration"; do
    QFILE_BUILD=$build SAMPLE=1 "${PYTHON-python3}" -B tests/run.py -1 -s "$suites" || status=1
done

# What was counted in each of them, beside the notes that gcc made for it.
rm -rf "$build/counted"
for program in $counted; do
    to=$build/counted/${program##*/}
    mkdir -p "$to"
    find "$build/lib" "$build/text" -name '*.gcno' -exec cp {} "$to" \;
    QFILE_COVERAGE_TO=$to "$build/$program" || exit 1
done

report() {
    gcovr --root . --filter lib/ --filter text/ --object-directory "$build/counted" \
        "$build/counted" "$@"
}
report --branches --html-details "$build/coverage.html" --html-title qfilecopy \
    >"$build/branches.txt" || exit 1
report --txt "$build/lines.txt" --json "$build/coverage.json" || exit 1
cat "$build/lines.txt"
"${PYTHON-python3}" tests/coverage/judge.py "$build/coverage.json" || status=1
exit $status
