# SPDX-License-Identifier: LGPL-2.1-or-later
"""multipathd and checkerd side by side on 256 paths: CPU, memory, times, as a table."""
# timeout: 1500
# only when asked for: it measures for minutes
from compare import LUNS, measure

measure(portals=256 // LUNS)
