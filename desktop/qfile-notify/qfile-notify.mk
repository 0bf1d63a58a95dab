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

$(B)/desktop/qfile-notify/%.o: ALL_CFLAGS += -DLOCALEDIR='"$(LOCALEDIR)"' \
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
	@[ -n '$(DESTDIR)' ] || [ $(AUTOSTARTDIR) = /etc/xdg/autostart ] || echo "Desktops do not" \
		"look into $(AUTOSTARTDIR): link qfile-notify.desktop into ~/.config/autostart."
else
DESKTOP_ABSENT_PAGES += man/qfile-notify.1
endif

uninstall-desktop::
	rm -f $(DESTDIR)$(BINDIR)/qfile-notify $(DESTDIR)$(AUTOSTARTDIR)/qfile-notify.desktop
	@$(INSTALLED) tidy $(AUTOSTARTDIR)
