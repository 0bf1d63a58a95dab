# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# qfile-send: building, translating, installing.

ifneq ($(DESKTOP),0)
ifeq ($(HAVE_GTK),)
all: no-qfile-send
no-qfile-send:
	@echo "GTK 3 or json-glib is not installed here, so qfile-send is not built."
.PHONY: no-qfile-send
endif
endif

ifeq ($(HAVE_GTK),yes)
SEND = $(B)/bin/qfile-send
# Without msgfmt it speaks English only.
SEND_LANGUAGES := $(if $(shell command -v msgfmt),\
	$(patsubst %.po,%,$(notdir $(wildcard desktop/qfile-send/po/*.po))))
SEND_CATALOGUES = $(SEND_LANGUAGES:%=$(B)/share/locale/%/LC_MESSAGES/qfile-send.mo)
DESKTOP_BUILT += $(SEND) $(SEND_CATALOGUES)
COMPLETED += qfile-send
else
DESKTOP_ABSENT_PAGES += man/qfile-send.1
endif

$(B)/desktop/qfile-send/%.o: ALL_CFLAGS += $(GTK_CFLAGS)

$(SEND): $(call objects,desktop/qfile-send) $(CLI) $(SYSTEM) $(TEXT)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ $(GTK_LIBS) $(PKG_LIBS)

$(B)/share/locale/%/LC_MESSAGES/qfile-send.mo: desktop/qfile-send/po/%.po
	$(call say,MAKE)
	@mkdir -p $(@D)
	$(Q)msgfmt --check-format -o $@ $<

# For translators: the template, and the translations with what is new in it.
##   make pot              write the template of qfile-send's translations again, and put what is
##                         new into the translations
SEND_SOURCES = $(sort $(call sources,desktop/qfile-send))
SEND_POT = desktop/qfile-send/po/qfile-send.pot
pot:
	@{ printf '%s\n' '# Template of the translations of qfile-send.' \
		'# SPDX-License-Identifier: GPL-2.0-or-later' '# Copyright the qfilecopy authors'; \
	xgettext --from-code=UTF-8 --add-comments=Translators --keyword=_ --keyword=N_ \
		--keyword=ngettext:1,2 --flag=g_string_printf:2:c-format \
		--flag=g_string_append_printf:2:c-format --flag=g_strdup_printf:1:c-format \
		--package-name=qfilecopy --no-location --sort-output -o - $(SEND_SOURCES) | \
		sed -e '1,/^#$$/d' -e '/^"POT-Creation-Date/d'; } >$(B)/qfile-send.pot
	@mv $(B)/qfile-send.pot $(SEND_POT)
	@for po in $(wildcard desktop/qfile-send/po/*.po); do msgmerge -q --update --backup=none \
		--no-location --sort-output $$po $(SEND_POT) || exit 1; done
.PHONY: pot

# Programs to open files with, for --set-default.
SEND_ENTRIES = qfile-send-open.desktop qfile-send-view.desktop
install-desktop::
	install -d $(DESTDIR)$(BINDIR)
	set -e; for f in $(notdir $(SEND)); do install -m 755 $(B)/bin/$$f $(DESTDIR)$(BINDIR); done
	set -e; for l in $(SEND_LANGUAGES); do \
		install -d $(DESTDIR)$(LOCALEDIR)/$$l/LC_MESSAGES; \
		install -m 644 $(B)/share/locale/$$l/LC_MESSAGES/qfile-send.mo \
			$(DESTDIR)$(LOCALEDIR)/$$l/LC_MESSAGES; done
	set -e; $(if $(SEND),install -d $(DESTDIR)$(DATADIR)/applications; \
		install -m 644 $(SEND_ENTRIES:%=desktop/qfile-send/%) \
			$(DESTDIR)$(DATADIR)/applications;) :

SEND_PLACES = $(patsubst desktop/qfile-send/po/%.po,$(LOCALEDIR)/%/LC_MESSAGES,\
	$(wildcard desktop/qfile-send/po/*.po))
uninstall-desktop::
	rm -f $(DESTDIR)$(BINDIR)/qfile-send $(SEND_PLACES:%=$(DESTDIR)%/qfile-send.mo) \
		$(SEND_ENTRIES:%=$(DESTDIR)$(DATADIR)/applications/%)
	@$(INSTALLED) tidy $(SEND_PLACES) $(DATADIR)/applications
