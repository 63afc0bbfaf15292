/* SPDX-License-Identifier: MIT */
/*
 * ask: the daemon's refusals in words. An error says what is wrong and what to
 * do next, in one line.
 */
#define _GNU_SOURCE     /* vasprintf */
#include "ctl/ask.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/format.h"

enum { WHY_SIZE = 320, LIST_SIZE = 1024, LISTED_MAX = 8 };

/* What may help, by the problem's code or else by the status. */
static const struct {
	const char *code;
	long status;
	const char *advice;
} advices[] = {
	{ "verb_unknown", 0, "callbackd is older than this callbackctl" },
	{ "test_refused", 0, "see: callbackctl show providers" },
	{ "provider_down", 0, "say: callbackctl manual KEY --as S" },
	{ NULL, 404, "see: callbackctl show queue" },
	{ NULL, 409, "see: callbackctl show request KEY" },
	{ NULL, 503, "try again in a few seconds; see: callbackctl status" },
};

static void json_print(FILE *out, const char *text);
static enum exit_code refusal_explain(struct ctl *ctl, long status,
    const json_t *problem);
static bool errors_list(const json_t *errors, char *ret_list);
static bool matches_list(const json_t *matches, char *ret_list);
static const char *advice_for(const char *code, long status);
static enum exit_code code_for(long status);
static void append(char *list, const char *format, ...) PRINTF_LIKE(2, 3);
static enum exit_code ask_once(struct ctl *ctl, const char *method,
    const char *path, const char *body, size_t length,
    const struct field *shape, bool is_shown, json_t **ret_answer);

enum exit_code
ask(struct ctl *ctl, const char *method, const char *path, const char *body,
    size_t length, const struct field *shape, json_t **ret_answer)
{
	return ask_once(ctl, method, path, body, length, shape, ctl->is_json,
	    ret_answer);
}

enum exit_code
ask_more(struct ctl *ctl, const char *path, const struct field *shape,
    json_t **ret_answer)
{
	return ask_once(ctl, "GET", path, NULL, 0, shape, false, ret_answer);
}

static enum exit_code
ask_once(struct ctl *ctl, const char *method, const char *path,
    const char *body, size_t length, const struct field *shape, bool is_shown,
    json_t **ret_answer)
{
	char why[CLIENT_WHY_SIZE], wrong[WHY_SIZE];
	enum exit_code code = EXIT_DONE;
	json_error_t error;
	struct reply reply;
	json_t *answer;

	switch (client_ask(ctl->client, method, path, body, length, &reply,
	    why)) {
	case CLIENT_ANSWERED:
		break;
	case CLIENT_UNREACHED:
		complain(ctl, "no daemon answers at %s (%s); start callbackd,"
		    " or name its socket with --socket PATH",
		    ctl->socket_path, why);
		return EXIT_UNREACHED;
	case CLIENT_UNKNOWN:
		complain(ctl, strcmp(method, "GET") == 0 ?
		    "no whole answer from the daemon (%s); try again" :
		    "no whole answer from the daemon (%s): it may have done"
		    " it; look before you repeat it", why);
		return EXIT_UNREACHED;
	}
	answer = json_loadb(reply.body, reply.length, JSON_DECODE_ANY, &error);
	if (answer == NULL) {
		complain(ctl, "the answer (HTTP %ld) is not JSON: %s; is"
		    " callbackd listening at %s?", reply.status, error.text,
		    ctl->socket_path);
		reply_fini(&reply);
		return EXIT_UNREACHED;
	}
	if (is_shown)
		json_print(ctl->out, reply.body);
	if (reply.status < 200 || reply.status > 299) {
		code = refusal_explain(ctl, reply.status, answer);
	} else if (!field_check(answer, shape, wrong, sizeof(wrong))) {
		complain(ctl, "the answer cannot be understood: %s; do"
		    " callbackctl and callbackd have the same version?",
		    wrong);
		code = EXIT_UNREACHED;
	}
	reply_fini(&reply);
	if (code == EXIT_DONE)
		*ret_answer = answer;
	else
		json_decref(answer);
	return code;
}

void
complain(struct ctl *ctl, const char *format, ...)
{
	static const struct paper plain = { 0 };
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	CHECK(length >= 0);
	print_line(ctl->errors, &plain, INK_NONE, "callbackctl: %s", text);
	free(text);
}

/* As it came. In valid JSON the characters that could steer a terminal can only
 * stand in strings, so they may be written as \u without changing a value. */
static void
json_print(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t length = strlen(text);

	while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
		length--;
	while (length > 0) {
		size_t bytes = 1;
		unsigned character = *at;

		if (at[0] == 0xC2 && at[1] < 0xA0) {
			bytes = 2;
			character = at[1];
		} else if (at[0] == 0xD8 && at[1] == 0x9C) {
			bytes = 2;
			character = 0x61C;
		} else if (at[0] == 0xE2 && (at[1] == 0x80 || at[1] == 0x81)) {
			bytes = 3;
			character = 0x2000u + (at[1] - 0x80u) * 64u +
			    (at[2] - 0x80u);
		}
		if (character == 0x7F || bytes == 2 || (bytes == 3 &&
		    (character == 0x200E || character == 0x200F ||
		    (character >= 0x2028 && character <= 0x202E) ||
		    (character >= 0x2066 && character <= 0x2069))))
			fprintf(out, "\\u%04x", character);
		else
			fwrite(at, 1, bytes, out);
		at += bytes;
		length -= bytes;
	}
	putc('\n', out);
}

static enum exit_code
refusal_explain(struct ctl *ctl, long status, const json_t *problem)
{
	const char *code = field_text(problem, "code");
	const char *detail = field_text(problem, "detail");
	const char *advice = advice_for(code, status);
	char list[LIST_SIZE] = "";

	if (detail[0] == '\0')
		detail = field_text(problem, "title");
	if (errors_list(field_list(problem, "errors"), list)) {
		complain(ctl, "refused: %s", list);
	} else if (matches_list(field_list(problem, "matches"), list)) {
		complain(ctl, "several requests fit: %s; name one of them",
		    list);
	} else {
		if (code[0] != '\0')
			append(list, "%s", code);
		if (detail[0] != '\0')
			append(list, "%s%s", list[0] != '\0' ? ": " : "",
			    detail);
		if (list[0] == '\0')
			append(list, "HTTP %ld", status);
		complain(ctl, "%s%s%s", list, advice[0] != '\0' ? "; " : "",
		    advice);
	}
	return code_for(status);
}

/* The website's answer: what is wrong with its fields. */
static bool
errors_list(const json_t *errors, char *ret_list)
{
	for (size_t i = 0; i < json_array_size(errors) && i < LISTED_MAX;
	    i++) {
		const json_t *error = json_array_get(errors, i);
		const char *pointer = field_text(error, "pointer");

		append(ret_list, "%s%s%s%s: %s", i > 0 ? "; " : "",
		    field_text(error, "code"), pointer[0] != '\0' ? " at " : "",
		    pointer, field_text(error, "text"));
	}
	return ret_list[0] != '\0';
}

static bool
matches_list(const json_t *matches, char *ret_list)
{
	size_t count = json_array_size(matches);

	for (size_t i = 0; i < count && i < LISTED_MAX; i++) {
		const json_t *match = json_array_get(matches, i);
		char asked[FORMAT_SIZE];

		append(ret_list, "%s%s (%s in %s, asked %s, id %s)",
		    i > 0 ? ", " : "", field_text(match, "number"),
		    field_text(match, "state"), field_text(match, "queue"),
		    format_instant(field_number(match, "asked_at"), asked),
		    field_text(match, "id"));
	}
	if (count > LISTED_MAX)
		append(ret_list, " and %zu more", count - LISTED_MAX);
	return count > 0;
}

static const char *
advice_for(const char *code, long status)
{
	for (size_t i = 0; i < COUNT_OF(advices); i++) {
		if (advices[i].code != NULL ?
		    strcmp(advices[i].code, code) == 0 :
		    advices[i].status == status)
			return advices[i].advice;
	}
	return "";
}

static enum exit_code
code_for(long status)
{
	if (status == 400)
		return EXIT_USAGE;
	if (status == 429 || status >= 500)
		return EXIT_NOT_NOW;
	if (status >= 400)
		return EXIT_REFUSED;
	return EXIT_UNREACHED;          /* neither an answer nor a refusal */
}

/* Adds as much as fits into LIST_SIZE. */
static void
append(char *list, const char *format, ...)
{
	size_t used = strlen(list);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(list + used, LIST_SIZE - used, format, arguments);
	va_end(arguments);
}
