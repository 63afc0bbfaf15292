/* SPDX-License-Identifier: MIT */
/*
 * spoken: what a specialist hears on the telephone, in their own language.
 * The customer hears only what the configuration says.
 */
#ifndef CALLBACKD_DAEMON_SPOKEN_H
#define CALLBACKD_DAEMON_SPOKEN_H

#include <stddef.h>

#include "lib/request.h"

/* Who and what about, and which keys there are. */
void spoken_whisper(const struct policy *policy, const struct request *request,
    const char *language, char *ret_text, size_t size);

/* The customer has hung up: the results by key. */
void spoken_result(const struct policy *policy, const char *language, char *ret_text,
    size_t size);

const char *spoken_goodbye(const char *language);
const char *spoken_thanks(const char *language);
const char *spoken_wait(const char *language);

#endif
