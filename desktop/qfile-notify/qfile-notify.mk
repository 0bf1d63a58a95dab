# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# qfile-notify: built where GIO is; it needs nothing of GTK.

GIO_PACKAGES = gio-unix-2.0
ifneq ($(DESKTOP),0)
HAVE_GIO := $(shell $(PKG_CONFIG) --exists $(GIO_PACKAGES) 2>/dev/null && echo yes)
endif

# Desktops start what is here, if it is /etc.
AUTOSTARTDIR = $(SYSCONFDIR)/xdg/autostart

ifeq ($(HAVE_GIO),yes)
DESKTOP_BUILT += $(B)/bin/qfile-notify
COMPLETED += qfile-notify

# Without msgfmt it speaks English only. The translations are also those of desktop/menus/menu.c.
NOTIFY_LANGUAGES := $(if $(shell command -v msgfmt),\
	$(patsubst %.po,%,$(notdir $(wildcard desktop/qfile-notify/po/*.po))))
DESKTOP_BUILT += $(NOTIFY_LANGUAGES:%=$(B)/share/locale/%/LC_MESSAGES/qfile-notify.mo)

$(B)/share/locale/%/LC_MESSAGES/qfile-notify.mo: desktop/qfile-notify/po/%.po
	$(call say,MAKE)
	@mkdir -p $(@D)
	$(Q)msgfmt --check-format -o $@ $<

$(B)/desktop/qfile-notify/%.o: ALL_CFLAGS += \
	$(subst -I,-isystem ,$(shell $(PKG_CONFIG) --cflags $(GIO_PACKAGES)))
$(B)/bin/qfile-notify: PROGRAM_LIBS = $(shell $(PKG_CONFIG) --libs $(GIO_PACKAGES))
$(B)/bin/qfile-notify: $(call objects,desktop/qfile-notify) $(CLI) $(SYSTEM) $(TEXT)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(PROGRAM_LIBS)
install-desktop::
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(AUTOSTARTDIR)
	install -m 755 $(B)/bin/qfile-notify $(DESTDIR)$(BINDIR)
	$(call put,sed 's|@BINDIR@|$(BINDIR)|' desktop/qfile-notify/qfile-notify.desktop.in,\
		$(DESTDIR)$(AUTOSTARTDIR)/qfile-notify.desktop)
	@rm -f $(B)/to-install
	set -e; for l in $(NOTIFY_LANGUAGES); do \
		install -d $(DESTDIR)$(LOCALEDIR)/$$l/LC_MESSAGES; \
		install -m 644 $(B)/share/locale/$$l/LC_MESSAGES/qfile-notify.mo \
			$(DESTDIR)$(LOCALEDIR)/$$l/LC_MESSAGES; done
	@[ -n '$(DESTDIR)' ] || [ $(AUTOSTARTDIR) = /etc/xdg/autostart ] || echo "Desktops do not" \
		"look into $(AUTOSTARTDIR): link qfile-notify.desktop into ~/.config/autostart."
else
DESKTOP_ABSENT_PAGES += man/qfile-notify.1
endif

NOTIFY_PLACES = $(patsubst desktop/qfile-notify/po/%.po,$(LOCALEDIR)/%/LC_MESSAGES,\
	$(wildcard desktop/qfile-notify/po/*.po))
uninstall-desktop::
	rm -f $(DESTDIR)$(BINDIR)/qfile-notify $(DESTDIR)$(AUTOSTARTDIR)/qfile-notify.desktop \
		$(NOTIFY_PLACES:%=$(DESTDIR)%/qfile-notify.mo)
	@$(INSTALLED) tidy $(AUTOSTARTDIR) $(NOTIFY_PLACES)

# The template and the translations, with what is new in the sources.
NOTIFY_POT = desktop/qfile-notify/po/qfile-notify.pot
pot: pot-notify
pot-notify:
	@{ printf '%s\n' '# Template of the translations of qfile-notify and of the menus.' \
		'# SPDX-License-Identifier: GPL-2.0-or-later' '# Copyright the qfilecopy authors'; \
	xgettext --from-code=UTF-8 --keyword=_ --keyword=N_ --keyword=ngettext:1,2 \
		--package-name=qfilecopy --no-location --sort-output -o - \
		$(wildcard desktop/qfile-notify/*.c desktop/menus/*.c) | \
		sed -e '1,/^#$$/d' -e '/^"POT-Creation-Date/d'; } >$(B)/qfile-notify.pot
	@mv $(B)/qfile-notify.pot $(NOTIFY_POT)
	@for po in $(wildcard desktop/qfile-notify/po/*.po); do msgmerge -q --update --backup=none \
		--no-location --sort-output $$po $(NOTIFY_POT) || exit 1; done
.PHONY: pot-notify
