/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: reads /proc, /run and /sys, below a root that tests choose, and compares them with
 * the daemon's answers. What cannot be read is no finding. One thread.
 */
#include "checkerctl/doctor_host.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerctl/ctl.h"
#include "checkerctl/multipathd.h"
#include "config.h"

#define GROUP_SLOTS 1024 /* of fs.aio-max-nr that a group of paths takes */
#define FILE_BYTES  4096

void doctor_add(json_object *findings, const char *severity, const char *id,
                const char *object, double count, const char *text, const char *remedy)
{
	json_object *f = json_object_new_object();

	json_object_object_add(f, "id", json_object_new_string(id));
	json_object_object_add(f, "severity", json_object_new_string(severity));
	json_object_object_add(f, "object",
	                       object == NULL ? NULL : json_object_new_string(object));
	json_object_object_add(f, "count", json_object_new_int64((int64_t)count));
	json_object_object_add(f, "text", json_object_new_string(text));
	json_object_object_add(f, "remedy", json_object_new_string(remedy));
	json_object_array_add(findings, f);
}

static void warn(const struct doctor_host *h, const char *id, const char *object,
                 const char *text, const char *remedy)
{
	doctor_add(h->findings, "warning", id, object, 1, text, remedy);
}

/* "FORMAT" below the root. */
static const char *place(const struct doctor_host *h, char buf[static PATH_MAX],
                         const char *format, ...) _printf_(3, 4);
static const char *place(const struct doctor_host *h, char buf[static PATH_MAX],
                         const char *format, ...)
{
	size_t used = (size_t)snprintf(buf, PATH_MAX, "%s", h->root);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(buf + used, PATH_MAX - used, format, args);
	va_end(args);
	return buf;
}

/* The first bytes of a file. False: it cannot be read, or is empty. */
static bool read_file(const char *name, char buf[static FILE_BYTES])
{
	FILE *f = fopen(name, "re");
	size_t n = f == NULL ? 0 : fread(buf, 1, FILE_BYTES - 1, f);

	if (f != NULL)
		(void)fclose(f); /* it was only read */
	buf[n] = '\0';
	return n > 0;
}

/* A number; -1: there is none. */
static long long read_number(const char *name)
{
	char buf[FILE_BYTES], *end;
	long long number;

	if (!read_file(name, buf))
		return -1;
	number = strtoll(buf, &end, 10);
	return end == buf ? -1 : number;
}

/* Does one of the file's lines end with this word? */
static bool has_line(const char *name, const char *word)
{
	FILE *f = fopen(name, "re");
	char line[512];
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
		size_t size = strcspn(line, "\n"), n = strlen(word);

		line[size] = '\0';
		found = size >= n && strcmp(line + size - n, word) == 0;
	}
	if (f != NULL)
		(void)fclose(f); /* it was only read */
	return found;
}

/* --- other programs that send commands to device-mapper --- */

static size_t count_dm_maps(json_object *maps)
{
	json_object *list;
	size_t n = ctl_list(maps, "maps", &list), found = 0;

	for (size_t i = 0; i < n; i++)
		found += ctl_text(json_object_array_get_idx(list, i), "devt", NULL) !=
		         NULL;
	return found;
}

/* checkerd asks a running multipathd, and has findings about it. */
static void look_for_multipathd(const struct doctor_host *h)
{
	char buf[PATH_MAX], text[160];
	bool runs = has_line(place(h, buf, "/proc/net/unix"), MULTIPATHD_SOCKET);
	bool controls = strcmp(ctl_text(h->status, "dm_control", ""), "on") == 0;
	size_t maps = count_dm_maps(h->maps);

	if (h->status == NULL || runs || controls || maps == 0)
		return;
	(void)snprintf(text, sizeof(text),
	               "dm_control is off and multipathd is not running: nobody "
	               "reinstates the paths of %zu %s",
	               maps, maps == 1 ? "map" : "maps");
	warn(h, "dm-not-controlled", NULL, text,
	     "set dm_control on, or start multipathd");
}

/* --- the running daemon --- */

static void compare_versions(const struct doctor_host *h)
{
	const char *version = ctl_text(h->status, "version", PACKAGE_VERSION);
	char text[160];

	if (strcmp(version, PACKAGE_VERSION) == 0)
		return;
	(void)snprintf(text, sizeof(text),
	               "checkerd %.40s is running, and checkerctl is %s", version,
	               PACKAGE_VERSION);
	warn(h, "version-mismatch", NULL, text, "systemctl restart checkerd");
}

/* After an upgrade the kernel calls the old program's file "… (deleted)". */
static void look_at_program(const struct doctor_host *h, const char *name, double pid)
{
	static const char deleted[] = " (deleted)";
	char link[PATH_MAX], target[PATH_MAX], text[160];
	ssize_t n = readlink(place(h, link, "/proc/%.0f/exe", pid), target,
	                     sizeof(target) - 1);

	if (n < (ssize_t)sizeof(deleted))
		return;
	target[n] = '\0';
	if (strcmp(target + n - (sizeof(deleted) - 1), deleted) != 0)
		return;
	(void)snprintf(text, sizeof(text),
	               "%s runs a program whose file was replaced, so it is not the "
	               "installed version",
	               name);
	warn(h, "program-replaced", name, text, "systemctl restart checkerd");
}

static void look_at_programs(const struct doctor_host *h)
{
	json_object *prober = NULL;
	double pid;

	if (ctl_number(h->status, "pid", &pid))
		look_at_program(h, "checkerd", pid);
	if (json_object_object_get_ex(h->status, "prober", &prober) &&
	    ctl_number(prober, "pid", &pid))
		look_at_program(h, "prober", pid);
}

/* The unit's TasksMax against the threads that the configuration may need. */
static void compare_tasks(const struct doctor_host *h)
{
	char buf[PATH_MAX], line[FILE_BYTES], text[160];
	json_object *bound = NULL;
	double pid, threads;
	long long limit;

	if (!ctl_number(h->status, "pid", &pid) ||
	    !json_object_object_get_ex(h->memory, "memory", &bound) ||
	    !ctl_number(bound, "threads", &threads) ||
	    !read_file(place(h, buf, "/proc/%.0f/cgroup", pid), line) ||
	    strncmp(line, "0::", 3) != 0)
		return;
	line[strcspn(line, "\n")] = '\0';
	limit = read_number(place(h, buf, "/sys/fs/cgroup%.3000s/pids.max", line + 3));
	if (limit < 0 || (double)limit >= threads)
		return;
	(void)snprintf(text, sizeof(text),
	               "%lld tasks are allowed, and max_paths and rescuer_threads may "
	               "need %.0f threads",
	               limit, threads);
	warn(h, "tasks-limit", "checkerd.service", text,
	     "raise TasksMax in the unit, and systemctl restart checkerd");
}

/* --- without a daemon --- */

static void look_at_quota(const struct doctor_host *h)
{
	char buf[PATH_MAX], text[160];
	long long nr = read_number(place(h, buf, "/proc/sys/fs/aio-nr"));
	long long max = read_number(place(h, buf, "/proc/sys/fs/aio-max-nr"));

	if (nr < 0 || max < 0 || max - nr >= GROUP_SLOTS)
		return;
	(void)snprintf(text, sizeof(text),
	               "fs.aio-max-nr is %lld, and %lld are in use: there is no room "
	               "for the %d of a group of paths",
	               max, nr, GROUP_SLOTS);
	warn(h, "aio-quota", NULL, text, "raise fs.aio-max-nr in /etc/sysctl.d");
}

static void look_for_udevd(const struct doctor_host *h)
{
	char buf[PATH_MAX];

	if (access(place(h, buf, "/run/udev/control"), F_OK) == 0 || errno != ENOENT)
		return;
	warn(h, "udevd-missing", NULL,
	     "udevd does not run: no device has properties, so property rules do not "
	     "apply and WWIDs are the kernel's",
	     "start systemd-udevd");
}

void doctor_host_examine(const struct doctor_host *h)
{
	look_for_multipathd(h);
	compare_versions(h);
	look_at_programs(h);
	compare_tasks(h);
	if (h->status != NULL)
		return; /* checkerd knows these better */
	look_at_quota(h);
	look_for_udevd(h);
}
