# SPDX-License-Identifier: LGPL-2.1-or-later
"""As a service of systemd: hardened, ready, reloaded, activated by its socket, watched over."""
# timeout: 240
import ctypes
import re

from hangs import pid
from vm import *

CONFIG = "polling_interval 1\nmax_polling_interval 1\nchecker_timeout 3\n"
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4


def prober():
	return ctl("show", "status")["prober"]


def status_field(process, field):
	return re.search(rf"^{field}:\s*(\S+)", read(f"/proc/{process}/status"), re.M).group(1)


def stop_thread(process, name):
	"""Stops one thread, and not the others of its process."""
	for task in glob.glob(f"/proc/{process}/task/*"):
		if read(f"{task}/comm") == name:
			tid = int(os.path.basename(task))
			check(libc.ptrace(PTRACE_SEIZE, tid, 0, 0) == 0, f"seized {name}")
			check(libc.ptrace(PTRACE_INTERRUPT, tid, 0, 0) == 0, f"stopped {name}")
			return
	check(False, f"there is no thread {name}")


def states():
	return {n: (p["state"], p["transitions_total"]) for n, p in paths().items()}


disks = scsi_debug(max_luns=4)
# The watchdog's own time is half a minute; a test has less.
os.makedirs("/run/systemd/system/checkerd.service.d")
write("/run/systemd/system/checkerd.service.d/test.conf", "[Service]\nWatchdogSec=6\n")
run("systemctl daemon-reload")
config(CONFIG)
start()

say("hardened, and with what it needs")
security = run("systemd-analyze security --no-pager checkerd", ok=False)
score = float(re.search(r"exposure level for checkerd.service: ([\d.]+)", security).group(1))
check(score <= 2.7, f"exposure {score} is at most 2.7", security)
status = ctl("show", "status")
check(status["warnings"] == [], "nothing is missing", status)
check(status["ready"] and status["paths"]["up"] >= len(disks), "its paths are up", status)
for process in (pid(), prober()["pid"]):
	check(int(status_field(process, "VmLck")) > 1000, f"process {process} is locked in memory")
	check(status_field(process, "NoNewPrivs") == "1", "it cannot get more than it has")
	check(status_field(process, "Seccomp") == "2", "its system calls are filtered")
kept = int(status_field(prober()["pid"], "CapEff"), 16)
# DAC_OVERRIDE, DAC_READ_SEARCH, SYS_RAWIO at most: what opening devices may take.
check(kept & ~(1 << 1 | 1 << 2 | 1 << 17) == 0, f"the prober keeps few capabilities: {kept:x}")
figure(f"systemd-analyze security: {score}; capabilities of the prober: {kept:#x}")

say("its journal")
run("journalctl --update-catalog")  # what a package does when it is installed
scsi_state(disks[0], "offline")
wait_for("down", lambda: state_is(disks[0], "down"))
scsi_state(disks[0], "running")
wait_for("up", lambda: state_is(disks[0], "up"))
run("journalctl --sync")
entries = [json.loads(l) for l in
           run("journalctl -b -u checkerd -o json --no-pager").splitlines()]
down = [e for e in entries
        if e.get("CHECKERD_PATH") == disks[0] and e.get("CHECKERD_STATE") == "down"]
check(len(down) == 1 and "offline" in down[0]["CHECKERD_REASON"], "one entry, with its fields", down)
check("checkerctl" in run(f"journalctl -x --no-pager -u checkerd MESSAGE_ID={down[0]['MESSAGE_ID']}"),
      "the catalog says what to do")
said = run("journalctl --no-pager CHECKERD_TYPE=path_state CHECKERD_STATE=down")
check(disks[0] in said, "its fields find it", said)
numbers = {e["MESSAGE_ID"] for e in entries if "CHECKERD_TYPE" in e}
said = run("journalctl -x -b --no-pager -u checkerd " + " ".join(f"MESSAGE_ID={n}" for n in numbers))
check(said.count("Defined-By: checkerd") == len(re.findall(r" checkerd\[\d+\]: ", said)) >= 3,
      "every line is explained", said)
# What this host has no event of.
run("logger --journald", stdin="MESSAGE=map mpatha: full -> last\n"
    "MESSAGE_ID=ba3fca5b151e4b65a2801a18450ccf13\nCHECKERD_MAP=mpatha\nCHECKERD_STATE=last\n")
run("journalctl --sync")
said = run("journalctl -x CHECKERD_MAP=mpatha --no-pager")
check("checkerctl show topology mpatha" in said and "is about that: last" in said,
      "and one about a map", said)

say("reload: a good one, and one that is refused")
main = pid()
before = states()
config(CONFIG.replace("interval 1", "interval 2"))
run("systemctl reload checkerd")
check({path(d)["interval_s"] for d in disks} == {2}, "the new interval is in force", paths())
config("polling_interval soon")
check(status_of("systemctl reload checkerd") != 0, "systemctl says that it was refused")
check(pid() == main and {path(d)["interval_s"] for d in disks} == {2}, "the old one stays in force")
check(states() == before, "no path noticed", before, states())
config(CONFIG)
run("systemctl reload checkerd")

say("a prober that stands still, wholly or in its reaper, is replaced; no state changes")


def checked_again(before):
	since = {n: p["checks_total"] for n, p in paths().items()}
	wait_for("every path is checked again", lambda: all(
		p["checks_total"] > since[n] + 1 for n, p in paths().items()))
	check(states() == before and pid() == main, "no state changed", before, states())


for what, stand_still in (("all of it", lambda: os.kill(prober()["pid"], 19)),
                          ("its reaper", lambda: stop_thread(prober()["pid"], "pc-reaper"))):
	before, old, begin = states(), prober()["pid"], time.monotonic()
	stand_still()
	wait_for("another prober", lambda: prober()["pid"] not in (0, old), 30)
	figure(f"prober that stood still ({what}): replaced after {time.monotonic() - begin:.1f} s")
	checked_again(before)

say("an offline disk that a new prober has to open is down, not removed")
old = prober()["pid"]
scsi_state(disks[0], "offline")
wait_for("down", lambda: state_is(disks[0], "down"))
os.kill(old, 9)
wait_for("another prober", lambda: prober()["pid"] not in (0, old), 30)
wait_for("it cannot open the disk", lambda: path(disks[0])["reason"].startswith("open: "))
check(state_is(disks[0], "down"), "down", path(disks[0]))
scsi_state(disks[0], "running")
wait_for("up", lambda: state_is(disks[0], "up"))

say("a prober whose submitter is stuck continues with another submitter")
before, old = states(), prober()["pid"]
stop_thread(old, "pc-submitter")
checked_again(before)

say("the daemon itself stands still: systemd restarts it")
begin = time.monotonic()
os.kill(main, 19)
wait_for("another daemon", lambda: pid() not in (0, main), 40)
wait_for("it serves", lambda: status_of("checkerctl --timeout 2 ping >/dev/null 2>&1") == 0)
figure(f"daemon that stood still: replaced and serving after {time.monotonic() - begin:.1f} s "
       "(WatchdogSec=6)")
wait_for("its paths are up", lambda: all(state_is(d, "up") for d in disks))

say("the journal stands still: nothing waits for it")
journald = int(run("systemctl show -P MainPID systemd-journald").strip())
os.kill(journald, 19)
since, begin = path(disks[1])["checks_total"], time.monotonic()
for _ in range(3):
	scsi_state(disks[0], "offline")
	wait_for("down", lambda: state_is(disks[0], "down"))
	scsi_state(disks[0], "running")
	wait_for("up", lambda: state_is(disks[0], "up"))
check(path(disks[1])["checks_total"] - since >= time.monotonic() - begin - 2, "checks go on")
os.kill(journald, 18)

say("its socket starts it, and is kept while it restarts")
run("systemctl stop checkerd")
run("systemctl start checkerd.socket")
check(run("systemctl is-active checkerd", ok=False).strip() == "inactive", "it is not running")
check(os.path.realpath("/run/varlink/registry/io.checkerd.Control") == "/run/checkerd/control",
      "it is in the registry of Varlink")
run("checkerctl --timeout 30 ping")
check(pid() != 0, "it was started")
wait_for("its paths are up", lambda: all(state_is(d, "up") for d in disks))
run("systemctl restart --no-block checkerd")
for _ in range(20):
	check(status_of("checkerctl --timeout 20 ping >/dev/null") == 0, "no client is turned away")

say("a restart and a kill -9 are no events: states, disabled paths and holds go on")
wait_for("it serves", lambda: status_of("checkerctl --timeout 2 ping >/dev/null 2>&1") == 0)
wait_for("its paths are up", lambda: all(state_is(d, "up") for d in disks))
scsi_state(disks[0], "offline")
wait_for("down", lambda: state_is(disks[0], "down"))
run(f"checkerctl disable {disks[1]} --for 1h")
run(f"checkerctl setmarginal {disks[2]}")
time.sleep(2)  # Changes are gathered before they are reported.
last = max(e["seq"] for e in ctl("show", "events")["events"])
before = states()
for what in ("restart", "kill -9"):
	old = pid()
	if what == "restart":
		run("systemctl restart checkerd")
	else:
		os.kill(old, 9)
	wait_for("another daemon", lambda: pid() not in (0, old))
	wait_for("it serves", lambda: status_of("checkerctl --timeout 2 ping >/dev/null 2>&1") == 0)
	wait_for("it is ready", lambda: ctl("show", "status")["ready"])
	time.sleep(2)
	check(states() == before, f"{what}: states and transitions go on", before, states())
	check(path(disks[1])["disabled_until"] is not None, f"{what}: still disabled", path(disks[1]))
	check(path(disks[2])["marginal"], f"{what}: still held", path(disks[2]))
	new = [e for e in ctl("show", "events", "--since", str(last))["events"]
	       if e["type"] in ("path_state", "hold", "cause")]
	check(not new, f"{what}: no event of a path", new)
check(os.stat("/run/checkerd/state").st_mode & 0o777 == 0o600, "the file is root's alone")
scsi_state(disks[0], "running")
wait_for("up", lambda: state_is(disks[0], "up"))
