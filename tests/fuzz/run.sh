#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# Fuzz what reads what others wrote: `sh tests/fuzz/run.sh 60`. Each target first goes over the
# corpus that is in the repository, then looks for more for that many seconds (0: not at all), as
# many targets at a time as there are processors.
# Writes TAP, and at the end "N passed, N failed, N skipped". New finds go to build/fuzz/corpus,
# crashes to build/fuzz/crashes.
set -u
cd "$(dirname "$0")/../.."
seconds=${1-60}
work=build/fuzz
logs=$work/logs
targets=$(printf '%s\n' tests/fuzz/fuzz_*.c | sed 's|.*/fuzz_\(.*\)\.c|\1|')
symbolizer=$(command -v llvm-symbolizer || command -v llvm-symbolizer-14)
ASAN_SYMBOLIZER_PATH=${ASAN_SYMBOLIZER_PATH-$symbolizer}
export ASAN_SYMBOLIZER_PATH

# ---- A compiler with libFuzzer ----

find_compiler() {
    for compiler in ${FUZZ_CC-clang clang-14 clang-15 clang-16 clang-17 clang-18 clang-19}; do
        echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
            "$compiler" -fsanitize=fuzzer,address,undefined -x c -o "$work/probe" - 2>/dev/null &&
            return
    done
    return 1
}

skip_all() {
    number=0
    for target in $targets; do
        number=$((number + 1))
        echo "ok $number - $target # skip $1"
    done
    echo "1..$number"
    echo "0 passed, 0 failed, $number skipped"
    exit 0
}

mkdir -p "$work/corpus" "$work/crashes"
rm -rf "$logs"
mkdir "$logs"
find_compiler || skip_all "needs clang with libFuzzer: clang and libclang-rt-dev"
make -s FUZZ_CC="$compiler" fuzz-targets || exit 1

# ---- One target ----

stop() {
    touch "$logs/stopped"
    for file in "$logs"/*.pid; do
        [ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null
    done
}

# run LOG COMMAND...: one that stop() can reach.
run() {
    log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null &
    echo $! >"$log.pid"
    [ ! -e "$logs/stopped" ] || kill $!
    wait $!
    status=$?
    rm "$log.pid"
    [ $status != 72 ] || touch "$logs/stopped" # libFuzzer's: the terminal told it, too, to stop
    return $status
}

# say LINE: to the terminal, and to be counted.
say() {
    echo "$1"
    echo "$1" >>"$logs/tap"
}

# What broke, and where, as TAP's comments.
explain() {
    grep -E -e ': broken: |: preparing: |ERROR: |runtime error: ' \
        -e '^ *#[0-9]+ .*/(lib|rpc|cli|tests)/.*\.[ch]:' "$1" | head -n 20 | sed 's/^ */# /'
}

# Seconds after which an input is taken for one that hangs: an ordinary one needs milliseconds.
hangs=120

replay() {
    if run "$logs/$1-replay" "$work/fuzz_$1" -timeout=$hangs "tests/fuzz/corpus/$1"/*; then
        say "ok $2 - $1: $(ls "tests/fuzz/corpus/$1" | wc -l) inputs of the corpus"
    elif [ ! -e "$logs/stopped" ]; then
        input=$(sed -n 's/^Running: //p' "$logs/$1-replay" | tail -n 1)
        say "not ok $2 - $1: an input of the corpus: $input"
        explain "$logs/$1-replay"
        return 1
    fi
}

# Longer inputs would be slower, not better: the longest that this target needs.
max_length() {
    case $1 in
    unpack) echo 16384 ;;
    *) echo 1024 ;;
    esac
}

# number NAME LOG: one of the numbers that libFuzzer ends with.
number() {
    sed -n "s/^stat::$1: *//p" "$2"
}

coverage() {
    sed -n "s/.*$1.* cov: \([0-9]*\).*/\1/p" "$2" | tail -n 1
}

fuzz() {
    log=$logs/$1-fuzz
    mkdir -p "$work/corpus/$1"
    run "$log" "$work/fuzz_$1" -timeout=$hangs -max_total_time="$seconds" \
        -max_len="$(max_length "$1")" -len_control=20 -dict=tests/fuzz/qfile.dict \
        -print_final_stats=1 \
        -artifact_prefix="$work/crashes/$1-" "$work/corpus/$1" "tests/fuzz/corpus/$1"
    status=$?
    text="$(number number_of_executed_units "$log") executions"
    text="$text, $(number average_exec_per_sec "$log")/s"
    text="$text, coverage $(coverage INITED "$log") to $(coverage '' "$log")"
    text="$1: $text, $(number new_units_added "$log") new inputs"
    if [ $status = 0 ]; then
        say "ok $2 - $text"
    elif [ ! -e "$logs/stopped" ]; then
        say "not ok $2 - $text, crashed: $(sed -n 's/.*Test unit written to //p' "$log")"
        explain "$log"
    fi
}

# ---- All of them: each processor takes every so many-th ----

tests_each=$((seconds > 0 ? 2 : 1))

lane() {
    count=0
    for target in $targets; do
        count=$((count + 1))
        [ $((count % lanes)) = "$1" ] && [ ! -e "$logs/stopped" ] || continue
        replay "$target" $(((count - 1) * tests_each + 1))
        replayed=$?
        if [ "$seconds" = 0 ] || [ -e "$logs/stopped" ]; then
            continue
        elif [ $replayed = 0 ]; then
            fuzz "$target" $((count * tests_each))
        else
            say "ok $((count * tests_each)) - $target # skip its corpus has a failure already"
        fi
    done
}

# Trees go to memory where that can be: a disk would be slow, and would wear out.
[ -n "${TMPDIR-}" ] || [ ! -w /dev/shm ] || TMPDIR=/dev/shm
TMPDIR=$(mktemp -d "${TMPDIR-/tmp}/qfile-fuzz-run-XXXXXX") || exit 1
export TMPDIR
trap 'chmod -R u+rwX "$TMPDIR"; rm -rf "$TMPDIR"' EXIT
trap stop INT TERM

: >"$logs/tap"
lanes=$(nproc)
for i in $(seq 0 $((lanes - 1))); do
    lane "$i" &
done
wait
wait # again, where the first was interrupted
echo "1..$(($(echo "$targets" | wc -l) * tests_each))"
awk '
    /^ok .*# skip/ { skipped++; next }
    /^ok / { passed++ }
    /^not ok / { failed++ }
    END {
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed > 0
    }' "$logs/tap"
status=$?
[ ! -e "$logs/stopped" ] || {
    echo "Stopped before its end."
    exit 130
}
exit $status
