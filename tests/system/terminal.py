# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal for tests: a program in tmux, whose screen is read as a user sees it."""
import os
import shutil
import subprocess

from harness import Failure, Skip, wait_until


class Terminal:
	"""with Terminal(case, ["bash"], (80, 24)) as t: t.type("ls"); t.press("Enter"); t.wait("file")"""

	def __init__(self, case, command, size=(80, 24), env=None):
		if shutil.which("tmux") is None:
			raise Skip("tmux is missing")
		self.socket = os.path.join(case.folder, f"tmux-{size[0]}-{os.path.basename(command[0])}")
		self.command, self.size = command, size
		self.env = {**case.environment(), "LC_ALL": "C.UTF-8", "TERM": "screen-256color", **(env or {})}
		self.env.pop("TMUX", None)

	def tmux(self, *args):
		done = subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *args], env=self.env, text=True,
		                      stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
		if done.returncode != 0:
			raise Failure(f"tmux {' '.join(args)} failed", done.stderr)
		return done.stdout

	def __enter__(self):
		self.tmux("new-session", "-d", "-x", str(self.size[0]), "-y", str(self.size[1]), *self.command)
		self.tmux("set-option", "-g", "status", "off")
		self.tmux("set-option", "-g", "remain-on-exit", "on")
		self.resize(*self.size)
		return self

	def __exit__(self, *_):
		subprocess.run(["tmux", "-S", self.socket, "kill-server"], env=self.env, capture_output=True,
		               timeout=30, check=False)

	def resize(self, width, height):
		self.tmux("resize-window", "-x", str(width), "-y", str(height))

	def type(self, text):
		self.tmux("send-keys", "-l", "--", text)

	def press(self, *keys):
		self.tmux("send-keys", *keys)

	def screen(self):
		return self.tmux("capture-pane", "-p").rstrip("\n")

	def wait(self, what, predicate=None, seconds=15):
		"""Waits until the screen has the text, or until predicate(screen) is true; returns the screen."""
		def seen():
			text = self.screen()
			return text if (predicate(text) if predicate else what in text) else None
		try:
			return wait_until("", seen, seconds)
		except Failure:
			raise Failure(f"the terminal does not show: {what}", self.screen()) from None
