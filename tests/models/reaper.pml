// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A reaper, its eventfd, and one or two contexts. The reaper sleeps in io_getevents() of context A. A
 * poll request in each context has the eventfd: when the eventfd is readable and the request is armed, the
 * context gets one event. The requests of a small context, and of the draining one, write to the eventfd
 * when they end. Rescuers put answers on a list and wake the reaper, once until it has come round.
 *
 * TWO: a context D drains beside A. Without TWO: A is small, and its own requests write to the eventfd.
 */
// verify:
// verify: -DTWO
// live: reaped
// live: reaped -DTWO
// mutant: M_DRAINED_FIRST: D's events are taken first, and the eventfd is cleared after (this bug was in the code)
// mutant: M_NO_MORE: nothing is looked for again after the eventfd was cleared
// mutant: M_FORGETS_LATE: wake_sent is cleared after the look at the list
// mutant: M_NOT_ARMED: the poll request is not armed again
#ifdef TWO
#define IN_A 1
#define IN_D 2
#define A_SIGNALS false
#else
#define IN_A 2
#define IN_D 0
#define A_SIGNALS true
#endif
#define ANSWERS 2

/* Events that are in the contexts, and requests that the kernel has. */
byte a, d, kernel_a = IN_A, kernel_d = IN_D;
bool wake_a, wake_d;   /* the event of the poll request */
bool polls_a, polls_d; /* the kernel has the poll request */
bool armed_a, armed_d; /* as the reaper knows it */
byte eventfd;
byte answers; /* of rescuers, on the list */
bool wake_sent;
byte done; /* handled by the reaper */

/* KERNEL: a request ends; its event is there before the eventfd is written. */
proctype kernel()
{
	do
	:: kernel_a > 0 -> kernel_a--; a++;
		if
		:: A_SIGNALS -> eventfd = 1
		:: else
		fi
	:: kernel_d > 0 -> kernel_d--; d++; eventfd = 1
	:: kernel_a == 0 && kernel_d == 0 -> break
	od
}

/* POLL: the poll requests of the eventfd. */
proctype poll()
{
end:	do
	:: atomic { polls_a && eventfd > 0 -> polls_a = false; wake_a = true }
	:: atomic { polls_d && eventfd > 0 -> polls_d = false; wake_d = true }
	od
}

proctype rescuer()
{
	byte n = 0;
	bool send;

	do
	:: n < ANSWERS ->
		answers++; /* ANSWER: with the group's lock */
		atomic { send = !wake_sent; wake_sent = true }; /* SEND: group_wake() */
		if
		:: send -> eventfd = 1
		:: else
		fi;
		n++
	:: else -> break
	od
}

/* TAKE: take_events(); at once the second time. */
inline take(events, wake, armed, signals)
{
	atomic { done = done + events; events = 0; woken = wake; wake = false };
	if
	:: woken ->
		armed = false;
		eventfd = 0; /* CLEAR */
#ifndef M_NO_MORE
		if
		:: signals -> atomic { done = done + events; events = 0 } /* MORE */
		:: else
		fi
#endif
	:: else
	fi
}

inline arm(armed, polls) /* ARM */
{
	if
	:: !armed -> armed = true; polls = true
	:: else
	fi
}

proctype reaper()
{
	bool woken;

	arm(armed_d, polls_d);
	arm(armed_a, polls_a);
	do
	:: true ->
#ifndef M_NOT_ARMED
		arm(armed_a, polls_a);
#endif
end_sleep:	a > 0 || wake_a; /* SLEEP: io_getevents() of A */
#ifdef M_DRAINED_FIRST
		atomic { done = done + d; d = 0; wake_d = false };
#endif
		take(a, wake_a, armed_a, A_SIGNALS);
#if defined(TWO) && !defined(M_DRAINED_FIRST)
		arm(armed_d, polls_d);
		take(d, wake_d, armed_d, true); /* DRAIN: reap_more() */
#endif
		/* STEP: reaper_step(), with the lock */
#ifdef M_FORGETS_LATE
		atomic { done = done + answers; answers = 0 };
		wake_sent = false
#else
		atomic { wake_sent = false; done = done + answers; answers = 0 }
#endif
	od
}

init {
	atomic {
		run kernel();
		run poll();
		run rescuer();
		run reaper()
	}
	timeout;
	assert(done == IN_A + IN_D + ANSWERS)
}

ltl reaped { <> (done == IN_A + IN_D + ANSWERS) }
