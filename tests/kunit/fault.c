// SPDX-License-Identifier: GPL-2.0-only
/* Switches of the kernel that only files reach. */
#include <linux/fs.h>
#include <linux/string.h>

#include "fault.h"

/* Return: 0, or -errno, for instance where this kernel does not have it. */
int fault_write(const char *path, const char *text)
{
	struct file *file = filp_open(path, O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, text, strlen(text), &pos);
	filp_close(file, NULL);
	return n < 0 ? n : 0;
}
