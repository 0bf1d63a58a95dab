# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# The entries in the menus of file managers.

# Some take a module; some read files.
MODULE_nautilus = libnautilus-extension-4
MODULE_nemo = libnemo-extension
MODULE_caja = libcaja-extension
MODULES = nautilus nemo caja
FOLDER_dolphin = kio/servicemenus
FOLDER_libfm = file-manager/actions
FOLDER_thunar = Thunar/sendto
FOLDER_contractor = contractor

# Those that are here, as far as can be seen, where qfile-send is built. Packages may name them:
# MENUS="nautilus dolphin".
# $(call here,NAME,FILE...): the name, if one of these is there.
here = $(if $(wildcard $(2)),$(1))
has_module = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo yes)
MENUS ?= $(if $(HAVE_GTK),$(strip \
	$(if $(call has_module,$(MODULE_nautilus)),nautilus) \
	$(if $(call has_module,$(MODULE_nemo)),nemo) $(if $(call has_module,$(MODULE_caja)),caja) \
	$(call here,dolphin,/usr/bin/dolphin /usr/share/kio/servicemenus) \
	$(call here,libfm,/usr/share/libfm /usr/share/libfm-qt /usr/share/file-manager/actions) \
	$(call here,thunar,/usr/share/Thunar) $(call here,contractor,/usr/share/contractor)))
MENUS := $(MENUS)

# $(call module,NAME): what is built.
module = $(B)/menus/lib$(1)-qfile-send.so
MENU_MODULES = $(foreach name,$(filter $(MODULES),$(MENUS)),$(call module,$(name)))
DESKTOP_BUILT += $(MENU_MODULES)

$(MENU_MODULES:$(B)/menus/lib%-qfile-send.so=$(B)/menus/%.o): $(B)/menus/%.o: desktop/menus/menu.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LANGUAGE) $(WARNINGS) $(HARDENING) -DMENU_$(shell echo $* | tr a-z A-Z) \
		-DGETTEXT_PACKAGE='"qfile-notify"' $(subst -I,-isystem ,\
		$(shell $(PKG_CONFIG) --cflags $(MODULE_$*))) $(CPPFLAGS) $(CFLAGS) -fPIC -MMD -MP \
		-c -o $@ $<

$(MENU_MODULES): $(B)/menus/lib%-qfile-send.so: $(B)/menus/%.o
	$(call say,LINK)
	$(Q)$(CC) -shared $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -o $@ $< \
		$(shell $(PKG_CONFIG) --libs $(MODULE_$*))

# A file manager looks for modules where it is itself, whatever PREFIX is. One of one's own gets
# them, too, but nothing outside of it does.
# $(call module_dir,NAME): where they are.
module_dir = $(patsubst /usr/%,$(if $(filter /usr /usr/local,$(PREFIX)),/usr,$(PREFIX))/%,\
	$(shell $(PKG_CONFIG) --variable=extensiondir $(MODULE_$(1)) 2>/dev/null))
file_dirs = $(addprefix $(DATADIR)/,$(FOLDER_dolphin) $(FOLDER_libfm) $(FOLDER_thunar) \
	$(FOLDER_contractor))

install-desktop::
	set -e; $(foreach name,$(filter $(MODULES),$(MENUS)),\
		install -d $(DESTDIR)$(call module_dir,$(name)); \
		install -m 644 $(call module,$(name)) $(DESTDIR)$(call module_dir,$(name));) :
	set -e; $(foreach name,$(filter-out $(MODULES),$(MENUS)),\
		install -d $(DESTDIR)$(DATADIR)/$(FOLDER_$(name)); \
		sh desktop/menus/entries.sh $(name) $(DESTDIR)$(DATADIR)/$(FOLDER_$(name));) :

uninstall-desktop::
	rm -f $(foreach name,$(MODULES),$(if $(call module_dir,$(name)),\
		$(DESTDIR)$(call module_dir,$(name))/$(notdir $(call module,$(name)))))
	rm -f $(foreach directory,$(file_dirs),$(addprefix $(DESTDIR)$(directory)/qfile-send-,\
		copy.desktop move.desktop open.desktop view.desktop files.desktop copy.contract \
		move.contract open.contract view.contract) \
		$(DESTDIR)$(directory)/qfile-send.desktop)
	@$(INSTALLED) tidy $(file_dirs) $(foreach name,$(MODULES),$(call module_dir,$(name)))
