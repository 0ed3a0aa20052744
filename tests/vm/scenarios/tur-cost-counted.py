# SPDX-License-Identifier: LGPL-2.1-or-later
"""TEST UNIT READY by the library, and by a raw loop, where each instruction takes a nanosecond."""
# timeout: 900
# time by instructions
# only when asked for: it measures for minutes
from cost import measure
from vm import write

# Each of two processors would count the other's instructions, too.
write("/sys/devices/system/cpu/cpu1/online", "0")
measure("tur", "one processor, and each instruction takes a nanosecond")
