/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: the caller owns the identity. Runs on the discovery thread. */
#include "checkerd/discovery/identity.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "checkerd/core/disk_id.h"
#include "util/clean.h"
#include "util/shortage.h"

/* The numbers that libpathcheck has for each of the two kinds. */
#define HOST_KEYS 511

void identity_init(struct identity *id)
{
	memset(&id->spec, 0, sizeof(id->spec));
	memset(&id->scsi, 0, sizeof(id->scsi));
	id->used = 0;
	id->shortage = 0;
}

void identity_note(struct identity *id, int error)
{
	if (is_shortage(error))
		id->shortage = error;
}

void identity_set(struct identity *id, const char **field, const char *value)
{
	char *start = id->text + id->used;
	size_t room = sizeof(id->text) - id->used, n;

	*field = NULL;
	if (value == NULL)
		return;
	while (isspace((unsigned char)*value))
		value++;
	n = room == 0 ? 0 : clean_copy(start, room, value);
	/* A truncated name would be another name. */
	if (n == 0 || n + CLEAN_ESCAPE_BYTES >= room)
		return;
	while (n > 0 && start[n - 1] == ' ')
		n--;
	if (n == 0)
		return;
	start[n] = '\0';
	id->used += n + 1;
	*field = start;
}

int identity_set_exact(struct identity *id, const char **field, const char *value)
{
	size_t n = strlen(value) + 1;

	if (id->used + n > sizeof(id->text))
		return -ENAMETOOLONG;
	*field = memcpy(id->text + id->used, value, n);
	id->used += n;
	return 0;
}

void identity_set_kernel_wwid(struct identity *id, const char *wwid)
{
	id->spec.kernel_id = disk_id_checksum(wwid);
	if (id->spec.wwid == NULL)
		identity_set(id, &id->spec.wwid, wwid);
}

uint32_t identity_host_key(enum identity_hosts kind, unsigned number)
{
	return 1 + (kind == IDENTITY_NVME ? HOST_KEYS : 0) + number % HOST_KEYS;
}
