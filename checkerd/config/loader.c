/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the loader thread and its last result. loader_main() and loader_read() run on that thread,
 * all other functions on the loop. `present` and `loaded` belong to the thread from loader_start()
 * until the descriptor is readable.
 */
#include "checkerd/config/loader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "checkerd/config/dump.h"
#include "checkerd/config/load.h"
#include "checkerd/config/problem.h"
#include "checkerd/config/restart_only.h"
#include "checkerd/config/rules_text.h"
#include "util/worker.h"

/* Regular expressions are compiled on it. */
#define LOADER_STACK_BYTES (4 * THREAD_STACK_BYTES)

struct loader {
	const char *file;     /* [init] borrowed, NULL: the default */
	struct worker worker; /* is woken to start, notifies when it is done */
	const struct config *present;
	struct loaded loaded;
};

void loaded_deinit(struct loaded *l)
{
	l->config = config_free(l->config);
	l->dump = text_unref(l->dump);
	l->rules = text_unref(l->rules);
	l->messages = text_unref(l->messages);
}

/* What was written to a memory stream; an empty one gives NULL. make: text_new(), or so. */
static int take_text(FILE *stream, char **data, const size_t *size,
                     int (*make)(struct text **ret, const char *data, size_t size),
                     struct text **ret)
{
	int r = ferror(stream) ? -ENOMEM : 0;

	if (fclose(stream) != 0)
		r = -ENOMEM;
	if (r == 0 && *size > 0)
		r = make(ret, *data, *size);
	free(*data);
	return r;
}

static int print_text(const struct config *c,
                      void (*print)(const struct config *c, FILE *out), struct text **ret)
{
	char *data = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&data, &size);

	if (out == NULL)
		return -ENOMEM;
	print(c, out);
	return take_text(out, &data, &size, text_new_unlocked, ret);
}

/* Compares it with the one in force. */
static int adapt(struct loaded *l, const struct config *present, FILE *out)
{
	int r;

	assert(l->config != NULL); /* load_file() said 0 */
	if (present == NULL)
		return 0;
	if (l->config->multipath_conf_refused && !present->multipath_conf_refused) {
		(void)fprintf(out, "error: multipath.conf was read before, and now it "
		                   "cannot be: the configuration stays as it is\n");
		return -EINVAL;
	}
	r = restart_only_keep(present, l->config, out);
	if (r < 0)
		return r;
	if (l->config->n_paths > l->config->max_paths) {
		(void)fprintf(out, "error: %zu paths are configured, max_paths is %u\n",
		              l->config->n_paths, l->config->max_paths);
		return -E2BIG;
	}
	return 0;
}

static int read_and_adapt(const char *file, enum loader_extent extent,
                          const struct config *present, struct loaded *ret)
{
	char *data = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&data, &size);
	int r, text;

	*ret = (struct loaded){ .result = -ENOMEM };
	if (out == NULL)
		return -ENOMEM;
	r = extent == LOADER_MULTIPATH_CONF ? load_multipath_conf(file, &ret->config)
	                                    : load_file(file, &ret->config);
	if (ret->config != NULL)
		(extent == LOADER_FOR_LOG ? problems_print_brief
		                          : problems_print)(ret->config, out);
	if (r == 0)
		r = adapt(ret, present, out);
	if (r == 0)
		r = print_text(ret->config, dump_config, &ret->dump);
	if (r == 0)
		r = print_text(ret->config, rules_text_print, &ret->rules);
	text = take_text(out, &data, &size, text_new, &ret->messages);
	ret->result = r < 0 ? r : text;
	return ret->result;
}

int loader_read(const char *file, const struct config *present, struct loaded *ret)
{
	return read_and_adapt(file, LOADER_FOR_LOG, present, ret);
}

int loader_read_extent(const char *file, enum loader_extent extent, struct loaded *ret)
{
	return read_and_adapt(file, extent, NULL, ret);
}

static void *loader_main(void *arg)
{
	struct loader *l = arg;

	thread_stack_lock(THREAD_STACK_NONE); /* what it reads is on a disk anyway */
	for (;;) {
		if (worker_wait(&l->worker, -1, -1) != WORKER_WOKEN)
			continue;
		if (worker_stopping(&l->worker))
			return NULL;
		(void)!loader_read(l->file, l->present,
		                   &l->loaded); /* its result is in there */
		worker_notify(&l->worker);
	}
}

static void loader_destroy(struct loader *l)
{
	worker_deinit(&l->worker);
	loaded_deinit(&l->loaded);
	free(l);
}

int loader_new(struct loader **ret, const char *file)
{
	struct loader *l;
	int r;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	l->file = file;
	r = worker_init(&l->worker, true);
	if (r == 0)
		r = worker_start(&l->worker, "loader", LOADER_STACK_BYTES, loader_main,
		                 l);
	if (r < 0) {
		loader_destroy(l);
		return r;
	}
	*ret = l;
	return 0;
}

bool loader_free(struct loader *l, int64_t limit_us)
{
	if (l == NULL)
		return true;
	if (!worker_stop(&l->worker, limit_us))
		return false;
	loader_destroy(l);
	return true;
}

void loader_start(struct loader *l, const struct config *present)
{
	l->present = present;
	worker_wake(&l->worker);
}

int loader_fd(const struct loader *l)
{
	return l->worker.out_fd;
}

bool loader_take(struct loader *l, struct loaded *ret)
{
	if (!worker_clear(&l->worker))
		return false;
	*ret = l->loaded;
	l->loaded = (struct loaded){ .result = 0 };
	return true;
}

uint64_t loader_bytes(void)
{
	return sizeof(struct loader) + LOADER_STACK_BYTES;
}
