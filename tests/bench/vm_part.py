# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was measured in virtual machines, by `make bench-vm`: machines.json, which tests/vm/run --figures keeps."""
import json
import os

CPU_PART, LOCKED_PART = 20, 16  # at most that part of multipathd's


def machine(bench):
	"""in virtual machines: beside multipathd, and the commands that this host has no devices for"""
	if not bench.figures or not os.path.exists(bench.figures):
		return {"runs": {}}
	with open(bench.figures, encoding="utf-8") as f:
		return {"cpu_part": CPU_PART, "locked_part": LOCKED_PART, "runs": json.load(f)}


PARTS = {"machine": machine}
