# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command that README.md and the manuals show is run as it is shown, or says in this table
where it is run. A command that is shown and is not in the table fails the test."""
import os
import re
import subprocess

import shown
from harness import MARGIN, check, config, test

# Command: the exit status on a host whose paths are files, and a text of its output. The paths
# sda and sdb of the map left, and sdc of the map right, are files: they are in no map of
# device-mapper, and have no HBA, so some commands are refused here.
RUN = {
	"checkerctl show paths": (0, "sda"),
	"checkerctl show maps": (0, "left"),
	"checkerctl health": (0, "OK"),
	"checkerctl show paths --host host3": (0, "no path has these properties"),
	"checkerctl disable --host host3 --fail --for 4h": (5, "no path has"),
	"checkerctl enable --host host3": (5, "no path has"),
	"checkerctl check --host host3 --wait": (5, "no path has"),
	"checkerctl show paths -o NAME,MAP,STATE,FOR,REASON": (0, "NAME"),
	"checkerctl show paths --raw --no-headings -o NAME,STATE | "
	"awk '$2 != \"up\" { print $1 }'": (0, ""),
	'checkerctl show paths format --raw "%d %t %T"': (0, "sda undef ready"),
	"checkerctl show maps -o +KEPT_PATH,BARRED": (0, "KEPT_PATH"),
	"checkerctl show topology": (0, "left"),
	'checkerctl show maps format "%n %d %N"': (0, "left  undef 2"),
	'checkerctl show maps raw format "%n %w"': (0, "left \n"),
	'checkerctl show paths raw format "%d %s"': (0, "sda ##,##,##\n"),
	"checkerctl show wildcards": (0, "%w  uuid\n"),
	"checkerctl show devices": (0, "the section paths lists it"),
	"checkerctl show blacklist": (0, "built in"),
	"checkerctl show hardware": (0, "rdac"),
	"checkerctl show topology left": (0, "sdb"),
	"checkerctl show latency": (0, "P50"),
	"checkerctl show latency --raw --no-headings -o NAME,SLOWER | awk '$2 != \"-\"'": (0, ""),
	"checkerctl show groups": (0, "deferred"),
	"checkerctl show status": (0, "up"),
	"checkerctl show config > checkerd.conf.now": (0, ""),
	"checkerctl show memory": (0, "MiB"),
	"checkerctl show events": (0, "MESSAGE"),
	"checkerctl show events --map left": (0, ""),
	"checkerctl show history sda": (0, "now"),
	"checkerctl check sda --wait": (0, "sda"),
	"checkerctl disable sda --for 1h": (0, ""),
	"checkerctl enable sda": (0, ""),
	"checkerctl disable --map left --state down,timeout": (5, "no path has"),
	"checkerctl fail sda": (1, "dm_control"),
	"checkerctl reinstate sda": (1, "dm_control"),
	"checkerctl setmarginal sda": (0, ""),
	"checkerctl unsetmarginal sda": (0, ""),
	"checkerctl release && systemctl stop checkerd": (0, "stop checkerd"),
	"checkerd -t && checkerctl reload": (0, ""),
	"checkerctl log-level debug": (0, ""),
	"checkerctl --timeout 1 ping": (0, ""),
	"checkerctl metrics > checkerd.prom": (0, ""),
	"checkerctl health --map left": (0, "OK"),
	"checkerctl health -w 75% -c 2 --expect 2": (2, "CRITICAL: right has 1 of 1 paths up"),
	"checkerctl accept --map left": (1, "in no map of device-mapper"),
	"checkerctl explain sda": (0, "watched"),
	"checkerctl explain sdb": (0, "watched"),
	"checkerctl explain /dev/disk/by-id/wwn-0x600140512345678": (5, "no such device"),
	"checkerctl compare": (3, "multipathd"),
	"checkerctl compare --raw --no-headings -o NAME,RESULT,WHY | grep -v agree":
		(1, "multipathd"),
	"checkerctl import multipath.conf": (0, "\tpolling_interval 7\n"),
	"checkerd -t -m multipath.conf":
		(0, "multipath.conf:3:2: warning: unknown keyword 'checkertimeout'"),
	"checkerctl --timeout 30 ping --wait": (0, "answered"),
	"checkerctl help show paths": (0, "REASON *"),
	"checkerctl version": (0, "checkerctl "),
	"checkerctl complete -- show latency -o P": (0, "P50\nP99\nP50_US"),
	"checkerd -t -m /etc/multipath.conf": (None, ""),  # the host may have none
	"checkerctl doctor": (None, ""),  # what it finds is the host's
	"checkerd -t -c test.conf": (0, ""),
	"checkerd -T -c test.conf": (0, "polling_interval"),
	"checkerd --print-bound -c test.conf": (0, "descriptors"),
	"checkerd -t -c demo.conf":
		(1, "demo.conf:2:18: error: checker_timeout 0: must be between 0.1 s and 1 h"),
}

# timeout(1) sends SIGCONT, too, and the kernel then forgets the SIGSTOP by which the leak sanitizer stops
# the program at its end: both would wait for ever.
ENDED = 'ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" timeout 1 '

# Until they are interrupted.
ENDLESS = {
	"checkerctl hook --on path_down,path_up -- /usr/bin/env",
	"checkerctl monitor",
	"checkerctl monitor --since 100 --type path_state --json",
	"checkerctl show latency --host host3 --sort -P99 --watch=5",
}

# Command: the file that runs it, and its words there.
ELSEWHERE = {
	"./quickstart": ("tests/packages", "quickstart"),
	"./runtests": (".ci/run", "exec ./runtests"),
	"tests/install-deps build": ("runtests", "tests/install-deps build"),
	"autoreconf -fi": ("runtests", "autoreconf -fi"),
	"./configure --sysconfdir=/etc && make && sudo make install && sudo ldconfig":
		("tests/vm/run", '"install"'),
	"sudo systemctl daemon-reload && sudo systemctl enable --now checkerd":
		("tests/vm/scenarios/systemd.py", "systemctl daemon-reload"),
	"journalctl -x -u checkerd": ("tests/vm/scenarios/systemd.py", "journalctl -x "),
	"journalctl -x CHECKERD_MAP=mpatha": ("tests/vm/scenarios/systemd.py", "journalctl -x CHECKERD_MAP=mpatha"),
	"journalctl CHECKERD_TYPE=path_state CHECKERD_STATE=down":
		("tests/vm/scenarios/systemd.py", "CHECKERD_TYPE=path_state CHECKERD_STATE=down"),
	"sudo journalctl --update-catalog":
		("tests/vm/scenarios/systemd.py", "journalctl --update-catalog"),
	"checkerctl top": ("tests/system/test_interface.py", 'daemon.ctl("top"'),
	"checkerctl top --by map": ("tests/system/test_screens.py", '"top --by map"'),
	"cc file.c $(pkg-config --cflags --libs libpathcheck)":
		("tests/abi/run", "pkg-config --cflags libpathcheck"),
}

# Examples that are pasted as a whole: the document, and words of the example.
PASTED = (("README.md", "cat > t.conf"), ("man/checkerd.8", "$ cat test.conf"))

MULTIPATH = "defaults {\n\tpolling_interval 7\n\tcheckertimeout 9\n}\n"
DEMO = "defaults {\n\tchecker_timeout 0\n}\n"


def pasted(number):
	"""The lines of such an example."""
	name, words = PASTED[number]
	found = [b for b in shown.blocks(name) if any(words in line for line in b)]
	check(len(found) == 1, f"{name} has {len(found)} examples with {words}")
	return found[0]


def pasted_commands():
	return {command for n in range(len(PASTED)) for command in shown.of_block(pasted(n))}


def shell(case, daemon, script):
	"""Runs a script as a reader does: the programs are in PATH, and use the test's daemon where
	the script names no other. Files below /tmp and /var/tmp are in the test's folder. Returns its
	exit status and its output."""
	folder = os.path.join(case.folder, "bin")
	if not os.path.isdir(folder):
		os.mkdir(folder)
		programs = {name: case.programs[name] for name in ("checkerctl", "checkerd")}
		for name, text in (
			("checkerctl", f'exec {programs["checkerctl"]} -s "$SHOWN_SOCKET" "$@"'),
			("checkerd", f'exec {programs["checkerd"]} -c "$SHOWN_CONFIG" --state=none "$@"'),
			("systemctl", 'echo "systemctl $*"')):
			path = os.path.join(folder, name)
			with open(path, "w", encoding="utf-8") as f:
				f.write(f"#!/bin/sh\n{text}\n")
			os.chmod(path, 0o755)
	script = re.sub(r"(/var)?/tmp/", case.folder + "/", script)
	# The reader's machine does nothing else meanwhile.
	script = script.replace("sleep 2", f"sleep {3 * MARGIN}")
	env = {**case.environment(), "PATH": f"{folder}:{os.environ['PATH']}",
	       "SHOWN_SOCKET": daemon.socket, "SHOWN_CONFIG": daemon.config}
	done = subprocess.run(["bash", "-c", script], cwd=case.folder, env=env, text=True,
	                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
	                      stderr=subprocess.STDOUT, timeout=60, check=False)
	return done.returncode, done.stdout


def files(case, *names):
	"""Files that are paths."""
	paths = [os.path.join(case.folder, name) for name in names]
	for path in paths:
		with open(path, "wb") as f:
			f.truncate(1 << 20)
	return paths


@test([15], root=False)
def every_shown_command_is_run(case):
	commands = shown.all_commands()
	known = set(RUN) | ENDLESS | set(ELSEWHERE) | pasted_commands()
	missing = [f"{name}: {command}" for name, command in commands if command not in known]
	check(not missing, "no test runs a command that is shown", *missing)
	unused = known - {command for _, command in commands}
	check(not unused, "the table has commands that are shown nowhere", *sorted(unused))
	for command, (name, words) in ELSEWHERE.items():
		with open(os.path.join(shown.TOP, name), encoding="utf-8") as f:
			check(words in f.read(), f"{name} does not run it any more", command)
	a, b, c = files(case, "sda", "sdb", "sdc")
	daemon = case.daemon(config([(a, None, "left"), (b, None, "left"), (c, None, "right")]))
	daemon.start().wait_ready(up=3)
	daemon.ctl("check", "sda", "--wait")
	for name, text in (("test.conf", config([a])), ("demo.conf", DEMO),
	                   ("multipath.conf", MULTIPATH)):
		with open(os.path.join(case.folder, name), "w", encoding="utf-8") as f:
			f.write(text)
		os.chmod(os.path.join(case.folder, name), 0o644)
	wrong = []
	for _, command in commands:
		if command not in RUN and command not in ENDLESS:
			continue
		code, text = RUN.get(command, (124, ""))
		begin = ENDED if command in ENDLESS else ""
		status, out = shell(case, daemon, begin + command)
		if code not in (status, None) or text not in out:
			wrong.append(f"{command}: exit status {status}, not {code}, or no '{text}' in: {out}")
	check(not wrong, "shown commands do not work as shown", *wrong)
	case.figure(f"{len(commands)} commands")


def parts(lines):
	"""The commands of an example with "$", and what one of them prints: the lines after "cat"."""
	commands = [line[2:] for line in lines if line.startswith("$ ")]
	begin = next(n for n, line in enumerate(lines) if line.startswith("$ cat "))
	end = next(n for n, line in enumerate(lines) if n > begin and line.startswith("$ "))
	return commands, lines[begin][6:], "\n".join(lines[begin + 1:end]) + "\n"


@test([15], root=False)
def examples_run_as_pasted(case):
	daemon = case.daemon(config([]))  # it is not started: the examples start their own
	_, out = shell(case, daemon, "\n".join(pasted(0)))
	for words in (r"left.img +demo up ", r"right.img +demo up ", r"demo +- +full +2 +2 "):
		check(re.search(words, out), f"README.md: no {words}", out)
	commands, name, text = parts(pasted(1))
	with open(os.path.join(case.folder, name), "w", encoding="utf-8") as f:
		f.write(re.sub(r"(/var)?/tmp/", case.folder + "/", text))
	os.chmod(os.path.join(case.folder, name), 0o644)
	_, out = shell(case, daemon, "\n".join([*commands, "kill %1"]))
	for words in (r"left.img +- +up ", r"right.img +- +up "):
		check(re.search(words, out), f"checkerd(8): no {words}", out)


@test([15], root=False)
def shown_configurations_are_valid(case):
	"""Each example of checkerd.conf(5) that is a configuration is one."""
	daemon = case.daemon(config([]))
	found = [b for b in shown.blocks("man/checkerd.conf.5") if b[0].endswith("{")]
	check(len(found) >= 2, "hardly any configuration is shown", found)
	for lines in found:
		with open(os.path.join(case.folder, "shown.conf"), "w", encoding="utf-8") as f:
			f.write("\n".join(lines) + "\n")
		os.chmod(os.path.join(case.folder, "shown.conf"), 0o644)
		status, out = shell(case, daemon, "checkerd -t -c shown.conf")
		check(status == 0 and "warning" not in out, "it is not valid", out, *lines)
