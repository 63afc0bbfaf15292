/* SPDX-License-Identifier: MIT */
/* trial: one real call or message through a provider, told step by step. */
#ifndef CALLBACKD_CTL_TRIAL_H
#define CALLBACKD_CTL_TRIAL_H

#include "ctl/ctl.h"

enum exit_code trial_run(struct ctl *ctl);

#endif
