/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name of the control socket. It owns nothing after it returns; the main thread runs it. */
#include "checkerd/control/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkerd/control/control_limits.h"

#define LOCK_SUFFIX ".lock"

static int make_directory(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	memcpy(copy, path, strlen(path) + 1);
	if (mkdir(dirname(copy), 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/*
 * A user who may write to the directory can replace root's socket, or have root change the owner
 * of another file. A sticky directory prevents both.
 */
static int check_directory(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct stat st;

	if (geteuid() != 0)
		return 0;
	memcpy(copy, path, strlen(path) + 1);
	if (stat(dirname(copy), &st) < 0)
		return -errno;
	if (st.st_uid != 0 ||
	    ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0))
		return -ENOTUNIQ;
	return 0;
}

/* A link, or another user's file, which a sticky directory may keep even from root. */
static bool is_foreign(const char *name, int error)
{
	struct stat st;
	bool found = lstat(name, &st) == 0;

	errno = error;
	return error == ELOOP || (error == EACCES && found && st.st_uid != geteuid());
}

/* The owner of the file could keep it locked without end. */
static int check_lock_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_uid == geteuid() ? 0 : -ENOTUNIQ;
}

/*
 * Only one daemon at a time may look whether another one listens, and then listen itself. The
 * file belongs to the daemon's user, so no other user can hold the lock.
 */
static int lock_name(const char *path, int *ret_fd)
{
	char name[sizeof(((struct sockaddr_un *)NULL)->sun_path) + sizeof(LOCK_SUFFIX)];
	int fd, r;

	(void)snprintf(name, sizeof(name), "%s" LOCK_SUFFIX, path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return is_foreign(name, errno) ? -ENOTUNIQ : -errno;
	r = check_lock_file(fd);
	while (r == 0 && flock(fd, LOCK_EX) < 0)
		r = errno == EINTR ? 0 : -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* 0: the name is free; a socket that nobody serves was removed. */
static int make_room(const struct sockaddr_un *address)
{
	const struct sockaddr *generic = (const struct sockaddr *)address;
	struct stat st;
	int fd, r;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* EAGAIN: its backlog is full, so a daemon listens. */
	r = connect(fd, generic, sizeof(*address)) < 0 && errno != EAGAIN ? errno : 0;
	close(fd);
	if (r != ECONNREFUSED)
		return r == 0 || r == EACCES || r == EPERM ? -EADDRINUSE : -r;
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

static int bind_and_listen(int fd, const struct sockaddr_un *address, gid_t group)
{
	/* The mode of the name is the socket's: nobody can connect before all is set up. */
	if (fchmod(fd, 0600) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
	    (group != (gid_t)-1 && chown(address->sun_path, (uid_t)-1, group) < 0) ||
	    chmod(address->sun_path, 0660) < 0 || listen(fd, LISTEN_BACKLOG) < 0)
		return -errno;
	return 0;
}

int listen_at(const char *path, gid_t group, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int lock_fd = -1, fd = -1, r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	r = make_directory(path);
	if (r == 0)
		r = check_directory(path);
	if (r < 0)
		return r;
	r = lock_name(path, &lock_fd);
	if (r < 0)
		return r;
	r = make_room(&address);
	if (r == 0) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		r = fd < 0 ? -errno : bind_and_listen(fd, &address, group);
	}
	close(lock_fd);
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int listen_check(int fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNSPEC };
	socklen_t size = sizeof(address), type_size = sizeof(int), on_size = sizeof(int);
	int type = 0, listening = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &on_size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0 ||
	    address.sun_family != AF_UNIX || type != SOCK_STREAM || listening == 0)
		return -EPROTOTYPE;
	/* An abstract name begins with a NUL. */
	if (size <= offsetof(struct sockaddr_un, sun_path) || address.sun_path[0] == '\0')
		return -EADDRNOTAVAIL;
	return 0;
}
