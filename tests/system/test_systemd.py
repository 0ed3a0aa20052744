# SPDX-License-Identifier: LGPL-2.1-or-later
"""Service manager interfaces: notification, watchdog, sockets."""
import os
import shutil
import signal
import socket
import time

from harness import MARGIN, check, config, test, wait_until


class Manager:
	"""The receiving end of a service's notifications."""

	def __init__(self, case):
		self.path = os.path.join(case.folder, "notify")
		self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		self.socket.bind(self.path)
		self.socket.setblocking(False)
		self.lines = []

	def heard(self):
		"""All lines that arrived so far."""
		while True:
			try:
				self.lines += self.socket.recv(65536).decode().splitlines()
			except BlockingIOError:
				return self.lines

	def wait(self, line, times=1, seconds=20):
		wait_until(f"{times} x {line}", lambda: self.heard().count(line) >= times, seconds)

	def forget(self):
		self.heard()
		self.lines = []


def files(case, n):
	names = [os.path.join(case.folder, f"file{i}") for i in range(n)]
	for name in names:
		with open(name, "wb") as f:
			f.truncate(1 << 16)
	return names


@test([])
def ready_after_the_first_full_pass(case):
	"""READY waits for every path's answer or timeout, not longer; STATUS counts them."""
	loops = case.loops(range(20))
	case.disk.tell("hang", 0)
	manager = Manager(case)
	daemon = case.daemon(config(loops, checker_timeout=3),
	                     env={"NOTIFY_SOCKET": manager.path}).start().wait_serving()
	daemon.wait_count("up", 19)
	check("READY=1" not in manager.heard(), "ready before the slow path timed out",
	      manager.lines)
	manager.wait("READY=1")
	check(daemon.path(loops[0])["state"] == "down", "ready before the timeout was known")
	wait_until("a status that counts", lambda: any(
		line.startswith("STATUS=") and "19 up" in line for line in manager.heard()), 10)
	case.disk.tell("release", "all")


@test([], root=False)
def reload_is_announced(case):
	names = files(case, 4)
	manager = Manager(case)
	daemon = case.daemon(config(names[:3]),
	                     env={"NOTIFY_SOCKET": manager.path}).start().wait_ready(up=3)
	manager.wait("READY=1")
	daemon.configure(config(names))
	daemon.signal(signal.SIGHUP)
	manager.wait("RELOADING=1")
	manager.wait("READY=1", times=2)
	daemon.wait_count("up", 4)
	check(manager.lines.index("RELOADING=1") < len(manager.lines) - 1 and
	      any(line.startswith("MONOTONIC_USEC=") for line in manager.lines),
	      "RELOADING without its time", manager.lines)
	daemon.stop()
	check("STOPPING=1" in manager.heard(), "the end was not announced", manager.lines)


@test([], root=False)
def watchdog_is_fed_only_while_checks_are_made(case):
	"""The watchdog is fed while the daemon works, and no longer when the prober is gone and
	cannot be replaced."""
	limit_s = 2 if MARGIN == 1 else 3
	names = files(case, 3)
	manager = Manager(case)
	program = os.path.join(case.folder, "prober")
	shutil.copy2(case.programs["pathcheck-prober"], program)
	daemon = case.daemon(config(names), env={
		"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": str(limit_s * 1000000),
		"PATHCHECK_PROBER": program}).start().wait_ready(up=3)
	manager.wait("WATCHDOG=1", times=3)
	os.chmod(program, 0o600)  # its name may lead to another one, but it may not be executed
	os.kill(daemon.prober_pid(), signal.SIGKILL)
	# In WatchdogSec the daemon feeds twice or more: one such period without any proves that
	# it stopped.
	for _ in range(4):
		manager.forget()
		time.sleep(limit_s)
		fed = "WATCHDOG=1" in manager.heard()
		if not fed:
			break
	check(not fed, "fed although nothing is checked")
	for p in daemon.paths().values():
		check(p["state"] == "up", "a state changed because there was no prober", p)
	# The daemon recovers once the program may be executed again.
	os.chmod(program, 0o755)
	manager.wait("WATCHDOG=1")
	checked = {d: p["checks_total"] for d, p in daemon.paths().items()}
	wait_until("checks go on", lambda: all(
		p["checks_total"] > checked[d] + 1 for d, p in daemon.paths().items()), 20)


@test([], root=False)
def socket_is_handed_over(case):
	"""Started with a listening socket, the daemon answers clients that connected before."""
	path = os.path.join(case.folder, "activated")
	with socket.socket(socket.AF_UNIX) as listener:
		listener.bind(path)
		listener.listen(16)
		names = files(case, 2)
		early = socket.socket(socket.AF_UNIX)
		early.connect(path)
		early.sendall(b'{"method":"io.checkerd.Control.Ping"}\0')
		daemon = case.daemon(config(names), socket=path, listen=listener)
		daemon.start().wait_ready(up=2)
		early.settimeout(10 * MARGIN)
		check(early.recv(4096).endswith(b"\0"), "the early client got no answer")
		early.close()
		daemon.stop()
	check(os.path.exists(path), "the manager's socket was removed")
