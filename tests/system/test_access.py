# SPDX-License-Identifier: LGPL-2.1-or-later
"""Access: each attack that SECURITY.md lists is tried on a running daemon."""
import array
import contextlib
import fcntl
import json
import os
import re
import resource
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import traceback

from harness import (MARGIN, Failure, check, config, open_files, test, wait_until)

# A uid without a name: no name is needed.
GROUP = 54321
MEMBER, OTHER_MEMBER, STRANGER = 54322, 54323, 54324
CONTROL = "io.checkerd.Control."
NOT_PERMITTED = CONTROL + "NotPermitted"
BUSY = CONTROL + "Busy"
# Characters that a terminal obeys or that reverse text.
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
CHANGES = {
	"Check": {"paths": ["left"]}, "Disable": {"paths": ["left"]}, "Enable": {"paths": ["left"]},
	"Fail": {"paths": ["left"]}, "Reinstate": {"paths": ["left"]},
	"Release": {}, "Reload": {},
	"SetLogLevel": {"level": "debug"}}


# --- another user ---

class Child:
	"""Runs a function in a process of another user; its result comes through a pipe."""

	def __init__(self, uid, groups, fn, *args):
		self.fd, out = os.pipe()
		self.pid = os.fork()
		if self.pid:
			os.close(out)
			return
		code = 1
		try:
			signal.alarm(int(60 * MARGIN))
			os.setgroups(groups)
			os.setgid(uid)
			os.setuid(uid)
			os.write(out, json.dumps(fn(*args)).encode())
			code = 0
		except BaseException:  # any: the child must not continue in the test's code
			os.write(out, json.dumps(traceback.format_exc()).encode())
		finally:
			os._exit(code)

	def result(self):
		with open(self.fd, "rb") as f:
			text = f.read()
		code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
		check(code == 0 and text, f"a child ended with {code}", json.loads(text or b'""'))
		return json.loads(text)


def as_user(uid, groups, fn, *args):
	return Child(uid, groups, fn, *args).result()


class Client:
	"""A connection that sends arbitrary bytes."""

	def __init__(self, path, seconds=20):
		self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		self.socket.settimeout(seconds * MARGIN)
		self.socket.connect(path)
		self.rest = b""

	def send(self, method, parameters=None, **flags):
		call = {"method": CONTROL + method, "parameters": parameters or {}, **flags}
		self.socket.sendall(json.dumps(call).encode() + b"\0")

	def reply(self):
		"""Returns None if the connection is closed."""
		while b"\0" not in self.rest:
			try:
				data = self.socket.recv(1 << 16)
			except ConnectionError:
				return None
			if not data:
				return None
			self.rest += data
		text, self.rest = self.rest.split(b"\0", 1)
		return json.loads(text)

	def call(self, method, parameters=None, **flags):
		try:
			self.send(method, parameters, **flags)
		except ConnectionError:
			pass  # the daemon may have sent an error before
		return self.reply()

	def closed(self):
		"""Waits until the other end is closed, whatever arrives before."""
		try:
			while self.socket.recv(1 << 16):
				pass
		except ConnectionError:
			pass

	def close(self):
		self.socket.close()


def error_of(reply):
	return None if reply is None else reply.get("error", "")


def connect_error(path):
	try:
		Client(path).close()
	except OSError as e:
		return e.errno
	return 0


def plain_files(case, *names):
	files = [os.path.join(case.folder, name) for name in names]
	for name in files:
		with open(name, "wb") as f:
			f.truncate(1 << 16)
		os.chmod(name, 0o644)
	return files


def start_daemon(case, n=2, **more):
	files = plain_files(case, "left", "right", *(f"file{i}" for i in range(n - 2)))
	text = config([(files[0], "left", "demo"), *files[1:]], socket_group=GROUP, **more)
	return case.daemon(text).start().wait_ready(up=n), files


# --- the socket ---

def try_to_change(path):
	"""Tries every method that changes something, in every kind of call."""
	client, errors = Client(path), {}
	for method, parameters in CHANGES.items():
		errors[method] = error_of(client.call(method, parameters))
		client.send(method, parameters, oneway=True)  # must not be executed without a reply either
	for method, parameters in CHANGES.items():  # all at once
		client.send(method, parameters)
	errors["at once"] = [error_of(client.reply()) for _ in CHANGES]
	errors["Ping"] = error_of(client.call("Ping"))
	return errors


def pretend_to_be_root(path):
	"""The kernel reports the caller's uid: a client cannot even send another one."""
	client = Client(path)
	client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
	who = array.array("i", [os.getpid(), 0, 0]).tobytes()
	text = json.dumps({"method": CONTROL + "Reload", "uid": 0}).encode() + b"\0"
	try:
		client.socket.sendmsg([text], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, who)])
		sent = True
	except PermissionError:
		sent = False
		client.socket.sendall(text)
	return sent, error_of(client.reply())


def read_all(path):
	client = Client(path)
	return {m: error_of(client.call(m, p)) for m, p in (
		("ListPaths", {}), ("ListMaps", {}), ("GetGroups", {}), ("GetStatus", {}),
		("GetConfig", {}), ("GetMemory", {}), ("GetMetrics", {}), ("ListEvents", {}),
		("ListHistory", {"paths": ["left"]}), ("Ping", {}))}


def command_codes(program, path):
	"""Exit codes of the command; None where this user may not execute it."""
	codes = []
	for words in (["reload"], ["check", "left"], ["fail", "left"], ["disable", "left"],
	              ["log-level", "debug"], ["show", "paths"]):
		try:
			codes.append(subprocess.run([program, "-s", path, *words], capture_output=True,
			                            stdin=subprocess.DEVNULL, check=False).returncode)
		except PermissionError:
			return None
	return codes


def rights_are_kept(daemon, files, program):
	st = os.stat(daemon.socket)
	check(stat.S_IMODE(st.st_mode) == 0o660 and st.st_uid == 0 and st.st_gid == GROUP,
	      "the socket's mode or owner", oct(st.st_mode), st.st_uid, st.st_gid)
	check(as_user(STRANGER, [], connect_error, daemon.socket) == 13, "a stranger may connect")
	before = daemon.path(files[0])
	seen = as_user(MEMBER, [GROUP], read_all, daemon.socket)
	check(set(seen.values()) == {""}, "a member may read", seen)
	errors = as_user(MEMBER, [GROUP], try_to_change, daemon.socket)
	check(errors.pop("Ping") == "", "the connection did not survive")
	check(set(errors.pop("at once")) == {NOT_PERMITTED}, "all at once: permitted")
	check(set(errors.values()) == {NOT_PERMITTED}, "a member may change", errors)
	sent, error = as_user(MEMBER, [GROUP], pretend_to_be_root, daemon.socket)
	check(not sent and error == NOT_PERMITTED, "taken for root", sent, error)
	codes = as_user(MEMBER, [GROUP], command_codes, program, daemon.socket)
	check(codes in (None, [4] * 5 + [0]), "the command's exit codes", codes)
	after = daemon.path(files[0])
	check(after["enabled"] and after["transitions_total"] == before["transitions_total"],
	      "something was changed", before, after)
	check(not [e for e in daemon.events() if e["type"] in ("config", "daemon") and
	           "reload" in e["message"]], "there was a reload")


def crowd(path, n):
	"""Returns how many of n connections are served; the others must get an error."""
	clients, served = [], 0
	for _ in range(n):
		clients.append(Client(path))
		error = error_of(clients[-1].call("Ping"))
		check(error in ("", BUSY), "neither a reply nor an error", error)
		served += error == ""
	return served


def crowds_leave_room(daemon):
	served = as_user(OTHER_MEMBER, [GROUP], crowd, daemon.socket, 60)
	check(served == 16, f"{served} connections of one user were served")

	def hold(path, gate):
		clients = [Client(path) for _ in range(16)]
		served = sum(error_of(c.call("Ping")) == "" for c in clients)
		os.write(gate[1], b"x")
		os.read(gate[2], 1)
		return served

	here, there = os.pipe(), os.pipe()
	gate = (here[0], here[1], there[0])
	children = [Child(uid, [GROUP], hold, daemon.socket, gate) for uid in range(55000, 55003)]
	for _ in children:
		os.read(here[0], 1)
	roots = [Client(daemon.socket) for _ in range(3)]  # one of them sends requests all the time
	check(all(error_of(c.call("Ping")) == "" for c in roots), "root is not let in")
	check(error_of(Client(daemon.socket).call("Ping")) == BUSY, "there are more than 32 connections")
	for c in roots:
		c.close()
	daemon.ctl("show", "status")
	os.write(there[1], b"x" * len(children))
	total = sum(c.result() for c in children)
	for fd in (*here, *there):
		os.close(fd)
	check(total <= 32 - 4, f"{total} connections of 32 were given to others")
	return total


class Slow:
	"""Clients that the daemon drops only after a time; other attacks run meanwhile."""

	def __init__(self, path):
		self.path = path
		self.children = {
			"one byte a second": Child(MEMBER, [GROUP], self.dribble),
			"half a request": Child(MEMBER, [GROUP], self.stop_half_way),
			"who does not read": Child(MEMBER, [GROUP], self.never_read)}

	def dribble(self):
		client, begin = Client(self.path, 30), time.monotonic()
		client.socket.settimeout(1)
		while True:
			try:
				client.socket.sendall(b"{")
				if not client.socket.recv(100):
					break
			except TimeoutError:
				continue
			except ConnectionError:
				break
		return time.monotonic() - begin

	def stop_half_way(self):
		client, begin = Client(self.path, 30), time.monotonic()
		client.socket.sendall(b'{"method":"' + b"x" * 50000)
		client.closed()
		return time.monotonic() - begin

	def never_read(self):
		client, begin = Client(self.path, 30), time.monotonic()
		client.socket.setblocking(False)
		poll = select.poll()
		with contextlib.suppress(BlockingIOError):
			while True:
				client.send("ListPaths")
		poll.register(client.socket, 0)  # the client reads nothing, so only POLLHUP can occur
		check(poll.poll(30000 * MARGIN), "it is still connected")
		return time.monotonic() - begin

	def results(self):
		return {what: child.result() for what, child in self.children.items()}


def nonsense(path):
	"""Each of these closes its connection or gets an error, at once and not after a time."""
	begin = time.monotonic()
	for text in (b"\0", b"[]\0", b"{\0", b"\xff" * 1000 + b"\0", b"x" * (64 << 10) + b"xx",
	             b'{"method":"' + b"a" * (70 << 10) + b'"}\0', b"\0" * 100000,
	             b'{"a":' * 100 + b"1" + b"}" * 100 + b"\0", b"[" * 60000 + b"\0"):
		client = Client(path)
		with contextlib.suppress(ConnectionError):
			client.socket.sendall(text)
		client.closed()
	client = Client(path)
	errors = [error_of(client.call(m, p)) for m, p in (
		("Nonsense", {}), ("ListPaths", {"paths": 1}), ("ListPaths", {"paths": ["%s%n%x"]}),
		("ListPaths", {"paths": ["\u001b[2J"]}), ("ListEvents", {"since": -1}))]
	check(all(errors), "an error is missing", errors)
	return time.monotonic() - begin


@test([])
def attacks_by_the_socket(case):
	"""Arbitrary bytes, group members that call methods of root, crowds, and clients that send
	or read slowly or never: other clients are served meanwhile."""
	daemon, files = start_daemon(case, 40, max_clients=32)
	files_open = open_files(daemon.pid)
	slow = Slow(daemon.socket)
	worst, stop = [0.0], threading.Event()

	def keep_asking():
		client = Client(daemon.socket)
		while not stop.is_set():
			begin = time.monotonic()
			check(error_of(client.call("GetStatus")) == "", "root is not served")
			worst[0] = max(worst[0], time.monotonic() - begin)
			time.sleep(0.02)
		client.close()
		finished.append(True)

	finished = []
	thread = threading.Thread(target=keep_asking)
	thread.start()
	try:
		rights_are_kept(daemon, files, case.programs["checkerctl"])
		places = crowds_leave_room(daemon)
		quick = as_user(OTHER_MEMBER, [GROUP], nonsense, daemon.socket)
		took = slow.results()
	finally:
		stop.set()
		thread.join()
	check(finished, "root was not served all the time")
	check(worst[0] < 2 * MARGIN, f"root waited for {worst[0]:.2f} s")
	check(quick < 5 * MARGIN, f"nonsense was held for {quick:.1f} s")
	for what, (least, most) in {"one byte a second": (9, 14), "half a request": (9, 14),
	                            "who does not read": (4, 10)}.items():
		check(least <= took[what] <= most * MARGIN, f"{what}: dropped after {took[what]:.1f} s")
	wait_until("all descriptors are back", lambda: open_files(daemon.pid) <= files_open, 5)
	check(daemon.count("up") == len(files), "paths were harmed")
	case.figure(f"16 places a user, {places} of 32 for all users; root waited {worst[0]:.3f} s "
	            "at most; dropped after " + ", ".join(f"{t:.1f} s" for t in took.values()))


# --- descriptors ---

def send_descriptors(path):
	"""Sends as many descriptors as a message takes, in each of several messages, and a pipe's
	end."""
	client = Client(path)
	read_end, write_end = os.pipe()
	fds = array.array("i", [write_end] * 253).tobytes()
	for _ in range(8):
		text = json.dumps({"method": CONTROL + "Ping"}).encode() + b"\0"
		client.socket.sendmsg([text], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
		check(error_of(client.reply()) == "", "not served")
	os.close(write_end)
	fcntl.fcntl(read_end, fcntl.F_SETFL, os.O_NONBLOCK)
	return len(os.read(read_end, 1))  # 0: no process has the other end any more


def cpu_seconds(pid):
	with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
		fields = f.read().rsplit(")", 1)[1].split()
	return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def listening_inode(path):
	with open("/proc/net/unix", encoding="utf-8") as f:
		return [line.split()[6] for line in f if line.rstrip().endswith(" " + path)][0]


def prober_has_little(daemon):
	pid = daemon.prober_pid()
	links = [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
	check(f"socket:[{listening_inode(daemon.socket)}]" not in links and
	      not [x for x in links if x.endswith((".conf", ".log", ".lock"))],
	      "the prober has what is not its own", links)
	check(sum(x.startswith("socket:") for x in links) == 1, "more than its lifeline", links)
	with open(f"/proc/{pid}/status", encoding="utf-8") as f:
		status = dict(line.split(":\t", 1) for line in f if ":\t" in line)
	keeps = 1 << 1 | 1 << 2 | 1 << 17  # DAC_OVERRIDE, DAC_READ_SEARCH, SYS_RAWIO
	check(int(status["CapEff"], 16) & ~keeps == 0 and int(status["CapPrm"], 16) & ~keeps == 0 and
	      int(status["NoNewPrivs"]) == 1, "the prober may do too much", status["CapEff"])


@test([])
def attacks_by_descriptors(case):
	"""Descriptors that a client sends are closed. Without a free descriptor, new clients are
	not served and the daemon does not spin. A prober inherits none of the daemon's
	descriptors."""
	daemon, _ = start_daemon(case)
	prober_has_little(daemon)
	before = open_files(daemon.pid)
	left = as_user(MEMBER, [GROUP], send_descriptors, daemon.socket)
	check(left == 0, "the daemon has kept what was sent")
	wait_until("no descriptor stays", lambda: open_files(daemon.pid) <= before, 5)
	old = Client(daemon.socket)
	check(error_of(old.call("Ping")) == "", "not served")
	limits = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
	used = max(int(n) for n in os.listdir(f"/proc/{daemon.pid}/fd")) + 1
	resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (used, limits[1]))
	try:
		crowd_of = []
		for _ in range(used):  # at least as many as free numbers may exist
			crowd_of.append(Client(daemon.socket))
			if error_of(crowd_of[-1].call("Ping")) != "":
				break
		else:
			raise Failure("descriptors did not run out: nothing is tested")
		begin, cpu = time.monotonic(), cpu_seconds(daemon.pid)
		for _ in range(20):
			late = Client(daemon.socket)
			check(error_of(late.call("Ping")) in (None, BUSY), "served by what?")
			late.close()
		check(error_of(old.call("GetStatus")) == "", "who was there is not served any more")
		time.sleep(max(0, 1 - (time.monotonic() - begin)))
		cpu = cpu_seconds(daemon.pid) - cpu
		check(cpu < 0.5, f"it spins: {cpu:.2f} s in {time.monotonic() - begin:.2f} s")
	finally:
		resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, limits)
	for client in crowd_of:
		client.close()
	daemon.ctl("show", "status")


# --- the configuration ---

def checkerd(case, *args, prefix=(), **more):
	return subprocess.run([*prefix, case.programs["checkerd"], *args], stdin=subprocess.DEVNULL,
	                      capture_output=True, timeout=30, check=False,
	                      **{"env": case.environment(), **more})


def write_file(name, text, mode=0o644, uid=0):
	with open(name, "w", encoding="utf-8") as f:
		f.write(text)
	os.chmod(name, mode)
	os.chown(name, uid, 0)
	return name


def must_refuse(case, main, name, remedy):
	done = checkerd(case, "-t", "-c", main)
	said = done.stderr.decode()
	check(done.returncode == 1, f"{name} was read", said)
	check(f"{name}: error: " in said and remedy in said, f"not what is wrong with {name}", said)


@test([])
def configuration_of_others(case):
	"""A configuration that another user may have written is refused, at the start and by a
	reload. The message has the file's name and the next step."""
	files = plain_files(case, "left", "right")
	text, at = config(files), lambda name: os.path.join(case.folder, name)
	for mode, uid, remedy in ((0o666, 0, "chmod go-w"), (0o664, 0, "chmod go-w"),
	                          (0o602, 0, "chmod go-w"), (0o644, MEMBER, "chown root"),
	                          (0o444, MEMBER, "chown root")):
		name = write_file(at("bad.conf"), text, mode, uid)
		must_refuse(case, name, name, remedy)
		main = write_file(at("main.conf"), text)
		os.makedirs(main + ".d", exist_ok=True)
		dropin = write_file(os.path.join(main + ".d", "50-bad.conf"), "", mode, uid)
		must_refuse(case, main, dropin, remedy)
		link = at("link.conf")  # the target's owner and mode count
		with contextlib.suppress(FileNotFoundError):
			os.unlink(link)
		os.symlink(name, link)
		must_refuse(case, link, link, remedy)
	os.unlink(dropin)
	for mode, uid, remedy in ((0o777, 0, "chmod go-w"), (0o1777, 0, "chmod go-w"),
	                          (0o755, MEMBER, "chown root")):
		os.chmod(main + ".d", mode)
		os.chown(main + ".d", uid, 0)
		must_refuse(case, main, main + ".d", remedy)
	os.chmod(main + ".d", 0o755)
	os.chown(main + ".d", 0, 0)
	os.mkfifo(at("fifo"))
	for name in (at("fifo"), "/dev/zero", case.folder):  # none of them may block
		must_refuse(case, name, name, "regular file")
	os.unlink(link)
	os.symlink(main, link)
	check(checkerd(case, "-t", "-c", link).returncode == 0, "root's own is refused")
	# A name with escape sequences, in a message.
	write_file(os.path.join(main + ".d", "a\x1b[2J\nb.conf"), "nonsense\n")
	done = checkerd(case, "-t", "-c", main)
	check(done.returncode == 1 and b"a\\x1b[2J\\x0ab.conf:1:1: error: " in done.stderr,
	      "not spelt out", done.stderr)
	# Such a reload changes nothing.
	daemon = case.daemon(text).start().wait_ready(up=2)
	daemon.configure(config(files[:1]))
	os.chmod(daemon.config, 0o666)
	refused = daemon.ctl("reload", expect=1)
	check("chmod go-w" in refused.err + refused.out, "the message has no next step", refused.err)
	check(daemon.count("up") == 2, "the refused configuration is in force")


# --- the socket's name, and the environment ---

def must_not_start(daemon, *words):
	code = daemon.start().ended(10)
	said = daemon.log_text()
	check(code == 1, f"ended with {code}", said)
	check(all(w in said for w in words), "no clear message", said)


def hold_lock(name):
	fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
	fcntl.flock(fd, fcntl.LOCK_EX)
	time.sleep(30)


def forge_uevent():
	"""Asks the kernel: may a broadcast and a message to a single process be sent?"""
	text = b"add@/devices/virtual/block/evil\0ACTION=add\0SUBSYSTEM=block\0DEVNAME=evil\0"
	s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)  # NETLINK_KOBJECT_UEVENT
	errors = []
	for address in ((0, 1), (0, 2), (os.getppid(), 0)):
		try:
			errors.append(s.sendto(text, address))
		except OSError as e:
			errors.append(os.strerror(e.errno))
	return errors


def passed_socket(family, address):
	s = socket.socket(family, socket.SOCK_STREAM)
	s.bind(address)
	s.listen(1)
	return s


@test([])
def attacks_by_names(case):
	"""What others put in the socket's place, in a directory that they may write, or pass as a
	socket, is not served and not changed."""
	text = config(plain_files(case, "left"))
	at = lambda *name: os.path.join(case.folder, *name)  # noqa: E731
	victim = write_file(at("victim"), "precious", 0o600)
	os.symlink(victim, at("link"))
	dangling = at("dangling")
	os.symlink(at("not-there"), dangling)
	os.mkdir(at("folder"))
	for i, name in enumerate((victim, at("link"), dangling, at("folder"))):
		must_not_start(case.daemon(text, name=f"taken{i}", socket=name), name, "another socket")
	with open(victim, encoding="utf-8") as f:
		check(f.read() == "precious" and stat.S_IMODE(os.stat(victim).st_mode) == 0o600,
		      "what stood there was changed")
	check(not os.path.exists(at("not-there")), "a link was followed")
	# A directory that others may write, without the sticky bit.
	for mode, uid in ((0o777, 0), (0o775, 0), (0o755, MEMBER)):
		os.makedirs(at("open"), exist_ok=True)
		os.chmod(at("open"), mode)
		os.chown(at("open"), uid, 0)
		name = at("open", "control")
		must_not_start(case.daemon(text, name="open", socket=name), name, "chmod go-w")
	os.mkdir(at("sticky"))
	os.chmod(at("sticky"), 0o1777)
	name = at("sticky", "control")
	blocker = Child(MEMBER, [], hold_lock, name + ".lock")
	wait_until("the lock is held", lambda: os.path.exists(name + ".lock"), 5)
	try:
		must_not_start(case.daemon(text, name="locked", socket=name), name + ".lock")
	finally:
		os.kill(blocker.pid, signal.SIGKILL)
		os.waitpid(blocker.pid, 0)
		os.close(blocker.fd)
	os.unlink(name + ".lock")
	sent = as_user(STRANGER, [], forge_uevent)
	check(set(sent) == {"Operation not permitted"}, "uevents can be forged", sent)
	# Sockets that a service manager passes.
	for i, (family, address, word) in enumerate((
			(socket.AF_UNIX, f"\0checkerd-test-{os.getpid()}", "abstract"),
			(socket.AF_INET, ("127.0.0.1", 0), "unix stream"))):
		with passed_socket(family, address) as s:
			must_not_start(case.daemon(text, name=f"passed{i}", listen=s), word)


@test([])
def attacks_by_the_environment(case):
	"""Environment variables have no effect: they make no files where others may write, no
	sockets of another process, no formats."""
	traps = {}
	for name in ("TMPDIR", "TMP", "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
		traps[name] = os.path.join(case.folder, name)
		os.mkdir(traps[name])
		os.chmod(traps[name], 0o777)
	# Sockets that are meant for another process, and names that are formats.
	more = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "JOURNAL_STREAM": "1:1",
	        "LISTEN_FDNAMES": "%s%n", "LC_ALL": "%n%s", "TZ": "../../../etc/passwd"}
	files = plain_files(case, "left")
	daemon = case.daemon(config(files), env={**traps, **more}).start().wait_ready(up=1)
	daemon.reload(config(files, polling_interval=2))
	daemon.ctl("show", "status")
	daemon.stop()
	left = {n: os.listdir(t) for n, t in traps.items()}
	check(not any(left.values()), "files were made where others may write", left)


# --- a compromised prober ---

# A program that runs as the prober, with its descriptors: the region, the names, two eventfds,
# the lifeline.
WILD = """#!{python}
import mmap, os, random, struct, sys, time
said = []
for fd in (3, 4):
	for size in (0, 1 << 30):
		try:
			os.ftruncate(fd, size)
			said.append(f"{{fd}} has another size")
		except OSError:
			pass
try:
	mmap.mmap(4, 0)
	said.append("the names can be written")
except OSError:
	pass
region, end, r = mmap.mmap(3, 0), time.monotonic() + 0.7, random.Random(os.getpid())
with open({report!r}, "a") as f:
	f.write("\\n".join([*said, "ran\\n"]))
while time.monotonic() < end:
	for _ in range(200):
		at = r.randrange(0, len(region) // 8) * 8
		region[at:at + 8] = struct.pack("=Q", r.choice((0, 1, 2, (1 << 64) - 1, r.getrandbits(64))))
	os.write(6, struct.pack("=Q", 1))
"""


@test([])
def attacks_by_the_prober(case):
	"""A prober that writes arbitrary values into the shared region: the daemon neither ends
	nor hangs, and recovers with a normal prober."""
	files = plain_files(case, *(f"file{i}" for i in range(20)))
	prober, report = (os.path.join(case.folder, n) for n in ("prober", "report"))
	write_file(prober, WILD.format(python=sys.executable, report=report), 0o755)
	daemon = case.daemon(config(files), env={"PATHCHECK_PROBER": prober}).start()
	daemon.wait_serving()

	def runs():
		with contextlib.suppress(FileNotFoundError), open(report, encoding="utf-8") as f:
			return f.read().split("\n")[:-1]
		return []

	client, asked, worst = Client(daemon.socket), 0, 0.0
	while len(runs()) < 3:
		begin = time.monotonic()
		check(error_of(client.call("ListPaths")) == "", "it does not answer", daemon.log_text()[-2000:])
		check(error_of(client.call("GetGroups")) == "", "it does not answer", daemon.log_text()[-2000:])
		worst, asked = max(worst, time.monotonic() - begin), asked + 1
		check(asked < 10000, "the prober is not replaced", runs())
		time.sleep(0.02)
	check(set(runs()) == {"ran"}, "it could do more than write to the region", set(runs()))
	check(worst < 2 * MARGIN, f"a client waited for {worst:.2f} s")
	# The same file with other content: the daemon executes the file that was opened at the
	# start.
	write_file(prober, f"#!/bin/sh\nexec {case.programs['pathcheck-prober']}\n", 0o755)
	daemon.wait_count("up", len(files), 20)
	case.figure(f"{len(runs())} wild probers; an answer took {worst:.3f} s at most")


# --- names with control characters ---

# Without a slash: the name is the last part of a device's node.
EVIL = ["%s%n%p", "\u009b2J\u009d0;owned\u009c", "x\u202egnp.exe", "a,b\u2028c=1\\"]
SPELT = ["%s%n%p", r"\xc2\x9b2J\xc2\x9d0;owned\xc2\x9c", r"x\xe2\x80\xaegnp.exe",
         r"a,b\xe2\x80\xa8c=1" + "\\"]


@test([])
def names_that_give_orders(case):
	"""Names with what a terminal obeys, what reverses text and what printf() would expand.
	They are escaped in every reply, in the command's output, in metrics and in the log."""
	files = plain_files(case, *EVIL)
	daemon = case.daemon(config([(f, '"%s%n"', '"map%d%n"') for f in files[:1]] + files[1:]))
	daemon.start().wait_ready(up=len(files))
	for name in files:
		os.truncate(name, 0)
	daemon.wait_count("down", len(files))
	env = dict(case.environment(), LC_ALL="C.UTF-8")
	command = [case.programs["checkerctl"], "-s", daemon.socket]
	for words in (("show", "paths"), ("show", "paths", "-o", "+ALIAS,MAP,DEVICE"), ("show", "maps"),
	              ("show", "topology"), ("show", "events"), ("metrics",),
	              ("show", "paths", "format", "%d %i %m %n %w"), ("show", "history", files[1]),
	              ("show", "latency"), ("--json", "show", "paths"), ("--json", "show", "config"),
	              ("--raw", "show", "paths", "-o", "+DEVICE"), ("show", "config"), ("health",)):
		done = subprocess.run([*command, *words], env=env, capture_output=True, check=False,
		                      stdin=subprocess.DEVNULL, timeout=20)
		check(done.returncode in (0, 2) and (done.stdout or done.stderr), f"{words}", done)
		said = (done.stdout + done.stderr).decode()
		found = HARMFUL.search(said)
		check(found is None, f"{' '.join(words)} contains control characters", found, ascii(said[-2000:]))
	daemon.events()  # until the changes are reported
	said = daemon.log_text()
	check(HARMFUL.search(said) is None and all(name in said for name in SPELT),
	      "the log gives orders", ascii(said[-2000:]))
	found = daemon.paths()
	check(set(found) == set(files), "JSON has lost nodes' names", list(found))
	check([found[f]["name"] for f in files] == SPELT, "names", [p["name"] for p in found.values()])
	refused = daemon.ctl("check", "\x1b[2J%n%s", expect=5)
	check(HARMFUL.search(refused.out + refused.err) is None, "an error contains control characters", refused.err)
	# Bytes that are not allowed in a configuration are an error there.
	daemon.configure(config([(files[0], '"\x1b[2J"', None)]))
	refused = daemon.ctl("reload", expect=1)
	check("control character 0x1b" in refused.err + refused.out and
	      HARMFUL.search(refused.err + refused.out) is None, "it was accepted", refused.err)
