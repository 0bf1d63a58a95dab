# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# What file managers start. The Makefile includes this file; the folders beside it have what belongs
# to each program, in a file of their own (*.mk). Nothing here is built where GTK is missing, or
# with DESKTOP=0; the rest is built as ever.

DESKTOP ?= 1
# Programs with windows need these.
GTK_PACKAGES = gtk+-3.0 json-glib-1.0
DESKTOP_BUILT =
# Manual pages of what is not built.
DESKTOP_ABSENT_PAGES =

ifneq ($(DESKTOP),0)
HAVE_GTK := $(shell $(PKG_CONFIG) --exists $(GTK_PACKAGES) 2>/dev/null && echo yes)
endif

# The headers of others are not looked at for warnings.
GTK_CFLAGS = $(subst -I,-isystem ,$(shell $(PKG_CONFIG) --cflags $(GTK_PACKAGES)))
GTK_LIBS = $(shell $(PKG_CONFIG) --libs $(GTK_PACKAGES))

# For translations: /usr/share/locale beside /usr/bin, where programs look for them.
LOCALEDIR = $(patsubst %/,%,$(dir $(BINDIR)))/share/locale

include $(wildcard desktop/*/*.mk)

all: $(DESKTOP_BUILT)

# They may be given more commands by the folders' own files.
install: install-desktop
install-desktop:: check-paths check-writable all

uninstall: uninstall-desktop
uninstall-desktop:: check-paths

.PHONY: install-desktop uninstall-desktop
