/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: turns the configuration's settings into those of a path, which depend on the
 * device. Any thread.
 */
#include "checkerd/discovery/settings.h"

#include "checkerd/config/checker_choice.h"

static_assert(CONFIG_TIME_MAX_US == PATH_TIME_MAX_US &&
                      CONFIG_INTERVAL_MAX_US == PATH_INTERVAL_MAX_US &&
                      CONFIG_CHECKS_MAX < 1 << 10 && CONFIG_READ_EVERY_MAX < 1 << 6 &&
                      KEEP_OPEN_NO < 1 << 2 && SLOW_MODE_MARGINAL < 1 << SLOW_MODE_BITS,
              "struct path_settings has room for these values");

/* The kernel's timeout may be as long as somebody wrote into sysfs. */
static int64_t timeout_of(const struct config_settings *s, const struct identity *id)
{
	if (s->checker_timeout_us > 0)
		return s->checker_timeout_us;
	if (id->scsi.timeout_s == 0)
		return CONFIG_TIMEOUT_DEFAULT_US;
	return MIN(id->scsi.timeout_s * USEC_PER_SEC, PATH_TIME_MAX_US);
}

static uint8_t rule_of(const struct config_settings *s)
{
	const struct policy_rule r =
	        policy_rule_of(&s->holds, s->max_polling_interval_us);

	return policy_rules_add(&r);
}

static void explain(const struct config *c, const struct config_subject *subject,
                    const struct identity *id, const struct path_settings *path,
                    struct judgement *j)
{
	filter_settings_from(c, subject, &j->settings, &j->from);
	j->path = *path;
	j->hardware = hardware_find(subject->vendor, subject->product);
	j->timeout_s = id->scsi.timeout_s;
}

void settings_of(const struct config *c, const struct config_subject *subject,
                 const struct identity *id, struct path_settings *ret,
                 struct judgement *j)
{
	const struct checker_facts facts = {
		.protocol = subject->protocol,
		.vendor = subject->vendor,
		.product = subject->product,
		.tpgs = id->scsi.tpgs,
		.rdac_handler = id->scsi.rdac_handler,
		.rdac_page = id->scsi.rdac_page,
	};
	struct config_settings settings;
	enum checker_why why;
	enum checker_kind checker;

	filter_settings(c, subject, &settings);
	checker = checker_choose(&settings, &facts, &why);
	*ret = (struct path_settings){
		.interval_us = (uint32_t)settings.polling_interval_us,
		.max_interval_grid =
		        path_max_interval_grid(settings.max_polling_interval_us),
		.timeout_us = (uint32_t)timeout_of(&settings, id),
		.fail_checks = settings.fail_checks,
		.recover_checks = settings.recover_checks,
		.checker = checker,
		.checker_why = why,
		.read_every = settings.read_every,
		.keep_open = settings.keep_open,
		.purge = settings.purge_disconnected,
		.rule = rule_of(&settings),
		.slow = settings.slow_path,
	};
	if (j != NULL)
		explain(c, subject, id, ret, j);
}
