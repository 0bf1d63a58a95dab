/* The system calls of the confined child. */
#ifndef SYSCALLS_H
#define SYSCALLS_H

/*
 * From here on, any system call but those that unpacking needs kills the process. Needs
 * no_new_privs. A negative errno without seccomp.
 */
int seccomp_confine(void);

#endif
