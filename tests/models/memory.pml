// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A ring with its sleeping consumer, in a memory that is not sequentially consistent. It is C11's acquire
 * and release, weaker than what the code asks for where that is seq_cst. Each thread has a view: how much it
 * knows of each of these: tail, head, writes of elements, and reads of elements. A load may return any value
 * that is not older than its thread's view. An acquire load takes over the view that came with the value, a
 * release store sends its thread's view along. A read-modify-write reads the last value of its word, and
 * sends on what came with that. A store to the word does not.
 *
 * The other waker passes its work under a mutex, as rescuers do. The eventfd carries no view, although the
 * kernel's locks would: so nothing here depends on them. An element that is read or overwritten without
 * knowing of the other side's access is a data race.
 */
// verify:
// mutant: M_TAIL_RELAXED: the tail is published or read without release and acquire
// mutant: M_HEAD_RELAXED: the head is given back or read without release and acquire
// mutant: M_WORD_RELAXED: the word for the sleep carries no view
// mutant: M_STORE: the consumer that goes on sets the word back by a store (this bug was in the code)
// mutant: M_NO_LOOK: it does not look once more before it sleeps
#define CAPACITY 2
#define ELEMENTS 3
#define POSTS    1

typedef view {
	byte tail, head, written, done
};

#define JOIN(a, b)                                                    \
	a.tail = (b.tail > a.tail -> b.tail : a.tail);                \
	a.head = (b.head > a.head -> b.head : a.head);                \
	a.written = (b.written > a.written -> b.written : a.written); \
	a.done = (b.done > a.done -> b.done : a.done)

#define COPY(a, b)         \
	a.tail = b.tail;       \
	a.head = b.head;       \
	a.written = b.written; \
	a.done = b.done

/* The last value of each word, and the view that came with each value of tail and head. */
byte tail, head;
view with_tail[ELEMENTS + 1], with_head[ELEMENTS + 1];
bool waits;
view with_waits;
view with_lock;
view of_producer, of_poster, of_consumer;
byte posts, eventfd;

byte taken, posts_taken; /* by the consumer; ghosts for the rest */

/* EXCHANGE: shared_going_to_wait(), shared_wake() */
inline exchange(v, value, ret)
{
	ret = waits;
	waits = value;
#ifndef M_WORD_RELAXED
	JOIN(v, with_waits);
	COPY(with_waits, v)
#endif
}

/* LOAD: any value from the thread's view on. */
inline choose(from, word, ret)
{
	ret = from;
	do
	:: ret < word -> ret++
	:: break
	od
}

proctype producer()
{
	byte i, seen;
	bool old;

	do
	:: i < ELEMENTS ->
		/* USED: ring_producer_used(). A full ring is tried again. */
		atomic {
			i - head < CAPACITY;
			choose(of_producer.head, head, seen);
			of_producer.head = seen;
			JOIN(of_producer, with_head[seen])
		}
		if
		:: i - seen < CAPACITY ->
			/* PUT: the element's place is free */
			atomic {
				assert(i < CAPACITY || of_producer.done >= i + 1 - CAPACITY);
				i++;
				of_producer.written = i
			}
			/* PUBLISH: ring_publish() */
			atomic {
				tail = i;
				of_producer.tail = i;
#ifdef M_TAIL_RELAXED
				with_tail[i].tail = i
#else
				COPY(with_tail[i], of_producer)
#endif
			}
			/* WAKE: shared_wake() */
			atomic { exchange(of_producer, false, old) }
			if
			:: old -> eventfd = 1
			:: else
			fi
		:: else
		fi
	:: else -> break
	od
}

proctype poster()
{
	byte n;
	bool old;

	do
	:: n < POSTS ->
		atomic { posts++; n++; JOIN(of_poster, with_lock); COPY(with_lock, of_poster) } /* with the mutex */
		atomic { exchange(of_poster, false, old) }
		if
		:: old -> eventfd = 1
		:: else
		fi
	:: else -> break
	od
}

/* TAKE: ring_consumer_used(), an element, ring_give_back(); then the posts, with the mutex. */
inline take(more)
{
	more = false;
	atomic {
		choose(of_consumer.tail, tail, seen);
		of_consumer.tail = seen;
		JOIN(of_consumer, with_tail[seen]);
		if
		:: taken < seen -> /* one element at a time */
			assert(of_consumer.written > taken);
			taken++;
			more = true
		:: else
		fi;
		of_consumer.done = taken
	}
	/* BACK: ring_give_back() */
	atomic {
		head = taken;
		of_consumer.head = taken;
#ifdef M_HEAD_RELAXED
		with_head[taken].head = taken
#else
		COPY(with_head[taken], of_consumer)
#endif
	}
	atomic {
		JOIN(of_consumer, with_lock);
		COPY(with_lock, of_consumer);
		more = more || posts_taken < posts;
		posts_taken = posts
	}
}

proctype consumer()
{
	byte seen;
	bool more, old;

	do
	:: true ->
		take(more);
		if
		:: more
		:: else ->
			/* WAIT: shared_going_to_wait() */
			atomic { exchange(of_consumer, true, old) }
#ifndef M_NO_LOOK
			take(more);
#endif
			if
			:: more ->
				/* AGAIN: submitter_serve() */
#ifdef M_STORE
				atomic { waits = false; COPY(with_waits, of_consumer) }
#else
				atomic { exchange(of_consumer, false, old) }
#endif
			:: else ->
end_sleep:			eventfd > 0;
				eventfd = 0
			fi
		fi
	od
}

init {
	atomic {
		run producer();
		run poster();
		run consumer()
	}
	timeout;
	assert(taken == ELEMENTS && posts_taken == POSTS)
}
