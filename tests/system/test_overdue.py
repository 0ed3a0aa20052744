# SPDX-License-Identifier: LGPL-2.1-or-later
"""Overdue paths: those that get no check, and those that need none."""
import os
import shutil
import signal

from harness import MARGIN, check, config, test, wait_until

INTERVAL_S, TIMEOUT_S = 1, 1
NOTICED_S = INTERVAL_S + TIMEOUT_S + 1 + 2  # overdue, and the walk that finds it


def files(case, n):
	names = [os.path.join(case.folder, f"file{i}") for i in range(n)]
	for name in names:
		with open(name, "wb") as f:
			f.truncate(1 << 16)
	return names


def start(case, names, up, **more):
	text = config([(name, None, "demo") for name in names], polling_interval=INTERVAL_S,
	              checker_timeout=TIMEOUT_S, **more.pop("defaults", {}))
	return case.daemon(text, **more).start().wait_ready(up=up)


def overdue(daemon):
	return [p for p in daemon.paths().values() if p["overdue"]]


def count_in_log(daemon, words):
	return sum(words in line for line in daemon.log_text().splitlines())


@test([10], root=False)
def without_a_prober_paths_are_overdue(case):
	prober = os.path.join(case.folder, "prober")
	shutil.copy(case.programs["pathcheck-prober"], prober)
	names = files(case, 4)
	daemon = start(case, names, 4, env={"PATHCHECK_PROBER": prober})
	check("OK" in daemon.ctl("health").out, "not well at first")
	os.chmod(prober, 0o600)  # neither its name nor a descriptor of it can be executed
	os.kill(daemon.prober_pid(), signal.SIGKILL)
	wait_until("health notices", lambda: daemon.ctl("health", expect=None).code == 3, NOTICED_S)
	wait_until("all are overdue", lambda: len(overdue(daemon)) == 4, NOTICED_S)
	for path in daemon.paths().values():
		check(path["state"] == "up", "a false down", path)
		check("no prober is running" in path["reason"] and path["overdue_since"],
		      "the reason", path)
	status = daemon.status()
	check(status["overdue"]["paths"] == 4 and "no prober" in status["overdue"]["message"] and
	      status["overdue"]["message"] in status["warnings"], "the status", status)
	check("overdue" in daemon.ctl("show", "status").out, "show status does not say it")
	wait_until("the log says it", lambda: count_in_log(daemon, "paths are overdue") == 1,
	           NOTICED_S)
	check('checkerd_path_overdue{' in daemon.ctl("metrics").out and
	      '} 1\n' in daemon.ctl("metrics").out, "the metrics")
	check("0 of" not in daemon.ctl("health", expect=3).out, "health", )
	os.chmod(prober, 0o755)
	wait_until("all are looked at again", lambda: not overdue(daemon), 20)
	wait_until("the log says that, too",
	           lambda: count_in_log(daemon, "no path is overdue any more") == 1, NOTICED_S)
	check(count_in_log(daemon, "paths are overdue") == 1, "more than one line")
	daemon.ctl("health")
	check(daemon.status()["prober"]["restarts_total"] >= 1, "it was not replaced")


@test([12])
def too_few_descriptors_are_named(case):
	names = files(case, 100)
	limit = 64
	text = config([(name, None, "demo") for name in names], polling_interval=INTERVAL_S,
	              checker_timeout=TIMEOUT_S, keep_open="yes")
	daemon = case.daemon(text, prefix=["setpriv", "--bounding-set", "-sys_resource",
	                                   "--inh-caps", "-sys_resource", "prlimit",
	                                   f"--nofile={limit}:{limit}"]).start().wait_serving()
	wait_until("some are up", lambda: daemon.count("up") > 10, 10)
	wait_until("the others are overdue", lambda: len(overdue(daemon)) > 10 and all(
		p["state"] == "up" or p["overdue"] for p in daemon.paths().values()), NOTICED_S + 5)
	waiting = overdue(daemon)
	case.figure(f"{len(waiting)} of 100 are overdue with {limit} descriptors")
	check(all(p["state"] in ("pending", "up") for p in waiting), "a false down", waiting[:3])
	check(any("EMFILE" in p["reason"] for p in waiting), "the limit is not named", waiting[:3])
	check("EMFILE" in daemon.status()["overdue"]["message"], "nor in the status",
	      daemon.status()["overdue"])
	daemon.wait_log("LimitNOFILE=")
	check(count_in_log(daemon, "LimitNOFILE=") == 1, "no remedy, or too often",
	      daemon.log_text()[-2000:])
	daemon.ctl("health", expect=3)


@test([10])
def hung_opens_leave_no_path_unnoticed(case):
	"""14 opens hang. A new path whose open has to wait for them becomes overdue, and does not
	stay pending."""
	hung, new = range(2000, 2014), files(case, 2)
	for n in hung:
		case.disk.tell("hang-open", n)
	daemon = case.daemon(config([case.disk.path(n) for n in hung],
	                            polling_interval=INTERVAL_S, checker_timeout=TIMEOUT_S)
	                     ).start().wait_serving()
	wait_until("opens hang", lambda: case.disk.held() >= 4, 10)
	daemon.reload(config([case.disk.path(n) for n in hung] + new,
	                     polling_interval=INTERVAL_S, checker_timeout=TIMEOUT_S))

	def seen():
		paths = daemon.paths().values()
		return len(paths) == 16 and all(
			p["overdue"] or p["state"] not in ("pending", "unchecked") for p in paths)
	wait_until("each is known or overdue", seen, NOTICED_S + 5)
	for name in new:
		path = daemon.path(name)
		check(path["state"] == "up" or path["overdue"], "neither up nor overdue", path)
	case.figure(f"overdue: {len(overdue(daemon))} of 16")
	case.disk.tell("release", "all")
	case.disk.tell("heal", "all")
	daemon.wait_count("up", 16, 30)
	wait_until("no path is overdue", lambda: not overdue(daemon), 10)


@test([12], root=False)
def a_disabled_path_counts_for_nothing(case):
	names = files(case, 2)
	daemon = start(case, names, 2)

	def demo():
		return daemon.json("show", "maps", "demo")["maps"][0]
	daemon.ctl("disable", names[0])
	path = daemon.path(names[0])
	check(path["state"] == "disabled" and path["disabled_until"] is None and
	      not path["enabled"], "the path", path)
	check(demo()["redundancy"] == "last" and demo()["paths_up"] == 1 and
	      demo()["paths_disabled"] == 1, "the map", demo())
	check("1 disabled" in daemon.ctl("health", expect=1).out, "health does not say so")
	refused = daemon.ctl("disable", names[1], "--for", "1h", expect=1)
	check("the last usable path of map demo (file1)" in refused.err, "not said why", refused.err)
	check(daemon.path(names[1])["enabled"], "a refused path is disabled")
	daemon.ctl("disable", names[1], "--for", "1h", "--force")
	check(daemon.path(names[1])["disabled_until"], "until when?", daemon.path(names[1]))
	check(demo()["redundancy"] == "none" and demo()["paths_up"] == 0, "the map", demo())
	check("2 disabled" in daemon.ctl("health", expect=2).out, "health does not say so")
	check(daemon.status()["paths"]["disabled"] == 2, "the status")
	check('state="disabled"' in daemon.ctl("metrics").out, "the metrics")
	daemon.ctl("enable", *names)
	daemon.wait_count("up", 2)
	check(demo()["redundancy"] == "full", "the map", demo())
	daemon.ctl("health")


@test([2])
def a_device_error_fails_no_path(case):
	"""A file of faultydisk returns each errno unchanged; a loop device maps some."""
	errors = ("ENODATA", "EILSEQ", "ENOSPC", "EBADE", "EREMOTEIO", "EOPNOTSUPP")
	names = [case.disk.path(n) for n in range(2020, 2020 + len(errors))]
	loops = case.loops(range(len(errors)))
	daemon = case.daemon(config(names + loops)).start().wait_ready(up=2 * len(errors))
	for i, error in enumerate(errors):
		case.disk.tell("fail", 2020 + i, error)
		case.disk.tell("fail", i, error)

	def reported(name, error):
		path = daemon.path(name)
		return error in (path["reason"] or "") and path
	for name, error in zip(names, errors):
		path = wait_until(f"{error} is reported", lambda n=name, e=error: reported(n, e), 10)
		check(path["state"] == "up" and "the device answered" in path["reason"],
		      "a device error fails a path", path)
		wait_until("it is counted", lambda n=name: daemon.path(n)["device_errors_total"] >= 3,
		           10 * MARGIN)
		said = [e for e in daemon.events() if e["path"] == os.path.basename(name) and
		        error in (e["reason"] or "")]
		check(len(said) == 1, f"{error} is said {len(said)} times", said)
	arrived = {e: daemon.path(d)["reason"] for e, d in zip(errors, loops)}
	case.figure("of a loop device arrives: " + "; ".join(
		f"{e}: {text}" for e, text in arrived.items()))
	for error, name in zip(errors, loops):
		path = daemon.path(name)
		check((path["state"] == "up") == ("the device answered" in (path["reason"] or "")),
		      f"{error} of a loop device", path)
	case.disk.tell("heal", "all")
	daemon.wait_count("up", 2 * len(errors))
	wait_until("the reasons are gone",
	           lambda: all(p["reason"] is None for p in daemon.paths().values()), 10)
