# SPDX-License-Identifier: LGPL-2.1-or-later
"""TEST UNIT READY by the library, and by a raw loop of write, poll and read: what each costs."""
# timeout: 900
# only when asked for: it measures for minutes
import statistics
import subprocess

from vm import *

HOSTS, UNITS = 8, 32
ROUNDS, TURNS = 20, 9
KINDS = "sg-floor", "tur-threads", "tur-process"


class Subject:
	"""tests/bench/subject of this kind."""

	def __init__(self, kind, count):
		self.process = subprocess.Popen(["./subject", kind, "/run/disks", str(count), "512"],
		                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
		self.answer()

	def answer(self):
		cost = json.loads(self.process.stdout.readline())
		check(cost["failed"] == 0 and cost["other_way"] == 0, "every command was good, by /dev/sgN", cost)
		return cost

	def rounds(self, n):
		self.process.stdin.write(f"rounds {n}\n")
		self.process.stdin.flush()
		return self.answer()

	def stop(self):
		self.process.stdin.write("stop\n")
		self.process.stdin.flush()
		self.answer()
		self.process.wait()


def cpu_us(cost):
	return (cost["cpu_ns"] + cost["helper_cpu_ns"]) / cost["checks"] / 1e3


def measure(count):
	"""The kinds run in turn, so that other load affects all of them."""
	subjects = {kind: Subject(kind, count) for kind in KINDS}
	rounds = max(1, ROUNDS * 256 // count)
	for s in subjects.values():
		s.rounds(rounds)
	turns = [{kind: subjects[kind].rounds(rounds) for kind in (KINDS if i % 2 else KINDS[::-1])}
	         for i in range(TURNS)]
	for kind in KINDS:
		ratios = [cpu_us(t[kind]) / cpu_us(t[KINDS[0]]) for t in turns]
		sleeps = sum(t[kind]["slept"] for t in turns) / sum(t[kind]["checks"] for t in turns)
		low, middle, high = statistics.quantiles(ratios, n=4)
		figure(f"{count:6} {kind:12} {statistics.median(cpu_us(t[kind]) for t in turns):8.1f} us"
		       f"  {middle:5.2f} ({low:.2f} to {high:.2f})  {sleeps * 1000:6.0f} sleeps / 1,000")
	for s in subjects.values():
		s.stop()


def disks(hosts, units):
	run("udevadm control --stop-exec-queue")
	# Answered within the write: all its HBAs together have 192 places for commands that take time.
	run("modprobe", "scsi_debug", f"add_host={hosts}", f"max_luns={units}", "dev_size_mb=8", "delay=0",
	    "submit_queues=2")
	found = wait_for("the disks", lambda: next((d for d in [scsi_debug_disks()]
	                                            if len(d) == hosts * units), None), 300)
	write("/run/disks", "".join(f"/dev/{d}\n" for d in found * 16))
	return len(found)


run("modprobe -a sg sd_mod")
figure(" paths                    CPU a check  ÷ the raw loop (quartiles)")
count = disks(HOSTS, UNITS)
measure(count)
measure(16 * count)  # each disk is several paths
