/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the words. Any thread. */
#include "checkerd/control/engine_words.h"

const char *engine_word(enum pathcheck_engine e)
{
	switch (e) {
	case PATHCHECK_ENGINE_NONE:
		break;
	case PATHCHECK_ENGINE_AIO:
		return "aio";
	case PATHCHECK_ENGINE_SYNC:
		return "sync";
	case PATHCHECK_ENGINE_SG:
		return "sg";
	}
	return "none";
}

const char *engine_group_kind(const struct pathcheck_group *g)
{
	switch (g->kind) {
	case PATHCHECK_GROUP_AIO:
		return "aio";
	case PATHCHECK_GROUP_SYNC:
		break;
	case PATHCHECK_GROUP_SG:
		return "sg";
	}
	return "sync";
}

const char *engine_group_state(const struct pathcheck_group *g)
{
	switch (g->state) {
	case PATHCHECK_GROUP_UNUSED:
		return "unused";
	case PATHCHECK_GROUP_SETTING_UP:
		return "setting up";
	case PATHCHECK_GROUP_READY:
		return g->kind == PATHCHECK_GROUP_SG ? "sg" : "aio";
	case PATHCHECK_GROUP_FALLBACK:
		return "sync";
	case PATHCHECK_GROUP_RETIRING:
		return "retiring";
	case PATHCHECK_GROUP_RECOVERING:
		return "recovering";
	}
	return "unknown";
}
