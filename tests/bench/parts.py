# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measurements. A part is a function from the bench to its figures, which JSON can hold.
report.py shows them."""
import command_parts
import daemon_parts
import quiet_part
import vm_part
from turns import compare

FLOOR_BUDGET_ENGINE = 1.25


def engine(bench):
	"""the library, in the caller's process and with a prober, against a raw loop"""
	rows = []
	sizes = [256] if bench.smoke else [1024, 10240, 65536]
	for paths in sizes:
		bench.quota(2 * paths + 4096)
		# The cost of an open for each check, with as many paths as hosts have of that
		# kind.
		more = ("opened-each",) if paths == sizes[0] else ()
		rows += compare(bench, ("floor", "threads", "process") + more, paths,
		                repeats=3 if bench.smoke else 25,
		                reads=1024 if bench.smoke else 65536)
	return {"budget": FLOOR_BUDGET_ENGINE, "rows": rows}


def embedded(bench):
	"""a program with the library inside, a thread a path, and a raw loop"""
	paths = 256 if bench.smoke else 1024
	bench.quota(2 * paths + 4096)
	return {"rows": compare(bench, ("floor", "threads", "thread-each"), paths,
	                        repeats=3 if bench.smoke else 15,
	                        reads=1024 if bench.smoke else 32768)}


def contexts(bench):
	"""start and end of one asynchronous context a path, against shared ones"""
	rows = []
	for paths in [64] if bench.smoke else [256, 1024]:
		bench.quota(2 * paths + 4096)
		for kind in ("context-each", "threads", "process"):
			subject = bench.subject(kind, paths)
			end = subject.stop()
			rows.append({"kind": kind, "paths": paths,
			             "start_ms": subject.started["wall_ns"] / 1e6,
			             "stop_ms": end["wall_ns"] / 1e6})
	return {"rows": rows}


PARTS = {"engine": engine, "embedded": embedded, **command_parts.PARTS, "contexts": contexts,
         **daemon_parts.PARTS, **quiet_part.PARTS, **vm_part.PARTS}
# The parts that read no device.
RECKONED = {"large", "machine"}
