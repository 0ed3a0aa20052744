# SPDX-License-Identifier: LGPL-2.1-or-later
systemdsystemunit_DATA = \
	conf/systemd/checkerd-hook@.service \
	conf/systemd/checkerd-textfile.service \
	conf/systemd/checkerd-textfile.timer \
	conf/systemd/checkerd.service \
	conf/systemd/checkerd.socket \
	$(NULL)
modprobesgdir = $(systemdsystemunitdir)/modprobe@sg.service.d
dist_modprobesg_DATA = conf/systemd/modprobe@sg.service.d/checkerd.conf
pkgdata_DATA = conf/systemd/early.conf
# What administrators copy to where their monitoring is.
prometheusdir = $(pkgdatadir)/prometheus
dist_prometheus_DATA = conf/prometheus/checkerd.rules.yml
grafanadir = $(pkgdatadir)/grafana
dist_grafana_DATA = conf/grafana/checkerd.json
monitoringdir = $(pkgdatadir)/monitoring
dist_monitoring_DATA = \
	conf/monitoring/icinga2-checkerd.conf \
	conf/monitoring/nagios-checkerd.cfg \
	conf/monitoring/nrpe-checkerd.cfg \
	conf/monitoring/zabbix-checkerd.conf \
	$(NULL)
dist_monitoring_SCRIPTS = conf/monitoring/checkmk-checkerd
EXTRA_DIST += tests/prometheus/checkerd.rules.test.yml
# Commands for checkerd-hook@.service, with their settings.
hooksdir = $(pkgdatadir)/hooks
dist_hooks_SCRIPTS = conf/hooks/mail conf/hooks/webhook
dist_hooks_DATA = conf/hooks/mail.conf conf/hooks/webhook.conf
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = conf/sysusers.d/checkerd.conf
sysctldir = $(prefix)/lib/sysctl.d
dist_sysctl_DATA = conf/sysctl.d/60-checkerd.conf
dist_bashcompletion_DATA = conf/completions/checkerctl
dist_zshcompletion_DATA = conf/completions/_checkerctl
dist_fishcompletion_DATA = conf/completions/checkerctl.fish
EXTRA_DIST += \
	conf/systemd/checkerd-exporter.service.in \
	conf/systemd/checkerd-report.socket.in \
	conf/systemd/checkerd-report@.service.in \
	conf/systemd/checkerd-hook@.service.in \
	conf/systemd/checkerd-textfile.service.in \
	conf/systemd/checkerd-textfile.timer.in \
	conf/systemd/checkerd.service.in \
	conf/systemd/checkerd.socket.in \
	conf/systemd/early.conf.in \
	$(NULL)
CLEANFILES += $(systemdsystemunit_DATA) $(pkgdata_DATA) conf/systemd/checkerd-exporter.service

# configure leaves ${prefix} in its directories; here they are whole.
conf/systemd/%: $(srcdir)/conf/systemd/%.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed \
		-e 's|@bindir[@]|$(bindir)|g' \
		-e 's|@pkgdatadir[@]|$(pkgdatadir)|g' \
		-e 's|@runstatedir[@]|$(runstatedir)|g' \
		-e 's|@sbindir[@]|$(sbindir)|g' \
		-e 's|@sysconfdir[@]|$(sysconfdir)|g' \
		$< > $@.tmp && mv $@.tmp $@

# The sample goes where the daemon looks for it, but never over a file that is there; and
# only as it was installed is it taken away again.
EXTRA_DIST += conf/checkerd.conf
install-data-local:
	test -e $(DESTDIR)$(sysconfdir)/checkerd.conf || { \
		$(MKDIR_P) $(DESTDIR)$(sysconfdir) && \
		$(INSTALL_DATA) $(srcdir)/conf/checkerd.conf $(DESTDIR)$(sysconfdir); }
uninstall-local:
	! cmp -s $(srcdir)/conf/checkerd.conf $(DESTDIR)$(sysconfdir)/checkerd.conf || \
		rm -f $(DESTDIR)$(sysconfdir)/checkerd.conf

# What journalctl -x shows for each MESSAGE_ID.
catalogdir = $(prefix)/lib/systemd/catalog
dist_catalog_DATA = conf/checkerd.catalog
