// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Agreement: checkerd, the kernel, and another daemon that fails and reinstates paths as it likes. Two
 * paths of one map with keep_last_path. Paths break and heal, I/O fails paths that are broken, another
 * disk takes a path's number, and commands are refused: each a limited number of times. Checks, reads
 * of the map and commands go on for ever.
 *
 * What each step does is agreement.c and maps_orders.c in short. tests/whole goes through the code
 * itself; here there are other programs at every moment, and "once causes end, all agree" for ever.
 */
// verify:
// live: agree -DCAUSES=2 -DOTHERS=1
// mutant: M_LAST: the last usable path is failed, too
// mutant: M_UNCHECKED: a failed path is reinstated without a check that began after the failure
// mutant: M_UNIDENTIFIED: a check that found another disk counts as a good one
// mutant: M_NO_RETRY: a refused command is not sent again
// mutant: M_ECHO: a command is sent again and again, without a need
// mutant: M_BLIND: a failed path is not noticed if the daemon has not failed it
#define N 2
#ifndef CAUSES
#define CAUSES 3 /* what breaks, heals or changes its disk */
#endif
#ifndef OTHERS
#define OTHERS 2 /* commands of the other daemon, and failures of I/O */
#endif
#define REFUSALS 1

mtype = { NONE, FAIL, REINSTATE };

/* The truth. */
bool broken[N], swapped[N];
bool works[N] = true; /* the kernel's */
byte causes, others, refusals, commands;

/* What checkerd knows. */
bool view[N] = true;
bool bad[N], good[N]; /* the decision; neither: none yet */
bool barred[N];
bool same[N] = true; /* since the failure a good check found the disk */
mtype waits[N] = NONE;
bool done[N]; /* the kernel has executed the command */
bool refused[N];
bool gave_up[N];

#define ANOTHER(p) (view[1 - p] && good[1 - p] && !barred[1 - p] && waits[1 - p] != FAIL)

#ifdef M_UNCHECKED
#define SAME(p) true
#else
#define SAME(p) same[p]
#endif

/* What the promises say; it is not part of the daemon. */
bool proven[N] = true; /* a good check that began after the failure found the map's disk */
bool other[N];         /* a check found another disk */

inline command(p, what)
{
	assert(what == FAIL || (proven[p] && !other[p]));
	assert(what == REINSTATE || other[p] || (bad[p] && ANOTHER(p)));
	waits[p] = what;
	commands++;
	/* BOUND: one for each cause, one for each thing that others did, and the path that comes back. */
	assert(commands <= 2 * (causes + others + refusals) + N)
}

/* ORDER: agreement_next() of one path, at the end of the loop's round. */
inline order(p)
{
	if
	:: waits[p] != NONE || gave_up[p]
	:: else ->
		if
		:: view[p] && barred[p] -> command(p, FAIL)
#ifdef M_LAST
		:: view[p] && !barred[p] && bad[p] -> command(p, FAIL)
#else
		:: view[p] && !barred[p] && bad[p] && ANOTHER(p) -> command(p, FAIL) /* KEEP */
#endif
		:: !view[p] && !barred[p] && good[p] && SAME(p) -> command(p, REINSTATE)
#ifdef M_ECHO
		:: view[p] && !barred[p] && good[p] && commands > 0 -> command(p, REINSTATE)
#endif
		:: else
		fi
	fi
}

/* EXECUTE: the kernel, for the device-mapper thread. */
inline execute(p)
{
	if
	:: refusals < REFUSALS -> refusals++; refused[p] = true
	:: true ->
		works[p] = (waits[p] == REINSTATE)
	fi;
	done[p] = true
}

inline see(p, now) /* SEE: agreement_update(), agreement_answered() */
{
	if
	:: !now && view[p] -> same[p] = false; proven[p] = false
	:: else
	fi;
	view[p] = now
}

inline answer(p)
{
	if
#ifdef M_NO_RETRY
	:: refused[p] -> gave_up[p] = true
#else
	:: refused[p]
#endif
	:: else -> see(p, waits[p] == REINSTATE)
	fi;
	waits[p] = NONE;
	done[p] = false;
	refused[p] = false
}

/* CHECK: it begins after what the loop has seen, and it ends at once or never. */
inline check(p)
{
	if
	:: broken[p] -> bad[p] = true; good[p] = false
	:: !broken[p] && swapped[p] ->
		other[p] = true;
#ifdef M_UNIDENTIFIED
		same[p] = true;
#else
		barred[p] = true;
#endif
		good[p] = true; bad[p] = false
	:: else -> good[p] = true; bad[p] = false; same[p] = true; proven[p] = true
	fi
}

/* The daemon: processes, because each path has its turn. */
proctype checks(byte p)
{
	do
	:: atomic { check(p); order(0); order(1) }
	od
}

proctype records(byte p)
{
	do
	:: atomic { done[p] -> answer(p); order(0); order(1) }
#ifndef M_BLIND
	/* READ: after an event of device-mapper. */
	:: atomic { works[p] != view[p] && !done[p] -> see(p, works[p]); order(0); order(1) }
#endif
	od
}

proctype kernel(byte p)
{
	do
	:: atomic { waits[p] != NONE && !done[p] -> execute(p) }
	od
}

init {
	atomic {
		run checks(0);
		run checks(1);
		run records(0);
		run records(1);
		run kernel(0);
		run kernel(1);
		run world()
	}
}

/* The world; it ends. */
proctype world()
{
	byte p;

	do
	:: atomic { causes < CAUSES -> causes++;
		select(p : 0 .. N - 1);
		if
		:: broken[p] = !broken[p]
		:: !swapped[p] -> swapped[p] = true
		fi }
	/* I/O, and the other daemon, which has opinions of its own. */
	:: atomic { others < OTHERS -> others++;
		select(p : 0 .. N - 1);
		if
		:: works[p] = false
		:: works[p] = true
		fi }
	:: break
	od
}

#define RIGHT(p) ((barred[p] && !view[p]) || (!barred[p] && good[p] && view[p]) || \
	(!barred[p] && !good[p] && (!view[p] || !ANOTHER(p))))
#define TRUE(p) (bad[p] == broken[p] || barred[p])

ltl agree { <> [] (RIGHT(0) && RIGHT(1) && TRUE(0) && TRUE(1) &&
	view[0] == works[0] && view[1] == works[1]) }
