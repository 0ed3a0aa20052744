/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control-fixture.h"

#include <unistd.h>

struct test t;
int fd;

int setup(void **state)
{
	(void)state;
	t = (struct test){ 0 };
	fd = -1;
	return 0;
}

int teardown(void **state)
{
	(void)state;
	if (fd >= 0)
		close(fd);
	if (t.loop.port)
		test_stop(&t);
	return 0;
}

void start_with(uint32_t n_paths,
                void (*spec)(uint32_t, struct device_spec *, char[64], char[64]))
{
	test_start(&t, n_paths, spec);
	fd = client_connect(&t);
}

void start(uint32_t n_paths)
{
	start_with(n_paths, plain_spec);
}

void others_are_served(void)
{
	json_object_put(call(fd, "ListPaths", "{\"paths\":[\"sd0\"]}"));
	json_object_put(call(fd, "Ping", "{}"));
}
