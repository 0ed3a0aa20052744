# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test bed: if these tests fail, no other result is reliable."""
import os
import subprocess

from harness import check, process_stat, test, wait_until


def reader(device):
	return subprocess.Popen(["dd", f"if={device}", "of=/dev/null", "bs=512", "count=1",
	                         "iflag=direct", "status=none"], stderr=subprocess.DEVNULL)


@test([])
def bed_hangs_one_disk_only(case):
	"""A disk that hangs blocks its own loop device and no other; after its release it reads
	again."""
	hung, well = case.loops(0, 1)
	case.disk.tell("hang", 0)
	stuck = reader(hung)
	wait_until("the read is kept", lambda: case.disk.status(0)["held"] == 1, 5)
	check(reader(well).wait(10) == 0, "the other disk does not answer")
	check(stuck.poll() is None, "the hung disk answered")
	stuck.kill()
	wait_until("a read that cannot be killed",
	           lambda: process_stat(stuck.pid).get("state") == "D", 5)
	case.disk.tell("release", 0)
	stuck.wait(10)
	check(reader(hung).wait(10) == 0, "a released disk does not answer")


@test([])
def bed_fails_shrinks_and_vanishes(case):
	"""Each kind of fault is seen through the loop device, and healed."""
	for n, fault in enumerate((("fail", "EIO"), ("truncate",), ("vanish",))):
		loop = case.loop(n)
		case.disk.tell(fault[0], n, *fault[1:])
		check(reader(loop).wait(10) != 0, f"{fault}: the loop device reads well")
		case.disk.tell("heal", n)
		check(reader(loop).wait(10) == 0, f"{fault}: it does not heal")
	case.disk.tell("vanish", 7)
	check(not os.path.exists(case.disk.path(7)), "a vanished disk is still there")
