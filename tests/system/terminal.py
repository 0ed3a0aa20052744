# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal for tests: a program in tmux, whose screen is read as a user sees it."""
import itertools
import os
import shutil
import subprocess

from harness import Failure, Skip, wait_until


NUMBERS = itertools.count()


class Terminal:
	"""A context manager. The command is one of the shell; size: columns and lines."""

	def __init__(self, case, command, size=(80, 24), env=None):
		if shutil.which("tmux") is None:
			raise Skip("tmux is missing")
		# Of its own: the server of the terminal before may be about to end.
		self.socket = os.path.join(case.folder, f"tmux{next(NUMBERS)}")
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
		self.tmux("new-session", "-d", "-x", str(self.size[0]), "-y", str(self.size[1]), self.command)
		self.tmux("set-option", "-g", "status", "off")
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

	def lines(self):
		return self.tmux("capture-pane", "-p").split("\n")

	def wait(self, what, predicate=None, seconds=15):
		"""Waits until the screen has the text, or until predicate(lines) is true."""
		def seen():
			lines = self.lines()
			return predicate(lines) if predicate else what in "\n".join(lines)
		try:
			wait_until(what, seen, seconds)
		except Failure:
			raise Failure(f"not on the screen: {what}", *self.lines()) from None
