# SPDX-License-Identifier: LGPL-2.1-or-later
"""multipathd and checkerd side by side on 64 paths: CPU, memory, times, as a table."""
# timeout: 900
# only when asked for: it measures for minutes
from compare import LUNS, measure

measure(portals=64 // LUNS)
