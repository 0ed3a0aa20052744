# SPDX-License-Identifier: LGPL-2.1-or-later
"""Daemons to measure, and what they and their probers cost."""
import datetime
import json
import os
import shutil
import socket
import time

import harness


PATHS_A_FILE = 4096


def cpu_ns(pid):
	"""The CPU clock of another process, as clock_getcpuclockid(3) names it."""
	return time.clock_gettime_ns((~pid << 3) | 2)


def switches(pid):
	"""How often each thread has slept, summed up by the threads' names."""
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


def moment_us(text):
	"""Reads a time of the interface."""
	moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
	return int(moment.timestamp()) * 1000000 + moment.microsecond


def lateness(times, interval_us):
	"""The due times of an interval."""
	first = min(times)
	off = [(t - first + interval_us // 2) % interval_us - interval_us // 2 for t in times]
	return [o - min(off) for o in off]


class Client:
	"""A connection that stays open, so that requests cost the daemon as little as
	possible."""

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


class Running:
	"""A daemon that checks n paths every `interval` seconds, started and with all paths
	up."""

	def __init__(self, bench, names, name="checkerd", interval=1, timeout=2, env=None, **more):
		self.n = len(names)
		self.interval_us = int(interval * 1e6)
		self.settings = {"polling_interval": interval, "max_polling_interval": interval,
		                 "checker_timeout": timeout, "keep_open": "yes", **more}
		self.daemon = harness.Daemon(bench, harness.config([], **self.settings), name=name,
		                             env=env)
		self.configure(names)
		begin = time.monotonic()
		self.daemon.start().wait_serving(60)
		self.client = Client(self.daemon.socket)
		while not self.client.call("GetStatus")["ready"]:
			time.sleep(0.01)
		self.start_s = time.monotonic() - begin
		self.daemon.wait_count("up", self.n, 60)
		self.prober = self.client.call("GetStatus")["prober"]["pid"]

	def configure(self, names):
		"""As many configuration files as necessary: each has a size limit."""
		folder = self.daemon.config + ".d"
		shutil.rmtree(folder, ignore_errors=True)  # removes another daemon's paths
		os.makedirs(folder)
		for at in range(0, len(names), PATHS_A_FILE):
			lines = [f'\tpath {{\n\t\tdevice "{n}"\n\t}}\n'
			         for n in names[at:at + PATHS_A_FILE]]
			with open(f"{folder}/{at:06}.conf", "w", encoding="utf-8") as f:
				f.write("paths {\n" + "".join(lines) + "}\n")

	@property
	def pid(self):
		return self.daemon.pid

	def pids(self):
		return self.pid, self.prober

	def status(self):
		return self.client.call("GetStatus")

	def cpu_ns(self):
		return sum(cpu_ns(p) for p in self.pids())

	def checks(self, of=None):
		"""Returns the number of all checks, and the time. of: some devices: as if all had as many."""
		paths = self.client.call("ListPaths", **({"paths": of} if of else {}))["paths"]
		return sum(p["checks_total"] for p in paths) * self.n / len(paths), time.monotonic()

	def turns(self, seconds, of=None):
		"""How late checks are: reads each path's last check once a second. A path is due
		at the same moment of every interval. A check's delay is counted from the earliest
		moment that was seen of its path. Returns all delays in microseconds."""
		seen = {}
		end = time.monotonic() + seconds
		while True:
			begin = time.monotonic()
			for p in self.client.call("ListPaths")["paths"]:
				if of is None or p["device"] in of:
					seen.setdefault(p["device"], set()).add(moment_us(p["last_check"]))
			if begin + 1 > end:
				break
			time.sleep(max(0, begin + 1 - time.monotonic()))
		return [late for times in seen.values() for late in lateness(times, self.interval_us)]

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
