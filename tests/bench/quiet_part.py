# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the wake-ups of a daemon with few paths: tests/bench/wakeups says what they are for."""
import time

import subjects
from daemons import Running

BUDGET = 2
STEP = 0.25  # seconds between two counts


def count(running):
	return sum(running.sleeps().values())


def fold(samples, interval):
	"""Wake-ups by their moment in the interval. samples: (moment, how many until then)."""
	bins = [0] * round(interval / STEP)
	for (begin, before), (_, after) in zip(samples, samples[1:]):
		bins[int(begin % interval / STEP) % len(bins)] += after - before
	return bins


def wakeups(bins, intervals):
	"""A batch is the moment with the most wake-ups, with its neighbours."""
	at = bins.index(max(bins))
	of_batch = {(at + i) % len(bins) for i in (-1, 0, 1)}
	batch = sum(n for i, n in enumerate(bins) if i in of_batch)
	return {"batch": batch / intervals, "between": (sum(bins) - batch) / intervals}


def quiet(bench):
	"""few paths with a long interval: how often all threads together wake"""
	paths, interval, intervals = (16, 1, 2) if bench.smoke else (64, 5, 4)
	bench.quota(2 * paths + 4096)
	files = subjects.Files(bench.folder, paths, name="quiet")
	devices = {"files": files.names(paths), "loop devices": bench.devices.names(paths)}
	# Both at the same time: they sleep nearly all of it.
	daemons = {what: Running(bench, names, name=f"quiet-{i}", interval=interval)
	           for i, (what, names) in enumerate(devices.items())}
	time.sleep((1 if bench.smoke else 6) * interval)  # due times come together after the start
	samples, begin = {what: [] for what in daemons}, time.monotonic()
	slept = {what: d.sleeps() for what, d in daemons.items()}
	for step in range(int(intervals * interval / STEP) + 1):
		time.sleep(max(0, begin + step * STEP - time.monotonic()))
		for what, d in daemons.items():
			samples[what].append((time.monotonic() - begin, count(d)))
	rows = []
	for what, d in daemons.items():
		threads = {name: (n - slept[what].get(name, 0)) / intervals for name, n in d.sleeps().items()}
		rows.append({"devices": what, **wakeups(fold(samples[what], interval), intervals),
		             "threads": {name: n for name, n in sorted(threads.items()) if n}})
		d.stop()
	return {"budget": BUDGET, "paths": paths, "interval_s": interval, "intervals": intervals,
	        "rows": rows}


PARTS = {"quiet": quiet}
