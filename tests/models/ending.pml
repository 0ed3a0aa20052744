// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The end of a prober: the thread that stops it, the submitter, two groups with a reaper each, a rescuer,
 * and the kernel. Each group has one slot. Paths have descriptors, which rescuers close in slots. When no
 * slot is free, the submitter takes an unused group into use for that, also while the prober stops.
 * Wake-ups are sent as in reaper.pml and wakeup.pml, which show that none is lost. A thread that sleeps and
 * is never woken would be an invalid end.
 *
 * HARD: the one start from which the known bug came: the other group retires just now.
 */
// verify:
// live: ends -DHARD
// mutant: M_REAPER_ENDS: a reaper ends when the prober stops and its group is unused (this bug was in the code)
// mutant: M_ENDED_EARLY: the reapers are told before the submitter has ended
// mutant: M_NO_LAST_WAKE: a reaper that sleeps is not woken when the submitter has ended
// mutant: M_RETIRED_FIRST: the groups retire first, and the paths are removed after
// mutant: M_RESCUERS_FIRST: the rescuers end before the submitter
// mutant: M_NOT_TOLD: a reaper that has retired its group does not wake the submitter
#define GROUPS 2
#define PATHS  2

mtype = { UNUSED, SETTING_UP, SERVING, RETIRING };      /* a group */
mtype = { FREE, IN_FLIGHT, ORPHANED, CLOSING, ANSWERED } /* a slot */

mtype group[GROUPS], slot[GROUPS];
bool has_reaper[GROUPS], reaper_gone[GROUPS];
bool setup_running[GROUPS], destroying[GROUPS];
bool setup_job[GROUPS], close_job[GROUPS];
bool in_kernel, event; /* of the request of group 0 */
bool wake[GROUPS]; /* the reaper's eventfd */
byte members[GROUPS];

bool has_fd[PATHS], used[PATHS], deferred[PATHS];
byte home[PATHS], open = 0; /* descriptors of paths and slots: a ghost */

bool stopping, ended, submitter_ended, submitter_wake, rescuers_stop, rescuer_gone, gone;

proctype kernel()
{
	atomic { in_kernel -> in_kernel = false; event = true }
}

/* GIVE: with the lock, an orphan's descriptor goes to a rescuer. */
inline complete_orphan(g)
{
	slot[g] = CLOSING;
	close_job[g] = true
}

proctype reaper(byte g)
{
	do
	:: true ->
		/* ROUND: reaper_round() */
		atomic {
			wake[g] || (g == 0 && event);
			wake[g] = false;
			if
			:: g == 0 && event && slot[g] == ORPHANED -> complete_orphan(g)
			:: g == 0 && event && slot[g] == IN_FLIGHT -> slot[g] = FREE; submitter_wake = true
			:: else
			fi;
			if
			:: g == 0 -> event = false
			:: else
			fi;
			if
			:: slot[g] == ANSWERED -> slot[g] = FREE; submitter_wake = true
			:: else
			fi
		}
		/* RETIRE: retire() */
		if
		:: atomic { group[g] == RETIRING && !setup_running[g] && slot[g] != IN_FLIGHT &&
			(slot[g] == FREE || stopping) -> destroying[g] = true };
			(g == 1 || !in_kernel); /* io_destroy() waits */
			atomic {
				destroying[g] = false;
				if
				:: g == 0 -> event = false
				:: else
				fi;
				if
				:: slot[g] == ORPHANED -> complete_orphan(g)
				:: else
				fi;
				if
				:: slot[g] == FREE -> assert(!setup_job[g] && !close_job[g]); group[g] = UNUSED
				:: else
				fi;
#ifndef M_NOT_TOLD
				submitter_wake = true
#endif
			}
		:: else
		fi;
		/* LAST: reaper_main() */
		if
#ifdef M_REAPER_ENDS
		:: stopping && group[g] == UNUSED -> break
#else
		:: ended -> break
#endif
		:: else
		fi
	od;
	reaper_gone[g] = true
}

inline set_up(g) /* SETUP: job_setup() */
{
	atomic {
		setup_running[g] = false;
		if
		:: group[g] != RETIRING -> group[g] = SERVING
		:: else
		fi;
		wake[g] = true;
		submitter_wake = true
	}
}

inline close_fd(g) /* CLOSED: job_close(), group_answer() */
{
	atomic {
		assert(slot[g] == CLOSING && group[g] != UNUSED);
		open--;
		slot[g] = ANSWERED;
		wake[g] = true
	}
}

#define NO_JOB (!setup_job[0] && !setup_job[1] && !close_job[0] && !close_job[1])

proctype rescuer()
{
	do
	:: atomic { setup_job[0] -> setup_job[0] = false }; set_up(0)
	:: atomic { setup_job[1] -> setup_job[1] = false }; set_up(1)
	:: atomic { close_job[0] -> close_job[0] = false }; close_fd(0)
	:: atomic { close_job[1] -> close_job[1] = false }; close_fd(1)
	:: rescuers_stop && NO_JOB -> break
	od;
	rescuer_gone = true
}

/* CLOSE: start_close(), with the lock: the slot is an orphan, and a rescuer closes its descriptor. */
inline close_in(g, p)
{
	slot[g] = CLOSING;
	close_job[g] = true;
	has_fd[p] = false
}

#define CAN_TAKE(g) (group[g] != UNUSED && slot[g] == FREE && !destroying[g])

inline take(g, p)
{
	if
	:: group[g] == RETIRING -> group[g] = SERVING; wake[g] = true
	:: else
	fi;
	close_in(g, p)
}

/* ACTIVATE: activate() */
inline activate(g, p)
{
	if
	:: !has_reaper[g] -> has_reaper[g] = true; run reaper(g)
	:: else
	fi;
	group[g] = SETTING_UP;
	setup_running[g] = true;
	wake[g] = true;
	setup_job[g] = true;
	assert(slot[g] == FREE);
	close_in(g, p)
}

/* HOME: homes_take_slot() */
inline start_close(p)
{
	if
	:: CAN_TAKE(0) -> take(0, p)
	:: !CAN_TAKE(0) && CAN_TAKE(1) -> take(1, p)
	:: !CAN_TAKE(0) && !CAN_TAKE(1) && group[0] == UNUSED -> activate(0, p)
	:: !CAN_TAKE(0) && !CAN_TAKE(1) && group[0] != UNUSED && group[1] == UNUSED -> activate(1, p)
	:: else -> deferred[p] = true
	fi
}

/* REMOVE: command_remove() */
inline remove(p)
{
	if
	:: used[p] ->
		used[p] = false;
		members[home[p]]--;
		if
		:: p == 0 && slot[0] == IN_FLIGHT -> slot[0] = ORPHANED; has_fd[p] = false
		:: else
		fi;
		if
		:: has_fd[p] -> start_close(p)
		:: else
		fi
	:: else
	fi
}

inline retire_one(g)
{
	if
	:: group[g] != UNUSED -> group[g] = RETIRING
	:: else
	fi;
	wake[g] = true
}

inline retry_close(p)
{
	if
	:: deferred[p] -> deferred[p] = false;
		if
		:: stopping -> has_fd[p] = false; open--
		:: else -> start_close(p)
		fi
	:: else
	fi
}

proctype submitter()
{
	bool all_removed;
#ifdef HARD
	bool may_remove = false;
#else
	bool may_remove = true;
#endif


	do
	:: true ->
		if
		:: stopping && !all_removed -> /* END: end_all() */
			all_removed = true;
#ifdef M_RETIRED_FIRST
			atomic { retire_one(0) };
			atomic { retire_one(1) };
			atomic { remove(0) };
			atomic { remove(1) }
#else
			atomic { remove(0) };
			atomic { remove(1) };
			atomic { retire_one(0) };
			atomic { retire_one(1) }
#endif
		:: !stopping && may_remove -> atomic { may_remove = false; remove(1) }
		:: else
		fi;
		atomic {
			retry_close(0);
			retry_close(1)
		}
		atomic { /* homes_retire() */
			if
			:: members[1] == 0 && (group[1] == SETTING_UP || group[1] == SERVING) -> retire_one(1)
			:: else
			fi
		}
		/* DONE: is_done() */
		if
		:: stopping && group[0] == UNUSED && group[1] == UNUSED -> break
		:: else
		fi;
		if
		:: stopping && !all_removed
		:: else ->
			atomic { submitter_wake -> submitter_wake = false }
		fi
	od;
	submitter_ended = true
}

/* STOP: prober_stop() */
proctype stop()
{
	byte g;

	stopping = true;
#ifdef M_ENDED_EARLY
	ended = true;
#endif
#ifdef M_RESCUERS_FIRST
	rescuers_stop = true;
	rescuer_gone;
#endif
	submitter_wake = true;
	submitter_ended;
	ended = true;
	for (g : 0 .. GROUPS - 1) {
		if
		:: has_reaper[g] ->
#ifndef M_NO_LAST_WAKE
			wake[g] = true;
#endif
			reaper_gone[g]
		:: else
		fi
	}
	rescuers_stop = true;
	rescuer_gone;
	assert(open == 0);
	for (g : 0 .. GROUPS - 1) {
		assert(group[g] == UNUSED && slot[g] == FREE)
	}
	gone = true
}

init {
	atomic {
		slot[0] = FREE;
		slot[1] = FREE;
		group[0] = SERVING;
		has_reaper[0] = true;
		run reaper(0);
		/* The other group: never used, unused, retiring, or the home of path 1. */
		if
#ifndef HARD
		:: group[1] = UNUSED
		:: group[1] = SERVING; has_reaper[1] = true; home[1] = 1
		:: group[1] = UNUSED; has_reaper[1] = true
#endif
		:: group[1] = RETIRING; has_reaper[1] = true; wake[1] = true
		fi;
		if
		:: has_reaper[1] -> run reaper(1)
		:: else
		fi;
		used[0] = true; used[1] = true;
		has_fd[0] = true; has_fd[1] = true;
		open = 2;
		members[home[0]]++; members[home[1]]++;
		if
		:: slot[0] = IN_FLIGHT; in_kernel = true
		:: true
		fi;
		if
		:: in_kernel -> run kernel()
		:: else
		fi;
		run rescuer();
		run submitter();
		run stop()
	}
}

ltl ends { <> gone }
