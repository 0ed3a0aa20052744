# SPDX-License-Identifier: LGPL-2.1-or-later
"""What multipathd and checkerd make of a multipath.conf, in one form, and files to try it with."""
import fnmatch
import random
import re

# What checkerd uses of a section with settings.
SETTINGS = ("path_checker", "detect_checker", "purge_disconnected", "san_path_err_threshold",
            "san_path_err_forget_rate", "san_path_err_recovery_time",
            "marginal_path_double_failed_time", "marginal_path_err_sample_time",
            "marginal_path_err_rate_threshold", "marginal_path_err_recheck_gap_time",
            "delay_watch_checks", "delay_wait_checks", "uid_attribute")
DEFAULTS = SETTINGS + ("polling_interval", "max_polling_interval", "checker_timeout",
                       "uid_attrs", "allow_usb_devices")


# --- reading what both programs print ------------------------------------------------------

def parse(text):
	"""[(name, value or [the same of a section])] of a printed configuration."""
	top = []
	stack = [top]
	for raw in text.split("\n"):
		line = raw.strip()
		if raw == "}":
			# multipath-tools 0.9 prints no "}" for a device without a product.
			del stack[1:]
		elif re.fullmatch(r"[a-z_]+ \{", line):
			if line == "device {" and len(stack) == 3:
				stack.pop()
			section = []
			stack[-1].append((line[:-1].strip(), section))
			stack.append(section)
		elif line == "}":
			stack.pop()
		elif line:
			name, _, value = line.partition(" ")
			# multipath-tools 0.9 prints no "device {" for a device without a vendor.
			if name == "product" and len(stack) == 2:
				section = []
				stack[-1].append(("device", section))
				stack.append(section)
			if len(value) > 1 and value[0] == value[-1] == '"':
				value = value[1:-1].replace('""', '"')
			stack[-1].append((name, value))
	return top


def sections(tree, name):
	return [entry for key, section in tree if key == name and isinstance(section, list)
	        for entry in section]


def plain(keyword, value):
	"""The value as both would print it: 5.0 is 5, yes is on, auto:tur is tur."""
	if keyword == "path_checker":
		return value.removeprefix("auto:")
	if re.fullmatch(r"\d+(\.\d+)?", value):
		return f"{float(value):g}"
	if keyword == "product_blacklist":
		return expression(value)
	return {"on": "yes", "off": "no", "0": "no"}.get(value, value)


def settings(section, keywords=SETTINGS):
	return {k: plain(k, v) for k, v in section if k in keywords and isinstance(v, str)}


def expression(text):
	"""An empty one matches everything, and checkerd writes that as .*"""
	return ".*" if text == "" else text


def key_of(section):
	"""vendor/product/revision of a device. A revision that matches everything is none."""
	d = dict((k, expression(v)) for k, v in section if isinstance(v, str))
	revision = d.get("revision", ".*")
	return "/".join([d.get("vendor", ""), d.get("product", ""),
	                 *([] if revision == ".*" else [revision])])


def effective(tree):
	"""{what: value} of all that is compared."""
	found = {}
	for k, v in settings(sections(tree, "defaults"), DEFAULTS).items():
		if (k, v) not in (("checker_timeout", "auto"), ("uid_attrs", "")):  # they are not set
			found[f"defaults {k}"] = v
	for name in ("blacklist", "blacklist_exceptions"):
		for k, v in sections(tree, name):
			found[f"{name} {k} {key_of(v) if isinstance(v, list) else expression(v)}"] = "yes"
	for _, device in sections(tree, "devices"):
		for k, v in settings(device, (*SETTINGS, "product_blacklist")).items():
			found[f"devices {key_of(device)} {k}"] = v
	for k, v in settings(sections(tree, "overrides")).items():
		found[f"overrides {k}"] = v
	for _, entry in sections(tree, "multipaths"):
		d = dict(entry)
		if "alias" in d:
			found[f"multipaths {d['wwid']} alias"] = d["alias"]
	return found


def built_in(tree, empty, checkerd):
	"""Leaves out of multipathd's values what an empty file gives as well, outside of defaults, and
	the blacklist's rows that product_blacklist makes: checkerd does not print these."""
	found = dict(tree)
	for k, v in tree.items():
		device, _, product = k.removeprefix("blacklist device ").partition("/")
		made = any(name.startswith(f"devices {device}/") and value == product
		           for name, value in tree.items() if name.endswith(" product_blacklist"))
		if k in checkerd or k.startswith("defaults "):
			continue
		if empty.get(k) == v or (k.startswith("blacklist device ") and made):
			del found[k]
	return found


# --- the table of differences --------------------------------------------------------------

class Table:
	"""The rows of a document's table: | FILE | WHAT | multipathd | checkerd | why |, in which all but
	the last are shell patterns in backquotes."""

	def __init__(self, text, heading):
		self.rows, self.used = [], set()
		part = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
		for line in part.splitlines():
			cells = re.findall(r"`([^`]*)`", line.rsplit("|", 2)[0])
			if line.startswith("| `"):
				assert len(cells) == 4, line
				self.rows.append(tuple(cells))

	def rows_about(self, *difference):
		return [row for row in self.rows
		        if all(fnmatch.fnmatchcase(text, pattern)
		               for text, pattern in zip(difference, row))]

	def explains(self, *difference):
		"""Does a row name it? All rows that do are used."""
		found = self.rows_about(*difference)
		self.used.update(found)
		return bool(found)

	def unused(self):
		return [row for row in self.rows if row not in self.used]


def differences(multipathd, checkerd):
	"""[(what, multipathd's, checkerd's)]; "-" is nothing."""
	return [(k, multipathd.get(k, "-"), checkerd.get(k, "-"))
	        for k in sorted(multipathd.keys() | checkerd.keys())
	        if multipathd.get(k, "-") != checkerd.get(k, "-")]


# --- files by a seed -----------------------------------------------------------------------

WORDS = {
	"polling_interval": ("5", "1", "30", "0", "-4", "7s", "x", "4294967299"),
	"max_polling_interval": ("20", "2", "0", "90", "abc"),
	"checker_timeout": ("60", "1", "0", "-1", "none", "3600"),
	"path_checker": ("tur", "directio", "readsector0", "rdac", "hp_sw", "TUR", "turr"),
	"detect_checker": ("yes", "no", "on", "1", "0", "maybe", "YES"),
	"san_path_err_threshold": ("3", "no", "0", "-3", "off", "10"),
	"san_path_err_forget_rate": ("20", "no", "x"),
	"san_path_err_recovery_time": ("600", "off", "no"),
	"marginal_path_double_failed_time": ("60", "no", "5"),
	"marginal_path_err_sample_time": ("120", "150", "no"),
	"marginal_path_err_rate_threshold": ("10", "no"),
	"marginal_path_err_recheck_gap_time": ("300", "no"),
	"delay_watch_checks": ("12", "no"),
	"delay_wait_checks": ("24", "no", "0"),
	"no_path_retry": ("queue", "fail", "12"),
	"user_friendly_names": ("yes", "no"),
	"prio": ("alua", "const"),
	"failback": ("immediate", "manual", "5"),
	"features": ('"0"', '"1 queue_if_no_path"', "0"),
}
ONLY_DEFAULTS = ("polling_interval", "max_polling_interval", "checker_timeout")
EXPRESSIONS = ("^sd[a-z]", ".*", "!^sd", "", "a{2}", "^(a|b)", "ID_ATA", "scsi:.*", "360000\\.*",
               "x", "\\!a", "!ID", "^nvme", "sas", "^loop") * 3 + ("*", "[", "(")
DAMAGES = ("none",) * 6 + ("brace below", "no end", "two ends", "misspelt", "more words", "no value",
                           "single quotes", "open quote", "other section", "twice", "upper case")


class Generator:
	"""One file: text(). Half of the sections have something that is wrong."""

	def __init__(self, seed):
		self.random = random.Random(seed)

	def word(self, text):
		return f'"{text}"' if text == "" or self.random.random() < 0.5 or " " in text else text

	def line(self, name, value, damage):
		if damage == "misspelt":
			name = name[:-1] if len(name) > 6 else name + "s"
		elif damage == "more words":
			value += " and more"
		elif damage == "no value":
			value = ""
		elif damage == "single quotes":
			value = f"'{value}'"
		elif damage == "open quote":
			value = f'"{value}'
		elif damage == "upper case":
			name = name.upper()
		return f"{name} {value}".rstrip()

	def settings(self, defaults):
		names = [n for n in WORDS if defaults or n not in ONLY_DEFAULTS]
		lines = []
		for name in self.random.sample(names, self.random.randint(1, 5)):
			damage = self.random.choice(DAMAGES)
			value = self.random.choice(WORDS[name])
			lines.append(self.line(name, value if value.startswith('"') else self.word(value), damage))
			if damage == "twice":
				lines.append(f"{name} {self.random.choice(WORDS[name])}")
			elif damage == "other section":
				lines.append("devnode \"^sdz\"")
		return lines

	def filters(self):
		lines = []
		for _ in range(self.random.randint(1, 4)):
			kind = self.random.choice(("devnode", "wwid", "property", "protocol", "device"))
			value = self.random.choice(EXPRESSIONS)
			if kind != "device":
				lines.append(self.line(kind, self.word(value), self.random.choice(DAMAGES)))
				continue
			parts = [f"vendor {self.word(value)}"]
			if self.random.random() < 0.6:
				parts.append(f"product {self.word(self.random.choice(EXPRESSIONS))}")
			lines += self.section("device", parts)
		return lines

	def section(self, name, lines):
		damage = self.random.choice(DAMAGES)
		indented = ["\t" + line for line in lines]
		if damage == "brace below":
			return [name, "{", *indented, "}"]
		if damage == "no end" and self.random.random() < 0.5:
			return [f"{name} {{", *indented]
		if damage == "two ends":
			return [f"{name} {{", *indented, "}", "}"]
		return [f"{name} {{", *indented, "}"]

	def device(self):
		vendor = self.random.choice(("ACME", "IBM", "^NETAPP", "Linux", ".*", "["))
		lines = [f"vendor {self.word(vendor)}"]
		if self.random.random() < 0.9:
			product = self.random.choice(("LUN", "2145", "scsi_debug", ".*"))
			lines.append(f"product {self.word(product)}")
		if self.random.random() < 0.2:
			lines.append("product_blacklist Gate")
		return self.section("device", lines + self.settings(False))

	def multipath(self):
		lines = [f"wwid {self.random.choice(('3600a', '3600b', '3600c'))}"]
		if self.random.random() < 0.8:
			lines.append(f"alias {self.random.choice(('one', 'two', 'th-ree', 'a.b'))}")
		return self.section("multipath", lines)

	def text(self):
		lines = ["# made by a seed"]
		for name in self.random.sample(("defaults", "blacklist", "blacklist_exceptions", "devices",
		                                "overrides", "multipaths", "defaults", "devices"),
		                               self.random.randint(2, 6)):
			if name == "devices":
				inner = [x for _ in range(self.random.randint(1, 3)) for x in self.device()]
			elif name == "multipaths":
				inner = [x for _ in range(self.random.randint(1, 3)) for x in self.multipath()]
			elif name.startswith("blacklist"):
				inner = self.filters()
			else:
				inner = self.settings(name == "defaults")
			lines += self.section(name, inner)
		return "\n".join(lines) + "\n"
