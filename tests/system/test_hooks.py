# SPDX-License-Identifier: LGPL-2.1-or-later
"""checkerctl hook with the real daemon: the examples for mail and a web server, and a restart."""
import http.server
import json
import os
import shutil
import signal
import socket
import threading

from harness import Skip, check, config, test, wait_until
from shown import TOP

HOOKS = os.path.join(TOP, "conf", "hooks")


def settings(name):
	"""The variables of an example's file, as systemd reads them."""
	with open(os.path.join(HOOKS, name), encoding="utf-8") as f:
		pairs = [line.strip().split("=", 1) for line in f if not line.startswith("#")]
	return {key: value.strip('"') for key, value in pairs}


class WebServer(http.server.HTTPServer):
	"""Keeps what is posted."""

	def __init__(self):
		self.posts, self.tokens = [], []
		super().__init__(("127.0.0.1", 0), self.Handler)
		threading.Thread(target=self.serve_forever, daemon=True).start()

	class Handler(http.server.BaseHTTPRequestHandler):
		def do_POST(self):
			body = self.rfile.read(int(self.headers["Content-Length"]))
			self.server.posts.append(json.loads(body))
			self.server.tokens.append(self.headers.get("Authorization"))
			self.send_response(204)
			self.end_headers()

		def log_message(self, format, *args):
			pass


class MailServer:
	"""Takes mails over SMTP."""

	def __init__(self):
		self.mails = []
		self.socket = socket.create_server(("127.0.0.1", 0))
		self.port = self.socket.getsockname()[1]
		threading.Thread(target=self.serve, daemon=True).start()

	def serve(self):
		while True:
			connection = self.socket.accept()[0]
			with connection, connection.makefile("rw", encoding="utf-8", newline="") as f:
				self.talk(f)

	def talk(self, f):
		def say(text):
			f.write(text + "\r\n")
			f.flush()

		say("220 test")
		for line in f:
			word = line[:4].upper()
			if word == "DATA":
				say("354 go on")
				mail = []
				for part in f:
					if part == ".\r\n":
						break
					mail.append(part.removesuffix("\r\n"))
				self.mails.append(mail)
			say("221 bye" if word == "QUIT" else "250 test")
			if word == "QUIT":
				return


class Hook:
	def __init__(self, case, daemon, example, **more):
		if shutil.which("curl") is None:
			raise Skip("there is no curl")
		values = {**settings(example + ".conf"), **more}
		self.process = case.helper(
			"env", *(f"{key}={value}" for key, value in values.items()),
			case.programs["checkerctl"], "-s", daemon.socket, "hook", "--on",
			values["HOOK_ON"], *values["HOOK_OPTIONS"].split(), "--since", "0", "--",
			os.path.join(HOOKS, example))


def start(case, n=2):
	names = [os.path.join(case.folder, name) for name in ("left", "right")[:n]]
	for name in names:
		fill(name)
	daemon = case.daemon(config([(name, None, "demo") for name in names], polling_interval=0.5))
	return daemon.start().wait_ready(up=n), names


def fill(name):
	with open(name, "wb") as f:
		f.truncate(1 << 20)


def empty(name):
	with open(name, "wb") as f:
		f.truncate(0)


@test([16], root=False)
def hook_posts_to_a_web_server(case):
	daemon, (left, _) = start(case)
	server = WebServer()
	Hook(case, daemon, "webhook", WEBHOOK_URL=f"http://127.0.0.1:{server.server_port}/x",
	     WEBHOOK_TOKEN="a-secret", HOOK_ON="path_down,path_up")
	empty(left)
	wait_until("the failure is posted", lambda: len(server.posts) == 1, 20)
	daemon.signal(signal.SIGKILL)
	daemon.ended(10)
	daemon.start().wait_serving()
	fill(left)
	wait_until("the recovery is posted", lambda: len(server.posts) >= 2, 20)
	down, up = server.posts
	check(down["hook"] == "path_down" and up["hook"] == "path_up", "the kinds", down, up)
	kept = {event["seq"]: event for event in daemon.events()}
	for post in (down, up):
		check(post["event"] == kept[post["event"]["seq"]], "not as show events has it", post)
	check(set(server.tokens) == {"Bearer a-secret"}, "the token", server.tokens)


@test([16], root=False)
def hook_sends_a_mail(case):
	daemon, (left, _) = start(case)
	server = MailServer()
	Hook(case, daemon, "mail", MAIL_TO="admin@example.org", MAIL_FROM="checkerd@example.org",
	     MAIL_SERVER=f"smtp://127.0.0.1:{server.port}")
	empty(left)
	wait_until("a mail comes", lambda: server.mails, 20)
	mail = server.mails[0]
	head, body = mail[:mail.index("")], mail[mail.index("") + 1:]
	check("To: admin@example.org" in head and "Auto-Submitted: auto-generated" in head,
	      "its head", *mail)
	check(any(line.startswith("Subject: checkerd on ") and "path_down demo left" in line
	          for line in head), "its subject", *mail)
	check("left (map demo): up -> down" in body[0], "its text", *mail)
