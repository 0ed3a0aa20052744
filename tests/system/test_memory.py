# SPDX-License-Identifier: LGPL-2.1-or-later
"""The locked memory, with as many paths as the budget is for."""
import os
import re
import tempfile

from harness import Skip, check, config, test

PATHS = 10240
BUDGET_KIB = 28 * 1024
FEW = 64
# What is locked with FEW paths: with the default of max_paths, whose tables are reserved at the start,
# and with max_paths as many as there are. The first is to become 16 MiB: docs/MEMORY.md has the parts.
FEW_KIB = {None: 26624, FEW: 8192}


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
	"""The default limits: most of the memory is for paths that are not there."""
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
