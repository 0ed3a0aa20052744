# SPDX-License-Identifier: LGPL-2.1-or-later
"""Broken configurations, and -T; reloads that must change nothing."""
import glob
import os
import re
import signal
import subprocess

from harness import Skip, check, config, same_state, test, wait_until

BAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "unit", "config", "config-bad")
POSITION = r"^(?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+): error: (?P<what>.+)$"


def checkerd(case, *args):
	return subprocess.run([case.programs["checkerd"], *args], stdin=subprocess.DEVNULL,
	                      capture_output=True, text=True, timeout=30, check=False,
	                      env=case.environment())


@test([8], root=False)
def fifty_broken_configurations(case):
	files = sorted(f for f in glob.glob(os.path.join(BAD, "*.conf")) if os.path.isfile(f))
	if not files:
		raise Skip("there are no broken configurations")
	check(len(files) >= 50, f"only {len(files)} broken configurations")
	for source in files:
		name = os.path.join(case.folder, os.path.basename(source))
		with open(source, "rb") as f, open(name, "wb") as g:
			data = f.read()
			g.write(data)
		os.chmod(name, 0o644)
		done = checkerd(case, "-t", "-c", name)
		check(done.returncode == 1, f"{source}: exit status {done.returncode}", done.stderr)
		found = list(re.finditer(POSITION, done.stderr, re.M))
		check(found, f"{source}: no position", done.stderr)
		# Each file lists all its errors: "# expect: LINE:COLUMN: part of the message".
		wanted = [line.split("# expect: ")[1] for line in
		          data.decode("utf-8", "replace").splitlines() if "# expect: " in line]
		check(wanted, f"{source}: announces nothing")
		printed = [f"{m['line']}:{m['column']}: {m['what']}" for m in found
		        if m["file"] == name]
		check(len(printed) == len(wanted), f"{source}: not the errors announced", done.stderr)
		for line, expected in zip(printed, wanted):
			at, part = expected.split(": ", 1)
			check(line.startswith(f"{at}: ") and part in line,
			      f"{source}: expected {expected}", done.stderr)
	case.figure(f"{len(files)} broken configurations")


@test([8], root=False)
def every_error_is_reported(case):
	name = os.path.join(case.folder, "three.conf")
	with open(name, "w", encoding="utf-8") as f:
		f.write("defaults {\n\tpolling_intervall 5\n\tchecker_timeout soon\n}\n"
		        "paths {\n\tpath {\n\t\tdevice relative\n\t}\n}\n")
	done = checkerd(case, "-t", "-c", name)
	lines = sorted({int(m["line"]) for m in re.finditer(POSITION, done.stderr, re.M)})
	check(done.returncode == 1 and lines == [2, 3, 7], "not each of the three errors",
	      done.stderr)
	check("polling_interval" in done.stderr.splitlines()[0].replace("polling_intervall", "", 1),
	      "no suggestion for a mistyped keyword", done.stderr)


@test([8], root=False)
def effective_configuration_reads_back(case):
	rich = config([("/dev/loop0", "left", "demo"), ("/dev/loop1", "right", "demo")],
	              extra='blacklist {\n\tdevnode "^sd[a-z]"\n\twwid 36001405\n}\n'
	              'blacklist_exceptions {\n\tdevnode "^loop"\n}\n'
	              'multipaths {\n\tmultipath {\n\t\twwid 36001405\n\t\talias big\n\t}\n}\n',
	              polling_interval="1500ms", checker_timeout="2.5", fail_checks=3)
	for i, text in enumerate((rich, "")):
		names = [os.path.join(case.folder, f"{i}-{k}.conf") for k in range(3)]
		for k, name in enumerate(names):
			with open(name, "w", encoding="utf-8") as f:
				f.write(text)
			os.chmod(name, 0o644)
			done = checkerd(case, "-T", "-c", name)
			check(done.returncode == 0 and done.stdout, "-T fails", done.stderr)
			if k:
				check(done.stdout == text, "-T of -T's output is not the same", done.stdout)
			text = done.stdout
			check(checkerd(case, "-t", "-c", name).returncode == 0, "-t refuses it")
	bound = checkerd(case, "--print-bound", "-c", names[0])
	check(bound.returncode == 0 and bound.stdout, "--print-bound fails", bound.stderr)


@test([8], root=False)
def bad_reload_changes_nothing(case):
	files = [os.path.join(case.folder, f"file{i}") for i in range(4)]
	for name in files:
		with open(name, "wb") as f:
			f.truncate(1 << 16)
	good = config(files)
	daemon = case.daemon(good).start().wait_ready(up=4)
	before = daemon.paths()
	broken = config(files[:2]).replace("fail_checks", "fail_chekcs")
	daemon.configure(broken)
	refused = daemon.ctl("reload", expect=1)
	check(re.search(r"checkerd\.conf:\d+:\d+: error: ", refused.err + refused.out),
	      "reload does not say where", refused.out, refused.err)
	size = len(daemon.log_text())
	daemon.signal(signal.SIGHUP)
	wait_until("the log says so", lambda: "fail_chekcs" in daemon.log_text()[size:], 5)
	after = daemon.paths()
	check(sorted(after) == sorted(before), "the paths changed")
	for d, p in after.items():
		check(same_state(before[d], p) and
		      p["checks_total"] >= before[d]["checks_total"], "a path was restarted", p)
	first = {d: p["checks_total"] for d, p in after.items()}
	wait_until("checks go on", lambda: all(
		p["checks_total"] > first[d] for d, p in daemon.paths().items()), 10)
	daemon.configure(config(files[:2]))
	daemon.signal(signal.SIGHUP)
	wait_until("a good one is taken", lambda: len(daemon.paths()) == 2, 5)


@test([8], root=False)
def reload_names_keywords_that_need_a_restart(case):
	name = os.path.join(case.folder, "file")
	with open(name, "wb") as f:
		f.truncate(1 << 16)
	daemon = case.daemon(config([name])).start().wait_ready(up=1)
	changed = {"max_paths": 100, "max_in_flight": 100, "max_in_flight_host": 7,
	           "rescuer_threads": 9, "realtime_priority": 3, "aio_setup_timeout": 5,
	           "socket_group": "disk", "max_clients": 40}
	said = daemon.reload(config([name], **changed))
	check("0 changed" in said.out, "no summary", said.out)
	for keyword in changed:
		check(re.search(rf"^warning: {keyword}: still .*systemctl restart checkerd$",
		                said.out, re.M), f"reload does not name {keyword}", said.out)
	# A reload that changes none of these keywords prints no warning about them.
	said = daemon.reload(config([name]))
	check("restart" not in said.out, "a restart is said to be needed", said.out)


@test([8])
def two_names_of_one_device_are_one_path(case):
	device, = case.loops(range(1))
	link = f"/dev/checkerd-test-{os.getpid()}"
	daemon = case.daemon(config([(device, None, "m")])).start().wait_ready(up=1)
	os.symlink(device, link)
	try:
		said = daemon.reload(config([(device, None, "m"), (link, "twin", "m")]))
		check(re.search(r"^warning: \S+ and \S+ lead to one device, ", said.out, re.M),
		      "reload does not say that both are one", said.out)
		shown, = daemon.json("show", "maps")["maps"]
		check((shown["paths_total"], len(shown["paths"])) == (1, 1),
		      "they count as two", shown)
	finally:
		os.unlink(link)


@test([8], root=False)
def the_checker_that_runs_is_shown(case):
	name = os.path.join(case.folder, "file")
	with open(name, "wb") as f:
		f.truncate(1 << 16)
	daemon = case.daemon(config([name], path_checker="tur")).start().wait_ready(up=1)
	shown = daemon.paths()[name]
	check((shown["checker"], shown["checker_why"]) == ("directio", "no SCSI device"), "JSON",
	      shown)
	shown = daemon.ctl("show", "paths", "format", "%c", "--no-headings").out
	check(shown.strip() == "directio", "%c", shown)
	daemon.reload(config([name]))
	wait_until("the default is shown", lambda: daemon.paths()[name]["checker_why"] == "default", 5)
	daemon.reload(config([name], path_checker="none"))
	wait_until("none is shown", lambda: daemon.paths()[name]["checker"] == "none", 5)
