/* SPDX-License-Identifier: MIT */
/*
 * show: what the commands that only look print: status, queues, people, and
 * the lists of what went wrong.
 */
#ifndef CALLBACKD_CTL_SHOW_H
#define CALLBACKD_CTL_SHOW_H

#include "ctl/ctl.h"
#include "ctl/field.h"

enum { ASIDE_SIZE = 512 };

extern const struct field show_status_shape[], show_queue_shape[],
    show_queues_shape[], show_requests_shape[], show_specialists_shape[],
    show_specialist_shape[], show_duty_shape[], show_closed_shape[], show_rejected_shape[], show_providers_shape[],
    show_buried_shape[], show_unbury_shape[];

enum exit_code show_on_status(struct ctl *ctl, const json_t *answer);
enum exit_code show_on_queue(struct ctl *ctl, const json_t *answer);
/* Asks for each of the queues, too. */
enum exit_code show_on_queues(struct ctl *ctl, const json_t *answer);
enum exit_code show_on_requests(struct ctl *ctl, const json_t *answer);
enum exit_code show_on_duty(struct ctl *ctl, const json_t *answer);
enum exit_code show_on_specialists(struct ctl *ctl, const json_t *answer);
enum exit_code show_on_providers(struct ctl *ctl, const json_t *answer);
enum exit_code show_on_rejected(struct ctl *ctl, const json_t *answer);
enum exit_code show_on_buried(struct ctl *ctl, const json_t *answer);
enum exit_code show_on_unburied(struct ctl *ctl, const json_t *answer);
/* Of a status: which keys were set aside, and what is to be done; "": none was. */
void show_aside(const json_t *status, char ret_text[ASIDE_SIZE]);

#endif
