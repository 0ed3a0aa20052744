// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Snapshots between the loop and the control thread. A snapshot belongs to the loop, to `published`, to
 * the control thread, or is spare. The control thread allocates the second one, and frees it.
 */
// verify:
// live: fresh
// mutant: M_LOAD: the control thread reads `published` and clears it after, instead of one exchange
// mutant: M_SPARE_FIRST: a snapshot is spare before it is emptied
// mutant: M_FREE_ANY: the second snapshot is freed without being taken
// mutant: M_OLD_LOST: what the control thread did not take is not spare again
#define NONE 2
#define WANTED 3

bool spare[2];
bool exists[2] = true; /* it has its arrays; the second one not yet */
byte owners[2];        /* who works on it */
byte published = NONE;
bool brought;
byte wanted, got;

inline own(i)    { owners[i]++; assert(owners[i] == 1 && exists[i]) }
inline disown(i) { assert(owners[i] == 1 && exists[i]); owners[i]-- }

proctype loop()
{
	byte filling = NONE, old;

end:	do
	:: wanted > got -> /* a snapshot is wanted */
		if
		:: filling == NONE -> /* BEGIN: port_loop_snapshot_begin(), take_spare() */
			if
			:: atomic { spare[0] -> spare[0] = false; filling = 0 }
			:: atomic { !spare[0] && spare[1] -> spare[1] = false; filling = 1 }
			:: !spare[0] && !spare[1]
			fi
		:: else
		fi;
		if
		:: filling != NONE ->
			own(filling);
			disown(filling);
			/* PUBLISH: port_loop_snapshot_publish() */
			atomic { old = published; published = filling };
			filling = NONE;
			if
			:: old != NONE ->
				own(old);
				disown(old);
#ifndef M_OLD_LOST
				spare[old] = true
#endif
			:: else
			fi
		:: else
		fi
	od
}

inline free_second() /* FREE: free_second() */
{
	if
#ifdef M_FREE_ANY
	:: brought -> exists[1] = false; spare[1] = false; brought = false
#else
	:: atomic { brought && spare[1] -> spare[1] = false };
		assert(owners[1] == 0);
		exists[1] = false;
		brought = false
#endif
	:: else
	fi
}

proctype control()
{
	byte mine;
	byte n = 0;

	do
	:: n < WANTED ->
		wanted++;
		if
		:: !brought -> /* BRING: port_control_snapshot_bring() */
			exists[1] = true;
			spare[1] = true;
			brought = true
		:: true
		fi;
		/* TAKE: port_control_snapshot() */
#ifdef M_LOAD
		published != NONE;
		mine = published;
		published = NONE;
#else
		atomic { published != NONE -> mine = published; published = NONE };
#endif
		own(mine);
		got++;
		/* RELEASE: port_control_snapshot_release() */
#ifdef M_SPARE_FIRST
		spare[mine] = true;
		disown(mine);
#else
		disown(mine);
		spare[mine] = true;
#endif
		free_second();
		n++
	:: else -> break
	od
}

init {
	atomic {
		exists[1] = false;
		spare[0] = true;
		run loop();
		run control()
	}
	timeout;
	assert(got == WANTED)
}

ltl fresh { <> (got == WANTED) }
