/* SPDX-License-Identifier: GPL-2.0-only */
/* Switches of the kernel under test. */
#ifndef VIRTNET_TEST_FAULT_H
#define VIRTNET_TEST_FAULT_H

int fault_write(const char *path, const char *text);

#endif /* VIRTNET_TEST_FAULT_H */
