/* SPDX-License-Identifier: MIT */
/*
 * A file that is only ever appended to.
 */
#include "sandbox/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/memory.h"
#include "sandbox/sandbox.h"

struct ledger {
	int fd;		/* -1: no ledger is kept */
};

static void
line_write(int fd, const char *line, size_t length);

struct ledger *
ledger_open(const char *path)
{
	struct ledger *ledger;
	int fd = -1;

	if (path != NULL) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
		    0644);
		if (fd < 0)
			return NULL;
	}
	ledger = memory_new(sizeof(*ledger));
	ledger->fd = fd;
	return ledger;
}

void
ledger_close(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	if (ledger->fd >= 0)
		close(ledger->fd);
	free(ledger);
}

void
ledger_write(struct ledger *ledger, const char *kind, json_t *stolen)
{
	json_t *line;
	char *text;
	size_t length;

	CHECK(stolen != NULL);
	if (ledger->fd < 0) {
		json_decref(stolen);
		return;
	}
	line = json_pack("{s:I, s:s}", "at_ms",
	    (json_int_t)sandbox_now_ms(), "kind", kind);
	CHECK(line != NULL);
	CHECK(json_object_update_missing(line, stolen) == 0);
	json_decref(stolen);
	text = json_dumps(line, JSON_COMPACT);
	json_decref(line);
	CHECK(text != NULL);
	length = strlen(text);
	text[length] = '\n';	/* in place of the NUL: one write */
	line_write(ledger->fd, text, length + 1);
	free(text);
}

static void
line_write(int fd, const char *line, size_t length)
{
	ssize_t written;

	do
		written = write(fd, line, length);
	while (written < 0 && errno == EINTR);
	if (written == (ssize_t)length)
		return;
	fprintf(stderr, "callback-sandbox: ledger: %s\n",
	    written < 0 ? strerror(errno) : "a line was cut");
	exit(1);
}
