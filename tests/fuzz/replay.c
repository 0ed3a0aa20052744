/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A main() instead of libFuzzer's, for every compiler. It runs a target on the stored
 * inputs, in the order of their names, or on the given files.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (1 << 20)

static unsigned n_inputs;

/* Exactly as large as the file, so that a sanitizer detects reads beyond it. */
static void run(const char *name)
{
	FILE *f = fopen(name, "rb");
	uint8_t *all = malloc(INPUT_MAX), *exact;
	size_t size;

	REQUIRE(all, "no memory");
	REQUIRE(f, "%s: %s", name, strerror(errno));
	size = fread(all, 1, INPUT_MAX, f);
	REQUIRE(!ferror(f) && size < INPUT_MAX, "%s: cannot be read, or is too large",
	        name);
	fclose(f); /* cannot lose data: the file was only read */
	exact = malloc(size > 0 ? size : 1);
	REQUIRE(exact, "no memory");
	memcpy(exact, all, size);
	free(all);
	/* The last line on stderr when the input ends the process, and so in the test's
	 * log. */
	(void)fprintf(stderr, "%s\n", name);
	fuzz_one(exact, size);
	free(exact);
	n_inputs++;
}

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* A directory that does not exist has no inputs: the target has no regressions. */
static void run_folder(const char *folder)
{
	struct dirent **entries;
	char name[4096];
	int n = scandir(folder, &entries, is_visible, alphasort);

	REQUIRE(n >= 0 || errno == ENOENT, "%s: %s", folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "%s/%s", folder, entries[i]->d_name);
		run(name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

int main(int argc, char **argv)
{
	fuzz_begin();
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	if (argc < 2) {
		run_folder(FUZZ_INPUTS "/corpus/" FUZZ_TARGET);
		run_folder(FUZZ_INPUTS "/regressions/" FUZZ_TARGET);
	}
	printf("%u inputs\n", n_inputs);
	return n_inputs > 0 ? 0 : EXIT_FAILURE;
}
