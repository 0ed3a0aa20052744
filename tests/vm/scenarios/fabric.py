# SPDX-License-Identifier: LGPL-2.1-or-later
"""A fabric is cut: 128 paths of two HBAs fail at once and come back, and then those of one HBA
fail. Each time there is one line in the journal and one event with all of its paths, and each path
has it in its history."""
# timeout: 120
import signal
import socket

from vm import *

UNITS = 64


def journal(cursor):
	"""The lines since then, and the new place."""
	out = journalctl("-u", "checkerd", "-o", "json", "--after-cursor", cursor)
	lines = [json.loads(line) for line in out.splitlines()]
	return [line for line in lines if line.get("CHECKERD_CAUSE") or line.get("CHECKERD_PATH")]


def place():
	return json.loads(journalctl("-u", "checkerd", "-o", "json", "-n", "1"))["__CURSOR"]


def histories(disks):
	"""The histories of all of them, in one call."""
	with socket.socket(socket.AF_UNIX) as s:
		s.connect("/run/checkerd/control")
		s.sendall(json.dumps({"method": "io.checkerd.Control.ListHistory",
		                      "parameters": {"paths": disks}}).encode() + b"\0")
		reply = b""
		while not reply.endswith(b"\0"):
			reply += s.recv(65536)
	return json.loads(reply[:-1])["parameters"]["histories"]


def turn(disks, state, then, words, cause):
	"""These disks change at once: one line, one event, and a history for each."""
	say(f"{len(disks)} disks: {state}")
	cursor, last = place(), last_event()
	# The kernel takes seconds for so many; the daemon sees them all at once.
	daemon = int(run("systemctl", "show", "-P", "MainPID", "checkerd"))
	os.kill(daemon, signal.SIGSTOP)
	for disk in disks:
		scsi_state(disk, state)
	os.kill(daemon, signal.SIGCONT)
	begin = time.monotonic()
	wait_for(f"all are {then}", lambda: sum(p["state"] == then for n, p in paths().items()
	                                        if n in disks) == len(disks), 30)
	took = time.monotonic() - begin
	found = wait_for("the event", lambda: [e for e in events(last) if e["type"] == "cause"], 15)
	others = [e for e in events(last) if e["type"] in ("path_state", "cause")]
	check(others == found and len(found) == 1, "there is one event", others)
	event = found[0]
	check(sorted(event["members"]) == sorted(disks) and event["members_total"] == len(disks),
	      "it has all members", event)
	check(event["cause"] == cause and words in event["message"] and event["to"] == then,
	      "what it says", event["message"], event["cause"])
	lines = journal(cursor)
	check(len(lines) == 1 and lines[0]["MESSAGE"] == event["message"] and
	      lines[0]["CHECKERD_MEMBERS"] == str(len(disks)), "one line in the journal", lines)
	latest = [h["changes"][-1] for h in histories(disks)]
	check(len(latest) == len(disks) and
	      all(c["to"] == then and c["seq"] == event["seq"] for c in latest),
	      "each path has its history", latest[:4])
	figure(f"{event['message']}: seen by {took:.1f} s, with an interval of 5 s")


# udev takes longer for so many disks than all the rest: the paths are configured.
run("systemctl mask --runtime --now systemd-udevd-kernel.socket systemd-udevd-control.socket "
    "systemd-udevd.service")
run("modprobe", "sd_mod")
run("modprobe", "scsi_debug", "dev_size_mb=8", "ndelay=20000", f"max_luns={UNITS}", "add_host=2")
disks = wait_for("the disks", lambda: (found := scsi_debug_disks()) and len(found) == 2 * UNITS and
                 found, 60)
say("the disks are there")
hosts = {}
for disk in disks:
	hosts.setdefault(os.path.realpath(f"/sys/block/{disk}/device").split("/")[-1].split(":")[0],
	                 []).append(disk)
# Changes are gathered for 10 s at most: this leaves a slow machine 5 s.
config("discovery static\npolling_interval 5\nmax_polling_interval 5\nchecker_timeout 5",
       static_paths(f"/dev/{disk}" for disk in disks))
start()
wait_for("all are up", lambda: sum(p["state"] == "up" for p in paths().values()) == 2 * UNITS)
array = "array Linux scsi_debug"
turn(disks, "offline", "down", f"{array}: {2 * UNITS} of {2 * UNITS} paths are down", array)
turn(disks, "running", "up", f"{2 * UNITS} of {2 * UNITS} paths are up again", array)
number, some = sorted(hosts.items())[0]
turn(some, "offline", "down", f"host{number}: {UNITS} of {UNITS} paths are down", f"host{number}")
