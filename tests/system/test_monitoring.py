# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples for monitoring systems: every command in them is run, and its output is what the
system expects."""
import json
import os
import re

import shown
from harness import check, config, test
from test_examples import files, shell

FOLDER = os.path.join("conf", "monitoring")
NUMBER = r"-?\d+(\.\d+)?"
RANGE = rf"(@?(~|{NUMBER})?:?({NUMBER})?)?"
LABEL = r"('([^'=]|'')+'|[^ '=]+)"
MEASURED = rf"{LABEL}={NUMBER}(;{RANGE}(;{RANGE}(;{NUMBER}(;{NUMBER})?)?)?)?"
# One line of a plug-in, and one of a local check of Checkmk.
PLUGIN = re.compile(rf"(OK|WARNING|CRITICAL|UNKNOWN): [^|\n]+( \| {MEASURED}( {MEASURED})*)?\n")
LOCAL = re.compile(rf'[0-3] "[^"]+" (-|\w+={NUMBER}(\|\w+={NUMBER})*) [^\n]+\n')


def text_of(name):
	with open(os.path.join(shown.TOP, FOLDER, name), encoding="utf-8") as f:
		return f.read()


def here(command):
	"""The command of an example, with the checkerctl of the test."""
	check(command.startswith("/usr/bin/checkerctl "), "another command", command)
	return command[len("/usr/bin/"):]


def icinga_commands():
	"""What the CheckCommand starts, with all its arguments."""
	text = text_of("icinga2-checkerd.conf")
	command = json.loads(re.search(r"command = (\[.*\])", text).group(1))
	names = re.findall(r'^\t\t"(-+\w+)" =', text, re.M)
	check(names == ["--map", "-w", "-c", "--expect"], "other arguments", names)
	default = re.search(r'vars.checkerd_critical = "(.*)"', text).group(1)
	values = ("left", "2", default, "left=2")
	return [here(" ".join(command)), here(" ".join([*command, *(f"{n} {v}" for n, v in zip(names, values))]))]


def plugin_commands():
	found = re.findall(r"^command\[\w+\]=(.*)$", text_of("nrpe-checkerd.cfg"), re.M)
	check(len(found) == 2, "commands of NRPE", found)
	nagios = text_of("nagios-checkerd.cfg")
	line = re.search(r"command_line\s+(/usr/bin/checkerctl .*)", nagios).group(1)
	argument = re.search(r"check_command\s+check_checkerd!(.*)", nagios).group(1)
	known = re.findall(r"check_checkerd_by_nrpe!(.*)", nagios)
	check(all(f"command[{name}]=" in text_of("nrpe-checkerd.cfg") for name in known), "names for NRPE", known)
	return [here(c) for c in (*found, line.replace("$ARG1$", argument))] + icinga_commands()


def follow(case, daemon, status, word):
	"""All examples say this."""
	for command in plugin_commands():
		code, out = shell(case, daemon, f"{command} 2>/dev/null")
		check(code == status and out.startswith(word), f"{command}: exit status {code}", out)
		check(PLUGIN.fullmatch(out) and (" | " in out) == (status < 3), f"{command}: no plug-in prints this", out)
	code, out = shell(case, daemon, text_of("checkmk-checkerd"))
	check(code == 0 and out.startswith(f'{status} "Multipath" ') and word in out and LOCAL.fullmatch(out),
	      "no local check of Checkmk prints this", out)


def follow_zabbix(case, daemon, health):
	text = text_of("zabbix-checkerd.conf")
	keys = dict(re.findall(r"^UserParameter=([\w.]+)(?:\[\*\])?,(.*)$", text, re.M))
	check(list(keys) == ["checkerd.health", "checkerd.map", "checkerd.maps"], "keys", keys)
	_, out = shell(case, daemon, here(keys["checkerd.health"]))
	reply = json.loads(out)
	named = re.findall(r"\$\.(\w+)", text.split("UserParameter=")[0])
	check(len(named) == 9 and all(name in reply for name in named), "a JSON path has no value", named, out)
	check(reply["health"] == health, "health", out)
	_, out = shell(case, daemon, here(keys["checkerd.map"].replace("$1", "left")))
	check(json.loads(out)["maps_total"] == 1, "one map", out)
	_, out = shell(case, daemon, here(keys["checkerd.maps"]))
	check([m["name"] for m in json.loads(out)["maps"]] == ["left", "right"], "the maps", out)


@test([16], root=False)
def monitoring_examples_are_run(case):
	paths = files(case, "a", "b", "c", "d")
	maps = ("left", "left", "right", "right")
	daemon = case.daemon(config([(p, None, m) for p, m in zip(paths, maps)])).start().wait_ready(up=4)
	follow(case, daemon, 0, "OK")
	follow_zabbix(case, daemon, "ok")
	os.truncate(paths[0], 0)
	daemon.wait_state(paths[0], "down")
	follow(case, daemon, 1, "WARNING")
	follow_zabbix(case, daemon, "degraded")
	os.truncate(paths[1], 0)
	daemon.wait_state(paths[1], "down")
	follow(case, daemon, 2, "CRITICAL")
	follow_zabbix(case, daemon, "lost")
	daemon.stop()
	follow(case, daemon, 3, "UNKNOWN")
