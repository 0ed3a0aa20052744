/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader of multipathd's own file. The input is a file. Nothing in it is an error. What is taken
 * from it is printed in a form that checkerd.conf's strict reader takes without a remark, and that
 * reads back to the same configuration.
 */
#include <errno.h>
#include <string.h>

#include "checkerd/config/dump.h"
#include "checkerd/config/filter.h"
#include "checkerd/config/load.h"
#include "checkerd/config/multipath/mpconf.h"
#include "tests/fuzz/fuzz.h"

#define NAME "fuzz.conf"

void fuzz_begin(void)
{
}

static void look_at_problems(const struct config *c, size_t size)
{
	for (size_t i = 0; i < c->n_problems; i++) {
		const struct problem *p = &c->problems[i];

		REQUIRE(p->kind != PROBLEM_ERROR, "an error: %s", p->message);
		REQUIRE(fuzz_is_plain_text(p->message), "problem %zu", i);
		REQUIRE(p->message[0] != '\0', "problem %zu says nothing", i);
		REQUIRE(p->line >= 1 && p->line <= size + 1 && p->column <= size + 1,
		        "%u:%u is not in the file", p->line, p->column);
	}
	REQUIRE(c->n_problems <= 2 * CONFIG_PROBLEMS_MAX, "%zu problems", c->n_problems);
}

static char *dump(const struct config *c, size_t *ret_size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_size);

	REQUIRE(f != NULL, "no memory");
	dump_config(c, f);
	REQUIRE(fclose(f) == 0, "no memory");
	return text;
}

static void ask(const struct config *c)
{
	static const char *const properties[] = { "ID_SERIAL", "SCSI_IDENT_SERIAL",
		                                  NULL };
	static const struct config_subject s = { .devnode = "sda",
		                                 .wwid = "3600508b400105e2100009000004",
		                                 .protocol = "scsi:fcp",
		                                 .vendor = "IBM",
		                                 .product = "2145",
		                                 .revision = "0000",
		                                 .properties = properties };
	struct config_settings settings;
	struct filter_verdict verdict;

	filter_judge(c, &s, &verdict);
	REQUIRE(!verdict.excluded || verdict.why != NULL,
	        "excluded, and nothing says why");
	filter_settings(c, &s, &settings);
	REQUIRE(settings.polling_interval_us > 0 && settings.checker_timeout_us >= 0,
	        "times");
	REQUIRE(settings.max_polling_interval_us >= settings.polling_interval_us,
	        "intervals");
}

static void read_back(const char *text, size_t size)
{
	struct config *c = NULL;
	int r = load_text(NAME, text, size, &c);
	size_t again_size;
	char *again;

	REQUIRE(r == 0, "not read back:\n%s", text);
	REQUIRE(c->n_problems == 0, "%s, about:\n%s", c->problems[0].message, text);
	again = dump(c, &again_size);
	REQUIRE(size == again_size && memcmp(text, again, size) == 0,
	        "read back, and another one:\n%s\n%s", text, again);
	free(again);
	config_free(c);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct config *c = NULL;
	struct reader r;
	size_t text_size;
	char *text;

	REQUIRE(reader_init(&r) == 0, "no memory");
	mpconf_read_text(&r, NAME, (const char *)data, size);
	REQUIRE(reader_finish(&r, &c) == 0, "refused");
	reader_deinit(&r);
	look_at_problems(c, size);
	ask(c);
	text = dump(c, &text_size);
	read_back(text, text_size);
	free(text);
	config_free(c);
}
