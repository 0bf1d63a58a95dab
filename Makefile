# qfilecopy: `make demo` and `make check` are the first two commands to type; README.md says the rest.

VERSION = 1.0.0
SOVERSION = 1

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)

# Xen support (libxenvchan, libxenstore, libxenctrl): XEN=0 leaves it out. Only what talks to Xen itself is affected.
XEN ?= 1

CC ?= cc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
comma = ,
quoted = '$(subst ','\'',$(1))'
OBJCOPY ?= objcopy
B = build

# V=1 shows the commands as they are.
V ?= 0
Q = $(if $(filter 0,$(V)),@)
say = $(if $(filter 0,$(V)),@printf '  %-4s %s\n' $(1) $@)

have = $(shell $(CC) -Werror $(1) -E -x c /dev/null >/dev/null 2>&1 && echo $(1))
WARNINGS = -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	-Wvla -Wwrite-strings
HARDENING := -fstack-protector-strong $(call have,-fstack-clash-protection) $(call have,-fcf-protection) \
	$(call have,-ftrivial-auto-var-init=zero) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LINK_HARDENING = -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed -Wl,-z,defs
PACKAGES = libdeflate libutf8proc libseccomp
XEN_PACKAGES = xenvchan xenstore xencontrol

# Looked up once, and not for targets that build nothing: these work before anything is installed.
LAZY = $(eval $(1) := $(shell $(PKG_CONFIG) $(2)))$($(1))
PKG_CFLAGS = $(call LAZY,PKG_CFLAGS,--cflags $(PACKAGES))
PKG_LIBS = $(call LAZY,PKG_LIBS,--libs $(PACKAGES))
ifneq ($(XEN),0)
XEN_DEFINES = -DRPC_XEN
XEN_CFLAGS = $(call LAZY,XEN_CFLAGS,--cflags $(XEN_PACKAGES))
XEN_LIBS = $(call LAZY,XEN_LIBS,--libs $(XEN_PACKAGES))
endif

INCLUDES = -Iinclude -iquote lib -iquote rpc -iquote .
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DQFILE_VERSION='"$(VERSION)"' $(INCLUDES) $(WARNINGS) $(HARDENING) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)

# A room is a folder; rooms may have rooms.
sources = $(wildcard $(1)/*.c $(1)/*/*.c $(1)/*/*/*.c)
objects = $(patsubst %.c,$(B)/%.o,$(call sources,$(1)))
# What can be shown, and what is a name: for all rooms. It uses nothing of theirs.
TEXT_OBJECTS = $(call objects,text)
# libqfile: copying, and what it uses of text. Opening elsewhere is for our own programs.
COPYING_OBJECTS = $(foreach room,format io send receive sandbox,$(call objects,lib/$(room)))
LIBRARY_OBJECTS = $(COPYING_OBJECTS) $(TEXT_OBJECTS)
OPEN_OBJECTS = $(call objects,lib/open)
# What there is for Xen only.
XEN_ONLY = rpc/transport/xen/guard.c rpc/transport/xen/vchan.c rpc/transport/xen/vchan_call.c rpc/transport/xen/vchan_listen.c rpc/transport/xen/xenstore.c rpc/pedos-rpc-dom0/main.c
RPC_SOURCES = $(filter-out $(if $(filter 0,$(XEN)),$(XEN_ONLY)),$(filter-out rpc/pedos-%,$(call sources,rpc)))
RPC_PROGRAMS = $(patsubst %/main.c,%,$(filter-out $(if $(filter 0,$(XEN)),$(XEN_ONLY)),$(wildcard rpc/*/main.c)))
# Archives of what several programs share: each of them takes what it needs. Linked so, programs
# start sooner than with the shared library, and need not find it.
TEXT = $(B)/text/text.a
COPYING = $(B)/lib/copying.a
OPEN = $(B)/lib/open.a
CLI = $(B)/cli/cli.a
RPC_SHARED = $(B)/rpc/rpc.a
PROGRAMS = qfile-agent qfile-unpacker qopen-in-vm vm-file-editor $(notdir $(RPC_PROGRAMS))
SERVICES = qfile-unpacker/PedOS.Filecopy vm-file-editor/PedOS.OpenInVM
# Programs that only the system starts, and how.
DAEMONS = $(filter pedos-rpcd pedos-rpc-dom0,$(PROGRAMS))
UNITS = $(patsubst %.in,%,$(foreach p,$(filter %d %dom0,$(RPC_PROGRAMS)),$(wildcard $(p)/*.in)))
MANPAGES = $(wildcard man/*.[1358])

SONAME = libqfile.so.$(SOVERSION)
SHARED = $(B)/lib/libqfile.so.$(VERSION)
STATIC = $(B)/lib/libqfile.a

all: $(SHARED) $(STATIC) $(addprefix $(B)/bin/,$(PROGRAMS)) $(B)/lib/pkgconfig/libqfile.pc $(addprefix $(B)/services/,$(notdir $(SERVICES)))

# What is a part of the library can be anywhere in it, what is not anywhere in a program.
FOR_ANYWHERE = -fPIE
$(B)/lib/%.o $(B)/text/%.o: FOR_ANYWHERE = -fPIC
$(B)/%.o: %.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(FOR_ANYWHERE) -MMD -MP -c -o $@ $<

$(SHARED): $(LIBRARY_OBJECTS) lib/libqfile.map
	$(call say,LINK)
	$(Q)$(CC) -shared $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -Wl,-soname,$(SONAME) -Wl,--version-script=lib/libqfile.map \
		-o $@ $(LIBRARY_OBJECTS) $(PKG_LIBS)
	$(Q)ln -sf $(@F) $(@D)/$(SONAME)
	$(Q)ln -sf $(SONAME) $(@D)/libqfile.so

# For others: one object, in which only what the header declares can be seen.
$(STATIC): $(LIBRARY_OBJECTS) lib/libqfile.map
	$(call say,AR)
	$(Q)$(LD) -r -o $(B)/lib/libqfile.o $(LIBRARY_OBJECTS)
	$(Q)sed -n 's/^\t\t\(qfile_[a-z_]*\);$$/\1/p' lib/libqfile.map >$(B)/lib/exported
	$(Q)$(OBJCOPY) --keep-global-symbols=$(B)/lib/exported $(B)/lib/libqfile.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(B)/lib/libqfile.o

$(TEXT): $(TEXT_OBJECTS)
$(COPYING): $(COPYING_OBJECTS)
$(OPEN): $(OPEN_OBJECTS)
$(CLI): $(call objects,cli)
$(RPC_SHARED): $(patsubst %.c,$(B)/%.o,$(RPC_SOURCES))
$(TEXT) $(COPYING) $(OPEN) $(CLI) $(RPC_SHARED):
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# These know nothing of copying: the library's headers are not to be found.
$(B)/text/%.o: INCLUDES = -iquote .
$(B)/rpc/%.o: INCLUDES = -iquote rpc -iquote .
$(B)/rpc/%.o: ALL_CFLAGS += $(XEN_DEFINES) $(XEN_CFLAGS)

# A build with another XEN= than the last one makes anew what differs by it.
$(B)/rpc/transport/transport.o $(RPC_SHARED): $(B)/rpc/xen
$(B)/rpc/xen: $(if $(filter $(XEN),$(shell cat $(B)/rpc/xen 2>/dev/null)),,always)
	@mkdir -p $(@D)
	@echo $(XEN) >$@
always:

# $(1): the directory of its sources. $(2): the archives, $(3): libraries that it needs besides.
define program
$(B)/bin/$(notdir $(1)): $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c)) $(2)
	$$(call say,LINK)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) -pie $$(CFLAGS) $$(LINK_HARDENING) $$(LDFLAGS) -o $$@ $$^ $$(PKG_LIBS) $(3)
endef
$(foreach p,qfile-agent qfile-unpacker,$(eval $(call program,$(p),$(CLI) $(COPYING) $(TEXT))))
$(foreach p,qopen-in-vm vm-file-editor,$(eval $(call program,$(p),$(CLI) $(OPEN) $(COPYING) $(TEXT))))
$(foreach p,$(RPC_PROGRAMS),$(eval $(call program,$(p),$(RPC_SHARED) $(CLI) $(TEXT),$$(XEN_LIBS))))

fill_in = sed -e $(call quoted,s|@PREFIX@|$(1)|) -e $(call quoted,s|@LIBDIR@|$(2)|) \
	-e $(call quoted,s|@INCLUDEDIR@|$(3)|) -e 's|@VERSION@|$(VERSION)|'

$(foreach s,$(SERVICES),$(eval $(B)/services/$(notdir $(s)): $(s).in))
$(B)/services/%:
	$(call say,MAKE)
	@mkdir -p $(@D)
	$(Q)sed 's|@BINDIR@|$(BINDIR)|' $< >$@ && chmod 755 $@

# For programs built against the library where it stands, before anything is installed.
$(B)/lib/pkgconfig/libqfile.pc: lib/libqfile.pc.in
	$(call say,MAKE)
	@mkdir -p $(@D)
	$(Q)$(call fill_in,$(CURDIR),$(CURDIR)/$(B)/lib,$(CURDIR)/include) $< >$@

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(UNITDIR) \
		$(DESTDIR)$(SYSCONFDIR)/pedos-rpc
	install -m 755 $(addprefix $(B)/bin/,$(filter-out $(DAEMONS),$(PROGRAMS))) $(DESTDIR)$(BINDIR)
	install -m 755 $(addprefix $(B)/bin/,$(DAEMONS)) $(DESTDIR)$(SBINDIR)
	install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)
	install -m 644 $(STATIC) $(DESTDIR)$(LIBDIR)
	ln -sf $(notdir $(SHARED)) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libqfile.so
	install -m 644 include/qfile.h $(DESTDIR)$(INCLUDEDIR)
	$(call fill_in,$(PREFIX),$(LIBDIR),$(INCLUDEDIR)) lib/libqfile.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/libqfile.pc
	set -e; for s in $(SERVICES); do \
		sed 's|@BINDIR@|$(BINDIR)|' $$s.in >$(DESTDIR)$(SYSCONFDIR)/pedos-rpc/$${s##*/}; \
		chmod 755 $(DESTDIR)$(SYSCONFDIR)/pedos-rpc/$${s##*/}; done
	set -e; for u in $(UNITS); do sed 's|@SBINDIR@|$(SBINDIR)|' $$u.in >$(DESTDIR)$(UNITDIR)/$${u##*/}; done
	set -e; for m in $(MANPAGES); do \
		install -d $(DESTDIR)$(MANDIR)/man$${m##*.}; install -m 644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.}; done

# ---- Trying and testing. These install what is missing first, and say so. ----

SETUP = XEN=$(XEN) sh tests/setup.sh
# Says what it does, but not what is up to date; on all processors, unless -j said how many.
BUILD = $(MAKE) --no-print-directory $(if $(filter 0,$(V)),-s) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
# Not the first one in PATH: that may be a wrapper that takes ten times as long to start.
PYTHON = $(firstword $(wildcard /usr/bin/python3) python3)
# To be run by exec: a make that is told to end tells the shell alone.
RUN_TESTS = $(PYTHON) -B tests/run.py

help:
	@sed -n 's/^## \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

##
## The first two commands:
##   make demo             two "VMs" on this machine: files copied, a file opened, attacks refused
##   make check            all usual tests, as this user and, for root, as a plain user too
## Both install what is missing, and say what and why. By hand:
##   make setup            install what building, the demo and the tests need
##   make                  build
##   make test             the same tests as make check; installs nothing, needs no network
##   make install          PREFIX, DESTDIR and XEN=0 as usual
##   make clean            remove what was built
##
## A part of the tests:
##   make check SUITE=unit               one of unit, hostile, escape, dom0, editors, integration; or several words
##   make check TEST=conflict            the cases of the files that are called so, of all suites
##   make check TEST="read-only"         the cases that have this text in their names (not of unit); several words are one text
## Both may be said, and both work with make test.
##
setup:
	@$(SETUP) build demo test
	@$(SETUP) editors || true
	@echo "All that building, the demo and the tests need is there."

demo:
	@$(SETUP) build demo
	+@$(BUILD) all
	@sh tests/demo.sh

check:
	@$(SETUP) build test
	@$(SETUP) editors || true
	@$(MAKE) --no-print-directory test

CALLED = $(if $(TEST),--test=$(call quoted,$(TEST)))
CHOSEN = $(if $(SUITE),-s $(call quoted,$(SUITE))) $(CALLED)

test:
	+@$(BUILD) all $(TEST_PROGRAMS)
	@exec $(RUN_TESTS) $(CHOSEN)

## What takes longer:
##   make check-editors    files opened in real editors, the graphical ones (400 MB of packages) too
check-editors:
	@$(SETUP) build test editors desktop
	+@$(BUILD) all
	@exec $(RUN_TESTS) -s editors $(CALLED)

##   make check-sanitized  the tests, once, on a build with the address and undefined sanitizers
# The first bad access or overflow ends a program. Leaks are not looked for: tests leak on purpose, and a process that shut itself in cannot look
# into itself.
check-sanitized:
	@$(SETUP) build test sanitized
	+@$(BUILD) B=build-sanitized CFLAGS="$(SANITIZED)" all build-sanitized/tests/unit-tests build-sanitized/tests/standin
	@ASAN_OPTIONS=detect_leaks=0 QFILE_BUILD=build-sanitized exec $(RUN_TESTS) -1 -s "unit hostile integration" $(CALLED)

SANITIZED = -O1 -g -U_FORTIFY_SOURCE -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

##   make coverage         which lines and branches of the library the tests reach
coverage:
	@$(SETUP) build test coverage
	+@$(BUILD) B=build-coverage CFLAGS="$(COUNTED)" LDFLAGS="$(COUNTERS)" all build-coverage/tests/unit-tests \
		build-coverage/tests/standin
	@PYTHON=$(PYTHON) sh tests/coverage/run.sh build-coverage

COUNTED = -O0 -g -U_FORTIFY_SOURCE --coverage -fprofile-update=atomic -fprofile-info-section -fdata-sections
COUNTERS = -Wl,-T,tests/coverage/counters.ld tests/coverage/counters.c

##   make check-fault      every call fails, everything dies, every disk is full
##                         PARTS chooses among calls, kills, move, disk, order, rpc and open; SAMPLE=4 tries every fourth fault;
##                         SEED repeats the choice and the random kills of an earlier run
check-fault:
	@$(SETUP) build fault
	+@$(BUILD) all $(B)/tests/fault/inject
	@exec $(RUN_TESTS) -s fault $(PARTS:%=-t %)

##   make check-xen        between real guests: Xen in an emulator, with dom0 and three guests; CASES chooses among tests/xen/cases
check-xen:
	@$(SETUP) build
	@$(SETUP) xen || true
	+@$(BUILD) all $(XEN_PROGRAMS)
	@rm -rf $(B)/xen/installed
	@$(MAKE) --no-print-directory install PREFIX=/usr DESTDIR=$(CURDIR)/$(B)/xen/installed >/dev/null
	@QFILE_BUILD=$(B) exec $(RUN_TESTS) -1 -s xen $(CASES:%=-t %)

XEN_PROGRAMS = $(if $(filter-out 0,$(XEN)),$(patsubst tests/xen/%.c,$(B)/tests/xen/%,$(wildcard tests/xen/*.c)))

##   make prove            nothing undefined in the code that parses: for every input, and without running it
prove:
	@$(SETUP) build prove
	@sh tests/prove/run.sh

##   make fuzz SECONDS=60  replay the corpus of each fuzz target, then look for new input for so long
SECONDS = 60
fuzz:
	@$(SETUP) build
	@$(SETUP) fuzz || true
	@sh tests/fuzz/run.sh $(SECONDS)

# The library can be built without its tests.
-include tests/fuzz/fuzz.mk

##   make bench            speed and memory, against other ways to copy
##
bench:
	@$(SETUP) build bench
	+@$(BUILD) all
	@$(PYTHON) tests/bench.py

TEST_PROGRAMS = $(B)/tests/unit-tests $(B)/tests/standin $(B)/tests/escape/escape $(B)/tests/fault/inject $(if $(filter 0,$(XEN)),,$(B)/tests/dom0/hypervisor.so)

# The unit tests look inside the library, behind the names that it exports.
$(B)/tests/unit-tests: $(patsubst %.c,$(B)/%.o,$(call sources,tests/unit)) $(call objects,lib) $(TEXT_OBJECTS) \
		$(B)/rpc/pedos-rpc-dom0/tables.o $(RPC_SHARED) $(CLI)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) $(addprefix -Wl$(comma)--wrap=,$(FAULTY)) -o $@ $^ $$($(PKG_CONFIG) --libs check) $(PKG_LIBS) $(XEN_LIBS)

# What tests/unit/faults.c makes fail.
FAULTY = __openat_2 aligned_alloc calloc clock_gettime close faccessat fchmod fchmodat fchown fdopendir fgetxattr flistxattr flock fork \
	fremovexattr fsetxattr fstat fstatat fstatfs fsync ftruncate futimens getdents64 getrandom inotify_add_watch inotify_init1 linkat lseek malloc \
	mkdirat mkdtemp openat pidfd_open poll prctl pread pwrite read readlinkat reallocarray renameat renameat2 sendfile symlinkat syncfs time unlinkat \
	utimensat write

# The library with an attacker for its parser, and hooks where a layer of the confinement can be left out.
$(B)/tests/escape/escape: $(patsubst %.c,$(B)/%.o,$(wildcard tests/escape/*.c)) \
		$(filter-out $(B)/lib/receive/unpack.o,$(LIBRARY_OBJECTS))
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) $(addprefix -Wl$(comma)--wrap=,$(ESCAPE_HOOKS)) -o $@ $^ $(PKG_LIBS)

ESCAPE_HOOKS = syscall unshare chroot chdir setsid setrlimit privilege_drop privilege_can_chroot landlock_confine syscalls_confine verify \
	waitpid syncfs

# Makes a call of another process fail, or kills it there.
$(B)/tests/fault/inject: $(B)/tests/fault/inject.o
	$(call say,LINK)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs libseccomp)

# Hands what it is started with over to a test, which plays its part.
$(B)/tests/standin: $(B)/tests/common/standin.o
	$(call say,LINK)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -o $@ $^

# A hypervisor where there is none.
$(B)/tests/dom0/hypervisor.so: tests/dom0/hypervisor.c
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(XEN_CFLAGS) -fPIC -shared -o $@ $<

# What runs in the guests besides the project's own programs.
$(XEN_PROGRAMS): $(B)/tests/xen/%: $(B)/tests/xen/%.o
	$(call say,LINK)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -Wl,--as-needed -o $@ $^ $$($(PKG_CONFIG) --libs xenvchan xenstore xenevtchn)

$(B)/tests/unit/%.o: ALL_CFLAGS += -iquote tests/unit $(shell $(PKG_CONFIG) --cflags check 2>/dev/null)

clean:
	rm -rf $(B) build-*

.PHONY: all always install help setup demo check test check-editors check-fault check-sanitized check-xen coverage prove fuzz bench clean
.DELETE_ON_ERROR:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
