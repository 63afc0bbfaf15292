/* SPDX-License-Identifier: MIT */
/*
 * line: customers who call one of our numbers. The provider asks what to do with
 * the call (/hooks/PROVIDER/line, signed), and this answers: they are offered a
 * callback, type another number, are told what was promised; who returns our
 * call is recognised by rang:N. Keeps nothing of a call: what must be known of
 * it later stands in the addresses the provider is given.
 */
#ifndef CALLBACKD_DAEMON_LINE_H
#define CALLBACKD_DAEMON_LINE_H

#include "daemon/callers.h"
#include "daemon/calls.h"
#include "daemon/spoken_line.h"
#include "daemon/submit.h"

struct line;
struct webhooks;

struct line_options {
	struct store *store;
	struct engine *engine;
	struct calls *calls;
	struct submitter *submitter;
	struct callers *callers;
	struct webhooks *webhooks;      /* whose inbound calls it answers */
	const struct policy *policy;
};

struct line *line_new(const struct line_options *options);
void line_free(struct line *line);
void line_set_policy(struct line *line, const struct policy *policy);

/* What a caller is told of a website's answer (JSON): the sentence that the line
 * itself would say, in that language. */
void line_say(struct line *line, const char *answer, const char *language,
    char ret_text[SPOKEN_LINE_SIZE]);

/* ---- missed calls, for whoever hears of them elsewhere */

struct missed_call {
	const char *number;             /* of ours, that was called, E.164 */
	const char *phone;              /* the customer's, E.164 */
	int64_t rang_ms, at_ms;
	submit_on_end *on_end;  void *context;
};

/* Asks for a callback where the line takes missed calls, it rang long enough, and
 * once a day for each number. False: it is none that is called back; on_end is then
 * not called. */
bool line_missed(struct line *line, const struct missed_call *missed);

#endif
