# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bed of the storm: disks, the two daemons that check them, and the faults of the host.

One daemon discovers loop devices by uevents. The configuration of the other lists loop devices
and plain files of faultydisk. A quarter of the disks has no faults ever.
"""
import concurrent.futures
import errno
import fcntl
import grp
import os
import signal
import time

import bed
import harness
from varlink import Refused, Varlink
from watch import Asker, Follower, Outages

FOUND, LISTED, FILES = 64, 32, 32  # loop devices discovered, and listed; files
DISKS = FOUND + LISTED + FILES
# Errors with which the device answers, so no path goes down. A loop device reports some as EIO.
DEVICE_ERRORS = ("ENODATA", "EREMOTEIO", "EILSEQ", "EBADE", "ENOSPC")
SERVE_LIMIT = 10  # seconds from a daemon's start until it answers
BASE = {"polling_interval": 0.4, "max_polling_interval": 0.4, "checker_timeout": 2,
        "fail_checks": 1, "recover_checks": 1, "log_level": "info", "max_clients": 128,
        "max_paths": 512, "rescuer_threads": 16}


class Disk:
	"""One disk under its path. away: unplugged, or about to be."""

	def __init__(self, n, device):
		self.n, self.device = n, device
		self.name = os.path.basename(device)
		self.is_file = not device.startswith("/dev/")
		self.fault, self.away, self.excluded = None, False, False
		self.may_break = n % 4 != 3
		self.job = None  # the pending unplug or plug

	def answers_with_an_error(self):
		return self.fault is not None and self.fault[0] == "fail" and self.fault[1] in DEVICE_ERRORS

	def attached(self):
		return self.is_file or os.path.exists(
			f"/sys/block/{os.path.basename(self.device)}/loop/backing_file")

	def uevent(self, action):
		try:
			with open(f"/sys/block/{self.name}/uevent", "w", encoding="ascii") as f:
				f.write(action)
		except OSError:
			pass  # it does not exist


class Service:
	"""The daemons of one name and socket, one after the other."""

	def __init__(self, case, name, disks, discovery, ledger, group, squeeze):
		self.case, self.name, self.disks, self.discovery = case, name, disks, discovery
		self.ledger, self.group, self.squeeze = ledger, group, squeeze
		self.outages = Outages()
		self.settings, self.excluded, self.longest_start = dict(BASE), set(), 0.0
		self.daemon = case.daemon(self.text(BASE), name=name, prefix=squeeze.enter)
		self.watchers = []

	def text(self, settings, excluded=()):
		words = {"discovery": self.discovery, "socket_group": self.group, **settings}
		lines = ["defaults {", *(f"\t{k} {v}" for k, v in words.items()), "}"]
		there = [d for d in self.disks if d not in excluded]
		if self.discovery == "udev":
			names = "|".join(d.name for d in there)
			lines += ["blacklist {", '\tdevnode ".*"', "}", "blacklist_exceptions {",
			          f'\tdevnode "^({names})$"', "}"]
		else:
			lines += ["paths {", *(f'\tpath {{ device "{d.device}" }}' for d in there), "}"]
		return "\n".join(lines) + "\n"

	def start(self):
		"""Starts the daemon until it answers. If the kernel kills it because memory is
		short, this starts it again later, as a service manager does."""
		begin = time.monotonic()
		self.daemon.start()
		while True:
			code = self.daemon.process.poll()
			if code is not None and self.squeeze.took(code):
				self.squeeze.end()
				begin = time.monotonic()
				self.daemon.start()
			elif code is not None:
				raise harness.Failure(f"{self.name} does not start: {code}",
				                      self.daemon.log_text()[-2000:])
			try:
				self.call("Ping")
				break
			except OSError as e:
				if time.monotonic() - begin > SERVE_LIMIT * harness.MARGIN:
					raise harness.Failure(f"{self.name} does not serve: {e}") from None
				time.sleep(0.01)
		self.longest_start = max(self.longest_start, time.monotonic() - begin)

	def restart(self, number):
		"""Ends the daemon by a signal and starts its successor."""
		self.outages.begin()
		self.daemon.signal(number)
		self.succeed()

	def succeed(self):
		code = self.daemon.ended(5)
		self.start()
		self.outages.end()
		return code

	def watch(self):
		self.watchers = [kind(f"{self.name}, {kind.__name__}", self.daemon.socket, self.outages,
		                      self.ledger) for kind in (Asker, Follower)]

	def unwatch(self):
		for w in self.watchers:
			w.end()

	def call(self, method, timeout=10, **parameters):
		with Varlink(self.daemon.socket, timeout * harness.MARGIN) as v:
			return v.call(method, **parameters)

	def paths(self):
		return {p["name"]: p for p in self.call("ListPaths")["paths"]}

	def prober(self):
		return self.call("GetStatus")["prober"]["pid"]

	def reload(self, settings, excluded=()):
		"""Writes a valid configuration and reloads: the daemon must accept it."""
		for d in set(excluded) - self.excluded:
			self.ledger.begin(d.name, "excluded", "reload", time.time())
		self.daemon.configure(self.text(settings, excluded))
		self.call("Reload", timeout=30)
		for d in self.excluded - set(excluded):
			self.ledger.end(d.name, "excluded", time.time())
		self.settings, self.excluded = settings, set(excluded)

	def reload_bad(self, data, mode):
		"""Writes an invalid configuration and reloads: the daemon must keep the previous
		one. The file stays."""
		good = self.text(self.settings, self.excluded)
		with open(self.daemon.config, "wb") as f:
			f.write(data)
		os.chmod(self.daemon.config, mode)
		try:
			self.call("Reload", timeout=30)
			self.ledger.problem(f"{self.name} takes a bad configuration", data[:200])
		except Refused as e:
			if e.name != "ReloadFailed":
				raise
		finally:
			self.daemon.configure(good)


class Host:
	def __init__(self, case, ledger, squeeze):
		self.case, self.ledger, self.squeeze = case, ledger, squeeze
		case.run.DISKS = DISKS
		nodes = case.loops(range(FOUND + LISTED))
		files = [case.disk.path(n) for n in range(FOUND + LISTED, DISKS)]
		self.disks = [Disk(n, device) for n, device in enumerate(nodes + files)]
		self.pool = concurrent.futures.ThreadPoolExecutor(8)
		self.loop_control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
		group = grp.getgrgid(65534).gr_name
		self.services = [
			Service(case, "found", self.disks[:FOUND], "udev", ledger, group, squeeze),
			Service(case, "listed", self.disks[FOUND:], "static", ledger, group, squeeze)]
		self.hog = None

	def close(self):
		self.case.disk.tell("heal", "all")  # a prober with hung requests cannot end
		self.squeeze.end()
		self.give_quota()
		for s in self.services:
			s.unwatch()
		self.pool.shutdown(wait=False, cancel_futures=True)
		os.close(self.loop_control)

	# --- faults ---

	def spoil(self, disk, *words, breaks=True):
		was, disk.fault = disk.fault, words if breaks else disk.fault
		if breaks and was is None and not (disk.is_file and disk.answers_with_an_error()):
			# A file that does not exist any more is a removed path.
			self.ledger.begin(disk.name, "vanished" if words[0] == "vanish" else "broken",
			                  " ".join(str(w) for w in words), time.time())
		self.case.disk.tell(words[0], disk.n, *words[1:])

	def heal(self, disk, *error):
		"""error: the errno for the requests that hang; none: they get data."""
		self.case.disk.tell("heal", disk.n, *error)
		if disk.fault is not None:
			disk.fault = None
			for kind in ("broken", "vanished"):
				self.ledger.end(disk.name, kind, time.time())

	def is_broken(self, line):
		"""Asks the disk itself: does a read fail or hang?"""
		return (line["mode"] in ("hang", "fail") or line["size"] < 4096 or
		        line["hang_open"] or (line["mode"] == "slow" and "slow" in
		                              (self.disks[line["disk"]].fault or ())))

	def truth(self):
		"""{path's name: the states it may have}, according to the disks themselves and
		sysfs."""
		said = {}
		for text in self.case.disk.tell("status", "all")[:-1]:
			line = {k: int(v) if v.isdigit() else v
			        for k, v in (word.split("=") for word in text.split())}
			disk = self.disks[line["disk"]]
			if disk.away and disk.attached():
				continue  # in progress
			if not disk.attached():
				# A loop device without a file is empty, but the configuration
				# still names it.
				said[disk.name] = (None, "removed",
				                   *(["down"] if os.path.exists(disk.device) else []))
			elif line["vanished"]:
				said[disk.name] = ("removed", "down")
			elif disk.answers_with_an_error():
				said[disk.name] = ("up",) if disk.is_file else ("up", "down")
			else:
				said[disk.name] = ("down",) if self.is_broken(line) else ("up",)
		return said

	# --- unplugging ---

	def unplug(self, disk):
		if disk.job and not disk.job.done():
			return
		if not disk.away:
			self.ledger.begin(disk.name, "unplugged", "hotplug", time.time())
		disk.away = True
		disk.job = self.pool.submit(self._unplug, disk)

	def _unplug(self, disk, seconds=3):
		"""Removes the loop device: it works until its last open descriptor is closed."""
		deadline, tries = time.monotonic() + seconds, 0
		while os.path.exists(disk.device):
			if tries % 10 == 0:
				disk.uevent("remove")
			tries += 1
			try:
				if disk.attached():
					bed.detach_loop(disk.n)
			except OSError as e:
				if e.errno != errno.ENXIO:  # its last descriptor was closed just now
					raise
			try:
				fcntl.ioctl(self.loop_control, bed.LOOP_CTL_REMOVE, bed.LOOP_BASE + disk.n)
			except OSError:
				if time.monotonic() > deadline:
					return False
				time.sleep(0.1)
		return True

	def plug(self, disk, seconds=3):
		"""Makes another loop device of the same name, over the same disk."""
		if disk.job and not disk.job.done():
			return
		disk.job = self.pool.submit(self._plug, disk, seconds)

	def _plug(self, disk, seconds):
		if not self._unplug(disk, seconds):
			return False
		bed.attach_loop(self.loop_control, disk.n, self.case.disk.path(disk.n))
		disk.away = False
		self.ledger.end(disk.name, "unplugged", time.time())
		return True

	# --- faults of the whole host ---

	def take_quota(self, by_hog):
		if self.hog or self.case.sysctls:
			return False
		if by_hog:
			self.hog = self.case.helper(self.case.programs["aiohog"])
		else:
			self.case.sysctl("fs.aio-max-nr", bed.read_sysctl("fs.aio-nr"))
		return True

	def give_quota(self):
		if self.hog:
			self.hog.stdin.close()
			self.hog.wait()
			self.hog.stdout.close()
			self.case.helpers.remove(self.hog)
			self.hog = None
		self.case.restore_sysctls()

	@staticmethod
	def go_on(pid):
		"""Continues a process after a SIGSTOP; it may have ended meanwhile."""
		try:
			os.kill(pid, signal.SIGCONT)
		except ProcessLookupError:
			pass

	def strays(self):
		"""Probers without a parent: killed, but kept by the kernel."""
		mine = {s.daemon.pid for s in self.services}
		wanted = {s.prober() for s in self.services}
		family = [p for parent in (os.getpid(), *mine) for p in harness.children_of(parent)]
		found = []
		for p in family:
			stat = harness.process_stat(p)
			if p in wanted or not stat.get("name", "").startswith("pathcheck"):
				continue
			if stat["state"] == "Z" and stat["ppid"] == os.getpid():
				os.waitpid(p, 0)
			else:
				found.append(f"{p}: {stat}")
		return found
