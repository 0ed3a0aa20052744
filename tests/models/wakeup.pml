// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The command ring and the submitter's sleep: two producers (the caller with its ring, a reaper with the
 * inbox), one consumer. `waits` says that the consumer is about to sleep on its eventfd.
 */
// verify:
// live: served
// mutant: M_NO_SECOND_LOOK: the submitter sleeps without looking again after it has set waits
// mutant: M_WAKE_FIRST: a producer wakes before it publishes
// mutant: M_STORE: waits is cleared after it was read, and not by one exchange
#define EACH 2
#define ALL  (2 * EACH)

byte published, taken, sent;
bool waits;
byte eventfd;

inline wake() /* WAKE: shared_wake() */
{
#ifdef M_STORE
	old = waits;
	waits = false;
#else
	d_step { old = waits; waits = false };
#endif
	if
	:: old -> eventfd = 1
	:: else
	fi
}

proctype producer()
{
	byte n = 0;
	bool old;

	do
	:: n < EACH ->
#ifdef M_WAKE_FIRST
		wake();
		published++;
#else
		published++; /* PUBLISH: the ring's tail, or the inbox with its lock */
		wake();
#endif
		n++
	:: else -> break
	od
}

proctype submitter()
{
	do
	:: published > taken -> taken++ /* TAKE */
	:: else ->
		waits = true; /* WAIT: shared_going_to_wait() */
#ifndef M_NO_SECOND_LOOK
		if
		:: published > taken -> waits = false /* AGAIN */
		:: else ->
#endif
end_sleep:		eventfd > 0; /* SLEEP: poll() */
			eventfd = 0 /* CLEAR: shared_drain() */
#ifndef M_NO_SECOND_LOOK
		fi
#endif
	od
}

init {
	atomic {
		run producer();
		run producer();
		run submitter()
	}
	timeout;
	assert(taken == ALL)
}

ltl served { <> (taken == ALL) }
