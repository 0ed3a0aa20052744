# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything at once, at random, on disks of four kinds and two maps, opens and submits that hang too; then the truth.

CHECKERD_CHAOS_SEED and CHECKERD_CHAOS_SECONDS of whoever runs tests/vm/run say which storm, and
how long.
"""
# timeout: 900
import collections
import random
import signal

import accounts
from hangs import Overseer, Stuck, pid, served_by_another
from ledger import Ledger
from maps import devt, kernel_states, load_paths, make_map, without_multipath_tools
from nbd import Nbd
from targets import Iscsi, cut, restore
from varlink import Refused, Varlink
from watch import Asker, Follower, Outages
from vm import *

SEED = int(os.environ.get("CHECKERD_CHAOS_SEED") or random.SystemRandom().randrange(1 << 31))
SECONDS = int(os.environ.get("CHECKERD_CHAOS_SECONDS") or 30)
GRACE = 10        # an emulated machine is late by itself
LOOPS = 8         # the last quarter of each kind is never touched; of portals the first one
NBDS = 4          # their submits block: the thread that submits waits in the kernel
PORTAL = "portal1"  # is cut: its host is in error recovery then, and opens of its disks hang
RECOVERY = 20     # seconds after a cut until it is, at most
LIMIT = 40        # seconds until all is well again
GIVEN_BACK = 30   # beyond that: a command that was refused again and again is repeated so seldom
STALLED = 200     # seconds: an action that takes longer does not return
SETTLE_KILLS = 4  # seconds between two ends of the daemon: systemd gives up otherwise
SOCKET = "/run/checkerd/control"
GOOD = ("polling_interval {}\nmax_polling_interval 1\nchecker_timeout 3\ndm_control on\nmax_clients 128\n"
        "keep_open yes")
RULES = 'blacklist {\n devnode "^vd"\n}\nblacklist_exceptions {\n devnode "^(loop[0-7]|nbd[0-3])$"\n}'
CGROUP = "/sys/fs/cgroup/system.slice/checkerd.service"

rng = random.Random(SEED)
ledger, outages, counts = Ledger(GRACE), Outages(), collections.Counter()
broken, ends = {}, []  # names, and how; what ends when
mending = {}  # names: the programs that wait for it
cut_until = {}  # not mended before the host has been in error recovery, or not for long enough
blocked_shortly = set()
scanning = set()  # disks that come back just now
begun = []  # actions
counts_now = set()  # what goes on now, once at a time
killed_at = 0.0


def tell(*words):
	return run("./faultydisk", "--tell", "/run/disks.sock", *(str(w) for w in words))


def call(method, **parameters):
	with Varlink(SOCKET, 20) as v:
		return v.call(method, **parameters)


def prober():
	"""Of the daemon that is there now. The storm does not ask it: it may have no connection left."""
	found = run("pgrep", "-n", "-P", str(pid()), "-x", "pathcheck-probe", ok=False).strip()
	if not found:
		raise ProcessLookupError("no prober just now")
	return int(found)


def later(seconds, what, *arguments):
	ends.append((time.monotonic() + seconds, what, arguments))


# --- disks ---

def make_loops():
	run("modprobe -a fuse loop")
	os.makedirs("/run/disks")
	subprocess.Popen(["./faultydisk", "-n", str(LOOPS), "/run/disks", "/run/disks.sock"],
	                 stdin=subprocess.DEVNULL, start_new_session=True)
	wait_for("the faulty disks", lambda: os.path.exists(f"/run/disks/disk{LOOPS - 1:04}"))
	for n in range(LOOPS):
		run(f"losetup --direct-io=on /dev/loop{n} /run/disks/disk{n:04}")
	settle()


def paths_of(name):
	"""A portal is broken with every path through it."""
	return behind_portal if name == PORTAL else [name]


def mend(name):
	if name not in broken or name in mending or (name == PORTAL and cut_until):
		return
	counts["healed"] += 1
	if name == PORTAL:
		mending[name] = {d: reader_of(d) for d in behind_portal}
		restore(1)
		later(0.5, see_recovery)
		return
	if name.startswith("loop"):
		tell("heal", name[4:])
	elif name.startswith("nbd"):
		nbd.release(int(name[3:]))
	elif os.path.exists(f"/sys/block/{name}/device/state"):
		scsi_state(name, "running")
	is_mended(name)


def is_mended(name):
	del broken[name]
	for path_name in paths_of(name):
		ledger.end(path_name, "broken", time.time())


def reader_of(disk):
	return subprocess.Popen(["dd", f"if=/dev/{disk}", "of=/dev/null", "bs=4k", "count=1", "iflag=direct",
	                         "status=none"], stderr=subprocess.DEVNULL)


def see_recovery():
	"""A host that was in error recovery is out of it when its disks can be opened and read."""
	for disk, reader in mending[PORTAL].items():
		if reader.poll() in (None, 0):
			continue
		if read(f"/sys/block/{disk}/device/state") == "offline":  # error recovery has given it up
			scsi_state(disk, "running")
		mending[PORTAL][disk] = reader_of(disk)
	if any(reader.poll() != 0 for reader in mending[PORTAL].values()):
		later(0.5, see_recovery)
		return
	del mending[PORTAL]
	is_mended(PORTAL)


def spoil(name, *words):
	if name in broken:
		mend(name)
		return
	if name != PORTAL and not os.path.exists(f"/sys/block/{name}"):
		return  # pulled
	for path_name in paths_of(name):
		ledger.begin(path_name, "broken", words[0], time.time())
	broken[name] = words
	if name.startswith("loop"):
		tell(words[0], name[4:], *words[1:])
	elif name.startswith("nbd"):
		nbd.block(int(name[3:]))
	elif name == PORTAL:
		cut(1)
	else:
		scsi_state(name, "offline")
	counts[words[0]] += 1


def spoil_loop():
	spoil(f"loop{rng.randrange(LOOPS * 3 // 4)}",
	      *rng.choice((("hang",), ("fail", "EIO"), ("slow", 6000), ("truncate", 0))))


def spoil_scsi():
	spoil(rng.choice(touchable), "offline")


def block_submits():
	"""The next check of the path blocks the submit thread, and all that it has in its hands."""
	n = rng.randrange(NBDS * 3 // 4)
	if n not in blocked_shortly:
		spoil(f"nbd{n}", "blocked submits")


def hang_opens():
	"""Reads hang; soon the host is in error recovery, and a new prober hangs when it opens them."""
	if PORTAL not in broken:
		spoil(PORTAL, "hung opens")
		cut_until["recovery"] = time.monotonic() + RECOVERY
		later(1, open_in_recovery)


def open_in_recovery():
	if read(f"/sys/class/scsi_host/{host_of_portal}/state") == "recovery":
		attempt(kill_prober)
		later(rng.uniform(1, 4), cut_until.clear)
	elif time.monotonic() < cut_until["recovery"]:
		later(0.5, open_in_recovery)
	else:
		cut_until.clear()


def mend_one():
	if broken:
		mend(rng.choice(sorted(broken)))


def block_shortly():
	"""Shorter than the timeout: no path is late enough to be down, not this one, and no other."""
	n = rng.randrange(NBDS)
	if f"nbd{n}" not in broken and n not in blocked_shortly:
		seconds = rng.uniform(0.2, 0.8)
		nbd.block(n, seconds)
		blocked_shortly.add(n)
		later(seconds + 1, blocked_shortly.discard, n)
		counts["submits blocked shortly"] += 1


def slow_well():
	n = rng.randrange(LOOPS)
	if f"loop{n}" not in broken:
		tell("slow", n, 300)
		later(2, lambda: f"loop{n}" in broken or tell("answer", n))
		counts["slow but well"] += 1


def pull():
	"""A SCSI disk goes, and comes back under whatever name."""
	name = rng.choice(touchable)
	if name in mapped or not os.path.exists(f"/sys/block/{name}/device/delete"):
		return
	mend(name)
	ledger.begin(name, "unplugged", "pulled", time.time())
	scsi_host = os.path.realpath(f"/sys/block/{name}/device").split("/host")[1].split("/")[0]
	later(rng.uniform(0.5, 4), when_done, write_aside(f"/sys/block/{name}/device/delete", "1"),
	      push, name, scsi_host)
	counts["pulled"] += 1


def push(name, scsi_host):
	if "swapped" in counts_now:  # it would be another disk until somebody has it looked at again
		later(0.3, push, name, scsi_host)
		return
	scanning.add(name)
	scan = write_aside(f"/sys/class/scsi_host/host{scsi_host}/scan", "- - -")
	later(0.1, when_done, scan, is_back, name)


def is_back(name):
	scanning.discard(name)
	ledger.end(name, "unplugged", time.time())


def write_aside(file, text):
	"""Where the kernel waits for the requests of a disk, or of all disks of its host: also for those
	in the batch of a submit that is blocked. So the storm does not wait for it."""
	return subprocess.Popen(["sh", "-c", f"echo '{text}' >{file}"])


def when_done(process, what, *arguments):
	if process.poll() is not None:
		what(*arguments)
		return
	for name in [b for b in broken if b.startswith("nbd")]:
		mend(name)
	later(0.3, when_done, process, what, *arguments)


def answer_with_errors():
	"""Every SCSI disk answers, with a medium error: no path is down for it, or failed in its map."""
	medium_errors(True)
	later(rng.uniform(1, 4), medium_errors, False)
	counts["medium errors"] += 1


def swap():
	"""Every SCSI disk is another one, and nothing tells: a path that fails now is not given back."""
	if "swapped" in counts_now or scanning:
		return
	counts_now.add("swapped")
	names = {*disks, *scsi_debug_disks()}
	for name in names:  # first: on a busy machine the daemon may see it before the next line
		ledger.begin(name, "swapped", "another WWID", time.time())
	call_disks(0)
	later(rng.uniform(2, 6), swap_back, names)
	counts["disks swapped"] += 1


def swap_back(names):
	call_disks(1)
	for name in scsi_debug_disks():  # one that was mended meanwhile was looked at as the other disk
		write(f"/sys/block/{name}/device/rescan", "1")
	run("udevadm trigger --action=change --subsystem-match=block --sysname-match='sd*'")
	for name in names:
		ledger.end(name, "swapped", time.time())
	# A path that was barred is not barred any more once it has left its map's table. It comes into
	# it only when it can be opened.
	for name in mapped:
		mend(name)
	for paths_of in ([], mapped):
		load_paths("chaos", paths_of, size=sectors)
	counts_now.discard("swapped")


def call_disks(by_host):
	"""What the disks say that they are: the number of their SCSI host is part of it, or is not."""
	write("/sys/bus/pseudo/drivers/scsi_debug/vpd_use_hostno", str(by_host))


def disturb_map():
	if rng.random() < 0.5:
		run("dmsetup", "message", "chaos", "0", f"fail_path {devt(rng.choice(mapped))}", ok=False)
		counts["failed in the map"] += 1
	else:
		run("dmsetup suspend --noudevsync --noflush --nolockfs chaos")
		# Not until udev has read it, too: with both paths failed that waits for one of them.
		later(rng.uniform(0.2, 3), run, "dmsetup resume --noudevsync chaos")
		counts["map suspended"] += 1


# --- daemon ---

def reload_good():
	config(GOOD.format(f"{rng.uniform(0.3, 1):.1f}"), RULES)
	call("Reload")
	counts["reloads"] += 1


def reload_bad():
	good = read("/etc/checkerd.conf")
	write("/etc/checkerd.conf", rng.choice(("defaults {\npolling_interval soon\n}\n", "}\n",
	                                        "defaults {\n" * 99, "\x01\x02\n")))
	try:
		call("Reload")
		check(False, "a bad configuration is refused", read("/etc/checkerd.conf"))
	except Refused:
		counts["reloads refused"] += 1
	finally:
		write("/etc/checkerd.conf", good + "\n")


def kill_prober():
	os.kill(prober(), signal.SIGKILL)
	counts["prober killed"] += 1


def stop_prober():
	stopped = prober()
	os.kill(stopped, signal.SIGSTOP)
	later(rng.uniform(0.2, 4), go_on, stopped)
	counts["prober stopped"] += 1


def go_on(stopped):
	try:
		os.kill(stopped, signal.SIGCONT)
	except ProcessLookupError:
		pass


def end_daemon():
	global killed_at
	if time.monotonic() - killed_at < SETTLE_KILLS or time.monotonic() > last_kill:
		return
	old, spell = pid(), outages.begin()
	if rng.random() < 0.7:
		os.kill(old, signal.SIGKILL)
		counts["daemon killed"] += 1
	else:
		run("systemctl restart --no-block checkerd")
		counts["daemon restarted"] += 1
	# Meanwhile what is over ends: without memory to be had nobody starts.
	wait_for("the successor serves",
	         lambda: end_what_is_due(time.monotonic()) or served_by_another(old), 30)
	outages.end(spell)
	killed_at = time.monotonic()


def take_quota():
	if read("/proc/sys/fs/aio-max-nr") == "65536":
		write("/proc/sys/fs/aio-max-nr", read("/proc/sys/fs/aio-nr"))
		later(rng.uniform(1, 5), give_quota)
		counts["AIO quota taken"] += 1


def give_quota():
	write("/proc/sys/fs/aio-max-nr", "65536")


def squeeze():
	"""It cannot be killed for want of memory (OOMScoreAdjust): it has to do with what it has.
	Without memory for a reply on its way the kernel refuses it, and the connection is lost."""
	spell = outages.begin()
	write(f"{CGROUP}/memory.max", str(int(read(f"{CGROUP}/memory.current")) + (64 << 10)))
	later(rng.uniform(0.5, 2), give_memory, spell)
	counts["memory squeezed"] += 1


def give_memory(spell):
	write(f"{CGROUP}/memory.max", "max")
	outages.end(spell)


def crowds():
	return [subprocess.Popen([sys.executable, "crowd.py", str(rng.randrange(1 << 30)), str(size),
	                          str(user), SOCKET], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
	                         text=True) for size, user in ((40, 0), (60, 65534))]


ACTIONS = ((10, spoil_loop), (5, spoil_scsi), (4, block_submits), (3, hang_opens), (15, mend_one),
           (3, slow_well), (3, block_shortly), (3, pull),
           (3, answer_with_errors), (3, swap),
           (3, disturb_map), (3, reload_good), (2, reload_bad), (3, kill_prober),
           (2, stop_prober), (2, end_daemon), (2, take_quota), (2, squeeze))


def end_what_is_due(now):
	for end in sorted([e for e in ends if e[0] <= now], key=lambda e: e[0]):
		ends.remove(end)
		end[1](*end[2])


def attempt(action):
	try:
		action()
	except (OSError, Refused, TypeError) as e:  # no prober just now; those who watch judge
		say(f"{action.__name__}: {e}")
		counts["could not be done"] += 1


def see_both_hang():
	"""Of what follows nobody knows before whether it lasts for long enough to be seen."""
	block_submits()
	hang_opens()
	wait_for("opens and submits hang",
	         lambda: end_what_is_due(time.monotonic()) or all(stuck.seen.values()), 2 * RECOVERY)


def storm():
	weights, actions = zip(*ACTIONS)
	see_both_hang()
	over = time.monotonic() + SECONDS
	while time.monotonic() < over:
		end_what_is_due(time.monotonic())
		(action,) = rng.choices(actions, weights)
		begun.append(f"{action.__name__}, {time.monotonic() - BEGIN:.2f} s")
		attempt(action)
		time.sleep(rng.uniform(0, 0.4))
	while ends:
		end_what_is_due(over + 3600)
		time.sleep(0.1)


# --- the truth ---

def truth():
	said = {d: ["up" if read(f"/sys/block/{d}/device/state") == "running" else "down"]
	        for d in scsi_debug_disks()}
	said |= {f"nbd{n}": ["down" if f"nbd{n}" in broken else "up"] for n in range(NBDS)}
	said |= {d: ["down" if PORTAL in broken and d in behind_portal else "up"] for d in network}
	for line in tell("status", f"0-{LOOPS - 1}").splitlines()[:LOOPS]:
		words = dict(w.split("=") for w in line.split())
		ill = words["mode"] != "answer" or int(words["size"]) < 4096
		said[f"loop{words['disk']}"] = ["down" if ill else "up"]
	return said


def wrong():
	wanted, states = truth(), {n: p["state"] for n, p in paths().items()}
	return {n: (states.get(n), wanted.get(n)) for n in {*wanted, *states}
	        if states.get(n) not in wanted.get(n, ())}


def wait_for_truth(what):
	begin, last = time.monotonic(), {}
	while time.monotonic() - begin < LIMIT:
		last = wrong()
		if not last:
			return time.monotonic() - begin
		time.sleep(0.3)
	check(False, f"{what} within {LIMIT} s", last, ctl("show", "groups"))
	return None


def all_well():
	for name in sorted(broken):
		mend(name)
	wait_for("the host is out of error recovery", lambda: end_what_is_due(time.monotonic()) or not broken,
	         GIVEN_BACK)
	tell("heal", "all")
	took = wait_for_truth("all is well")
	wait_for("all is settled", lambda: not accounts.unsettled(ctl("show", "groups")), LIMIT)
	wait_for("the maps have all their paths", lambda: {*kernel_states("chaos").values(),
	         *kernel_states("network").values()} == {"A"}, LIMIT + GIVEN_BACK)
	wait_for("old probers are gone", lambda: run("pgrep -xc pathcheck-probe", ok=False).strip() == "1",
	         LIMIT)
	time.sleep(1)
	return took, accounts.take(pid(), prober()), accounts.mappings(pid())


figure(f"seed {SEED}, {SECONDS} s")
without_multipath_tools()
disks = scsi_debug(max_luns=2, add_host=4)
make_loops()
touchable, mapped = disks[:len(disks) * 3 // 4], disks[:2]
sectors = int(read(f"/sys/class/block/{mapped[0]}/size"))
make_map("chaos", mapped)
run(f"modprobe nbd nbds_max={NBDS}")
nbd = Nbd(NBDS)
target = Iscsi(portals=2, luns=2, abort=1)
network, behind_portal = target.disks(), target.disks(portal=1)
host_of_portal = os.path.realpath(f"/sys/block/{behind_portal[0]}/device").split("/")[-4]
for disk in behind_portal:
	write(f"/sys/block/{disk}/device/timeout", "1")
make_map("network", [target.disks(portal=0)[0], behind_portal[0]])
settle()
config(GOOD.format(0.5), RULES)
start()
wait_for_truth("the begin")
first, mapped_first = all_well()[1:]
watchers = [kind(kind.__name__, SOCKET, outages, ledger) for kind in (Asker, Follower)]
stuck, overseer = Stuck(), Overseer(begun, STALLED, lambda: ledger.problems)
crowd = crowds()
last_kill = time.monotonic() + SECONDS / 2  # what leaks is seen in those that live for long
say("the storm")
storm()
overseer.end()
say("the crowd leaves")
said = collections.Counter()
for c in crowd:
	said.update(json.loads(c.communicate(timeout=60)[0]))
check(said["NOT REFUSED"] == 0, "what is root's is root's", said)
config(GOOD.format(0.5), RULES)
run("checkerctl --timeout 20 reload")
settle()
knew = wait_for_truth("the truth")
say("the storm is over")
took, last, mapped_last = all_well()
for w in (*watchers, stuck):
	w.end()
for _ in range(20):  # the last clients' connections are closed by the control thread
	watched, p = pid(), prober()
	time.sleep(0.5)
	last = accounts.take(watched, p)
	# Another process may have got some of its descriptors as sockets from systemd.
	grown = [g for g in accounts.grown(first, last)
	         if first["pid"] == last["pid"] or not g.startswith("sockets")]
	if not grown:
		break
check(not ledger.problems, "nothing false was said, and each question was answered",
      *ledger.problems[:5], collections.Counter(p.splitlines()[0] for p in ledger.problems))
for key in ("rss", "prober_rss"):
	grown += accounts.fatter(first, last, key, accounts.MARGIN_FIRST)
check(not grown, "nothing has leaked", *grown, first, last,
      *accounts.where(mapped_first, mapped_last))
figure(", ".join(f"{n} {k}" for k, n in sorted(counts.items())))
figure(f"threads of probers seen stuck: {', '.join(f'{len(t)} in {k}' for k, t in stuck.seen.items())}")
figure(f"false verdicts and commands 0 of {ledger.judged}; {len(watchers[0].seconds)} questions answered, the slowest "
       f"after {max(watchers[0].seconds):.1f} s; truth known after {knew:.1f} s, "
       f"all well after {took:.1f} s")
figure(f"before {accounts.brief(first)}")
figure(f"after  {accounts.brief(last)}")
