#!/usr/bin/env bats
# vm-file-editor: the file is shown in a private directory, and what an application saves there is sent, as it is saved.
# SPDX-License-Identifier: GPL-2.0-or-later

load helpers
load open

# ---- What the application finds ----

@test "the file is in a private directory, called as it is at home, and stdin is empty" {
    handler <<'END'
stat -c '%a %s' "$file"
stat -c %a "${file%/*}"
echo "$file"
wc -c
cat "$file"
look
END
    { new_request report.odt 5 && printf hello; } >"$STREAM"
    QREXEC_REMOTE_DOMAIN=work ask
    exits 0
    # What the application says on stdout is no part of the answer.
    records "done 0 "
    local lines
    mapfile -t lines <<<"$said"
    is "${lines[0]}" "600 5"
    is "${lines[1]}" 700
    [[ ${lines[2]} =~ ^"$THERE/qopen-work-"[A-Za-z0-9]{6,}/report\.odt$ ]] || fail "${lines[2]}"
    is "${lines[3]}" 0
    is "${lines[4]}" hello
    nothing_there
}

@test "read-only where it is only to be looked at, and nothing comes back" {
    handler <<'END'
stat -c %a "$file"
basename "$file"
chmod 600 "$file"
printf changed >"$file"
END
    { new_request view-only-notes.txt 5 1 && printf hello; } >"$STREAM"
    ask
    exits 0
    is "$said" "400"$'\n'"notes.txt"
    records "done 0 "
    { old_request view-only-notes.txt && printf hello; } >"$STREAM"
    ask
    exits 0
    is "$said" "400"$'\n'"notes.txt"
    is "$(stat -c %s "$ANSWER")" 0
    nothing_there
}

@test "a file that is called view-only- is edited where version 2 says so" {
    handler <<<'basename "$file"; printf changed >"$file"'
    ask_for view-only-notes first
    exits 0
    is "$said" view-only-notes
    saved changed
}

@test "the umask has no say" {
    handler <<<'stat -c %a "$file" "${file%/*}"; look'
    umask 0
    ask_for file x
    is "$said" "600"$'\n'"700"
    umask 077
    ask_for file x
    is "$said" "600"$'\n'"700"
}

# shown_as REQUESTED=SHOWN...: under that name; and what is saved comes back.
shown_as() {
    local i pair
    handler <<<'basename "$file"; printf changed >"$file"'
    ask_each "${@%%=*}" || return
    for ((i = 1; i <= $#; i++)); do
        pair=${!i}
        is "$(<"$T/said-$i")" "${pair#*=}" || return
        ANSWER=$T/answer-$i saved changed || return
    done
    nothing_there
}

@test "a name that is no safe one is made one, and keeps its extension" {
    shown_as "a b (2).tar.gz=a b (2).tar.gz" "Grüße 字.odt=Grüße 字.odt" $'new\nline.txt=new_line.txt' $'\e[31mred.txt=_[31mred.txt' \
        $'x\u202egpj.exe=x_gpj.exe' "a/b.txt=a_b.txt" "../../etc/passwd=.._.._etc_passwd" "/etc/passwd=_etc_passwd" $'latin\xe9.txt=latin_.txt' \
        "-rf=-rf" ".hidden=.hidden" "\$(reboot);\`x\`'\".txt=\$(reboot);\`x\`'\".txt"
}

@test "names at the borders" {
    local length name pairs=()
    for length in 1 220 221 222 230 231; do
        name=$(last_bytes $length "$(head -c 227 /dev/zero | tr '\0' n).txt")
        is "$(bytes_of "$name")" $length
        pairs+=("$name=$name")
    done
    shown_as "${pairs[@]}"
}

@test "no name, or one that is none, is refused" {
    local name
    handler <<<'touch "$T/called"'
    for name in '' . ..; do
        ask_for "$name" x
        exits 1
        is "$(printf '%s\n' "$said" | wc -l)" 1
    done
    missing "$T/called"
    nothing_there
}

@test "a source that is no VM's name is refused; an unknown one is not" {
    local name
    handler <<<'touch "$T/called"; look; echo "$file"'
    { new_request file 1 && printf x; } >"$STREAM"
    for name in .. a/b 'a b' '' -x "$(printf 'w%.0s' {1..64})"; do
        QREXEC_REMOTE_DOMAIN=$name ask
        [ "$status" != 0 ] || fail "accepted: $name"
        is "$(printf '%s\n' "$said" | grep -vc "^Try '")" 1
        missing "$T/called"
    done
    ask
    exits 0
    has "$said" "/qopen-"
    nothing_there
}

@test "with nothing in the environment, TMPDIR is /tmp" {
    handler <<<'look; echo "$file"'
    { new_request file 1 && printf x; } >"$STREAM"
    status=0
    env -i "$VM_EDITOR" --handler="$T/handler" <"$STREAM" >"$ANSWER" 2>"$T/stderr" 3>&- || status=$?
    is "$status" 0
    records "done 0 "
    [[ $(<"$T/stderr") == /tmp/qopen-*/file ]]
    missing "$(dirname "$(<"$T/stderr")")"
}

@test "what is shown is the content, empty or large" {
    handler <<<'cp "$file" "$T/shown"; look'
    ask_for empty ""
    exits 0
    is "$(stat -c %s "$T/shown")" 0
    records "done 0 "
    head -c 5000001 /dev/urandom >"$T/content"
    { new_request large 5000001 && cat "$T/content"; } >"$STREAM"
    ask
    exits 0
    cmp "$T/content" "$T/shown"
    { old_request large && cat "$T/content"; } >"$STREAM"
    ask
    exits 0
    cmp "$T/content" "$T/shown"
    is "$(stat -c %s "$ANSWER")" 0
}

@test "the application starts before the opener has closed its end" {
    handler <<<'printf changed >"$file"'
    mkfifo "$T/open-stream"
    TMPDIR=$THERE "$VM_EDITOR" --handler="$T/handler" <"$T/open-stream" >"$ANSWER" 2>"$T/stderr" 3>&- &
    editor=$!
    started+=("$editor")
    exec 8>"$T/open-stream"
    { new_request file 5 && printf hello; } >&8
    end_of "$editor"
    exits 0
    saved changed
}

# ---- How applications save ----

# came_back CONTENT: the answer ends well, and the last save in it has that content.
came_back() {
    local saves
    rm -rf "$RECORDS" && mkdir "$RECORDS"
    python3 "$TESTS/records.py" "$ANSWER" "$RECORDS" >"$T/records" || return
    is "$(tail -n 1 "$T/records")" "done 0 " || return
    saves=$(($(wc -l <"$T/records") - 1))
    has "$(<"$T/records")" "save $saves"$'\n' || return
    is "$(<"$RECORDS/$saves")" "$1"
}

# saves_as CONTENT <<'BODY': what the application does leads to this content.
saves_as() {
    handler
    ask_for file.txt first
    exits 0 || return
    came_back "$1" || return
    nothing_there
}

@test "written in place, truncated, appended to, renamed over, with a backup, removed and made anew" {
    handler <<'END'
cd "${file%/*}"
case ${file##*/} in
1) printf changed >"$file" ;;
2) truncate -s 2 "$file" ;;
3) printf -- -more >>"$file" ;;
4) printf changed >.new; mv .new "$file" ;;
5) cp "$file" "$file~"; printf changed >"$file" ;;
6) mv "$file" "$file~"; printf changed >"$file" ;;
7) mv "$file" "$file~"; sleep 0.7; printf changed >"$file"; rm "$file~" ;;
8) rm "$file"; printf changed >"$file" ;;
9) printf changed >other; ln -f other "$file" ;;
esac
END
    ask_each {1..9}
    local i
    for i in 1 4 5 6 7 8 9; do ANSWER=$T/answer-$i came_back changed; done
    ANSWER=$T/answer-2 came_back fi
    ANSWER=$T/answer-3 came_back first-more
    nothing_there
}

@test "edited to empty is a save" {
    saves_as "" <<<': >"$file"'
    is "$(stat -c %s "$RECORDS/1")" 0
}

@test "nothing changed is no save, whatever was done" {
    handler <<'END'
look
cd "${file%/*}"
case ${file##*/} in
looked.txt) ;;
touched.txt) touch "$file" ;;
rewritten.txt) printf first >"$file" ;;
replaced.txt) cp "$file" .new; mv .new "$file" ;;
other.txt) printf x >"$file.other" ;;
back.txt) printf changed >"$file"; printf first >"$file" ;;
esac
END
    local i
    ask_each looked.txt touched.txt rewritten.txt replaced.txt other.txt back.txt
    for i in {1..6}; do ANSWER=$T/answer-$i records "done 0 "; done
    nothing_there
}

@test "a save of the same size within the same tick is one" {
    saves_as tsrif <<<'touch -r "$file" "$T/stamp"; printf tsrif >"$file"; touch -r "$T/stamp" "$file"'
}

@test "each save comes back while the application runs, paced slower than the quiet time" {
    handler <<'END'
for i in 1 2 3; do
    printf "version $i" >"$file"
    until [ "$(stat -c %s "$T/answer")" = $((i * (24 + 9 + 4))) ]; do [ -d "$T" ] || exit; sleep 0.02; done
done
END
    ask_for file.txt first
    exits 0
    saved "version 1" "version 2" "version 3"
}

@test "200 saves in a row: the last one comes back, and each that does is whole and newer" {
    many_saves
    ask_for file.txt first
    exits 0
    rm -rf "$RECORDS" && mkdir "$RECORDS"
    python3 "$TESTS/records.py" "$ANSWER" "$RECORDS" >"$T/records"
    is "$(tail -n 1 "$T/records")" "done 0 "
    lacks "$(<"$T/records")" damaged
    local last=0 i version
    for ((i = 1; i < $(wc -l <"$T/records"); i++)); do
        version=$(uniq -c "$RECORDS/$i" | paste -sd,)
        [[ $version =~ ^" "*"500 "([0-9]+)$ ]] || fail "not one whole version: $version"
        [ "${BASH_REMATCH[1]}" -gt "$last" ] || fail "$version after $last"
        last=${BASH_REMATCH[1]}
    done
    is "$last" 200
}

@test "a save of the moment at which the application ends" {
    saves_as last <<'END'
for i in 1 2 3; do printf "$i" >"$file"; done
printf last >"$file"
END
}

@test "saved while it is sent: what was cut through is marked so, and the last one is whole" {
    # The answer goes through a pipe that is read slowly, so that the save is on its way for a while.
    handler <<'END'
head -c 30000000 /dev/zero | tr '\0' a >"$file"
until [ -e "$T/first-part" ]; do [ -d "$T" ] || exit; sleep 0.02; done
for i in 1 2 3 4 5; do
    printf bbbb | dd of="$file" bs=1 seek=$((i * 5000000)) conv=notrunc status=none
    sleep 0.02
done
touch "$T/written"
END
    { new_request file 1 && printf x; } >"$STREAM"
    mkfifo "$T/slow"
    {
        head -c 1000000
        touch "$T/first-part"
        until [ -e "$T/written" ]; do [ -d "$T" ] || exit; sleep 0.02; done
        cat
    } <"$T/slow" >"$T/read" 3>&- &
    started+=($!)
    ANSWER=$T/slow start_editor
    end_of "$editor"
    exits 0
    wait "${started[0]}"
    ANSWER=$T/read
    rm -rf "$RECORDS" && mkdir "$RECORDS"
    python3 "$TESTS/records.py" "$ANSWER" "$RECORDS" >"$T/records"
    is "$(paste -sd, "$T/records")" "damaged 1,save 2,done 0 "
    is "$(stat -c %s "$RECORDS/2")" 30000000
    is "$(grep -aob bbbb "$RECORDS/2" | paste -sd, -)" "5000000:bbbb,10000000:bbbb,15000000:bbbb,20000000:bbbb,25000000:bbbb"
}

@test "becomes shorter while it is sent: the same" {
    handler <<'END'
head -c 30000000 /dev/zero | tr '\0' a >"$file"
until [ -e "$T/first-part" ]; do [ -d "$T" ] || exit; sleep 0.02; done
printf short >"$file"
touch "$T/written"
END
    { new_request file 1 && printf x; } >"$STREAM"
    mkfifo "$T/slow"
    {
        head -c 1000000
        touch "$T/first-part"
        until [ -e "$T/written" ]; do [ -d "$T" ] || exit; sleep 0.02; done
        cat
    } <"$T/slow" >"$T/read" 3>&- &
    started+=($!)
    ANSWER=$T/slow start_editor
    end_of "$editor"
    wait "${started[0]}"
    ANSWER=$T/read
    rm -rf "$RECORDS" && mkdir "$RECORDS"
    python3 "$TESTS/records.py" "$ANSWER" "$RECORDS" >"$T/records"
    is "$(paste -sd, "$T/records")" "damaged 1,save 2,done 0 "
    is "$(<"$RECORDS/2")" short
}

@test "what is no file in the file's place is not sent, not followed, not waited for" {
    printf precious >"$T/precious"
    handler <<'END'
look
rm "$file"
case ${file##*/} in
link) ln -s "$T/precious" "$file" ;;
fifo) mkfifo "$file" ;;
dir) mkdir "$file" ;;
none) ;;
esac
sleep 0.7
END
    local i
    ask_each link fifo dir none
    for i in 1 2 3 4; do ANSWER=$T/answer-$i records "done 0 "; done
    nothing_there
    is "$(<"$T/precious")" precious
}

# ---- When it is over ----

@test "an application that forks and returns is waited for" {
    handler <<'END'
(setsid bash -c 'sleep 0.3; printf changed >"$1"; sleep 0.3; printf again >"$1"' bash "$file" </dev/null >/dev/null 2>&1 &)
END
    ask_for file.txt first
    exits 0
    is "$(tail -c 33 "$ANSWER" | head -c 0; grep -ac again "$ANSWER")" 1
    nothing_there
}

@test "an application that hands the file to a running instance is waited for" {
    mkfifo "$T/handed"
    # The instance runs before, and is nobody's child there. It has the file open for as long as it shows it.
    bash -c 'read -r file <"$1"; exec 7<"$file"; printf taken >"$2"; sleep 0.8; printf changed >"$file"; sleep 0.2' \
        bash "$T/handed" "$T/taken" </dev/null >/dev/null 2>&1 3>&- &
    started+=($!)
    handler <<<'echo "$file" >"$T/handed"'
    ask_for file.txt first
    exits 0
    exists "$T/taken"
    saved changed
    gone "${started[0]}"
    nothing_there
}

@test "a running instance that is slow to open the file is waited for, too" {
    mkfifo "$T/handed"
    bash -c 'read -r file <"$1"; sleep 1; exec 7<"$file"; sleep 0.4; printf changed >"$file"' bash "$T/handed" </dev/null >/dev/null 2>&1 3>&- &
    started+=($!)
    handler <<<'echo "$file" >"$T/handed"'
    ask_for file.txt first
    exits 0
    saved changed
    nothing_there
}

@test "a running instance that only watches the file is waited for" {
    mkfifo "$T/handed"
    cat >"$T/instance" <<'END'
import ctypes, sys, time
file = open(sys.argv[1], encoding="utf-8").read().strip()
libc = ctypes.CDLL(None)
assert libc.inotify_add_watch(libc.inotify_init(), file.encode(), 0xFFF) >= 0
open(file, encoding="utf-8").read()
time.sleep(1.5)
with open(file, "w", encoding="utf-8") as out:
    out.write("changed")
END
    python3 "$T/instance" "$T/handed" </dev/null >/dev/null 2>&1 3>&- &
    started+=($!)
    handler <<<'echo "$file" >"$T/handed"'
    ask_for file.txt first
    exits 0
    saved changed
    nothing_there
}

@test "a file that nobody opens is over after a while" {
    handler <<<':' # an application elsewhere may be slow
    ask_for file.txt first
    exits 0
    records "done 0 "
    nothing_there
}

@test "whatever an application leaves, nothing is left" {
    handler <<'END'
cd "${file%/*}"
printf changed >file.txt
touch .file.txt.swp file.txt~ '#file.txt#'
ln -s /etc/passwd .#file.txt
mkfifo fifo
mkdir -p sealed/none
touch sealed/none/x
chmod 0 sealed/none; chmod 500 sealed
mkdir m; chmod 0 m
name=$(printf 'd%.0s' {1..200})
for i in {1..60}; do mkdir $name && cd -P $name || exit; done
touch bottom
END
    ask_for file.txt first
    exits 0
    saved changed
    nothing_there
}

@test "what lies beside the private directory is not touched, links out of it are not followed" {
    mkdir "$T/precious"
    touch "$T/precious/file" "$THERE/other"
    handler <<<'look; ln -s "$T/precious" "${file%/*}/link"; ln -s "$T/precious/file" "${file%/*}/link2"'
    ask_for file.txt first
    exits 0
    is "$(ls -A "$THERE")" other
    exists "$T/precious/file"
}

@test "a private directory that the application removed or renamed" {
    handler <<'END'
look
case ${file##*/} in
removed) rm -r "${file%/*}" ;;
renamed) mv "${file%/*}" "$THERE/elsewhere" ;;
esac
END
    ask_each removed renamed
    ANSWER=$T/answer-1 records "done 0 "
    # Where it went nobody knows any more.
    is "$(ls -A "$THERE" | grep -vx elsewhere || true)" ""
}

# ---- An opener of version 1 ----

# ask_old CONTENT: as version 1 asks.
ask_old() {
    { old_request file.txt && printf '%s' "$1"; } >"$STREAM"
    ask
}

@test "version 1: the last content comes back, raw, at the end" {
    handler <<'END'
printf second >"$file"
sleep 0.8
stat -c %s "$T/answer" >"$T/early"
printf third >"$file"
END
    ask_old first
    exits 0
    is "$(<"$ANSWER")" third
    is "$(<"$T/early")" 0
    is "$said" ""
    nothing_there
}

@test "version 1: nothing comes back where nothing was changed" {
    handler <<<'touch "$file"; printf first >"$file"'
    ask_old first
    exits 0
    is "$(stat -c %s "$ANSWER")" 0
    is "$said" ""
}

@test "version 1: edited to empty cannot be said, which is said" {
    handler <<<': >"$file"'
    ask_old first
    is "$(stat -c %s "$ANSWER")" 0
    has "$said" empty
    nothing_there
}

@test "version 1: an empty file that got a content, and an empty one that did not" {
    handler <<<'printf second >"$file"'
    ask_old ""
    exits 0
    is "$(<"$ANSWER")" second
    handler <<<look
    ask_old ""
    exits 0
    is "$(stat -c %s "$ANSWER")" 0
    is "$said" ""
}

@test "version 1: a name of any length up to 255 bytes, as it was cut by old programs" {
    local name length
    handler <<<'basename "$file"; chmod u+w "$file"; printf changed >"$file"'
    for length in 231 232 255; do
        name=$(head -c 251 /dev/zero | tr '\0' n).txt
        name=$(last_bytes $length "$name")
        { old_request "$name" && printf first; } >"$STREAM"
        ask
        exits 0
        is "$said" "$name"
        is "$(<"$ANSWER")" changed
    done
    # One that lost its beginning: a half character is left of it.
    name=$(printf '字%.0s' {1..99}).x
    { old_request "$name" && printf first; } >"$STREAM"
    ask
    exits 0
    has "$said" 字.x
    is "$(<"$ANSWER")" changed
    # With view-only- it may have lost that.
    { old_request "view-only-$(head -c 241 /dev/zero | tr '\0' n).txt" && printf first; } >"$STREAM"
    ask
    exits 0
    is "$said" "$(head -c 241 /dev/zero | tr '\0' n).txt"
    is "$(stat -c %s "$ANSWER")" 0
}
