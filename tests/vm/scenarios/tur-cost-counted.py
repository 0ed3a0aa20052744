# SPDX-License-Identifier: LGPL-2.1-or-later
"""TEST UNIT READY by the library, and by a raw loop, where each instruction takes a nanosecond."""
# timeout: 900
# time by instructions
# only when asked for: it measures for minutes
from cost import measure
from vm import one_processor

one_processor()
measure("tur", "one processor, and each instruction takes a nanosecond")
