/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text for people; see human.h. Owns the first complaint; depends on the locale's LC_CTYPE only. */
#include "checkerctl/human.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

#include "checkerctl/exit.h"
#include "util/clean.h"
#include "util/duration.h"
#include "util/mono.h"
#include "util/utf8.h"

#define DURATION_MAX_US (INT64_C(10) * 365 * 24 * 3600 * USEC_PER_SEC)
#define COMPLAINT_BYTES 4096

int human_parse_duration(const char *s, int64_t *ret_us)
{
	int64_t us;
	int r = duration_parse(s, &us);

	if (r < 0)
		return r;
	if (us < 1 || us > DURATION_MAX_US)
		return -ERANGE;
	*ret_us = us;
	return 0;
}

int human_parse_number(const char *s, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	value = strtoull(s, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno || value > INT64_MAX)
		return -ERANGE;
	*ret = value;
	return 0;
}

int human_parse_time(const char *s, double *ret_s)
{
	struct tm tm = { 0 };
	double fraction = 0;
	int length = 0;

	if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
	           &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &length) != 6)
		return -EINVAL;
	s += length;
	if (*s == '.') {
		char digits[32] = "0";
		size_t n = strspn(s + 1, "0123456789");

		if (n == 0 || n > 12)
			return -EINVAL;
		memcpy(digits + 1, s, n + 1);
		fraction = strtod(digits, NULL);
		s += n + 1;
	}
	if (strcmp(s, "Z") != 0 && strcmp(s, "+00:00") != 0)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ret_s = (double)timegm(&tm) + fraction;
	return 0;
}

int human_local_time(const char *s, char buf[static HUMAN_TIME_BYTES])
{
	double seconds;
	time_t whole;
	struct tm tm;
	size_t n;

	if (human_parse_time(s, &seconds) < 0)
		return -EINVAL;
	whole = (time_t)floor(seconds);
	if (localtime_r(&whole, &tm) == NULL)
		return -EINVAL;
	n = strftime(buf, HUMAN_TIME_BYTES, "%Y-%m-%d %H:%M:%S", &tm);
	(void)snprintf(buf + n, HUMAN_TIME_BYTES - n, ".%03d",
	               (int)((seconds - (double)whole) * 1000));
	return 0;
}

const char *human_duration(double s, char buf[static HUMAN_SHORT_BYTES])
{
	static const struct {
		double below, divisor;
		const char *unit;
	} steps[] = {
		{ 1e-3, 1e-6, "us" }, { 1, 1e-3, "ms" },        { 60, 1, "s" },
		{ 3600, 60, "m" },    { 48 * 3600, 3600, "h" },
	};
	double value, divisor = 86400;
	const char *unit = "d";

	if (!(s > 0)) /* also NaN, and a clock that was set back */
		return strcpy(buf, "0s");
	s = MIN(s, 1e12);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (s < steps[i].below) {
			divisor = steps[i].divisor;
			unit = steps[i].unit;
			break;
		}
	value = s / divisor;
	/* One decimal below 10; rounded down, so that 59.9 s is not "60s". */
	value = value < 10 && divisor <= 1 ? floor(value * 10 + 1e-6) / 10
	                                   : floor(value + 1e-6);
	snprintf(buf, HUMAN_SHORT_BYTES, "%.10g%s", value, unit);
	return buf;
}

const char *human_bytes(double bytes, char buf[static HUMAN_SHORT_BYTES])
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t i = 0;

	while (bytes >= 1024 && i + 1 < ARRAY_LEN(names)) {
		bytes /= 1024;
		i++;
	}
	snprintf(buf, HUMAN_SHORT_BYTES, i ? "%.1f %s" : "%.0f %s", bytes, names[i]);
	return buf;
}

void human_put(FILE *f, const char *s, bool lines)
{
	size_t left = strlen(s);
	mbstate_t state = { 0 };

	while (left > 0) {
		wchar_t wide;
		size_t n = mbrtowc(&wide, s, left, &state);

		if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
			fprintf(f, "\\x%02x", (unsigned char)*s);
			state = (mbstate_t){ 0 };
			n = 1;
		} else if ((iswprint((wint_t)wide) && clean_length(s) > 0) ||
		           (lines && (*s == '\n' || *s == '\t'))) {
			fwrite(s, 1, n, f);
		} else {
			for (size_t i = 0; i < n; i++)
				fprintf(f, "\\x%02x", (unsigned char)s[i]);
		}
		s += n;
		left -= n;
	}
}

void human_put_utf8(FILE *f, const char *s)
{
	while (*s) {
		size_t n = utf8_length(s, SIZE_MAX);

		if (n == 0 || (clean_length(s) == 0 && *s != '\n'))
			fputc('?', f);
		else
			fwrite(s, 1, n, f);
		s += n ? n : 1;
	}
}

/* The bytes up to the first that is not ASCII, or is DEL. In JSON none of them needs a look. */
static size_t plain_length(const char *s)
{
	size_t n = 0;

	while (s[n] > 0 && s[n] < 0x7f)
		n++;
	return n;
}

void human_put_json(FILE *f, const char *s)
{
	while (*s) {
		size_t plain = plain_length(s), n;

		/* Lists of thousands of paths have megabytes of them. */
		fwrite(s, 1, plain, f);
		s += plain;
		if (*s == '\0')
			break;
		n = utf8_length(s, SIZE_MAX);
		if (n == 0)
			fputs("\xef\xbf\xbd", f);
		else if (((n == 2 || n == 3) && clean_length(s) == 0) || *s == 0x7f)
			fprintf(f, "\\u%04" PRIx32, utf8_decode(s, n));
		else
			fwrite(s, 1, n, f);
		s += n ? n : 1;
	}
}

static char first_complaint[COMPLAINT_BYTES];

const char *human_first_complaint(void)
{
	return first_complaint;
}

_printf_(2, 0) static void complain(const char *hint, const char *format, va_list args)
{
	char message[COMPLAINT_BYTES];

	vsnprintf(message, sizeof(message), format, args);
	if (first_complaint[0] == '\0')
		strcpy(first_complaint, message);
	fputs("checkerctl: ", stderr);
	human_put(stderr, message, true);
	fputs(hint, stderr);
	fputc('\n', stderr);
}

int human_complain(int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain("", format, args);
	va_end(args);
	return code;
}

int human_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain("; see 'checkerctl --help'", format, args);
	va_end(args);
	return EXIT_USAGE;
}
