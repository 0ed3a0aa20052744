/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_WHOLE_MAP_WORLD_H
#define TESTS_WHOLE_MAP_WORLD_H

/* The world of one map: what its moves and its judge share. */
#include "checkerd/core/maps_table.h"
#include "tests/whole/whole.h"

#define PATHS_MAX 3
#define DM_MAJOR  253
#define SD_MAJOR  8

/* What can happen beside checks and commands; bits. */
enum feature {
	WITH_HOLDS = 1 << 0,
	WITH_MARKS = 1 << 1, /* an administrator forces and disables paths */
	WITH_DISKS = 1 << 2, /* another disk under the number; answers without identity */
	WITH_RESTART = 1 << 3,  /* the verdicts of a predecessor */
	WITH_REMOVAL = 1 << 4,  /* paths go and come */
	WITHOUT_KEEP = 1 << 5,  /* keep_last_path is off */
	WITH_REFUSALS = 1 << 6, /* the kernel refuses commands */
	/* Something happens while a check runs, or before the loop takes a record. */
	WITH_LONG_CHECKS = 1 << 7,
	WITH_LATE_RECORDS = 1 << 8,
	WITH_EMPTIES = 1 << 9, /* paths are disabled and emptied; only with ONE_MARK */
	/* Less than what can happen. An administrator takes one mark off a path before the next one. */
	ONE_MARK = 1 << 10,
	/* While a command has no answer, nothing else happens. */
	QUICK_KERNEL = 1 << 11,
	/* The same while two have none. */
	ONE_IN_FLIGHT = 1 << 12,
	WITH_SWITCHES = 1 << 13, /* dm_control and keep_last_path change */
	WITH_ADMIN = WITH_MARKS | WITH_SWITCHES,
};

enum record { RECORD_NONE, RECORD_NEWS, RECORD_ANSWER };
enum running { RUNS_NOT, RUNS_IDENTIFYING, RUNS_PLAIN };

/* What the judge and the kernel know of a path. Nothing here comes from the table of maps, but the
 * tokens. */
struct shadow {
	uint64_t token;
	bool active;       /* in the kernel */
	bool view;         /* the same, as the loop knows it */
	bool ours;         /* with !view: failed by a command of the daemon */
	bool same;         /* since it failed, a good check found the map's disk */
	bool barred;       /* a check or discovery found another disk */
	bool known, gone;  /* one of the daemon's paths; its device is gone */
	bool other;        /* another disk is under the number */
	bool described;    /* and discovery has said so */
	bool before;       /* the check that runs began before the failure */
	bool held, reuse;  /* held; and not to be reinstated yet */
	bool forced, last; /* by an administrator; also as the last one */
	bool disabled, emptied, old;
	uint8_t running, verdict;
	uint8_t flight; /* enum agreement_command that the kernel has not executed */
};

struct state {
	struct maps maps;
	struct maps_map map;
	struct maps_path entries[PATHS_MAX];
	struct maps_known known[PATHS_MAX];
	uint32_t heads[1 + 2 * PATHS_MAX];
	struct shadow of[PATHS_MAX];
	/* What the device-mapper thread has for the loop. */
	uint64_t token;
	uint8_t record, record_path, record_verb, record_bits;
	bool refused, control, keep, settling;
};

struct map_world {
	unsigned n, features;
	struct maps *maps; /* the real table */
	struct state *s;   /* what the move works on */
	unsigned sent;     /* commands, while the world becomes quiet */
	struct mono now;
	struct device *device[PATHS_MAX][2]; /* of the map's disk, and of another one */
	struct map *map[1 << PATHS_MAX];     /* by the bits of the active paths */
	uint64_t wwid[2];
};

/* The clock stands still at T0, but for the one move that ends every pause. */
#define T0        (1000 * USEC_PER_SEC)
#define MAP_MOVES 73 /* of the world; see map_moves.c */

extern struct map_world mw;

/* Makes one move and the rest of the loop's round. False: there is no such move now. */
bool map_move(unsigned move);
/* May the move come before the kernel has executed what is in flight? */
bool map_may_move(unsigned move);
/* Checks end as the last decision was; the kernel executes each command, and all is reported. */
void map_be_quiet(void);
/* The daemon has the path. */
void map_add_path(unsigned path);
/* The end of the loop's round. */
void map_end_round(void);
void map_describe(unsigned move, char *buf, size_t size);
/* The path's entry in the table. */
struct maps_path *map_entry(unsigned path);

/* An order of the table: may it be sent? */
void map_judge_order(unsigned path, bool fail);
/* Everything is quiet: does the kernel agree? */
void map_judge_agreement(void);
/* The table itself. */
void map_judge_table(void);

#endif
