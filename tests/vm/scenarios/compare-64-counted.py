# SPDX-License-Identifier: LGPL-2.1-or-later
"""multipathd and checkerd side by side on 64 paths: their instructions, as CPU time."""
# timeout: 1800
# time by instructions
# only when asked for: it measures for minutes
from compare import LUNS, measure_cpu

measure_cpu(portals=64 // LUNS)
