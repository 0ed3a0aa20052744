# SPDX-License-Identifier: LGPL-2.1-or-later
"""The locked memory, with as many paths as the budget is for."""
import os
import re
import tempfile

from harness import Skip, check, config, test, wait_until

PATHS = 10240
BUDGET_KIB = 28 * 1024
FEW = 64
MORE = 4000
# What is locked with FEW paths: with the default of max_paths, and with as many as there are.
FEW_KIB = {None: 16384, FEW: 8192}


def mappings(pid):
	"""For each mapping: its name, the resident memory, the private part, both in KiB, and
	whether it is locked."""
	found = []
	with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as f:
		for line in f:
			m = re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)", line)
			if m:
				found.append({"name": m[1], "locked": False})
			elif line.startswith(("Rss:", "Anonymous:")):
				found[-1][line.split(":")[0]] = int(line.split()[1])
			elif line.startswith("VmFlags:"):
				found[-1]["locked"] = "lo" in line.split()[1:]
	return found


def status_kib(pid, key):
	with open(f"/proc/{pid}/status", encoding="utf-8") as f:
		return next(int(line.split()[1]) for line in f if line.startswith(key + ":"))


def pages_kib(daemon, prober):
	"""Returns the locked pages of both processes. The daemon locks what both map, which is
	libraries and the shared region, so this counts once. A process that may not lock (the
	prober of a daemon without CAP_SYS_RESOURCE) counts with its private pages."""
	locks = sum(m["Rss"] for m in mappings(daemon) if m["locked"])
	own = mappings(prober)
	if any(m["locked"] for m in own):
		return locks, sum(m["Rss"] for m in own if m["locked"])
	return locks, sum(m["Anonymous"] for m in own)


def short_names(case, n):
	"""n names of a file, a little longer than disks' names: names are the largest part of a
	path in a static configuration."""
	folder = os.path.join(case.folder, "d")
	link = tempfile.mktemp(prefix="c", dir="/tmp")  # symlink() fails if it is taken
	os.symlink(folder, link)
	case.links.append(link)
	os.mkdir(folder)
	devices = [f"{link}/{i:05}" for i in range(n)]
	with open(devices[0], "wb") as f:
		f.truncate(64 * 1024)
	for name in devices[1:]:
		os.link(devices[0], name)
	return devices


@test([4], not_sanitized="a sanitizer's shadow memory is many times as large")
def locked_memory_of_few_paths(case):
	"""The default limits: tables have no memory for paths that are not there."""
	devices = short_names(case, FEW)
	for max_paths, limit in FEW_KIB.items():
		settings = {} if max_paths is None else {"max_paths": max_paths}
		daemon = case.daemon(config(devices, polling_interval=4, max_polling_interval=4,
		                            **settings)).start()
		daemon.wait_ready(seconds=30)
		check(len(daemon.paths()) == FEW, "not all paths are there")
		if status_kib(daemon.pid, "VmLck") == 0:
			raise Skip("memory may not be locked here (CAP_IPC_LOCK)")
		of_daemon, of_prober = pages_kib(daemon.pid, daemon.prober_pid())
		case.figure(f"{FEW} paths, max_paths {max_paths or 'by default'}: {of_daemon} KiB locked by "
		            f"the daemon, {of_prober} KiB are the prober's")
		check(of_daemon + of_prober <= limit,
		      f"{of_daemon + of_prober} KiB are locked, not {limit} at most")
		daemon.stop()


def few_paths(case, devices, **more):
	daemon = case.daemon(config(devices[:FEW], polling_interval=1, max_polling_interval=1),
	                     **more).start()
	daemon.wait_ready(up=FEW, seconds=30)
	if status_kib(daemon.pid, "VmLck") == 0:
		raise Skip("memory may not be locked here (CAP_IPC_LOCK)")
	return daemon


@test([17], not_sanitized="a sanitizer's shadow memory is many times as large")
def tables_get_memory_with_the_paths(case):
	devices = short_names(case, MORE)
	daemon = few_paths(case, devices)
	before = sum(pages_kib(daemon.pid, daemon.prober_pid()))
	daemon.reload(config(devices, polling_interval=1, max_polling_interval=1))
	daemon.wait_count("up", MORE)
	check(len(daemon.ctl("--json", "show", "paths").json()["paths"]) == MORE, "not all paths are listed")
	after = sum(pages_kib(daemon.pid, daemon.prober_pid()))
	case.figure(f"{FEW} paths: {before} KiB are locked; {MORE}: {after} KiB")
	# 1 KiB a path grows with other parts, half as much with the tables.
	check(after - before > (MORE - 1024) * 1.4, "the tables are not locked", before, after)


@test([17], not_sanitized="a sanitizer's library has to be the first one that is preloaded")
def new_paths_wait_for_memory(case):
	"""When memory is short, paths that are there are checked, and new ones come when they can."""
	devices = short_names(case, MORE)
	file = os.path.join(case.folder, "short")
	daemon = few_paths(case, devices, env={
		"LD_PRELOAD": os.path.join(case.programs.build, "tests/system/.libs/fewpages.so"),
		"FEW_PAGES": file})
	with open(file, "w", encoding="utf-8"):
		pass
	daemon.configure(config(devices, polling_interval=1, max_polling_interval=1))
	said = daemon.ctl("reload", timeout=10)
	check("cannot be listed: Cannot allocate memory" in said.out, "the reload does not say why",
	      said.out, said.err)
	check(len(daemon.paths()) == FEW, "paths without memory", len(daemon.paths()))
	done = sum(p["checks_total"] for p in daemon.paths().values())
	wait_until("the others are checked", lambda: sum(
		p["checks_total"] for p in daemon.paths().values()) >= done + 2 * FEW, 20)
	os.unlink(file)
	daemon.wait_count("up", MORE)


@test([4], not_sanitized="a sanitizer's shadow memory is many times as large")
def locked_memory(case):
	"""Paths of regular files. They have all that a path has except an entry in a map, whose
	memory is allocated at the start."""
	devices = short_names(case, PATHS)
	daemon = case.daemon(config(devices, max_paths=PATHS, polling_interval=4,
	                            max_polling_interval=4, checker_timeout=30)).start()
	daemon.wait_ready(seconds=30)
	check(len(daemon.paths()) == PATHS, "not all paths are there")
	for command in (["show", "maps"], ["show", "history", devices[0]], ["metrics"]):
		daemon.ctl(*command)
	prober = daemon.prober_pid()
	if status_kib(daemon.pid, "VmLck") == 0:
		raise Skip("memory may not be locked here (CAP_IPC_LOCK)")
	of_daemon, of_prober = pages_kib(daemon.pid, prober)
	case.figure(f"{PATHS} paths: {of_daemon} KiB locked by the daemon, {of_prober} KiB "
	            f"{'locked by' if status_kib(prober, 'VmLck') else 'not locked but'} the prober's; "
	            f"VmLck {status_kib(daemon.pid, 'VmLck')} and {status_kib(prober, 'VmLck')} KiB")
	check(of_daemon + of_prober <= BUDGET_KIB,
	      f"{of_daemon + of_prober} KiB are locked, not {BUDGET_KIB} at most")
	# During a reload there are two configurations, and two lists of paths.
	for _ in range(2):
		daemon.reload()
	again = sum(pages_kib(daemon.pid, prober))
	case.figure(f"{again} KiB after two reloads")
	check(again <= BUDGET_KIB, f"{again} KiB are locked after two reloads")
