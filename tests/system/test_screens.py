# SPDX-License-Identifier: LGPL-2.1-or-later
"""The screens of checkerctl: --watch, top by map and by HBA, and the progress of check --wait."""
import os
import re

from harness import Skip, check, config, test
from terminal import Terminal
from test_examples import files


def command(case, daemon, line):
	return f"{case.programs['checkerctl']} -s {daemon.socket} {line}; echo ended $?; cat"


def column(lines, first):
	"""The first words of the lines below the heading that begins with `first`."""
	begin = next((n for n, line in enumerate(lines) if line.startswith(first)), len(lines))
	return [line.split()[0] for line in lines[begin + 1:] if line.strip()]


@test([16], root=False)
def watch_fits_the_terminal(case):
	names = [f"disk{i:02}" for i in range(20)]
	daemon = case.daemon(config(files(case, *names))).start().wait_ready(up=20)
	line = "show paths --watch=0.2 -o NAME,STATE"
	with Terminal(case, command(case, daemon, line), (80, 12)) as screen:
		def shows(n):
			return lambda s: column(s, "NAME")[:-1] == names[:n] and f"and {20 - n} more lines" in s[n + 2]
		screen.wait("as many paths as fit", shows(8))
		check("show paths, every 0.2 s" in screen.lines()[0], "no title", *screen.lines())
		screen.resize(80, 15)
		screen.wait("more paths after a resize", shows(11))
		screen.resize(80, 30)
		screen.wait("all paths", lambda s: column(s, "NAME") == names)
		screen.resize(len("NAME   STATE"), 30)
		screen.wait("a heading that fills its row", lambda s: s[1] == "NAME   STATE" and column(s, "NAME") == names)
		screen.resize(80, 12)
		screen.wait("fewer paths again", shows(8))
		daemon.stop()
		screen.wait("the last picture and the error", lambda s: column(s, "NAME")[:7] == names[:7] and
		            any("checkerd is not running" in line for line in s[9:11]))
		daemon.start().wait_ready(up=20)
		screen.wait("a new picture", lambda s: shows(8)(s) and "not running" not in str(s))


@test([16], root=False)
def top_by_map_and_by_host(case):
	names = [f"disk{i}" for i in range(6)]
	paths = files(case, *names)
	maps = ["east", "west", "west", "east", None, "west"]
	daemon = case.daemon(config([(p, None, m) for p, m in zip(paths, maps)])).start().wait_ready(up=6)
	if "without ncurses" in daemon.ctl("top", expect=1).err:
		raise Skip("built without ncurses")
	os.truncate(paths[2], 0)
	daemon.wait_state(paths[2], "down")
	with Terminal(case, command(case, daemon, "top --by map"), (80, 12)) as screen:
		def row(*words):
			return lambda s: any(line.split()[:len(words)] == list(words) for line in s)
		screen.wait("the worst map first", lambda s: column(s, "MAP")[:3] == ["west", "-", "east"])
		screen.wait("its paths", row("west", "down", "3", "2", "1", "0"))
		screen.press("h")
		screen.wait("one row without an HBA", lambda s: row("-", "down", "6", "5", "1", "0")(s) and
		            s[2].startswith("HOST"))
		screen.press("p")
		screen.wait("the paths", lambda s: column(s, "NAME")[:2] == ["disk2", "disk0"])
		screen.press("m", "/", "disk0", "Enter")
		screen.wait("the map of a path", lambda s: column(s, "MAP")[:-1] == ["east"] and "1 of 3" in s[1])
		screen.press("q")
		screen.wait("the end", lambda s: "ended 0" in str(s))


@test([16])
def check_says_how_far_it_is(case):
	"""One of three disks does not answer: who waits sees which."""
	disks = case.loops(7, 8, 9)
	names = [os.path.basename(d) for d in disks]
	daemon = case.daemon(config(disks, polling_interval=60, max_polling_interval=60, checker_timeout=3))
	daemon.start().wait_ready(up=3)
	case.disk.tell("hang", "8")
	try:
		with Terminal(case, command(case, daemon, f"check {' '.join(names)} --wait"), (80, 12)) as screen:
			screen.wait("the progress", lambda s: re.match(
				rf"checked 2 of 3 paths in [\d.]+m?s; no answer from {names[1]} for [\d.]+m?s", s[0]))
			screen.wait("the result", lambda s: f"{names[1]} down " in str(s) and "ended 1" in str(s))
			check("checked 2 of 3" not in str(screen.lines()), "the progress stays", *screen.lines())
	finally:
		case.disk.tell("release", "8")
	quiet = daemon.ctl("check", *names[::2], "--wait")
	check(quiet.err == "", "progress without a terminal", quiet.err)
