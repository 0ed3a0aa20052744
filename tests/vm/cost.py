# SPDX-License-Identifier: LGPL-2.1-or-later
"""A part of the bench (tests/bench/command_parts.py) inside the machine, which has the drivers of disks
that the host lacks."""
import os

import command_parts
import report
from vm import check, figure, record, run


class Undo:
	"""The machine is thrown away."""

	def add(self, *_):
		pass


class Bench:
	"""What a part wants of tests/bench/run."""

	smoke = can_count = False
	folder = "/run"
	programs = {"subject": "./subject"}

	def __init__(self):
		self.undo, self.subjects = Undo(), []

	@staticmethod
	def environment():
		return dict(os.environ)


def measure(name, clock=None):
	"""clock: how its time goes, if not as on any machine."""
	# Nobody waits for what udev learns of the disks.
	run("udevadm control --stop-exec-queue")
	part = command_parts.PARTS[name]
	result = part(Bench())
	check("rows" in result, f"the devices: {result}")
	for line in report.compared(result):
		figure(line)
	record({"kind": "cost", "title": part.__doc__.splitlines()[0], "clock": clock,
	        "kernel": run("uname -r").strip(), **result})
