# SPDX-License-Identifier: LGPL-2.1-or-later
"""A strict reader of OpenMetrics text: it accepts only what the specification's grammar and rules
allow. It does not support what checkerd does not use (exemplars, timestamps)."""
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|Inf)$|NaN$")
SUFFIXES = {"counter": ("_total", "_created"), "gauge": ("",), "info": ("_info",),
            "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
            "histogram": ("_bucket", "_count", "_sum", "_created"), "unknown": ("",),
            "stateset": ("",)}


class Wrong(Exception):
	pass


class Family:
	def __init__(self, name):
		self.name, self.type, self.unit, self.help = name, None, None, None
		self.samples = []  # (suffix, {label: value}, number)


def _value(text, at):
	"""Reads a label's value from its quote on. Returns the text and the position after it."""
	out, at = "", at + 1
	while True:
		if at >= len(text):
			raise Wrong(f"a value without an end: {text}")
		c = text[at]
		if c == '"':
			return out, at + 1
		if c == "\\":
			at += 1
			if text[at] not in '\\"n':
				raise Wrong(f"no such escape: {text}")
			c = "\n" if text[at] == "n" else text[at]
		elif ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0:
			raise Wrong(f"a control character: {text!r}")
		out += c
		at += 1


def _labels(text, at):
	labels = {}
	while True:
		m = LABEL.match(text, at)
		if not m or text[m.end():m.end() + 2] != '="':
			raise Wrong(f"not a label: {text}")
		value, at = _value(text, m.end() + 1)
		if m.group() in labels:
			raise Wrong(f"a label twice: {text}")
		labels[m.group()] = value
		if text[at:at + 1] == "}":
			return labels, at + 1
		if text[at:at + 1] != ",":
			raise Wrong(f"what follows a label: {text}")
		at += 1


def _sample(text):
	m = NAME.match(text)
	if not m:
		raise Wrong(f"not a sample: {text}")
	at, labels = m.end(), {}
	if text[at:at + 1] == "{":
		labels, at = _labels(text, at + 1)
	if text[at:at + 1] != " " or not NUMBER.match(text[at + 1:]):
		raise Wrong(f"not a number: {text}")
	return m.group(), labels, float(text[at + 1:])


def _describe(family, keyword, rest):
	if family.samples:
		raise Wrong(f"# {keyword} after samples of {family.name}")
	field = keyword.lower()
	if getattr(family, field) is not None:
		raise Wrong(f"# {keyword} {family.name} twice")
	setattr(family, field, rest)
	if keyword == "TYPE" and rest not in SUFFIXES:
		raise Wrong(f"no such type: {rest}")


def _check_histogram(family):
	buckets, count, total = [], None, None
	for suffix, labels, number in family.samples:
		if suffix == "_bucket":
			buckets.append((float(labels["le"]), number))
		elif suffix == "_count":
			count = number
		elif suffix == "_sum":
			total = number
	if buckets != sorted(buckets) or len({b for b, _ in buckets}) != len(buckets):
		raise Wrong(f"buckets of {family.name} are not in order")
	if [n for _, n in buckets] != sorted(n for _, n in buckets):
		raise Wrong(f"buckets of {family.name} do not add up")
	if buckets[-1] != (float("inf"), count) or total is None:
		raise Wrong(f"{family.name} has no +Inf that is its count, or no sum")


def _check(family):
	if family.type is None:
		raise Wrong(f"{family.name} has no type")
	if family.unit and not family.name.endswith("_" + family.unit):
		raise Wrong(f"{family.name} does not end in its unit")
	seen = set()
	for suffix, labels, number in family.samples:
		if suffix not in SUFFIXES[family.type]:
			raise Wrong(f"{family.name}{suffix}: not a sample of a {family.type}")
		key = (suffix, tuple(sorted(labels.items())))
		if key in seen:
			raise Wrong(f"twice: {family.name}{suffix} {labels}")
		seen.add(key)
		if family.type in ("counter", "histogram") and not number >= 0:
			raise Wrong(f"{family.name}{suffix} is {number}")
		if family.type == "info" and number != 1:
			raise Wrong(f"{family.name}{suffix} is {number}")
	if family.type == "histogram":
		_check_histogram(family)


def parse(data):
	"""bytes → {name: Family}; raises Wrong."""
	text = data.decode("utf-8")  # rejects other encodings
	if not text.endswith("# EOF\n"):
		raise Wrong("no # EOF at the end")
	families, family = {}, None
	for line in text[:-len("# EOF\n")].split("\n")[:-1]:
		if line.startswith("# "):
			keyword, name, *rest = line[2:].split(" ", 2)
			if keyword not in ("TYPE", "HELP", "UNIT") or not NAME.fullmatch(name):
				raise Wrong(f"not a description: {line}")
			if family is None or family.name != name:
				if name in families:
					raise Wrong(f"{name} is in two places")
				family = families[name] = Family(name)
			_describe(family, keyword, rest[0] if rest else "")
			continue
		name, labels, number = _sample(line)
		if family is None or not name.startswith(family.name):
			raise Wrong(f"a sample outside of its family: {line}")
		family.samples.append((name[len(family.name):], labels, number))
	for f in families.values():
		_check(f)
	return families
