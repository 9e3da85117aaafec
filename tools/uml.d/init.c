// SPDX-License-Identifier: GPL-2.0
/*
 * Process 1 of the UML guest: mounts what every script expects, runs the
 * script, says how it ended, powers off.  Static, so that it needs nothing of
 * the file system below it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void mnt(const char *type, const char *dir, const char *data)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, data) && errno != EBUSY)
		fprintf(stderr, "uml init: mount %s: %s\n", dir, strerror(errno));
}

/* What the script needs of the host's files must not be hidden. */
static int needed(const char *dir)
{
	static const char *const vars[] = {
		"virtnet_script", "virtnet_modules", "virtnet_moddir",
	};
	size_t i, n = strlen(dir);

	for (i = 0; i < sizeof(vars) / sizeof(vars[0]); i++) {
		const char *path = getenv(vars[i]);

		if (path && !strncmp(path, dir, n) && path[n] == '/')
			return 1;
	}
	return 0;
}

static void mnt_free(const char *dir)
{
	if (!needed(dir))
		mnt("tmpfs", dir, NULL);
}

static int run(char *const argv[])
{
	int status = 0;
	pid_t pid = fork(), got;

	if (pid == 0) {
		execv(argv[0], argv);
		fprintf(stderr, "uml init: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	/* Also reaps whatever the script left behind. */
	do {
		got = wait(&status);
	} while (got != pid && !(got < 0 && errno == ECHILD));
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	const char *out = getenv("virtnet_out");
	char *script = getenv("virtnet_script");
	char *cmd[] = { "/bin/sh", script, NULL };
	int rc;

	(void)argc;
	(void)argv;
	mnt("proc", "/proc", NULL);
	mnt("sysfs", "/sys", NULL);
	mnt("devtmpfs", "/dev", NULL);
	mnt("debugfs", "/sys/kernel/debug", NULL);
	mnt("tmpfs", "/dev/shm", NULL);
	mnt_free("/tmp");
	mnt_free("/run");
	if (out) {
		mkdir("/dev/shm/out", 0755);
		if (mount("none", "/dev/shm/out", "hostfs", 0, out))
			fprintf(stderr, "uml init: %s: %s\n", out, strerror(errno));
		setenv("OUT", "/dev/shm/out", 1);
	}
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/dev/shm", 1);
	setenv("TMPDIR", "/dev/shm", 1);
	rc = script ? run(cmd) : 127;
	fflush(stdout);
	sync();
	printf("virtnet-uml: script ended with %d\n", rc);
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 1;
}
