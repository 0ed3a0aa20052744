# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian packages: installed, upgraded while reads hang, removed, purged; nothing is left."""
# only when asked for: it needs packages, tests/vm/run --packages FOLDER packages
# timeout: 1200
# time by instructions
import re

from vm import *

check(glob.glob("packages/checkerd_*.deb"), "there are packages: tests/vm/run --packages FOLDER")
done = subprocess.run(["./lifecycle", "packages"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                      text=True, check=False)
print(done.stdout, flush=True)
check(done.returncode == 0, f"lifecycle: exit {done.returncode}")
away = re.search(r"^# upgrade .* nobody checked for (\d+) ms", done.stdout, re.M)
check(away and int(away.group(1)) < 1000, "paths are unchecked for less than a second in an upgrade")
