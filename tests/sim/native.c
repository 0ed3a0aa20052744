/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Controllers and namespaces of native NVMe multipathing, and what discovery's thread finds of them in
 * sysfs. The list and its difference are the product's; the thread is finder.c's.
 */
#include <stdio.h>
#include <string.h>

#include "checkerd/discovery/found.h"
#include "tests/sim/calls.h"

static struct {
	unsigned controllers, namespaces; /* 0: none in this seed */
	struct path_settings settings;
	bool away[CONTROLLERS_MAX];
	const char *state[CONTROLLERS_MAX]; /* as in sysfs */
	const char *ana[NATIVES_MAX];
	/* Of the thread. */
	struct found_list known;
	struct mono due;
	bool updating;
} native;

void natives_reset(void)
{
	memset(&native, 0, sizeof(native));
	native.due = MONO_NEVER;
}

void natives_choose(void)
{
	if (!sim_one_in(3))
		return;
	native.controllers = (unsigned)sim_between(2, CONTROLLERS_MAX);
	native.namespaces = (unsigned)sim_between(4, NAMESPACES_MAX);
	host_settings(&native.settings);
	native.settings.checker = CHECKER_NONE;
	native.settings.max_interval_grid =
	        path_max_interval_grid(native.settings.interval_us);
	natives_heal();
}

unsigned natives_total(void)
{
	return native.controllers * native.namespaces;
}

unsigned natives_namespaces(void)
{
	return native.namespaces;
}

bool natives_fail_at_once(void)
{
	return native.settings.fail_checks == 1;
}

void native_name(unsigned i, char ret[static 32])
{
	(void)snprintf(ret, 32, "nvme0c%un%u", i / NAMESPACES_MAX,
	               i % NAMESPACES_MAX + 1);
}

bool native_index(const char *name, unsigned *ret)
{
	unsigned c, n;

	if (sscanf(name, "nvme0c%un%u", &c, &n) != 2)
		return false;
	*ret = c * NAMESPACES_MAX + n - 1;
	return true;
}

int natives_namespace(const char *map)
{
	unsigned n;

	return sscanf(map, "nvme0n%u", &n) == 1 ? (int)n - 1 : -1;
}

struct mono natives_due(void)
{
	return native.due;
}

bool natives_is_updating(void)
{
	return native.updating;
}

static struct device *describe(unsigned i)
{
	char name[32], node[64], map[32], host[16];
	const struct device_spec spec = { .name = name,
		                          .node = node,
		                          .map = map,
		                          .host = host,
		                          .target = "nqn.sim",
		                          .vendor = "NVME",
		                          .product = "ARRAY",
		                          .diskseq = i + 1,
		                          .kind = DEVICE_OBSERVED };
	struct device *d;

	native_name(i, name);
	(void)snprintf(node, sizeof(node), "/sys/class/block/%s", name);
	(void)snprintf(map, sizeof(map), "nvme0n%u", i % NAMESPACES_MAX + 1);
	(void)snprintf(host, sizeof(host), "nvme%u", i / NAMESPACES_MAX);
	if (device_new(&d, &spec) < 0)
		sim_fail("no memory for a device");
	return d;
}

static bool is_there(unsigned c)
{
	return c < native.controllers && !native.away[c] && !sim.empty;
}

static void list(struct found_list *l)
{
	for (unsigned i = 0; i < NATIVES_MAX; i++) {
		if (!is_there(i / NAMESPACES_MAX) ||
		    i % NAMESPACES_MAX >= native.namespaces)
			continue;
		if (found_list_append(l, describe(i), &native.settings) < 0)
			sim_fail("no memory for a list");
	}
	(void)found_list_sort(l); /* result ignored: each name is unique */
}

static struct found state_of(unsigned i, bool last)
{
	unsigned c = i / NAMESPACES_MAX;
	char name[32];
	size_t at;

	native_name(i, name);
	at = found_list_find(&native.known, name);
	return (struct found){
		.op = FOUND_STATE,
		.device = device_ref(native.known.entries[at].device),
		.state = { .device = sysfs_word(SYSFS_CONTROLLER, native.state[c]),
		           .access = sysfs_word(SYSFS_ANA, native.ana[i]) },
		.last = last,
	};
}

/* The paths of a map follow each other. */
static void emit_states(int (*emit)(void *arg, struct found *f), void *arg)
{
	for (unsigned n = 0; n < native.namespaces; n++) {
		unsigned left = 0;

		for (unsigned pass = 0; pass < 2; pass++)
			for (unsigned c = 0; c < CONTROLLERS_MAX; c++) {
				unsigned i = c * NAMESPACES_MAX + n;
				struct found f;
				char name[32];

				native_name(i, name);
				if (found_list_find(&native.known, name) ==
				    native.known.n)
					continue;
				if (pass == 0) {
					left++;
					continue;
				}
				f = state_of(i, --left == 0);
				if (emit(arg, &f) < 0)
					return; /* discovery ends */
			}
	}
}

void natives_update(bool gone, int (*emit)(void *arg, struct found *f), void *arg)
{
	struct found_list l = FOUND_LIST_NULL;

	if (native.controllers == 0)
		return;
	native.updating = true;
	list(&l);
	/* result ignored: -ECANCELED at the end */
	(void)found_plan(&native.known, &l, gone, emit, arg);
	found_list_deinit(&native.known);
	native.known = l;
	emit_states(emit, arg);
	native.updating = false;
	native.due = mono_add(sim.now, native.settings.interval_us);
}

void natives_stop(void)
{
	found_list_deinit(&native.known);
	native.due = MONO_NEVER;
	native.updating = false;
}

void natives_cut(void)
{
	native.state[sim_below(native.controllers)] = "connecting";
}

void natives_trouble(void)
{
	static const char *const states[] = { "live", "connecting", "resetting", "dead" };
	static const char *const anas[] = { "optimized",    "non-optimized",
		                            "inaccessible", "persistent-loss",
		                            "change",       NULL };
	unsigned c = (unsigned)sim_below(CONTROLLERS_MAX);

	switch (sim_below(6)) {
	case 0:
		native.away[c] = !native.away[c];
		break;
	case 1: /* the array is cut off, or comes back */
		for (unsigned i = 0; i < CONTROLLERS_MAX; i++)
			native.state[i] = states[sim_below(2)];
		break;
	case 2:
		native.ana[sim_below(NATIVES_MAX)] = anas[sim_below(ARRAY_LEN(anas))];
		break;
	default:
		native.state[c] = states[sim_below(ARRAY_LEN(states))];
	}
}

void natives_heal(void)
{
	for (unsigned i = 0; i < CONTROLLERS_MAX; i++) {
		native.away[i] = false;
		native.state[i] = "live";
	}
	for (unsigned i = 0; i < NATIVES_MAX; i++)
		native.ana[i] = "optimized";
}
