/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_VHUB_H
#define BENCH_VHUB_H

#include "qemu_api.h"

/* create PAIRS of back-to-back ports named vhub0a, vhub0b, vhub1a, ... */
void vhub_install(qemu_plugin_id_t id, unsigned int pairs);

#endif
