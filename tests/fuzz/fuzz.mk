# The fuzz targets: `make fuzz SECONDS=60`. The library is compiled once more for them, with sanitizers and the fuzzer's eyes in it.

FUZZ_CC ?= clang
FUZZ_B = $(B)/fuzz
FUZZ_FLAGS = -O2 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DQFILE_VERSION='"$(VERSION)"' -Iinclude -iquote lib -iquote rpc -iquote . -Itests/fuzz $(WARNINGS) $(PKG_CFLAGS) \
	$(FUZZ_FLAGS)
# What the targets share is not looked at: an input is not interesting for what our own checks do with it.
FUZZ_EYES = $(if $(filter text/% lib/% cli/% rpc/% tests/fuzz/fuzz_%,$<),-fsanitize=fuzzer-no-link)
FUZZ_TARGETS = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SHARED = $(patsubst %.c,$(FUZZ_B)/%.o,$(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c)))

fuzz-targets: $(addprefix $(FUZZ_B)/fuzz_,$(FUZZ_TARGETS))

$(FUZZ_B)/%.o: %.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) $(FUZZ_EYES) -MMD -MP -c -o $@ $<

# Archives: of the library, too, each target takes what it needs, and may bring a file of the library itself.
$(FUZZ_B)/libtext.a: $(patsubst %.c,$(FUZZ_B)/%.o,$(call sources,text))
$(FUZZ_B)/libqfile.a: $(patsubst %.c,$(FUZZ_B)/%.o,$(call sources,lib))
$(FUZZ_B)/libcli.a: $(patsubst %.c,$(FUZZ_B)/%.o,$(call sources,cli))
$(FUZZ_B)/librpc.a: $(patsubst %.c,$(FUZZ_B)/%.o,$(filter-out $(XEN_ONLY) rpc/pedos-%,$(call sources,rpc)))
$(FUZZ_B)/libshared.a: $(FUZZ_SHARED)
$(FUZZ_B)/%.a:
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(FUZZ_B)/fuzz_%: $(FUZZ_B)/tests/fuzz/fuzz_%.o $(FUZZ_B)/libshared.a $(FUZZ_B)/librpc.a $(FUZZ_B)/libcli.a $(FUZZ_B)/libqfile.a $(FUZZ_B)/libtext.a
	$(call say,LINK)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -Wl,--wrap=read,--wrap=poll -o $@ $^ $(PKG_LIBS)

.PHONY: fuzz-targets
.PRECIOUS: $(FUZZ_B)/%.o
