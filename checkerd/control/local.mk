# SPDX-License-Identifier: LGPL-2.1-or-later
# libcontrol.la: the Varlink server. Its unit tests are declared here too.
noinst_LTLIBRARIES += libcontrol.la
libcontrol_la_SOURCES = \
	checkerd/control/accept.c \
	checkerd/control/accept.h \
	checkerd/control/budget.c \
	checkerd/control/budget.h \
	checkerd/control/bulk.c \
	checkerd/control/bulk.h \
	checkerd/control/call.h \
	checkerd/control/changes.c \
	checkerd/control/changes.h \
	checkerd/control/client.c \
	checkerd/control/client.h \
	checkerd/control/control.c \
	checkerd/control/control.h \
	checkerd/control/control_limits.h \
	checkerd/control/devlink.c \
	checkerd/control/devlink.h \
	checkerd/control/document_hold.c \
	checkerd/control/document_hold.h \
	checkerd/control/document_path.c \
	checkerd/control/document_path.h \
	checkerd/control/documents.c \
	checkerd/control/documents.h \
	checkerd/control/engine_words.c \
	checkerd/control/event_documents.c \
	checkerd/control/event_documents.h \
	checkerd/control/engine_words.h \
	checkerd/control/explaining.c \
	checkerd/control/explaining.h \
	checkerd/control/findings.c \
	checkerd/control/findings.h \
	checkerd/control/history.c \
	checkerd/control/history.h \
	checkerd/control/kept_events.c \
	checkerd/control/kept_events.h \
	checkerd/control/interface.h \
	checkerd/control/json_reader.c \
	checkerd/control/json_reader.h \
	checkerd/control/json_writer.c \
	checkerd/control/json_writer.h \
	checkerd/control/listen.c \
	checkerd/control/listen.h \
	checkerd/control/method.h \
	checkerd/control/methods.c \
	checkerd/control/methods.h \
	checkerd/control/metrics.c \
	checkerd/control/metrics.h \
	checkerd/control/metrics_daemon.c \
	checkerd/control/metrics_daemon.h \
	checkerd/control/metrics_text.c \
	checkerd/control/metrics_text.h \
	checkerd/control/name_index.c \
	checkerd/control/name_index.h \
	checkerd/control/notifications.c \
	checkerd/control/notifications.h \
	checkerd/control/operation.c \
	checkerd/control/operation.h \
	checkerd/control/parked.c \
	checkerd/control/parked.h \
	checkerd/control/pending.c \
	checkerd/control/pending.h \
	checkerd/control/port.c \
	checkerd/control/port.h \
	checkerd/control/query.c \
	checkerd/control/query.h \
	checkerd/control/queued.c \
	checkerd/control/queued.h \
	checkerd/control/reply.c \
	checkerd/control/reply.h \
	checkerd/control/request.c \
	checkerd/control/request.h \
	checkerd/control/selection.c \
	checkerd/control/selection.h \
	checkerd/control/server.c \
	checkerd/control/server.h \
	checkerd/control/service.h \
	checkerd/control/snapshot.c \
	checkerd/control/snapshot.h \
	checkerd/control/varlink.c \
	checkerd/control/varlink.h \
	checkerd/control/view.c \
	checkerd/control/view.h \
	checkerd/control/views.c \
	checkerd/control/views.h \
	$(NULL)
nodist_libcontrol_la_SOURCES = checkerd/control/interface.c
CLEANFILES += checkerd/control/interface.c

control_interfaces = \
	$(srcdir)/checkerd/control/io.checkerd.Control.varlink \
	$(srcdir)/checkerd/control/org.varlink.service.varlink \
	$(NULL)
EXTRA_DIST += $(control_interfaces) checkerd/control/varlink-to-c.awk

checkerd/control/interface.c: $(control_interfaces) \
		$(srcdir)/checkerd/control/varlink-to-c.awk
	$(AM_V_GEN)$(MKDIR_P) checkerd/control && \
	$(AWK) -v header=checkerd/control/interface.h \
		-f $(srcdir)/checkerd/control/varlink-to-c.awk $(control_interfaces) >$@.tmp && \
	mv $@.tmp $@

if HAVE_CMOCKA
control_tests = \
	tests/unit/control/test-control \
	tests/unit/control/test-control-abuse \
	tests/unit/control/test-control-change \
	tests/unit/control/test-control-documents \
	tests/unit/control/test-control-history \
	tests/unit/control/test-control-maps \
	tests/unit/control/test-control-readers \
	tests/unit/control/test-control-socket \
	tests/unit/control/test-devlink \
	tests/unit/control/test-explaining \
	tests/unit/control/test-findings \
	tests/unit/control/test-json-reader \
	tests/unit/control/test-kept-events \
	tests/unit/control/test-json-writer \
	tests/unit/control/test-methods \
	tests/unit/control/test-metrics \
	tests/unit/control/test-port \
	tests/unit/control/test-queued \
	tests/unit/control/test-view \
	$(NULL)
check_PROGRAMS += $(control_tests)
TESTS += $(control_tests)

control_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSONC_CFLAGS)
control_test_ldadd = libcontrol.la libcore.la libutil.la $(CMOCKA_LIBS) $(JSONC_LIBS)

tests_unit_control_test_kept_events_SOURCES = tests/unit/control/test-kept-events.c
tests_unit_control_test_kept_events_CFLAGS = $(control_test_cflags)
tests_unit_control_test_kept_events_LDADD = $(control_test_ldadd)

# What those share that ask over the socket.
check_LTLIBRARIES += tests/unit/libcontrol-fixture.la
tests_unit_libcontrol_fixture_la_SOURCES = \
	tests/unit/control/control-fixture.c \
	tests/unit/control/control-fixture.h \
	tests/unit/control/control-harness.c \
	tests/unit/control/control-harness.h \
	$(NULL)
tests_unit_libcontrol_fixture_la_CFLAGS = $(control_test_cflags)
control_fixture_ldadd = tests/unit/libcontrol-fixture.la libdaemon.la $(control_test_ldadd)

tests_unit_control_test_control_SOURCES = tests/unit/control/test-control.c
tests_unit_control_test_control_CFLAGS = $(control_test_cflags)
tests_unit_control_test_control_LDADD = $(control_fixture_ldadd)
tests_unit_control_test_control_abuse_SOURCES = tests/unit/control/test-control-abuse.c
tests_unit_control_test_control_abuse_CFLAGS = $(control_test_cflags)
tests_unit_control_test_control_abuse_LDADD = $(control_fixture_ldadd)
tests_unit_control_test_control_change_SOURCES = tests/unit/control/test-control-change.c
tests_unit_control_test_control_change_CFLAGS = $(control_test_cflags)
tests_unit_control_test_control_change_LDADD = $(control_fixture_ldadd)
tests_unit_control_test_control_documents_SOURCES = tests/unit/control/test-control-documents.c
tests_unit_control_test_control_documents_CFLAGS = $(control_test_cflags)
tests_unit_control_test_control_documents_LDADD = $(control_fixture_ldadd)
tests_unit_control_test_control_history_SOURCES = tests/unit/control/test-control-history.c
tests_unit_control_test_control_history_CFLAGS = $(control_test_cflags)
tests_unit_control_test_control_history_LDADD = $(control_fixture_ldadd)
tests_unit_control_test_control_maps_SOURCES = tests/unit/control/test-control-maps.c
tests_unit_control_test_control_maps_CFLAGS = $(control_test_cflags)
tests_unit_control_test_control_maps_LDADD = $(control_fixture_ldadd)
tests_unit_control_test_control_readers_SOURCES = tests/unit/control/test-control-readers.c
tests_unit_control_test_control_readers_CFLAGS = $(control_test_cflags)
tests_unit_control_test_control_readers_LDADD = $(control_fixture_ldadd)
tests_unit_control_test_control_readers_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mmap,--wrap=mmap64,--wrap=munmap
tests_unit_control_test_control_socket_SOURCES = tests/unit/control/test-control-socket.c
tests_unit_control_test_control_socket_CFLAGS = $(control_test_cflags)
tests_unit_control_test_control_socket_LDADD = $(control_fixture_ldadd)
tests_unit_control_test_devlink_SOURCES = tests/unit/control/test-devlink.c
tests_unit_control_test_devlink_CFLAGS = $(control_test_cflags)
tests_unit_control_test_devlink_LDADD = $(control_test_ldadd)
tests_unit_control_test_explaining_SOURCES = tests/unit/control/test-explaining.c
tests_unit_control_test_explaining_CFLAGS = $(control_test_cflags)
tests_unit_control_test_explaining_LDADD = $(control_fixture_ldadd)
tests_unit_control_test_findings_SOURCES = tests/unit/control/test-findings.c
tests_unit_control_test_findings_CFLAGS = $(control_test_cflags)
tests_unit_control_test_findings_LDADD = $(control_test_ldadd)
tests_unit_control_test_json_reader_SOURCES = tests/unit/control/test-json-reader.c
tests_unit_control_test_json_reader_CFLAGS = $(control_test_cflags)
tests_unit_control_test_json_reader_LDADD = $(control_test_ldadd)
tests_unit_control_test_json_writer_SOURCES = tests/unit/control/test-json-writer.c
tests_unit_control_test_json_writer_CFLAGS = $(control_test_cflags)
tests_unit_control_test_json_writer_LDADD = $(control_test_ldadd)
tests_unit_control_test_methods_SOURCES = tests/unit/control/test-methods.c
tests_unit_control_test_methods_CFLAGS = $(control_test_cflags)
tests_unit_control_test_methods_LDADD = $(control_fixture_ldadd)
tests_unit_control_test_metrics_SOURCES = tests/unit/control/test-metrics.c
tests_unit_control_test_metrics_CFLAGS = $(control_test_cflags)
tests_unit_control_test_metrics_LDADD = $(control_test_ldadd)
tests_unit_control_test_port_SOURCES = tests/unit/control/test-port.c tests/unit/disk.h
tests_unit_control_test_port_CFLAGS = $(control_test_cflags)
tests_unit_control_test_port_LDADD = $(control_test_ldadd)
tests_unit_control_test_queued_SOURCES = tests/unit/control/test-queued.c
tests_unit_control_test_queued_CFLAGS = $(control_test_cflags)
tests_unit_control_test_queued_LDADD = $(control_test_ldadd)
tests_unit_control_test_view_SOURCES = tests/unit/control/test-view.c
tests_unit_control_test_view_CFLAGS = $(control_test_cflags)
tests_unit_control_test_view_LDADD = $(control_test_ldadd)
endif
