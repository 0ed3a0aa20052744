// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Replacement of a prober: one id of the caller's table, its generations, a check that is outstanding, and
 * the age that it takes to the next prober. Each prober has a region of its own; one that was killed may
 * go on for as long as the kernel holds it. A disk may hang: then the check ends by its age.
 */
// verify:
// live: ends
// mutant: M_AGE: the next prober starts the check's time again
// mutant: M_FREE_EARLY: the id is free when it is removed, and not when the prober has released it
// mutant: M_LOST: an outstanding check is not requested from the next prober
// mutant: M_ONE_REGION: the next prober has the region of the last one
// mutant: M_LEAVING_KEPT: an id that was being removed waits for the next prober, which does not know it
#define PROBERS 3
#define LIMIT   2 /* of a check's age */
#define ADDS    2
#define CHECKS  2

mtype = { ADD, CHECK, REMOVE, RESULT, RELEASED };
mtype = { FREE, USED, LEAVING };

chan commands[PROBERS] = [4] of { mtype, byte, byte };
chan results[PROBERS] = [4] of { mtype, byte };
bool killed[PROBERS];
byte age[PROBERS]; /* of the check, in the region */

byte now_at;       /* the prober of now */
mtype state = FREE;
byte generation;
bool outstanding;
byte time;         /* that the check has taken in all probers; a ghost */

#ifdef M_ONE_REGION
#define REGION(r) 0
#else
#define REGION(r) r
#endif

proctype prober(byte r)
{
	bool used, running, leaving;
	byte mine, g, w;

end:	do
	:: killed[r] -> break
	:: atomic { commands[r] ? ADD, g, w -> assert(!used); used = true; mine = g }
	:: atomic { commands[r] ? CHECK, g, w -> assert(used && !running && g == mine);
		running = true; age[r] = w }
	:: atomic { commands[r] ? REMOVE, g, w -> assert(used && g == mine); leaving = true }
	/* RESULT: the disk answers, or the check has its age. */
	:: atomic { running -> running = false; results[REGION(r)] ! RESULT, mine }
	:: atomic { running && age[r] < LIMIT -> age[r]++;
		if
		:: r == now_at && !leaving && outstanding -> time++; assert(time <= LIMIT)
		:: else
		fi }
	/* RELEASE: nothing of the id is in the kernel. */
	:: atomic { leaving && !running -> leaving = false; used = false;
		results[REGION(r)] ! RELEASED, mine }
	od
}

proctype caller()
{
	byte adds, checks, g;
	mtype what;

	run prober(0);
end:	do
	:: atomic { state == FREE && adds < ADDS -> /* ADD: pathcheck_add() */
		adds++;
		generation++;
		state = USED;
		commands[now_at] ! ADD, generation, 0 }
	:: atomic { state == USED && !outstanding && checks < CHECKS -> /* CHECK: request_check() */
		checks++;
		outstanding = true;
		time = 0;
		commands[now_at] ! CHECK, generation, 0 }
	:: atomic { state == USED && adds < ADDS -> /* REMOVE: pathcheck_remove() */
#ifdef M_FREE_EARLY
		state = FREE;
#else
		state = LEAVING;
#endif
		outstanding = false;
		commands[now_at] ! REMOVE, generation, 0 }
	/* ACCEPT: accept_result() */
	:: atomic { results[REGION(now_at)] ? what, g ->
		if
		:: g != generation
		:: g == generation && what == RELEASED ->
			if
			:: state == LEAVING -> state = FREE /* caller_free_id() */
			:: else
			fi
		:: g == generation && what == RESULT && state == USED ->
			assert(outstanding); /* no result comes twice */
			outstanding = false
		:: else
		fi }
	/* REPLACE: replace_prober(), hand_over() */
	:: atomic { now_at < PROBERS - 1 ->
		killed[now_at] = true;
		run prober(now_at + 1);
		if
		:: state == LEAVING ->
#ifndef M_LEAVING_KEPT
			state = FREE
#endif
		:: state == USED -> commands[now_at + 1] ! ADD, generation, 0;
			if
			:: outstanding ->
#if defined(M_AGE)
				commands[now_at + 1] ! CHECK, generation, 0
#elif !defined(M_LOST)
				commands[now_at + 1] ! CHECK, generation, time /* note_wait() */
#endif
			:: else
			fi
		:: else
		fi;
		now_at++ }
	od
}

init {
	run caller();
	timeout;
	assert(!outstanding && state != LEAVING)
}

ltl ends { [] (outstanding -> <> !outstanding) }
