/* SPDX-License-Identifier: MIT */
/*
 * Serves the files of one directory from memory: they are read once, at start,
 * and a request never reaches the file system, so no path can leave it.
 * Subdirectories, hidden files and other kinds of file are not served.
 */
#ifndef CALLBACKD_NET_STATIC_H
#define CALLBACKD_NET_STATIC_H

#include <stdbool.h>

#include "lib/check.h"

struct http_request;
struct http_static;

/*
 * Reads html, css, js, svg and png files. NULL on failure; `ret_error` then
 * points to static text or the system's.
 */
struct http_static *
http_static_load(const char *dir, const char **ret_error) MUST_USE;

/* Accepts NULL. */
void
http_static_free(struct http_static *files);

/*
 * Answers with the file of that name, or with 304 when the client has it. An
 * empty name means index.html. Returns false, without an answer, when there is
 * no such file.
 */
bool
http_static_reply(struct http_static *files, struct http_request *request,
    const char *relative_path) MUST_USE;

#endif
