# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads of NVMe namespaces by the library, and by a raw loop: what each costs."""
# timeout: 900
# only when asked for: it measures for minutes
from cost import measure

measure("nvme")
