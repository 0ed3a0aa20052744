/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor: prints what on this host keeps path checking from working, one line each with its remedy.
 * The daemon's findings come from GetFindings, all others from doctor_host.c. One thread.
 */
#include <stdlib.h>
#include <string.h>

#include "checkerctl/commands.h"
#include "checkerctl/doctor_host.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"
#include "checkerctl/fold.h"

#define INDENT     4
#define LINE_BYTES 1024

static const char *const severities[] = { "error", "warning", "note" };

/* The daemon does not answer: why, as a finding. ctl_call() has printed the details. */
static void add_no_daemon(json_object *findings, int code)
{
	if (code == EXIT_DENIED)
		doctor_add(findings, "error", "socket-permission", NULL, 1,
		           "this user may not talk to checkerd",
		           "use root, or set socket_group to a group of this user and "
		           "restart checkerd");
	else
		doctor_add(findings, "error", "daemon-not-running", NULL, 1,
		           "checkerd does not answer: no path is checked, or nobody can "
		           "tell",
		           "systemctl start checkerd, and see journalctl -u checkerd");
}

static json_object *ask(struct ctl *ctl, const char *method, int *code)
{
	json_object *reply = NULL;

	if (*code == 0)
		*code = ctl_call(ctl, method, NULL, &reply);
	return *code == 0 ? reply : NULL;
}

static void add_all(json_object *findings, json_object *reply)
{
	json_object *list;
	size_t n = ctl_list(reply, "findings", &list);

	for (size_t i = 0; i < n; i++)
		json_object_array_add(
		        findings, json_object_get(json_object_array_get_idx(list, i)));
}

/* Asks the daemon, then looks at the host. */
static json_object *examine(struct ctl *ctl)
{
	json_object *findings = json_object_new_array(), *own, *fresh;
	struct doctor_host host = { .root = "", .findings = findings };
	int code = 0, busy = 0;

	host.status = ask(ctl, "GetStatus", &code);
	/* Old timers are better than none: discovery may wait for sysfs. */
	busy = code;
	fresh = ask(ctl, "ReadTimers", &busy);
	own = ask(ctl, "GetFindings", &code);
	host.memory = ask(ctl, "GetMemory", &code);
	host.maps = ask(ctl, "ListMaps", &code);
	if (host.status == NULL)
		add_no_daemon(findings, code);
	else if (code != 0)
		doctor_add(findings, "error", "incomplete", NULL, 1,
		           "checkerd does not answer all questions",
		           "see the message on standard error; systemctl restart "
		           "checkerd if it is older than checkerctl");
	else if (busy != 0)
		doctor_add(findings, "warning", "discovery-slow", NULL, 1,
		           "the kernel's timers could not be read again, because the "
		           "discovery thread waits for sysfs",
		           "see checkerctl show events for devices that hang");
	add_all(findings, own);
	doctor_host_examine(&host);
	json_object_put(own);
	json_object_put(fresh);
	json_object_put(host.status);
	json_object_put(host.memory);
	json_object_put(host.maps);
	return findings;
}

static unsigned rank(json_object *finding)
{
	const char *severity = ctl_text(finding, "severity", "");
	unsigned i = 0;

	while (i < ARRAY_LEN(severities) && strcmp(severity, severities[i]) != 0)
		i++;
	return i;
}

static void print_finding(json_object *f, size_t columns)
{
	const char *object = ctl_text(f, "object", NULL);
	char line[LINE_BYTES], more[48] = "";
	double count;

	if (ctl_number(f, "count", &count) && count > 1)
		(void)snprintf(more, sizeof(more), " and %.0f more", count - 1);
	(void)snprintf(line, sizeof(line), "%s: %s%s%s%s. Remedy: %s. [%s]",
	               ctl_text(f, "severity", "?"), object == NULL ? "" : object, more,
	               object == NULL ? "" : ": ", ctl_text(f, "text", "?"),
	               ctl_text(f, "remedy", "?"), ctl_text(f, "id", "?"));
	fold_print(line, 0, INDENT, columns);
}

static enum doctor_code code_of(json_object *finding)
{
	const char *severity = ctl_text(finding, "severity", "");

	if (strcmp(severity, "error") == 0)
		return DOCTOR_ERRORS;
	return strcmp(severity, "warning") == 0 ? DOCTOR_WARNINGS : DOCTOR_FINE;
}

static int compare(const void *a, const void *b)
{
	unsigned x = rank(*(json_object *const *)a), y = rank(*(json_object *const *)b);

	if (x != y)
		return x < y ? -1 : 1;
	return strcmp(ctl_text(*(json_object *const *)a, "id", ""),
	              ctl_text(*(json_object *const *)b, "id", ""));
}

int run_doctor(struct ctl *ctl, const char *const *operands _unused_, size_t n _unused_)
{
	json_object *findings = examine(ctl), *reply;
	size_t found = json_object_array_length(findings), columns = fold_columns();
	enum doctor_code code = DOCTOR_FINE;

	json_object_array_sort(findings, compare);
	if (found > 0)
		code = code_of(json_object_array_get_idx(findings, 0));
	reply = json_object_new_object();
	json_object_object_add(reply, "findings", findings);
	if (ctl_options_has(ctl->options, OPT_JSON))
		ctl_print_json(reply);
	else if (found == 0)
		puts("nothing found that keeps paths from being checked");
	for (size_t i = 0; i < found && !ctl_options_has(ctl->options, OPT_JSON); i++)
		print_finding(json_object_array_get_idx(findings, i), columns);
	json_object_put(reply);
	return (int)code;
}
