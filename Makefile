# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# qfilecopy. The first two commands are `make demo` and `make check`; `make help` lists all of them.

VERSION = 1.0.0
SOVERSION = 1

# ---- What can be set on the command line ----

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
# Debian's zsh looks into another directory below /usr, which most systems have even without zsh.
ZSHDIR ?= $(DATADIR)/zsh/$(or $(and $(filter /usr/share,$(DATADIR)),$(notdir \
	$(wildcard /usr/share/zsh/vendor-completions))),site-functions)
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSCONFDIR ?= $(if $(filter /usr /usr/ /,$(PREFIX)),/etc,$(PREFIX:/=)/etc)
# Put before all of these, by those who make packages.
DESTDIR ?=

# The directory of the build.
B = build

# XEN=0 builds without Xen's libraries (libxenvchan, libxenstore, libxenctrl).
XEN ?= 1

# V=1 shows the commands.
V ?= 0

# WERROR=1 makes warnings errors. It is for developers and CI.
WERROR ?=

CC ?= cc
CFLAGS ?= -O2 -g
OBJCOPY ?= objcopy
PKG_CONFIG ?= pkg-config

# ---- Flags ----

# $(call have,FLAG): the flag, if the compiler knows it.
have = $(shell $(CC) -Werror $(1) -E -x c /dev/null >/dev/null 2>&1 && echo $(1))

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wvla -Wwrite-strings \
	$(if $(filter-out 0,$(WERROR)),-Werror)
HARDENING := -fstack-protector-strong $(call have,-fstack-clash-protection) \
	$(call have,-fcf-protection) $(call have,-ftrivial-auto-var-init=zero) \
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LINK_HARDENING = -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed -Wl,-z,defs

# pkg-config is called by the recipes only, since `make setup` may not have installed it yet.
PACKAGES = libdeflate libutf8proc libseccomp
XEN_PACKAGES = xenvchan xenstore xenevtchn xencontrol
PKG_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
PKG_LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES))
ifneq ($(XEN),0)
XEN_DEFINES = -DRPC_XEN
XEN_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(XEN_PACKAGES))
XEN_LIBS = $(shell $(PKG_CONFIG) --libs $(XEN_PACKAGES))
endif

LANGUAGE = -std=gnu11 -D_GNU_SOURCE -DQFILE_VERSION='"$(VERSION)"' \
	-Iinclude -iquote lib -iquote rpc -iquote .
ALL_CFLAGS = $(LANGUAGE) $(WARNINGS) $(HARDENING) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)

# ---- For recipes ----

# $(Q) hides a command, and $(call say,CC) shows "CC build/lib/io/walk.o" in its place.
Q = $(if $(filter 0,$(V)),@)
say = $(if $(filter 0,$(V)),@printf '  %-4s %s\n' $(1) $@)
# $(call quoted,TEXT): the text as one word of the shell.
quoted = '$(subst ','\'',$(1))'

# ---- Sources ----

# $(call sources,ROOM): the C files of a room, which is a folder, and of the rooms in it.
sources = $(wildcard $(1)/*.c $(1)/*/*.c $(1)/*/*/*.c $(1)/*/*/*/*.c)
# $(call objects,ROOM): what they are compiled to.
objects = $(patsubst %.c,$(B)/%.o,$(call sources,$(1)))

# Which text can be shown, and what is a name: for all rooms.
TEXT_OBJECTS = $(call objects,text)

# libqfile is for copying, with what it uses of text. Opening files in another VM is for our own
# programs only.
COPYING_OBJECTS = $(call objects,lib/format) $(call objects,lib/io) $(call objects,lib/send) \
	$(call objects,lib/receive) $(call objects,lib/sandbox)
LIBRARY_OBJECTS = $(COPYING_OBJECTS) $(TEXT_OBJECTS)

PROGRAMS = qfile-agent qfile-unpacker qopen-in-vm vm-file-editor pedos-rpc pedos-rpc-sandbox
# Programs that only the system starts, and how it starts them.
DAEMONS = pedos-rpcd
UNITS = $(patsubst %.in,%,$(wildcard rpc/pedos-rpcd/*.in))
# The services that pedos-rpcd offers.
SERVICES = PedOS.Filecopy PedOS.OpenInVM

RPC_SOURCES = $(call sources,rpc/base) $(call sources,rpc/policy) $(call sources,rpc/protocol) \
	$(call sources,rpc/transport)
# These files need the libraries of Xen.
XEN_ONLY = rpc/transport/xen/dom0_request.c rpc/transport/xen/guard.c rpc/transport/xen/ring.c \
	rpc/transport/xen/vchan.c rpc/transport/xen/vchan_call.c \
	rpc/transport/xen/vchan_listen.c rpc/transport/xen/vchan_new.c \
	rpc/transport/xen/xenstore.c
ifneq ($(XEN),0)
DAEMONS += pedos-rpc-dom0
UNITS += $(patsubst %.in,%,$(wildcard rpc/pedos-rpc-dom0/*.in))
RPC_OBJECTS = $(patsubst %.c,$(B)/%.o,$(RPC_SOURCES))
else
RPC_OBJECTS = $(patsubst %.c,$(B)/%.o,$(filter-out $(XEN_ONLY),$(RPC_SOURCES)))
endif

# ---- All that is built ----

SONAME = libqfile.so.$(SOVERSION)
SHARED = $(B)/lib/libqfile.so.$(VERSION)
STATIC = $(B)/lib/libqfile.a
PROGRAM_FILES = $(addprefix $(B)/bin/,$(PROGRAMS) $(DAEMONS))
SERVICE_FILES = $(addprefix $(B)/services/,$(SERVICES))

all: $(SHARED) $(STATIC) $(B)/lib/pkgconfig/libqfile.pc $(PROGRAM_FILES) $(SERVICE_FILES)

# ---- Objects ----

# A shared library needs -fPIC; -fPIE makes better code for programs.
POSITION = -fPIE
$(B)/lib/%.o $(B)/text/%.o: POSITION = -fPIC

$(B)/%.o: %.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(POSITION) -MMD -MP -c -o $@ $<

$(B)/rpc/%.o: ALL_CFLAGS += $(XEN_DEFINES) $(XEN_CFLAGS)

# ---- The library ----

$(SHARED): $(LIBRARY_OBJECTS) lib/libqfile.map
	$(call say,LINK)
	$(Q)$(CC) -shared $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -Wl,-soname,$(SONAME) \
		-Wl,--version-script=lib/libqfile.map -o $@ $(LIBRARY_OBJECTS) $(PKG_LIBS)
	$(Q)ln -sf $(@F) $(@D)/$(SONAME)
	$(Q)ln -sf $(SONAME) $(@D)/libqfile.so

# One object, in which only the names of the public header are global.
$(STATIC): $(LIBRARY_OBJECTS) lib/libqfile.map
	$(call say,AR)
	$(Q)$(LD) -r -o $(B)/lib/libqfile.o $(LIBRARY_OBJECTS)
	$(Q)sed -n 's/^\t\t\(qfile_[a-z_]*\);$$/\1/p' lib/libqfile.map >$(B)/lib/exported
	$(Q)$(OBJCOPY) --keep-global-symbols=$(B)/lib/exported $(B)/lib/libqfile.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(B)/lib/libqfile.o

# $(call fill_in,PREFIX,LIBDIR,INCLUDEDIR): the command that fills in lib/libqfile.pc.in.
fill_in = sed -e $(call quoted,s|@PREFIX@|$(1)|) -e $(call quoted,s|@LIBDIR@|$(2)|) \
	-e $(call quoted,s|@INCLUDEDIR@|$(3)|) -e 's|@VERSION@|$(VERSION)|'

# For programs that are built with the library in this tree, before anything is installed.
$(B)/lib/pkgconfig/libqfile.pc: lib/libqfile.pc.in
	$(call say,MAKE)
	@mkdir -p $(@D)
	$(Q)$(call fill_in,$(CURDIR),$(CURDIR)/$(B)/lib,$(CURDIR)/include) $< >$@

# ---- The programs ----

# Each program takes what it needs from archives. So it starts sooner than with the shared library,
# and does not have to find it.
COPYING = $(B)/lib/copying.a
OPEN = $(B)/lib/open.a
CLI = $(B)/cli/cli.a
SYSTEM = $(B)/system/system.a
TEXT = $(B)/text/text.a
RPC = $(B)/rpc/rpc.a

$(COPYING): $(COPYING_OBJECTS)
$(OPEN): $(call objects,lib/open)
$(CLI): $(call objects,cli)
$(SYSTEM): $(call objects,system)
$(TEXT): $(TEXT_OBJECTS)
$(RPC): $(RPC_OBJECTS)
$(COPYING) $(OPEN) $(CLI) $(RPC) $(SYSTEM) $(TEXT):
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(B)/bin/qfile-agent: $(call objects,qfile-agent) $(CLI) $(COPYING) $(SYSTEM) $(TEXT)
$(B)/bin/qfile-unpacker: $(call objects,qfile-unpacker) $(CLI) $(COPYING) $(SYSTEM) $(TEXT)
$(B)/bin/qopen-in-vm: $(call objects,qopen-in-vm) $(CLI) $(OPEN) $(COPYING) $(SYSTEM) $(TEXT)
$(B)/bin/vm-file-editor: $(call objects,vm-file-editor) $(CLI) $(OPEN) $(COPYING) $(SYSTEM) $(TEXT)
$(B)/bin/pedos-rpc: $(call objects,rpc/pedos-rpc) $(RPC) $(CLI) $(SYSTEM) $(TEXT)
$(B)/bin/pedos-rpc-sandbox: $(call objects,rpc/pedos-rpc-sandbox) $(RPC) $(CLI) $(SYSTEM) $(TEXT)
$(B)/bin/pedos-rpcd: $(call objects,rpc/pedos-rpcd) $(RPC) $(CLI) $(SYSTEM) $(TEXT)
$(B)/bin/pedos-rpc-dom0: $(call objects,rpc/pedos-rpc-dom0) $(RPC) $(CLI) $(SYSTEM) $(TEXT)
$(B)/bin/pedos-%: PROGRAM_LIBS = $(XEN_LIBS)
$(PROGRAM_FILES):
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(PROGRAM_LIBS)

# Where programs look for services, unless they look there anyway. When that changes, the file
# build/rpc/services is written again, as build/rpc/xen is below. Root may do that in a directory of
# somebody else, to install: what is there is removed, since they could not write to it later.
SERVICEDIR = $(SYSCONFDIR)/pedos-rpc
OWN_SERVICES = $(filter-out /etc/pedos-rpc /usr/local/etc/pedos-rpc,$(SERVICEDIR))
SERVICES_KNOWN = $(addprefix $(B)/rpc/,base/services pedos-rpcd/options \
	pedos-rpc-sandbox/options)
$(SERVICES_KNOWN:%=%.o): ALL_CFLAGS += $(OWN_SERVICES:%=-DRPC_SERVICES='"%"')
$(SERVICES_KNOWN:%=%.o): $(B)/rpc/services
$(B)/rpc/services: $(if $(filter own:$(OWN_SERVICES),$(shell cat $(B)/rpc/services 2>/dev/null)),,\
		always)
	@mkdir -p $(@D)
	@rm -f $@ $(SERVICES_KNOWN:%=%.d) && echo own:$(OWN_SERVICES) >$@

# The file build/rpc/xen says whether the last build was with Xen. When that changes, it is written
# again, and the files that depend on it are built again.
$(B)/rpc/transport/transport.o $(RPC): $(B)/rpc/xen
$(B)/rpc/xen: $(if $(filter $(XEN),$(shell cat $(B)/rpc/xen 2>/dev/null)),,always)
	@mkdir -p $(@D)
	@rm -f $@ && echo $(XEN) >$@
always:

# ---- The services ----

$(B)/services/PedOS.Filecopy: qfile-unpacker/PedOS.Filecopy.in
$(B)/services/PedOS.OpenInVM: vm-file-editor/PedOS.OpenInVM.in
$(SERVICE_FILES):
	$(call say,MAKE)
	@mkdir -p $(@D)
	$(Q)sed 's|@BINDIR@|$(BINDIR)|' $< >$@ && chmod 755 $@

# ---- Installing ----

MANPAGES = $(filter-out $(DESKTOP_ABSENT_PAGES),$(wildcard man/*.[1358]))
# What completes the command lines of all programs, and has a link for each of them.
BASHDIR = $(DATADIR)/bash-completion/completions
FISHDIR = $(DATADIR)/fish/vendor_completions.d
COMPLETED = $(PROGRAMS) $(DAEMONS)
ONCE_COMPLETED = $(sort $(COMPLETED) pedos-rpc-dom0 qfile-notify qfile-send)
COMPLETIONS = $(BASHDIR)/qfilecopy $(FISHDIR)/qfilecopy.fish $(ZSHDIR)/_qfilecopy \
	$(addprefix $(BASHDIR)/,$(ONCE_COMPLETED)) \
	$(patsubst %,$(FISHDIR)/%.fish,$(ONCE_COMPLETED))
DIRECTORIES = PREFIX BINDIR SBINDIR LIBDIR INCLUDEDIR DATADIR MANDIR ZSHDIR UNITDIR SYSCONFDIR
INSTALLED = DESTDIR='$(DESTDIR)' $(foreach name,$(DIRECTORIES),$(name)='$($(name))') \
	sh lib/installed.sh

# $(call put,COMMAND,FILE): what the command writes becomes the file. It is never half a file, and
# its mode does not depend on the umask.
put = $(1) >$(B)/to-install && install -m 644 $(B)/to-install $(2)

# $(call special,DIR): what a shell or sed would take for something else.
SPECIAL = ' " ` \ ; & | < > ( ) * ? [ ~ ! \# $$
special = $(strip $(foreach c,$(SPECIAL),$(findstring $(c),$(1))))

# $(call is_path,DIR): an absolute path, without spaces, which neither make nor services could use.
is_path = $(and $(filter 1,$(words $(1))),$(filter /%,$(1)),$(if $(call special,$(1)),,yes))
NO_PATHS = $(strip $(foreach name,$(DIRECTORIES),$(if $(call is_path,$($(name))),,$(name))) \
	$(if $(word 2,$(DESTDIR))$(call special,$(DESTDIR)),DESTDIR))
check-paths:
	@$(if $(NO_PATHS),$(error $(firstword $(NO_PATHS)) must be an absolute path without \
		spaces, quotes and other characters of the shell))

# The nearest directory that is there, of each that something goes to.
check-writable:
	@for d in $(foreach name,$(DIRECTORIES),'$(DESTDIR)$($(name))'); do \
		while [ ! -e "$$d" ]; do \
			case $$d in */*) d=$${d%/*}; d=$${d:-/} ;; *) d=. ;; esac; done; \
		[ -w "$$d" ] && continue; \
		echo "You may not write to $$d: use sudo make install, or set PREFIX= or" \
			"DESTDIR= to a directory of yours." >&2; exit 1; done

install: check-paths check-writable all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SERVICEDIR)
	install -m 755 $(addprefix $(B)/bin/,$(PROGRAMS)) $(DESTDIR)$(BINDIR)
	install -m 755 $(addprefix $(B)/bin/,$(DAEMONS)) $(DESTDIR)$(SBINDIR)
	install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)
	install -m 644 $(STATIC) $(DESTDIR)$(LIBDIR)
	ln -sf $(notdir $(SHARED)) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libqfile.so
	install -m 644 include/qfile.h $(DESTDIR)$(INCLUDEDIR)
	$(call put,$(call fill_in,$(PREFIX),$(LIBDIR),$(INCLUDEDIR)) lib/libqfile.pc.in,\
		$(DESTDIR)$(LIBDIR)/pkgconfig/libqfile.pc)
	$(call put,sed 's|@BINDIR@|$(BINDIR)|' qfile-unpacker/PedOS.Filecopy.in,\
		$(DESTDIR)$(SERVICEDIR)/PedOS.Filecopy)
	$(call put,sed 's|@BINDIR@|$(BINDIR)|' vm-file-editor/PedOS.OpenInVM.in,\
		$(DESTDIR)$(SERVICEDIR)/PedOS.OpenInVM)
	chmod 755 $(addprefix $(DESTDIR)$(SERVICEDIR)/,$(SERVICES))
	set -e; for u in $(UNITS); do $(call put,sed 's|@SBINDIR@|$(SBINDIR)|' $$u.in,\
		$(DESTDIR)$(UNITDIR)/$${u##*/}); done
	set -e; for m in $(MANPAGES); do install -d $(DESTDIR)$(MANDIR)/man$${m##*.}; \
		install -m 644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.}; done
	install -d $(addprefix $(DESTDIR),$(BASHDIR) $(FISHDIR) $(ZSHDIR))
	install -m 644 completions/qfilecopy.bash $(DESTDIR)$(BASHDIR)/qfilecopy
	install -m 644 completions/qfilecopy.fish $(DESTDIR)$(FISHDIR)
	install -m 644 completions/_qfilecopy $(DESTDIR)$(ZSHDIR)
	set -e; for p in $(COMPLETED); do ln -sf qfilecopy $(DESTDIR)$(BASHDIR)/$$p; \
		ln -sf qfilecopy.fish $(DESTDIR)$(FISHDIR)/$$p.fish; done
	@rm -f $(B)/to-install
	@$(INSTALLED) found $(SONAME)

# Removes what install puts there with the same variables, with or without Xen, and then directories
# that are empty.
uninstall: check-paths
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,$(PROGRAMS))
	rm -f $(addprefix $(DESTDIR)$(SBINDIR)/,$(DAEMONS) pedos-rpc-dom0)
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,$(notdir $(SHARED)) $(SONAME) libqfile.so \
		$(notdir $(STATIC)) pkgconfig/libqfile.pc)
	rm -f $(DESTDIR)$(INCLUDEDIR)/qfile.h
	rm -f $(addprefix $(DESTDIR)$(SERVICEDIR)/,$(SERVICES))
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(UNITS)) pedos-rpc-dom0.service \
		pedos-rpc-xl.socket pedos-rpc-xl@.service)
	set -e; for m in $(wildcard man/*.[1358]); do \
		rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$${m##*/}; done
	rm -f $(addprefix $(DESTDIR),$(COMPLETIONS))
	@$(INSTALLED) tidy $(BINDIR) $(SBINDIR) $(UNITDIR) $(LIBDIR)/pkgconfig $(LIBDIR) \
		$(INCLUDEDIR) $(SERVICEDIR) $(MANDIR)/man1 $(MANDIR)/man3 $(MANDIR)/man5 \
		$(MANDIR)/man8 $(BASHDIR) $(FISHDIR) $(ZSHDIR)
	@$(INSTALLED) gone

# ---- Other commands ----

# These are the texts of `make help`, here, in packages/packages.mk and in tests/tests.mk.
##
## The first two commands:
##   make demo             two "VMs" on this machine: files copied, a file opened, attacks refused
##   make check            all usual tests, as this user and, for root, as a plain user too
## Both install what is missing, and say what and why. By hand:
##   make setup            install what building, the demo and the tests need
##   make                  build
##   make test             the same tests as make check; installs nothing, needs no network
##   make install          install below PREFIX, and say what else has to be done
##   make uninstall        remove what make install put there, with the same variables
##   make picture          draw doc/demo.svg again, from what the demo shows
##   make pictures         draw what is in doc/desktop again
##   make clean            remove what was built
##
## What can be set, such as make install PREFIX=/usr:
##   PREFIX=/usr/local     where to install; pedos-rpcd looks for services there, too
##   DESTDIR=              put before all paths, for packages
##   BINDIR SBINDIR LIBDIR INCLUDEDIR DATADIR MANDIR UNITDIR
##                         PREFIX/bin, sbin, lib, include, share, share/man, lib/systemd/system
##   ZSHDIR                completions for zsh: PREFIX/share/zsh/site-functions, and where Debian
##                         has them with PREFIX=/usr
##   SYSCONFDIR            of services: PREFIX/etc, but /etc with PREFIX=/usr
##   XEN=0                 build without the libraries of Xen
##   DESKTOP=0             build without what file managers start, which needs GTK 3
##   MENUS                 the file managers that get entries in their menus, of nautilus, nemo,
##                         caja, dolphin, libfm, thunar and contractor; those that are found here
##   CC CFLAGS CPPFLAGS LDFLAGS OBJCOPY PKG_CONFIG
##                         the compiler and its options, as usual
##   B=build               the directory of the build
##   V=1                   show the commands
##   WERROR=1              warnings are errors
##
help:
	@sed -n 's/^## \{0,1\}//p' $(firstword $(MAKEFILE_LIST)) \
		$(wildcard packages/packages.mk tests/tests.mk)

# The demo copies a directory that even its owner may not write to.
clean:
	@[ ! -d $(B)/demo ] || chmod -R u+rwX $(B)/demo
	rm -rf $(B) build-*

# The library can be built without what file managers start, without packages and without its tests.
-include desktop/desktop.mk
-include packages/packages.mk
-include tests/tests.mk

.PHONY: all always check-paths check-writable install uninstall help clean
.DELETE_ON_ERROR:

# The files that each object depends on, as the compiler wrote them down.
-include $(shell find $(B) -name '*.d' -type f 2>/dev/null)
