#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A crowd of bad clients of the control socket: they send garbage, send slowly, never read,
leave in the middle. A few are polite, and their replies are checked.

usage: crowd.py SEED CLIENTS USER SOCKET…
USER: a number; the crowd becomes that user. It goes on until its standard input ends; then it
prints what came of it as one JSON object.
"""
import collections
import heapq
import json
import os
import random
import resource
import select
import socket
import sys
import time

METHODS = ("Ping", "ListPaths", "ListMaps", "GetGroups", "GetStatus", "GetConfig", "GetMemory",
           "GetMetrics", "ListEvents")
FOR_ROOT = (("Disable", {"paths": []}), ("Enable", {"paths": []}), ("Reload", {}),
            ("SetLogLevel", {"level": "err"}), ("Check", {"paths": []}))
PATIENCE = 20  # seconds that a polite client waits for its reply


def request(method, more=False, **parameters):
	call = {"method": f"io.checkerd.Control.{method}", "parameters": parameters}
	if more:
		call["more"] = True
	return json.dumps(call).encode() + b"\0"


class Client:
	"""One connection, nonblocking."""

	def __init__(self, crowd, path):
		self.rng = crowd.rng
		self.counts = crowd.counts
		self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		self.socket.setblocking(False)
		self.open = False
		try:
			self.socket.connect(path)
			self.open = True
			self.counts["connected"] += 1
		except OSError:
			self.counts["not connected"] += 1

	def send(self, data):
		"""Returns how many bytes were sent."""
		try:
			return self.socket.send(data)
		except BlockingIOError:
			return 0
		except OSError:
			self.open = False
			return 0

	def receive(self, most=1 << 20):
		try:
			data = self.socket.recv(most)
		except BlockingIOError:
			return b""
		except OSError:
			data = b""
		if not data:
			self.open = False
		return data

	def close(self):
		self.socket.close()


# The clients' behaviours: each yields the time until its next step.

def garbage(c):
	for _ in range(c.rng.randrange(1, 20)):
		c.send(c.rng.randbytes(c.rng.choice((1, 100, 5000, 70000))))
		yield c.rng.random()


def broken_requests(c):
	texts = (b"\0" * 1000, b"{" * 60 + b"\0", b"[" * 5000 + b"\0", b'{"method":"\xff\xfe"}\0',
	         b'{"method":' + b"9" * 3000 + b"}\0", b'{"method":"io.checkerd.Control."}\0',
	         b'{"method":null,"parameters":[]}\0', b'"' + b"\\u0000" * 2000 + b'"\0',
	         request("ListPaths", paths=["\x1b[2J" * 200]), request("ListPaths", paths=[7] * 1000),
	         request("Monitor"), request("Monitor", more=True, since=-1),
	         request("ListHistory", paths=["none"] * 5000))
	for _ in range(c.rng.randrange(1, 20)):
		c.send(c.rng.choice(texts))
		c.receive()
		yield c.rng.random()


def too_long(c):
	left = b'{"method":"' + b"x" * c.rng.choice((65000, 66000, 500000))
	while left and c.open:
		left = left[c.send(left):]
		yield 0.1


def sends_slowly(c):
	for byte in request(c.rng.choice(METHODS)):
		if not c.open or (c.send(bytes([byte])) == 0 and not c.open):
			return
		yield c.rng.random() * 0.3


def never_reads(c):
	for _ in range(c.rng.randrange(5, 60)):
		c.send(request(c.rng.choice(METHODS)))
		yield c.rng.random() * 0.5


def watches_and_does_not_look(c):
	c.send(request("Monitor", more=True, since=0))
	yield c.rng.random() * 15


def reads_slowly(c):
	c.send(request(c.rng.choice(("ListPaths", "GetMetrics", "ListEvents"))) * 4)
	for _ in range(100):
		if not c.open:
			return
		c.receive(7)
		yield c.rng.random() * 0.2


def leaves(c):
	c.send(request(c.rng.choice(METHODS))[:c.rng.choice((0, 5, 40, 200))])
	yield 0


def shuts_half(c):
	c.send(request("ListPaths"))
	try:
		c.socket.shutdown(c.rng.choice((socket.SHUT_WR, socket.SHUT_RD)))
	except OSError:
		pass
	yield c.rng.random() * 3


def is_polite(c):
	"""Sends a request, reads the whole reply, repeats; each reply must be one JSON object."""
	for _ in range(c.rng.randrange(1, 10)):
		method = c.rng.choice(METHODS)
		if not c.send(request(method)):
			return
		begin, data = time.monotonic(), []
		while not (data and data[-1].endswith(b"\0")):
			yield 0.02
			part = c.receive()
			if part:
				data.append(part)
			if not c.open or time.monotonic() - begin > PATIENCE:
				c.counts["turned away" if not c.open else "left without a reply"] += 1
				return
		reply = json.loads(b"".join(data)[:-1])
		error = reply.get("error", "").rsplit(".", 1)[-1]
		c.counts[f"error {error}" if error else "replies"] += 1
		yield c.rng.random()


def asks_for_what_is_forbidden(c):
	method, parameters = c.rng.choice(FOR_ROOT)
	c.send(request(method, **parameters))
	data = b""
	for _ in range(100):
		yield 0.05
		data += c.receive()
		if data.endswith(b"\0") or not c.open:
			break
	if data:
		error = json.loads(data[:-1]).get("error")
		c.counts["refused" if error else "NOT REFUSED"] += 1


WAYS = (garbage, broken_requests, too_long, sends_slowly, never_reads, reads_slowly,
        watches_and_does_not_look, leaves, shuts_half, is_polite)


class Crowd:
	def __init__(self, seed, sockets, ways):
		self.rng = random.Random(seed)
		self.counts = collections.Counter()
		self.sockets, self.ways = sockets, ways
		self.steps, self.n = [], 0

	def admit(self, when):
		way = self.rng.choice(self.ways)
		client = Client(self, self.rng.choice(self.sockets))
		self.counts[way.__name__] += 1
		self.n += 1
		steps = way(client) if client.open else iter([1])
		heapq.heappush(self.steps, (when, self.n, steps, client))

	def run(self, size):
		now = time.monotonic()
		for _ in range(size):
			self.admit(now + self.rng.random() * 2)
		while True:
			wait = self.steps[0][0] - time.monotonic()
			if select.select([sys.stdin], [], [], max(wait, 0))[0]:
				return
			now = time.monotonic()
			while self.steps[0][0] <= now:
				_, n, steps, client = heapq.heappop(self.steps)
				pause = next(steps, None)
				if pause is None:
					client.close()
					self.admit(now + self.rng.random() * 0.5)
				else:
					heapq.heappush(self.steps, (now + pause, n, steps, client))


def main():
	seed, size, user = (int(word) for word in sys.argv[1:4])
	resource.setrlimit(resource.RLIMIT_NOFILE, (size + 64, size + 64))
	ways = WAYS
	if user != 0:
		os.setgroups([])
		os.setgid(user)
		os.setuid(user)
		ways += (asks_for_what_is_forbidden,)
	crowd = Crowd(seed, sys.argv[4:], ways)
	crowd.run(size)
	print(json.dumps(crowd.counts))


if __name__ == "__main__":
	main()
