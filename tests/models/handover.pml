// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Replacement of a submitter that is stuck in io_submit(): the number of the batch is odd while the batch
 * is handed over. A watcher that finds the same odd number for too long takes the number over by
 * compare-and-exchange, and is the submitter from then on. What has no answer gets other slots, and the
 * old ones are orphans until the kernel, or the thread that was stuck, gives them up.
 * A SCSI command is a batch of one (write_one()), which stays with the thread that is stuck.
 */
// verify:
// live: served
// mutant: M_END_STORE: the end of a batch is a store, and not a compare-and-exchange
// mutant: M_TAKE_STORE: the watcher takes over without comparing
// mutant: M_HANDS_ON: a thread that was replaced continues with its batch
#define N 2
#define ROUNDS 2

byte batch;
byte submitters = 1; /* threads that run the submitter's own code; a ghost */
byte rounds;         /* batches that were filled */
byte results;        /* answers for paths */
byte replaced;

/* The slots of the batch that was handed over last, and those of the one before. */
byte number[N * ROUNDS]; /* 0: not in use */
bool in_kernel[N * ROUNDS], orphan[N * ROUNDS], submitted[N * ROUNDS];
byte freed[N * ROUNDS];

inline free_slot(s)
{
	freed[s]++;
	assert(freed[s] == 1);
	in_kernel[s] = false;
	if
	:: orphan[s] /* a rescuer reads the path with another slot: RESCUE */
	:: else -> results++
	fi
}

proctype worker(bool first)
{
	byte mine, i, base;
	bool ours, stuck;

	if
	:: first -> goto serve
	:: else
	fi;
watch:	/* LOOK: watch_submitter(), look() */
	do
	:: atomic { batch % 2 == 1 -> mine = batch };
#ifdef M_TAKE_STORE
		atomic { batch = mine + 3; ours = true };
#else
		/* TAKE: handover_take() */
		atomic { ours = (batch == mine); batch = (ours -> mine + 3 : batch) };
#endif
		if
		:: ours ->
			submitters++;
			replaced++;
			assert(submitters == 1);
			/* RESCUE: suspects_rescue(), with the lock */
			i = 0;
			atomic {
				do
				:: i < N * ROUNDS ->
					if
					:: in_kernel[i] && number[i] == mine ->
						orphan[i] = true;
						results++
					:: else
					fi;
					i++
				:: else -> break
				od
			};
			goto serve
		:: else
		fi
	:: rounds == ROUNDS && batch % 2 == 0 -> goto end
	od;
serve:	do
	:: rounds == ROUNDS -> submitters--; goto end
	:: rounds < ROUNDS ->
		assert(submitters == 1);
		/* FILL: fill_batch(), with the lock */
		atomic {
			mine = batch + 1;
			base = rounds * N;
			i = 0;
			do
			:: i < N ->
				number[base + i] = mine;
				in_kernel[base + i] = true;
				i++
			:: else -> break
			od;
			rounds++;
			stuck = false
		};
		/* BEGIN: handover_begin(). From here on a watcher may be the submitter. */
		atomic { batch++; submitters-- };
		i = 0;
		do
		:: i < N ->
#ifdef M_HANDS_ON
			ours = true;
#else
			ours = (batch == mine); /* OURS */
#endif
			if
			:: ours ->
				/* SUBMIT: the kernel takes it, at once or late. Who was stuck until
				 * another one was the submitter makes no further call. */
				assert(!stuck);
				if
				:: submitted[base + i] = true
				:: atomic { batch != mine -> submitted[base + i] = true };
					stuck = true
				fi
			:: else ->
				/* REFUSE: refused(), with the lock */
				atomic {
					if
					:: in_kernel[base + i] && number[base + i] == mine ->
						free_slot(base + i)
					:: else
					fi
				}
			fi;
			i++
		:: else -> break
		od;
		/* END: handover_end() */
#ifdef M_END_STORE
		atomic { ours = true; batch = mine + 1; submitters++ };
#else
		atomic {
			ours = (batch == mine);
			if
			:: ours -> batch = mine + 1; submitters++
			:: else
			fi
		};
#endif
		if
		:: ours -> assert(submitters == 1)
		:: else -> goto watch
		fi
	od;
end:	skip
}

/* KERNEL: each request that was submitted ends. */
active proctype kernel()
{
	byte s;

end_kernel:
	do
	:: atomic { in_kernel[0] && submitted[0] -> free_slot(0) }
	:: atomic { in_kernel[1] && submitted[1] -> free_slot(1) }
	:: atomic { in_kernel[2] && submitted[2] -> free_slot(2) }
	:: atomic { in_kernel[3] && submitted[3] -> free_slot(3) }
	od
}

init {
	atomic {
		run worker(true);
		run worker(false);
		run worker(false)
	}
	timeout;
	assert(results == N * ROUNDS);
	assert(freed[0] + freed[1] + freed[2] + freed[3] == N * ROUNDS)
}

ltl served { <> (results == N * ROUNDS) }
