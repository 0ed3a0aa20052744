/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration's reader. The input is a file. A refused file has an error with a line
 * of the file. An accepted file is printed in a form that reads back to the same
 * configuration, and answers queries about devices.
 */
#include <errno.h>
#include <string.h>

#include "checkerd/config/checker_choice.h"
#include "checkerd/config/dump.h"
#include "checkerd/config/filter.h"
#include "checkerd/config/load.h"
#include "tests/fuzz/fuzz.h"

#define NAME "fuzz.conf"

void fuzz_begin(void)
{
}

static void look_at_problems(const struct config *c, size_t size, bool refused)
{
	size_t errors = 0;

	for (size_t i = 0; i < c->n_problems; i++) {
		const struct problem *p = &c->problems[i];

		errors += p->kind == PROBLEM_ERROR ? 1 : 0;
		REQUIRE(fuzz_is_plain_text(p->message), "problem %zu", i);
		REQUIRE(p->message[0] != '\0', "problem %zu says nothing", i);
		REQUIRE(p->line <= size + 1 && p->column <= size + 1,
		        "%u:%u is not in the file", p->line, p->column);
	}
	REQUIRE(refused == (errors > 0), "%zu errors", errors);
	REQUIRE(c->n_problems <= 2 * CONFIG_PROBLEMS_MAX + 2, "%zu problems",
	        c->n_problems);
}

static char *dump(const struct config *c, size_t *ret_size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_size);

	REQUIRE(f, "no memory");
	dump_config(c, f);
	REQUIRE(fclose(f) == 0, "no memory");
	return text;
}

static void ask_about(const struct config *c, const struct config_subject *s)
{
	const struct checker_facts facts = { .protocol = s->protocol,
		                             .vendor = s->vendor,
		                             .product = s->product };
	enum checker_why checker_why = CHECKER_WHY_COUNT_;
	struct config_settings settings;
	const char *why = NULL;
	bool excluded = filter_excludes(c, s, &why);

	REQUIRE(!excluded || why, "left out, and nothing says why");
	(void)filter_excepts(c,
	                     s); /* a query of its own; no other answer depends on it */
	filter_settings(c, s, &settings);
	REQUIRE(settings.polling_interval_us > 0 && settings.checker_timeout_us >= 0,
	        "times");
	REQUIRE(settings.max_polling_interval_us >= settings.polling_interval_us,
	        "intervals");
	REQUIRE(settings.fail_checks > 0 && settings.recover_checks > 0 &&
	                settings.read_every > 0,
	        "counts");
	REQUIRE(checker_choose(&settings, &facts, &checker_why) != CHECKER_AUTO,
	        "checker");
	REQUIRE(checker_why < CHECKER_WHY_COUNT_, "no reason for the checker");
	if (s->wwid)
		(void)filter_map_alias(c, s->wwid); /* NULL is an answer as well */
}

static void ask(const struct config *c)
{
	static const char *const properties[] = { "ID_SERIAL", "SCSI_IDENT_SERIAL",
		                                  NULL };
	static const char *const none[] = { NULL };
	static const struct config_subject subjects[] = {
		{ .devnode = "sda",
		  .wwid = "3600508b400105e210000900000490000",
		  .protocol = "scsi:fcp",
		  .vendor = "IBM",
		  .product = "2145",
		  .revision = "0000",
		  .properties = properties },
		{ .devnode = "nvme0n1", .vendor = "NVME", .properties = properties },
		{ .devnode = "loop0", .properties = none, .partition = true },
	};

	for (size_t i = 0; i < ARRAY_LEN(subjects); i++)
		ask_about(c, &subjects[i]);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct config *c = NULL, *again = NULL;
	int r = load_text(NAME, (const char *)data, size, &c);
	size_t first_size, second_size;
	char *first, *second;

	REQUIRE(r == 0 || r == -EINVAL, "%d", r);
	look_at_problems(c, size, r < 0);
	if (r == 0) {
		ask(c);
		first = dump(c, &first_size);
		r = load_text(NAME, first, first_size, &again);
		REQUIRE(r == 0, "not read back:\n%s", first);
		second = dump(again, &second_size);
		REQUIRE(first_size == second_size &&
		                memcmp(first, second, first_size) == 0,
		        "read back, and another one:\n%s\n%s", first, second);
		free(first);
		free(second);
		config_free(again);
	}
	config_free(c);
}
