/* SPDX-License-Identifier: MIT */
/* main: callbackd's command line. */
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config.h"
#include "daemon/loop.h"
#include "daemon/notify.h"
#include "lib/message_text.h"
#include "lib/provider_level.h"
#include "lib/segments.h"

static const char usage[] =
    "callbackd " PACKAGE_VERSION ": calls back whoever asked, in time\n"
    "\n"
    "  callbackd [-c FILE]      run (in the foreground; logs to stderr)\n"
    "  callbackd -t [-c FILE]   check the configuration, say everything that is wrong\n"
    "  callbackd -T [-c FILE]   print every setting in force, secrets masked\n"
    "  callbackd -V | -h        version | this text\n"
    "\n"
    "FILE is " SYSCONFDIR "/callbackd/callbackd.conf unless given.\n"
    "Signals: HUP reads the configuration again, TERM finishes what is in hand\n"
    "and ends, a second TERM ends at once.\n"
    "Exit status: 0 done, 64 wrong usage, 69 cannot start, 78 bad configuration.\n";

enum mode { RUN, CHECK_ONLY, PRINT };

static void
print_errors(const struct settings_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		fprintf(stderr, "%s\n", errors->items[i].text);
	if (errors->left_out > 0)
		fprintf(stderr, "and %zu more\n", errors->left_out);
}

/* What a company may promise with it; of a queue that rings the customer first
 * that is less. */
static void
tell_level(const struct settings *settings, const char *id,
    const struct provider *provider)
{
	const struct policy *policy = &settings->policy;
	enum fence fence = provider_fence(provider);
	enum provider_level level = provider_level(provider);

	printf("provider %s: fence %s, %s: %s\n", id, fence_names[fence],
	    provider_level_names[level], provider_level_texts[level]);
	fence = provider_operation_fence(provider, PROVIDER_CALL_CUSTOMER);
	level = provider_level_of(fence, provider_can(provider,
	    PROVIDER_FIND));
	for (size_t i = 0; i < policy->queue_count; i++)
		if (policy->queues[i].is_customer_first &&
		    provider_can(provider, PROVIDER_CALL_CUSTOMER))
			printf("queue %s, the customer first: fence %s, %s: "
			    "%s\n", policy->queues[i].id, fence_names[fence],
			    provider_level_names[level],
			    provider_level_texts[level]);
}

/* An order that blocks longer than the lease would be taken for lost while it is
 * still under way. */
static bool
lease_is_long_enough(const struct settings *settings, const char *id,
    const struct provider *provider)
{
	static const enum provider_operation orders[] = { PROVIDER_CALL,
		PROVIDER_CALL_CUSTOMER, PROVIDER_SMS };
	bool is_long_enough = true;

	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		int64_t least_ms = provider_operation_timeout_ms(provider,
		    orders[i]) + PACE_WAIT_MS + PLACE_YOUTH_MS;

		if (settings->policy.place_lease_ms > least_ms)
			continue;
		fprintf(stderr, "telephony.place_lease: must be above %d s, "
		    "the timeout of \"%s\" in the file of provider \"%s\"\n",
		    (int)(least_ms / 1000), provider_operation_names[orders[i]], id);
		is_long_enough = false;
	}
	return is_long_enough;
}

/* The provider files too: a call must not be the first to find a fault. What a
 * company may promise with each is told. */
static bool
check_providers(const struct settings *settings, bool is_told)
{
	bool is_right = true;

	for (size_t i = 0; i < settings->provider_count; i++) {
		struct provider_errors errors;
		struct provider *provider = provider_read(
		    settings->providers[i].text, settings->providers[i].path,
		    &errors);

		for (size_t k = 0; k < errors.count; k++)
			fprintf(stderr, "%s\n", errors.items[k].text);
		is_right &= provider != NULL && lease_is_long_enough(settings,
		    settings->providers[i].id, provider);
		if (provider != NULL && is_told)
			tell_level(settings, settings->providers[i].id,
			    provider);
		provider_free(provider);
	}
	return is_right;
}

/* A text that takes more pieces than one is paid for each. */
static void
print_long_texts(const struct settings *settings)
{
	const struct policy *policy = &settings->policy;

	for (size_t i = 0; i < policy->text_language_count; i++) {
		const struct message_texts *texts = &policy->texts[i];

		for (int kind = 0; kind < TEXT_CUSTOMER_COUNT; kind++) {
			char text[MESSAGE_TEXT_SIZE];
			struct segments is;

			if (texts->texts[kind] == NULL)
				continue;
			message_text_usual(policy, (enum message_kind)kind,
			    texts->texts[kind], texts->language, text);
			is = segments_of(text);
			if (is.count > 1)
				fprintf(stderr, "warning: messages, %s, %s: "
				    "%zu SMS, %zu %s: \"%s\"\n",
				    texts->language, message_kind_names[kind],
				    is.count, is.units, is.is_gsm7 ?
				    "characters of GSM" : "characters of "
				    "Unicode", text);
		}
	}
}

static int
run(struct settings *settings, const char *path)
{
	char error[512] = "";
	struct daemon *daemon;
	int64_t drain_ms = settings->drain_ms;
	int status;

	notify_init();
	log_set_level(settings->log_level);
	log_attach_libevent();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	daemon = daemon_new(settings, path, error, sizeof(error));
	if (daemon == NULL) {
		fprintf(stderr, "callbackd: %s\n", error);
		return EX_UNAVAILABLE;
	}
	log_event(LOG_LEVEL_NOTICE, "started", "version=%s", PACKAGE_VERSION);
	status = loop_run(daemon, drain_ms);
	daemon_free(daemon);
	curl_global_cleanup();
	log_event(LOG_LEVEL_NOTICE, "stopped", "%s", "");
	log_flush();
	return status;
}

int
main(int argc, char **argv)
{
	const char *path = SYSCONFDIR "/callbackd/callbackd.conf";
	enum mode mode = RUN;
	struct settings *settings = NULL;
	struct settings_errors errors;
	int option;

	/* A peer that has gone is an error of write, not our end. */
	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt(argc, argv, "c:tTVh")) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 't':
			mode = CHECK_ONLY;
			break;
		case 'T':
			mode = PRINT;
			break;
		case 'V':
			puts(PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (optind != argc) {
		fputs(usage, stderr);
		return EX_USAGE;
	}
	if (!settings_load(path, &settings, &errors)) {
		print_errors(&errors);
		return EX_CONFIG;
	}
	if (!check_providers(settings, mode == CHECK_ONLY)) {
		settings_free(settings);
		return EX_CONFIG;
	}
	if (mode == PRINT) {
		settings_print(stdout, settings);
	} else if (mode == CHECK_ONLY) {
		for (size_t i = 0; i < settings_warnings(settings)->count; i++)
			fprintf(stderr, "warning: %s\n",
			    settings_warnings(settings)->items[i].text);
		print_long_texts(settings);
		printf("%s: in order\n", path);
	} else {
		return run(settings, path);
	}
	settings_free(settings);
	return EXIT_SUCCESS;
}
