# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two thousand paths, some of which hang."""
import time

import bed
from harness import MARGIN, check, config, test, wait_until

PATHS = 2000
INTERVAL = 2
TIMEOUT = 3


def start(case, n=PATHS, **more):
	devices = case.loops(range(n))
	daemon = case.daemon(config(devices, polling_interval=INTERVAL,
	                            max_polling_interval=INTERVAL, checker_timeout=TIMEOUT,
	                            **more))
	return devices, daemon.start()


@test([1])
def two_thousand_paths_are_up_after_one_pass(case):
	before = bed.read_sysctl("fs.aio-nr")
	begin = time.monotonic()
	devices, daemon = start(case)
	daemon.wait_ready()
	case.figure(f"first full pass of {PATHS} paths: {time.monotonic() - begin:.2f} s")
	daemon.wait_count("up", PATHS, seconds=2)
	paths = daemon.paths()
	check(sorted(paths) == sorted(devices), "not the paths of the configuration")
	check(all(p["engine"] == "aio" for p in paths.values()), "some are not read through AIO")
	check(max(p["checks_total"] for p in paths.values()) <= 1 + PATHS / INTERVAL,
	      "paths are checked again and again instead of once")
	groups = daemon.groups()
	kinds = [(g["kind"], g["slots"]) for g in groups["groups"]]
	check(kinds == [("aio", 1024), ("aio", 1024)], "not 2 groups of 1,024 slots", kinds)
	now = bed.read_sysctl("fs.aio-nr")
	check(groups["aio_max_nr"] == bed.read_sysctl("fs.aio-max-nr"), "wrong aio_max_nr")
	daemon.stop()
	# The counter is of the whole host: other users come and go, but hardly as many as
	# these.
	wait_until("the quota is given back", lambda: bed.read_sysctl("fs.aio-nr") < now, 5)
	after = bed.read_sysctl("fs.aio-nr")
	check(2048 in (groups["aio_nr"] - before, groups["aio_nr"] - after),
	      "aio_nr is not 2,048 with the daemon",
	      f"before {before}, reported {groups['aio_nr']}, during {now}, after {after}")


def hang_and_watch(case, hung, others):
	"""Hangs the first `hung` of the paths; meanwhile the others must be checked on time."""
	devices, daemon = start(case, fail_checks=2)
	daemon.wait_ready(up=PATHS)
	sick, well = set(devices[:hung]), set(devices[hung:])
	case.disk.tell("hang", f"0-{hung - 1}")
	begin = time.monotonic()
	daemon.wait_count("down", hung, seconds=(TIMEOUT + 3 * INTERVAL) * 2)
	case.figure(f"{hung} hung paths down after {time.monotonic() - begin:.2f} s "
	            f"(interval {INTERVAL} s, timeout {TIMEOUT} s, fail_checks 2)")
	first = daemon.paths()
	window = time.monotonic()
	for p in (first[d] for d in sick):
		check(p["state"] == "down" and p["reason"] and f"{TIMEOUT} s" in p["reason"],
		      "a hung path without its reason", p)
		check(p["in_flight_s"] is not None and p["in_flight_s"] >= TIMEOUT * 0.9,
		      "a hung path whose request is not in flight", p)
		check(p["timeouts_total"] >= 1, "a hung path without timeouts", p)
	check_steps(daemon, sick)

	time.sleep(3 * INTERVAL)
	second = daemon.paths()
	elapsed = time.monotonic() - window
	missed = [(d, second[d]["checks_total"] - first[d]["checks_total"]) for d in well
	          if second[d]["checks_total"] - first[d]["checks_total"] <
	          int(elapsed / INTERVAL) - 1]
	check(not missed, f"{len(missed)} healthy paths missed checks in {elapsed:.1f} s",
	      missed[:5])
	bad = [p["device"] for p in second.values()
	       if p["device"] in well and (p["state"] != "up" or p["failures_total"])]
	check(not bad, "healthy paths that are not up", bad[:5])
	lag = daemon.status()["lag_s"]
	case.figure(f"lag of the loop: last {lag['last'] * 1000:.1f} ms, max "
	            f"{lag['max'] * 1000:.1f} ms = {lag['max'] / INTERVAL:.3f} intervals")
	check(lag["max"] < INTERVAL * 0.5 * MARGIN, "checks start late", lag)
	groups = daemon.groups()
	check(sum(g["expired"] for g in groups["groups"]) == hung, "expired slots", groups)

	case.disk.tell("release", f"0-{hung - 1}")
	begin = time.monotonic()
	wait_until("the late answers count", lambda: daemon.count("up") == PATHS, INTERVAL)
	case.figure(f"released, all up after {time.monotonic() - begin:.3f} s "
	            "(a query of the command included)")
	groups = daemon.groups()
	check(not any(g["expired"] or g["orphans"] for g in groups["groups"]),
	      "slots are not given back", groups)
	return daemon


def check_steps(daemon, sick):
	"""Each hung path was first `timeout` and then `down`."""
	steps = {}
	for e in daemon.events():
		if e["type"] == "path_state" and e["from"] == "up":
			steps[e["path"]] = e["to"]
	names = {d.rsplit("/", 1)[1] for d in sick}
	kept = names & set(steps)  # the daemon keeps a limited number of events
	check(kept, "no event of a hung path is kept")
	wrong = [(n, steps[n]) for n in kept if steps[n] != "timeout"]
	check(not wrong, "a hung path did not go by way of timeout", wrong[:5])


@test([2])
def one_hung_path_delays_none(case):
	hang_and_watch(case, 1, PATHS - 1)


@test([2])
def five_hundred_hung_paths_delay_none(case):
	hang_and_watch(case, 500, PATHS - 500)


@test([2])
def late_answer_counts_at_once(case):
	"""The answer of a released request brings the path up by itself: the next check would be
	due much later."""
	devices = case.loops(range(4))
	daemon = case.daemon(config(devices, polling_interval=30, max_polling_interval=30,
	                            checker_timeout=1)).start().wait_ready(up=4)
	case.disk.tell("hang", 0)
	daemon.ctl("check", devices[0])
	path = daemon.wait_state(devices[0], "down", "timeout", seconds=5)
	check(path["in_flight_s"] is not None, "the request is not in flight any more")
	case.disk.tell("release", 0)
	daemon.wait_state(devices[0], "up", seconds=5)
