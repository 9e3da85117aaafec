# SPDX-License-Identifier: GPL-2.0
#
# Included by Kbuild: virtnet_config.h exists, and is up to date, before the first object is
# compiled; also when the kernel's build system is called directly, as DKMS does:
#   make -C /lib/modules/$(uname -r)/build M=$PWD modules
# The objects that have to wait are virtnet-y and virtnet_kunit-y, so Kbuild includes this last.

ifneq ($(wildcard $(src)/tools/compat),)
virtnet-compat-inputs := $(src)/tools/compat $(wildcard $(src)/tests/compat/*.c)

$(obj)/virtnet_config.h: $(virtnet-compat-inputs) $(objtree)/include/generated/autoconf.h
	$(Q)sh $(src)/tools/compat gen --kdir $(abspath $(objtree)) $(obj)
	$(Q)touch $@

clean-files += virtnet_config.h compat.txt
endif

$(addprefix $(obj)/,$(virtnet-y) $(virtnet_kunit-y)): $(obj)/virtnet_config.h
