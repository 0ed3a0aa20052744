/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: a descriptor of /dev/mapper/control, and the library's answers. Runs on the device-mapper
 * thread, the only thread of the process that uses libdevmapper.
 *
 * Lists and reads through libdevmapper. Polls and sends messages on its own descriptor, because
 * arming counts for one descriptor, and the library allocates memory for a message.
 *
 * It uses no udev cookies and device numbers instead of names, so that the library makes no nodes
 * and waits for no other program. Names are the kernel's, with \x20 for a blank, as in /dev.
 */
#include "checkerd/devmapper/backend_libdm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libdevmapper.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CONTROL_NODE "/dev/mapper/control"
/* The first driver with event numbers in its list and with poll(): Linux 4.14. */
#define DRIVER_MINOR 37
/* An entry of the list with the longest name and uuid. */
#define LIST_ENTRY_BYTES                                                    \
	(sizeof(struct dm_name_list) + DM_NAME_LEN + 2 * sizeof(uint32_t) + \
	 DM_UUID_LEN + 2 * sizeof(uint64_t))
#define LIST_BUFFER_MIN UINT64_C(16384) /* of the library, which doubles it as needed */

/* "reinstate_path 4294967295:4294967295" */
#define MESSAGE_MAX 40

struct backend_libdm {
	struct dm_backend backend;
	int fd;                         /* of the control node; -1: not open */
	int open_error;                 /* -errno of the last try to open it */
	struct dm_task *status, *table; /* the text is in them; NULL: there is none */
	union {
		struct dm_ioctl ioctl;
		char bytes[sizeof(struct dm_ioctl) + sizeof(struct dm_target_msg) +
		           MESSAGE_MAX];
	} request;
};

static struct backend_libdm *self(const struct dm_backend *b)
{
	return container_of(b, struct backend_libdm, backend);
}

/* Suppresses the library's messages: only its errno counts. */
static void quiet(_unused_ int level, _unused_ const char *file, _unused_ int line,
                  _unused_ int dm_errno, _unused_ const char *format, ...)
{
}

static int own_ioctl(struct backend_libdm *l, unsigned long request, size_t size)
{
	struct dm_ioctl *io = &l->request.ioctl;

	if (l->fd < 0)
		return l->open_error;
	io->version[0] = 4;
	io->data_size = (uint32_t)size;
	io->data_start = sizeof(*io);
	return ioctl(l->fd, request, io) < 0 ? -errno : 0;
}

static int libdm_arm(struct dm_backend *b)
{
	struct backend_libdm *l = self(b);

	l->request.ioctl = (struct dm_ioctl){ .data_size = 0 };
	return own_ioctl(l, DM_DEV_ARM_POLL, sizeof(l->request.ioctl));
}

static int libdm_open(struct dm_backend *b)
{
	struct backend_libdm *l = self(b);
	int r;

	if (l->fd >= 0)
		return 0;
	/* Opening the node loads the module, if it is not loaded. */
	l->fd = open(CONTROL_NODE, O_RDWR | O_CLOEXEC);
	if (l->fd < 0) {
		l->open_error = -errno;
		return l->open_error;
	}
	/* The answer contains the driver's version. */
	r = libdm_arm(b);
	if (r == -ENOTTY || (r == 0 && l->request.ioctl.version[1] < DRIVER_MINOR))
		r = -EOPNOTSUPP;
	if (r < 0) {
		close(l->fd);
		l->fd = -1;
		l->open_error = r;
	}
	return r;
}

static int libdm_fd(const struct dm_backend *b)
{
	return self(b)->fd;
}

static int task_error(struct dm_task *t)
{
	int e = dm_task_get_errno(t);

	return e > 0 ? -e : -EIO;
}

static struct dm_task *task_drop(struct dm_task *t)
{
	if (t != NULL)
		dm_task_destroy(t);
	return NULL;
}

static void read_drop(struct backend_libdm *l)
{
	l->status = task_drop(l->status);
	l->table = task_drop(l->table);
}

/* The event number follows the name, at the next multiple of eight. */
static uint32_t listed_event_nr(const struct dm_names *n)
{
	size_t at = offsetof(struct dm_names, name) + strlen(n->name) + 1;
	uint32_t event_nr;

	at = (at + 7) / 8 * 8;
	memcpy(&event_nr, (const char *)n + at, sizeof(event_nr));
	return event_nr;
}

static int libdm_list(struct dm_backend *b,
                      void (*each)(void *arg, const struct dm_listed *l), void *arg)
{
	const struct dm_names *n;
	struct dm_task *t;
	int r = 0;

	read_drop(self(b));
	t = dm_task_create(DM_DEVICE_LIST);
	if (t == NULL)
		return -ENOMEM;
	if (!dm_task_run(t))
		r = task_error(t);
	n = r < 0 ? NULL : dm_task_get_names(t);
	while (n != NULL && n->dev != 0) {
		const struct dm_listed l = {
			.devt_major = major(n->dev),
			.devt_minor = minor(n->dev),
			.event_nr = listed_event_nr(n),
			.name = n->name,
		};

		each(arg, &l);
		n = n->next == 0 ? NULL : (const void *)((const char *)n + n->next);
	}
	task_drop(t);
	return r;
}

/* Runs one task for one device. -ENXIO: the device does not exist. */
static int run_task(int type, uint32_t devt_major, uint32_t devt_minor,
                    struct dm_task **ret, struct dm_info *ret_info)
{
	struct dm_task *t;
	int r;

	t = dm_task_create(type);
	if (t == NULL)
		return -ENOMEM;
	if (!dm_task_set_major_minor(t, (int)devt_major, (int)devt_minor, 0) ||
	    !dm_task_no_flush(t) || !dm_task_no_open_count(t))
		r = -EINVAL;
	else if (!dm_task_run(t) || !dm_task_get_info(t, ret_info))
		r = task_error(t);
	else if (!ret_info->exists)
		r = -ENXIO;
	else
		r = 0;
	*ret = r == 0 ? t : task_drop(t);
	return r;
}

/* The parameters of the only target, a multipath one. NULL: the table has another target, or
 * more. */
static const char *multipath_parameters(struct dm_task *t)
{
	char *type = NULL, *parameters = NULL;
	uint64_t start, length;

	if (dm_get_next_target(t, NULL, &start, &length, &type, &parameters) != NULL ||
	    type == NULL || strcmp(type, "multipath") != 0)
		return NULL;
	return parameters;
}

static int libdm_read(struct dm_backend *b, uint32_t devt_major, uint32_t devt_minor,
                      enum dm_kind *ret_kind, struct multipath_text *ret)
{
	struct backend_libdm *l = self(b);
	struct multipath_text text = { .devt_major = devt_major,
		                       .devt_minor = devt_minor };
	struct dm_info info = { .exists = 0 }, table_info;
	int r;

	read_drop(l);
	r = run_task(DM_DEVICE_STATUS, devt_major, devt_minor, &l->status, &info);
	if (r != 0)
		return r;
	text.event_nr = info.event_nr;
	text.suspended = info.suspended != 0;
	text.name = dm_task_get_name(l->status);
	text.uuid = dm_task_get_uuid(l->status);
	text.status = multipath_parameters(l->status);
	if (text.status == NULL || text.name == NULL || text.uuid == NULL) {
		*ret_kind = info.live_table ? DM_KIND_OTHER : DM_KIND_EMPTY;
		return 0;
	}
	/* The table is read for multipath only, because other tables may contain a key. */
	r = run_task(DM_DEVICE_TABLE, devt_major, devt_minor, &l->table, &table_info);
	if (r < 0)
		return r;
	text.table = multipath_parameters(l->table);
	if (text.table == NULL)
		return -EAGAIN; /* the table was replaced meanwhile, which is an event */
	*ret_kind = DM_KIND_MULTIPATH;
	*ret = text;
	return 0;
}

static int libdm_message(struct dm_backend *b, const struct dm_command *c)
{
	struct backend_libdm *l = self(b);
	char *text =
	        l->request.bytes + sizeof(struct dm_ioctl) + sizeof(struct dm_target_msg);

	/* Sector 0 belongs to the only target. */
	memset(&l->request, 0, sizeof(l->request));
	l->request.ioctl.dev = makedev(c->map_major, c->map_minor);
	(void)snprintf(text, MESSAGE_MAX, "%s %" PRIu32 ":%" PRIu32,
	               c->verb == DM_FAIL_PATH ? "fail_path" : "reinstate_path",
	               c->path_major, c->path_minor);
	return own_ioctl(l, DM_TARGET_MSG, sizeof(l->request));
}

static struct mono libdm_now(_unused_ const struct dm_backend *b)
{
	return mono_now();
}

static void libdm_free(struct dm_backend *b)
{
	struct backend_libdm *l = self(b);

	read_drop(l);
	dm_lib_release(); /* its descriptor */
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

int backend_libdm_new(struct dm_backend **ret)
{
	struct backend_libdm *l;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	l->fd = -1;
	l->open_error = -ENODEV;
	l->backend = (struct dm_backend){
		.open = libdm_open,
		.fd = libdm_fd,
		.arm = libdm_arm,
		.list = libdm_list,
		.read = libdm_read,
		.message = libdm_message,
		.now = libdm_now,
		.free = libdm_free,
	};
	/* Before any other call, because the library's log function is global. */
	dm_log_with_errno_init(quiet);
	(void)dm_set_name_mangling_mode(
	        DM_STRING_MANGLING_NONE); /* a known mode: succeeds */
	*ret = &l->backend;
	return 0;
}

uint64_t backend_libdm_bytes(uint32_t max_devices)
{
	uint64_t buffer = LIST_BUFFER_MIN;

	while (buffer < max_devices * (uint64_t)LIST_ENTRY_BYTES)
		buffer *= 2;
	/* Each task has a buffer of that size; a map needs two, for status and table. */
	return sizeof(struct backend_libdm) + 2 * buffer;
}
