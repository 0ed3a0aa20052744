# libcontrol.la: the Varlink server. Its unit tests are declared here too.
noinst_LTLIBRARIES += libcontrol.la
libcontrol_la_SOURCES = \
	checkerd/control/control.h \
	checkerd/control/port.c \
	checkerd/control/port.h \
	checkerd/control/text.c \
	checkerd/control/text.h \
	$(NULL)
