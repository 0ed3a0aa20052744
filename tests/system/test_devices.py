# SPDX-License-Identifier: LGPL-2.1-or-later
"""A name that changes to another device, and a device that is removed from outside."""
import fcntl
import os

import bed
from harness import check, config, test, wait_until

# Two intervals, and the delays of an idle machine: doubled on a sanitizer build.
NOTICED = 10


def link_to(case, name, node):
	"""Replaces the link's target in one step."""
	os.symlink(node, name + ".new")
	os.rename(name + ".new", name)
	if name not in case.links:
		case.links.append(name)


@test([7], root=False)
def a_file_that_is_deleted_or_replaced_is_noticed(case):
	files = [os.path.join(case.folder, f"file{i}") for i in range(3)]
	for name in files:
		with open(name, "wb") as f:
			f.truncate(1 << 16)
	daemon = case.daemon(config(files)).start().wait_ready(up=3)
	os.unlink(files[0])
	# The new file is too short for a read, so this shows that the new file was read.
	with open(files[1] + ".new", "wb") as f:
		f.write(b"short")
	os.rename(files[1] + ".new", files[1])
	wait_until("the deleted file is noticed",
	           lambda: daemon.path(files[0])["state"] == "removed", NOTICED)
	wait_until("the replaced file is noticed",
	           lambda: daemon.path(files[1])["state"] == "down", NOTICED)
	check(daemon.path(files[2])["state"] == "up", "the third file", daemon.path(files[2]))
	with open(files[0], "wb") as f:
		f.truncate(1 << 16)
	wait_until("it is back", lambda: daemon.path(files[0])["state"] == "up", NOTICED)


@test([7])
def a_link_that_is_moved_leads_to_another_path(case):
	"""The verdict about the new disk is never reported for the old disk's number."""
	old, new = case.loops(0, 1)
	name = f"/dev/checkerd-link-{os.getpid()}"
	link_to(case, name, old)
	daemon = case.daemon(config([(name, "left", "demo")])).start().wait_ready(up=1)
	number = {n: f"{os.major(os.stat(n).st_rdev)}:{os.minor(os.stat(n).st_rdev)}"
	          for n in (old, new)}
	check(daemon.path(name)["devt"] == number[old], "at start", daemon.path(name))
	case.disk.tell("fail", 1, "EIO")
	link_to(case, name, new)
	wait_until("the new number is known",
	           lambda: daemon.path(name)["devt"] == number[new], NOTICED)
	wait_until("the new disk's errors are its own",
	           lambda: daemon.path(name)["state"] == "down", NOTICED)
	story = [(e["type"], e["to"]) for e in daemon.events() if e["path"] == "checkerd-link-"
	         + str(os.getpid())]
	replaced = story.index(("path_removed", None))
	check(("path_state", "down") not in story[:replaced],
	      "the old disk was called down for the new one's errors", story)


@test([17])
def a_watched_loop_device_can_be_detached(case):
	"""losetup -d: the device disappears with its last open descriptor."""
	kept, taken = case.loops(2, 2103)
	daemon = case.daemon(config([kept, taken])).start().wait_ready(up=2)
	backing = f"/sys/block/{os.path.basename(taken)}/loop/backing_file"
	for _ in range(3):
		bed.detach_loop(2103)
		wait_until("it is detached", lambda: not os.path.exists(backing), NOTICED)
		wait_until("its path knows", lambda: daemon.path(taken)["state"] != "up", NOTICED)
		case.run.loops().remake(2103)
		case.loops(2103)
		wait_until("it is back", lambda: daemon.path(taken)["state"] == "up", NOTICED)
	check(daemon.path(kept)["failures_total"] == 0, "the other one", daemon.path(kept))
	case.run.loops().remake(2103)


@test([3])
def a_block_size_that_changes_is_learned_again(case):
	"""The block size of an open device changes: the kernel then fails its reads with EINVAL,
	which is not the device's fault."""
	n = 2104
	device = case.loop(n)
	daemon = case.daemon(config([device], keep_open="yes")).start().wait_ready(up=1)
	for size in (4096, 512, 4096):
		before = daemon.path(device)
		fd = os.open(device, os.O_RDONLY)
		try:
			fcntl.ioctl(fd, bed.LOOP_SET_BLOCK_SIZE, size)
		finally:
			os.close(fd)
		wait_until("three more checks", lambda: daemon.path(device)["checks_total"] >=
		           before["checks_total"] + 3, NOTICED)
		path = daemon.path(device)
		# A check without a verdict counts as deferred: here none is.
		check(path["state"] == "up" and path["failures_total"] == 0 and
		      path["deferred_total"] == before["deferred_total"], "not judged good", path)
	daemon.stop()
	case.run.loops().remake(n)
