# SPDX-License-Identifier: LGPL-2.1-or-later
"""TEST UNIT READY by the library, and by a raw loop of write, poll and read: what each costs."""
# timeout: 900
# only when asked for: it measures for minutes
from cost import measure

measure("tur")
