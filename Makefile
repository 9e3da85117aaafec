# SPDX-License-Identifier: GPL-2.0
#
# What people type; tools/ does the work. ("make help" lists the targets. The
# kernel's build system reads Kbuild, not this file.)

# Variables given to this make are in the environment of what it runs; a
# kernel's own make must not see them as if they had been meant for it.
unexport MAKEFLAGS MFLAGS MAKELEVEL
.NOTPARALLEL:
.PHONY: all help demo shell test kunit check bench bench-native hostile fuzz loopback install uninstall dkms deb clean

ifneq ($(and $(KVER),$(KDIR)),)
$(error KVER and KDIR both name a kernel: give one of them)
endif

# Most tools are Python, which a small Debian lacks.
PYTHON := tools/need python3 python3 &&

all: ## build build/<release>/virtnet.ko, for the running kernel by default
	@tools/kernel build $(KVER) $(foreach v,V W C,$(if $($v),$v=$($v)))

help: ## list the targets
	@echo "usage: make [TARGET] [VARIABLE=value...]"; echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16
	@sed -n 's/^#: \?//p' Makefile

demo: ## boot a guest and show the driver carrying traffic, with numbers
	@$(PYTHON) tools/vm demo

shell: ## an interactive guest with the driver loaded
	@$(PYTHON) tools/vm shell

test: ## every suite, the guests of all kernels among them (TESTS= for some)
	@$(PYTHON) tools/test $(TESTS)

kunit: ## KUnit suites on a UML kernel (SUITE= for one)
	@$(PYTHON) tools/uml kunit $(SUITE)

check: ## W=1, sparse, checkpatch and the compat comparison, on each kernel
	@$(PYTHON) tools/check

bench: ## guest instructions per packet, beside the kernel's own driver (WORKLOAD=)
	@$(PYTHON) tools/bench/run

bench-native: ## rates at native speed: UML and the device in software (WORKLOAD=rx|tx|tcp-rx|tcp-tx)
	@$(PYTHON) tools/bench/native $(WORKLOAD)

hostile: ## devices that lie, stall and vanish, under traffic (KVER=, DRIVER= for one column)
	@$(PYTHON) tests/hostile/run $(if $(KVER)$(DRIVER),,-a)

fuzz: ## fuzz what reads a device's headers, configuration, answers; its protocol
	@tools/fuzz

loopback: ## two UML guests joined by the device in software, iperf3 between them
	@$(PYTHON) tests/vhost/run loopback:

install: ## install the built module for a kernel (the running one by default)
	@tools/install

uninstall: ## remove what "make install" installed
	@tools/install uninstall

dkms: ## register the sources with DKMS, build and install
	@tools/dkms

deb: ## build the Debian package virtnet-dkms
	@tools/dkms deb

clean: ## remove build/ (downloads and built kernels stay in the cache)
	@rm -rf build

#: 
#: variables:
#:   KVER=6.1|6.12|7.2|debug       the kernel (demo, shell, bench, hostile: 6.12)
#:   KDIR=/path/to/linux           build for this prepared kernel tree instead
#:   KREL=RELEASE                  install, uninstall, dkms: for this installed kernel
#:   WORKLOAD=NAME                 bench: some of "tools/bench/run --list"
#:   MODE=mergeable|big|small      demo, shell: receive buffer mode (mergeable)
#:   PACKED=1                      demo, shell: packed rings
#:   DRIVER=virtnet|intree         demo, shell, kunit, hostile: the driver under test
#:   SUITE=NAME                    kunit: one suite
#:   TESTS="SUITE..."              test: some suites only (tools/test -l lists them)
#:   V=1 W=1 C=1                   all: as in the kernel's own build
#:   VIRTNET_CACHE=DIR             downloads and built kernels (~/.cache/virtnet)
