# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each SCSI checker's results on real disks, beside those of multipathd's checker of the same name."""
# timeout: 300
from maps import without_multipath_tools
from scripted import CHECK_CONDITION, RESERVATION_CONFLICT, TASK_ABORTED, Array, sense
from vm import *

LIMIT = 60
OURS = ("tur", "cciss_tur", "hp_sw", "readsector0", "tur+directio", "alua", "rdac", "emc_clariion",
        "directio")
THEIRS = set(OURS) - {"tur+directio", "alua"}


def says(key, code, qualifier):
	return CHECK_CONDITION, sense(key, code, qualifier)


def rdac(flags, state=0, detail=0, other=0):
	return b"vac1" + bytes([flags, 0, state, detail, other, 0]) + bytes(38)


def clariion(bound, initiator=3):
	page = bytearray(60)
	page[0], page[23], page[24], page[26] = bound, initiator, 0x04, 0x04
	return bytes(page)


# What the units answer.
STATES = {
	"ready": {},
	"offline": {},
	"standby": {"status": says(2, 4, 0x0b), "group_state": 2},
	"transitioning": {"status": says(2, 4, 0x0a), "group_state": 15},
	"unavailable": {"status": says(2, 4, 0x0c), "group_state": 3},
	"to be started": {"status": says(2, 4, 2)},
	"becoming ready": {"status": says(2, 4, 1)},
	"non-optimized": {"group_state": 1},
	"offline port": {"status": says(2, 4, 0x12), "group_state": 14},
	"no unit": {"status": says(5, 0x25, 0), "present": False},
	"reserved": {"status": (RESERVATION_CONFLICT, b"")},
	"unit attention": {"status": says(6, 0x29, 0)},
	"attention in turn": {"status": says(6, 0x29, 0), "turns": 1},
	"medium error": {"reads": says(3, 0x11, 0)},
	"not ready reads": {"reads": says(2, 4, 1)},
	"hardware error": {"status": says(4, 0x44, 0)},
	"aborted command": {"status": says(0xb, 0x47, 0)},
	"task aborted": {"status": (TASK_ABORTED, b"")},
	"recovered error": {"status": says(1, 0x17, 0)},
	"owner": {"pages": {0xc9: rdac(1), 0xc0: clariion(2)}},
	"not owner": {"pages": {0xc9: rdac(0), 0xc0: clariion(1)}},
	"both change": {"pages": {0xc9: rdac(0x10, 15, 0, 15), 0xc0: clariion(0)}},
	"in service": {"pages": {0xc9: rdac(0x11, 3, 7), 0xc0: clariion(2, 0)}},
}
ANY = None
# What checkerd finds; a state that has no word here is up.
BROKEN = {"offline": "down", "standby": "ghost", "transitioning": "pending", "unavailable": "down",
          "to be started": "down", "becoming ready": "down", "offline port": "down",
          "no unit": "disconnected"}
MISFIT = {name: "does not suit" for name in STATES} | {"offline": "down", "no unit": "disconnected"}
FOUND = {
	"tur": BROKEN,
	"cciss_tur": BROKEN,
	"hp_sw": BROKEN | {"to be started": "ghost"},
	"readsector0": BROKEN | {"not ready reads": "down"},
	"tur+directio": BROKEN | {"not ready reads": "down"},
	# The port answers; the unit behind it is asked now and then: either is right.
	"alua": BROKEN | dict.fromkeys(("to be started", "becoming ready"), ANY),
	"rdac": MISFIT | {"owner": "up", "not owner": "ghost", "both change": "pending",
	                  "in service": "down"},
	"emc_clariion": MISFIT | {"owner": "up", "not owner": "ghost", "both change": "down",
	                          "in service": "down"},
	# The kernel repeats a read, and its error names no state of a port.
	"directio": BROKEN | dict.fromkeys(("standby", "transitioning", "unit attention", "aborted command",
	                                    "task aborted", "not ready reads"), "down"),
}

# multipathd's words for the same. Unlike 0.15, its version 0.9.4 has no word for a unit that is gone.
SAME = {"up": "ready", "down": "faulty", "ghost": "ghost", "pending": "i/o pending",
        "disconnected": "faulty", "does not suit": "undef"}
ANSWERED = ("reserved", "unit attention", "hardware error", "aborted command", "task aborted",
            "recovered error")
# Where multipathd finds another state: its word, and the reason. The reasons are those of docs/VERDICTS.md.
DIFFERENT = {
	("tur", "transitioning"): ("faulty", "0.9.4 knows no port that changes; 0.15 has it pending"),
	**{("tur", name): ("faulty", "device errors are up") for name in ANSWERED[1:]},
	**{("cciss_tur", name): ("faulty", "it calls a driver that Linux does not have") for name in STATES},
	**{("hp_sw", name): ("ghost", "it calls what fails after an INQUIRY ghost") for name in (
		*BROKEN, *ANSWERED) if name != "offline"},
	("hp_sw", "attention in turn"): (ANY, "it does not repeat the command"),
	**{("readsector0", name): ("faulty", "it fails a path for every error") for name in (
		"standby", "transitioning", "medium error", *ANSWERED)},
	("rdac", "both change"): ("ghost", "it names the owner of before"),
	("emc_clariion", "not owner"): ("ready", "it calls the passive side up"),
	**{("directio", name): ("faulty", "device errors are up") for name in (
		"reserved", "medium error", "hardware error")},
}
# checkerd's reasons for what it did not judge.
NOT_JUDGED = {"does not suit": "does not suit", "changes its access state": "pending"}
DAEMON = """discovery static
path_checker {}
polling_interval 1
max_polling_interval 1
checker_timeout 3
read_every 1
"""
MULTIPATHD = """defaults {{
	find_multipaths no
	detect_checker no
	path_checker {}
	polling_interval 1
	max_polling_interval 1
	checker_timeout 3
	no_path_retry queue
}}
blacklist {{
	devnode "^vd"
}}
"""
# Its udev properties are what multipathd wants of a disk; to find them by programs takes long in here.
RULE = ('SUBSYSTEM=="block", KERNEL=="sd*", ENV{ID_SERIAL}="3600140500c4ec4e4d000000000000001", '
        'ENV{ID_WWN}="0x600140500c4ec4e4"\n')

# So that no disk has a node of the sg driver.
NODES = "cd /sys/class/scsi_generic && for n in *; do echo /dev/$n; done | xargs rm"
UNLOAD = "echo install sg /bin/false >/etc/modprobe.d/sg.conf; modprobe -r sg"


def theirs():
	"""The state of each disk by name, as multipathd says it."""
	said = run('multipathd show paths raw format "%d|%T"', ok=False)
	return {w[0]: w[1].strip() for w in (line.split("|") for line in said.splitlines()) if len(w) == 2}


def ours():
	"""The same of checkerd."""
	found = {}
	for name, p in paths().items():
		found[name] = p["state"]
		if p["overdue"]:  # the state is that of the checker before
			found[name] = next((w for text, w in NOT_JUDGED.items() if text in p["reason"]), p["reason"])
	return found


def configure(checker):
	config(DAEMON.format(checker), static_paths([f"/dev/{d}" for d in array.disks.values()]))
	write("/etc/multipath.conf", MULTIPATHD.format(checker))


def differing(checker, beside=THEIRS):
	"""What is not as it should be: a line a unit. beside: checkers that multipathd runs, too."""
	found, other, wrong = ours(), theirs() if checker in beside else {}, []
	for name, disk in array.disks.items():
		want = FOUND[checker].get(name, "up")
		if want not in (ANY, found[disk]):
			wrong.append(f"{checker}: {name}: checkerd: {found[disk]}, not {want}")
		want, _ = DIFFERENT.get((checker, name), (SAME.get(want), None))
		if checker in beside and want not in (ANY, other.get(disk)):
			wrong.append(f"{checker}: {name}: multipathd: {other.get(disk)}, not {want}")
	return wrong


def wait_for_verdicts(checker, beside=THEIRS):
	deadline = time.monotonic() + LIMIT
	rounds([array.disks["ready"]], 2)
	while wrong := differing(checker, beside):
		check(time.monotonic() < deadline, f"{checker}: the verdicts", *wrong)
		time.sleep(0.5)


def compare(checker):
	"""Both run this checker, until all is as it should be."""
	configure(checker)
	run("checkerctl reload")
	if checker in THEIRS:
		run("multipathd reconfigure")
	wait_for_verdicts(checker)
	now, other = paths(), theirs()
	for name, disk in array.disks.items():
		say(f"{checker}: {name}: {FOUND[checker].get(name, 'up')} / "
		    f"{other[disk] if checker in THEIRS else '-'}: {now[disk]['reason'] or ''}")


def script():
	for name, answers in STATES.items():
		array.units[name].script(**answers)
	scsi_state(array.disks["offline"], "offline")


def no_read_hangs():
	"""A process whose read hangs does not end, and the sg driver stays in use until it does."""
	for unit in array.units.values():
		unit.script()
	disks = set(array.disks.values()) - {array.disks["offline"]}
	wait_for("no read hangs", lambda: {p["state"] for n, p in paths().items() if n in disks} == {"up"}, LIMIT)


def without_nodes(how):
	"""Rescuers send the commands, by SG_IO, and find the same."""
	run("systemctl stop checkerd")
	run(how)
	script()
	for checker in ("alua", "tur"):
		configure(checker)
		run("systemctl restart checkerd")
		wait_for_verdicts(checker, ())
		# The offline disk is not opened. Before its first check a path has the predecessor's engine.
		wait_for("rescuers send the commands",
		         lambda: {p["engine"] for p in paths().values()} - {"none"} == {"sync"}, LIMIT)


for rule in ("55-scsi-sg3_id", "60-persistent-storage", "60-persistent-storage-dm"):
	os.symlink("/dev/null", f"/etc/udev/rules.d/{rule}.rules")
without_multipath_tools()
write("/etc/udev/rules.d/70-array.rules", RULE)
run("udevadm control --reload")
run("modprobe -a dm-multipath dm-service-time sg sd_mod")
array = Array(STATES)
settle()
configure(OURS[0])
run("systemctl start multipathd")
start()
wait_for("both have every path up", lambda: set(ours().values()) == {"up"} and list(
	theirs().values()) == ["ready"] * len(STATES), LIMIT)
script()
for checker in OURS:
	compare(checker)

no_read_hangs()
run("systemctl stop multipathd.socket multipathd")
say("no nodes of the sg driver")
without_nodes(NODES)
say("no sg driver")
without_nodes(UNLOAD)
check(not os.path.exists("/sys/class/scsi_generic"), "there is no sg driver")
figure("without nodes of sg, or without sg: tur and alua find the same")

by_reason = {}
for (checker, name), (word, reason) in DIFFERENT.items():
	want = FOUND[checker].get(name, "up")
	if word not in (ANY, SAME[want]):
		by_reason.setdefault((checker, f"{want} / {word}", reason), []).append(name)
for (checker, words, reason), names in by_reason.items():
	figure(f"{checker}: {words}: {reason}: {', '.join(names)}")
total = len(THEIRS) * len(STATES)
figure(f"{total - sum(map(len, by_reason.values()))} of {total} verdicts are multipathd's")
