# SPDX-License-Identifier: LGPL-2.1-or-later
"""The completions in the shells that they are for, on a terminal, with names from a daemon."""
import os
import shutil

import shown
from harness import Skip, check, config, test
from terminal import Terminal
from test_examples import files, shell

COMPLETIONS = os.path.join(shown.TOP, "conf", "completions")
PROMPT = "ready$ "
# How each shell is started without the user's own settings, and made ready.
SHELLS = {
	"bash": ("bash --norc --noprofile -i",
	         f"source {COMPLETIONS}/checkerctl; PS1='{PROMPT}'; bind 'set bell-style none'"),
	"zsh": ("zsh -f -i",
	        f"fpath=({COMPLETIONS} $fpath); autoload -Uz compinit; compinit -u -D; "
	        f"unsetopt beep; PS1='{PROMPT}'"),
	"fish": ("fish --no-config -i",
	         f"source {COMPLETIONS}/checkerctl.fish; function fish_prompt; printf '{PROMPT}'; end"),
}
# What is typed before Tab, and what the line is then.
COMPLETED = (
	("checkerctl unse", "checkerctl unsetmarginal"),
	("checkerctl show pat", "checkerctl show paths"),
	("checkerctl check le", "checkerctl check lefty"),
	("checkerctl check lefty ri", "checkerctl check lefty righty"),
	("checkerctl show maps de", "checkerctl show maps demo"),
	("checkerctl --json health --map de", "checkerctl --json health --map demo"),
	("checkerctl health --expect de", "checkerctl health --expect demo=2"),
	("checkerctl show paths --map=de", "checkerctl show paths --map=demo"),
	("checkerctl show paths -o NAME,state_s", "checkerctl show paths -o NAME,STATE_SINCE"),
	("checkerctl show paths --sort -LATENCY_C", "checkerctl show paths --sort -LATENCY_COUNTS"),
	("checkerctl show paths --state=up,tim", "checkerctl show paths --state=up,timeout"),
	("checkerctl monitor --type dm,eng", "checkerctl monitor --type dm,engine"),
	("checkerctl log-level not", "checkerctl log-level notice"),
	("checkerctl help show lat", "checkerctl help show latency"),
	("checkerctl disable lefty --fo", "checkerctl disable lefty --for"),  # or --force
	("checkerctl reload --ti", "checkerctl reload --timeout"),
	("checkerctl -s ./only-f", "checkerctl -s ./only-file"),
	("checkerctl import ./only-f", "checkerctl import ./only-file"),
)


def is_empty(lines):
	return "\n".join(lines).strip() == PROMPT.strip()


def complete_in(case, name, env):
	command, begin = SHELLS[name]
	if shutil.which(name) is None:
		raise Skip(f"{name} is missing")
	with Terminal(case, command, (120, 40), env) as t:
		t.type(begin)
		t.press("Enter")
		t.wait("the prompt", lambda s: any(line.startswith(PROMPT.strip()) for line in s))
		t.type(f"cd {case.folder}")
		t.press("Enter", "C-l")
		for typed, line in COMPLETED:
			t.press("C-u", "C-l")
			t.wait("an empty line", is_empty)
			t.type(typed)
			t.wait(PROMPT + typed)
			t.press("Tab")
			t.wait(PROMPT + line, lambda s, want=PROMPT + line: s[0].rstrip() == want)
		t.press("C-u", "C-l")
		t.wait("an empty line", is_empty)
		t.type("checkerctl show m")
		t.press("Tab", "Tab")
		t.wait("maps and memory", lambda s: "maps" in str(s) and "memory" in str(s))
		if name != "bash":  # these show what each word is
			t.wait("list maps and how many paths are up")


@test([16], root=False)
def shells_complete_names_and_words(case):
	left, right = files(case, "lefty", "righty")
	files(case, "only-file")
	daemon = case.daemon(config([(left, None, "demo"), (right, None, "demo")]))
	daemon.start().wait_ready(up=2)
	status, out = shell(case, daemon, "checkerctl complete show maps ''")
	check(status == 0 and "demo\tfull, 2 of 2 paths up" in out, "the map is not offered", out)
	env = {"HOME": case.folder, "PATH": f"{case.folder}/bin:{os.environ['PATH']}", "SHOWN_SOCKET": daemon.socket}
	for name in SHELLS:
		complete_in(case, name, env)
