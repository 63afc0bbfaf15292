/* SPDX-License-Identifier: MIT */
/* top: the queues on a screen of their own, drawn anew each second. */
#ifndef CALLBACKD_CTL_TOP_H
#define CALLBACKD_CTL_TOP_H

#include "ctl/ctl.h"

/* Returns when the person has had enough (Ctrl-C). */
enum exit_code top_run(struct ctl *ctl);

#endif
