# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands that README.md and the manuals show: in their examples, as a reader pastes them."""
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MANUALS = tuple(sorted(os.path.join("man", name) for name in os.listdir(os.path.join(TOP, "man"))
                       if name[-2:] in (".3", ".5", ".7", ".8")))
# A line of an example that begins with one of these is a command also without a "$".
PROGRAMS = ("checkerctl", "checkerd", "multipathd", "systemctl", "journalctl", "sudo", "truncate", "printf",
            "autoreconf", "./", "tests/", "cc ", "make", "sleep", "cat", "kill")


def _plain(line):
	"""What a reader sees of a line of mdoc."""
	return line.replace(r"\(dq", '"').replace(r"\e", "\\").replace(r"\&", "")


def of_block(lines):
	"""The commands of an example: after "$", all the lines that continue them; or, without any
	"$", all of it when it begins with a program."""
	dollars = [n for n, line in enumerate(lines) if line.startswith("$ ")]
	if dollars:
		return [lines[n][2:] for n in dollars]
	if not lines or not lines[0].startswith(PROGRAMS):
		return []
	commands, until = [], None
	for line in lines:
		if until is not None:  # a file that the command before makes
			until = None if line == until else until
			continue
		line = re.sub(r"\s+# .*", "", line)
		here = re.search(r"<<'(\w+)'$", line)
		until = here and here.group(1)
		if commands and commands[-1].endswith("|"):
			commands[-1] += " " + line.strip()
		elif line.strip():
			commands.append(line.strip())
	return commands


def _blocks_of_manual(text):
	block = None
	for line in text.splitlines():
		if line.startswith(".Bd -literal"):
			block = []
		elif line.startswith(".Ed") and block is not None:
			yield block
			block = None
		elif block is not None:
			block.append(_plain(line))
		elif line.startswith(".Dl "):
			yield [_plain(line[4:])]


def blocks(name):
	"""The examples of a document, each a list of lines."""
	with open(os.path.join(TOP, name), encoding="utf-8") as f:
		text = f.read()
	if not name.endswith(".md"):
		return list(_blocks_of_manual(text))
	return [b.splitlines() for b in re.findall(r"^```\n(.*?)^```$", text, re.M | re.S)]


def all_commands():
	"""(document, command), each once, in the order in which they are shown."""
	found = []
	for name in ("README.md", *MANUALS):
		for block in blocks(name):
			for command in of_block(block):
				if (name, command) not in found:
					found.append((name, command))
	return found
