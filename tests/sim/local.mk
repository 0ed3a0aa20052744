# SPDX-License-Identifier: LGPL-2.1-or-later
# The deterministic simulation: the product's own objects, and every call of theirs to the
# system goes to tests/sim instead.
EXTRA_DIST += \
	tests/sim/README.md \
	tests/sim/plants/age-restarts.patch \
	tests/sim/plants/answers-untold.patch \
	tests/sim/plants/bar-forgotten.patch \
	tests/sim/plants/barred-is-kept.patch \
	tests/sim/plants/blocker-forgotten.patch \
	tests/sim/plants/buffers-shared.patch \
	tests/sim/plants/cap-off-by-one.patch \
	tests/sim/plants/change-forgets-check.patch \
	tests/sim/plants/closed-after-failures-only.patch \
	tests/sim/plants/contradiction-untold.patch \
	tests/sim/plants/deferred-after-timeout.patch \
	tests/sim/plants/deferred-untold.patch \
	tests/sim/plants/device-error-fails.patch \
	tests/sim/plants/disconnected-is-up.patch \
	tests/sim/plants/held-jobs-stay-held.patch \
	tests/sim/plants/held-path-protects.patch \
	tests/sim/plants/held-reused-at-once.patch \
	tests/sim/plants/hold-forgotten.patch \
	tests/sim/plants/hold-not-kept.patch \
	tests/sim/plants/hold-takes-last.patch \
	tests/sim/plants/hold-uncounted.patch \
	tests/sim/plants/host-count-leaks.patch \
	tests/sim/plants/identify-not-handed-over.patch \
	tests/sim/plants/identity-not-read.patch \
	tests/sim/plants/last-path-failed.patch \
	tests/sim/plants/late-answer-unidentified.patch \
	tests/sim/plants/looks-wait-for-opens.patch \
	tests/sim/plants/lost-wakeup.patch \
	tests/sim/plants/member-untold.patch \
	tests/sim/plants/name-is-the-disk.patch \
	tests/sim/plants/native-alone.patch \
	tests/sim/plants/native-loss-again.patch \
	tests/sim/plants/native-loss-untold.patch \
	tests/sim/plants/native-map-untold.patch \
	tests/sim/plants/old-verdict-decides.patch \
	tests/sim/plants/orphan-descriptor-leaks.patch \
	tests/sim/plants/other-number-taken.patch \
	tests/sim/plants/overdue-unseen.patch \
	tests/sim/plants/overdue-untold.patch \
	tests/sim/plants/pause-is-silence.patch \
	tests/sim/plants/pause-replaces-lane.patch \
	tests/sim/plants/pause-replaces-prober.patch \
	tests/sim/plants/plug-is-silence.patch \
	tests/sim/plants/queue-without-limit.patch \
	tests/sim/plants/reinstated-unchecked.patch \
	tests/sim/plants/release-forgotten.patch \
	tests/sim/plants/reload-tells-all.patch \
	tests/sim/plants/reported-again.patch \
	tests/sim/plants/results-in-hand.patch \
	tests/sim/plants/resume-unseen.patch \
	tests/sim/plants/run \
	tests/sim/plants/runner-forgotten.patch \
	tests/sim/plants/second-command.patch \
	tests/sim/plants/shortage-is-failure.patch \
	tests/sim/plants/silence-before-answers.patch \
	tests/sim/plants/stale-result-delivered.patch \
	tests/sim/plants/successes-untold.patch \
	tests/sim/plants/table-unseen.patch \
	tests/sim/plants/tag-is-silence.patch \
	tests/sim/plants/timeout-too-early.patch \
	tests/sim/plants/turn-forgotten.patch \
	tests/sim/plants/unchecked-path-protects.patch \
	tests/sim/plants/verdict-inherited.patch \
	tests/sim/plants/view-kept.patch \
	tests/sim/plants/would-block-is-failure.patch \
	tests/sim/plants/write-is-silence.patch \
	tests/sim/run \
	$(NULL)
EXTRA_PROGRAMS = tests/sim/sim
CLEANFILES += tests/sim/sim
tests_sim_sim_SOURCES = \
	tests/sim/calls.c \
	tests/sim/calls.h \
	tests/sim/devices.c \
	tests/sim/dm.c \
	tests/sim/event.c \
	tests/sim/fiber.c \
	tests/sim/finder.c \
	tests/sim/host.c \
	tests/sim/trouble.c \
	tests/sim/judge.c \
	tests/sim/judge_end.c \
	tests/sim/judge_holds.c \
	tests/sim/judge_events.c \
	tests/sim/judge_identity.c \
	tests/sim/judge_loss.c \
	tests/sim/judge_overdue.c \
	tests/sim/judge_restart.c \
	tests/sim/judge_maps.c \
	tests/sim/judge_native.c \
	tests/sim/kernel.c \
	tests/sim/main.c \
	tests/sim/native.c \
	tests/sim/sg.c \
	tests/sim/sim.h \
	tests/sim/store.c \
	tests/unit/random.h \
	$(NULL)
tests_sim_sim_LDADD = \
	libdaemon.la \
	libstore.la \
	libcontrol.la \
	libdiscovery.la \
	libdevmap.la \
	libengine.la \
	liblog.la \
	libconfig.la \
	libcore.la \
	libutil.la \
	$(NULL)
sim_wrapped = \
	calloc clock_gettime close devmapper_command devmapper_next directio_describe directio_look directio_open directio_read \
	epoll_create1 epoll_ctl eventfd faccessat fcntl free ftruncate malloc memfd_create mmap \
	munmap nanosleep open openat pathcheck_add pathcheck_check pathcheck_identify \
	pathcheck_new pathcheck_results poll ppoll prctl \
	prober_start process_collect process_collect_by process_dying process_ended \
	process_kill process_start pthread_cond_broadcast pthread_cond_signal \
	pthread_cond_wait pthread_join pthread_mutex_lock pthread_mutex_unlock read \
	scsi_ask_wwid scsi_device_describe scsi_device_is_slow scsi_device_look scsi_device_open \
	scsi_device_send scsi_test_unit thread_join_for thread_start timerfd_create timerfd_settime write
tests_sim_sim_LDFLAGS = $(AM_LDFLAGS) $(sim_wrapped:%=-Wl,--wrap=%)

# make check-sim SEEDS=10000 FIRST=1 JOBS=2
SEEDS = 2000
FIRST = 1
JOBS = 2
.PHONY: check-sim
check-sim: tests/sim/sim$(EXEEXT)
	tests/sim/sim$(EXEEXT) -s $(FIRST) -n $(SEEDS) -j $(JOBS)
