/* SPDX-License-Identifier: MIT */
/* message_text: names and values, and two languages side by side. */
#include "lib/message_text.h"

#include <stdio.h>
#include <string.h>

#include "lib/say.h"
#include "lib/text.h"

enum name { COMPANY, NUMBER, CASE, QUEUE, DAY, FROM, TO, CALLER_ID, PROMISE,
	LINK, COUNT, NAME_COUNT };

/* {count} is of alarms, which no company words. */
const char *const message_text_names[] = { "company", "number", "case",
	"queue", "day", "from", "to", "caller_id", "promise", "link" };
const size_t message_text_name_count = COUNT_OF(message_text_names);
_Static_assert(COUNT_OF(message_text_names) == COUNT, "a name for each");

struct values {
	const char *of[NAME_COUNT];
	char times[4][SAY_SIZE], count[12];
};

enum language { ENGLISH, RUSSIAN, LANGUAGE_COUNT };

static const char *const offers[LANGUAGE_COUNT] = {
	"{company}: request {number}, {queue}, until {promise}. "
	    "Answer 1 to take it, 2 to decline",
	"{company}: заявка {number}, {queue}, до {promise}. "
	    "Ответ 1 - беру, 2 - нет",
};

static const char *const answers[LANGUAGE_COUNT][2] = {
	{ "{company}: we send you no more messages. START brings them back",
	    "{company}: you receive our messages again" },
	{ "{company}: сообщений больше не будет. Вернуть: СТАРТ",
	    "{company}: вы снова получаете наши сообщения" },
};

static const char *const silences[LANGUAGE_COUNT] = {
	"{company}: we neither call nor write to you any more. START brings it back",
	"{company}: мы больше не звоним и не пишем. Вернуть: СТАРТ",
};

/* {queue}: of which queue, or which provider and in its words why, or who. */
static const char *const alarms[LANGUAGE_COUNT][ALARM_COUNT][2] = {
	{
		[ALARM_LATE] = { "{company}: {count} late since {from}",
		    "{company}: nobody is late any more (since {from})" },
		[ALARM_UNATTENDED] = { "{company}: {count} waiting, nobody at "
		    "work: {queue}, since {from}",
		    "{company}: somebody is at work again: {queue}" },
		[ALARM_PROVIDER_DOWN] = { "{company}: {queue} does not work "
		    "since {from}",
		    "{company}: {queue} works again (down since {from})" },
		[ALARM_REJECTED] = { "{company}: {count} requests of the "
		    "website could not be accepted: callbackctl show rejected",
		    "{company}: the website's requests are accepted again" },
		[ALARM_MAYBE_CALLED] = { "{company}: {count} may have been "
		    "called, please find out: callbackctl show referred",
		    "{company}: no further calls are unclear" },
		[ALARM_PROVIDER_REFUSES] = { "{company}: {queue}. Refused "
		    "{count} times, and will be until you see to it",
		    "{company}: no further refusals ({queue})" },
		[ALARM_SET_ASIDE] = { "{company}: {count} keys in Redis were of "
		    "another type, and set aside: {queue}; callbackctl check",
		    "{company}: keys that were set aside are gone: {queue}" },
		[ALARM_LAST_ONE] = { "{company}: {queue} is the last one at "
		    "work and does not answer offers",
		    "{company}: the last one at work ignores no more offers" },
		[ALARM_DECLINED] = { "{company}: {queue} said no to {count}, and "
		    "nobody else is at work",
		    "{company}: nobody who is alone says no any more" },
		[ALARM_NEAR] = { "{company}: {queue}: {number} was promised "
		    "a call by {promise}, and nobody has called", NULL },
	}, {
		[ALARM_LATE] = { "{company}: просрочено {count}, с {from}",
		    "{company}: просроченных больше нет (были с {from})" },
		[ALARM_UNATTENDED] = { "{company}: {queue}: ждут {count}, "
		    "на линии никого с {from}",
		    "{company}: {queue}: на линии снова есть люди" },
		[ALARM_PROVIDER_DOWN] = { "{company}: {queue} не работает с "
		    "{from}",
		    "{company}: {queue} снова работает (не работал с {from})" },
		[ALARM_REJECTED] = { "{company}: не приняты заявки с сайта: "
		    "{count}", "{company}: заявки с сайта снова принимаются" },
		[ALARM_MAYBE_CALLED] = { "{company}: неясно, звонили ли: "
		    "{count}. Проверьте",
		    "{company}: новых неясных звонков нет" },
		[ALARM_PROVIDER_REFUSES] = { "{company}: {queue}. Отказов: "
		    "{count}, сами не пройдут",
		    "{company}: новых отказов нет ({queue})" },
		[ALARM_SET_ASIDE] = { "{company}: чужие ключи в Redis, отложены: "
		    "{count} ({queue}); callbackctl check",
		    "{company}: отложенных ключей больше нет: {queue}" },
		[ALARM_LAST_ONE] = { "{company}: {queue}: на линии больше "
		    "никого, а заявки остаются без ответа",
		    "{company}: новых заявок без ответа нет" },
		[ALARM_DECLINED] = { "{company}: {queue}: отказ от заявок "
		    "({count}), а на линии больше никого",
		    "{company}: новых отказов на линии нет" },
		[ALARM_NEAR] = { "{company}: {queue}: заявке {number} обещан "
		    "звонок до {promise}, ещё не звонили", NULL },
	},
};

static enum language
language_of(const char *code)
{
	return strncmp(code, "ru", 2) == 0 ? RUSSIAN : ENGLISH;
}

/* ---- filling */

static const char *
value_of(const struct values *values, const char *name, size_t length)
{
	if (length == 5 && memcmp(name, "count", 5) == 0)
		return values->of[COUNT];
	for (size_t i = 0; i < COUNT; i++) {
		if (strlen(message_text_names[i]) == length &&
		    memcmp(message_text_names[i], name, length) == 0)
			return values->of[i];
	}
	return NULL;
}

/* Templates were checked when they were read: what is no name stays as it is. */
static void
fill(const char *template, const struct values *values,
    char ret_text[MESSAGE_TEXT_SIZE])
{
	char text[MESSAGE_TEXT_SIZE * 2];
	size_t used = 0;

	while (*template != '\0' && used + 1 < sizeof(text)) {
		size_t length = *template == '{' ? strcspn(template, "}") : 0;
		const char *value = length < 2 || template[length] != '}' ?
		    NULL : value_of(values, template + 1, length - 1);
		size_t room = sizeof(text) - used;

		if (value == NULL) {
			text[used++] = *template++;
			continue;
		}
		used += (size_t)snprintf(text + used, room, "%.500s", value);
		if (used >= sizeof(text))
			used = sizeof(text) - 1;
		template += length + 1;
	}
	/* A link that the company does not have leaves no blank behind. */
	while (used > 0 && text[used - 1] == ' ')
		used--;
	text[used] = '\0';
	text_copy(ret_text, MESSAGE_TEXT_SIZE, text);
}

static const char *
title_of(const struct policy *policy, const char *queue)
{
	const struct queue_policy *found = policy_queue(policy, queue);

	return found != NULL ? found->title : queue;
}

static void
say_times(const struct policy *policy, const char *language, int64_t now_ms,
    const struct message *message, struct values *values)
{
	/* Who reads it looks at their own clock. */
	const struct zone *zone = policy_zone(policy, message->zone);
	int64_t from_ms = message->from_ms != 0 ? message->from_ms :
	    message->since_ms;

	say_day(zone, language, now_ms, from_ms, values->times[0]);
	say_time(zone, from_ms, values->times[1]);
	say_time(zone, message->to_ms, values->times[2]);
	say_moment(zone, language, now_ms, message->promise_at_ms,
	    values->times[3]);
	values->of[DAY] = values->times[0];
	values->of[FROM] = values->times[1];
	values->of[TO] = values->times[2];
	values->of[PROMISE] = values->times[3];
}

static const char *
template_of(const struct policy *policy, const struct message *message,
    const char *language)
{
	enum language words = language_of(language);
	const char *own;

	switch (message->kind) {
	case TEXT_STOPPED:
	case TEXT_STARTED:
		/* Neither calls nor messages. */
		if (message->kind == TEXT_STOPPED && message->count > 0)
			return silences[words];
		return answers[words][message->kind - TEXT_STOPPED];
	case TEXT_OFFER:
		return offers[words];
	case TEXT_ALARM:
	case TEXT_ALARM_OVER:
		own = alarms[words][message->cause][message->kind -
		    TEXT_ALARM];
		return own != NULL ? own : "{company}: {queue}";
	case TEXT_DEFERRED:
	case TEXT_SOON:
	case TEXT_LATE:
	case TEXT_UNREACHABLE:
	case TEXT_PASSED:
	case TEXT_COUNT:
		break;
	}
	/* A reload may have taken it away since. */
	own = policy_message_text(policy, message->kind, language);
	return own != NULL ? own : "{company}: {number}";
}

void
message_text(const struct policy *policy, const struct message *message,
    int64_t now_ms, char ret_text[MESSAGE_TEXT_SIZE])
{
	const char *language = message->locale[0] != '\0' ? message->locale :
	    policy->language;
	struct values values = { .of = { [COMPANY] = policy->company,
		[NUMBER] = message->number, [CASE] = message->number,
		[QUEUE] = message->detail[0] != '\0' ? message->detail :
		    title_of(policy, message->queue),
		[CALLER_ID] = message->caller_id, [LINK] = policy->link } };

	say_times(policy, language, now_ms, message, &values);
	snprintf(values.count, sizeof(values.count), "%d", message->count);
	values.of[COUNT] = values.count;
	fill(template_of(policy, message, language), &values, ret_text);
}

void
message_text_usual(const struct policy *policy, enum message_kind kind,
    const char *template, const char *language, char ret_text[MESSAGE_TEXT_SIZE])
{
	bool is_passed = kind == TEXT_PASSED;
	const struct queue_policy *queue = policy_default_queue(policy);
	struct values values = { .of = { [COMPANY] = policy->company,
		[NUMBER] = "4821", [CASE] = "4821",
		[QUEUE] = queue != NULL ? queue->title : "",
		[CALLER_ID] = queue != NULL ? policy_caller_id(queue, "") : "",
		[DAY] = language_of(language) == RUSSIAN ? "завтра" :
		    "tomorrow", [FROM] = "9:30", [TO] = "10:00",
		[PROMISE] = "14:17", [LINK] = policy->link, [COUNT] = "3" } };

	/* A case that is looked into is often answered on another day. */
	if (is_passed)
		values.of[PROMISE] = language_of(language) == RUSSIAN ?
		    "завтра 9:30" : "tomorrow 9:30";
	fill(template, &values, ret_text);
}
