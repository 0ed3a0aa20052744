# SPDX-License-Identifier: LGPL-2.1-or-later
"""The watchers: one reads a daemon's events, one sends requests repeatedly. Both give the
reports to the ledger. A missing reply is a problem, unless the storm has just stopped or ended
the daemon.
"""
import threading
import time

from varlink import Refused, Varlink

ASK_EVERY = 0.25
ANSWER_LIMIT = 8  # seconds: a longer wait counts as no answer
LATE = 0.5  # seconds until the storm notices that the kernel has killed a daemon
LOOK_LIMIT = 60  # seconds: one action of the storm takes no longer


class Outages:
	"""When a daemon need not answer; written by the storm."""

	def __init__(self):
		self.lock = threading.Lock()
		self.spells = []
		self.looked = None  # when the daemon was last seen alive; None: unknown

	def alive(self):
		with self.lock:
			self.looked = time.monotonic()

	def begin(self):
		"""The daemon is gone, or will be. If it ended by itself, the time of its end is
		unknown."""
		with self.lock:
			self.spells.append([self.looked or time.monotonic(), None])
			return self.spells[-1]

	def wait_for_look(self, after):
		"""Waits until it is known whether the daemon was alive at that time."""
		limit = time.monotonic() + (LATE if self.looked is None else LOOK_LIMIT)
		while time.monotonic() < limit:
			with self.lock:
				spell = self.spells and self.spells[-1]
				if self.looked and self.looked > after or spell and spell[1] is None:
					return
			time.sleep(0.05)

	def end(self, spell=None):
		"""spell: what begin() returned; None: the last one."""
		with self.lock:
			(spell or self.spells[-1])[1] = time.monotonic()

	def touch(self, begin, end):
		with self.lock:
			return any(s[0] <= end and (s[1] is None or s[1] >= begin) for s in self.spells)


class Watcher(threading.Thread):
	"""The common part of both watchers."""

	def __init__(self, name, socket, outages, ledger):
		super().__init__(daemon=True, name=name)
		self.socket, self.outages, self.ledger = socket, outages, ledger
		self.over = threading.Event()
		self.start()

	def end(self):
		self.over.set()
		self.join(ANSWER_LIMIT + 5)

	def run(self):
		while not self.over.is_set():
			begin = time.monotonic()
			try:
				self.look()
			except (OSError, Refused) as e:
				now = time.monotonic()
				self.over.wait(LATE)
				self.outages.wait_for_look(now)
				if not self.excused(begin, now + LATE):
					self.ledger.problem(f"{self.name}: at {time.time():.3f}, not answered after "
					                    f"{now - begin:.2f} s: {type(e).__name__} {e}")

	def excused(self, begin, end):
		return self.over.is_set() or self.outages.touch(begin, end)


class Asker(Watcher):
	def __init__(self, *arguments):
		self.seconds = []
		super().__init__(*arguments)

	def ask(self, method):
		begin = time.monotonic()
		with Varlink(self.socket, ANSWER_LIMIT) as v:
			reply = v.call(method)
		self.seconds.append(time.monotonic() - begin)
		return reply

	def look(self):
		for method in ("Ping", "GetGroups", "GetStatus"):
			self.ask(method)
			self.over.wait(ASK_EVERY / 4)
		for path in self.ask("ListPaths")["paths"]:
			self.ledger.hear_path(path)
		self.over.wait(ASK_EVERY / 4)


class Follower(Watcher):
	"""Reads the events of each daemon, one after the other."""

	def __init__(self, *arguments):
		self.events, self.lost = 0, 0
		self.last = (None, 0)  # the daemon, and its last event
		super().__init__(*arguments)

	def look(self):
		with Varlink(self.socket, ANSWER_LIMIT) as v:
			pid = v.call("GetStatus")["pid"]
			since = self.last[1] if self.last[0] == pid else 0
			v.socket.settimeout(0.5)
			said = self.next(v, lambda: v.call("Monitor", more=True, since=since))
			while not self.over.is_set():
				if said:
					self.hear(pid, said)
				said = self.next(v, v.reply)

	@staticmethod
	def next(v, wait):
		try:
			return wait()
		except TimeoutError:
			return None  # no event so far

	def hear(self, pid, said):
		if said.get("lost"):
			self.lost += said["lost"]
		elif said.get("event"):
			self.events += 1
			self.last = (pid, said["event"]["seq"])
			self.ledger.hear_event(said["event"])

	def excused(self, begin, end):
		# A connection that existed for long is lost when the daemon is killed now.
		return super().excused(end - 2 * LATE, end) or super().excused(begin, begin)
