/* SPDX-License-Identifier: MIT */
/*
 * commands: the table, and the way from the words of a command line to the row
 * that they say.
 */
#include "ctl/commands.h"

#include <string.h>

#include "ctl/act.h"
#include "ctl/ask.h"
#include "ctl/blocked.h"
#include "ctl/check.h"
#include "ctl/letters.h"
#include "ctl/show.h"
#include "ctl/story.h"
#include "ctl/top.h"
#include "ctl/trial.h"
#include "lib/text.h"

enum { NAME_SIZE = 32 };

static const struct command commands[] = {
	{ "status", "is it well, and how much is there to do",
	    "GET", "/v1/status", NULL, show_status_shape, show_on_status, NULL },
	{ "check", "one line and an exit status for a monitor",
	    NULL, NULL, NULL, NULL, NULL, check_run },
	{ "show queue", "all queues, and who waits in them",
	    "GET", "/v1/queues", NULL, show_queues_shape, show_on_queues, NULL },
	{ "show queue QUEUE", "who waits, in the order of serving, and why",
	    "GET", "/v1/queues/QUEUE", NULL, show_queue_shape, show_on_queue, NULL },
	{ "show request KEY", "all that happened to it, and what took the time",
	    "GET", "/v1/requests/KEY", NULL, story_shape, story_on_request, NULL },
	{ "show case KEY", "every request of a customer's matter, as one story",
	    "GET", "/v1/cases/KEY", NULL, story_case_shape, story_on_case, NULL },
	{ "show specialists", "who is here, and what they do",
	    "GET", "/v1/specialists", NULL, show_specialists_shape, show_on_specialists, NULL },
	{ "show duty", "who is on duty for which queue, now and next",
	    "GET", "/v1/duty", NULL, show_duty_shape, show_on_duty, NULL },
	{ "show providers", "how calls are made, and what may be promised",
	    "GET", "/v1/providers", NULL, show_providers_shape, show_on_providers, NULL },
	{ "show late", "promises that were missed and still wait",
	    "GET", "/v1/late", NULL, show_requests_shape, show_on_requests, NULL },
	{ "show rejected", "what the websites sent in vain",
	    "GET", "/v1/rejected", NULL, show_rejected_shape, show_on_rejected, NULL },
	{ "show buried", "records that cannot go on: a person must mend them",
	    "GET", "/v1/buried", NULL, show_buried_shape, show_on_buried, NULL },
	{ "show unknown", "who may have been called: a person must decide",
	    "GET", "/v1/unknown", NULL, show_requests_shape, show_on_requests, NULL },
	{ "show results", "calls that wait for their result",
	    "GET", "/v1/results", NULL, show_requests_shape, show_on_requests, NULL },
	{ "show messages KEY", "what was written to the customer, and what became of it",
	    "GET", "/v1/messages?request=KEY", NULL, letters_shape, letters_on_messages, NULL },
	{ "show messages to staff", "alarms and offers of today and yesterday",
	    "GET", "/v1/messages?to=staff", NULL, letters_shape, letters_on_messages, NULL },
	{ "show suppressed", "who wants no calls or no messages, why and since when",
	    "GET", "/v1/suppressed", NULL, letters_suppressed_shape, letters_on_suppressed, NULL },
	{ "show blocked", "numbers that no requests are taken of, and what waits for a supervisor",
	    "GET", "/v1/blocked", NULL, blocked_shape, blocked_on_list, NULL },
	{ "top [QUEUE]", "show queue, drawn anew each second until Ctrl-C",
	    NULL, NULL, NULL, NULL, NULL, top_run },

	{ "submit PHONE [--topic QUEUE] [--name NAME] [--note TEXT] [--at T] [--id ID]",
	    "ask for a call, as a website would",
	    "POST", "/v1/requests",
	    "phone=PHONE topic=--topic name=--name note=--note at=--at id=--id",
	    act_answer_shape, act_on_submitted, NULL },
	{ "submit FILE", "the same with the website's JSON; - is the standard input",
	    "POST", "/v1/requests", "FILE", act_answer_shape, act_on_submitted, NULL },
	{ "check-request FILE", "what would happen to it; stores nothing",
	    "POST", "/v1/requests/check", "FILE", act_check_shape, act_on_checked, NULL },

	{ "accept KEY --as S", "take what was offered to this specialist",
	    "POST", "/v1/requests/KEY/accept", "as=--as", act_request_shape, act_on_request, NULL },
	{ "decline KEY --as S [--note TEXT]", "somebody else shall take it",
	    "POST", "/v1/requests/KEY/decline", "as=--as note=--note", act_request_shape, act_on_request, NULL },
	{ "manual KEY --as S", "they dial by hand, whatever the providers do",
	    "POST", "/v1/requests/KEY/manual", "as=--as", act_request_shape, act_on_request, NULL },
	{ "start KEY --as S", "call the customer of what they have taken",
	    "POST", "/v1/requests/KEY/start", "as=--as", act_request_shape, act_on_request, NULL },
	{ "pass KEY [--to QUEUE] [--note TEXT] [--as S]", "give the case to another queue",
	    "POST", "/v1/requests/KEY/pass", "queue=--to note=--note as=--as",
	    act_request_shape, act_on_request, NULL },
	{ "note KEY TEXT... [--as S]", "write a line into its story",
	    "POST", "/v1/requests/KEY/note", "text=TEXT as=--as",
	    act_request_shape, act_on_request, NULL },
	{ "assign KEY to S [--as S]", "wish for a specialist",
	    "POST", "/v1/requests/KEY/assign", "specialist=S as=--as",
	    act_request_shape, act_on_request, NULL },
	{ "close KEY as DISPOSITION [--at T] [--to QUEUE] [--note TEXT] [--as S]",
	    "say how the call ended; --at: when to call again",
	    "POST", "/v1/requests/KEY/close",
	    "disposition=DISPOSITION at=--at queue=--to note=--note as=--as",
	    act_request_shape, act_on_request, NULL },
	{ "reopen KEY [--to QUEUE] [--as S]", "a new request in the same case",
	    "POST", "/v1/requests/KEY/reopen", "queue=--to as=--as",
	    act_request_shape, act_on_request, NULL },
	{ "requeue KEY [--as S]", "decide that it shall be called again",
	    "POST", "/v1/requests/KEY/requeue", "as=--as", act_request_shape, act_on_request, NULL },
	{ "cancel KEY [--as S]", "nobody is to be called any more",
	    "POST", "/v1/requests/KEY/cancel", "as=--as", act_request_shape, act_on_request, NULL },
	{ "progress KEY WHAT=ringing|answered|over [--outcome WORD] [--as S]",
	    "how far a call made by hand has come",
	    "POST", "/v1/requests/KEY/progress", "progress=WHAT outcome=--outcome as=--as",
	    act_request_shape, act_on_request, NULL },
	{ "called-in PHONE [WHAT=spoke|on_hold|hung_up]",
	    "this customer is on the phone with us, or was",
	    "POST", "/v1/inbound-calls", "number=PHONE state=WHAT",
	    act_called_in_shape, act_on_called_in, NULL },
	{ "set specialist ID STATUS=available|paused|off [--reason TEXT] [--until T] [--as S]",
	    "change somebody's status",
	    "PUT", "/v1/specialists/ID", "status=STATUS reason=--reason return_at=--until as=--as",
	    show_specialist_shape, act_on_specialist, NULL },
	{ "set specialist ID elsewhere [--until T] [--as S]",
	    "they are on a call that is none of ours",
	    "PUT", "/v1/specialists/ID/elsewhere", "until=--until as=--as",
	    show_specialist_shape, act_on_specialist, NULL },
	{ "set specialist ID back [--as S]", "that call is over",
	    "POST", "/v1/specialists/ID/back", "as=--as",
	    show_specialist_shape, act_on_specialist, NULL },

	{ "close queue QUEUE today as REASON... [--as S]",
	    "nobody of it is called any more today; who waits is told of another moment",
	    "POST", "/v1/queues/QUEUE/close", "reason=REASON as=--as",
	    show_closed_shape, act_on_closed, NULL },
	{ "close queue QUEUE until T as REASON... [--as S]", "the same, until then",
	    "POST", "/v1/queues/QUEUE/close", "until=@T reason=REASON as=--as",
	    show_closed_shape, act_on_closed, NULL },
	{ "open queue QUEUE [--as S]", "it goes on before that",
	    "POST", "/v1/queues/QUEUE/open", "as=--as", show_closed_shape, act_on_closed, NULL },
	{ "duty QUEUE S from FROM to TO [--as S]", "they are on duty for it from then to then",
	    "PUT", "/v1/duty/QUEUE/S", "from=@FROM to=@TO as=--as",
	    show_specialist_shape, act_on_duty, NULL },
	{ "duty QUEUE S off", "they are not any more, now nor later",
	    "DELETE", "/v1/duty/QUEUE/S", NULL, show_specialist_shape, act_on_duty, NULL },

	{ "suppress NUMBER --reason TEXT [--as S]", "neither call nor write to them any more",
	    "POST", "/v1/suppressed/NUMBER/suppress", "reason=--reason as=--as",
	    letters_changed_shape, letters_on_changed, NULL },
	{ "suppress WHAT=calls|messages to NUMBER --reason TEXT [--as S]", "only one of the two",
	    "POST", "/v1/suppressed/NUMBER/suppress", "what=WHAT reason=--reason as=--as",
	    letters_changed_shape, letters_on_changed, NULL },
	{ "unsuppress NUMBER --reason TEXT [--as S]", "they may be called and written to again",
	    "POST", "/v1/suppressed/NUMBER/unsuppress", "reason=--reason as=--as",
	    letters_changed_shape, letters_on_changed, NULL },
	{ "unsuppress WHAT=calls|messages to NUMBER --reason TEXT [--as S]", "only one of the two",
	    "POST", "/v1/suppressed/NUMBER/unsuppress", "what=WHAT reason=--reason as=--as",
	    letters_changed_shape, letters_on_changed, NULL },

	{ "block NUMBER --reason TEXT --for D [--as S]", "take no more requests of that number",
	    "POST", "/v1/blocked/NUMBER/block", "reason=--reason for=--for as=--as",
	    letters_changed_shape, letters_on_changed, NULL },
	{ "confirm block NUMBER [--for D] [--reason TEXT] [--as S]",
	    "what a specialist proposed shall hold",
	    "POST", "/v1/blocked/NUMBER/confirm", "reason=--reason for=--for as=--as",
	    letters_changed_shape, letters_on_changed, NULL },
	{ "unblock NUMBER --reason TEXT [--as S]", "lift a block, or what was proposed",
	    "POST", "/v1/blocked/NUMBER/unblock", "reason=--reason as=--as",
	    letters_changed_shape, letters_on_changed, NULL },

	{ "test provider NAME --to NUMBER [--text TEXT]",
	    "one real call, or message, that tells each step",
	    NULL, NULL, NULL, NULL, NULL, trial_run },
	{ "unbury ID", "a record was mended: let it go on",
	    "POST", "/v1/buried/ID/unbury", NULL, show_unbury_shape, show_on_unburied, NULL },

	{ "help", "this text", NULL, NULL, NULL, NULL, NULL, help_run },
};

const struct option_name option_names[OPTION_COUNT] = {
	[OPTION_AS] = { "as", false },
	[OPTION_AT] = { "at", true },
	[OPTION_FOR] = { "for", false },
	[OPTION_ID] = { "id", false },
	[OPTION_NAME] = { "name", false },
	[OPTION_NOTE] = { "note", false },
	[OPTION_OUTCOME] = { "outcome", false },
	[OPTION_REASON] = { "reason", false },
	[OPTION_TEXT] = { "text", false },
	[OPTION_TO] = { "to", false },
	[OPTION_TOPIC] = { "topic", false },
	[OPTION_UNTIL] = { "until", true },
};

static const char help_end[] =
    "\n"
    "KEY   a request: its spoken number, its id, the website's id, or the last\n"
    "      four or more digits of the telephone\n"
    "S     a specialist's id\n"
    "D     how long: 30d, 12h, 1h30m\n"
    "T     HH:MM (the next time the clock shows it), \"YYYY-MM-DD HH:MM\", or\n"
    "      Unix seconds\n"
    "\n"
    "  --as S         in whose name\n"
    "  --json         the daemon's JSON as it is, for programs\n"
    "  --full         telephone numbers in full\n"
    "  --socket PATH  the daemon's control socket; else $CALLBACKD_SOCKET, else\n"
    "                 " SOCKET_HERE " if there is one, else\n"
    "                 " SOCKET_SYSTEM "\n"
    "  --no-colour    as does NO_COLOR in the environment\n"
    "  --help, --version\n"
    "\n"
    "Exit: 0 done, 1 refused or not found, 2 wrong usage, 3 no daemon reached,\n"
    "4 the daemon cannot now; check also: 5 work is late or a line is\n"
    "silent, 6 nobody is at work.\n";

static void complain_of(struct ctl *ctl, const struct command *command,
    const char *why);

const struct command *
command_find(struct ctl *ctl, char **words, size_t count)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		if (sentence_fits(commands[i].sentence, words, count,
		    &ctl->holes))
			return &commands[i];
	}
	return NULL;
}

/* The sentence that begins in the same way, else the nearest first word. */
void
command_suggest(struct ctl *ctl, char **words, size_t count)
{
	const struct command *best = NULL;
	char first[NAME_SIZE], nearest[NAME_SIZE] = "";
	size_t common = 0, distance = SIZE_MAX;

	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		const char *sentence = commands[i].sentence;
		size_t same = sentence_common(sentence, words, count);

		if (same > common) {
			common = same;
			best = &commands[i];
		}
		snprintf(first, sizeof(first), "%.*s",
		    (int)strcspn(sentence, " "), sentence);
		if (text_is_nearer(words[0], first, &distance))
			snprintf(nearest, sizeof(nearest), "%s", first);
	}
	if (best != NULL) {
		complain_of(ctl, best, "that is not complete");
	} else {
		complain(ctl, "there is no command \"%s\"%s%s%s; see: "
		    "callbackctl help", words[0],
		    nearest[0] != '\0' ? "; did you mean \"" : "", nearest,
		    nearest[0] != '\0' ? "\"?" : "");
	}
}

bool
command_takes_options(struct ctl *ctl, const struct command *command)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		char name[NAME_SIZE], why[NAME_SIZE * 2];

		snprintf(name, sizeof(name), "--%s", option_names[i].name);
		if (ctl->options[i] == NULL &&
		    sentence_needs(command->sentence, name)) {
			snprintf(why, sizeof(why), "%s is missing", name);
			complain_of(ctl, command, why);
			return false;
		}
		if (ctl->options[i] != NULL && i != OPTION_AS &&
		    !sentence_takes(command->sentence, name)) {
			snprintf(why, sizeof(why), "%s does not go with it",
			    name);
			complain_of(ctl, command, why);
			return false;
		}
	}
	return true;
}

/* One line: what is wrong, and the sentence as it should be. */
static void
complain_of(struct ctl *ctl, const struct command *command, const char *why)
{
	fprintf(ctl->errors, "callbackctl: %s; say: callbackctl ", why);
	sentence_print(ctl->errors, command->sentence);
	fputs("; see: callbackctl help\n", ctl->errors);
}

enum exit_code
help_run(struct ctl *ctl)
{
	fputs("usage: callbackctl COMMAND [OPTION]...\n\n", ctl->out);
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		fputs("  ", ctl->out);
		sentence_print(ctl->out, commands[i].sentence);
		fprintf(ctl->out, "\n      %s\n", commands[i].help);
	}
	fputs(help_end, ctl->out);
	return EXIT_DONE;
}
