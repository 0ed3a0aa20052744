# SPDX-License-Identifier: LGPL-2.1-or-later
"""Discovery, a second instance, a user without root, the command."""
import os
import pwd
import signal
import time

import bed
from harness import Skip, check, config, is_stopped, test, wait_until

# Only the devices of this bed, whatever other devices the machine has.
UDEV = ('defaults {\n\tdiscovery udev\n\tpolling_interval 1\n\tmax_polling_interval 1\n'
        '\tchecker_timeout 2\n}\n'
        'blacklist {\n\tdevnode ".*"\n}\n'
        'blacklist_exceptions {\n\tdevnode "^loop1[0-9][0-9][0-9][0-9]$"\n}\n')


def uevent(n, action):
	"""Makes the kernel send a uevent, as for a disk that is pulled."""
	node = os.path.basename(bed.loop_node(n))
	with open(f"/sys/block/{node}/uevent", "w", encoding="ascii") as f:
		f.write(action)


@test([7])
def devices_come_and_go(case):
	"""Discovery by uevents: found at the start, added, removed."""
	case.run.drop_bed()  # discovery would find other tests' devices too
	first = set(case.loops(range(5)))
	daemon = case.daemon(UDEV).start().wait_ready(up=5)
	check(set(daemon.paths()) == first, "not the devices that are there", daemon.paths().keys())
	begin = time.monotonic()
	late = case.loop(5)
	wait_until("a new device is found", lambda: late in daemon.paths(), 10)
	case.figure(f"a new device is a path after {time.monotonic() - begin:.2f} s")
	daemon.wait_state(late, "up")
	uevent(3, "remove")
	gone = bed.loop_node(3)
	wait_until("a device that was pulled is removed", lambda:
	           daemon.paths().get(gone, {"state": "removed"})["state"] == "removed", 10)
	events = [e for e in daemon.events() if e["path"] == os.path.basename(gone)]
	check(any(e["type"] == "path_removed" or e["to"] == "removed" for e in events),
	      "no event tells of the removal", events)
	case.figure("events of a pulled device: " +
	            ", ".join(f"{e['type']} {e['to'] or ''}".strip() for e in events[-2:]))
	uevent(3, "add")
	wait_until("it is back", lambda: daemon.paths().get(gone, {}).get("state") == "up", 10)
	check(daemon.count("up") == 6, "others were lost", daemon.status()["paths"])


@test([7])
def pulled_while_its_read_hangs(case):
	"""The device is gone, but its request is pending: an orphan, until the kernel answers."""
	case.run.drop_bed()
	case.loops(range(3))
	daemon = case.daemon(UDEV).start().wait_ready(up=3)
	case.disk.tell("hang", 1)
	wait_until("its read hangs", lambda: case.disk.held() == 1, 10)
	uevent(1, "remove")
	wait_until("an orphan", lambda:
	           sum(g["orphans"] for g in daemon.groups()["groups"]) == 1, 10)
	case.disk.tell("release", 1)
	wait_until("it is given back", lambda:
	           sum(g["orphans"] for g in daemon.groups()["groups"]) == 0, 10)
	uevent(1, "add")
	wait_until("the device is back", lambda: daemon.count("up") == 3, 10)


@test([7])
def what_is_no_disk_is_left_out(case):
	"""Loop devices without a file, and zram, are no paths unless configured."""
	there, bare = case.loops(0, 2102)
	bed.detach_loop(2102)
	text = ('defaults {\n\tdiscovery udev\n}\n'
	        'blacklist {\n\tdevnode "^(vd|sd|nvme|xvd)"\n}\n'
	        'blacklist_exceptions {\n\tdevnode "^loop"\n}\n')
	daemon = case.daemon(text).start().wait_serving()
	wait_until("the one with backing", lambda: there in daemon.paths(), 10)
	found = daemon.paths()
	check(bare not in found, "a loop device without backing is a path")
	check(not [d for d in found if d.startswith(("/dev/zram", "/dev/ram"))],
	      "memory is a path", list(found))
	# With a file, the device becomes a path.
	case.run.loops().remake(2102)
	case.loops(2102)
	wait_until("backing is noticed", lambda: bare in daemon.paths(), 10)
	daemon.reload(text.replace("^loop", "^nothing"))
	check(there not in daemon.paths(), "a blacklisted device stays")
	daemon.stop()
	case.run.loops().remake(2102)


@test([6], root=False)
def second_instance_is_refused(case):
	file = plain_files(case, 1)[0]
	daemon = case.daemon(config([file])).start().wait_ready(up=1)
	second = case.daemon(config([file]), name="second", socket=daemon.socket).start()
	code = second.ended(10)
	check(code not in (0, None) and code > 0, f"the second ended with {code}")
	check(daemon.socket in second.log_text() or "already" in second.log_text(),
	      "no clear message", second.log_text())
	case.figure("says: " + second.log_text().strip().splitlines()[-1][:100])
	check(daemon.status()["pid"] == daemon.pid, "the first does not answer any more")
	wait_until("the first goes on", lambda: daemon.path(file)["checks_total"] >= 3, 10)


def plain_files(case, n):
	files = [os.path.join(case.folder, f"file{i}") for i in range(n)]
	for name in files:
		with open(name, "wb") as f:
			f.truncate(1 << 16)
		os.chmod(name, 0o644)
	return files


@test([], root=False)
def works_without_root(case):
	"""As nobody: a file that it may read is checked; one that it may not is not judged, and
	overdue."""
	files = plain_files(case, 10)
	user = None
	if os.geteuid() == 0:
		nobody = pwd.getpwnam("nobody")
		user = (nobody.pw_uid, nobody.pw_gid)
		os.chown(case.folder, *user)
		probe = os.path.dirname(case.programs["checkerd"])
		while probe != "/":
			if not os.stat(probe).st_mode & 0o001:
				raise Skip(f"{probe} is not for everyone")
			probe = os.path.dirname(probe)
		os.chmod(files[9], 0o600)
	else:
		os.chmod(files[9], 0)
	daemon = case.daemon(config(files), user=user).start()
	daemon.wait_serving()
	daemon.wait_count("up", 9)
	# If the daemon may not open a device, that says nothing about the device.
	wait_until("it is overdue", lambda: daemon.path(files[9])["overdue"], 15)
	path = daemon.path(files[9])
	check(path["state"] == "pending" and "EACCES" in path["reason"], "not the right reason", path)
	daemon.wait_log("let checkerd open the device")
	check(all(p["engine"] in ("aio", "sync") for d, p in daemon.paths().items()
	          if d != files[9]), "no engine")
	os.truncate(files[0], 0)
	daemon.wait_state(files[0], "down")
	os.chmod(files[9], 0o644)
	daemon.wait_state(files[9], "up")


@test([], root=False)
def command_and_its_exit_codes(case):
	files = plain_files(case, 3)
	daemon = case.daemon(config([(files[0], "left", "demo"), (files[1], "right", "demo"),
	                             files[2]])).start().wait_ready(up=3)
	for words in (("show", "paths"), ("show", "maps"), ("show", "groups"), ("show", "status"),
	              ("show", "config"), ("show", "memory"), ("show", "events"), ("ping",)):
		check(daemon.ctl(*words).out or words == ("ping",), f"{words} prints nothing")
	check(daemon.path(files[0])["alias"] == "left", "no alias")
	maps = daemon.json("show", "maps")["maps"]
	check([m["name"] for m in maps] == ["demo"] and maps[0]["paths_up"] == 2 and
	      maps[0]["redundancy"] == "full", "the map", maps)
	os.truncate(files[0], 0)
	checked = daemon.ctl("check", "left", "--wait", expect=None)
	check(daemon.path(files[0])["state"] == "down", "check --wait did not wait",
	      checked.out, checked.err)
	daemon.ctl("check", "nonsense", expect=5)
	daemon.ctl("nonsense", expect=2)
	refused = daemon.ctl("disable", "right", expect=1) # left is down
	check("demo" in refused.err and daemon.path(files[1])["enabled"] is True, "refused", refused.err)
	daemon.ctl("disable", "right", "--force")
	check(daemon.path(files[1])["enabled"] is False, "not disabled")
	before = daemon.path(files[1])["checks_total"]
	time.sleep(2.5)
	check(daemon.path(files[1])["checks_total"] <= before + 1, "a disabled path is checked")
	daemon.ctl("enable", "right")
	wait_until("it is checked again", lambda:
	           daemon.path(files[1])["checks_total"] > before + 1, 10)
	daemon.ctl("log-level", "debug")
	daemon.stop()
	daemon.ctl("ping", timeout=1, expect=3)


@test([], root=False)
def what_is_no_disk_says_so(case):
	"""The reason says what it is and what to do; the engine is none while nothing was read."""
	file = plain_files(case, 1)[0]
	names = {n: os.path.join(case.folder, n) for n in ("folder", "fifo", "empty")}
	os.mkdir(names["folder"])
	os.mkfifo(names["fifo"], 0o600)
	with open(names["empty"], "w", encoding="ascii"):
		pass
	no_disk = "open: Not a disk (ENOTBLK): name a block device"
	expected = {names["folder"]: ("down", no_disk, "none"), names["fifo"]: ("down", no_disk, "none"),
	            "/dev/null": ("down", no_disk, "none"),
	            names["empty"]: ("down", "read: Empty, or smaller than one block (ENODATA): look at its size", None),
	            "/proc/version": ("pending", "not checked: open: It has no direct I/O (EINVAL): "
	                              "use another file system", "none")}
	daemon = case.daemon(config([file, *expected])).start()
	daemon.wait_serving()
	daemon.wait_state(file, "up")
	for device, (state, reason, engine) in expected.items():
		wait_until(f"the reason of {device}", lambda d=device, r=reason: daemon.path(d)["reason"] == r, 10)
		path = daemon.path(device)
		check(path["state"] == state and engine in (None, path["engine"]), "state or engine", path)
	checked = daemon.ctl("check", names["empty"], "--wait", "--raw", expect=1)
	check("smaller\\x20than" in checked.out, "no reason", checked.out)
	daemon.ctl("check", file, "--wait")
	daemon.wait_log("It has no direct I/O (EINVAL)")
	daemon.ctl("log-level", "info")
	check(any(f"set to info by uid {os.getuid()}" in e["message"] for e in daemon.events()), "by whom",
	      daemon.events())
	daemon.ctl("show", "events", "--map", "nosuch", expect=5)


@test([], root=False)
def a_daemon_that_does_not_answer(case):
	"""The command gives up after --timeout instead of hanging."""
	file = plain_files(case, 1)[0]
	daemon = case.daemon(config([file])).start().wait_ready(up=1)
	daemon.signal(signal.SIGSTOP)
	wait_until("each of its threads stands still", lambda: is_stopped(daemon.pid), 5)
	try:
		result = daemon.ctl("show", "paths", timeout=1, expect=3)
		check(result.seconds < 5 * 4, f"it took {result.seconds:.1f} s")
		check(result.err, "it says nothing")
	finally:
		daemon.signal(signal.SIGCONT)
	daemon.wait_serving()
