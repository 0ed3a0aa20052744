# SPDX-License-Identifier: LGPL-2.1-or-later
"""Multipath maps of a scenario's own, what the kernel thinks of their paths, and programs that
read and write through them."""
import os
import subprocess
import time

from vm import check, ctl, events, last_event, maps, read, run, say, state_is, wait_for

INTERVAL, TIMEOUT = 1, 3
CONFIG = (f"polling_interval {INTERVAL}\nmax_polling_interval {INTERVAL}\n"
          f"checker_timeout {TIMEOUT}\ndm_control on\n")


def devt(disk):
	return read(f"/sys/class/block/{disk}/dev")


def without_multipath_tools():
	"""For maps of a scenario's own: the udev rules of multipath-tools run `multipath -U` on a
	new map, which fails the paths it does not know of."""
	for rule in ("11-dm-mpath.rules", "56-dm-mpath.rules", "60-multipath.rules"):
		os.symlink("/dev/null", f"/etc/udev/rules.d/{rule}")
	run("udevadm control --reload")


def table_of(disks, features="1 queue_if_no_path", size=None, handler="0"):
	"""Each disk a path, each path a priority group of its own. handler: the hardware handler and
	its arguments, counted."""
	size = size or min(int(read(f"/sys/class/block/{d}/size")) for d in disks)
	groups = " ".join(f"round-robin 0 1 1 {devt(d)} 1" for d in disks)
	return f"0 {size} multipath {features} {handler} {len(disks)} {'1 ' if disks else '0'}{groups}"


def make_map(name, disks, uuid=None, **table):
	"""A multipath map of such a table."""
	run("dmsetup", "create", name, "--uuid", f"mpath-{uuid or name}", "--table",
	    table_of(disks, **table))


def load_paths(name, disks, **table):
	"""The map gets these paths in place of those it has."""
	run("dmsetup", "load", name, "--table", table_of(disks, **table))
	# udev reads a map, which waits when it has no path that works: nobody waits for udev.
	run("dmsetup", "resume", "--noudevsync", name)


def kernel_states(name):
	"""{disk's number: "A" or "F"} of a map, as the kernel has it."""
	words = run("dmsetup", "status", "--noflush", name).split()
	return {words[i]: words[i + 1] for i in range(len(words) - 1)
	        if ":" in words[i] and words[i + 1] in "AF"}


def wait_for_kernel(name, disk, state, seconds):
	"""Waits until the kernel has that of the disk; returns how long it took."""
	begin, number = time.monotonic(), devt(disk)
	while kernel_states(name)[number] != state:
		check(time.monotonic() - begin < seconds,
		      f"{name}: {disk} is {state} in the kernel within {seconds} s",
		      run("dmsetup", "status", "--noflush", name),
		      run("checkerctl show paths; checkerctl show events", ok=False))
		time.sleep(0.02)
	return time.monotonic() - begin


class Verifier:
	"""fio, writing to a map and reading back what it wrote, until it is told to end."""

	def __init__(self, name, seconds=900):
		self.name = name
		self.process = subprocess.Popen(
			["fio", f"--name={name}", f"--filename=/dev/mapper/{name}", "--rw=randwrite",
			 "--bs=4k", "--size=4m", "--direct=1", "--ioengine=libaio", "--iodepth=4",
			 "--verify=crc32c", "--verify_fatal=1", "--verify_backlog=64",
			 "--rate_iops=200", "--time_based", f"--runtime={seconds}",
			 "--output-format=terse", "--terse-version=3"],
			stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
			text=True,
			# SIGPIPE stays ignored: nvme-tcp of Linux 6.1 sends it to whoever submits a request
			# while the connection is broken.
			restore_signals=False)

	def is_well(self):
		check(self.process.poll() is None, f"fio on {self.name} goes on",
		      self.process.stdout.read() if self.process.poll() is not None else "")

	def end(self):
		"""Ends it; it must have seen no error. Returns how many it wrote and read back."""
		self.is_well()
		self.process.terminate()
		said, _ = self.process.communicate(timeout=60)
		fields = [l for l in said.splitlines() if l.startswith("3;")][-1].split(";")
		check(fields[4] == "0", f"fio on {self.name} saw no error", said)
		wrote = int(fields[46]) // 4
		say(f"fio: {wrote} blocks written and verified")
		check(wrote > 100, "fio did something", said)
		return wrote


def lose_each(name, disks, lose, give_back, verifier):
	"""Each path of a map is lost in turn and comes back: decided, told to the kernel, and told
	as it was. Returns how long the kernel's table took to say so, at most: lost, back."""
	took = {"F": [], "A": []}
	for disk in disks:
		before = last_event()
		say(f"{disk} is lost")
		lose(disk)
		took["F"].append(wait_for_kernel(name, disk, "F", INTERVAL + TIMEOUT + 10))
		down = wait_for(f"{disk} is down", lambda d=disk: state_is(d, "down", "removed"))
		check(down["dm_state"] == "failed", "it is known what device-mapper thinks", down)
		check(down["reason"], "there is a reason", down)
		check(maps()[name]["redundancy"] in ("degraded", "last"), "the map has less", maps())
		say(f"{disk} comes back: {down['reason']}")
		give_back(disk)
		took["A"].append(wait_for_kernel(name, disk, "A", 60))
		wait_for(f"{disk} is up", lambda d=disk: state_is(d, "up"))
		wait_for("redundant again", lambda: maps()[name]["redundancy"] == "full")
		story = [(e["from"], e["to"]) for e in events(before)
		         if e["type"] == "path_state" and e["path"] == disk and
		         "timeout" not in (e["from"], e["to"])]
		check(story == [("up", "down"), ("down", "up")], "the events tell it so", events(before))
		verifier.is_well()
	check(set(kernel_states(name).values()) == {"A"}, "all is well at the end")
	check(ctl("show", "status")["warnings"] == [], "nothing to warn of")
	return max(took["F"]), max(took["A"])
