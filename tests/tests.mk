# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# Trying, testing and measuring. The Makefile includes this file. Most commands first install what
# is missing, and say so.

SETUP = XEN=$(XEN) sh tests/setup.sh
# This make says what it builds, but not what is up to date. It uses all processors, unless -j was
# given.
BUILD = $(MAKE) --no-print-directory $(if $(filter 0,$(V)),-s) \
	$(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
# For commands that only developers use.
BUILD_STRICTLY = $(BUILD) WERROR=1
# Not the first one in PATH, which may be a wrapper that takes ten times as long to start.
PYTHON = $(firstword $(wildcard /usr/bin/python3) python3)
# Recipes start it with exec, since make sends signals only to the process of the shell.
RUN_TESTS = $(PYTHON) -B tests/run.py

setup:
	@$(SETUP) build demo test
	@$(SETUP) editors shells unicode || true
	@echo "All that building, the demo and the tests need is there."

demo:
	@$(SETUP) build demo
	+@$(BUILD) all
	@sh tests/demo.sh

# Through a file, so that a demo that fails does not change the picture.
picture:
	@$(SETUP) build demo picture
	+@$(BUILD) all
	@sh tests/demo.sh >$(B)/demo.txt 2>&1 || { cat $(B)/demo.txt; exit 1; }
	@$(PYTHON) -B doc/picture.py $(CURDIR) <$(B)/demo.txt >$(B)/demo.svg
	@mv $(B)/demo.svg doc/demo.svg

# Of what people see on the desktop: doc/desktop.
pictures:
	@$(SETUP) build gtk screen manager:caja pictures
	+@$(BUILD) all
	@$(PYTHON) -B tests/desktop/pictures.py

# ---- The usual tests ----

## A part of the tests:
##   make check SUITE=unit         one of unit, hostile, escape, sandbox, dom0, editors,
##                                 integration; or several words
##   make check TEST=conflict      the cases in files of this name, in all suites
##   make check TEST="read-only"   the cases with this text in their names (not in unit);
##                                 several words are one text
##   make check SLOWEST=20         and which 20 cases cost most
##   make check SEED=7             with the samples of a run that has printed this number
## These can be combined, and work with make test, too.
##
CALLED = $(if $(TEST),--test=$(call quoted,$(TEST)))
CHOSEN = $(if $(SUITE),-s $(call quoted,$(SUITE))) $(CALLED) $(SLOWEST:%=--slowest=%)

# The names are those of tests/run.py. What is wrong is said before anything is built.
SUITES = unit hostile escape sandbox dom0 editors integration fault filesystems lab-filesystems \
	desktop packages powercut system xen xen-system
check-suite:
	@$(if $(filter-out $(SUITES),$(SUITE)),$(error There is no suite $(filter-out \
		$(SUITES),$(SUITE)). There are: $(SUITES)))

check: check-suite
	@$(SETUP) build test
	@$(SETUP) editors shells unicode || true
	@$(MAKE) --no-print-directory test WERROR=1

test: check-suite
	+@$(BUILD) all $(TEST_PROGRAMS)
	@exec $(RUN_TESTS) $(CHOSEN)

# ---- Longer tests ----

## What takes longer:
##   make check-whole      the usual tests without samples, and all of them for both users; SUITE
##                         and TEST choose among them, too
check-whole:
	@$(SETUP) build test
	@$(SETUP) editors shells unicode || true
	@SAMPLE=1 $(MAKE) --no-print-directory test WERROR=1

##   make check-editors    files opened in real editors, the graphical ones (400 MB of packages) too
check-editors:
	@$(SETUP) build test editors desktop
	+@$(BUILD_STRICTLY) all
	@exec $(RUN_TESTS) -s editors $(CALLED)

##   make check-applications   files opened, edited and saved in the applications of a desktop, from
##                         gedit to LibreOffice (1 GB of packages), on a screen that nobody sees;
##                         APPLICATIONS="gedit geany" chooses among tests/applications/cases;
##                         SAMPLE=3 tries three of them, and SEED repeats the choice of an earlier
##                         run. Pictures are kept in build/applications
# Each package by itself: one that cannot be had skips its cases only. No more is installed than the
# sample needs.
check-applications: export SEED := $(or $(SEED),$(shell shuf -i 1-32767 -n 1))
check-applications: export SAMPLE := $(SAMPLE)
check-applications:
	@$(SETUP) build test
	@for needed in $$($(PYTHON) -B tests/applications/run.py --packages $(APPLICATIONS)); do \
		$(SETUP) $$needed || true; done
	+@$(BUILD_STRICTLY) all
	@echo "$(if $(SAMPLE),A sample of $(SAMPLE) applications: SAMPLE=$(SAMPLE) SEED=$$SEED)"
	@exec $(RUN_TESTS) --plain -s applications $(APPLICATIONS:%=-t %) $(CALLED)

##   make check-desktop    what file managers start, and seven of them (300 MB of packages), on a
##                         screen that nobody sees; pictures of what failed are kept in
##                         build/desktop. CASES chooses among tests/desktop; SAMPLE=2 tries two
##                         file managers, and SEED repeats the choice of an earlier run
check-desktop: export SEED := $(or $(SEED),$(shell shuf -i 1-32767 -n 1))
check-desktop: export SAMPLE := $(SAMPLE)
check-desktop:
	@$(SETUP) build test gtk screen
	@$(SETUP) wayland desktop || true
	@for manager in $$($(PYTHON) -B tests/desktop/known.py); do \
		$(SETUP) manager:$$manager || true; done
	+@$(BUILD_STRICTLY) all $(DESKTOP_TEST_PROGRAMS) $(PLAYED:%=$(B)/%)
	@echo "$(if $(SAMPLE),A sample of $(SAMPLE) file managers: SAMPLE=$(SAMPLE) SEED=$$SEED)"
	@exec $(RUN_TESTS) -1 -s desktop $(CASES:%=-t %) $(CALLED)

##   make check-flood      a minute in which four accounts with 65,536 numbers each attack
##                         pedos-rpcd, as root; FLOOD says how many seconds, and make check does it
##                         for two
FLOOD = 60

check-flood:
	@$(SETUP) build test
	+@$(BUILD_STRICTLY) all $(PLAYED:%=$(B)/%)
	@FLOOD=$(FLOOD) exec $(RUN_TESTS) -1 -s integration -t rpc_flood
	@cat $(B)/tests/results/integration-as-*.err

##   make check-ssh        copying and opening through a real sshd on the loopback; make check does
##                         most of it where an sshd is installed. Debian's package of sshd also
##                         starts one, on port 22
check-ssh:
	@$(SETUP) build test ssh
	+@$(BUILD_STRICTLY) all $(PLAYED:%=$(B)/%)
	@SSH=long exec $(RUN_TESTS) -s integration -t ssh

##   make check-sanitized  the tests, once, on a build with the address and undefined sanitizers;
##                         without TEST, also what is hostile to the windows of qfile-send
# The first bad access or overflow ends a program. Nothing looks for leaks: tests leak on purpose,
# and a process that has confined itself cannot examine itself.
SANITIZED = -O1 -g -U_FORTIFY_SOURCE -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all

SANITIZED_BUILD = $(BUILD_STRICTLY) B=build-sanitized CFLAGS="$(SANITIZED)" \
	all $(addprefix build-sanitized/,tests/unit-tests tests/judge $(PLAYED))

check-sanitized:
	@$(SETUP) build test sanitized
	@$(SETUP) gtk screen || true
	+@$(SANITIZED_BUILD)
	@ASAN_OPTIONS=detect_leaks=0 QFILE_BUILD=build-sanitized \
		$(RUN_TESTS) -1 -s "unit hostile integration" $(CALLED)
	@$(if $(TEST),,ASAN_OPTIONS=detect_leaks=0 QFILE_BUILD=build-sanitized \
		$(RUN_TESTS) -1 -s desktop -t send_hostile)

##   make coverage         which lines and branches of the library the tests reach
COUNTED = -O0 -g -U_FORTIFY_SOURCE --coverage -fprofile-update=atomic -fprofile-info-section \
	-fdata-sections
COUNTERS = -Wl,-T,tests/coverage/counters.ld tests/coverage/counters.c

COUNTED_BUILD = $(BUILD_STRICTLY) B=build-coverage CFLAGS="$(COUNTED)" LDFLAGS="$(COUNTERS)" \
	all $(addprefix build-coverage/,tests/unit-tests tests/judge $(PLAYED))

coverage:
	@$(SETUP) build test coverage
	+@$(COUNTED_BUILD)
	@PYTHON=$(PYTHON) sh tests/coverage/run.sh build-coverage

##   make check-fault      every call fails, everything dies, every disk is full
##                         PARTS chooses among calls, flagless, kills, move, disk, order, rpc,
##                         sandbox, costs, in_place and open;
##                         SAMPLE=4 tries every fourth fault; SEED repeats the choice and the
##                         random kills of an earlier run
check-fault:
	@$(SETUP) build fault
	+@$(BUILD_STRICTLY) all $(B)/tests/fault/inject $(PLAYED:%=$(B)/%)
	@exec $(RUN_TESTS) -s fault $(PARTS:%=-t %)

##   make check-filesystems   deliveries to many file systems, as root; what the kernel lacks is
##                         skipped; CASES chooses among tests/filesystems/disks.py
check-filesystems:
	@$(SETUP) build filesystems
	+@$(BUILD_STRICTLY) all
	@exec $(RUN_TESTS) -1 -s filesystems $(CASES:%=-t %)

##   make check-lab-filesystems   deliveries to, and files opened on, what the kernel may lack, and
##                         NFS and SMB, as root: in an emulator, with a kernel of Debian's; CASES
##                         chooses; SAMPLE=6 tries every sixth, and SEED repeats the choice of an
##                         earlier run. The system is kept in build/system/cache
check-lab-filesystems: export SEED := $(or $(SEED),$(shell shuf -i 1-32767 -n 1))
check-lab-filesystems: export SAMPLE := $(or $(SAMPLE),1)
check-lab-filesystems:
	@$(SETUP) build system
	+@$(BUILD_STRICTLY) all
	@exec $(RUN_TESTS) -1 -s lab-filesystems $(CASES:%=-t %)

##   make check-system     the packages on a real Debian with systemd, as root, in an emulator: what
##                         was committed last is built, installed, used, broken, booted again,
##                         upgraded and purged. The system is kept in build/system/cache
# Other suites have the tests of the build.
check-system:
	@$(SETUP) build system
	+@$(BUILD_STRICTLY) all $(if $(filter-out 0,$(XEN)),$(B)/tests/dom0/hypervisor.so)
	@DEB_BUILD_OPTIONS=nocheck $(MAKE) --no-print-directory deb
	@exec $(RUN_TESTS) -1 -s system

##   make check-powercut   deliveries and saves on a disk whose power is cut, as root: each write is
##                         recorded in an emulator, and the disk as it would be at 2,000 moments on
##                         each of ext4, xfs and btrfs is looked at. SAMPLE=20 tries every 20th;
##                         SEED repeats the choice of an earlier run, and what is lost by chance
check-powercut:
	@$(SETUP) build system powercut
	+@$(BUILD_STRICTLY) all
	@exec $(RUN_TESTS) -1 -s powercut $(CALLED)

##   make check-xen        between real guests: Xen in an emulator, with dom0 and three guests;
##                         CASES chooses among tests/xen/cases
check-xen:
	@$(SETUP) build
	@$(SETUP) xen || true
	+@$(BUILD_STRICTLY) all $(XEN_PROGRAMS)
	@rm -rf $(B)/xen/installed
	@$(MAKE) --no-print-directory install PREFIX=/usr DESKTOP=0 \
		DESTDIR=$(CURDIR)/$(B)/xen/installed >/dev/null
	@QFILE_BUILD=$(B) exec $(RUN_TESTS) -1 -s xen $(CASES:%=-t %)

##   make check-xen-system  the same between two guests that are a Debian each, as root: with the
##                         packages of what was committed last, systemd and udev
check-xen-system:
	@$(SETUP) build system
	@$(SETUP) xen || true
	+@$(BUILD_STRICTLY) all $(XEN_PROGRAMS)
	@rm -rf $(B)/xen/installed
	@$(MAKE) --no-print-directory install PREFIX=/usr DESKTOP=0 \
		DESTDIR=$(CURDIR)/$(B)/xen/installed >/dev/null
	@DEB_BUILD_OPTIONS=nocheck $(MAKE) --no-print-directory deb DESKTOP=0
	@QFILE_BUILD=$(B) exec $(RUN_TESTS) -1 -s xen-system

##   make check-packages   the packages of make deb and make rpm: their form, and a second build
##                         with the same bytes; as root also what they do in a system of their own
##                         above this one, with systemd: install, upgrade, purge, copy and open
check-packages:
	@$(SETUP) build test deb rpm
	@$(SETUP) packages || true
	@$(MAKE) --no-print-directory deb rpm >/dev/null
	+@$(BUILD) all
	@exec $(RUN_TESTS) -1 -s packages $(CALLED)

##   make prove            prove that the code that parses does nothing undefined, for any input
prove:
	@$(SETUP) build prove
	@sh tests/prove/run.sh

##   make fuzz SECONDS=60  replay the corpus of each fuzz target, then try new inputs for so many
##                         seconds
SECONDS = 60

fuzz:
	@$(SETUP) build
	@$(SETUP) fuzz || true
	@WERROR=1 sh tests/fuzz/run.sh $(SECONDS)

##   make abi              renew tests/abi, with which make check compares the binary interface of
##                         libqfile; for changes that are meant
# It has only what the public header declares, without places in files, names of parameters and
# consecutive numbers. So all machines with this processor write the same. A change that breaks
# programs that have been built already also needs another SOVERSION.
abi:
	@$(SETUP) build test
	+@$(BUILD) $(SHARED)
	abidw --headers-dir include --drop-private-types --drop-undefined-syms \
		--exported-interfaces-only --type-id-style hash --no-corpus-path \
		--no-comp-dir-path \
		--no-show-locs --no-parameter-names --no-elf-needed \
		--out-file tests/abi/libqfile.abi \
		$(B)/lib/libqfile.so

##   make bench            speed and memory, against other ways to copy;
##                         ONLY=small,tree chooses among the tables
bench:
	@$(SETUP) build bench
	+@$(BUILD) all $(B)/tests/bare
	@$(PYTHON) tests/bench/bench.py $(ONLY:%=--only=%)

# ---- The form of the sources ----

##
## The form of the sources:
##   make format           format the C files as .clang-format says
##   make check-format     fails, and says where, if make format would change something
# Not those of tests/prove, whose comments are contracts for a prover, and not the examples in doc.
C_FILES = $(shell find . -name '*.[ch]' \
	! -path './build*' ! -path './tests/prove/*' ! -path './doc/*' | sort)
# Other versions format differently.
CLANG_FORMAT ?= clang-format-14

format:
	@$(SETUP) format
	@$(CLANG_FORMAT) -i $(C_FILES)

check-format:
	@$(SETUP) format
	@$(CLANG_FORMAT) --dry-run --Werror $(C_FILES)
	@echo "All C files are formatted."

##   make check-warnings   fails if gcc -O3, clang, or gcc as check-sanitized and coverage call it,
##                         warns
##
check-warnings:
	@$(SETUP) build test warnings sanitized coverage
	+@$(BUILD_STRICTLY) B=build-O3 CFLAGS="-O3 -g" all
	+@$(BUILD_STRICTLY) B=build-clang CC=clang all
	+@$(SANITIZED_BUILD)
	+@$(COUNTED_BUILD)
	@echo "No warnings."

# ---- Programs that the tests need ----

TEST_PROGRAMS = $(B)/tests/unit-tests $(PLAYED:%=$(B)/%) $(B)/tests/judge \
	$(B)/tests/escape/escape $(B)/tests/fault/inject $(B)/tests/sandbox/attack
# Take the place of a program whose part a test plays.
PLAYED = tests/standin tests/played/qfile-unpacker tests/played/vm-file-editor
# These run in the guests of tests/xen, beside the project's own programs.
XEN_PROGRAMS =
ifneq ($(XEN),0)
TEST_PROGRAMS += $(B)/tests/dom0/hypervisor.so
XEN_PROGRAMS += $(patsubst %.c,$(B)/%,$(wildcard tests/xen/*.c))
endif

# The unit tests call functions of the library that it does not export.
$(B)/tests/unit/%.o: ALL_CFLAGS += -iquote tests/unit $(XEN_DEFINES) $(XEN_CFLAGS) \
	$(shell $(PKG_CONFIG) --cflags check 2>/dev/null)
$(B)/tests/unit-tests: $(call objects,tests/unit) $(call objects,lib) \
		$(filter-out %/main.o,$(call objects,rpc/pedos-rpcd)) \
		$(B)/rpc/pedos-rpc-dom0/tables.o \
		$(addprefix $(B)/rpc/pedos-rpc-sandbox/,filter.o template.o words.o) \
		$(RPC) $(CLI) $(SYSTEM) $(TEXT)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) $(FAULTY:%=-Wl,--wrap=%) -o $@ $^ \
		$$($(PKG_CONFIG) --libs check) $(PKG_LIBS) $(XEN_LIBS)

# The functions that tests/unit/faults.c can make fail.
FAULTY = __openat_2 __poll_chk aligned_alloc bind calloc clock_gettime close faccessat fchmod \
	fchmodat fchown fdopendir fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat \
	fstatat fstatfs \
	fsync ftruncate futimens getdents64 getrandom inotify_add_watch inotify_init1 linkat \
	lseek malloc mkdirat mkdtemp openat pidfd_open poll prctl pread preadv2 pwrite read \
	readlinkat reallocarray renameat renameat2 sendfile symlinkat syncfs time unlinkat \
	utimensat write

# The library with an attacker in place of its parser, and with hooks that leave out single layers
# of the confinement.
$(B)/tests/escape/escape: $(call objects,tests/escape) \
		$(filter-out $(B)/lib/receive/child/unpack.o,$(LIBRARY_OBJECTS))
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) $(ESCAPE_HOOKS:%=-Wl,--wrap=%) -o $@ $^ $(PKG_LIBS)

ESCAPE_HOOKS = piece_write syscall unshare chroot chdir setsid setrlimit capabilities_drop \
	capabilities_can_chroot landlock_confine seccomp_confine relay_open said_open verify \
	waitpid syncfs

# A service that attacks the sandbox that it runs in.
$(B)/tests/sandbox/attack: $(call objects,tests/sandbox)
	$(call say,LINK)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -o $@ $^

# Makes a call of another process fail, or kills the process there.
$(B)/tests/fault/inject: $(B)/tests/fault/inject.o
	$(call say,LINK)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs libseccomp)

# Of what file managers start: the functions without windows.
DESKTOP_TEST_PROGRAMS = $(if $(HAVE_GTK),$(B)/tests/desktop-tests)
$(B)/tests/desktop/%.o: ALL_CFLAGS += $(GTK_CFLAGS) \
	$(shell $(PKG_CONFIG) --cflags check 2>/dev/null)
$(B)/tests/desktop-tests: $(call objects,tests/desktop) $(call objects,desktop/qfile-send/model) \
		$(CLI) $(SYSTEM) $(TEXT)
	$(call say,LINK)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs check) $(GTK_LIBS) \
		$(PKG_LIBS)

# Passes its descriptors on to a test, which plays its part.
$(B)/tests/standin: $(B)/tests/common/standin.o
	$(call say,LINK)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -o $@ $^

# Run a test's command under a program's name.
$(B)/tests/played/%: tests/common/played.sh
	$(call say,MAKE)
	@mkdir -p $(@D)
	$(Q)install $< $@

# Says which of many names are accepted.
$(B)/tests/judge: $(B)/tests/common/judge.o $(COPYING) $(TEXT)
	$(call say,LINK)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Moves files and nothing else, for the benchmarks.
$(B)/tests/bare: $(B)/tests/bench/bare.o $(COPYING) $(SYSTEM) $(TEXT)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Plays the hypervisor.
$(B)/tests/dom0/hypervisor.so: tests/dom0/hypervisor.c
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(XEN_CFLAGS) -fPIC -shared -o $@ $<

$(XEN_PROGRAMS): %: %.o
	$(call say,LINK)
	$(Q)$(CC) -pie $(CFLAGS) $(LDFLAGS) -Wl,--as-needed -o $@ $^ \
		$$($(PKG_CONFIG) --libs xenvchan xenstore xenevtchn)

include tests/fuzz/fuzz.mk

.PHONY: abi setup demo picture pictures check check-suite test check-whole check-applications \
	check-desktop check-editors check-sanitized coverage check-fault check-filesystems \
	check-lab-filesystems check-flood check-packages check-powercut check-ssh check-system \
	check-xen check-xen-system prove fuzz bench format check-format check-warnings
