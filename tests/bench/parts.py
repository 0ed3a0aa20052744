# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measurements. A part is a function from the bench to its figures, which JSON can hold.
report.py shows them."""
import daemon_parts
from subjects import BenchError, SystemCalls, cpu_us, spread

FLOOR_BUDGET_ENGINE = 1.25


def rounds_for(paths, reads):
	return max(1, reads // paths)


def healthy(cost, kind):
	"""A round counts only if every read went through the intended calls."""
	if kind in ("floor", "threads", "process") and cost["other_way"]:
		raise BenchError(f"{kind}: {cost['other_way']} of {cost['checks']} reads went "
		                 "another way than io_submit")
	return cost


def compare(bench, kinds, paths, repeats, reads):
	"""CPU time a check of each kind, and its ratio to the first kind. The kinds run in turn,
	so that other load on the machine affects all of them."""
	running = [bench.subject(kind, paths) for kind in kinds]
	rounds = rounds_for(paths, reads)
	for s in running:
		s.rounds(rounds)  # the first rounds fill the caches
	turns = []
	for i in range(repeats):
		order = running if i % 2 == 0 else running[::-1]
		turn = {s.kind: healthy(s.rounds(rounds), s.kind) for s in order}
		turns.append(turn)
	rows = []
	for s in running:
		costs = [t[s.kind] for t in turns]
		checks = sum(c["checks"] for c in costs)
		row = {
			"kind": s.kind, "paths": paths, "rounds": rounds * repeats,
			"cpu_us": spread([cpu_us(c) for c in costs]),
			"ratio": spread([cpu_us(t[s.kind]) / cpu_us(t[kinds[0]]) for t in turns]),
			"ratio_of_sums": sum(map(cpu_us, costs)) /
			                 sum(cpu_us(t[kinds[0]]) for t in turns),
			"slept_per_1000": 1000 * sum(c["slept"] for c in costs) / checks,
			"preempted_per_1000": 1000 * sum(c["preempted"] for c in costs) / checks,
			"wall_us": spread([c["wall_ns"] / c["checks"] / 1000 for c in costs]),
			"calls_per_1000": None,
		}
		if bench.can_count:
			cost, calls = SystemCalls(s.pids()).count(lambda s=s: s.rounds(rounds))
			if calls is not None:
				row["calls_per_1000"] = 1000 * calls / cost["checks"]
		rows.append(row)
	for s in running:
		s.stop()
	return rows


def engine(bench):
	"""the library, in the caller's process and with a prober, against a raw loop"""
	rows = []
	sizes = [256] if bench.smoke else [1024, 10240, 65536]
	for paths in sizes:
		bench.quota(2 * paths + 4096)
		# The cost of an open for each check, with as many paths as hosts have of that
		# kind.
		more = ("opened-each",) if paths == sizes[0] else ()
		rows += compare(bench, ("floor", "threads", "process") + more, paths,
		                repeats=3 if bench.smoke else 41,
		                reads=1024 if bench.smoke else 65536)
	return {"budget": FLOOR_BUDGET_ENGINE, "rows": rows}


def embedded(bench):
	"""a program with the library inside, a thread a path, and a raw loop"""
	paths = 256 if bench.smoke else 1024
	bench.quota(2 * paths + 4096)
	return {"rows": compare(bench, ("floor", "threads", "thread-each"), paths,
	                        repeats=3 if bench.smoke else 15,
	                        reads=1024 if bench.smoke else 32768)}


def contexts(bench):
	"""start and end of one asynchronous context a path, against shared ones"""
	rows = []
	for paths in [64] if bench.smoke else [1024, 4096]:
		bench.quota(2 * paths + 4096)
		for kind in ("context-each", "threads", "process"):
			subject = bench.subject(kind, paths)
			end = subject.stop()
			rows.append({"kind": kind, "paths": paths,
			             "start_ms": subject.started["wall_ns"] / 1e6,
			             "stop_ms": end["wall_ns"] / 1e6})
	return {"rows": rows}


PARTS = {"engine": engine, "embedded": embedded, "contexts": contexts, **daemon_parts.PARTS}
# The parts that read no device.
RECKONED = {"large"}
