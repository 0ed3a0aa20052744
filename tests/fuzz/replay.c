/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A main() instead of libFuzzer's, for every compiler. It runs a target on the stored
 * inputs, in the order of their names, or on the given files.
 *
 * --whole: runs it also on each beginning of each input, and on each input with each of its bytes
 * at each value. So every length of one byte has every value, and every byte of a longer one. Inputs whose
 * name is libFuzzer's, the hash of their bytes, are there for the branches that they reach: they stay as
 * they are. --whole=BYTES: only inputs of so many bytes, for targets that are slow.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (1 << 20)

/* Of the inputs that --whole changes: a larger one costs more than it shows. */
static size_t whole_max = 512;

static unsigned n_inputs;
static unsigned long n_changed;
static bool whole;
/* The changed input that runs. */
static struct {
	size_t size, at;
	unsigned value;
} now;

/* Of the sanitizers; other builds have none. */
void __sanitizer_set_death_callback(void (*f)(void)) __attribute__((weak));

/* A signal handler may not use stdio. */
static void say_number(const char *of, size_t n)
{
	char text[64];
	size_t at = sizeof(text), length = strlen(of);

	text[--at] = '\n';
	do
		text[--at] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	at -= length;
	memcpy(text + at, of, length);
	if (write(STDERR_FILENO, text + at, sizeof(text) - at) < 0)
		return;
}

static void say_where(void)
{
	say_number("bytes: ", now.size);
	say_number("changed byte: ", now.at);
	say_number("its value: ", now.value);
}

static void aborted(int signal_number)
{
	(void)signal_number; /* SIGABRT */
	say_where();
}

#define HASH_LETTERS 40

static bool has_hash_name(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name == NULL ? path : name + 1;
	return strlen(name) == HASH_LETTERS &&
	       strspn(name, "0123456789abcdef") == HASH_LETTERS;
}

/* A copy of its own, exactly as large. */
static void run_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	REQUIRE(copy, "no memory");
	memcpy(copy, data, size);
	fuzz_one(copy, size);
	free(copy);
	n_changed++;
}

static void run_changed(uint8_t *data, size_t size)
{
	for (now.size = 0; now.size < size; now.size++)
		run_copy(data, now.size);
	for (now.at = 0; now.at < size; now.at++) {
		uint8_t before = data[now.at];

		for (now.value = 0; now.value <= UINT8_MAX; now.value++) {
			data[now.at] = (uint8_t)now.value;
			run_copy(data, size);
		}
		data[now.at] = before;
	}
}

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
	if (whole && size <= whole_max && !has_hash_name(name))
		run_changed(exact, size);
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
	int first = 1;

	whole = argc > 1 && strncmp(argv[1], "--whole", strlen("--whole")) == 0;
	if (whole && argv[1][strlen("--whole")] == '=')
		whole_max = strtoul(argv[1] + strlen("--whole="), NULL, 10);
	first += whole;
	if (__sanitizer_set_death_callback != NULL && whole)
		__sanitizer_set_death_callback(say_where);
	if (whole)
		(void)signal(SIGABRT, aborted); /* cannot fail */
	fuzz_begin();
	for (int i = first; i < argc; i++)
		run(argv[i]);
	if (argc <= first) {
		run_folder(FUZZ_INPUTS "/corpus/" FUZZ_TARGET);
		run_folder(FUZZ_INPUTS "/regressions/" FUZZ_TARGET);
	}
	printf("%u inputs", n_inputs);
	if (whole)
		printf(", %lu with a changed byte or end", n_changed);
	printf("\n");
	return n_inputs > 0 ? 0 : EXIT_FAILURE;
}
