# SPDX-License-Identifier: LGPL-2.1-or-later
"""The harness of the system tests: the daemon, the command, and the bed.

A test is a function with the decorator @test. It is called with a Case, which makes everything
the test needs. When the test ends, however it ends, the case removes what it made.
"""
import ctypes
import datetime
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import bed

SANITIZED = os.environ.get("CHECKERD_SANITIZED") == "1"
# Times are asserted with wide margins, and wider ones on slow builds.
MARGIN = 4 if SANITIZED else 1
TESTS = []

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
	"""A test cannot run here; the text is the reason."""


class Failure(AssertionError):
	"""A condition did not hold; the text has the details."""

	def __str__(self):
		return "\n    ".join(str(a) for a in self.args)


def test(points, root=True, timeout=90, quota=False, not_sanitized=None):
	"""Declares a test. points: the requirements that it covers. root: it needs root, FUSE and
	loop devices. quota: it uses up the AIO quota of the host, so it disturbs other programs
	with AIO, and they disturb it. not_sanitized: why it is no test of a sanitizer build, which
	then leaves it out and says so."""
	def declare(fn):
		fn.points, fn.root, fn.timeout, fn.quota = points, root, timeout, quota
		fn.left_out = not_sanitized if SANITIZED else None
		TESTS.append(fn)
		return fn
	return declare


def check(condition, message, *details):
	if not condition:
		raise Failure(message, *details)


def wait_until(what, predicate, seconds, every=0.05):
	"""Waits until predicate() is true and returns it. The limit only catches what never
	happens; it is no measurement."""
	deadline = time.monotonic() + seconds * MARGIN
	while True:
		value = predicate()
		if value:
			return value
		if time.monotonic() > deadline:
			raise Failure(f"not within {seconds * MARGIN:g} s: {what}")
		time.sleep(every)


def same_state(a, b):
	"""Returns True if the path kept its state between the two records. Times of day are
	derived from the monotonic clock, so an adjusted clock moves them a little."""
	moved = moment(b["state_since"]) - moment(a["state_since"])
	return (a["state"] == b["state"] and a["transitions_total"] == b["transitions_total"] and
	        abs(moved.total_seconds()) < 0.1)


def moment(text):
	return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def be_subreaper():
	"""Makes this process the parent of all that a daemon leaves behind."""
	_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _die_with_parent():
	_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def children_of(pid):
	found = []
	for name in os.listdir("/proc"):
		if name.isdigit() and process_stat(int(name)).get("ppid") == pid:
			found.append(int(name))
	return found


def process_stat(pid):
	try:
		with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
			text = f.read()
	except (FileNotFoundError, ProcessLookupError):
		return {}
	name, rest = text[text.index("(") + 1:].rsplit(")", 1)
	fields = rest.split()
	return {"name": name, "state": fields[0], "ppid": int(fields[1])}


def is_running(pid):
	return process_stat(pid).get("state", "Z") != "Z"


def is_stopped(pid):
	"""Returns True if a SIGSTOP has reached every thread."""
	states = []
	for thread in os.listdir(f"/proc/{pid}/task"):
		with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8",
		          errors="replace") as f:
			states.append(f.read().rsplit(")", 1)[1].split()[0])
	return set(states) == {"T"}


def open_files(pid):
	return len(os.listdir(f"/proc/{pid}/fd"))


def rss_kib(pid):
	with open(f"/proc/{pid}/status", encoding="utf-8") as f:
		return int(next(line.split()[1] for line in f if line.startswith("VmRSS:")))


class Programs:
	"""The programs of a build tree: libtool's wrappers, or the programs themselves."""

	def __init__(self, build):
		self.build = os.path.abspath(build)
		found = {}
		for folder, folders, files in os.walk(self.build):
			folders[:] = [f for f in folders if f not in (".libs", ".git", "autom4te.cache")]
			for name in files:
				path = os.path.join(folder, name)
				if os.access(path, os.X_OK):
					found.setdefault(name, path)
		self.found = found

	def __getitem__(self, name):
		if name not in self.found:
			raise Skip(f"{name} has not been built in {self.build}")
		return self.found[name]


class Result:
	def __init__(self, completed, seconds):
		self.code = completed.returncode
		self.out, self.err = completed.stdout, completed.stderr
		self.seconds = seconds

	def json(self):
		return json.loads(self.out)


class Daemon:
	"""One checkerd, with its own configuration, socket and log."""

	def __init__(self, case, config, name="checkerd", socket=None, user=None, args=(),
	             env=None, listen=None, prefix=(), state=None):
		"""env: additional environment. listen: a listening socket to pass, as a service
		manager does. prefix: a command that runs the daemon by exec. state: the file with
		the states; daemons of one socket share it. "": the daemon's own default."""
		self.case = case
		self.name = name
		self.config = os.path.join(case.folder, f"{name}.conf")
		self.socket = socket or os.path.join(case.folder, f"{name}.sock")
		self.log = os.path.join(case.folder, f"{name}.log")
		self.process = None
		self.user = user
		self.args = list(args)
		self.prefix = list(prefix)
		self.env = env or {}
		self.listen = listen
		if state is None:
			state = "none" if user else case.state_file(os.path.basename(self.socket))
		self.state = state
		self.configure(config)

	def configure(self, text):
		"""Replaces the configuration by a rename, so that a reload never reads half a
		file."""
		with open(self.config + ".new", "w", encoding="utf-8") as f:
			f.write(text)
		os.chmod(self.config + ".new", 0o644)
		os.rename(self.config + ".new", self.config)

	def start(self):
		command = [*self.prefix, self.case.programs["checkerd"], "-c", self.config, "-s", self.socket,
		           "--log-target=stderr", *([f"--state={self.state}"] if self.state else []),
		           *self.args]
		env = {**self.case.environment(), **self.env}
		if self.listen is not None:
			fd = self.listen.fileno()
			command = ["bash", "-c", f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{fd}', "-",
			           *command]
		if self.user is not None:
			command = ["setpriv", "--reuid", str(self.user[0]), "--regid", str(self.user[1]),
			           "--clear-groups", "--pdeathsig", "KILL", *command]
		with open(self.log, "ab") as log:
			self.process = subprocess.Popen(
				command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
				cwd=self.case.folder, start_new_session=True,
				pass_fds=() if self.listen is None else (self.listen.fileno(),),
				preexec_fn=None if self.user is not None else _die_with_parent)
		self.case.daemons.append(self)
		return self

	@property
	def pid(self):
		return self.process.pid

	def log_text(self):
		with open(self.log, encoding="utf-8", errors="replace") as f:
			return f.read()

	def wait_log(self, words, seconds=10):
		"""Waits until its log has the words: a thread of its own writes it. Returns the log."""
		wait_until(f"the log says '{words}'", lambda: words in self.log_text(), seconds)
		return self.log_text()

	def ctl(self, *args, timeout=5, expect=0):
		"""Runs checkerctl. expect: its exit code; None: any."""
		command = [self.case.programs["checkerctl"], "-s", self.socket,
		           "--timeout", str(timeout * MARGIN), *[str(a) for a in args]]
		begin = time.monotonic()
		completed = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
		                           text=True, check=False, env=self.case.environment(),
		                           timeout=timeout * MARGIN + 15)
		result = Result(completed, time.monotonic() - begin)
		if expect is not None:
			check(result.code == expect,
			      f"checkerctl {' '.join(command[5:])} ended with {result.code}, not {expect}",
			      result.out[-2000:], result.err[-2000:])
		return result

	def json(self, *args):
		return self.ctl("--json", *args).json()

	def status(self):
		return self.json("show", "status")

	def groups(self):
		return self.json("show", "groups")

	def paths(self):
		"""All paths by device."""
		return {p["device"]: p for p in self.json("show", "paths")["paths"]}

	def path(self, device):
		"""One path. Right after the start discovery may not have reported it yet."""
		return wait_until(f"{device} is known", lambda: self.paths().get(device), 10)

	def events(self, since=0):
		time.sleep(0.5 + 0.5 * MARGIN)  # a change is reported after half a second
		return self.json("show", "events", "--since", since)["events"]

	def prober_pid(self):
		return self.status()["prober"]["pid"]

	def serves(self):
		if self.process.poll() is not None:
			raise Failure(f"{self.name} ended with {self.process.returncode}",
			              self.log_text()[-3000:])
		return self.ctl("ping", timeout=1, expect=None).code == 0

	def wait_serving(self, seconds=10):
		wait_until(f"{self.name} serves", self.serves, seconds, every=0.01)
		return self

	def wait_ready(self, up=None, seconds=20):
		"""Waits for the first full pass, and with `up` until that many paths are up."""
		self.wait_serving()
		wait_until("ready after the first full pass", lambda: self.status()["ready"], seconds)
		if up is not None:
			self.wait_count("up", up, seconds)
		return self

	def count(self, state):
		return self.status()["paths"].get(state, 0)

	def wait_count(self, state, n, seconds=20):
		try:
			wait_until("", lambda: self.count(state) == n, seconds)
		except Failure:
			raise Failure(f"{n} paths {state} not within {seconds * MARGIN:g} s",
			              self.status()["paths"]) from None

	def wait_state(self, device, *states, seconds=15):
		seen = []

		def there():
			path = self.path(device)
			seen[:] = [path["state"], path["reason"]]
			return path["state"] in states and path
		try:
			return wait_until("", there, seconds)
		except Failure:
			raise Failure(f"{device} is not {' or '.join(states)} within "
			              f"{seconds * MARGIN:g} s but {seen}") from None

	def reload(self, text=None):
		if text is not None:
			self.configure(text)
		return self.ctl("reload", timeout=10)

	def signal(self, number):
		os.kill(self.pid, number)

	def ended(self, seconds):
		"""Waits until the process has ended; returns its exit code."""
		try:
			return self.process.wait(seconds * MARGIN)
		except subprocess.TimeoutExpired:
			raise Failure(f"{self.name} is still there after {seconds * MARGIN:g} s",
			              process_stat(self.pid)) from None

	def stop(self, seconds=5):
		"""Sends SIGTERM; the daemon must then end with success."""
		self.signal(signal.SIGTERM)
		code = self.ended(seconds)
		check(code == 0, f"{self.name} ended with {code}", self.log_text()[-3000:])


class Case:
	"""One running test."""

	def __init__(self, run, fn):
		self.run, self.fn = run, fn
		self.programs = run.programs
		self.folder = os.path.join(run.folder, fn.__name__)
		os.mkdir(self.folder)
		self.daemons, self.helpers, self.figures, self.sysctls = [], [], [], []
		self.tmpfs = None
		self.links = []  # symbolic links outside of the directory, to be removed

	@property
	def disk(self):
		return self.run.disk()

	def loops(self, *numbers):
		"""Nodes of loop devices: loops(5), or loops(range(100))."""
		wanted = list(numbers[0]) if numbers and not isinstance(numbers[0], int) else numbers
		return self.run.loops().nodes(wanted)

	def loop(self, n):
		return self.loops(n)[0]

	def environment(self):
		env = dict(os.environ, LC_ALL="C", TZ="UTC",
		           PATHCHECK_PROBER=self.programs["pathcheck-prober"])
		env.pop("NOTIFY_SOCKET", None)
		san = os.path.join(self.folder, "sanitizer")
		for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
			env[name] = f"log_path={san}:{env.get(name, '')}"
		return env

	def state_file(self, name):
		"""A file on tmpfs, which the daemon requires; "none" where there is no tmpfs."""
		if self.tmpfs is None:
			try:
				self.tmpfs = tempfile.mkdtemp(prefix="checkerd-", dir="/dev/shm")
			except OSError:
				return "none"
		return os.path.join(self.tmpfs, f"{name}.state")

	def daemon(self, config, **more):
		return Daemon(self, config, **more)

	def figure(self, text):
		"""Prints a measured number with the test's result."""
		self.figures.append(text)

	def sysctl(self, name, value):
		check(getattr(self.fn, "quota", True) or not name.startswith("fs.aio"),
		      "the test is not declared with quota")
		old = bed.read_sysctl(name)
		self.run.undo.add("sysctl", name, old)
		self.sysctls.append((name, old))
		bed.write_sysctl(name, value)

	def restore_sysctls(self):
		for name, old in reversed(self.sysctls):
			bed.write_sysctl(name, old)
			self.run.undo.drop("sysctl", name, old)
		self.sysctls.clear()

	def helper(self, *command):
		"""A program that runs until its standard input is closed or the test ends."""
		process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
		                           text=True, preexec_fn=_die_with_parent)
		self.helpers.append(process)
		return process

	def sanitizer_reports(self):
		reports = []
		for name in sorted(os.listdir(self.folder)):
			if name.startswith("sanitizer."):
				with open(os.path.join(self.folder, name), encoding="utf-8",
				          errors="replace") as f:
					reports.append(f.read()[:4000])
		return reports

	def close(self):
		"""Ends every process of the test and heals the disks. Raises Failure if something
		remains."""
		self.restore_sysctls()
		for link in self.links:
			os.unlink(link)
		if self.tmpfs is not None:
			shutil.rmtree(self.tmpfs, ignore_errors=True)
		if self.run.has_disk():
			self.disk.tell("heal", "all")
		for process in self.helpers:
			process.kill()
			process.wait()
			process.stdin.close()
			process.stdout.close()
		try:
			for daemon in self.daemons:
				if daemon.process.poll() is None:
					daemon.stop()
		finally:
			for daemon in self.daemons:
				if daemon.process.poll() is None:
					daemon.process.kill()
					daemon.process.wait(20)
			self._reap_strays()

	def _reap_strays(self):
		"""Probers whose daemon has ended are our children now. They must end by
		themselves."""
		keep = {self.run.disk().process.pid} if self.run.has_disk() else set()
		begin = time.monotonic()
		killed = False
		while True:
			try:
				while os.waitpid(-1, os.WNOHANG)[0]:
					pass
			except ChildProcessError:
				return
			left = [p for p in children_of(os.getpid()) if p not in keep]
			if not left:
				break
			waited = time.monotonic() - begin
			if waited > 5 * MARGIN and not killed:
				names = [f"{p} {process_stat(p)}" for p in left]
				for pid in left:
					os.kill(pid, signal.SIGKILL)
				killed = True
			elif waited > 15 * MARGIN:
				self.run.drop_bed(abort=True)
				raise Failure("processes that do not end", *names)
			time.sleep(0.02)
		if killed:
			raise Failure("processes stayed behind", *names)


class Run:
	"""One run of the tier: the programs, the directory, and the bed that all tests share."""

	DISKS = 2304

	def __init__(self, build, folder, undo):
		self.programs = Programs(build)
		self.folder = folder
		self.undo = undo
		self._disk = self._loops = None

	def has_disk(self):
		return self._disk is not None

	def disk(self):
		if self._disk is None:
			folder = os.path.join(self.folder, "bed")
			os.mkdir(folder)
			self._disk = bed.FaultyDisk(self.programs["faultydisk"], folder, self.undo,
			                            self.DISKS)
		return self._disk

	def loops(self):
		if self._loops is None:
			self._loops = bed.Loops(self.disk(), self.undo)
		return self._loops

	def drop_bed(self, abort=False):
		"""Removes the bed; the next test that needs one gets a new one."""
		disk, loops, left = self._disk, self._loops, []
		self._disk = self._loops = None
		if disk and abort:
			disk.abort()
		if loops:
			left = loops.close()
		if disk:
			disk.close()
			shutil.rmtree(os.path.dirname(disk.mount), ignore_errors=True)
		return left


def config(devices, extra="", paths_extra="", **defaults):
	"""Returns a configuration with static paths. devices: names, or tuples (name, alias,
	map)."""
	settings = {"discovery": "static", "polling_interval": 1, "max_polling_interval": 1,
	            "checker_timeout": 2, "fail_checks": 1, **defaults}
	lines = ["defaults {"]
	lines += [f"\t{k} {v}" for k, v in settings.items() if v is not None]
	lines += ["}", "paths {"]
	for d in devices:
		name, alias, map_name = (d, None, None) if isinstance(d, str) else d
		lines.append(f'\tpath {{\n\t\tdevice "{name}"')
		if alias:
			lines.append(f"\t\talias {alias}")
		if map_name:
			lines.append(f"\t\tmap {map_name}")
		lines.append("\t}")
	return "\n".join(lines) + paths_extra + "\n}\n" + extra
