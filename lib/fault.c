/* SPDX-License-Identifier: MIT */
/* fault: compares names; the environment is read once. */
#include "lib/fault.h"

#ifdef WITH_CRASHPOINTS

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

/* Where a process may die: before and after each thing that another would see. */
const char *const fault_crash_points[] = {
	"in_step",              /* while one is stepped */
	NULL
};

/* Defects, each of which something must find; RELIABILITY 4 has the table. */
const char *const fault_plants[] = {
	"step_aborts",          /* a step of a request named Abort */
	NULL
};

static const char *planted;
static bool is_read;

static bool
is_listed(const char *const *list, const char *name)
{
	for (; *list != NULL; list++) {
		if (strcmp(*list, name) == 0)
			return true;
	}
	return false;
}

void
fault_crash_point(const char *name)
{
	static const char *wanted;
	static long left;
	static bool is_known;
	size_t length = strlen(name);

	CHECK(is_listed(fault_crash_points, name));
	if (!is_known) {
		is_known = true;
		wanted = getenv("CALLBACKD_CRASH_AT");
		if (wanted != NULL && strchr(wanted, ':') != NULL)
			left = strtol(strchr(wanted, ':') + 1, NULL, 10);
		else
			left = 1;
	}
	if (wanted == NULL || strncmp(wanted, name, length) != 0 ||
	    (wanted[length] != '\0' && wanted[length] != ':'))
		return;
	if (--left == 0)
		raise(SIGKILL);
}

void
fault_plant(const char *name)
{
	CHECK(name == NULL || is_listed(fault_plants, name));
	planted = name;
	is_read = true;
}

bool
fault_is_planted(const char *name)
{
	CHECK(is_listed(fault_plants, name));
	if (!is_read)
		fault_plant(getenv("CALLBACKD_PLANTED"));
	return planted != NULL && strcmp(planted, name) == 0;
}

#endif
