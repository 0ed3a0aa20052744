/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: copies settings from the configuration's form into a path's. Any thread. */
#include "checkerd/discovery/settings.h"

static_assert(CONFIG_TIME_MAX_US == PATH_TIME_MAX_US &&
                      CONFIG_INTERVAL_MAX_US == PATH_INTERVAL_MAX_US &&
                      CONFIG_CHECKS_MAX < 1 << 10 && CHECKER_NONE < 1 << 3 &&
                      KEEP_OPEN_NO < 1 << 2,
              "struct path_settings has room for these values");

void settings_of(const struct config *c, const struct config_subject *subject,
                 struct path_settings *ret)
{
	struct config_settings settings;

	filter_settings(c, subject, &settings);
	*ret = (struct path_settings){
		.interval_us = (uint32_t)settings.polling_interval_us,
		.max_interval_us = (uint64_t)MAX(settings.max_polling_interval_us,
		                                 settings.polling_interval_us),
		.timeout_us = (uint32_t)settings.checker_timeout_us,
		.fail_checks = settings.fail_checks,
		.recover_checks = settings.recover_checks,
		.checker = settings.checker,
		.keep_open = settings.keep_open,
		.purge = settings.purge_disconnected,
	};
}
