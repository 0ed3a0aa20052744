// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Results and the caller's sleep: two groups push results, and may tell the caller of successes later,
 * but at the latest when nothing more is to come. The caller polls its eventfd, which stays readable
 * until it is cleared, and takes ROOM results a call at most.
 */
// verify:
// live: delivered
// mutant: M_CLEAR_LAST: the eventfd is cleared after the second look
// mutant: M_LEFT_OVER: what does not fit is not announced
// mutant: M_WAKE_FIRST: a group wakes before it publishes
// mutant: M_NEVER_TOLD: successes are not told in the end
// mutant: M_NEWS_EARLY: a group looks for results in the ring before it pushes its own
#define EACH 2
#define ALL  (2 * EACH)
#define ROOM 2

byte published, given; /* the ring's tail and head */
byte taken, got, used;
bool waits = true;
byte eventfd;

inline wake(old) /* WAKE: shared_wake() */
{
	d_step { old = waits; waits = false };
	if
	:: old -> eventfd = 1
	:: else
	fi
}

proctype group()
{
	byte n = 0;
	bool was, news, tell;

	do
	:: n < EACH ->
#ifdef M_WAKE_FIRST
		wake(was);
#endif
#ifdef M_NEWS_EARLY
		news = published != given;
		published++;
#else
		atomic { published++; news = published != given }; /* PUSH: results_push() */
#endif
		tell = true;
		n++;
		if
		:: true /* a success: later */
#ifndef M_WAKE_FIRST
		:: tell = false;
			if
			:: news -> wake(was)
			:: else
			fi
#else
		:: tell = false
#endif
		fi
	:: else -> break
	od;
	/* TELL: plan_news(); nothing more is to come, or the time is over. */
#ifndef M_NEVER_TOLD
	if
	:: tell -> news = published != given;
		if
		:: news -> wake(was)
		:: else
		fi
	:: else
	fi
#endif
}

inline take() /* TAKE: take_results(): no more than are there when it starts */
{
	used = published - taken;
	do
	:: used > 0 && got < ROOM -> taken++; got++; used--
	:: else -> break
	od;
	given = taken
}

proctype caller()
{
	bool was;

	do
	:: true ->
end_sleep:	eventfd > 0; /* POLL: the caller's epoll, which is level-triggered */
		got = 0;
		take();
		if
		:: got == ROOM
		:: else ->
#ifndef M_CLEAR_LAST
			eventfd = 0; /* CLEAR */
#endif
			waits = true; /* WAIT */
			take(); /* AGAIN */
#ifdef M_CLEAR_LAST
			eventfd = 0;
#endif
#ifndef M_LEFT_OVER
			if
			:: published > taken -> wake(was) /* LEFT */
			:: else
			fi
#endif
		fi
	od
}

init {
	atomic {
		run group();
		run group();
		run caller()
	}
	timeout;
	assert(taken == ALL)
}

ltl delivered { <> (taken == ALL) }
