# Completion for bash, of all programs. It is installed once, and has a link for each program, by
# which bash-completion finds it.
#
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors

# The options of each program, and behind a '=' what their value is: one of these words, or of some
# kind, in capitals, for which there is a case below.
declare -gA _qfilecopy_options=(
    [qfile-agent]="--vm=VM --service=SERVICE --ssh=HOST --via=COMMAND --rename --allow-all-names
        --ignore-symlinks -L --dereference --exclude=TEXT --skip-unreadable --move --any-time
        --dry-run --progress=auto,tty,json,none --progress-fd=TEXT -q --quiet -v --verbose
        -h --help -V --version"
    [qfile-unpacker]="--allow-all-names --no-allow-all-names --allow-unsafe-symlinks
        --no-allow-unsafe-symlinks --on-conflict=fail,rename --max-bytes=TEXT --max-files=TEXT
        --timeout=TEXT -w --wait-for-space --wait-for-space=TEXT -v --verbose -h --help
        -V --version"
    [qopen-in-vm]="--vm=VM --service=SERVICE --ssh=HOST --via=COMMAND --view-only --in-place
        --no-beside --max-bytes=TEXT --from=TEXT --rename --allow-all-names
        --progress=auto,tty,json,none --progress-fd=TEXT -q --quiet -v --verbose -h --help
        -V --version"
    [vm-file-editor]="--handler=COMMAND --max-bytes=TEXT -v --verbose -h --help -V --version"
    [pedos-rpc]="--list --kind=VM --transport=xen,unix --sockets=DIRECTORY --services=DIRECTORY
        --user=USER --as=TEXT -h --help -V --version"
    [pedos-rpc-sandbox]="--services=DIRECTORY --list -h --help -V --version"
    [pedos-rpcd]="--transport=xen,unix --sockets=DIRECTORY --policy=DIRECTORY
        --services=DIRECTORY --user=USER --setenv=TEXT --prompt=COMMAND --prompt-timeout=TEXT
        --max-calls=TEXT --check -f --foreground -h --help -V --version"
    [pedos-rpc-dom0]="--policy=DIRECTORY --disposables=DIRECTORY --max-disposables=TEXT
        --max-per-vm=TEXT --boot-timeout=TEXT --prompt=COMMAND --prompt-timeout=TEXT
        --xl-socket=FILE --foreground --check --once --clear --serve-xl -h --help -V --version"
    [qfile-notify]="-h --help -V --version"
    [qfile-send]="--copy --move --open --view --to=VM --set-default --unset-default
        --prompt -h --help -V --version"
)

# The kinds of the other words, in their order; the last one counts for all that follow.
declare -gA _qfilecopy_words=(
    [qfile-agent]="FILE"
    [qfile-unpacker]="USER DIRECTORY TEXT"
    [qopen-in-vm]="VM FILE"
    [vm-file-editor]="TEXT"
    [pedos-rpc]="VM SERVICE COMMAND FILE"
    [pedos-rpc-sandbox]="TEXT"
    [pedos-rpcd]="USER"
    [pedos-rpc-dom0]="TEXT"
    [qfile-notify]="TEXT"
    [qfile-send]="FILE"
)

# Print the name of a service: what is set for the key $1 in qfilecopy.conf(5), or $2.
_qfilecopy_service() {
    local name blank='[[:blank:]]*'

    name=$(sed -n "s/^$blank$1$blank=$blank\([A-Za-z][A-Za-z0-9_.-]*\)[[:space:]]*$/\1/p" \
        /etc/qfilecopy.conf 2>/dev/null | tail -n 1)
    printf '%s\n' "${name:-$2}"
}
_qfilecopy_copy_service() { _qfilecopy_service copy-service PedOS.Filecopy; }
_qfilecopy_open_service() { _qfilecopy_service open-service PedOS.OpenInVM; }

# Print the VMs that may be called for a service, and what else qrexec takes for one. Whatever
# pedos-rpc writes, nothing that is no VM's name is printed.
_qfilecopy_vms() {
    local name LC_ALL=C
    local vm='[A-Za-z][A-Za-z0-9_.-]{0,62}' disposable='@dispvm(:[A-Za-z][A-Za-z0-9_-]*)?'

    {
        timeout 5 pedos-rpc --list $1 2>/dev/null </dev/null | while IFS= read -r name; do
            [[ $name =~ ^($vm|$disposable)$ ]] && printf '%s\n' "$name"
        done
        ! type -P qrexec-client-vm >/dev/null || printf '%s\n' @default @dispvm
    } | sort -u
}

# Print what a value of this kind can be. $2: what is there of it already, $3: the program.
_qfilecopy_values() {
    case $1 in
    VM)
        case $3 in
        qopen-in-vm) _qfilecopy_vms "$(_qfilecopy_open_service)" ;;
        pedos-rpc) _qfilecopy_vms ;;
        *) _qfilecopy_vms "$(_qfilecopy_copy_service)" ;;
        esac
        ;;
    SERVICE) _qfilecopy_copy_service && _qfilecopy_open_service ;;
    HOST) compgen -A hostname -- "$2" ;;
    COMMAND) compgen -A command -- "$2" ;;
    USER) compgen -A user -- "$2" ;;
    TEXT) ;;
    *) printf '%s\n' ${1//,/ } ;;
    esac
}

# Set `kind` to that of the value of the option $2, which may be the next word; to nothing if it
# takes none.
_qfilecopy_kind_of_option() {
    local each

    kind=
    for each in ${_qfilecopy_options[$1]}; do
        [[ $each != "$2" ]] || return
        [[ $each != "$2="* ]] || kind=${each#*=}
    done
}

# Set `kind` to that of the word behind these ones, which is no option and no option's value.
_qfilecopy_kind_of_word() {
    local program=${1##*/} at=0 skip= only= word
    local -a kinds=(${_qfilecopy_words[${1##*/}]})

    for word in "${@:2}"; do
        # An option that names the other side, or --list, stands in place of the first word.
        case $program:$word in
        qopen-in-vm:--vm* | qopen-in-vm:--ssh* | qopen-in-vm:--via* | pedos-rpc:--list)
            kinds=("${kinds[@]:1}")
            ;;
        esac
        if [[ $skip ]]; then
            skip=
        elif [[ $only || $word != -* ]]; then
            at=$((at + 1))
        elif [[ $word == -- ]]; then
            only=1
        else
            _qfilecopy_kind_of_option "$program" "$word"
            skip=$kind
        fi
    done
    ((at < ${#kinds[@]})) || at=$((${#kinds[@]} - 1))
    kind=${kinds[at]}
}

# Of the lines on stdin, with $2 before each, offer those that begin with $1, as they are. Where
# bash ends words at '=', ':' or '@', it takes the rest of a word for all of it: the beginning is
# left out.
_qfilecopy_offer() {
    local line before=${1%"${1##*[=:@]}"}

    [[ $COMP_WORDBREAKS == *"${before: -1}"* ]] || before=
    while IFS= read -r line; do
        line=$2$line
        [[ $line != "$1"* ]] || COMPREPLY+=("${line#"$before"}")
    done
    [[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}

_qfilecopy() {
    local cur words cword kind option= program=${1##*/}

    COMPREPLY=()
    _get_comp_words_by_ref -n =:@ cur words cword
    if [[ $cur == --*=* ]]; then
        option=${cur%%=*}=
        _qfilecopy_kind_of_option "$program" "${cur%%=*}"
        kind=${kind:-TEXT}
    else
        _qfilecopy_kind_of_option "$program" "${words[cword - 1]}"
        if [[ ! $kind && $cur == -* ]]; then
            kind=${_qfilecopy_options[$program]}
            compopt +o default
            _qfilecopy_offer "$cur" "" < <(printf '%s\n' $kind | sed 's/=.*/=/')
            return
        fi
        [[ $kind ]] || _qfilecopy_kind_of_word "${words[@]:0:cword}"
    fi
    case $kind in
    FILE) ;; # bash offers files where nothing else is offered
    DIRECTORY) compopt +o default -o dirnames ;;
    *)
        compopt +o default
        _qfilecopy_offer "$cur" "$option" < <(
            _qfilecopy_values "$kind" "${cur#"$option"}" "$program")
        ;;
    esac
}

complete -o default -F _qfilecopy "${!_qfilecopy_options[@]}"
