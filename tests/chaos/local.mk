# SPDX-License-Identifier: LGPL-2.1-or-later
# Chaos: everything at once, at random, on the faulty disks. It needs root and is not part of
# `make check`: ./runtests chaos, or make check-chaos SECONDS=600 SEED=7.
EXTRA_DIST += \
	tests/chaos/accounts.py \
	tests/chaos/crowd.py \
	tests/chaos/host.py \
	tests/chaos/ledger.py \
	tests/chaos/plants \
	tests/chaos/run \
	tests/chaos/squeeze.py \
	tests/chaos/storm.py \
	tests/chaos/watch.py \
	$(NULL)

# SECONDS is as in tests/fuzz: a minute, unless it is given.
SEED =
.PHONY: check-chaos
check-chaos: all
	$(srcdir)/tests/chaos/run --seconds $(SECONDS) $(SEED:%=--seed %) $(builddir)
