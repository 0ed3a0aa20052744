# SPDX-License-Identifier: LGPL-2.1-or-later
"""A restart is no event: what the daemon leaves in its state file, and what its successor takes up."""
import errno
import os
import random
import signal
import time

from harness import Skip, check, config, same_state, test, wait_until

PATHS = 40


def files(case, n=PATHS):
	folder = os.path.join(case.folder, "disks")
	os.makedirs(folder, exist_ok=True)
	names = [os.path.join(folder, f"f{i}") for i in range(n)]
	for name in names:
		with open(name, "wb") as f:
			f.truncate(1 << 20)
	return names


def begin(case, **more):
	"""A daemon with 40 paths: 0 is down, 1 is disabled, 2 for an hour, the others are up."""
	names = files(case)
	daemon = case.daemon(config(names), **more)
	if daemon.state == "none":
		raise Skip("there is no tmpfs in /dev/shm")
	daemon.start().wait_ready(up=PATHS)
	os.truncate(names[0], 0)
	daemon.wait_state(names[0], "down")
	daemon.ctl("disable", names[1])
	daemon.ctl("disable", names[2], "--for", "1h")
	return names, daemon


def end(daemon, number):
	daemon.signal(number)
	daemon.ended(5)


def succeed(case, daemon, number, name="successor", **more):
	end(daemon, number)
	successor = case.daemon(open(daemon.config, encoding="utf-8").read(), name=name,
	                        socket=daemon.socket, state=daemon.state, **more).start()
	return successor.wait_ready()


def path_states(daemon):
	return [e for e in daemon.events() if e["type"] == "path_state"]


def history(daemon, device):
	return daemon.json("show", "history", device)["histories"][0]["changes"]


def numbers(daemon):
	"""The numbers of the events that are kept: without gaps, and none twice."""
	seqs = [e["seq"] for e in daemon.events()]
	check(seqs == list(range(seqs[0], seqs[-1] + 1)), "numbers of events", seqs)
	return seqs


def check_taken_up(names, before, successor, log_lines=True):
	"""Every path has the state that it had, and nothing was reported."""
	wait_until("all are checked by the successor", lambda: all(
		p["last_check"] > before[d]["last_check"] for d, p in successor.paths().items()
		if d not in names[1:3]), 10)
	after = successor.paths()
	check(after.keys() == before.keys(), "other paths", set(before) ^ set(after))
	for d, p in after.items():
		check(same_state(before[d], p), "a state changed", before[d], p)
		check(p["reason"] == before[d]["reason"], "another reason", before[d], p)
		check(p["checks_total"] >= before[d]["checks_total"] - 120, "counters are lost",
		      before[d], p)
	check(after[names[1]]["state"] == "disabled" and
	      after[names[1]]["disabled_until"] is None, "it was disabled", after[names[1]])
	until = after[names[2]]["disabled_until"]
	check(until is not None and until[:16] == before[names[2]]["disabled_until"][:16],
	      "it was disabled for an hour", after[names[2]])
	if log_lines:
		lines = [line for line in successor.wait_log("ready: ").splitlines()
		         if any(f"{os.path.basename(n)}:" in line for n in names)]
		check(not lines, "log lines about paths", *lines[:5])


@test([14], root=False)
def restart_is_no_event(case):
	names, daemon = begin(case)
	wait_until("the change is reported", lambda: path_states(daemon), 5)
	events, changes = path_states(daemon), history(daemon, names[0])
	check(len(events) == 1 and len(changes) == 1, "one change", events, changes)
	for i, number in enumerate((signal.SIGTERM, signal.SIGKILL, signal.SIGTERM)):
		before, seqs = daemon.paths(), numbers(daemon)
		since = time.monotonic()
		daemon = succeed(case, daemon, number, f"successor{i}")
		case.figure(f"{signal.Signals(number).name}: ready after "
		            f"{(time.monotonic() - since) * 1000:.0f} ms")
		check_taken_up(names, before, daemon)
		check(path_states(daemon) == events, "events of states", path_states(daemon))
		check(history(daemon, names[0]) == changes, "another history", changes,
		      history(daemon, names[0]))
		check(numbers(daemon)[:len(seqs)] == seqs, "events were forgotten")
		check(all(e["seq"] > seqs[-1] for e in daemon.events(seqs[-1])), "numbers are reused")
	# A stop writes all counters.
	before = daemon.paths()
	daemon = succeed(case, daemon, signal.SIGTERM, "last")
	for d, p in daemon.paths().items():
		check(p["checks_total"] >= before[d]["checks_total"], "a counter went back",
		      before[d], p)
		check(p["latency_us"]["max"] == before[d]["latency_us"]["max"] or
		      p["checks_total"] > before[d]["checks_total"], "latencies", before[d], p)
	# Nothing is taken up twice: what is enabled stays enabled.
	daemon.ctl("enable", names[1])
	daemon = succeed(case, daemon, signal.SIGKILL, "after-enable")
	check(daemon.path(names[1])["enabled"], "disabled again", daemon.path(names[1]))


@test([14], root=False)
def change_while_no_daemon_runs_is_one_event(case):
	names, daemon = begin(case)
	wait_until("the change is reported", lambda: path_states(daemon), 5)
	time.sleep(1)  # and that is written
	before = daemon.path(names[0])
	end(daemon, signal.SIGKILL)
	os.truncate(names[0], 1 << 20)
	os.truncate(names[5], 0)
	successor = case.daemon(open(daemon.config, encoding="utf-8").read(), name="successor",
	                        socket=daemon.socket, state=daemon.state).start().wait_ready()
	successor.wait_state(names[0], "up")
	successor.wait_state(names[5], "down")
	wait_until("both are reported", lambda: successor.log_text().count(" -> ") >= 2, 5)
	log = successor.log_text()
	check(log.count("f0: down -> up after") == 1 and log.count("f5: up -> down") == 1,
	      "not one line each", log)
	check(successor.path(names[0])["transitions_total"] == before["transitions_total"] + 1,
	      "transitions", before, successor.path(names[0]))


@test([14], root=False)
def what_was_not_reported_is_reported(case):
	"""A daemon that is killed within the moment in which it gathers changes."""
	names, daemon = begin(case)
	wait_until("the change is reported", lambda: path_states(daemon), 5)
	os.truncate(names[9], 0)
	daemon.wait_state(names[9], "down")
	early = len(path_states(daemon)) > 1
	daemon = succeed(case, daemon, signal.SIGKILL)
	wait_until("it is reported", lambda: len(path_states(daemon)) == 2, 5)
	check(early or path_states(daemon)[1]["path"] == "f9", "another event",
	      path_states(daemon))
	time.sleep(1)
	daemon = succeed(case, daemon, signal.SIGKILL, "last")
	time.sleep(1)
	check(len(path_states(daemon)) == 2, "reported again", path_states(daemon))


@test([14], root=False, timeout=120)
def killed_at_any_moment(case):
	"""SIGKILL while the daemon starts, takes up and checks: nothing is forgotten."""
	names, daemon = begin(case)
	wait_until("the change is reported", lambda: path_states(daemon), 5)
	before = daemon.paths()
	text = open(daemon.config, encoding="utf-8").read()
	dice = random.Random(14)
	for i in range(15):
		end(daemon, signal.SIGKILL)
		daemon = case.daemon(text, name=f"killed{i}", socket=daemon.socket,
		                     state=daemon.state).start()
		time.sleep(dice.uniform(0, 0.6))
	daemon = succeed(case, daemon, signal.SIGKILL, "last")
	check_taken_up(names, before, daemon)
	size = os.stat(daemon.state).st_blocks * 512
	check(size < 256 * 1024, f"the state file has {size} bytes in memory")


def late_writes(case, us, error=0):
	"""The environment of a daemon whose records are written late, or not at all."""
	return {"LD_PRELOAD": os.path.join(case.programs.build, "tests/system/.libs/latewrite.so"),
	        "LATE_US": str(us), "LATE_ERRNO": str(error)}


PRELOADS = "a sanitizer's library has to be the first one that is preloaded"


@test([14], root=False, not_sanitized=PRELOADS)
def what_was_answered_survives_sigkill(case):
	"""SIGKILL right after the answer to each command, with records that are written late."""
	names = files(case, 8)
	env = late_writes(case, 20000)
	daemon = case.daemon(config(names), env=env).start().wait_ready(up=8)
	commands = (
		("disable", lambda p: not p["enabled"]),
		("enable", lambda p: p["enabled"]),
		("setmarginal", lambda p: p["marginal"]),
		("unsetmarginal", lambda p: not p["marginal"]),
	)
	dice = random.Random(14)
	for i in range(20):
		command, is_so = commands[i % len(commands)]
		if i % len(commands) == 0:
			name = dice.choice(names)
		daemon.ctl(command, name)
		daemon = succeed(case, daemon, signal.SIGKILL, f"after-{i}-{command}", env=env)
		check(is_so(daemon.path(name)), f"{command} was answered, and is lost",
		      daemon.path(name))


@test([14], root=False, not_sanitized=PRELOADS)
def many_paths_answered_survive_sigkill(case):
	"""More paths than the ring to the thread has room for, at once."""
	n = 70
	names = files(case, n)
	env = late_writes(case, 1000)
	daemon = case.daemon(config(names), env=env).start().wait_ready(up=n)
	for i, (command, enabled) in enumerate((("disable", False), ("enable", True)) * 2):
		daemon.ctl(command, *names)
		daemon = succeed(case, daemon, signal.SIGKILL, f"after-{i}-{command}", env=env)
		lost = [d for d, p in daemon.paths().items() if p["enabled"] != enabled]
		check(not lost, f"{command} is lost", f"{len(lost)} of {n} paths", *lost[:5])


@test([14], root=False, not_sanitized=PRELOADS)
def writes_that_hang_or_fail_keep_no_answer(case):
	"""tmpfs is full, or its memory is swapped out: commands are answered all the same."""
	names = files(case, 2)
	full = case.daemon(config(names), env=late_writes(case, 0, errno.ENOSPC)).start().wait_ready(up=2)
	full.ctl("disable", names[0])
	check(not full.path(names[0])["enabled"], "not disabled", full.path(names[0]))
	full.wait_log("states cannot be written")
	full.stop()
	hung = case.daemon(config(names), name="hung",
	                   env=late_writes(case, 3600 * 1000000)).start().wait_ready(up=2)
	took = hung.ctl("disable", names[0], timeout=30).seconds
	case.figure(f"writes that hang: answered after {took:.1f} s")
	check(not hung.path(names[0])["enabled"], "not disabled", hung.path(names[0]))


def bad_file(case, change, words):
	names, daemon = begin(case)
	end(daemon, signal.SIGTERM)
	with open(daemon.state, "r+b") as f:
		change(f)
	with open(daemon.state, "rb") as f:
		damaged = f.read()
	successor = case.daemon(open(daemon.config, encoding="utf-8").read(), name="successor",
	                        socket=daemon.socket, state=daemon.state).start().wait_ready()
	successor.wait_log(words)
	with open(daemon.state + ".bad", "rb") as f:
		check(f.read() == damaged, "the file was not set aside as it was")
	return names, successor


def overwrite(at, data):
	def change(f):
		f.seek(at)
		f.write(data)
	return change


@test([14], root=False)
def damaged_file_is_set_aside(case):
	names, daemon = bad_file(case, overwrite(20, b"\xff\xff"), "damaged, and renamed to .bad")
	check(daemon.path(names[1])["enabled"], "taken up from a damaged file")
	before = daemon.paths()
	daemon = succeed(case, daemon, signal.SIGTERM, "after-it")
	check(daemon.path(names[0])["state"] == before[names[0]]["state"] == "down",
	      "the new file is not used", daemon.path(names[0]))
	check("bad" not in daemon.log_text(), "reported twice", daemon.log_text())


@test([14], root=False)
def damaged_record_costs_one_path(case):
	names, daemon = bad_file(case, overwrite(4096 + 512 + 40, b"\xff"), "1 records are damaged")
	check(daemon.path(names[1])["enabled"], "taken up from a damaged record")
	check(not daemon.path(names[2])["enabled"], "the other records are lost")
	check("f0: " not in daemon.log_text(), "the other records are lost", daemon.log_text())


@test([14], root=False)
def file_of_a_later_version_is_set_aside(case):
	bad_file(case, overwrite(8, (9).to_bytes(4, "little")), "of another version of checkerd")


@test([14], root=False)
def file_of_an_earlier_boot_is_ignored(case):
	names, daemon = begin(case)
	end(daemon, signal.SIGTERM)
	with open(daemon.state, "r+b") as f:
		data = bytearray(f.read(96))
		data[16:20] = b"0000" if data[16:20] != b"0000" else b"1111"
		h = 0xcbf29ce484222325
		for b in data[:88]:
			h = (h ^ b) * 0x100000001b3 % (1 << 64)
		data[88:96] = h.to_bytes(8, "little")
		f.seek(0)
		f.write(data)
	successor = case.daemon(open(daemon.config, encoding="utf-8").read(), name="successor",
	                        socket=daemon.socket, state=daemon.state).start().wait_ready()
	check(successor.path(names[1])["enabled"], "taken up from another boot")
	check("state" not in successor.log_text().replace("states", ""), "a message",
	      successor.log_text())
	check(not os.path.exists(daemon.state + ".bad"), "it was set aside")


@test([14], root=False)
def two_daemons_share_no_file(case):
	names, daemon = begin(case)
	other = case.daemon(config(names), name="other", state=daemon.state).start().wait_ready()
	other.wait_log("another checkerd uses the file")
	other.ctl("disable", names[7])
	other.stop()
	before = daemon.paths()
	daemon = succeed(case, daemon, signal.SIGTERM)
	check_taken_up(names, before, daemon)


@test([14], root=False)
def without_tmpfs_it_works(case):
	"""One line says what is lost. The default is beside the socket."""
	names = files(case, 3)
	daemon = case.daemon(config(names), state="/proc/no-such-place").start().wait_ready(up=3)
	lines = [line for line in daemon.wait_log("ready: ").splitlines() if "will not survive" in line]
	check(len(lines) == 1, "not one line", daemon.log_text())
	daemon.stop()
	default = case.daemon(config(names), name="default", state="").start().wait_ready(up=3)
	tmpfs = os.path.exists(os.path.join(case.folder, "state"))
	check(tmpfs != ("not on tmpfs" in default.wait_log("ready: ")), "neither a file nor a line",
	      default.log_text())
