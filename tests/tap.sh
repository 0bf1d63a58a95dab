# What the runners share: run a suite that writes TAP into $results, say how it went, and sum up.

# suite NAME COMMAND...: one that dies before its end counts as one failure more.
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

# closing_line: "N passed, N failed, N skipped" over all suites. Fails where one failed.
closing_line() {
    cat "$results"/*.count | awk '
        { passed += $1; failed += $2; skipped += $3 }
        END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 }'
}
