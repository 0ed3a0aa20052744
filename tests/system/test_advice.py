# SPDX-License-Identifier: LGPL-2.1-or-later
"""doctor and explain: what they say of this host, of watched devices, and of excluded ones."""
import os

from harness import check, config, test, wait_until


def files_in(case, *names):
	found = [os.path.join(case.folder, name) for name in names]
	for name in found:
		with open(name, "wb") as f:
			f.truncate(1 << 16)
		os.chmod(name, 0o644)
	return found


def setting(explanation, keyword):
	return next(s for s in explanation["settings"] if s["keyword"] == keyword)


def line_of(daemon, text):
	with open(daemon.config, encoding="utf-8") as f:
		return next(n for n, line in enumerate(f, 1) if text in line)


@test([], root=False)
def explain_says_why_and_how(case):
	"""A static path: its rule, its settings with their places, its state, what happens next."""
	left, right = files_in(case, "left", "right")
	text = config([(left, "a", "demo"), right]) + "overrides {\n\tfail_checks 2\n}\n"
	daemon = case.daemon(text).start().wait_ready(up=2)
	e = daemon.json("explain", "left")
	check(e["watched"] and e["rule"]["section"] == "paths", "not watched", e)
	check(e["rule"]["file"] == daemon.config and e["rule"]["line"] == line_of(daemon, left),
	      "the place of its rule", e["rule"])
	s = setting(e, "fail_checks")
	check((s["value"], s["section"], s["file"], s["line"]) ==
	      ("2", "overrides", daemon.config, line_of(daemon, "fail_checks 2")), "fail_checks", s)
	check(setting(e, "polling_interval")["section"] == "defaults", "polling_interval", e)
	check(setting(e, "recover_checks")["section"] is None, "recover_checks", e)
	check(e["path"]["state"] == "up" and any("checked again" in n for n in e["next"]),
	      "its state", e)
	for name in ("a", left):
		check(daemon.json("explain", name)["device"] == "left", f"not found as {name}")
	link = os.path.join(case.folder, "link")
	os.symlink(left, link)
	check(daemon.json("explain", link)["device"] == "left", "not found by its link")
	daemon.ctl("disable", "left", "--for", "1h", "--force")
	e = daemon.json("explain", "left")
	check("start again in" in e["next"][0], "disabled", e)
	daemon.ctl("enable", "left")
	os.truncate(left, 0)
	daemon.wait_state(left, "down")
	e = daemon.json("explain", "left")
	check(e["path"]["reason"] and any("comes up after" in n for n in e["next"]), "down", e)
	out = daemon.ctl("explain", "left").out
	check("built in: path_checker" in out and f"overrides at {daemon.config}:" in out, "text", out)
	# A path that is gone, and what is no path.
	daemon.reload(config([right]))
	daemon.ctl("explain", "left", expect=5)
	daemon.ctl("explain", "nonsense", expect=5)
	daemon.ctl("explain", expect=2)
	wait_until("the reload is over", lambda: left not in daemon.paths(), 10)
	e = daemon.json("explain", "right")
	check(setting(e, "fail_checks")["section"] == "defaults", "the new configuration", e)


@test([])
def explain_knows_what_is_excluded(case):
	"""Devices that udev lists: one that an exception includes, one that a rule excludes."""
	one, two, three = (os.path.basename(n) for n in case.loops(0, 1, 2))
	daemon = case.daemon("defaults {\n\tpolling_interval 1\n}\n"
	                     "blacklist {\n"
	                     f"\tdevnode \"^{two}$\"\n"
	                     "}\n"
	                     "blacklist_exceptions {\n"
	                     f"\tdevnode \"^({one}|{two})$\"\n"
	                     "}\n").start().wait_serving()
	wait_until("the first is watched", lambda: f"/dev/{one}" in daemon.paths(), 10)
	e = daemon.json("explain", f"/dev/{one}")
	check(e["watched"] and e["exception"]["line"] == line_of(daemon, f"({one}|"), "an exception", e)
	e = daemon.json("explain", two)
	check(e["watched"] and e["rule"]["line"] == line_of(daemon, f"^{two}$"), "both rules", e)
	e = daemon.json("explain", three)
	check(not e["watched"] and "blacklist_exceptions" in e["why"] and e["path"] is None,
	      "excluded", e)
	number = f"{os.major(os.stat('/dev/' + three).st_rdev)}:{os.minor(os.stat('/dev/' + three).st_rdev)}"
	check(daemon.json("explain", number)["device"] == three, "not found by its number")
	daemon.configure("blacklist {\n\tdevnode loop\n}\n")
	daemon.reload()
	e = daemon.json("explain", one)
	check(not e["watched"], "the new rules", e)


@test([], root=False)
def doctor_names_what_is_wrong(case):
	"""Findings with their words, their exit status, and the same without a daemon."""
	left, right = files_in(case, "left", "right")
	daemon = case.daemon(config([(left, "a", "demo"), (right, "b", "demo")]))
	found = daemon.ctl("--json", "doctor", expect=2).json()["findings"]
	check([f["id"] for f in found if f["severity"] == "error"] == ["daemon-not-running"],
	      "without a daemon", found)
	daemon.start().wait_ready(up=2)
	result = daemon.ctl("--json", "doctor", expect=None)
	found = {f["id"]: f for f in result.json()["findings"]}
	check("daemon-not-running" not in found and "no-prober" not in found, "well", found)
	severities = {f["severity"] for f in found.values()}
	check(result.code == (2 if "error" in severities else 1 if "warning" in severities else 0),
	      f"exit status {result.code}", found)
	lines = daemon.ctl("doctor", expect=None).out.splitlines()
	check(len(lines) == max(len(found), 1) and all("Remedy: " in n for n in lines if found),
	      "one line each", lines)
	# What show status warns of has a finding.
	for text in daemon.status()["warnings"]:
		check(any(f["text"] in text or text in f["text"] for f in found.values()),
		      f"no finding for {text}", found)
	os.kill(daemon.prober_pid(), 19)  # SIGSTOP: the daemon replaces it
	daemon.reload(config([]))
	wait_until("no path", lambda: daemon.status()["paths"]["total"] == 0, 10)
	found = daemon.ctl("--json", "doctor", expect=None).json()["findings"]
	check("no-paths" in [f["id"] for f in found], "no path is checked", found)
