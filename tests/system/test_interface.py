# SPDX-License-Identifier: LGPL-2.1-or-later
"""What scripts depend on: the keys of every reply, as promised and as described, and the
metrics."""
import json
import os
import re
import time

import openmetrics
from harness import Skip, check, config, moment, test, wait_until
from terminal import Terminal
from varlink import Varlink

# The promise: each of these keys stays for good. More may be added.
PROMISED = {
	"ListPaths": {"paths": [
		"name device devt alias map wwid hcil vendor product revision serial protocol host "
		"target state state_since reason errno dm_state sysfs_state checker engine group "
		"enabled marginal interval_s timeout_s last_check next_check_in_s in_flight_s "
		"checks_total failures_total timeouts_total transitions_total latency_us",
		{"latency_us": "last p50 p99 max"}]},
	"ListMaps": {"maps": [
		"name devt uuid wwid dm paths_total paths_up redundancy queueing suspended paths", {}]},
	"GetGroups": {
		"groups": ["id kind slots queued in_flight expired orphans state", {}],
		"deferred": "now max total", "emergency": "now max total",
		"rescuers": "size busy stuck stuck_max", "aio_nr": None, "aio_max_nr": None,
		"io_setup_failures_total": None},
	"GetStatus": {
		"version": None, "pid": None, "started": None, "ready": None,
		"paths": "total up down unchecked pending timeout ghost shaky delayed removed "
		         "disconnected",
		"maps": "total", "lag_s": "last max", "oldest_in_flight_s": None,
		"memory": "bound_bytes locked_bytes",
		"prober": "pid restarts_total heartbeat_age_s", "dm_control": None, "warnings": None},
	"ListEvents": {"events": ["seq time type path map from to reason message", {}]},
}
METRICS = ("path_up path_state path_checks path_failures path_transitions check_duration_seconds "
           "map_paths map_redundancy aio_slots orphans deferred_checks emergency_slots rescuers "
           "aio_nr aio_max_nr loop_lag_seconds events_lost build_info path_info map_info "
           "path_overdue path_last_good_seconds path_state_seconds map_paths_expected prober_up").split()


class Interface:
	"""An interface description: its types, and the parameters and replies of its methods."""

	def __init__(self, text):
		text = re.sub(r"#.*", "", text)
		word, fields = r"([A-Z]\w*)", r"\(([^()]*)\)"
		self.types = {n: self._type(f) for n, f in re.findall(rf"type {word}\s*{fields}", text)}
		self.methods = {
			n: (self._type(i), self._type(o)) for n, i, o in
			re.findall(rf"method {word}\s*{fields}\s*->\s*{fields}", text)}

	@staticmethod
	def _type(fields):
		parts = [p.strip() for p in fields.split(",") if p.strip()]
		if parts and ":" not in parts[0]:
			return set(parts)  # an enumeration
		return dict(re.split(r"\s*:\s*", p) for p in parts)

	def problems(self, kind, value, where):
		"""Returns how a value differs from its description."""
		if isinstance(kind, dict):
			if not isinstance(value, dict) or list(value) != list(kind):
				yield f"{where}: {value} has not the keys {list(kind)}"
				return
			for key, inner in kind.items():
				yield from self.problems(inner, value[key], f"{where}.{key}")
		elif isinstance(kind, set):
			if value not in kind:
				yield f"{where}: {value} is none of {kind}"
		elif kind.startswith("?"):
			if value is not None:
				yield from self.problems(kind[1:], value, where)
		elif kind.startswith("[]"):
			if not isinstance(value, list):
				yield f"{where}: {value} is no list"
				return
			for i, element in enumerate(value):
				yield from self.problems(kind[2:], element, f"{where}[{i}]")
		elif kind in self.types:
			yield from self.problems(self.types[kind], value, where)
		else:
			wanted = {"string": str, "int": int, "bool": bool, "float": (int, float),
			          "object": dict}[kind]
			if not isinstance(value, wanted) or (kind != "bool" and isinstance(value, bool)):
				yield f"{where}: {value!r} is no {kind}"


def has_keys(value, keys, where):
	missing = set(keys.split()) - set(value)
	check(not missing, f"{where} has lost {missing}", value)


def keeps_promise(reply, promised, method):
	for key, inner in promised.items():
		check(key in reply, f"{method} has lost {key}", reply)
		if isinstance(inner, str):
			has_keys(reply[key], inner, f"{method}.{key}")
		elif isinstance(inner, list):
			check(reply[key], f"{method}.{key} is empty: nothing is tested")
			has_keys(reply[key][0], inner[0], f"{method}.{key}[0]")
			for name, keys in inner[1].items():
				has_keys(reply[key][0][name], keys, f"{method}.{key}[0].{name}")


def files_in(case, names):
	found = [os.path.join(case.folder, name) for name in names]
	for name in found:
		with open(name, "wb") as f:
			f.truncate(1 << 16)
		os.chmod(name, 0o644)
	return found


@test([], root=False)
def replies_are_as_described(case):
	"""Every method of the interface: its reply has the promised keys, and those that the
	interface describes, in that order and of those types."""
	left, right = files_in(case, ["left", "right"])
	daemon = case.daemon(config([(left, "a", "demo"), (right, "b", "demo")]))
	daemon.start().wait_ready(up=2)
	os.truncate(left, 0)
	daemon.wait_state(left, "down")
	v = Varlink(daemon.socket)
	text = v.call("org.varlink.service.GetInterfaceDescription",
	              interface="io.checkerd.Control")["description"]
	interface = Interface(text)
	parameters = {
		"Check": {"paths": ["left"], "wait": True}, "Explain": {"device": "left"},
		"SetMarginal": {"paths": ["left"]}, "UnsetMarginal": {"paths": ["left"]}, "Disable": {"paths": ["left"]},
		"Enable": {"paths": ["left"]}, "ListHistory": {"paths": ["left"]},
		"Monitor": {"since": 0}, "SetLogLevel": {"level": "info"}}
	untested = set()
	for method, (_, result) in interface.methods.items():
		if method in ("Accept", "Fail", "Reinstate"):
			untested.add(method)  # answered with an error: dm_control is off, or no dm map
			continue
		reply = v.call(f"io.checkerd.Control.{method}", more=method == "Monitor",
		               **parameters.get(method, {}))
		if method == "Monitor":  # each event has one of its two keys
			reply = {"event": reply.get("event"), "lost": reply.get("lost")}
			v = Varlink(daemon.socket)
		wrong = list(interface.problems(result, reply, method))
		check(not wrong, "not as described", *wrong[:5])
		keeps_promise(reply, PROMISED.get(method, {}), method)
	for word in ("fail", "reinstate"):
		refused = daemon.ctl(word, "left", expect=1)
		check("dm_control is off" in refused.err, "not said why", refused.err)
	refused = daemon.ctl("accept", "left", expect=1)
	check("it is in no map" in refused.err, "not said why", refused.err)
	check(set(PROMISED) <= set(interface.methods), "a method is gone", interface.methods)
	case.figure(f"{len(interface.methods) - len(untested)} methods of the interface")


@test([], root=False)
def metrics_are_openmetrics(case):
	"""A strict reader accepts every line, also with names that need escapes."""
	names = ["plain", 'quo"te', "back\\slash", "sp ace", "\u00e9"]
	files = files_in(case, names)
	quoted = [f.replace('"', '""') for f in files]
	daemon = case.daemon(config([(quoted[0], None, "m=,1"), *quoted[1:]]))
	daemon.start().wait_ready(up=len(files))
	os.truncate(files[0], 0)
	daemon.wait_state(files[0], "down")
	families = openmetrics.parse(daemon.ctl("metrics").out.encode())
	for name in METRICS:
		check(f"checkerd_{name}" in families, f"no {name}", list(families))
	up = {s[1]["path"]: s for s in families["checkerd_path_up"].samples}
	check(set(up) == set(names), "the paths", up)
	check(up["plain"][1].get("map") == "m=,1" and up["plain"][2] == 0, "plain", up)
	check(all(up[n][2] == 1 for n in names[1:]), "the others are up", up)
	known = {p["name"]: p for p in daemon.json("show", "paths")["paths"]}
	failures = {(s[1]["path"], s[1]["reason"]): s[2]
	            for s in families["checkerd_path_failures"].samples}
	check(1 <= failures["plain", "error"] <= known["plain"]["failures_total"],
	      "failures", failures, known["plain"])
	check(failures["plain", "timeout"] == 0, "timeouts", failures)
	count = [s[2] for s in families["checkerd_check_duration_seconds"].samples
	         if s[0] == "_count"][0]
	check(count >= len(files), f"{count} durations")
	again = openmetrics.parse(daemon.ctl("metrics").out.encode())
	for name, family in families.items():  # a counter never decreases
		if family.type != "counter":
			continue
		now = {tuple(s[1].items()): s[2] for s in again[name].samples}
		check(all(now[tuple(s[1].items())] >= s[2] for s in family.samples), name)
	case.figure(f"{len(families)} families")


@test([], root=False)
def history_tells_what_happened(case):
	left, right = files_in(case, ["left", "right"])
	daemon = case.daemon(config([left, right])).start().wait_ready(up=2)
	for size, state in ((0, "down"), (1 << 16, "up"), (0, "down")):
		os.truncate(left, size)
		daemon.wait_state(left, state)
	daemon.events()  # until the changes are reported
	history = daemon.json("show", "history", "left")["histories"][0]
	check([(c["from"], c["to"]) for c in history["changes"]] ==
	      [("up", "down"), ("down", "up"), ("up", "down")], "changes", history)
	path = daemon.path(left)
	check(history["path"] == "left" and history["state"] == "down" and
	      history["state_since"] == path["state_since"], "state", history, path)
	for before, change in zip(history["changes"], history["changes"][1:]):
		between = (moment(change["time"]) - moment(before["time"])).total_seconds()
		check(abs(between - change["lasted_s"]) < 0.2, "lasted_s", before, change)
	check(history["changes"][0]["reason"] and not history["changes"][1]["reason"], "reasons",
	      history)
	seqs = [e["seq"] for e in daemon.events() if e["path"] == "left" and
	        e["type"] == "path_state"]
	check([c["seq"] for c in history["changes"]] == seqs, "not the events' numbers", seqs)
	check(daemon.json("show", "history", right)["histories"][0]["changes"] == [], "right")
	check("now" in daemon.ctl("show", "history", "left").out, "no present state")
	daemon.ctl("show", "history", "nonsense", expect=5)
	# The path is gone, but its history is known.
	daemon.reload(config([right]))
	wait_until("it is gone", lambda: left not in daemon.paths(), 10)
	history = daemon.json("show", "history", "left")["histories"][0]
	check(history["state"] is None and len(history["changes"]) >= 3, "forgotten", history)


@test([], root=False)
def top_is_alive(case):
	"""The live view on a terminal of 80 columns: order, filter, a daemon that stops and
	starts."""
	names = [f"disk{i:02}" for i in range(20)]
	files = files_in(case, names)
	daemon = case.daemon(config(files)).start().wait_ready(up=20)
	if "without ncurses" in daemon.ctl("top", expect=1).err:
		raise Skip("built without ncurses")
	command = f"{case.programs['checkerctl']} -s {daemon.socket} top; echo ended $?; cat"
	with Terminal(case, command, (80, 12)) as screen:
		follow_top(daemon, screen, names, files)


def follow_top(daemon, screen, names, files):
	def shown(lines):
		return [line.split()[0] for line in lines if line.startswith("disk")]

	screen.wait("the first of the paths", lambda s: shown(s) == names[:8] and "20 up" in s[0])
	check(all(len(line) <= 80 for line in screen.lines()), "a line is too long")
	screen.press("End")
	screen.wait("the last of the paths", lambda s: shown(s) == names[12:])
	screen.press("Home", "Down")
	screen.wait("one line down", lambda s: shown(s) == names[1:9])
	screen.press("Up")
	os.truncate(files[13], 0)
	daemon.wait_state(files[13], "down")
	screen.wait("the worst comes first", lambda s: shown(s)[:1] == [names[13]] and "1 down" in s[0])
	screen.press("Left", "Left")
	screen.wait("by name", lambda s: shown(s) == names[:8] and "NAMEv" in s[2])
	screen.press("r")
	screen.wait("by name, turned round", lambda s: shown(s) == names[:-9:-1] and "NAME^" in s[2])
	screen.press("/", "k07")
	screen.wait("the filter", lambda s: shown(s) == ["disk07"] and s[-2].startswith("/k07"))
	screen.press("Enter")
	screen.wait("the filter stays", lambda s: shown(s) == ["disk07"] and "q: quit" in s[-2])
	daemon.stop()
	screen.wait("that no daemon runs", lambda s: "not running" in s[-2] and shown(s) == ["disk07"])
	daemon.start().wait_ready()
	screen.wait("an answer again", lambda s: "q: quit" in s[-2] and shown(s) == ["disk07"])
	screen.press("q")
	screen.wait("the end", lambda s: "ended 0" in s)
