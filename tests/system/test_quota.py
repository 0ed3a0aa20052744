# SPDX-License-Identifier: LGPL-2.1-or-later
"""fs.aio-max-nr is used up."""
import time

import bed
from harness import MARGIN, check, config, same_state, test, wait_until

PATHS = 200


def kinds(daemon):
	return {g["kind"] for g in daemon.groups()["groups"]}


def works_without_quota(case, daemon):
	"""The daemon starts without any quota: it reads synchronously, and otherwise works as
	usual."""
	daemon.wait_ready(up=PATHS)
	groups = daemon.groups()
	check(kinds(daemon) == {"sync"}, "groups are not synchronous", groups)
	check(groups["emergency"]["total"] >= PATHS and groups["emergency"]["max"] >= 1,
	      "the emergency counters do not move", groups)
	check(groups["io_setup_failures_total"] >= 1, "no failed io_setup is counted", groups)
	paths = daemon.paths()
	check(all(p["engine"] == "sync" for p in paths.values()), "not checked synchronously")
	first = {d: p["checks_total"] for d, p in paths.items()}
	wait_until("every path is checked again and again", lambda: all(
		p["checks_total"] >= first[d] + 2 for d, p in daemon.paths().items()), 8)
	check(any("fs.aio-max-nr" in w for w in daemon.status()["warnings"]),
	      "show status does not warn", daemon.status()["warnings"])
	lines = [line for line in daemon.wait_log("fs.aio-max-nr").splitlines()
	         if "fs.aio-max-nr" in line]
	check(len(lines) == 1, f"{len(lines)} warnings instead of one", *lines[:5])
	quota = str(bed.read_sysctl("fs.aio-max-nr"))
	numbers = [int(w) for w in lines[0].replace(",", "").replace("=", " ").replace(":", " ")
	           .replace(".", " ").replace(";", " ").replace(")", " ").replace("(", " ").split()
	           if w.isdigit()]
	check(int(quota) in numbers, "the warning does not name the present value", lines[0])
	check(any(n >= int(quota) + 1024 for n in numbers),
	      "the warning names no value that would do", lines[0])
	return daemon.paths()


def goes_back_to_aio(case, daemon, before):
	begin = time.monotonic()
	wait_until("back on AIO", lambda: kinds(daemon) == {"aio"}, 15)
	wait_until("every path is read through AIO", lambda: all(
		p["engine"] == "aio" for p in daemon.paths().values()), 10)
	case.figure(f"quota freed: all paths on AIO again after {time.monotonic() - begin:.1f} s")
	for d, p in daemon.paths().items():
		check(p["state"] == "up" and same_state(before[d], p) and not p["failures_total"],
		      "a state changed on the way", before[d], p)


@test([4], quota=True)
def quota_at_its_present_use(case):
	devices = case.loops(range(PATHS))
	case.sysctl("fs.aio-max-nr", bed.read_sysctl("fs.aio-nr"))
	daemon = case.daemon(config(devices)).start()
	before = works_without_quota(case, daemon)
	case.restore_sysctls()
	goes_back_to_aio(case, daemon, before)


@test([4], quota=True)
def quota_held_by_another_process(case):
	devices = case.loops(range(PATHS))
	hog = case.helper(case.programs["aiohog"])
	check(int(hog.stdout.readline()) > 0, "there was no quota to hold")
	daemon = case.daemon(config(devices)).start()
	before = works_without_quota(case, daemon)
	hog.stdin.close()
	hog.wait()
	goes_back_to_aio(case, daemon, before)


@test([4, 2], quota=True)
def hung_paths_without_quota(case):
	"""With synchronous reads, a few hung paths occupy rescuers, but cause no missing checks
	and no false state."""
	devices = case.loops(range(PATHS))
	hung = 5
	case.sysctl("fs.aio-max-nr", bed.read_sysctl("fs.aio-nr"))
	daemon = case.daemon(config(devices, rescuer_threads=16)).start().wait_ready(up=PATHS)
	case.disk.tell("hang", f"0-{hung - 1}")
	daemon.wait_count("down", hung)
	first, begin = daemon.paths(), time.monotonic()
	check(daemon.groups()["rescuers"]["stuck"] == hung, "stuck rescuers", daemon.groups())
	time.sleep(4)
	second, elapsed = daemon.paths(), time.monotonic() - begin
	for d in devices[hung:]:
		n = second[d]["checks_total"] - first[d]["checks_total"]
		check(second[d]["state"] == "up" and n >= elapsed / MARGIN - 2,
		      f"a healthy path had {n} checks in {elapsed:.1f} intervals", second[d])
	case.disk.tell("release", f"0-{hung - 1}")
	daemon.wait_count("up", PATHS)
	case.restore_sysctls()
