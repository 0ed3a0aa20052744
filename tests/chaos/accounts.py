# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a daemon and its prober hold: counted when the system is calm, and compared."""
import collections
import os

# How much more memory they may have than at the first account, in KiB. What clients can make
# the daemon allocate once has limits of its own.
MARGIN_FIRST, MARGIN_SAME = 4096, 1024
EXACT = ("fds", "threads", "sockets", "prober_fds", "prober_threads")


def status_field(pid, field):
	with open(f"/proc/{pid}/status", encoding="utf-8") as f:
		return int(next(line.split()[1] for line in f if line.startswith(field + ":")))


def links(pid):
	found = []
	for fd in os.listdir(f"/proc/{pid}/fd"):
		try:
			found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
		except FileNotFoundError:
			pass
	return found


def take(pid, prober):
	"""The accounts of the two processes."""
	files, prober_files = links(pid), links(prober)
	return {
		"pid": pid, "prober": prober,
		"fds": len(files), "prober_fds": len(prober_files),
		"sockets": sum(f.startswith("socket:") for f in files),
		"threads": status_field(pid, "Threads"),
		"prober_threads": status_field(prober, "Threads"),
		"rss": status_field(pid, "VmRSS"), "prober_rss": status_field(prober, "VmRSS"),
	}


def mappings(pid):
	"""Resident memory in KiB, by the mapping's name and access mode."""
	found, name = collections.Counter(), ""
	with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
		for line in f:
			words = line.split()
			if not words[0].endswith(":"):
				name = f"{' '.join(words[5:]) or 'anonymous'} {words[1]}"
			elif words[0] == "Rss:":
				found[name] += int(words[1])
	return found


def where(before, after):
	"""Mappings that have grown between two results of mappings(), as a list of texts."""
	return [f"{name}: {before[name]} KiB, then {kib}" for name, kib in sorted(after.items())
	        if kib > before[name] + 64]


def brief(account):
	return " ".join(f"{k}={v}" for k, v in account.items())


def grown(before, after):
	"""What has increased between two accounts, as a list of texts."""
	return [f"{k}: {before[k]}, then {after[k]}" for k in EXACT if after[k] > before[k]]


def fatter(before, after, key, margin):
	more = after[key] - before[key]
	return [f"{key}: {before[key]} KiB, then {after[key]} KiB; {margin} more may be"] * (
		more > margin)


def unsettled(groups):
	"""Values of `show groups` that are not zero although everything is well."""
	left = {k: sum(g[k] for g in groups["groups"]) for k in ("expired", "orphans")}
	left["deferred"] = groups["deferred"]["now"]
	left["emergency"] = groups["emergency"]["now"]
	left["stuck"] = groups["rescuers"]["stuck"] + groups["lanes"]["stuck"]
	left["not aio"] = sum(g["kind"] != "aio" or g["state"] != "aio" for g in groups["groups"]
	                      if g["state"] != "unused")
	return {k: v for k, v in left.items() if v}
