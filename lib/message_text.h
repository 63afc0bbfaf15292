/* SPDX-License-Identifier: MIT */
/*
 * message_text: what a message says, made when it is sent: the company's template
 * with the message's values in the holes. What goes to staff has words of its own.
 */
#ifndef CALLBACKD_LIB_MESSAGE_TEXT_H
#define CALLBACKD_LIB_MESSAGE_TEXT_H

#include "lib/message.h"

enum { MESSAGE_TEXT_SIZE = 1600 };

/* What may stand between braces in a template. */
extern const char *const message_text_names[];
extern const size_t message_text_name_count;

/* The text, cut at a character where it is too long. */
void message_text(const struct policy *policy, const struct message *message, int64_t now_ms,
    char ret_text[MESSAGE_TEXT_SIZE]);

/* The same for a template of the company with values as they usually are: to count
 * how long it will be. */
void message_text_usual(const struct policy *policy, enum message_kind kind,
    const char *template, const char *language, char ret_text[MESSAGE_TEXT_SIZE]);

#endif
