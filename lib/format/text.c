/*
 * The functions of text/ that the library exports, under its own names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/printable.h"
#include "text/vmname.h"
#include <qfile.h>

#if QFILE_VM_NAME_MAX != VM_NAME_MAX
#error "qfile.h says how long a VM's name may be"
#endif

bool qfile_vm_name_ok(const char *name)
{
	return vm_name_ok(name);
}

size_t qfile_printable(const char *untrusted, size_t length, char *text, size_t size)
{
	return text_printable(untrusted, length, text, size);
}

size_t qfile_displayable(const char *name, size_t length, char *text, size_t size, size_t columns)
{
	return text_displayable(name, length, text, size, columns);
}
