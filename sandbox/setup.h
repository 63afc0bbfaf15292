/* SPDX-License-Identifier: MIT */
/*
 * The setup file: phones that behave otherwise than their numbers say, and the
 * application's own numbers. Read once, complete or not at all; applied at start and after every reset.
 */
#ifndef CALLBACKD_SANDBOX_SETUP_H
#define CALLBACKD_SANDBOX_SETUP_H

#include "lib/check.h"

struct lines;
struct phones;
struct setup;

enum { SETUP_ERROR_SIZE = 256 };

/* `path` NULL is an empty setup. NULL: a sentence is in `ret_error`. */
struct setup *
setup_load(const char *path, char ret_error[SETUP_ERROR_SIZE]) MUST_USE;

void
setup_apply(const struct setup *setup, struct phones *phones,
    struct lines *lines);

/* Accepts NULL. */
void
setup_free(struct setup *setup);

#endif
