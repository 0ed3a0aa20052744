# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is to hold while some paths hang and others do not, whatever makes them hang."""
import glob
import os
import signal
import threading
import time

from targets import cut, restore
from vm import check, ctl, figure, path, read, run, say, start, state_is, status_of, wait_for

INTERVAL, TIMEOUT = 1, 3
CONFIG = (f"polling_interval {INTERVAL}\nmax_polling_interval {INTERVAL}\n"
          f"checker_timeout {TIMEOUT}\n")
# Emulated processors that others use too are late by themselves.
MARGIN = 3
# A loop that waits for a hung disk is later than this; an emulated machine alone is not.
LAG = 2


def detect(hung, begin):
	"""Waits until every one is down for its silence; shows how long that took."""
	for disk in hung:
		p = wait_for(f"{disk} is down", lambda d=disk: state_is(d, "down"),
		             INTERVAL + TIMEOUT + MARGIN + 5)
		check("no answer" in p["reason"], f"{disk} is down for its silence", p)
	took = time.monotonic() - begin
	figure(f"{len(hung)} hang: all known {took:.1f} s later (interval {INTERVAL}, timeout {TIMEOUT})")


class Others:
	"""Paths that nothing is wrong with: their checks go on, in time, and nothing is said."""

	def __init__(self, names):
		self.names, self.deferred = names, self.deferred_now()
		self.before = self.now()
		self.begin = time.monotonic()

	def now(self):
		"""Only these: to list a thousand others takes an emulated machine seconds."""
		return {p["name"]: p for p in ctl("show", "paths", *self.names)["paths"]}

	def deferred_now(self):
		return ctl("show", "groups")["deferred"]["total"]

	def have_not_changed(self):
		"""Each has stayed up; returns them all, as they are now."""
		now = self.now()
		for n in self.names:
			a, b = self.before[n], now[n]
			check(b["state"] == "up" and a["transitions_total"] == b["transitions_total"],
			      f"{n} stays up", b)
		return now

	def are_well(self, none_deferred=True):
		elapsed = time.monotonic() - self.begin
		after = self.have_not_changed()
		for n in self.names:
			b = after[n]
			done = b["checks_total"] - self.before[n]["checks_total"]
			check(done >= elapsed / INTERVAL - 2, f"{n} is checked in time: {done} in {elapsed:.1f} s",
			      b, ctl("show", "groups"))
		lag = ctl("show", "status")["lag_s"]["max"]
		check(lag < LAG, f"the loop was late by {lag:.3f} s")
		deferred = self.deferred_now() - self.deferred
		check(deferred == 0 or not none_deferred, f"{deferred} checks had to wait for a place")
		figure(f"the others are checked in time; the loop was late by {lag:.3f} s at most")


def pid(name="MainPID"):
	return int(run("systemctl", "show", "-P", name, "checkerd").strip())


def served_by_another(than):
	return status_of("checkerctl --timeout 2 ping >/dev/null 2>&1") == 0 and pid() not in (0, than)


def restart_while_hung(how, hung, others):
	"""Restarts the service by `how`; the successor serves at once."""
	old, begin = pid(), time.monotonic()
	how(old)
	wait_for("the successor serves", lambda: served_by_another(old), 20, every=0.02)
	took = time.monotonic() - begin
	wait_for("the old one is gone", lambda: not os.path.exists(f"/proc/{old}"), 5)
	for n in others:
		wait_for(f"{n} is up", lambda n=n: state_is(n, "up"), 10)
	for n in hung:
		check(path(n)["state"] in ("pending", "unchecked", "timeout", "down"),
		      f"{n} hangs still", path(n))
	return took


def terminate(_):
	run("systemctl", "restart", "--no-block", "checkerd")


def kill(old):
	os.kill(old, signal.SIGKILL)


def restart(others):
	"""Restarts while nothing hangs; returns how long that takes here."""
	return restart_while_hung(terminate, [], others)


def stay_immediate(usual, hung, others):
	"""Restarts with hung reads, gently and not: it takes no longer than usual."""
	stop = restart_while_hung(terminate, hung, others)
	say("restarted")
	crash = restart_while_hung(kill, hung, others)
	figure(f"with {len(hung)} hung reads: restarted and serving after {stop:.2f} s, "
	       f"after kill -9 {crash:.2f} s; with none: {usual:.2f} s")
	check(max(stop, crash) < usual + MARGIN, "restarts wait for what hangs")


def recover(hung):
	for disk in hung:
		wait_for(f"{disk} is up", lambda d=disk: state_is(d, "up"), 30)


def portal_is_cut(portal, well, hung):
	"""Cuts a portal: the paths through it are known to hang, the others and restarts do not
	notice; then it is back."""
	usual = restart(well + hung)
	others = Others(well)
	say(f"portal {portal} is cut")
	begin = time.monotonic()
	cut(portal)
	detect(hung, begin)
	time.sleep(3)
	others.are_well()
	stay_immediate(usual, hung, well)
	detect(hung, time.monotonic())
	say(f"portal {portal} is back")
	restore(portal)
	recover(hung)


class Stuck(threading.Thread):
	"""Looks where the threads of all probers are in the kernel. seen: of each kind of hang, the
	threads that were twice in a row seen in it. The first stack of each is in the log."""

	WHERE = {"open": ("sd_open",), "io_submit": ("io_submit", "nbd_queue_rq")}

	def __init__(self):
		super().__init__(daemon=True)
		self.seen, self.shown = {kind: set() for kind in self.WHERE}, set()
		self.over = threading.Event()
		self.start()

	def now(self):
		found = set()
		for process in glob.glob("/proc/[0-9]*"):
			try:
				if not read(f"{process}/comm").startswith("pathcheck-probe"):
					continue
				stacks = {name: read(name) for name in glob.glob(f"{process}/task/*/stack")}
			except OSError:
				continue  # it has ended
			for kind, where in self.WHERE.items():
				stuck = {name for name, stack in stacks.items()
				         if all(w in stack for w in where)}
				if stuck and kind not in self.shown:
					self.shown.add(kind)
					say(f"stuck in {kind}: " + " < ".join(
						line.split()[1].split("+")[0] for line in stacks[min(stuck)].splitlines()))
				found |= {(kind, name) for name in stuck}
		return found

	def run(self):
		before = set()
		while not self.over.wait(0.5):
			found = self.now()
			for kind, name in before & found:
				self.seen[kind].add(name)
			before = found

	def end(self):
		self.over.set()
		self.join()


class Overseer(threading.Thread):
	"""Ends a scenario that is stalled, and shows the threads that are blocked in the kernel.
	begun: the names of its actions; the scenario adds one to the list before each action. problems():
	what was wrong until now."""

	def __init__(self, begun, seconds, problems):
		super().__init__(daemon=True)
		self.begun, self.seconds, self.problems = begun, seconds, problems
		self.over = threading.Event()
		self.start()

	def run(self):
		while True:
			n = len(self.begun)
			if self.over.wait(self.seconds):
				return
			if n == len(self.begun):
				break
			say(f"{n} actions and more, {len(self.problems())} problems until now")
		say(f"FAILED: nothing has been begun for {self.seconds} s, the last was {self.begun[-1:]}")
		say(f"{len(self.problems())} problems until now: {self.problems()[:5]}")
		for name in glob.glob("/proc/[0-9]*/task/*"):
			try:
				if "State:\tD" in read(f"{name}/status"):
					say(f"{name} {read(f'{name}/comm')}: {read(f'{name}/stack')}")
			except OSError:
				continue  # it has ended
		os._exit(1)

	def end(self):
		self.over.set()
		self.join()
