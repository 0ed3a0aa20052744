# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ledger: the faults of each path with their times, and the daemons' reports, compared.

A path may be reported down, or failing, while it has a fault and for GRACE after the repair,
because requests of that time may still time out. It may be reported removed while it is absent.
A path without a fault may be reported neither: that would be a false down. A path whose name
leads to another disk may be reported removed, and must not be reinstated into its map.
"""
import datetime
import threading

BAD = ("down", "timeout", "shaky")
GONE = ("removed", "disconnected")
# Each kind of absence begins and ends on its own.
ABSENCE = ("swapped", "unplugged", "excluded", "flapped", "vanished")
UNDER_WAY = 2  # seconds: a path identified before the swap may still be reinstated
EARLY = 0.1  # seconds: wall clocks are read in two places


def moment(text):
	return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Ledger:
	"""Written by the storm, read by the watchers of the daemons. Times are wall-clock times,
	as in the daemon's replies."""

	def __init__(self, grace):
		self.grace = grace
		self.lock = threading.Lock()
		self.spells = {}  # path: [kind, from, until or None, why]
		self.said = set()  # reports that were judged: each arrives more than once
		self.problems = []
		self.judged = {"down": 0, "removed": 0, "failed": 0, "reinstated": 0}

	def begin(self, path, kind, why, now):
		with self.lock:
			self.spells.setdefault(path, []).append([kind, now, None, why])

	def end(self, path, kind, now):
		with self.lock:
			for spell in self.spells.get(path, []):
				if spell[0] == kind and spell[2] is None:
					spell[2] = now

	def explained(self, path, kinds, when):
		with self.lock:
			return any(s[0] in kinds and s[1] - EARLY <= when and
			           (s[2] is None or when <= s[2] + self.grace)
			           for s in self.spells.get(path, []))

	def story(self, path):
		with self.lock:
			return list(self.spells.get(path, []))

	def problem(self, text, *details):
		with self.lock:
			self.problems.append("\n    ".join([text, *(str(d) for d in details)]))

	def judge(self, path, state, when, said):
		"""Judges the daemon's report that the path has this state since then."""
		if (path, state, when) in self.said:
			return
		self.said.add((path, state, when))
		if state in BAD:
			self.judged["down"] += 1
			if not self.explained(path, ("broken", *ABSENCE), when):
				self.problem(f"false down: {path}, {state}", said, *self.story(path)[-5:])
		elif state in GONE:
			self.judged["removed"] += 1
			if not self.explained(path, ABSENCE, when):
				self.problem(f"false removal: {path}", said, *self.story(path)[-5:])

	def is_swapped(self, path, when):
		"""Returns True if another disk has been under the path's name for a while."""
		with self.lock:
			return any(s[0] == "swapped" and s[1] + UNDER_WAY <= when and
			           (s[2] is None or when <= s[2] - EARLY) for s in self.spells.get(path, []))

	def judge_map(self, event):
		"""Judges a change of the path in its map: no fail because of a device's own
		answers, and no reinstate of another disk."""
		path, when, said = event["path"], moment(event["time"]), event["message"]
		if ("map", path, when) in self.said:
			return
		self.said.add(("map", path, when))
		if said.endswith("reinstated in its map"):
			self.judged["reinstated"] += 1
			if self.is_swapped(path, when):
				self.problem(f"reinstated, though another disk: {path}", event,
				             *self.story(path)[-5:])
		elif ": failed in its map: " in said:
			self.judged["failed"] += 1
			if not self.explained(path, ("broken", "swapped", *ABSENCE), when):
				self.problem(f"falsely failed in its map: {path}", event, *self.story(path)[-5:])

	def hear_event(self, event):
		if event["path"] is None:
			return
		self.judge_map(event)
		if event["type"] == "path_removed":
			self.judge(event["path"], "removed", moment(event["time"]), event)
		elif event["type"] == "path_state":
			self.judge(event["path"], event["to"], moment(event["time"]), event)

	def hear_path(self, path):
		self.judge(path["name"], path["state"], moment(path["state_since"]), path)
