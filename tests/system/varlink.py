# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls to the control socket without checkerctl."""
import json
import socket


class Refused(Exception):
	"""The daemon answered with an error."""

	def __init__(self, name, parameters):
		super().__init__(f"{name}: {parameters}")
		self.name = name.rsplit(".", 1)[-1]


class Varlink:
	def __init__(self, path, timeout=20):
		self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		self.rest = b""
		try:
			self.socket.settimeout(timeout)
			self.socket.connect(path)
		except OSError:
			self.socket.close()
			raise

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.close()

	def close(self):
		self.socket.close()

	def call(self, method, more=False, **parameters):
		"""Returns the method's reply, or the first of several. A method without an
		interface is checkerd's."""
		if "." not in method:
			method = f"io.checkerd.Control.{method}"
		call = {"method": method, "parameters": parameters}
		if more:
			call["more"] = True
		self.socket.sendall(json.dumps(call).encode() + b"\0")
		return self.reply()

	def reply(self):
		while b"\0" not in self.rest:
			data = self.socket.recv(1 << 20)
			if not data:
				raise ConnectionError("the daemon closed the connection")
			self.rest += data
		text, self.rest = self.rest.split(b"\0", 1)
		reply = json.loads(text)
		if "error" in reply:
			raise Refused(reply["error"], reply.get("parameters"))
		return reply["parameters"]
