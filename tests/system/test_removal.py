# SPDX-License-Identifier: LGPL-2.1-or-later
"""Paths come and go while some of them hang."""
import time

from harness import (SANITIZED, check, config, open_files, rss_kib, same_state, test,
                     wait_until)

ROUNDS = 100
INTERVAL = 1


def totals(daemon):
	groups = daemon.groups()
	return {k: sum(g[k] for g in groups["groups"])
	        for k in ("queued", "in_flight", "expired", "orphans")}


def churn(case, daemon, without, with_it, device, rounds):
	"""Adds the path, waits until its read hangs, and removes it; repeats that."""
	for _ in range(rounds):
		kept = case.disk.status(0)["held"]
		daemon.reload(with_it)
		daemon.ctl("check", device) # unless its first check has begun already
		wait_until("its read hangs", lambda: case.disk.status(0)["held"] > kept, 10, 0.005)
		daemon.reload(without)
	wait_until(f"{rounds} orphans", lambda: totals(daemon)["orphans"] == rounds, 10)
	case.disk.tell("answer", 0)
	case.disk.tell("release", 0)
	wait_until("every slot is given back",
	           lambda: not any(totals(daemon)[k] for k in ("expired", "orphans")), 10)
	case.disk.tell("hang", 0)


def accounts(daemon):
	prober = daemon.prober_pid()
	return {"fds": open_files(daemon.pid), "prober_fds": open_files(prober),
	        "rss": rss_kib(daemon.pid), "prober_rss": rss_kib(prober)}


@test([3], timeout=120)
def a_hung_path_removed_and_added_again_costs_nothing(case):
	devices = case.loops(range(20))
	without = config(devices[1:], polling_interval=30, max_polling_interval=30)
	with_it = config(devices, polling_interval=30, max_polling_interval=30)
	daemon = case.daemon(without).start().wait_ready(up=19)
	case.disk.tell("hang", 0)
	churn(case, daemon, without, with_it, devices[0], 20)  # warms up what grows only once
	before = accounts(daemon)
	begin = time.monotonic()
	churn(case, daemon, without, with_it, devices[0], ROUNDS)
	case.figure(f"{ROUNDS} times added, hung and removed in {time.monotonic() - begin:.1f} s")
	after = wait_until("descriptors are closed", lambda: (
		lambda a: a["fds"] <= before["fds"] and a["prober_fds"] <= before["prober_fds"] and a)
		(accounts(daemon)), 5)
	case.figure(f"before {before}, after {after}")
	for key in ("rss", "prober_rss"):
		grown = after[key] - before[key]
		# A leak of 1 KiB a round would be 100 KiB; sanitizers keep freed memory.
		check(SANITIZED or grown < 64, f"{key} grew by {grown} KiB", before, after)
	check(not any(totals(daemon).values()), "slots are lost", daemon.groups())
	case.disk.tell("release", 0)
	daemon.reload(with_it)
	daemon.wait_count("up", 20)


@test([5])
def reload_disturbs_no_unchanged_path(case):
	"""500 paths, 50 of them hung. Repeatedly half are removed and 100 others added, and
	back."""
	all_devices = case.loops(range(600))
	settings = {"polling_interval": INTERVAL, "max_polling_interval": INTERVAL,
	            "checker_timeout": 2}
	full = config(all_devices[:500], **settings)
	other = config(all_devices[:250] + all_devices[500:], **settings)
	daemon = case.daemon(full).start().wait_ready(up=500)
	case.disk.tell("hang", "0-49")
	daemon.wait_count("down", 50)
	first, begin = daemon.paths(), time.monotonic()
	for i in range(6):
		daemon.reload(other if i % 2 == 0 else full)
		time.sleep(1.2 * INTERVAL)
		state = daemon.status()["paths"]
		check(state["total"] == (350 if i % 2 == 0 else 500), "not the configured paths", state)
	second, elapsed = daemon.paths(), time.monotonic() - begin
	unchanged(case, first, second, all_devices, elapsed)
	daemon.reload(other)
	daemon.wait_count("up", 300)
	paths = daemon.paths()
	check(sorted(paths) == sorted(all_devices[:250] + all_devices[500:]), "wrong paths")
	case.disk.tell("release", "0-49")
	daemon.wait_count("up", 350)
	lag = daemon.status()["lag_s"]["max"]
	case.figure(f"lag over 7 reloads: max {lag * 1000:.1f} ms")


def unchanged(case, first, second, devices, elapsed):
	for d in devices[:50]:
		a, b = first[d], second[d]
		check(b["state"] == "down" and same_state(a, b),
		      "a hung path's state was lost by a reload", a, b)
		check(b["in_flight_s"] is not None and
		      b["in_flight_s"] > a["in_flight_s"] + elapsed * 0.8,
		      "a hung path's request was not kept", a, b)
	rounds = [second[d]["checks_total"] - first[d]["checks_total"] for d in devices[50:250]]
	expected = elapsed / INTERVAL
	case.figure(f"unchanged paths: {min(rounds)} to {max(rounds)} checks in "
	            f"{elapsed:.2f} intervals")
	slack = 1.5 if not SANITIZED else 3
	check(min(rounds) >= expected - slack, "unchanged paths missed checks", rounds[:10])
	check(max(rounds) <= expected + slack, "unchanged paths were checked again", rounds[:10])
	for d in devices[50:250]:
		check(same_state(first[d], second[d]),
		      "an unchanged path's state was lost", first[d], second[d])
