#!/usr/bin/env bats
# Which names can be delivered, and how names are shown.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers

# refuses CODE [OPTION...] -- NAME...: a file of such a name refuses the delivery, at the top level and below, and is named.
refuses() {
    local code=$1 name options=()
    shift
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    for name in "${@:2}"; do
        {
            entry_file innocent x
            entry_file "$name" x
            end
        } >"$STREAM"
        deliver "$STREAM" "${options[@]}"
        refused "$code" "$name" || fail "name: $(printf %q "$name")" || return
        {
            entry_dir dir
            entry_file "dir/$name" x
            entry_dir dir
            end
        } >"$STREAM"
        deliver "$STREAM" "${options[@]}"
        refused "$code" "dir/$name" || fail "name: dir/$(printf %q "$name")" || return
    done
}

@test "names in many scripts arrive" {
    mkdir names
    local name
    for name in plain 'with space' 'Ελληνικά' 'Русский' 'العربية' 'עברית' 'हिन्दी' 'বাংলা' 'தமிழ்' 'ไทย' 'ქართული' 'հայերեն' \
        'አማርኛ' '中文' '日本語の名前' '한국어' 'ខ្មែរ' 'မြန်မာ' 'བོད' 'ᏣᎳᎩ' 'Ünïcödé' $'decomposed e\u0301' 'Tiếng Việt' 'ﬁ ligature' '𝔐𝔞𝔱𝔥' '𐍈'; do
        printf '%s' "$name" >"names/$name"
    done
    is "$(ls names | wc -l)" 26
    send names
    exits 0
    same_tree names "$INCOMING/names"
}

@test "emoji arrive, with their joiners, tones and flags" {
    mkdir names
    : >names/$'\U1F469\u200D\U1F469\u200D\U1F467\u200D\U1F466'        # a family
    : >names/$'\U1F469\U1F3FD\u200D\U1F680'                         # an astronaut with a skin tone
    : >names/$'\U1F3F3\uFE0F\u200D\U1F308'                          # a rainbow flag
    : >names/$'\U1F1EA\U1F1FA'                                      # two letters that make a flag
    : >names/$'\u2764\uFE0F.txt'
    is "$(ls names | wc -l)" 5
    send names
    exits 0
    same_tree names "$INCOMING/names"
}

@test "punctuation and symbols arrive" {
    mkdir names
    local name
    for name in -rf --help '*' '?' '~' '$HOME' '`id`' '$(id)' "it's" '"quoted"' 'back\slash' 'semi;colon' 'a&b|c' '<in>out' '(x) [y] {z}' \
        '#hash' '!bang' '100%' 'a:b' 'a=b,c+d' '^caret' '.hidden' '...' '..a' 'a..' ' leading' 'trailing ' '€ £ ¥ ₿' '«„“”»' '—–…' '±×÷√∞' \
        '½ ² Ⅷ' '→⇒' '☃' '.qfile' 'x.qfile-incoming-1'; do
        : >"names/$name"
    done
    is "$(ls -A names | wc -l)" 36
    send names
    exits 0
    same_tree names "$INCOMING/names"
}

@test "names of 255 bytes arrive, in any script" {
    mkdir names
    local ascii wide
    ascii=$(printf 'x%.0s' {1..255})
    wide=$(printf '語%.0s' {1..85})
    : >"names/$ascii"
    mkdir "names/$wide"
    : >"names/$wide/$ascii"
    send names
    exits 0
    same_tree names "$INCOMING/names"
    is "$(find "$INCOMING/names" | wc -l)" 4
}

@test "a name of 255 bytes arrives at the top level" {
    local name
    name=$(printf '%0255d' 0)
    printf x >"$name"
    send "$name"
    exits 0
    same_tree "$name" "$INCOMING/$name"
}

@test "a name longer than 255 bytes refuses the delivery" {
    refuses $ENAMETOOLONG -- "$(printf '%0256d' 0)"
}

@test "control characters refuse the delivery" {
    refuses $EILSEQ -- $'bell\a' $'new\nline' $'tab\t' $'\e[31mred' $'delete\x7f' $'\u0085' $'\u009b31m'
}

@test "characters that change how others are shown refuse the delivery" {
    # An override, a mark, an isolate, a zero-width space, a byte order mark, a soft hyphen, an annotation.
    refuses $EILSEQ -- $'exe\u202Efdp.txt' $'\u200F' $'\u2066x' $'a\u200Bb' $'\uFEFFx' $'a\u00ADb' $'\uFFF9'
}

@test "spaces other than the plain one refuse the delivery" {
    refuses $EILSEQ -- $'no\u00A0break' $'\u2003' $'\u3000' $'\u2028' $'\u2029' $'\u202F' $'\u1680'
}

@test "private and unassigned characters refuse the delivery" {
    refuses $EILSEQ -- $'\uE000' $'\U10FFFD' $'\u0378' $'\uFDD0' $'\xEF\xBF\xBE'
}

@test "bytes that are no UTF-8 refuse the delivery" {
    # A lone byte, a continuation, a cut sequence, overlong forms, half a surrogate, beyond Unicode, Latin-1.
    refuses $EILSEQ -- $'\xff' $'\x80' $'\xe2\x82' $'\xc0\xaf' $'\xe0\x80\xaf' $'\xed\xa0\x80' $'\xf4\x90\x80\x80' $'\xe9t\xe9'
}

@test "--allow-all-names accepts any bytes" {
    mkdir names
    : >names/$'new\nline'
    : >names/$'\xff\x01\x80'
    : >names/$'exe\u202Efdp.txt'
    : >$'\e[31m\xfe'
    try "$AGENT" --via="$(receiver --allow-all-names)" names $'\e[31m\xfe'
    exits 0
    same_tree names "$INCOMING/names"
    exists "$INCOMING"/$'\e[31m\xfe'
    is "$(ls -A "$INCOMING/names" | wc -l)" 4
}

@test "--no-allow-all-names takes that back" {
    refuses $EILSEQ --allow-all-names --no-allow-all-names -- $'new\nline'
}

@test "a path that is not canonical refuses the delivery, whatever is allowed" {
    local name option
    for option in --no-allow-all-names --allow-all-names; do
        for name in /etc/passwd / . .. ./x ../x x/.. x/. x/../y x//y x/ /x; do
            {
                entry_dir x
                entry_file "$name" evil
                entry_dir x
                end
            } >"$STREAM"
            deliver "$STREAM" $option
            refused $EINVAL "$name" || fail "name: $name"
        done
    done
}

@test "an empty name, a name without its NUL and one with another NUL refuse the delivery" {
    {
        header 1 100644 0 0 0 0 0
        printf '\0'
        end
    } >"$STREAM"
    deliver "$STREAM"
    refused $EINVAL ""
    {
        header 4 100644 0 0 0 0 0
        printf 'name'
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 1
    is "$(field 0 4)" $EINVAL
    nothing_arrived
    {
        header 5 100644 0 0 0 0 0
        printf 'a\0b\0\0'
        end
    } >"$STREAM"
    deliver "$STREAM" --allow-all-names
    exits 1
    is "$(field 0 4)" $EINVAL
    nothing_arrived
}

@test "a name of 16383 bytes with its NUL is the longest, one more refuses the delivery" {
    local part path i
    part=$(printf '%0254d' 0)
    path=$part
    for ((i = 1; i < 64; i++)); do
        path+=/$part
    done
    path+=/${part:0:62}
    is ${#path} 16382
    {
        header 16383 100644 0 0 0 0 0
        printf '%s\0' "$path"
        end
    } >"$STREAM"
    deliver "$STREAM"
    refused $EINVAL "$path" # its directories were not sent
    {
        header 16384 100644 0 0 0 0 0
        printf '%s\0' "${path}0"
        end
    } >"$STREAM"
    deliver "$STREAM"
    refused $EINVAL ""
}

@test "the staging prefix cannot be delivered, whatever is allowed" {
    local option
    for option in --no-allow-all-names --allow-all-names; do
        {
            entry_file .qfile-incoming-0123456789abcdef x
            end
        } >"$STREAM"
        deliver "$STREAM" $option
        refused $EILSEQ .qfile-incoming-0123456789abcdef
    done
}

@test "the receiver shows a name with control characters sanitised" {
    {
        entry_file $'\e]0;owned\a\n' x
        end
    } >"$STREAM"
    deliver "$STREAM"
    exits 1
    is "$(LC_ALL=C tr -d ' -~' <"$T/stderr" | od -An -c | tr -d ' ')" '\n'
    has "$said" owned
}

@test "the sender shows a name of the receiver's sanitised" {
    printf hello >file
    peer bad-name <<'END'
take >/dev/null
new_answer $EEXIST 0 $'\e[31mred\xff\u202E'
END
    try "$AGENT" --via="$T/bad-name" file
    exits 1
    has "$said" '"?[31mred????" is there already'
    is "$(LC_ALL=C tr -d ' -~' <"$T/stderr" | od -An -c | tr -d ' ')" '\n'
}
