/* SPDX-License-Identifier: MIT */
/*
 * loss_watch: notices that Redis has lost its newest commits (RELIABILITY F7), as a
 * promoted replica or one that came back without the end of its file has. What it has
 * lost it cannot tell; calls that were ordered in it may ring. So orders are doubted
 * for a while: each is looked up at its provider before it could be given again.
 *
 * Looks whenever the connection is back, before any commit of that connection is
 * answered, at two things:
 *	- the last commit of this node that was acknowledged: is it there? Redis keeps
 *	  the order of what it writes, so all before it is there too;
 *	- whether this is another server than before, and one that was a replica. What
 *	  other nodes had acknowledged only they can tell, and they may be dead.
 * A loss of another node's commits on a server that was no replica is not noticed here.
 */
#ifndef CALLBACKD_DAEMON_LOSS_WATCH_H
#define CALLBACKD_DAEMON_LOSS_WATCH_H

#include "daemon/store.h"
#include "lib/situation.h"

struct loss_watch;

/* Commits may be missing; why: in words, for the log. */
typedef void loss_watch_on_loss(void *context, const char *why);

struct loss_watch *loss_watch_new(struct store *store, void *context,
    loss_watch_on_loss *on_loss);
/* NULL is allowed. Replies under way must not come any more. */
void loss_watch_free(struct loss_watch *watch);

/* engine_hooks.on_committed. */
void loss_watch_on_committed(struct loss_watch *watch, const struct situation *before,
    const struct situation *after);
/* The connection is there, and nothing was sent by it yet. */
void loss_watch_on_up(struct loss_watch *watch);

#endif
