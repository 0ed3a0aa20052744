# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured. A part is a function from the bench to its figures, which JSON can hold;
how they are shown is in report.py."""
import statistics
import time

from daemons import Lag, Running
from subjects import BenchError, SystemCalls, cpu_us, spread

FLOOR_BUDGET_ENGINE = 1.25
FLOOR_BUDGET_DAEMON = 1.6


def rounds_for(paths, reads):
	return max(1, reads // paths)


def healthy(cost, kind):
	"""A round is only one when every read went the way it is meant to."""
	if kind in ("floor", "threads", "process") and cost["other_way"]:
		raise BenchError(f"{kind}: {cost['other_way']} of {cost['checks']} reads went "
		                 "another way than io_submit")
	return cost


def compare(bench, kinds, paths, repeats, reads):
	"""CPU a check of each kind, and its ratio to the first, taken turn by turn: whatever else
	the machine does falls on all of them."""
	running = [bench.subject(kind, paths) for kind in kinds]
	rounds = rounds_for(paths, reads)
	for s in running:
		s.rounds(rounds)  # the first ones pay for everybody's caches
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
		rows += compare(bench, ("floor", "threads", "process"), paths,
		                repeats=3 if bench.smoke else 15,
		                reads=1024 if bench.smoke else 65536)
	return {"budget": FLOOR_BUDGET_ENGINE, "rows": rows}


def quantiles(values):
	ordered = sorted(values)
	at = lambda q: ordered[min(len(ordered) - 1, int(q * len(ordered)))]  # noqa: E731
	return {"p50": at(0.5), "p99": at(0.99), "max": ordered[-1], "n": len(ordered)}


def daemon(bench):
	"""the whole daemon, with an interval of 1 s and paths from its configuration"""
	paths, turns, seconds = (256, 2, 2) if bench.smoke else (10240, 6, 10)
	bench.quota(paths + 4096)
	floor, paced = bench.subject("floor", paths), bench.subject("paced", paths)
	rounds, seconds_paced = rounds_for(paths, 65536), max(1, seconds // 4)
	floor.rounds(rounds)
	running = Running(bench, bench.devices.names(paths))
	time.sleep(1 if bench.smoke else 3)
	counted, counted_at = running.checks()
	lag_start = running.status()["lag_s"]["max"]
	slept, costs, floors, paces, elapsed = {}, [], [], [], 0
	for _ in range(turns):
		floors.append(cpu_us(floor.rounds(rounds)))
		paces.append(cpu_us(paced.rounds(seconds_paced)))
		sleeps, begin, cpu = running.sleeps(), time.monotonic(), running.cpu_ns()
		time.sleep(seconds)
		cpu, took = running.cpu_ns() - cpu, time.monotonic() - begin
		costs.append(cpu / 1000 / took)
		elapsed += took
		for name, n in running.sleeps().items():
			slept[name] = slept.get(name, 0) + n - sleeps.get(name, 0)
	total, at = running.checks()
	lag_window = running.status()["lag_s"]["max"]
	per_second = (total - counted) / (at - counted_at)
	costs = [c / per_second for c in costs]
	lag = Lag(running.daemon.socket)  # by itself: a question is work, too
	lag.start()
	time.sleep(seconds)
	lags = lag.stop()
	result = {
		"budget": FLOOR_BUDGET_DAEMON, "paths": paths, "seconds": elapsed,
		"checks_per_second": per_second,
		"floor_us": spread(floors), "cpu_us": spread(costs),
		"ratio": spread([c / f for c, f in zip(costs, floors)]),
		"paced_us": spread(paces), "paced_ratio": spread([c / f for c, f in zip(costs, paces)]),
		"cpu_of_one_core": statistics.median(costs) * per_second / 1e6,
		"sleeps_per_second": {k: v / elapsed for k, v in sorted(slept.items()) if v},
		"lag_us": quantiles(lags), "lag_max_us": lag_window * 1e6,
		"lag_max_of_start_us": lag_start * 1e6,
		"memory_kib": running.memory(), "start_s": running.start_s,
	}
	result["stop_s"] = running.stop()
	floor.stop()
	paced.stop()
	return result


PARTS = {"engine": engine, "daemon": daemon}
