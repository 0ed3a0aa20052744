# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon and the prober end, in every way, while requests hang."""
import datetime
import os
import signal
import time

import bed
from harness import MARGIN, check, config, is_running, process_stat, same_state, test, wait_until

PATHS, HUNG = 600, 500
LIMIT_S = 0.5  # from the signal until the successor serves
CHECKED_S = 1  # from the prober's end until every path has been checked
STALLED_S = 2  # after which a prober that makes no progress is replaced


def start(case, mode, extra=(), hung=HUNG):
	devices = case.loops(range(PATHS))
	if mode == "sync":
		case.sysctl("fs.aio-max-nr", bed.read_sysctl("fs.aio-nr"))
	daemon = case.daemon(config(devices + list(extra))).start().wait_ready(up=PATHS, seconds=30)
	if hung:
		case.disk.tell("hang", f"0-{hung - 1}")
		# Each synchronous read that hangs blocks a rescuer; further reads wait for one.
		enough = hung if mode == "aio" else min(hung, 8)
		wait_until("the reads hang", lambda: case.disk.held() >= enough, 10)
	return devices, daemon


def succeed(case, daemon, name, number, restart=False):
	"""Ends the daemon and starts another on the same socket. Returns the new daemon."""
	prober = daemon.prober_pid()
	begin = time.monotonic()
	daemon.signal(number)
	code = daemon.ended(5)
	gone = time.monotonic() - begin
	successor = case.daemon(open(daemon.config, encoding="utf-8").read(), name="successor",
	                        socket=daemon.socket).start()
	successor.wait_serving(5)
	served = time.monotonic() - begin
	case.figure(f"{name}: gone after {gone * 1000:.0f} ms, successor serves after "
	            f"{served * 1000:.0f} ms")
	check(served < LIMIT_S * MARGIN, f"{name}: the successor serves after {served:.2f} s")
	check(code == (-number if number == signal.SIGKILL else 0), f"{name}: exit code {code}")
	check(successor.status()["pid"] == successor.pid, "another daemon answers")
	check(successor.prober_pid() != prober, "the successor took the old prober")
	return successor, prober


def check_successor(case, successor, prober, devices, healthy):
	wait_until("it knows its paths", lambda: successor.paths().keys() >= set(devices), 10)
	wait_until("the healthy paths are up", lambda: all(
		p["state"] == "up" for d, p in successor.paths().items() if d in healthy), 10)
	false_down = [p for d, p in successor.paths().items()
	              if d in devices[HUNG:] and p["state"] in ("down", "timeout", "removed")]
	check(not false_down, "healthy paths called down", *false_down[:3])
	case.disk.tell("release", "all")
	wait_until("the old prober ends", lambda: not is_running(prober), 10)
	successor.wait_count("up", len(successor.paths()), seconds=20)


def end_and_restart(case, mode, number):
	devices, daemon = start(case, mode)
	name = f"{signal.Signals(number).name}, {mode}"
	successor, prober = succeed(case, daemon, name, number)
	# With every rescuer in a hung read, healthy paths wait, and are not down.
	check_successor(case, successor, prober, devices,
	                set(devices[HUNG:]) if mode == "aio" else set())


@test([6])
def kill_with_500_hung_asynchronous(case):
	end_and_restart(case, "aio", signal.SIGKILL)


@test([6])
def terminate_with_500_hung_asynchronous(case):
	end_and_restart(case, "aio", signal.SIGTERM)


@test([6], quota=True)
def kill_with_500_hung_synchronous(case):
	end_and_restart(case, "sync", signal.SIGKILL)


@test([6], quota=True)
def terminate_with_500_hung_synchronous(case):
	end_and_restart(case, "sync", signal.SIGTERM)


@test([6])
def restart_ten_times_in_a_row(case):
	"""Each daemon leaves a prober with hung reads behind; none of them delays the next
	daemon."""
	devices, daemon = start(case, "aio", hung=20)
	probers = []
	for i in range(10):
		daemon, prober = succeed(case, daemon, f"restart {i + 1}",
		                         signal.SIGKILL if i % 2 else signal.SIGTERM)
		probers.append(prober)
		wait_until("its reads hang too", lambda n=i: case.disk.held() >= 20 * (n + 2), 10)
	case.disk.tell("release", "all")
	wait_until("all old probers end",
	           lambda: not any(is_running(p) for p in probers), 10)
	daemon.wait_count("up", PATHS)


def end_with_hung_open(case, number):
	case.disk.tell("hang-open", 2001)
	opening = case.disk.path(2001)
	devices = case.loops(range(20))
	daemon = case.daemon(config(devices + [opening])).start().wait_serving()
	daemon.wait_count("up", 20)
	wait_until("the open hangs", lambda: case.disk.held() == 1, 10)
	successor, prober = succeed(case, daemon,
	                            f"{signal.Signals(number).name}, open hung", number)
	check(process_stat(prober).get("state") in ("D", "S", "Z"), "the old prober is not stuck",
	      process_stat(prober))
	check_successor(case, successor, prober, devices, set(devices))


@test([6, 9])
def kill_with_an_open_hung(case):
	end_with_hung_open(case, signal.SIGKILL)


@test([6, 9])
def terminate_with_an_open_hung(case):
	end_with_hung_open(case, signal.SIGTERM)


def replace_prober(case, number):
	"""The prober is killed or stopped while 50 paths hang."""
	devices, daemon = start(case, "aio", hung=50)
	daemon.wait_count("down", 50)
	events = max([e["seq"] for e in daemon.events()], default=0)
	old = daemon.prober_pid()
	before = daemon.paths()
	begin = time.monotonic()
	date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
	os.kill(old, number)
	status = wait_until("another prober", lambda: (
		lambda s: s["prober"]["pid"] not in (None, old) and s)(daemon.status()), 15, 0.01)
	replaced = time.monotonic() - begin
	check(status["prober"]["restarts_total"] == 1, "restarts_total", status["prober"])
	wait_until("every healthy path is checked again", lambda: all(
		p["last_check"] > date for d, p in daemon.paths().items()
		if d in devices[50:]), 10, 0.02)
	checked = time.monotonic() - begin
	case.figure(f"{signal.Signals(number).name} of the prober: replaced after "
	            f"{replaced * 1000:.0f} ms, all checked after {checked * 1000:.0f} ms")
	# A stopped prober is replaced only after STALLED_S.
	limit = CHECKED_S if number == signal.SIGKILL else CHECKED_S + STALLED_S
	check(checked < 2 * limit * MARGIN, f"all checked only after {checked:.2f} s")
	after = daemon.paths()
	for d, p in after.items():
		check(same_state(before[d], p) and
		      p["failures_total"] - before[d]["failures_total"] <= (d in devices[:50]) * 20,
		      "a state changed", before[d], p)
	changes = [e for e in daemon.events(events) if e["type"] == "path_state"]
	check(not changes, "state changes because of the prober", *changes[:5])
	wait_until("the new prober's reads hang", lambda: all(
		p["in_flight_s"] is not None for d, p in daemon.paths().items() if d in devices[:50]),
		10)
	case.disk.tell("release", "all")
	daemon.wait_count("up", PATHS)
	wait_until("the old prober ends", lambda: not is_running(old), 10)


@test([6])
def killed_prober_is_replaced(case):
	replace_prober(case, signal.SIGKILL)


@test([6])
def stopped_prober_is_replaced(case):
	replace_prober(case, signal.SIGSTOP)


@test([6])
def prober_killed_again_and_again(case):
	"""A prober that ends again and again delays checks, but changes no state; at the end all
	paths are up."""
	devices = case.loops(range(100))
	daemon = case.daemon(config(devices)).start().wait_ready(up=100)
	before = daemon.paths()
	for _ in range(5):
		pid = wait_until("a prober", daemon.prober_pid, 20)
		os.kill(pid, signal.SIGKILL)
		wait_until("another one", lambda old=pid: daemon.prober_pid() not in (None, 0, old), 30)
	first = daemon.paths()
	wait_until("all are checked again", lambda: all(
		p["checks_total"] > first[d]["checks_total"] for d, p in daemon.paths().items()), 20)
	for d, p in daemon.paths().items():
		check(same_state(before[d], p), "a state changed", before[d], p)
