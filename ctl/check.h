/* SPDX-License-Identifier: MIT */
/*
 * check: one question for a monitor outside: is the work done in time. One line,
 * and an exit status that says which of the troubles it is.
 */
#ifndef CALLBACKD_CTL_CHECK_H
#define CALLBACKD_CTL_CHECK_H

#include "ctl/ctl.h"

enum exit_code check_run(struct ctl *ctl);

#endif
