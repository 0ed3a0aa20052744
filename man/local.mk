# SPDX-License-Identifier: LGPL-2.1-or-later
dist_man_MANS += \
	man/checkerctl.8 \
	man/checkerd-hook.8 \
	man/checkerd-multipathd.7 \
	man/checkerd.8 \
	man/checkerd.conf.5 \
	man/libpathcheck.3 \
	$(NULL)
