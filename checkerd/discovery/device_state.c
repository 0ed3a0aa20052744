/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Runs on the loop. */
#include "checkerd/discovery/device_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/shortage.h"

static bool is_controller(const struct device *d)
{
	return device_protocol(d) != NULL && strncmp(device_protocol(d), "nvme", 4) == 0;
}

static enum sysfs_layer device_layer(const struct device *d)
{
	return is_controller(d) ? SYSFS_CONTROLLER : SYSFS_DEVICE;
}

/* Has the device a state? Discovery found out. */
static bool has_state(const struct device *d)
{
	return device_sysfs_state(d) != NULL &&
	       (d->devt_major != 0 || d->devt_minor != 0);
}

static bool is_port(const struct device *d)
{
	return strncmp(device_transport(d), "rport-", 6) == 0;
}

unsigned device_state_attributes(const struct device *d)
{
	return has_state(d) ? 1 + !is_controller(d) + (device_transport(d) != NULL) : 0;
}

/* Reads one word. Positive errno: *ret is unchanged. */
static int read_word(int dir, const char *name, enum sysfs_layer layer,
                     struct sysfs_word *ret)
{
	char buf[SYSFS_WORD_MAX + 2]; /* a word, its newline, and a NUL */
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), error = errno;
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, buf, sizeof(buf) - 1);
		error = errno;
		close(fd);
	}
	if (n < 0)
		return error;
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == ' '))
		n--;
	buf[n] = '\0';
	*ret = sysfs_word(layer, buf);
	return 0;
}

bool device_state_has_handler(int sys_dev_block, const struct device *d)
{
	char name[64];

	if (sys_dev_block < 0 || device_hcil(d) == NULL ||
	    (d->devt_major == 0 && d->devt_minor == 0))
		return true;
	(void)snprintf(name, sizeof(name), "%u:%u/device/access_state", d->devt_major,
	               d->devt_minor);
	return faccessat(sys_dev_block, name, F_OK, 0) == 0 || errno != ENOENT;
}

void device_state_read(int sys_dev_block, const struct device *d, struct sysfs_state *ret)
{
	const struct sysfs_word access = ret->access;
	char name[128];
	int error;

	*ret = (struct sysfs_state){ .device = { .layer = SYSFS_NONE } };
	if (sys_dev_block < 0 || !has_state(d))
		return;
	(void)snprintf(name, sizeof(name), "%u:%u/device/state", d->devt_major,
	               d->devt_minor);
	/* A shortage does not mean that the device is gone. */
	if (is_shortage(read_word(sys_dev_block, name, device_layer(d), &ret->device)))
		ret->device = sysfs_word(device_layer(d), device_sysfs_state(d));
	/* Only a SCSI disk with a hardware handler has access_state. */
	(void)snprintf(name, sizeof(name), "%u:%u/device/access_state", d->devt_major,
	               d->devt_minor);
	error = is_controller(d)
	                ? 0
	                : read_word(sys_dev_block, name, SYSFS_ACCESS, &ret->access);
	if (is_shortage(error))
		ret->access = access;
	if (device_transport(d) == NULL)
		return;
	(void)snprintf(name, sizeof(name), "../../class/%s/%s/%s",
	               is_port(d) ? "fc_remote_ports" : "iscsi_session",
	               device_transport(d), is_port(d) ? "port_state" : "state");
	(void)read_word(sys_dev_block, name, is_port(d) ? SYSFS_PORT : SYSFS_SESSION,
	                &ret->transport);
}

bool device_state_has_port(const struct device *d)
{
	return has_state(d) && device_transport(d) != NULL && is_port(d);
}

int device_state_read_port(int sys_dev_block, const struct device *d,
                           struct sysfs_word *ret)
{
	char name[128];

	if (sys_dev_block < 0)
		return ENOENT;
	(void)snprintf(name, sizeof(name), "../../class/fc_remote_ports/%s/port_state",
	               device_transport(d));
	return read_word(sys_dev_block, name, SYSFS_PORT, ret);
}

void device_state_from_discovery(const struct device *d, struct sysfs_state *s)
{
	if (device_is_observed(d))
		return; /* FOUND_STATE has it. */
	s->device = sysfs_word(device_layer(d), device_sysfs_state(d));
	if (device_transport(d) == NULL)
		s->transport = (struct sysfs_word){ .layer = SYSFS_NONE };
}
