# Completion for fish, of all programs. It is installed once, and has a link for each program, by
# whose name fish finds it.
#
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors

# Print the name of a service: what is set for this key in qfilecopy.conf(5), or the usual one.
function __qfilecopy_service --argument-names key usual
    set -l blank '[[:blank:]]*'
    set -l name (sed -n \
        "s/^$blank$key$blank=$blank\\([A-Za-z][A-Za-z0-9_.-]*\\)[[:space:]]*\$/\\1/p" \
        /etc/qfilecopy.conf 2>/dev/null | tail -n 1)
    test -n "$name" || set name $usual
    echo $name
end

# Print the VMs that may be called for a service, and what else qrexec takes for one. Whatever
# pedos-rpc writes, nothing that is no VM's name is printed.
function __qfilecopy_vms
    timeout 5 pedos-rpc --list $argv 2>/dev/null </dev/null |
        string match --regex '^[A-Za-z][A-Za-z0-9_.-]{0,62}$|^@dispvm$|^@dispvm:[A-Za-z][\w-]*$'
    if command --query qrexec-client-vm
        printf '%s\n' @default @dispvm
    end
end

# Is the word at the cursor the one with this number? Options do not count, nor do values that
# follow theirs as words of their own.
function __qfilecopy_at --argument-names number
    set -l taking vm service ssh via max-bytes from progress on-conflict max-files timeout \
        transport sockets services user as
    set -l count 1
    set -l skip no
    for word in (commandline --tokenize --cut-at-cursor --current-process)[2..]
        if test $skip = yes
            set skip no
        else if string match --quiet -- '-*' $word
            contains -- (string sub --start 3 -- $word) $taking && set skip yes
        else
            set count (math $count + 1)
        end
    end
    test $count = $number
end

# Has one of these options been given?
function __qfilecopy_has
    set -l given (commandline --tokenize --cut-at-cursor --current-process)[2..]
    for option in $argv
        string match --quiet -- "--$option" $given && return
        string match --quiet -- "--$option=*" $given && return
    end
    return 1
end

set -l program (string replace '.fish' '' (status basename))
set -l copy_service (__qfilecopy_service copy-service PedOS.Filecopy)
set -l open_service (__qfilecopy_service open-service PedOS.OpenInVM)
set -l services $copy_service $open_service
set -l directories '(__fish_complete_directories (string replace --regex "^--[a-z]*=" "" -- (
    commandline --current-token)))'

complete -c $program -s h -l help -d 'Show a short help'
complete -c $program -s V -l version -d 'Show the version'

if contains $program qfile-agent qopen-in-vm
    set -l service $copy_service
    test $program = qfile-agent || set service $open_service
    complete -c $program -l vm -x -a "(__qfilecopy_vms $service)" -d 'The VM to call'
    complete -c $program -l service -x -a "$services" -d 'The service to call there'
    complete -c $program -l ssh -x -a '(__fish_print_hostnames)' -d 'The machine to reach by ssh'
    complete -c $program -l via -x -a '(__fish_complete_command)' \
        -d 'A command that leads to the other side'
    complete -c $program -l rename -d 'Keep both where a name is taken'
    complete -c $program -l progress -x -a 'auto tty json none' -d 'Show the progress'
    complete -c $program -l progress-fd -x -d 'For programs: json on this descriptor'
    complete -c $program -s q -l quiet -d 'Say only what went wrong'
end
if contains $program qfile-agent qopen-in-vm qfile-unpacker
    complete -c $program -l allow-all-names -d 'Accept names with any characters'
end
if contains $program qfile-agent qopen-in-vm qfile-unpacker vm-file-editor
    complete -c $program -s v -l verbose -d 'Say more'
end
if contains $program qopen-in-vm qfile-unpacker vm-file-editor
    complete -c $program -l max-bytes -x -d 'Refuse what is larger'
end
if contains $program pedos-rpc pedos-rpcd
    complete -c $program -l transport -x -a 'xen unix' -d 'How to reach VMs'
    complete -c $program -l sockets -x -a $directories -d 'Where the sockets are'
    complete -c $program -l user -x -a '(__fish_complete_users)' \
        -d 'The account to run services as'
end
if contains $program pedos-rpc pedos-rpc-sandbox pedos-rpcd
    complete -c $program -l services -x -a $directories -d 'Where services are'
end
if contains $program pedos-rpcd pedos-rpc-dom0
    complete -c $program -l policy -x -a $directories -d 'Where the policy is'
end

switch $program
    case qfile-agent
        complete -c $program -l ignore-symlinks -d 'Leave symbolic links out'
        complete -c $program -s L -l dereference -d 'Send what symbolic links point to'
        complete -c $program -l exclude -x -d 'Leave out what matches'
        complete -c $program -l skip-unreadable -d 'Leave out what cannot be read'
        complete -c $program -l move -d 'Remove what was sent, once that is confirmed'
        complete -c $program -l any-time -d 'With --move: even if its time could not be sent'
        complete -c $program -l dry-run -d 'Call nobody; say what would be sent'
    case qopen-in-vm
        complete -c $program -l view-only -d 'Write nothing that comes back'
        complete -c $program -l in-place -d 'Write a save into the file itself'
        complete -c $program -l no-beside -d 'Do not take files that are saved beside it'
        complete -c $program -l from -x -d 'The name of the other VM for messages'
        complete -c $program -f -n '__qfilecopy_at 1; and not __qfilecopy_has vm ssh via' \
            -a "(__qfilecopy_vms $open_service)"
    case qfile-unpacker
        complete -c $program -l no-allow-all-names -d 'Take --allow-all-names back'
        complete -c $program -l allow-unsafe-symlinks -d 'Accept links that point anywhere'
        complete -c $program -l no-allow-unsafe-symlinks -d 'Take that back'
        complete -c $program -l on-conflict -x -a 'fail rename' -d 'Where a name is taken'
        complete -c $program -l max-files -x -d 'Refuse deliveries with more entries'
        complete -c $program -l timeout -x -d 'Give up after so many seconds of silence'
        complete -c $program -s w -l wait-for-space -d 'Begin when so much is free'
        complete -c $program -f -n '__qfilecopy_at 1' -a '(__fish_complete_users)'
        complete -c $program -f -n '__qfilecopy_at 2' -a $directories
    case qfile-send
        complete -c $program -l copy -d 'Copy the files and directories'
        complete -c $program -l move -d 'Copy them, then remove them here'
        complete -c $program -l open -d 'Open the files there, and bring back what is saved'
        complete -c $program -l view -d 'Only look at them'
        complete -c $program -l set-default -d 'Open files of these types so by default'
        complete -c $program -l unset-default -d 'Take --set-default back'
        complete -c $program -l prompt -d 'Ask whether a call is allowed'
        complete -c $program -l to -x -a "(__qfilecopy_vms $copy_service)" -d 'The VM'
    case qfile-notify
        complete -c $program -f
    case vm-file-editor
        complete -c $program -f
        complete -c $program -l handler -x -a '(__fish_complete_command)' \
            -d 'Open the file with this command'
    case pedos-rpc
        complete -c $program -l list -d 'Name the VMs that may be called'
        complete -c $program -l kind -x -a '(__qfilecopy_vms)' -d 'Write what a VM is'
        complete -c $program -l as -x -d 'Call under this name'
        complete -c $program -f -n '__qfilecopy_at 1; and not __qfilecopy_has list' \
            -a '(__qfilecopy_vms)'
        complete -c $program -f -n '__qfilecopy_at 1; and __qfilecopy_has list' -a "$services"
        complete -c $program -f -n '__qfilecopy_at 2' -a "$services"
        complete -c $program -n '__qfilecopy_at 3' -a '(__fish_complete_command)'
    case pedos-rpc-sandbox
        complete -c $program -f
        complete -c $program -l list -d 'Name the templates'
    case pedos-rpcd
        complete -c $program -f -a '(__fish_complete_users)'
        complete -c $program -l setenv -x -d 'Set a variable for services'
        complete -c $program -l prompt -x -a '(__fish_complete_command)' \
            -d 'The command to ask with'
        complete -c $program -l prompt-timeout -x -d 'No answer for so many seconds is a no'
        complete -c $program -l max-calls -x -d 'Calls of one source at the same time'
        complete -c $program -l check -d 'Only say whether all is right'
        complete -c $program -s f -l foreground -d 'Stay in the foreground'
    case pedos-rpc-dom0
        complete -c $program -f
        complete -c $program -l disposables -x -a $directories \
            -d 'Where the templates of disposable VMs are'
        complete -c $program -l max-disposables -x -d 'Disposable VMs at once, of all callers'
        complete -c $program -l max-per-vm -x -d 'Disposable VMs at once, of one caller'
        complete -c $program -l boot-timeout -x \
            -d 'Seconds until a disposable VM must be ready'
        complete -c $program -l prompt -x -a '(__fish_complete_command)' \
            -d 'The command to ask with'
        complete -c $program -l prompt-timeout -x -d 'No answer for so many seconds is a no'
        complete -c $program -l xl-socket -r -F -d 'Who starts xl listens there'
        complete -c $program -l foreground -d 'Do not go to the background'
        complete -c $program -l check -d 'Say whether the policy can be used'
        complete -c $program -l once -d 'Write the tables and exit'
        complete -c $program -l clear -d 'Remove all tables and exit'
        complete -c $program -l serve-xl -d 'Serve a request for xl on stdin, and exit'
end
