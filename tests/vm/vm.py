# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a scenario works with, inside its machine. The machine is thrown away when it ends, so
nothing has to be put back. A scenario is a script: it says what it does, in order; the first
thing that does not hold ends it."""
import glob
import json
import os
import subprocess
import sys
import time

BEGIN = time.monotonic()


def say(text):
	"""A line of the scenario's log, with the time since its begin."""
	print(f"{time.monotonic() - BEGIN:7.2f} {text}", flush=True)


def figure(text):
	"""A figure that was measured: it is shown with the result."""
	print(f"# {text}", flush=True)


def record(figures):
	"""The scenario's figures as an object, for the host to keep: see --figures of tests/vm/run."""
	print("@figures " + json.dumps(figures), flush=True)


def check(condition, message, *details):
	if not condition:
		say(f"FAILED: {message}")
		for d in details:
			print(f"    {d}", flush=True)
		sys.exit(1)


def run(*command, ok=True, seconds=60, stdin=None):
	"""Runs a program (or one string, by the shell); returns what it wrote to stdout."""
	shell = len(command) == 1
	done = subprocess.run(command[0] if shell else command, shell=shell, input=stdin, text=True,
	                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds,
	                      check=False)
	check(not ok or done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}",
	      done.stdout, done.stderr)
	return done.stdout


def status_of(*command, seconds=60):
	"""Runs a program; returns its exit status."""
	return subprocess.run(command[0] if len(command) == 1 else command,
	                      shell=len(command) == 1, stdin=subprocess.DEVNULL, timeout=seconds,
	                      check=False).returncode


def read(path):
	with open(path, encoding="utf-8", errors="replace") as f:
		return f.read().strip()


def write(path, text):
	with open(path, "w", encoding="utf-8") as f:
		f.write(text)


def wait_for(what, predicate, seconds=30, every=0.1):
	"""Waits until predicate() is true; returns it. The limit is for what never comes."""
	deadline = time.monotonic() + seconds
	while True:
		value = predicate()
		if value:
			return value
		check(time.monotonic() < deadline, f"not within {seconds} s: {what}")
		time.sleep(every)


def host(request):
	"""Asks the host for something; returns when it is done."""
	print(f"@{request}", flush=True)
	check(sys.stdin.readline().strip() == "done", f"the host: {request}")


def plug_disk(name, driver, size_mb=8, **properties):
	"""Has QEMU plug in a disk, empty, as a device of this driver."""
	def ask(command, **arguments):
		host("qemu " + json.dumps({"execute": command, "arguments": arguments}))
	ask("blockdev-add", **{"driver": "null-co", "node-name": name, "size": size_mb << 20,
	                       "read-zeroes": True})
	ask("device_add", driver=driver, id=f"dev-{name}", drive=name, **properties)


def plug(driver, name, **properties):
	"""Has QEMU plug in a device that is no disk, like a controller."""
	host("qemu " + json.dumps({"execute": "device_add", "arguments": {
		"driver": driver, "id": name, **properties}}))


# --- checkerd ------------------------------------------------------------------------------

def config(defaults="", more=""):
	"""Writes the configuration: keywords of its defaults section, a line each, and sections.

	Scenarios are about reads, unless they choose a checker. They fail paths again and again, and
	only some of them are about holds.
	"""
	if "flap_time" not in defaults + more:
		defaults = "flap_time no\n" + defaults
	if "path_checker" not in defaults + more:
		defaults = "path_checker directio\n" + defaults
	write("/etc/checkerd.conf", "defaults {\n" + defaults + "\n}\n" + more + "\n")


def static_paths(devices):
	"""The section that names these devices as paths, for discovery static."""
	lines = [f"path {{\n device {device}\n }}" for device in devices]
	return "\n".join(["paths {", *lines, "}"])


def start():
	"""systemctl start checkerd: returns when it is ready."""
	run("systemctl", "start", "checkerd", seconds=120)


def ctl(*arguments, seconds=20):
	"""checkerctl --json …: the object it answers."""
	return json.loads(run("checkerctl", "--json", "--timeout", str(seconds), *arguments,
	                      seconds=seconds + 5))


def paths():
	"""Every path, by its name."""
	return {p["name"]: p for p in ctl("show", "paths")["paths"]}


def path(name):
	return paths().get(name)


def findings():
	"""What checkerctl doctor finds, by its word. Its exit status is that of the worst finding."""
	return {f["id"]: f for f in
	        json.loads(run("checkerctl", "--json", "doctor", ok=False))["findings"]}


def maps():
	return {m["name"]: m for m in ctl("show", "maps")["maps"]}


def events(since=0):
	time.sleep(0.7)  # a change is reported after half a second
	return [e for e in ctl("show", "events")["events"] if e["seq"] > since]


def last_event():
	return max([e["seq"] for e in events()], default=0)


def health(*arguments):
	"""(exit status, the line it says) of checkerctl health."""
	done = subprocess.run(["checkerctl", "health", *arguments], stdin=subprocess.DEVNULL,
	                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
	                      timeout=60, check=False)
	return done.returncode, done.stdout


def rounds(names, n, limit=120):
	"""Waits until each of these paths has been checked n times more; returns them all, as they are
	then."""
	before = paths()

	def done():
		now = paths()
		return now if all(now[d]["checks_total"] >= before[d]["checks_total"] + n
		                  for d in names) else None
	return wait_for(f"{n} checks of each of {len(names)} paths", done, limit, every=0.5)


def state_is(name, *states):
	p = path(name)
	return p if p and p["state"] in states else None


def journalctl(*arguments):
	"""What it prints of this boot, after journald has written what it was told."""
	run("journalctl", "--sync")
	return run("journalctl", "-b", "--no-pager", *arguments)


def journal(unit="checkerd"):
	return journalctl("-o", "cat", "-u", unit)


# --- disks ---------------------------------------------------------------------------------

def settle(seconds=180):
	run("udevadm", "settle", f"--timeout={seconds}", seconds=seconds + 5)


def scsi_debug(**parameters):
	"""Loads scsi_debug; returns its disks' names."""
	parameters = {"dev_size_mb": 8, "ndelay": 20000, **parameters}
	run("modprobe", "scsi_debug", *(f"{k}={v}" for k, v in parameters.items()))
	settle()
	return scsi_debug_disks()


def scsi_debug_disks():
	return sorted((os.path.basename(p) for p in
	               glob.glob("/sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*")),
	              key=lambda n: (len(n), n))


def medium_errors(on):
	"""Reads of the first blocks of every scsi_debug disk fail with a medium error, or do not."""
	write("/sys/module/scsi_debug/parameters/medium_error_start", "0")
	write("/sys/bus/pseudo/drivers/scsi_debug/opts", "2" if on else "0")


def protection_errors(disk, on):
	"""The protection information of the first blocks of such a disk is wrong, or right. What was
	never written has none; wrong is that of what was there before."""
	integrity = f"/sys/block/{disk}/integrity/write_generate"
	for generate in (1, 0) if on else (1,):
		write(integrity, str(generate))
		run(f"dd if=/dev/urandom of=/dev/{disk} bs=4k count=1 oflag=direct")
	write(integrity, "1")


def scsi_state(disk, state):
	"""Sets a SCSI disk offline or running."""
	write(f"/sys/block/{disk}/device/state", state + "\n")


def announce(disk):
	"""The kernel looks anew at a SCSI disk, and udev says that the disk has changed."""
	write(f"/sys/block/{disk}/device/rescan", "1")
	run(f"udevadm trigger --action=change /sys/block/{disk}")
