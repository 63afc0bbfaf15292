/* SPDX-License-Identifier: MIT */
/*
 * settings_format: what a text in the configuration must look like. Looks at
 * nothing but the text, except that a zone must be known to this machine.
 */
#ifndef CALLBACKD_DAEMON_SETTINGS_FORMAT_H
#define CALLBACKD_DAEMON_SETTINGS_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"

enum {
	SETTING_WHY_SIZE = 160,
	SETTING_HOST_SIZE = 64,
};

enum setting_format {
	FORMAT_ANY,
	FORMAT_ID,              /* a-z 0-9 _ - */
	FORMAT_PHONE,           /* E.164 */
	FORMAT_PREFIX,          /* how such a number begins: "+1809" */
	FORMAT_ADDRESS,         /* a number, or sip: ext: user: and more */
	FORMAT_ZONE,            /* IANA name */
	FORMAT_LANGUAGE,        /* "ru", "pt-BR" */
	FORMAT_COUNTRY,         /* "RU" */
	FORMAT_URL,             /* http or https */
	FORMAT_LISTEN,          /* numeric address and port */
	FORMAT_NETWORK,         /* "10.0.0.0/8", or one address */
	FORMAT_REDIS,
	FORMAT_CURRENCY,        /* "RUB" */
	FORMAT_LEVEL,           /* 1..9 */
	FORMAT_WEEKDAYS,        /* "Mon-Fri", "Sat", "Mon, Wed" */
	FORMAT_TIME,            /* "21:00" */
	FORMAT_TIMES,           /* "09:00-18:00" */
	FORMAT_OPENING,         /* the same, or "closed" */
	FORMAT_QUIET,           /* the same, or "none" */
	FORMAT_DATES,           /* "2026-12-31", "2026-12-31..2027-01-08" */
	FORMAT_SHIFT,           /* "Mon-Fri 09:00-18:00, Sat 10:00-16:00" */
	FORMAT_CHANNEL,         /* screen, phone, sms */
	FORMAT_ALARM,           /* what is told about */
	FORMAT_TARGET,          /* a name, a number, a chat or a URL */
	FORMAT_MESSAGE,         /* a text with {names} */
	FORMAT_CARD,            /* a URL with {phone} and {case} */
	FORMAT_GREETING,        /* a text with {company} */
};

/* False: ret_why says what it should be. */
bool
settings_format_check(enum setting_format format, const char *text,
    char ret_why[SETTING_WHY_SIZE]) MUST_USE;

/* A numeric address, an IPv6 one in brackets, and a port. */
bool
settings_listen_parse(const char *text, char ret_host[SETTING_HOST_SIZE],
    int *ret_port) MUST_USE;

#endif
