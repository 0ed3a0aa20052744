/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: reads links below a directory. The control thread runs this. */
#include "checkerd/control/devlink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEV "/dev/"

int devlink_open(const char *dev)
{
	int fd = open(dev, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The cached attributes: reading them does not wait for a file system that hangs. */
static int stat_cached(int fd, const char *name, int flags, struct statx *ret)
{
	if (statx(fd, name, flags | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE,
	          ret) < 0)
		return -errno;
	return 0;
}

/* 1: both are on one file system, so no mount is between them; 0; -errno. */
static int same_mount(int a, int b)
{
	struct statx x = { 0 }, y = { 0 };
	int r = stat_cached(a, "", AT_EMPTY_PATH, &x);

	if (r == 0)
		r = stat_cached(b, "", AT_EMPTY_PATH, &y);
	if (r < 0)
		return r;
	return x.stx_dev_major == y.stx_dev_major && x.stx_dev_minor == y.stx_dev_minor;
}

/* The directory that has `name`, and where the last component of `name` begins. The caller
 * closes the directory unless it is dev_fd. */
static int open_parent(int dev_fd, const char *name, int *ret_fd, const char **ret_last)
{
	char part[DEVLINK_MAX];
	int fd = dev_fd;

	if (strncmp(name, DEV, strlen(DEV)) != 0)
		return -EINVAL;
	if (strlen(name) >= sizeof(part))
		return -ENAMETOOLONG;
	name += strlen(DEV);
	for (;;) {
		size_t n = strcspn(name, "/");
		int next, r;

		memcpy(part, name, n);
		part[n] = '\0';
		if (n == 0 || strcmp(part, ".") == 0 || strcmp(part, "..") == 0) {
			r = -EINVAL;
		} else if (name[n] == '\0') {
			*ret_fd = fd;
			*ret_last = name;
			return 0;
		} else {
			next = openat(fd, part,
			              O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			r = next < 0 ? -errno : 0;
		}
		if (fd != dev_fd)
			close(fd);
		if (r < 0)
			return r;
		fd = next;
		r = same_mount(dev_fd, fd);
		if (r <= 0) {
			close(fd);
			return r < 0 ? r : -EXDEV;
		}
		name += n + 1;
	}
}

/* The length of name without its last component. */
static size_t parent_length(const char *name, size_t used)
{
	while (used > 0)
		if (name[--used] == '/')
			return used;
	return 0;
}

/* Appends the components of target to the absolute directory in ret, without dots. */
static int append_target(char ret[DEVLINK_MAX], const char *target)
{
	size_t used = strlen(ret);

	while (*target != '\0') {
		size_t n = strcspn(target, "/");

		if (n == 2 && strncmp(target, "..", 2) == 0) {
			used = parent_length(ret, used);
		} else if (n > 0 && !(n == 1 && target[0] == '.')) {
			if (used + 1 + n >= DEVLINK_MAX)
				return -ENAMETOOLONG;
			ret[used++] = '/';
			memcpy(ret + used, target, n);
			used += n;
		}
		target += n;
		target += *target == '/';
	}
	ret[used] = '\0';
	return 0;
}

int devlink_read(int dev_fd, const char *name, char ret[DEVLINK_MAX])
{
	char target[DEVLINK_MAX];
	const char *last;
	ssize_t n;
	int fd, r;

	r = open_parent(dev_fd, name, &fd, &last);
	if (r < 0)
		return r;
	n = readlinkat(fd, last, target, sizeof(target));
	r = n < 0 ? -errno : 0;
	if (fd != dev_fd)
		close(fd);
	if (r < 0)
		return r;
	if ((size_t)n == sizeof(target))
		return -ENAMETOOLONG;
	target[n] = '\0';

	if (target[0] == '/') {
		ret[0] = '\0';
	} else { /* the name of the directory, which has no link in it */
		memcpy(ret, name, (size_t)(last - name) - 1);
		ret[last - name - 1] = '\0';
	}
	r = append_target(ret, target);
	if (r < 0)
		return r;
	return strncmp(ret, DEV, strlen(DEV)) == 0 ? 0 : -EINVAL;
}

int devlink_number(int dev_fd, const char *name, uint32_t *ret_major, uint32_t *ret_minor)
{
	struct statx st;
	const char *last;
	int fd, r;

	r = open_parent(dev_fd, name, &fd, &last);
	if (r < 0)
		return r;
	r = stat_cached(fd, last, AT_SYMLINK_NOFOLLOW, &st);
	if (fd != dev_fd)
		close(fd);
	if (r < 0)
		return r;
	if (!S_ISBLK(st.stx_mode))
		return -EINVAL;
	*ret_major = st.stx_rdev_major;
	*ret_minor = st.stx_rdev_minor;
	return 0;
}
