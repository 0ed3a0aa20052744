# SPDX-License-Identifier: LGPL-2.1-or-later
"""Paths that people take out of service: by selection, all at once, and never a map's last one."""
import os
import time

from harness import check, config, test, wait_until

MANY = 4000


def files(case, n):
	names = [os.path.join(case.folder, f"file{i}") for i in range(n)]
	for name in names:
		with open(name, "wb") as f:
			f.truncate(1 << 16)
	return names


def enabled(daemon):
	return {os.path.basename(p["device"]) for p in daemon.paths().values() if p["enabled"]}


@test([], root=False)
def a_selection_is_changed_as_a_whole(case):
	"""Two maps of two paths, and a path in no map."""
	names = files(case, 5)
	maps = ["left", "left", "right", "right"]
	daemon = case.daemon(config([*((n, None, m) for n, m in zip(names, maps)), names[4]],
	                            polling_interval=1)).start().wait_ready(up=5)
	# One path of each map, named; then all of a map, selected.
	done = daemon.ctl("disable", names[0], names[2])
	check(done.out == "disabled 2 paths of 2 maps: left, right\n", "what was done", done.out)
	refused = daemon.ctl("disable", "--map", "left", expect=1)
	check("the last usable path of map left (file1): wait" in refused.err, "why", refused.err)
	refused = daemon.ctl("disable", names[1], names[3], names[4], expect=1)
	check("of map left (file1), map right (file3): wait" in refused.err, "why", refused.err)
	check(enabled(daemon) == {"file1", "file3", "file4"}, "a refusal changed something",
	      enabled(daemon))
	# Paths that are down are not the last usable ones.
	daemon.ctl("enable", "--state", "disabled")
	check(len(enabled(daemon)) == 5, "all are enabled", enabled(daemon))
	daemon.wait_count("up", 5)
	os.truncate(names[3], 0)
	daemon.wait_state(names[3], "down")
	refused = daemon.ctl("disable", names[1], names[2], expect=1)
	check("map right (file2)" in refused.err and "left" not in refused.err, "why", refused.err)
	done = daemon.ctl("disable", "--state", "down,timeout")
	check(done.out == "disabled 1 path of 1 map: right\n", "what was done", done.out)
	done = daemon.ctl("disable", "--map", "right", "--force", "--for", "1h")
	check(done.out == "disabled 2 paths of 1 map: right\n", "what was done", done.out)
	check(daemon.path(names[2])["disabled_until"], "until when?", daemon.path(names[2]))
	check("no path has map left one of these states" in
	      daemon.ctl("enable", "--map", "left", "--state", "ghost", expect=5).err, "nothing")
	check("no such map: lefd" in daemon.ctl("enable", "--map", "lefd", expect=5).err, "a wrong name")
	check("did you mean 'left'" in daemon.ctl("check", "--map", "lefd", expect=5).err, "a hint")
	daemon.ctl("disable", expect=2)
	shown = daemon.json("show", "paths", "--map", "right")["paths"]
	check(sorted(p["name"] for p in shown) == ["file2", "file3"], "show paths", shown)
	checked = daemon.json("check", "--wait", "--state", "up")["results"]
	check(sorted(c["path"] for c in checked) == ["file0", "file1", "file4"], "check", checked)


@test([], root=False)
def thousands_are_one_request(case):
	"""Files, half of which are in each of some maps. No path's check is late meanwhile."""
	names = files(case, MANY)
	daemon = case.daemon(config([(n, None, f"m{i // 4}") for i, n in enumerate(names)],
	                            polling_interval=2, max_polling_interval=2,
	                            max_paths=MANY)).start().wait_ready(up=MANY, seconds=60)
	since = daemon.events()[-1]["seq"]
	begin = time.monotonic()
	refused = daemon.ctl("disable", "--state", "up", expect=1, timeout=30)
	check(", and 994 other maps" in refused.err, "which maps", refused.err)
	check(len(enabled(daemon)) == MANY, "a refusal changed something")
	daemon.ctl("disable", "--state", "up", "--force", timeout=30)
	check(not enabled(daemon), "all are disabled")
	daemon.ctl("enable", "--state", "disabled", timeout=30)
	check(len(enabled(daemon)) == MANY, "all are enabled")
	took = time.monotonic() - begin
	daemon.wait_count("up", MANY)
	told = [e["message"] for e in daemon.events(since) if e["type"] == "config"]
	who = f"uid {os.geteuid()}"
	check(len(told) == 2 and told[0].startswith(f"{MANY} paths disabled by {who}") and
	      told[1].startswith(f"{MANY} paths enabled by {who}"), "what is told", *told)
	wait_until("none is overdue", lambda: daemon.status()["overdue"]["paths"] == 0, 20)
	case.figure(f"{MANY} paths: refused, disabled and enabled in {took:.1f} s, "
	            f"lag {daemon.status()['lag_s']['max'] * 1000:.0f} ms")


def window(devnode, begin, end, *more):
	"""A window of the local clock; begin and end: minutes from now."""
	def clock(minutes):
		return time.strftime("%H:%M", time.localtime(time.time() + 60 * minutes))
	lines = [f'devnode "{devnode}"', f"from {clock(begin)}", f"to {clock(end)}", *more]
	return "\twindow {\n" + "".join(f"\t\t{line}\n" for line in lines) + "\t}\n"


@test([], root=False)
def a_window_takes_paths_and_leaves_the_last_one(case):
	names = files(case, 4)
	text = config([(n, None, m) for n, m in zip(names, ["left", "left", "right", "right"])],
	              polling_interval=1, max_polling_interval=1)
	plain, before = text, len(text.splitlines())
	text += "maintenance {\n" + window("^file0$", -2, 60) + window("^file[23]$", -5, 5) + \
		window("^file1$", 120, 180) + "}\n"
	daemon = case.daemon(plain).start().wait_ready(up=4)
	daemon.reload(text)
	path = wait_until("the window is open", lambda: (p := daemon.path(names[0])) and
	                  not p["enabled"] and p, 10)
	check(path["state"] == "disabled" and path["disabled_until"] and path["disabled_since"] and
	      path["disabled_by"].startswith("window /") and
	      path["disabled_by"].endswith(f".conf:{before + 2}"), "the path", path)
	time.sleep(1.5)
	check(enabled(daemon) == {"file1", "file2", "file3"}, "the others", enabled(daemon))
	check([e for e in daemon.events() if "is open until" in e["message"] and
	       "0 paths are disabled, 2 are not" in e["message"]], "what is told", daemon.events())
	# The other path of its map fails: it is back within two seconds.
	os.truncate(names[1], 0)
	daemon.wait_state(names[1], "down")
	wait_until("it is checked again", lambda: daemon.path(names[0])["enabled"], 5)
	with open(names[1], "wb") as f:
		f.truncate(1 << 16)
	daemon.wait_state(names[1], "up")
	daemon.reload(text + "# again\n")
	wait_until("it is covered again", lambda: not daemon.path(names[0])["enabled"], 10)
	# enable ends it for this path; the end of the window, for all.
	daemon.ctl("enable", "--state", "disabled")
	check(daemon.path(names[0])["enabled"], "it is not enabled")
	daemon.reload(plain)
	daemon.wait_count("up", 4)


@test([3], timeout=180, not_sanitized="it waits for two minutes")
def a_slow_path_is_found_and_comes_back(case):
	"""Three loop devices of one map; reads of one take 100 ms for more than a minute."""
	loops = case.loops(range(3))
	daemon = case.daemon(config([(name, None, "demo") for name in loops],
	                            polling_interval=1, max_polling_interval=1,
	                            checker_timeout=5)).start().wait_ready(up=3)
	case.disk.tell("slow", 1, 100)
	begin = time.monotonic()
	wait_until("it is slow", lambda: daemon.path(loops[1])["slow"], 100, every=0.5)
	took = time.monotonic() - begin
	check(took > 55, "it was slow after", took)
	check([p["slow"] for p in daemon.paths().values()].count(True) == 1, "only that one")
	told = [e for e in daemon.events() if e["type"] == "slow"]
	check(len(told) == 1 and told[0]["map"] == "demo" and "those of the other paths" in
	      told[0]["message"], "what is told", *told)
	check("path_slow{" in daemon.ctl("metrics").out, "the metrics")
	case.disk.tell("answer", 1)
	wait_until("it is back", lambda: not daemon.path(loops[1])["slow"], 100, every=0.5)
	case.figure(f"slow after {took:.0f} s: {told[0]['message']}")
