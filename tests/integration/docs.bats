# The manual pages are well-formed, and say the same as --help.
load helpers

@test "the manual pages are clean under mandoc -Tlint" {
    # In their own directory mandoc finds what they refer to.
    cd "$TOP/man"
    run mandoc -Tlint ./*.[1358]
    [ "$output" = "" ]
    [ "$status" -eq 0 ]
}

@test "every option in --help stands in the manual page" {
    for program in "$BUILD"/bin/*; do
        page=$(mandoc -Tascii "$TOP/man/${program##*/}".[18] | sed 's/.\x08//g' | tr -d '\n')
        for option in $("$program" --help | grep -o -- '--[a-z][a-z-]*' | sort -u); do
            [[ $page == *"$option"* ]] || { echo "the page of ${program##*/} does not know $option"; false; }
        done
    done
}
