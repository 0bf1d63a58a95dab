# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
#
# Releases and packages. The Makefile includes this file.

## Releases and packages:
##   make dist             the source as build/dist/qfilecopy-VERSION.tar.gz, from what was committed
##                         last, and its checksum
dist:
	@sh packages/dist.sh $(VERSION) $(CURDIR)/$(B)/dist

# What those for a desktop need to be built.
PACKAGED_DESKTOP = $(if $(filter-out 0,$(DESKTOP)),gtk menus)

##   make deb              the packages for Debian, in build/deb, from what was committed last;
##                         DESKTOP=0 leaves out those for a desktop, which need GTK to be built
# dpkg finds out whether it is a build with Xen.
deb:
	@sh tests/setup.sh build deb $(PACKAGED_DESKTOP)
	@sh packages/deb.sh $(CURDIR)/$(B)/deb
	@ls $(CURDIR)/$(B)/deb/*.deb

##   make rpm              the packages for systems with rpm, in build/rpm, from the same
##
rpm:
	@sh tests/setup.sh build rpm $(PACKAGED_DESKTOP)
	@sh packages/rpm.sh $(VERSION) $(CURDIR)/$(B)/rpm

.PHONY: dist deb rpm
