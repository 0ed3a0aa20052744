# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares subjects that run in turn, so that other load on the machine affects all of them."""
import subjects
from subjects import BenchError, SystemCalls, cpu_us, spread

# Their figures do not depend on the way, or all their checks go another one.
ANY_WAY = ("opened-each", "paced", "thread-each", "context-each")


def rounds_for(paths, reads):
	return max(1, reads // paths)


def healthy(costs):
	"""A turn counts only if every check went through the intended calls. When a machine pauses, the
	library takes a submit for stuck, and rescuers check for a while."""
	return all(kind in ANY_WAY or cost["other_way"] == 0 for kind, cost in costs.items())


def summary(subject, first, turns, rounds):
	"""One subject's row: CPU time a check, and its ratio to the first subject."""
	costs = [t[subject.kind] for t in turns]
	checks = sum(c["checks"] for c in costs)
	return {
		"kind": subject.kind, "paths": subject.n, "rounds": rounds * len(turns), "turns": len(turns),
		"cpu_us": spread([cpu_us(c) for c in costs]),
		"ratio": spread([cpu_us(t[subject.kind]) / cpu_us(t[first]) for t in turns]),
		"ratio_of_sums": sum(map(cpu_us, costs)) / sum(cpu_us(t[first]) for t in turns),
		"slept_per_1000": 1000 * sum(c["slept"] for c in costs) / checks,
		"preempted_per_1000": 1000 * sum(c["preempted"] for c in costs) / checks,
		"wall_us": spread([c["wall_ns"] / c["checks"] / 1000 for c in costs]),
		"calls_per_1000": None,
	}


def compare(bench, kinds, paths, repeats, reads, devices=None):
	"""CPU time a check of each kind, and its ratio to the first kind."""
	devices = devices or bench.devices
	running = [subjects.Subject(bench, kind, devices.names(paths), devices.block)
	           for kind in kinds]
	rounds = rounds_for(paths, reads)
	for s in running:
		s.rounds(rounds)  # the first rounds fill the caches
	turns = []
	for i in range(repeats):
		order = running if i % 2 == 0 else running[::-1]
		turns.append({s.kind: s.rounds(rounds) for s in order})
	good = [t for t in turns if healthy(t)]
	if len(good) < repeats / 2:
		raise BenchError(f"{paths} paths: in {repeats - len(good)} of {repeats} turns checks went "
		                 "another way than the one that is measured")
	rows = [summary(s, kinds[0], good, rounds) for s in running]
	for s, row in zip(running, rows):
		if bench.can_count:
			cost, calls = SystemCalls(s.pids()).count(lambda s=s: s.rounds(rounds))
			if calls is not None:
				row["calls_per_1000"] = 1000 * calls / cost["checks"]
		s.stop()
	return rows
