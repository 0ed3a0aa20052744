# SPDX-License-Identifier: LGPL-2.1-or-later
"""The storm: faults of disks and daemons, drawn from one seed.

A seed repeats the same storm, except for differences in the time that processes and the kernel
take.
"""
import collections
import heapq
import json
import os
import signal
import subprocess
import sys
import time

from harness import MARGIN
from host import BASE, DEVICE_ERRORS
from varlink import Refused

HERE = os.path.dirname(os.path.abspath(__file__))
NO_DEVICE = ("ENXIO", "ENODEV")
ERRORS = ("EIO", "ENXIO", "ENODEV", "ETIMEDOUT", "ENOLINK")
PAUSE = 0.12     # seconds between two actions, on average
SLOW_BUT_WELL = (1, 300)     # milliseconds: far below every checker_timeout of the storm
SLOW_AS_DEAD = (4000, 6000)  # above every checker_timeout
OUTAGE = 24      # neighbouring disks that fail at once
FILES_HUNG = 6   # at once: each may block a rescuer
CROWD = ((60, 0), (200, 65534))  # clients, user

BAD_CONFIGURATIONS = (
	(b"defaults {\n\tpolling_interval soon\n}\n", 0o644),
	(b"defaults {\n\tpolling_interval 1\n", 0o644),
	(b"}\n", 0o644),
	(b"defaults {\n\tpoling_interval 1\n}\n", 0o644),
	(b"defaults {\n\tdiscovery everywhere\n}\n", 0o644),
	(b"defaults {\n\tmax_paths 99999999999\n}\n", 0o644),
	(b'blacklist {\n\tdevnode "^(loop"\n}\n', 0o644),
	(b"paths {\n\tpath { device relative }\n}\n", 0o644),
	(b"\x00\xff\xfe" * 1000, 0o644),
	(b"defaults {\n" * 500, 0o644),
	(b"defaults {\n\tpolling_interval 1\n}\n", 0o666),  # writable for everybody
)


class Storm:
	def __init__(self, host, rng, log):
		self.host, self.rng, self.log = host, rng, log
		self.counts = collections.Counter()
		self.crowd_said = collections.Counter()
		self.ends, self.n_ends = [], 0
		self.crowds = []
		self.daemons = self.probers = True
		self.actions = [
			# how often, and the action
			(10, self.hang), (10, self.fail), (8, self.device_error),
			(5, self.slow), (5, self.slow_as_dead),
			(5, self.truncate), (3, self.vanish), (3, self.hang_open), (2, self.hang_close),
			(22, self.heal), (2, self.lose_many), (5, self.unplug), (5, self.plug), (4, self.flap),
			(2, self.change), (4, self.reload), (3, self.reload_bad), (2, self.hang_up),
			(4, self.kill_prober), (3, self.stop_prober), (2, self.stop_daemon),
			(2, self.end_daemon), (3, self.take_quota), (3, self.squeeze), (3, self.disturb),
			(3, self.check_now), (2, self.disable), (2, self.scatter)]

	def note(self, text):
		self.log.write(f"{time.time():.3f} {text}\n")
		self.log.flush()

	def later(self, seconds, what, *arguments):
		self.n_ends += 1
		heapq.heappush(self.ends, (time.monotonic() + seconds, self.n_ends, what, arguments))

	def blow(self, seconds, daemons, probers):
		"""daemons, probers: may they be stopped or ended?"""
		self.daemons, self.probers = daemons, probers
		self.form_crowds()
		over = time.monotonic() + seconds
		weights, actions = zip(*self.actions)
		following = time.monotonic()
		while time.monotonic() < over:
			self.look_after_daemons()
			while self.ends and self.ends[0][0] <= time.monotonic():
				_, _, what, arguments = heapq.heappop(self.ends)
				what(*arguments)
			if time.monotonic() >= following:
				(action,) = self.rng.choices(actions, weights)
				following = time.monotonic() + self.rng.uniform(0, 2 * PAUSE)
				self.act(action)
			time.sleep(0.01)

	def act(self, action):
		try:
			action()
		except (OSError, Refused) as e:
			# The watchers judge whether the daemon should have answered.
			self.note(f"{action.__name__}: {e}")
			self.counts["could not be done"] += 1

	def subside(self):
		"""Ends the faults of the host; faults of disks stay."""
		while self.ends:
			_, _, what, arguments = heapq.heappop(self.ends)
			what(*arguments)
		self.host.give_quota()
		self.host.squeeze.end()
		self.scatter(form=False)
		self.look_after_daemons()

	def look_after_daemons(self):
		"""Starts daemons again that the kernel killed because memory was short, as a
		service manager does. Any other end is a crash."""
		for s in self.host.services:
			if s.daemon.process.poll() is None:
				s.outages.alive()
				continue
			s.outages.begin()
			code = s.succeed()
			self.note(f"{s.name} ended with {code}")
			if self.host.squeeze.took(code):
				self.counts["daemon ended out of memory"] += 1
			else:
				self.host.ledger.problem(f"{s.name} crashed: {code}")

	# --- disks ---

	def disk(self, files=None):
		"""Picks a disk that may have a fault; files: only files, or none."""
		return self.rng.choice([d for d in self.host.disks if d.may_break and
		                        files in (None, d.is_file)])

	def spoil(self, disk, *words, breaks=True):
		if disk.fault or disk.away:
			self.mend(disk)
		elif disk.is_file and words[0].startswith("hang") and FILES_HUNG <= sum(
				d.is_file and d.fault is not None and d.fault[0].startswith("hang")
				for d in self.host.disks):
			return
		else:
			self.host.spoil(disk, *words, breaks=breaks)
			self.counts[words[0] if breaks or words[0] != "slow" else "slow but well"] += 1
			self.note(f"{disk.name} {' '.join(str(w) for w in words)}")

	def mend(self, disk):
		error = (self.rng.choice(ERRORS),) if self.rng.random() < 0.3 else ()
		if disk.fault is None:
			return
		if disk.fault[0] == "hang-open" and error and error[0] in NO_DEVICE:
			error = ()  # the path could rightly be removed
		self.host.heal(disk, *error)
		self.counts["healed"] += 1
		self.note(f"{disk.name} heal {' '.join(error)}")

	def hang(self):
		self.spoil(self.disk(), "hang")

	def fail(self):
		self.spoil(self.disk(), "fail", self.rng.choice(ERRORS))

	def device_error(self):
		"""A file's path stays up, because the device has answered."""
		self.spoil(self.disk(), "fail", self.rng.choice(DEVICE_ERRORS))

	def slow(self):
		self.spoil(self.disk(), "slow", self.rng.randint(*SLOW_BUT_WELL), breaks=False)

	def slow_as_dead(self):
		self.spoil(self.disk(), "slow", self.rng.randint(*SLOW_AS_DEAD))

	def truncate(self):
		# A loop device repeats a read of half a sector until it has a whole one.
		disk, size = self.disk(), self.rng.choice((0, 0, 1, 511))
		self.spoil(disk, "truncate", size if disk.is_file else 0)

	def vanish(self):
		self.spoil(self.disk(files=True), "vanish")

	def hang_open(self):
		self.spoil(self.disk(files=True), "hang-open")

	def hang_close(self):
		self.spoil(self.disk(files=True), "hang-close")

	def heal(self):
		ill = [d for d in self.host.disks if d.fault]
		disk = self.rng.choice(ill or self.host.disks)
		for d in {disk, *ill[:max(0, len(ill) - 48)]}:
			self.mend(d)

	def lose_many(self):
		first, errors = self.rng.randrange(len(self.host.disks) - OUTAGE), self.rng.random() < 0.5
		words = ("fail", self.rng.choice(ERRORS)) if errors else ("hang",)
		lost = [d for d in self.host.disks[first:first + OUTAGE]
		        if d.may_break and not d.fault and not d.away]
		for d in lost:
			self.spoil(d, *words)
		self.later(self.rng.uniform(0.2, 8), lambda: [self.mend(d) for d in lost])
		self.counts["many lost at once"] += 1

	# --- hotplug ---

	def found(self):
		return self.rng.choice([d for d in self.host.services[0].disks if d.may_break])

	def unplug(self):
		disk = self.found()
		if not disk.away:
			self.host.unplug(disk)
			self.counts["unplugged"] += 1
			self.note(f"{disk.name} unplug")

	def plug(self):
		away = [d for d in self.host.disks if d.away]
		disk = self.rng.choice(away or self.host.disks)
		if disk.away:
			self.mend(disk)  # a loop device over an empty file stays empty
			self.host.plug(disk)
			self.counts["plugged"] += 1
			self.note(f"{disk.name} plug")

	def flap(self):
		"""The kernel announces a device as removed, and then as added; nothing else
		happens."""
		disk = self.found()
		if disk.away:
			return
		self.host.ledger.begin(disk.name, "flapped", "uevents", time.time())
		disk.uevent("remove")
		self.counts["flapped"] += 1
		self.note(f"{disk.name} flap")
		self.later(self.rng.uniform(0, 1), self.flap_back, disk)

	def flap_back(self, disk):
		disk.uevent("add")
		self.host.ledger.end(disk.name, "flapped", time.time())

	def change(self):
		disk = self.found()
		for _ in range(50):
			disk.uevent("change")
		self.counts["changes announced"] += 50

	# --- daemons ---

	def service(self):
		return self.rng.choice(self.host.services)

	def reload(self):
		s, r = self.service(), self.rng
		interval = r.uniform(0.2, 1)
		settings = {
			**BASE, "polling_interval": f"{interval:.1f}",
			"max_polling_interval": f"{interval * r.uniform(1.1, 3):.1f}",
			"checker_timeout": r.choice((2, 2.5, 3)), "fail_checks": r.choice((1, 1, 2, 3)),
			"recover_checks": r.choice((1, 1, 2)), "log_level": r.choice(("info", "debug")),
			"max_in_flight": r.choice((64, 0)),
			"max_in_flight_host": r.choice((0, 8)), "aio_setup_timeout": r.choice((0.5, 2))}
		# More often without disks that have a fault: such a path may have a read in the
		# kernel when it is removed.
		excluded = {d for d in s.disks if d.may_break and r.random() < (0.4 if d.fault else 0.1)}
		s.reload(settings, excluded if r.random() < 0.6 else ())
		self.counts["reloads"] += 1
		self.note(f"{s.name} reload {settings} without {len(s.excluded)}")

	def reload_bad(self):
		s, (data, mode) = self.service(), self.rng.choice(BAD_CONFIGURATIONS)
		s.reload_bad(data, mode)
		self.counts["reloads refused"] += 1

	def hang_up(self):
		self.service().daemon.signal(signal.SIGHUP)
		self.counts["reloads by SIGHUP"] += 1

	def kill_prober(self):
		s, times = self.service(), self.rng.choice((1, 1, 1, 1, 6))
		for _ in range(times if self.probers else 0):
			pid = s.prober()
			if pid:
				os.kill(pid, signal.SIGKILL)
				self.counts["prober killed"] += 1
			time.sleep(0.05)
		self.note(f"{s.name} prober killed {times} times")

	def stop_prober(self):
		s, seconds = self.service(), self.rng.uniform(0.1, 4)
		if not self.probers:  # shorter than the time until the daemon replaces it
			seconds = seconds / 4
		pid = s.prober()
		if pid:
			os.kill(pid, signal.SIGSTOP)
			self.counts["prober stopped"] += 1
			self.note(f"{s.name} prober {pid} stopped for {seconds:.2f} s")
			self.later(seconds, self.host.go_on, pid)

	def stop_daemon(self):
		s, seconds = self.service(), self.rng.uniform(0.05, 1)
		s.outages.begin()
		s.daemon.signal(signal.SIGSTOP)
		time.sleep(seconds)
		s.daemon.signal(signal.SIGCONT)
		s.outages.end()
		self.counts["daemon stopped"] += 1
		self.note(f"{s.name} stopped for {seconds:.2f} s")

	def end_daemon(self):
		s, number = self.service(), self.rng.choice((signal.SIGKILL, signal.SIGKILL,
		                                             signal.SIGTERM))
		if self.daemons:
			self.note(f"{s.name} {number.name}")
			s.restart(number)
			self.counts[f"daemon {number.name}"] += 1

	def check_now(self):
		s = self.service()
		names = [d.name for d in self.rng.sample(s.disks, 8)]
		for name in names:
			try:
				s.call("Check", paths=[name])
			except Refused as e:
				if e.name != "NoSuchPath":
					raise
		self.counts["checks asked for"] += len(names)

	def disable(self):
		s, disk = self.service(), None
		disk = self.rng.choice(s.disks)
		try:
			s.call(self.rng.choice(("Disable", "Enable")), paths=[disk.name])
			self.counts["disabled or enabled"] += 1
		except Refused as e:
			if e.name != "NoSuchPath":
				raise

	# --- faults of the whole host ---

	def take_quota(self):
		if self.host.take_quota(by_hog=self.rng.random() < 0.5):
			self.counts["AIO quota taken"] += 1
			self.note("quota taken")
			self.later(self.rng.uniform(1, 6), self.host.give_quota)

	def squeeze(self):
		spare, hog = self.rng.choice(((64, False), (256, False), (1024, True), (16384, True),
		                              (16384, True)))
		if not self.daemons:  # the kernel kills the hog, not a daemon
			spare, hog = 16384, True
		seconds = self.rng.uniform(0.5, 4)
		s = self.host.squeeze
		if s.folder and not s.hog and s.begin(spare << 10, hog):
			self.counts["memory squeezed"] += 1
			self.note(f"memory squeezed to {spare} KiB, hog {hog}, for {seconds:.1f} s")
			self.later(seconds, s.end)

	def disturb(self):
		"""Other programs use all processors for a moment."""
		busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"],
		                         stdin=subprocess.DEVNULL) for _ in range(os.cpu_count() * 2)]
		time.sleep(self.rng.uniform(0.1, 0.5))
		for p in busy:
			p.kill()
			p.wait()
		self.counts["processors taken"] += 1

	# --- the crowd ---

	def form_crowds(self):
		sockets = [s.daemon.socket for s in self.host.services]
		for size, user in CROWD:
			self.crowds.append(subprocess.Popen(
				[sys.executable, os.path.join(HERE, "crowd.py"), str(self.rng.randrange(1 << 30)),
				 str(size), str(user), *sockets], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
				text=True))
			self.counts["clients at once"] = sum(size for size, _ in CROWD)

	def scatter(self, form=True):
		"""The crowd leaves, by itself or all at once; then another one comes."""
		for p in self.crowds:
			if form and self.rng.random() < 0.5:
				p.kill()
				p.communicate()
				continue
			said, _ = p.communicate(timeout=30 * MARGIN)
			if p.returncode != 0:
				self.host.ledger.problem(f"the crowd ended with {p.returncode}")
				continue
			self.crowd_said.update(json.loads(said))
		self.crowds = []
		if self.crowd_said["NOT REFUSED"]:
			self.host.ledger.problem("what is root's was done for somebody else")
		if form:
			self.form_crowds()
			self.counts["crowd scattered"] += 1
