#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the paths of checkerd that are not up, and then each change of a path, from Python alone.

    watch.py [SOCKET]

The connection is Varlink: JSON messages, each ended by a NUL byte. The interface describes itself; read
it with `varlinkctl introspect /run/checkerd/control io.checkerd.Control` of systemd 257 and later.
"""
import json
import socket
import sys

INTERFACE = "io.checkerd.Control"


class Refused(Exception):
	"""checkerd answered with an error."""


class Connection:
	def __init__(self, name):
		self.socket = socket.socket(socket.AF_UNIX)
		self.socket.connect(name)
		self.rest = b""

	def receive(self):
		while b"\0" not in self.rest:
			data = self.socket.recv(65536)
			if not data:
				raise ConnectionError("checkerd has closed the connection")
			self.rest += data
		message, self.rest = self.rest.split(b"\0", 1)
		return json.loads(message)

	def call(self, method, more=False, **parameters):
		"""Yields the replies: one, or with more=True as many as there are."""
		request = {"method": f"{INTERFACE}.{method}", "more": more, "parameters": parameters}
		self.socket.sendall(json.dumps(request).encode() + b"\0")
		while True:
			reply = self.receive()
			if "error" in reply:
				raise Refused(f"{reply['error']} {reply.get('parameters')}")
			yield reply["parameters"]
			if not reply.get("continues"):
				return


def watch(name):
	known = {}

	def show(path, state, reason):
		if known.get(path, "up") != state:
			print(path, state, reason or "", flush=True)
		known[path] = state

	connection = Connection(name)
	# The number of the last event: Monitor goes on from there, so no change is missed. A change may
	# be in the list of paths already.
	events = next(connection.call("ListEvents"))["events"]
	last = events[-1]["seq"] if events else 0
	for reply in connection.call("ListPaths", more=True):
		for path in reply["paths"]:
			show(path["name"], path["state"], path["reason"])
	for reply in connection.call("Monitor", more=True, since=last):
		event = reply.get("event")
		if event is None:
			print(reply["lost"], "events were lost", flush=True)
		elif event["type"] == "path_state":
			show(event["path"], event["to"], event["reason"])


if __name__ == "__main__":
	try:
		watch(sys.argv[1] if len(sys.argv) > 1 else "/run/checkerd/control")
	except (OSError, Refused) as e:
		sys.exit(f"watch.py: {e}")
	except KeyboardInterrupt:
		pass
