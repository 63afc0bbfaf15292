/* SPDX-License-Identifier: MIT */
/*
 * settings_format: one small reader per kind of text. Each is strict: what a
 * person may have meant otherwise is refused, with the form it should have.
 */
#include "daemon/settings_format.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/settings_when.h"
#include "lib/card.h"
#include "lib/message_text.h"
#include "lib/network.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define ZONE_FOLDER "/usr/share/zoneinfo"

static const char *const channels[] = { "screen", "phone", "sms" };
static const char *const alarms[] = { "late", "unattended", "provider_down",
	"rejected", "maybe_called", "provider_refuses", "set_aside" };
static const char *const greeting_names[] = { "company" };

/* What a text of each format should be, for its error. */
static const char *const should_be[] = {
	[FORMAT_ANY] = "",
	[FORMAT_ID] = "must be made of a-z, 0-9, _ and -, and begin with a letter",
	[FORMAT_PHONE] = "must be a number such as \"+74951234567\"",
	[FORMAT_PREFIX] = "must be how numbers begin: \"+\" and 1 to 15 digits, such "
	    "as \"+1809\"",
	[FORMAT_ADDRESS] = "must be a number such as \"+74951234567\", or "
	    "\"sip:...\", \"ext:...\", \"user:...\", \"client:...\"",
	[FORMAT_ZONE] = "must be a time zone such as \"Europe/Moscow\"",
	[FORMAT_LANGUAGE] = "must be a language such as \"ru\" or \"pt-BR\"",
	[FORMAT_COUNTRY] = "must be a country such as \"RU\"",
	[FORMAT_URL] = "must be a URL such as \"https://callback.example\"",
	[FORMAT_LISTEN] = "must be a numeric address and a port, such as "
	    "\"127.0.0.1:8080\" or \"[::1]:8080\"",
	[FORMAT_NETWORK] = "must be an address or a network, such as \"127.0.0.1\" or "
	    "\"10.0.0.0/8\"",
	[FORMAT_REDIS] = "must be \"embedded\", \"unix:/path\", "
	    "\"redis://host:port\" or \"rediss://host:port\"",
	[FORMAT_CURRENCY] = "must be a currency such as \"RUB\"",
	[FORMAT_LEVEL] = "must be a level from 1 to 9",
	[FORMAT_WEEKDAYS] = "must be weekdays such as \"Mon-Fri\" or \"Sat\"",
	[FORMAT_TIMES] = "must be times such as \"09:00-18:00\"",
	[FORMAT_TIME] = "must be a time such as \"21:00\"",
	[FORMAT_OPENING] = "must be times such as \"09:00-18:00\", or \"closed\"",
	[FORMAT_QUIET] = "must be times such as \"21:00-09:00\", or \"none\"",
	[FORMAT_DATES] = "must be a date such as \"2026-12-31\", or two with "
	    "\"..\" between them",
	[FORMAT_SHIFT] = "must be weekdays and times such as "
	    "\"Mon-Fri 09:00-18:00, Sat 10:00-16:00\"",
	[FORMAT_CHANNEL] = "must be screen, phone or sms",
	[FORMAT_ALARM] = "must be late, unattended, provider_down, rejected, "
	    "maybe_called, provider_refuses or set_aside",
	[FORMAT_TARGET] = "must be a name, a number such as \"+74951234567\", "
	    "a chat such as \"chat:123\", or a URL",
	[FORMAT_MESSAGE] = "",
	[FORMAT_CARD] = "",
	[FORMAT_GREETING] = "",
};

static bool is_made_of(const char *text, const char *characters);
static bool is_id(const char *text);
static bool is_phone(const char *text);
static bool is_address(const char *text);
static bool is_chat(const char *text);
static bool is_zone(const char *text);
static bool is_language(const char *text);
static bool is_url(const char *text);
static bool is_redis(const char *text);
static bool is_listed(const char *text, size_t length,
    const char *const *words, size_t count);
static bool has_known_names(const char *text, const char *const *names,
    size_t count, char ret_why[SETTING_WHY_SIZE]);

/* Whoever fills it would choose whose page it is. */
static bool
has_hole_in_host(const char *url)
{
	const char *host = strstr(url, "://");

	return host != NULL && memchr(host, '{', 3 + strcspn(host + 3, "/?#")) !=
	    NULL;
}

static bool
is_right(enum setting_format format, const char *text,
    char ret_why[SETTING_WHY_SIZE])
{
	struct hours_span spans[WHEN_SPANS_MAX];
	int line;
	char host[SETTING_HOST_SIZE];
	int port, from_s, to_s;
	int64_t first, last;
	unsigned days;
	size_t count;

	switch (format) {
	case FORMAT_ANY:
		return true;
	case FORMAT_ID:
		return is_id(text);
	case FORMAT_PHONE:
		return is_phone(text);
	case FORMAT_PREFIX:
		return text[0] == '+' && text[1] != '\0' &&
		    text[1] != '0' && strlen(text) <= 16 && is_made_of(text + 1, DIGITS);
	case FORMAT_ADDRESS:
		return is_address(text);
	case FORMAT_ZONE:
		return is_zone(text);
	case FORMAT_LANGUAGE:
		return is_language(text);
	case FORMAT_COUNTRY:
		return strlen(text) == 2 && is_made_of(text, UPPER);
	case FORMAT_URL:
		return is_url(text);
	case FORMAT_LISTEN:
		return settings_listen_parse(text, host, &port);
	case FORMAT_NETWORK:
		return network_is_valid(text);
	case FORMAT_REDIS:
		return is_redis(text);
	case FORMAT_CURRENCY:
		return strlen(text) == 3 && is_made_of(text, UPPER);
	case FORMAT_LEVEL:
		return strlen(text) == 1 && text[0] >= '1' && text[0] <= '9';
	case FORMAT_WEEKDAYS:
		return when_weekdays(text, &days);
	case FORMAT_TIMES:
		return when_times(text, &from_s, &to_s);
	case FORMAT_TIME:
		return when_is_time(text);
	case FORMAT_OPENING:
		return strcmp(text, "closed") == 0 ||
		    when_times(text, &from_s, &to_s);
	case FORMAT_QUIET:
		return strcmp(text, "none") == 0 ||
		    when_times(text, &from_s, &to_s);
	case FORMAT_DATES:
		return when_dates(text, &first, &last);
	case FORMAT_SHIFT:
		return when_shift(text, spans, &count);
	case FORMAT_CHANNEL:
		return is_listed(text, strlen(text), channels,
		    COUNT_OF(channels));
	case FORMAT_ALARM:
		return is_listed(text, strlen(text), alarms, COUNT_OF(alarms));
	case FORMAT_TARGET:
		return is_id(text) || is_phone(text) || is_chat(text) ||
		    is_url(text);
	case FORMAT_MESSAGE:
		return has_known_names(text, message_text_names,
		    message_text_name_count, ret_why);
	case FORMAT_GREETING:
		return has_known_names(text, greeting_names,
		    COUNT_OF(greeting_names), ret_why);
	case FORMAT_CARD:
		if (is_url(text) && has_hole_in_host(text)) {
			snprintf(ret_why, SETTING_WHY_SIZE,
			    "must name its host: values stand behind it");
			return false;
		}
		if (is_url(text))
			return card_check(text, &line, ret_why,
			    SETTING_WHY_SIZE);
		snprintf(ret_why, SETTING_WHY_SIZE, "%s", should_be[FORMAT_URL]);
		return false;
	}
	return false;
}

bool
settings_format_check(enum setting_format format, const char *text,
    char ret_why[SETTING_WHY_SIZE])
{
	char why[SETTING_WHY_SIZE];

	CHECK((size_t)format < COUNT_OF(should_be));
	snprintf(why, sizeof(why), "%s", should_be[format]);
	if (is_right(format, text, why))
		return true;
	memcpy(ret_why, why, sizeof(why));
	return false;
}

bool
settings_listen_parse(const char *text, char ret_host[SETTING_HOST_SIZE],
    int *ret_port)
{
	const char *colon = strrchr(text, ':');
	bool is_v6 = text[0] == '[';
	unsigned char address[sizeof(struct in6_addr)];
	char host[SETTING_HOST_SIZE];
	size_t length;
	int port;

	if (colon == NULL || (is_v6 && colon[-1] != ']'))
		return false;
	length = (size_t)(colon - text) - (is_v6 ? 2 : 0);
	if (length == 0 || length >= sizeof(host))
		return false;
	memcpy(host, text + (is_v6 ? 1 : 0), length);
	host[length] = '\0';
	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, host, address) != 1)
		return false;
	if (strlen(colon + 1) > 5 || colon[1] == '\0' ||
	    !is_made_of(colon + 1, DIGITS))
		return false;
	port = atoi(colon + 1);
	if (port > 65535)
		return false;
	memcpy(ret_host, host, length + 1);
	*ret_port = port;
	return true;
}

/* ---- names, numbers, addresses */

static bool
is_made_of(const char *text, const char *characters)
{
	return text[strspn(text, characters)] == '\0';
}

static bool
is_id(const char *text)
{
	return text[0] != '\0' && strchr(LOWER, text[0]) != NULL &&
	    is_made_of(text, LOWER DIGITS "_-");
}

static bool
is_phone(const char *text)
{
	size_t length = strlen(text);

	return length >= 8 && length <= 16 && text[0] == '+' &&
	    text[1] != '0' && is_made_of(text + 1, DIGITS);
}

static bool
is_address(const char *text)
{
	static const char *const schemes[] = { "sip:", "sips:", "ext:", "user:",
		"client:", "chat:" };

	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		size_t length = strlen(schemes[i]);

		if (strncmp(text, schemes[i], length) == 0)
			return text[length] != '\0' && is_made_of(text + length,
			    LOWER UPPER DIGITS "._+-@:;=*#[]");
	}
	return is_phone(text);
}

/* Of a messenger; the first ones of Telegram's groups are negative. */
static bool
is_chat(const char *text)
{
	return strncmp(text, "chat:", 5) == 0 && is_address(text);
}

/* A machine without zone files cannot say which zones there are. */
static bool
is_zone(const char *text)
{
	char path[128];
	struct stat status;

	if (strchr(UPPER, text[0]) == NULL || strstr(text, "//") != NULL ||
	    !is_made_of(text, LOWER UPPER DIGITS "_+-/"))
		return false;
	if (stat(ZONE_FOLDER, &status) != 0)
		return true;
	snprintf(path, sizeof(path), "%s/%.80s", ZONE_FOLDER, text);
	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool
is_language(const char *text)
{
	size_t length = strspn(text, LOWER);

	if (length != 2 && length != 3)
		return false;
	text += length;
	return text[0] == '\0' || (text[0] == '-' && strlen(text) == 3 &&
	    is_made_of(text + 1, UPPER));
}

/* "" is no URL, but stands for none where one is not needed. */
static bool
is_url(const char *text)
{
	const char *rest = strncmp(text, "http://", 7) == 0 ? text + 7 :
	    strncmp(text, "https://", 8) == 0 ? text + 8 : NULL;

	if (text[0] == '\0')
		return true;
	if (rest == NULL || strspn(rest, LOWER UPPER DIGITS "[") == 0)
		return false;
	for (; *rest != '\0'; rest++)
		if ((unsigned char)*rest <= ' ' || (unsigned char)*rest > '~' ||
		    strchr("\"<>\\^`|", *rest) != NULL)
			return false;
	return true;
}

static bool
is_redis(const char *text)
{
	if (strncmp(text, "unix:", 5) == 0)
		return text[5] == '/';
	return strcmp(text, "embedded") == 0 ||
	    (strncmp(text, "redis://", 8) == 0 && text[8] != '\0') ||
	    (strncmp(text, "rediss://", 9) == 0 && text[9] != '\0');
}

/* ---- words */

static bool
is_listed(const char *text, size_t length, const char *const *words,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == length &&
		    strncmp(text, words[i], length) == 0)
			return true;
	return false;
}

static bool
has_known_names(const char *text, const char *const *names, size_t count,
    char ret_why[SETTING_WHY_SIZE])
{
	for (; *text != '\0'; text++) {
		size_t length = strcspn(text, "}");

		if (*text == '}') {
			snprintf(ret_why, SETTING_WHY_SIZE,
			    "\"}\" without \"{\"");
			return false;
		}
		if (*text != '{')
			continue;
		if (text[length] == '\0') {
			snprintf(ret_why, SETTING_WHY_SIZE,
			    "\"{\" without \"}\"");
			return false;
		}
		if (!is_listed(text + 1, length - 1, names, count)) {
			snprintf(ret_why, SETTING_WHY_SIZE,
			    "there is no {%.*s}", (int)(length - 1 > 40 ? 40 :
			    length - 1), text + 1);
			return false;
		}
		text += length;
	}
	return true;
}
