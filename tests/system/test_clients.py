# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs of others: the example in Python, and io.systemd.Metrics as systemd-report asks for it.
tests/clients/run has systemd's own programs."""
import json
import os
import socket
import subprocess

from harness import check, config, test, wait_until
from varlink import Refused, Varlink

EXAMPLE = os.path.join(os.path.dirname(__file__), "../../docs/examples/watch.py")


def two_files(case):
	found = [os.path.join(case.folder, name) for name in ("left", "right")]
	for name in found:
		with open(name, "wb") as f:
			f.truncate(1 << 16)
		os.chmod(name, 0o644)
	return found


@test([16], root=False)
def example_in_python_watches_paths(case):
	"""A path that is down at first, one that goes down, and back; and a daemon that is gone."""
	left, right = two_files(case)
	os.truncate(left, 0)
	daemon = case.daemon(config([left, right])).start().wait_ready(up=1)
	watch = case.helper("sh", "-c", 'exec python3 "$0" "$1" 2>"$1.said"', EXAMPLE, daemon.socket)
	name = daemon.path(left)["name"]
	check(watch.stdout.readline().split()[:2] == [name, "down"], "the path that is down")
	os.truncate(right, 0)
	name = daemon.path(right)["name"]
	line = watch.stdout.readline().split()
	check(line[:2] == [name, "down"] and len(line) > 2, "the path that goes down, and why", line)
	os.truncate(right, 1 << 16)
	check(watch.stdout.readline().split() == [name, "up"], "the path that is back")
	daemon.stop()
	check(watch.wait(20) == 1, "it ends with the daemon")
	with open(daemon.socket + ".said", encoding="utf-8") as f:
		check(f.read() == "watch.py: checkerd has closed the connection\n", "and says so")
	ended = subprocess.run(["python3", EXAMPLE, daemon.socket + ".no"], capture_output=True, text=True,
	                       timeout=30, check=False)
	check(ended.returncode == 1 and ended.stderr.startswith("watch.py: ") and
	      "Traceback" not in ended.stderr, "no socket", ended)


class Report:
	"""checkerd-exporter with a connection, as a socket unit with Accept=yes starts it."""

	def __init__(self, case, name, *options):
		self.socket, theirs = socket.socketpair()
		self.socket.settimeout(20)
		self.rest = b""
		self.process = subprocess.Popen(
			["sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"',
			 case.programs["checkerd-exporter"], "-s", name, *options],
			preexec_fn=lambda: os.dup2(theirs.fileno(), 3), pass_fds=(3,), stdin=subprocess.PIPE,
			stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
		theirs.close()
		case.helpers.append(self.process)

	send_and_take = Varlink.call
	reply = Varlink.reply

	def each(self, method):
		"""All replies to a call with "more": parameters, the last one without "continues"."""
		self.socket.sendall(json.dumps({"method": f"io.systemd.Metrics.{method}", "more": True,
		                                "parameters": None}).encode() + b"\0")
		while True:
			while b"\0" not in self.rest:
				data = self.socket.recv(1 << 16)
				check(data, "it has closed the connection")
				self.rest += data
			text, self.rest = self.rest.split(b"\0", 1)
			message = json.loads(text)
			check("error" not in message, "refused", message)
			yield message["parameters"]
			if not message.get("continues"):
				return

	def refused(self, method, **parameters):
		try:
			self.send_and_take(method, **parameters)
		except Refused as e:
			return e.name
		return None

	def end(self):
		self.socket.close()
		check(self.process.wait(20) == 0, "it ends well when the client is gone")


def conforms(families, metrics):
	"""What systemd-report demands: valid names that begin with the socket's name, and types."""
	kinds = {f["name"]: f["type"] for f in families}
	check(len(kinds) == len(families) and set(kinds.values()) == {"counter", "gauge", "string"},
	      "families", families)
	for f in families:
		check(list(f) == ["name", "description", "type"] and f["description"], "a family", f)
	for m in metrics:
		check(set(m) <= {"name", "value", "object", "fields"}, "keys", m)
		check(m["name"].startswith("io.checkerd.Metrics.") and m["name"] in kinds, "its family", m)
		check(isinstance(m["value"], str if kinds[m["name"]] == "string" else (int, float)), "value", m)
		check(all(isinstance(v, str) for v in m.get("fields", {"": ""}).values()), "fields", m)
	check(len({json.dumps([m["name"], m.get("object"), m.get("fields")]) for m in metrics}) ==
	      len(metrics), "one of them is there twice")


@test([16], root=False)
def metrics_for_systemd_report(case):
	left, right = two_files(case)
	os.truncate(left, 0)
	daemon = case.daemon(config([(left, None, "demo"), (right, None, "demo")])).start().wait_ready(up=1)
	report = Report(case, daemon.socket)
	families, metrics = list(report.each("Describe")), list(report.each("List"))
	conforms(families, metrics)

	def value(name, thing=None, **fields):
		found = [m["value"] for m in metrics if m["name"] == f"io.checkerd.Metrics.{name}" and
		         m.get("object") == thing and fields.items() <= m.get("fields", {}).items()]
		check(len(found) == 1, f"not one {name}", found, metrics)
		return found[0]

	check(value("path_state", "left", map="demo") == "down" and value("path_state", "right") == "up",
	      "states")
	check(value("map_redundancy", "demo") == 1 and value("up") == 1, "values")
	check(value("path_failures", "left", reason="error") >= 1, "a counter")
	check(report.refused("io.systemd.Metrics.List") == "ExpectedMore", "without more")
	check(report.refused("io.systemd.Metrics.Nothing") == "MethodNotFound", "no such method")
	check(report.refused("io.checkerd.Control.Ping") == "InterfaceNotFound", "no such interface")
	check(report.refused("io.systemd.Metrics.List", more=True, x=1) == "InvalidParameter", "a parameter")
	check(report.refused("org.varlink.service.GetInterfaceDescription") == "InvalidParameter", "none")
	info = report.send_and_take("org.varlink.service.GetInfo")
	for name in info["interfaces"]:
		text = report.send_and_take("org.varlink.service.GetInterfaceDescription", interface=name)
		check(f"\ninterface {name}\n" in text["description"], "the description", name, text)
	report.end()
	# The paths are left out, and then there is no daemon.
	report = Report(case, daemon.socket, "--no-paths")
	check(not [m for m in report.each("List") if ".path_" in m["name"]], "paths are there")
	daemon.stop()
	wait_until("only up, which is 0", lambda: list(report.each("List")) == [
		{"name": "io.checkerd.Metrics.up", "value": 0}], 10)
	report.socket.sendall(b"{}\0")  # no request
	check(report.process.wait(20) == 1, "it ends when the client sends what is no request")
