/* SPDX-License-Identifier: MIT */
/*
 * settings: the configuration file as a checked, immutable value: the company's
 * policy and what the shell must know. One table (settings_schema.c) names every
 * setting; reading, printing and comparing are driven by it. Reads files only;
 * never changes the running program.
 */
#ifndef CALLBACKD_DAEMON_SETTINGS_H
#define CALLBACKD_DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/log.h"
#include "lib/check.h"
#include "lib/policy.h"
#include "lib/provider_health.h"

enum {
	SETTINGS_FILE_MAX = 16 * 1024 * 1024,   /* bytes of the configuration */
	SETTINGS_SECRETS_MAX = 16,              /* of one provider */
	SETTINGS_ERRORS_MAX = 64,               /* more are counted, not kept */
	SETTINGS_ERROR_SIZE = 384,
};

struct settings_error {
	int  line;                              /* 0: the file as a whole */
	char text[SETTINGS_ERROR_SIZE];         /* "callbackd.conf:12: window.limit: ..." */
};

/* In the order of the file's lines. */
struct settings_errors {
	struct settings_error items[SETTINGS_ERRORS_MAX];
	size_t count;                           /* kept */
	size_t left_out;                        /* not kept */
};

struct settings_secret {
	const char *name, *value;
};

/* A telephone provider. Its file is kept as text: lib/provider reads it. */
struct settings_provider {
	char id[ID_SIZE];
	const char *file;                       /* as configured */
	const char *path;                       /* where it was found */
	const char *text;                       /* what it holds, at most PROVIDER_FILE_MAX */
	struct settings_secret secrets[SETTINGS_SECRETS_MAX];
	size_t secret_count;
	const char *base;                       /* instead of the file's; "": the file's */
	bool is_private;                        /* plain HTTP and this machine may be reached */
	double calls_per_second, messages_per_second;   /* 0: as the file says */
	int in_flight;                          /* calls alive at a time; 0: no limit */
	char currency[4];
	double call_price, message_price;       /* of a message: of each segment */
	double hour_cap, day_cap;               /* of both; 0: none */
	int64_t timeout_ms;                     /* of one request */
};

/*
 * Everything pointed to belongs to the settings. Durations in `policy` are
 * multiplied by clock_scale already, where they are the company's: not what the
 * telephone network keeps (ringing, the longest call), nor leases, nor TTLs.
 */
struct settings {
	struct policy policy;                   /* facts of providers: the daemon's to fill */

	const char *redis;                      /* "embedded", "unix:...", "redis://...", "rediss://..." */
	struct {
		int port;                       /* on 127.0.0.1; 0: its socket only */
		const char *appendfsync;        /* "always", "everysec", "no" */
	} embedded;
	const char *state_dir;                  /* absolute, or relative to the working folder */
	struct {
		const char *listen;             /* "127.0.0.1:8080", "[::1]:8080" */
		char host[64];                  /* of listen, numeric, without brackets */
		int port;                       /* of listen; 0: any free one */
		const char *public_url;         /* without "/" at its end; never "" */
	} http;
	const char *control;                    /* path of the control socket */
	enum log_level log_level;
	struct settings_provider providers[PROVIDER_ORDER_MAX];
	size_t provider_count;                  /* without the built-in "manual" */
	struct health_rules breaker;
	int64_t drain_ms;                       /* of a stop, before calls under way are left alone */
	int in_hand;                            /* situations at a time */
	int64_t audit_every_ms, audit_scan_ms;  /* between two walks of the indexes; of the records */
	bool allow_test_settings;               /* inline secrets, clock_scale: never in earnest */
	double clock_scale;                     /* 1 unless this is a trial */
	const char *desk_token_file;            /* made by the daemon when it is absent */
	const char *web_dir;                    /* where shop and desk lie */
	const char *sandbox_url;                /* shown by the pages; "": none */

	int last_one;                   /* offer.last_one: 0 nothing, 1 alarm */
	/* What queues and specialists start from. */
	struct queue_policy queue_model;
	struct specialist_policy specialist_model;
	int64_t offer_ms[OFFER_CHANNEL_COUNT];                    /* by enum offer_channel */

	struct zone *zone;                      /* of policy.zone; NULL: it is not known here */
	struct settings_values *values;         /* for printing and comparing */
	struct settings_errors *warnings;
};

/*
 * Reads and checks the file and all files it names. It is first parsed in a child
 * process, because libconfig's scanner may end the program; this waits for it,
 * a few seconds at most. False: ret_errors says everything that is wrong, and
 * *ret_settings is untouched. On success ret_errors is empty.
 */
bool
settings_load(const char *path, struct settings **ret_settings,
    struct settings_errors *ret_errors) MUST_USE;

/* Accepts NULL. */
void
settings_free(struct settings *settings);

/* The effective settings, one "path = value;" a line, secrets masked. */
void
settings_print(FILE *file, const struct settings *settings);

/* What can be read, and will not do all that it says: like errors, by line. */
const struct settings_errors *
settings_warnings(const struct settings *settings);

/*
 * Calls on_difference for each setting that is not the same, with the values as
 * they are printed (NULL: it is not there). What needs a restart is reported,
 * and what else has changed may be applied. Returns how many.
 */
struct settings_difference {
	const char *path;
	const char *before, *after;
	bool needs_restart;
};
typedef void settings_on_difference(void *context,
    const struct settings_difference *difference);
size_t
settings_difference(const struct settings *before,
    const struct settings *after, settings_on_difference *on_difference,
    void *context);

#endif
