/* SPDX-License-Identifier: MIT */
/*
 * fault: what test builds alone contain (--enable-crashpoints): places with a
 * name where the process may die, and defects that are planted, so that it can
 * be seen whether anything finds them. In every other build both are nothing.
 *
 *   CALLBACKD_CRASH_AT=NAME[:N]     SIGKILL at the N-th passing (1) of NAME
 *   CALLBACKD_PLANTED=NAME          the defect of that name is there
 *
 * The names of both are listed in lib/fault.c, and nowhere else; a name that is
 * not listed aborts. Planting may be done by a caller too (the model, the
 * simulation): fault_plant.
 */
#ifndef CALLBACKD_LIB_FAULT_H
#define CALLBACKD_LIB_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

#ifdef WITH_CRASHPOINTS

extern const char *const fault_crash_points[], *const fault_plants[];   /* end at NULL */

void fault_crash_point(const char *name);
bool fault_is_planted(const char *name);
/* From here on instead of what the environment says; NULL: none. */
void fault_plant(const char *name);

#define CRASH_POINT(name) fault_crash_point(name)
#define CRASH_POINT_IF(condition, name) \
	((condition) ? fault_crash_point(name) : (void)0)
#define PLANTED(name) fault_is_planted(name)

#else

#define CRASH_POINT(name) ((void)0)
/* Compiled, and never asked. */
#define CRASH_POINT_IF(condition, name) ((void)(false && (condition)))
#define PLANTED(name) false

#endif
#endif
