# SPDX-License-Identifier: LGPL-2.1-or-later
"""The threads that checks pass through make no blocking system call, and allocate nothing once
the daemon is ready."""
import collections
import mmap
import os
import re
import struct
import time

from harness import MARGIN, SANITIZED, check, config, test, wait_until

PATHS = 40
INTERVAL = 0.1


def scenario(case, daemon, devices, changes):
	"""Some thousand checks with all kinds of faults. changes: with reloads as well."""
	disk = case.disk
	disk.tell("fail", "0-4", "EIO")
	disk.tell("truncate", 5)
	disk.tell("hang", "6-9")
	for d in devices[:6]:
		daemon.wait_state(d, "down")
	daemon.wait_count("down", 10, 10)
	for command in (["show", "paths"], ["show", "groups"], ["show", "memory"], ["metrics"],
	                ["show", "latency"], ["show", "history", devices[0]], ["ping"],
	                ["check", devices[20], "--wait"], ["health"],
	                ["disable", devices[21]], ["enable", devices[21]]):
		daemon.ctl(*command, expect=None)
	disk.tell("slow", "10-12", 50)
	disk.tell("heal", "0-9")
	daemon.wait_count("up", PATHS, 15)
	if changes:
		daemon.reload(config(devices[:-5], polling_interval=INTERVAL,
		                     max_polling_interval=INTERVAL, checker_timeout=0.5))
		disk.tell("hang", "0-3")
		daemon.wait_count("down", 4, 15)
		daemon.reload(config(devices[4:], polling_interval=INTERVAL,
		                     max_polling_interval=INTERVAL, checker_timeout=0.5))
		disk.tell("heal", "all")
		daemon.wait_count("up", PATHS - 4, 15)


def checks_made(daemon):
	return sum(p["checks_total"] for p in daemon.paths().values())


class Seal:
	"""The file that tests/system/sealed.c maps."""

	LAYOUT = struct.Struct("=IIQ")

	def __init__(self, case):
		self.name = os.path.join(case.folder, "seal")
		with open(self.name, "wb") as f:
			f.truncate(mmap.PAGESIZE)
		with open(self.name, "r+b") as f:
			self.map = mmap.mmap(f.fileno(), mmap.PAGESIZE)
		self.library = os.path.join(case.programs.build, "tests/system/.libs/sealed.so")

	def environment(self):
		return {"LD_PRELOAD": self.library, "SEALED": self.name}

	def close(self):
		self.map[0:4] = struct.pack("=I", 1)

	def read(self):
		return self.LAYOUT.unpack(self.map[:self.LAYOUT.size])


@test([4], not_sanitized="a sanitizer has its own allocator")
def nothing_is_allocated_once_ready(case):
	"""An allocator that ends the process if the loop, the submitter, a reaper, a rescuer or
	the watching thread allocates."""
	devices = case.loops(range(PATHS))
	seal = Seal(case)
	daemon = case.daemon(config(devices, polling_interval=INTERVAL,
	                            max_polling_interval=INTERVAL, checker_timeout=0.5),
	                     env=seal.environment()).start().wait_ready(up=PATHS)
	before = checks_made(daemon)
	seal.close()
	scenario(case, daemon, devices, changes=False)
	wait_until("some thousand checks",
	           lambda: checks_made(daemon) - before > 3000, 30, every=0.5)
	sealed, broken, others = seal.read()
	check(sealed == 1 and broken == 0, "there was an allocation", daemon.log_text()[-3000:])
	check(daemon.status()["prober"]["restarts_total"] == 0, "the prober was replaced",
	      daemon.log_text()[-3000:])
	check(others > 0, "the allocator was not loaded: it has counted no allocation")
	check(daemon.status()["memory"]["sealed_allocations_total"] == 0, "the alarm counter moved")
	case.figure(f"{checks_made(daemon) - before} checks without an allocation on their way, "
	            f"{others} by control, discovery and log for 15 commands")


# The system calls that each thread may make once the daemon is ready: the call, and a pattern
# of its line in the trace. docs/PROOFS.md says of each why it does not block.
ANY = ""
# Eventfds and timers, nonblocking; locks that are held only briefly.
QUEUES = {"read": ANY, "write": ANY, "futex": ANY, "restart_syscall": ANY}
MEMORY_FILE = r'"/proc/(\d+|self)/stat(us)?"'  # answered from memory, as all that follow
# States in /sys: SCSI disks and NVMe controllers have one, loop devices do not.
STATE_FILE = r'"(\d+:\d+/device|\.\./\.\./class/(iscsi_session|fc_remote_ports)/[^"]+)/\w*state"'
ALLOWED = {
	"loop": QUEUES | {
		"epoll_wait": ANY, "epoll_ctl": ANY, "timerfd_settime": ANY,
		"poll": r", 0(\)| <unfinished)", "sendto": "MSG_DONTWAIT",
		"openat": f"{MEMORY_FILE}|{STATE_FILE}", "close": ANY, "pread64": ANY,
		"faccessat": r'"\d+:\d+"', "faccessat2": r'"\d+:\d+"',
	},
	"pc-submitter": QUEUES | {"poll": ANY, "io_submit": ANY, "timerfd_settime": ANY},
	"pc-reaper": QUEUES | {"io_getevents": ANY, "io_submit": "POLL", "ppoll": ANY},
}


def threads(pid):
	"""The threads' names by their numbers."""
	names = {}
	for tid in os.listdir(f"/proc/{pid}/task"):
		with open(f"/proc/{pid}/task/{tid}/comm", encoding="utf-8") as f:
			names[int(tid)] = f.read().strip()
	return names


def calls_by_thread(trace, names, since, until):
	"""For each kind of thread: the calls it made, and their lines."""
	line_of = re.compile(r"^(\d+) +(\d+\.\d+) ([a-z_0-9]+)\(")
	found = {name: collections.OrderedDict() for name in set(names.values())}
	with open(trace, encoding="utf-8", errors="replace") as f:
		for line in f:
			m = line_of.match(line)
			if not m or not since < float(m[2]) < until or int(m[1]) not in names:
				continue
			calls = found[names[int(m[1])]]
			calls.setdefault(m[3], []).append(line.strip())
	return found


@test([1], timeout=180, not_sanitized="a sanitizer's runtime makes calls of its own")
def each_system_call_is_on_the_list(case):
	"""The daemon and its prober under strace: the calls of the loop, the submitter and the
	reapers."""
	devices = case.loops(range(PATHS))
	trace = os.path.join(case.folder, "trace")
	daemon = case.daemon(config(devices, polling_interval=INTERVAL,
	                            max_polling_interval=INTERVAL, checker_timeout=0.5),
	                     prefix=["strace", "-D", "-f", "-qq", "-ttt", "-s", "64", "-o",
	                             trace]).start().wait_ready(up=PATHS, seconds=60)
	names = {t: n for t, n in threads(daemon.prober_pid()).items() if n in ALLOWED}
	names[daemon.pid] = "loop"
	since = time.time()
	scenario(case, daemon, devices, changes=True)
	until = time.time()
	daemon.stop(20)
	found = calls_by_thread(trace, names, since, until)
	for name, allowed in ALLOWED.items():
		calls = found.get(name, {})
		check(sum(map(len, calls.values())) > 100, f"the {name} was not traced", names)
		for call, lines in calls.items():
			bad = [x for x in lines if call not in allowed or not re.search(allowed[call], x)]
			check(not bad, f"the {name} called {call} {len(bad)} times", *bad[:3])
	case.figure(f"{until - since:.0f} s, calls: " + "; ".join(
		f"{name} " + ", ".join(sorted(found[name])) for name in ALLOWED))


# A missing privilege or resource, and a word of the line that reports it.
WANTED = ["PR_SET_IO_FLUSHER", "mlockall", "oom_score_adj", "realtime_priority", "descriptors"]


@test([4])
def what_it_may_not_have_is_said_once(case):
	"""Without any capability, and with few descriptors: the daemon prints one line each, and
	works."""
	devices = case.loops(range(PATHS))
	daemon = case.daemon(
		config(devices, realtime_priority=5),
		prefix=["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs",
		        "prlimit", "--memlock=65536", "--nofile=512", "--rtprio=0"])
	daemon.start().wait_ready(up=PATHS)
	lines = daemon.wait_log("ready: ").splitlines()
	warnings = daemon.status()["warnings"]
	for word in WANTED:
		said = [x for x in lines if word in x]
		check(len(said) == 1, f"{word}: said {len(said)} times", *said)
		check(any(word in w for w in warnings), f"{word}: not in show status", *warnings)


@test([4])
def realtime_priority_is_for_checks_only(case):
	"""Memory is locked in the loop and the prober, if that is permitted."""
	devices = case.loops(range(PATHS))
	daemon = case.daemon(config(devices, realtime_priority=5)).start().wait_ready(up=PATHS)
	if any("realtime_priority" in w for w in daemon.status()["warnings"]):
		case.figure("not permitted here, and it says so")
		return
	for pid in (daemon.pid, daemon.prober_pid()):
		for tid, name in threads(pid).items():
			if SANITIZED and tid != pid and name in ("checkerd", "pathcheck-probe"):
				continue  # the sanitizer's own thread has no name of its own
			policy = os.sched_getscheduler(tid)
			wanted = tid == pid or name.startswith("pc-")
			check((policy == os.SCHED_RR) == wanted, f"{name} ({tid}) has policy {policy}")
