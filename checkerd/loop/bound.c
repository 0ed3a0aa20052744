/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Runs at start, on the only thread. */
#include "checkerd/loop/bound.h"

#include <inttypes.h>

#include "checkerd/answers/records_wait.h"
#include "checkerd/answers/waits.h"
#include "checkerd/control/control.h"
#include "checkerd/control/json_writer.h"
#include "checkerd/core/schedule.h"
#include "checkerd/paths/checks.h"
#include "checkerd/paths/engine_path.h"
#include "checkerd/config/loader.h"
#include "checkerd/devmapper/devmapper.h"
#include "checkerd/discovery/discovery.h"
#include "checkerd/log/log.h"
#include "checkerd/purger/purger.h"
#include "checkerd/store/store.h"

/* Text, data and main stacks of both programs with their libraries: measured, and rounded up. */
#define PROGRAM_BYTES (16 * 1024 * 1024)
/* The configuration in force, the one that is being read, and the text of `show config`. */
#define CONFIG_BYTES_EACH_PATH (2 * (CONFIG_DEVICE_MAX + 2 * CONFIG_NAME_MAX + 256))
#define CONFIG_BYTES           (4 * CONFIG_FILE_BYTES_MAX)
/* For the loop, signals, timers, sysfs, procfs, the log, the service manager's socket. */
#define OWN_DESCRIPTORS 48
/*
 * An open node of the sg driver with SG_SET_RESERVED_SIZE 0: struct sg_fd with its 16 requests takes
 * 8 KiB of the kernel's memory, and the smallest reserve a page (drivers/scsi/sg.c, 64 bits).
 */
#define SG_BYTES_EACH (12 * 1024)
/* The threads: loop, log, discovery, devmapper, loader, purger, store, control. */
#define OWN_THREADS 8
/* A key and a number, and what stands around them. */
#define BOUND_JSON_MAX ((BOUND_TERMS_MAX + 8) * 64)

static void add_term(struct bound *b, const char *name, const char *key, uint64_t bytes)
{
	assert(b->n_terms < BOUND_TERMS_MAX);
	b->terms[b->n_terms++] = (struct bound_term){ name, key, bytes };
	b->bytes += bytes;
}

int bound_compute(const struct config *c, struct bound *ret)
{
	struct pathcheck_bound engine = { .size = sizeof(engine) };
	struct pathcheck_options o;
	struct bound b = { .bytes = 0 };
	uint32_t own, n = c->max_paths;
	int r;

	engine_path_options(c, &o);
	r = pathcheck_bound(&o, &engine);
	if (r < 0)
		return r;
	add_term(&b, "engine: shared tables and rings", "engine_shared_bytes",
	         engine.shared_bytes);
	add_term(&b, "engine: the prober's tables", "engine_prober_bytes",
	         engine.prober_bytes);
	add_term(&b, "engine: the prober's stacks", "engine_stack_bytes",
	         engine.stack_bytes);
	add_term(&b, "engine: the daemon's tables", "engine_client_bytes",
	         engine.client_bytes);
	add_term(&b, "table of paths", "registry_bytes", registry_bytes(n));
	add_term(&b, "schedule", "schedule_bytes", schedule_bytes());
	add_term(&b, "discovery and devices", "discovery_bytes", discovery_bytes(n));
	add_term(&b, "multipath maps", "maps_bytes",
	         maps_bytes(n) + devmapper_bytes(map_room(n), map_path_room(n)));
	add_term(&b, "configuration", "config_bytes",
	         CONFIG_BYTES + (uint64_t)n * CONFIG_BYTES_EACH_PATH + loader_bytes());
	add_term(&b, "snapshots and rings", "port_bytes",
	         port_bytes(n) + waits_bytes(n) + records_wait_bytes(n));
	add_term(&b, "control clients", "control_bytes",
	         control_bytes(n, c->max_clients));
	add_term(&b, "events", "events_bytes", events_bytes(n));
	add_term(&b, "log", "log_bytes", log_bytes());
	add_term(&b, "states for the next start", "store_bytes",
	         store_bytes() + persist_bytes(n));
	add_term(&b, "deletion of disks", "purger_bytes", purger_bytes());
	add_term(&b, "programs and libraries", "program_bytes", PROGRAM_BYTES);

	own = OWN_DESCRIPTORS + c->max_clients;
	b.threads = engine.threads + OWN_THREADS;
	b.descriptors = engine.descriptors + own;
	b.descriptors_each = MAX(engine.descriptors, own);
	b.groups = engine.groups;
	b.in_flight = engine.in_flight;
	b.sg_bytes = (uint64_t)n * SG_BYTES_EACH;
	b.state_bytes = store_file_bytes(n) + control_file_bytes(n);
	*ret = b;
	return 0;
}

void bound_print(const struct bound *b, FILE *out)
{
	(void)fprintf(out, "%-34s %14s\n", "memory at most", "bytes");
	for (unsigned i = 0; i < b->n_terms; i++)
		(void)fprintf(out, "  %-32s %14" PRIu64 "\n", b->terms[i].name,
		              b->terms[i].bytes);
	(void)fprintf(out, "  %-32s %14" PRIu64 "\n", "sum", b->bytes);
	(void)fprintf(out, "%-34s %14" PRIu32 "\n", "threads", b->threads);
	(void)fprintf(out, "%-34s %14" PRIu32 "\n", "descriptors", b->descriptors);
	(void)fprintf(out, "%-34s %14" PRIu32 "\n", "requests in flight", b->in_flight);
	(void)fprintf(out, "%-34s %14" PRIu32 "\n", "groups of 1024 AIO slots",
	              b->groups);
	(void)fprintf(out, "%-34s %14" PRIu64 "\n", "taken of fs.aio-max-nr",
	              (uint64_t)b->groups * PATHCHECK_GROUP_SLOTS);
	(void)fprintf(out, "%-34s %14" PRIu64 "\n", "kernel's memory for SCSI commands",
	              b->sg_bytes);
	(void)fprintf(out, "%-34s %14" PRIu64 "\n", "state files on tmpfs, not locked",
	              b->state_bytes);
}

int bound_json(const struct bound *b, struct text **ret)
{
	char buf[BOUND_JSON_MAX];
	struct jw j;

	jw_init(&j, buf, sizeof(buf));
	jw_object(&j);
	jw_key(&j, "bound_bytes");
	jw_uint(&j, b->bytes);
	jw_key(&j, "terms");
	jw_object(&j);
	for (unsigned i = 0; i < b->n_terms; i++) {
		jw_key(&j, b->terms[i].key);
		jw_uint(&j, b->terms[i].bytes);
	}
	jw_object_end(&j);
	jw_key(&j, "state_files_bytes");
	jw_uint(&j, b->state_bytes);
	jw_key(&j, "threads");
	jw_uint(&j, b->threads);
	jw_key(&j, "descriptors");
	jw_uint(&j, b->descriptors);
	jw_key(&j, "in_flight");
	jw_uint(&j, b->in_flight);
	jw_key(&j, "groups");
	jw_uint(&j, b->groups);
	jw_object_end(&j);
	assert(!j.full);
	return text_new(ret, buf, j.used);
}
