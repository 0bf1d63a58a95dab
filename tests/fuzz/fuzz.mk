# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# The fuzz targets: `make fuzz SECONDS=60`. The library is compiled once more for them, with
# sanitizers and with what tells the fuzzer which code an input reaches.

FUZZ_CC ?= clang
FUZZ_B = $(B)/fuzz
FUZZ_FLAGS = -O2 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_CFLAGS = $(LANGUAGE) -Itests/fuzz $(WARNINGS) $(PKG_CFLAGS) $(FUZZ_FLAGS)
# The fuzzer does not watch what the targets share: an input is not interesting for what our own
# checks do with it.
FUZZ_EYES = $(if $(filter text/% lib/% cli/% rpc/% tests/fuzz/fuzz_%,$<),-fsanitize=fuzzer-no-link)
fuzz_objects = $(patsubst %.c,$(FUZZ_B)/%.o,$(call sources,$(1)))
FUZZ_TARGETS = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SHARED = $(filter-out $(FUZZ_B)/tests/fuzz/fuzz_%,$(call fuzz_objects,tests/fuzz))

fuzz-targets: $(addprefix $(FUZZ_B)/fuzz_,$(FUZZ_TARGETS))

$(FUZZ_B)/%.o: %.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) $(FUZZ_EYES) -MMD -MP -c -o $@ $<

# Each target takes what it needs from archives, and may have its own version of a file of the
# library.
$(FUZZ_B)/libqfile.a: $(call fuzz_objects,lib) $(call fuzz_objects,cli) \
		$(call fuzz_objects,system) $(call fuzz_objects,text)
$(FUZZ_B)/librpc.a: $(patsubst %.c,$(FUZZ_B)/%.o,$(filter-out $(XEN_ONLY),$(RPC_SOURCES))) \
		$(FUZZ_B)/rpc/pedos-rpc-sandbox/template.o
$(FUZZ_B)/libshared.a: $(FUZZ_SHARED)
$(FUZZ_B)/%.a:
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(FUZZ_B)/fuzz_%: $(FUZZ_B)/tests/fuzz/fuzz_%.o $(FUZZ_B)/libshared.a $(FUZZ_B)/librpc.a \
		$(FUZZ_B)/libqfile.a
	$(call say,LINK)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -Wl,--wrap=read,--wrap=poll -o $@ $^ \
		$(PKG_LIBS)

.PHONY: fuzz-targets
.PRECIOUS: $(FUZZ_B)/%.o
