/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Pure; any thread. */
#include "checkerd/core/peer.h"

#include <stdio.h>
#include <string.h>

/* multipathd's word for the map of a path that is in no map begins so: "[orphan]". */
#define NO_MAP '['
/* And so does the name of a checker that it has not chosen yet: "(null)". */
#define NO_NAME '('

/* The text of another program goes into logs. */
static void copy_name(char to[static PEER_CHECKER_MAX], const char *from, size_t n)
{
	size_t used = 0;

	while (used < n && used < PEER_CHECKER_MAX - 1) {
		bool plain = from[used] > ' ' && from[used] <= '~';

		to[used] = from[used];
		if (!plain)
			to[used] = '?';
		used++;
	}
	to[used] = '\0';
}

void peer_add(struct peer *p, const char *line)
{
	size_t n = 0;
	const char *map;

	while (line[n] != '\0' && line[n] != ' ')
		n++;
	map = line + n + strspn(line + n, " ");
	if (n == 0 || *map == '\0' || *map == NO_MAP)
		return;
	p->paths++;
	if (*line == NO_NAME || (n == strlen("none") && memcmp(line, "none", n) == 0))
		return;
	if (p->checked++ == 0)
		copy_name(p->checker, line, n);
}

static void describe(struct finding *f, const char *id, const char *remedy)
{
	*f = (struct finding){ .id = id, .severity = FINDING_WARNING, .count = 1 };
	(void)snprintf(f->remedy, sizeof(f->remedy), "%s", remedy);
}

bool peer_finding(const struct peer *p, struct finding *ret)
{
	static const char remedy[] =
	        "let multipathd only make maps, see ONLY THE CHECKING in "
	        "checkerd-multipathd(7); or set dm_control off";

	if (p->control && p->state == PEER_ANSWERED && p->checked > 0) {
		describe(ret, "multipathd-checks", remedy);
		(void)snprintf(
		        ret->text, sizeof(ret->text),
		        "dm_control is on, and multipathd checks %u of its %u paths "
		        "too (%s): each of them may undo what the other one "
		        "decides",
		        p->checked, p->paths, p->checker);
		return true;
	}
	if (p->control && p->state == PEER_SILENT) {
		describe(ret, "multipathd-checks", remedy);
		(void)snprintf(ret->text, sizeof(ret->text),
		               "dm_control is on, and multipathd does not say whether it "
		               "checks paths too: it does not answer");
		return true;
	}
	if (!p->control && p->state == PEER_ANSWERED && p->paths > 0 && p->checked == 0) {
		describe(ret, "dm-not-controlled",
		         "set dm_control on, or give multipathd a path_checker");
		(void)snprintf(ret->text, sizeof(ret->text),
		               "dm_control is off, and multipathd does not check: nobody "
		               "fails and reinstates the %u paths of its maps",
		               p->paths);
		return true;
	}
	return false;
}
