# SPDX-License-Identifier: LGPL-2.1-or-later
# The models of protocols, which spin checks: tests/models/run says how.
EXTRA_DIST += \
	tests/models/agreement.pml \
	tests/models/check-ties \
	tests/models/ending.pml \
	tests/models/handover.pml \
	tests/models/memory.pml \
	tests/models/prober.pml \
	tests/models/reaper.pml \
	tests/models/results.pml \
	tests/models/run \
	tests/models/snapshot.pml \
	tests/models/ties \
	tests/models/unmodelled \
	tests/models/wakeup.pml \
	$(NULL)

# make check-models MODELS=tests/models/reaper.pml; all of them without MODELS
MODELS =
.PHONY: check-models
check-models:
	$(top_srcdir)/tests/models/run $(MODELS:%=$(top_srcdir)/%)
