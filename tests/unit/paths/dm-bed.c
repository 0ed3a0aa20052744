/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include "tests/unit/paths/dm-bed.h"

struct devmapper thread;

bool devmapper_next(struct devmapper *d, struct dm_record *ret)
{
	if (d->taken == d->n_news)
		return false;
	*ret = d->news[d->taken++];
	return true;
}

bool devmapper_command(struct devmapper *d, const struct dm_command *c)
{
	if (d->room == 0)
		return false;
	d->room--;
	d->commands[d->n_commands++] = *c;
	return true;
}

void devmapper_look(struct devmapper *d)
{
	d->looks++;
}

void devmapper_report_again(struct devmapper *d)
{
	d->again++;
}

struct port port;
struct log log_thread;
struct event reported[64];
unsigned n_reported;
uint32_t expedited;
unsigned n_expedited;

void checks_expedite(struct checks *c, uint32_t index, struct mono now)
{
	(void)c;
	(void)now;
	expedited = index;
	n_expedited++;
}

bool port_loop_has_room(const struct port *p)
{
	(void)p;
	return true;
}

void port_loop_event(struct port *p, const struct event *e)
{
	p->events++;
	if (n_reported < ARRAY_LEN(reported))
		reported[n_reported++] = *e;
}

void log_push(struct log *l, const struct event *e)
{
	(void)e;
	l->events++;
}
