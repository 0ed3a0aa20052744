# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measurements of the whole daemon."""
import re
import statistics
import subprocess
import time

import bed
import harness
import subjects
from daemons import Running, moment_us
from subjects import BenchError, cpu_us, few_descriptors, spread

BUDGET = 1.6
LATE_BUDGET_US = 20000  # limit for noticing a timeout or an error, after it could be known

def quantiles(values):
	ordered = sorted(values)
	at = lambda q: ordered[min(len(ordered) - 1, int(q * len(ordered)))]  # noqa: E731
	return {"p50": at(0.5), "p99": at(0.99), "max": ordered[-1], "n": len(ordered)}


def daemon(bench):
	"""the whole daemon, with an interval of 1 s and paths from its configuration"""
	paths, turns, seconds = (256, 2, 1) if bench.smoke else (10240, 5, 8)
	bench.quota(paths + 4096)
	floor, paced = bench.subject("floor", paths), bench.subject("paced", paths)
	rounds, seconds_paced = max(1, 65536 // paths), max(1, seconds // 4)
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
	lags = running.turns(seconds)  # without requests: they are work as well
	result = {
		"budget": BUDGET, "paths": paths, "seconds": elapsed,
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


def cost_a_check(running, seconds, of=None):
	"""Returns the CPU time a check, in us, over a time without requests. of: some paths whose checks
	are counted for all: all have the same interval, and to list many paths takes a while."""
	counted, counted_at = running.checks(of)
	begin, cpu = time.monotonic(), running.cpu_ns()
	time.sleep(seconds)
	cpu, took = running.cpu_ns() - cpu, time.monotonic() - begin
	total, at = running.checks(of)
	if total == counted:
		raise BenchError("no path had a check")
	return cpu / 1000 / took / ((total - counted) / (at - counted_at))


def reload(running, names):
	"""Reloads with one path less. Returns the duration, and how many paths lost a check by
	it."""
	before = running.client.call("GetStatus")["paths"]["total"]
	begin = time.monotonic()
	running.configure(names[:-1])
	running.daemon.ctl("reload", timeout=60)
	harness.wait_until("one path less",
	                   lambda: running.status()["paths"]["total"] == before - 1, 60, every=0.01)
	return time.monotonic() - begin


GROWTH_LIMIT = 1.1  # of a check's cost, from the first size to the last
COUNTED = 256


def growth(bench):
	"""the daemon with a growing number of paths: CPU a check, start, reload, stop"""
	rows = []
	sizes = [128] if bench.smoke else [1024, 8192, 65536, 131072]
	files = subjects.Files(bench.folder, sizes[-1], shared=min(sizes[-1], 16384))
	for paths in sizes:
		bench.quota(paths + 4096)
		names = files.names(paths)
		running = Running(bench, names, interval=2, env=few_descriptors(bench, paths),
		                  max_paths=paths, max_in_flight=0)
		time.sleep(1 if bench.smoke else 4)
		cost = cost_a_check(running, 3 if bench.smoke else 8, names[::max(1, paths // COUNTED)])
		memory = running.memory()
		reload_s = reload(running, names)
		rows.append({"paths": paths, "cpu_us": cost, "start_s": running.start_s,
		             "reload_s": reload_s, "stop_s": running.stop(),
		             "resident_kib": sum(m["rss"] for m in memory.values())})
	devices = files.describe()
	files.remove()
	return {"rows": rows, "devices": devices, "limit": GROWTH_LIMIT}


def watch(running, bench, of):
	"""CPU time a check, and how late the checks of some paths are."""
	seconds = 2 if bench.smoke else 4
	return {"cpu_us": cost_a_check(running, seconds),
	        "late_us": quantiles(running.turns(seconds, set(of)))}


def medians(watched):
	"""The daemons are watched in turn; this sums up the times."""
	return {"cpu_us": statistics.median(w["cpu_us"] for w in watched),
	        "late_us": {k: statistics.median(w["late_us"][k] for w in watched)
	                    for k in ("p50", "p99", "max")}}


def hang(running, disk, bad):
	"""Hangs all of them. Returns when each was reported down, in microseconds from then."""
	disk.tell("hang", f"0-{disk.n - 1}")
	begin = time.time() * 1e6
	running.daemon.wait_count("down", disk.n, 30)
	return [moment_us(p["state_since"]) - begin
	        for p in running.client.call("ListPaths")["paths"] if p["device"] in bad.set]


def hung(bench):
	"""a tenth of the paths hang: delay of the other checks, CPU, and when it is noticed"""
	paths, sick = (256, 32) if bench.smoke else (10240, 1000)
	interval, timeout = 1, 1 if bench.smoke else 2
	bench.quota(paths + 4096)
	disk = bed.FaultyDisk(bench.programs["faultydisk"], bench.folder, bench.undo, sick)
	bad = subjects.FaultyLoops(disk, bench.undo)
	good = bench.devices.names(paths - sick)
	try:
		running = Running(bench, bad.names + good, interval=interval, timeout=timeout)
		calm, late, known = [], [], []
		for _ in range(1 if bench.smoke else 3):
			time.sleep(1)
			calm.append(watch(running, bench, good))
			known += hang(running, disk, bad)
			late.append(watch(running, bench, good))
			disk.tell("release", f"0-{sick - 1}")
			running.daemon.wait_count("up", paths, 30)
		hang(running, disk, bad)
		wrong = [p["device"] for p in running.client.call("ListPaths")["paths"]
		         if p["device"] not in bad.set and (p["state"] != "up" or p["failures_total"])]
		if wrong:
			raise BenchError(f"{len(wrong)} healthy paths are not up")
		stop_s = running.stop()
	finally:
		disk.tell("heal", "all")
		bad.close()
		disk.close()
	rows = [{"when": "none hung", **medians(calm)}, {"when": f"{sick:,} hung", **medians(late)}]
	return {"rows": rows, "paths": paths, "sick": sick, "interval_s": interval,
	        "timeout_s": timeout, "stop_s": stop_s,
	        "known_beyond_us": quantiles([k - (interval + timeout) * 1e6 for k in known])}


def timed(what):
	begin = time.monotonic()
	what()
	return (time.monotonic() - begin) * 1000


def control(bench):
	"""many paths listed: duration, and delay of the checks"""
	paths, asks, clients = (256, 2, 10) if bench.smoke else (10240, 9, 100)
	bench.quota(paths + 4096)
	running = Running(bench, bench.devices.names(paths), max_clients=2 * clients)
	time.sleep(1)
	calm = running.turns(asks)
	ctl = [bench.programs["checkerctl"], "-s", running.daemon.socket, "--timeout", "60", "--json",
	       "show"]

	def ask(n, what=("paths",)):
		"""Returns how many clients got a reply."""
		procs = [subprocess.Popen([*ctl, *what], stdout=subprocess.DEVNULL,
		                          stderr=subprocess.DEVNULL, env=bench.environment())
		         for _ in range(n)]
		return sum(p.wait() == 0 for p in procs)

	raw = [timed(lambda: running.client.call("ListPaths")) for _ in range(asks)]
	command = [timed(lambda: ask(1)) for _ in range(asks)]
	status = [timed(lambda: running.client.call("GetStatus")) for _ in range(asks)]
	worst_before = running.status()["lag_s"]["max"]
	crowds = []
	for what in ("status", "paths"):
		answered = []
		crowds.append({"what": what, "ms": timed(lambda: answered.append(ask(clients, [what]))),  # noqa: B023
		               "answered": answered[0]})
	busy = running.turns(1 if bench.smoke else 3)
	worst = running.status()["lag_s"]["max"]
	running.stop()
	return {"paths": paths, "clients": clients, "list_ms": spread(raw),
	        "command_ms": spread(command), "status_ms": spread(status), "crowds": crowds,
	        "late_calm_us": quantiles(calm), "late_crowd_us": quantiles(busy),
	        "lag_max_before_us": worst_before * 1e6, "lag_max_us": worst * 1e6}


def bound(bench, **settings):
	"""The numbers of --print-bound, by their names."""
	conf = f"{bench.folder}/large.conf"
	with open(conf, "w", encoding="utf-8") as f:
		f.write(harness.config([], **settings))
	out = subprocess.run([bench.programs["checkerd"], "-c", conf, "--print-bound"],
	                     capture_output=True, text=True, check=True,
	                     env=bench.environment()).stdout
	return {m[1].strip(): int(m[2]) for m in re.finditer(r"^(.*?) +(\d+)$", out, re.MULTILINE)}


def simulated(bench, paths, interval):
	"""Wake-ups of each thread in a second, by guard.c: the shipped objects with a clock of
	their own."""
	intervals = 3
	out = subprocess.run([bench.programs["guard"], "daemon", str(intervals), str(paths),
	                      str(interval)], capture_output=True, text=True, check=True).stdout
	m = re.fullmatch(r"(\d+) checks in ([\d.]+) s of its own; woken: loop (\d+), submitter (\d+), "
	                 r"reapers (\d+); (\d+) checks at a time at most; (\d+) groups\n", out)
	# The first pass takes half a second, whatever the interval is.
	seconds = (intervals - 1) * interval + 0.5
	return {"interval_s": interval, "checks_per_second": paths / interval,
	        "loop": int(m[3]) / seconds, "submitter": int(m[4]) / seconds,
	        "reapers": int(m[5]) / seconds, "at_a_time": int(m[6]), "groups": int(m[7])}


def large(bench):
	"""what a host with 100,000 paths would need, computed"""
	paths, timeout, per_group = 100000, 30, 1024
	rescued = 16 // 2 * 256  # for each submit that may be stuck, which is half the rescuers: its batch
	intervals = (5,) if bench.smoke else (1, 5, 20)
	figures = bound(bench, max_paths=paths, polling_interval=5, max_polling_interval=5,
	                checker_timeout=timeout, max_in_flight=0)
	groups = -(-paths // per_group)
	# One for orphans, and one because paths of both kinds may fill one more.
	spare = -(-(paths + rescued) // per_group) + 2 - groups
	turns = [simulated(bench, paths, i) for i in intervals]
	printed = {"groups": figures["groups of 1024 AIO slots"],
	        "quota": figures["taken of fs.aio-max-nr"]}
	reckoned = {"groups": groups + spare, "quota": (groups + spare) * per_group}
	if printed != reckoned or any(t["groups"] != groups for t in turns):
		raise BenchError(f"reckoned {reckoned}, --print-bound says {printed}, simulated {turns}")
	grown = bench.results.get("growth", {}).get("rows", [])
	return {"paths": paths, "timeout_s": timeout, "bound": figures, "turns": turns,
	        "groups": groups, "spare": spare,
	        "cpu_us": grown[-1]["cpu_us"] if grown else None,
	        "cpu_us_of_paths": grown[-1]["paths"] if grown else None}


PARTS = {"daemon": daemon, "growth": growth, "hung": hung, "control": control,
         "large": large}
