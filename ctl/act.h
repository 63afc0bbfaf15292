/* SPDX-License-Identifier: MIT */
/*
 * act: what the commands that change something say when it is done. What they
 * send is in the table of commands.c.
 */
#ifndef CALLBACKD_CTL_ACT_H
#define CALLBACKD_CTL_ACT_H

#include "ctl/ctl.h"
#include "ctl/field.h"

extern const struct field act_request_shape[], act_answer_shape[],
    act_check_shape[], act_called_in_shape[];

enum exit_code act_on_request(struct ctl *ctl, const json_t *answer);
enum exit_code act_on_called_in(struct ctl *ctl, const json_t *answer);
enum exit_code act_on_closed(struct ctl *ctl, const json_t *answer);
enum exit_code act_on_duty(struct ctl *ctl, const json_t *answer);
enum exit_code act_on_specialist(struct ctl *ctl, const json_t *answer);
enum exit_code act_on_submitted(struct ctl *ctl, const json_t *answer);
enum exit_code act_on_checked(struct ctl *ctl, const json_t *answer);

/* Does a good answer say that the request is, or would be, rejected. */
bool act_is_refusal(const json_t *answer);

#endif
