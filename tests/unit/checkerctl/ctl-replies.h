/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_CHECKERCTL_CTL_REPLIES_H
#define TESTS_UNIT_CHECKERCTL_CTL_REPLIES_H

/* The replies of a healthy daemon. */
#include "tests/unit/checkerctl/ctl-fake.h"

#define REPLY(method, text)                                            \
	{                                                              \
		"io.checkerd.Control." method "\"", FAKE_WELL, text, 0 \
	}

#define PATH_A                                                                           \
	"{\"name\":\"sda\",\"device\":\"/dev/sda\",\"devt\":\"8:0\",\"map\":\"m1\","     \
	"\"state\":\"up\",\"state_since\":\"2026-01-01T00:00:00Z\",\"reason\":null,"     \
	"\"engine\":\"aio\",\"enabled\":true,\"next_check_in_s\":2.5,\"in_flight_s\":"   \
	"null,"                                                                          \
	"\"dm_state\":\"active\",\"latency_us\":{\"last\":850,\"p50\":900,\"p99\":1200," \
	"\"max\":7},\"latency_counts\":[0,0,1,100]}"
#define PATH_B                                                                        \
	"{\"name\":\"sdb\",\"device\":\"/dev/sdb\",\"devt\":\"8:16\",\"map\":null,"   \
	"\"state\":\"down\",\"state_since\":\"2026-01-01T00:00:00Z\",\"engine\":"     \
	"\"aio\","                                                                    \
	"\"reason\":\"no answer to a read in 30 s, nor to any of the ones that were " \
	"tried after it "                                                             \
	"since then\",\"enabled\":false}"
#define PATHS "{\"parameters\":{\"paths\":[" PATH_A "," PATH_B "]}}"
#define MAPS                                                                             \
	"{\"parameters\":{\"maps\":[{\"name\":\"m1\",\"dm\":\"dm-0\",\"paths_total\":2," \
	"\"paths_up\":1,"                                                                \
	"\"redundancy\":\"last\",\"queueing\":true,\"suspended\":false,\"paths\":["      \
	"\"sda\",\"8:99\"],\"kept_path\":\"sda\",\"groups\":[{\"group\":1,\"state\":"    \
	"\"active\","                                                                    \
	"\"paths\":[{\"path\":\"sda\",\"devt\":\"8:0\",\"dm_state\":\"active\","         \
	"\"kept\":true,"                                                                 \
	"\"error\":null},{\"path\":\"sdz\",\"devt\":\"8:32\"}]},{\"group\":2,\"state\":" \
	"\"enabled\","                                                                   \
	"\"paths\":[{\"path\":null,\"devt\":\"8:99\",\"dm_state\":\"failed\",\"kept\":"  \
	"false,"                                                                         \
	"\"error\":\"EBUSY\"}]}]},"                                                      \
	"{\"name\":\"m2\",\"paths_total\":2,\"paths_up\":2,\"redundancy\":\"full\","     \
	"\"paths\":[\"sdb\",\"gone\"]}]}}"

static const struct fake_answer good[] = {
	REPLY("ListPaths", PATHS),
	REPLY("ListMaps", MAPS),
	REPLY("GetGroups",
	      "{\"parameters\":{\"groups\":[{\"id\":0,\"kind\":\"aio\",\"slots\":1024,"
	      "\"queued\":1,\"in_flight\":2,\"expired\":3,\"orphans\":4,\"state\":"
	      "\"ready\"}],"
	      "\"deferred\":{\"now\":5,\"max\":6,\"total\":7},"
	      "\"emergency\":{\"now\":8,\"max\":9,\"total\":10},"
	      "\"rescuers\":{\"size\":16,\"busy\":11,\"stuck\":12,\"stuck_max\":13},"
	      "\"aio_nr\":1024,\"aio_max_nr\":65536,\"io_setup_failures_total\":14}}"),
	REPLY("GetStatus",
	      "{\"parameters\":{\"version\":\"0.1.0\",\"pid\":42,"
	      "\"started\":\"2026-01-01T00:00:00Z\",\"ready\":true,"
	      "\"paths\":{\"total\":2,\"up\":1,\"down\":1,\"ghost\":0},"
	      "\"maps\":{\"total\":0},\"lag_s\":{\"last\":0.0005,\"max\":0.002},"
	      "\"oldest_in_flight_s\":null,\"memory\":{\"bound_bytes\":2097152,"
	      "\"locked_bytes\":1048576},\"prober\":{\"pid\":43,\"restarts_total\":0,"
	      "\"heartbeat_age_s\":0.1},\"dm_control\":\"off\",\"warnings\":["
	      "\"first\\u0007\"]}}"),
	REPLY("GetConfig",
	      "{\"parameters\":{\"config\":\"defaults {\\n\\tdiscovery udev\\n}\\n\"}}"),
	REPLY("GetMemory", "{\"parameters\":{\"memory\":{\"total_bytes\":2048,\"terms\":"
	                   "[{\"paths\":3}]}}}"),
	REPLY("GetMetrics", "{\"parameters\":{\"metrics\":\"x{path=\\\"\u00e9\\\"} "
	                    "1\\n\\u001by 2\\n# EOF\\n\"}}"),
	REPLY("ListEvents",
	      "{\"parameters\":{\"events\":[{\"seq\":8,\"time\":\"2026-01-01T00:00:00Z\","
	      "\"type\":\"path_state\",\"path\":\"sda\",\"map\":\"m1\",\"message\":\"sda "
	      "is "
	      "up\"},{\"seq\":9,\"type\":\"map\",\"map\":\"m2\"},"
	      "{\"seq\":10,\"type\":\"map\",\"map\":\"m1\"}],\"lost\":3}}"),
	REPLY("ListHistory",
	      "{\"parameters\":{\"histories\":[{\"path\":\"sda\",\"state\":\"up\","
	      "\"state_since\":\"2026-01-01T00:00:00Z\",\"changes\":["
	      "{\"seq\":9,\"time\":\"2025-01-01T00:00:00.000000Z\",\"from\":\"up\","
	      "\"lasted_s\":90.5,\"to\":\"down\",\"reason\":\"read: Input/output error "
	      "(EIO)\"}]}]}}"),
	REPLY("Check",
	      "{\"parameters\":{\"results\":[{\"path\":\"sda\",\"state\":\"up\"}]}}"),
	REPLY("Disable", "{\"parameters\":{}}"),
	REPLY("Enable", "{}"),
	REPLY("Fail", "{\"parameters\":{}}"),
	REPLY("Reinstate", "{\"parameters\":{}}"),
	REPLY("Release", "{\"parameters\":{}}"),
	REPLY("Reload", "{\"parameters\":{\"message\":\"3 paths added\"}}"),
	REPLY("SetLogLevel", "{\"parameters\":{}}"),
	REPLY("Ping", "{}"),
	{ 0 },
};

#endif
