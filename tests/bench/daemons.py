# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon, and what it and its prober cost."""
import json
import os
import socket
import threading
import time

import harness


def cpu_ns(pid):
	"""The CPU clock of another process, as clock_getcpuclockid(3) names it."""
	return time.clock_gettime_ns((~pid << 3) | 2)


def switches(pid):
	"""How often each thread has slept, by name: threads of one name together."""
	found = {}
	for task in os.listdir(f"/proc/{pid}/task"):
		try:
			with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as f:
				fields = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
		except (FileNotFoundError, ProcessLookupError):
			continue
		name = fields["Name"]
		found[name] = found.get(name, 0) + int(fields["voluntary_ctxt_switches"])
	return found


def memory_kib(pid):
	with open(f"/proc/{pid}/status", encoding="utf-8") as f:
		fields = dict(line.rstrip("\n").split(":", 1) for line in f)
	return {"rss": int(fields["VmRSS"].split()[0]), "locked": int(fields["VmLck"].split()[0])}


class Client:
	"""A connection that is kept: asking costs the daemon as little as it can."""

	def __init__(self, path):
		self.socket = socket.socket(socket.AF_UNIX)
		self.socket.settimeout(60)
		self.socket.connect(path)
		self.rest = b""

	def call(self, method, **parameters):
		request = {"method": f"io.checkerd.Control.{method}", "parameters": parameters}
		self.socket.sendall(json.dumps(request).encode() + b"\0")
		parts = [self.rest]
		while b"\0" not in parts[-1]:
			parts.append(self.socket.recv(1 << 20))
			if not parts[-1]:
				raise harness.Failure(f"{method}: the daemon has hung up")
		reply, self.rest = b"".join(parts).split(b"\0", 1)
		answer = json.loads(reply)
		if "error" in answer:
			raise harness.Failure(f"{method}: {answer}")
		return answer["parameters"]

	def close(self):
		self.socket.close()


class Lag(threading.Thread):
	"""Asks four times a second how late the latest check was begun."""

	def __init__(self, path):
		super().__init__(daemon=True)
		self.path, self.us, self.ending = path, [], threading.Event()

	def run(self):
		client = Client(self.path)
		while not self.ending.wait(0.25):
			self.us.append(client.call("GetStatus")["lag_s"]["last"] * 1e6)
		client.close()

	def stop(self):
		self.ending.set()
		self.join()
		return self.us


class Running:
	"""A daemon that checks so many paths every `interval` seconds, up and settled."""

	def __init__(self, bench, names, name="checkerd", interval=1, timeout=2, **more):
		self.n = len(names)
		self.config = harness.config(names, polling_interval=interval,
		                             max_polling_interval=interval, checker_timeout=timeout,
		                             **more)
		self.daemon = harness.Daemon(bench, self.config, name=name)
		begin = time.monotonic()
		self.daemon.start().wait_serving(30)
		self.client = Client(self.daemon.socket)
		while not self.client.call("GetStatus")["ready"]:
			time.sleep(0.01)
		self.start_s = time.monotonic() - begin
		self.daemon.wait_count("up", self.n, 30)
		self.prober = self.client.call("GetStatus")["prober"]["pid"]

	@property
	def pid(self):
		return self.daemon.pid

	def pids(self):
		return self.pid, self.prober

	def status(self):
		return self.client.call("GetStatus")

	def cpu_ns(self):
		return sum(cpu_ns(p) for p in self.pids())

	def checks(self):
		"""How many checks there have been, and when that was."""
		paths = self.client.call("ListPaths")["paths"]
		return sum(p["checks_total"] for p in paths), time.monotonic()

	def sleeps(self):
		found = {}
		for pid in self.pids():
			for name, n in switches(pid).items():
				found[name] = found.get(name, 0) + n
		return found

	def memory(self):
		return {"daemon": memory_kib(self.pid), "prober": memory_kib(self.prober)}

	def stop(self):
		self.client.close()
		begin = time.monotonic()
		self.daemon.stop()
		return time.monotonic() - begin
