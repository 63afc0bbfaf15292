/* SPDX-License-Identifier: MIT */
/*
 * The configuration as files on a disk: what is read from a good one, what is
 * said of a bad one, and that no text whatever brings the reader down. The
 * shipped files are read where they lie in the source tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/settings_internal.h"
#include "daemon/settings_when.h"
#include "lib/message_text.h"
#include "lib/segments.h"
#include "tests/unit/slowed.h"

enum { TEXT_SIZE = 64 * 1024, FUZZ_COUNT = 300 };

static char folder[64];
static struct settings_errors errors;

/* ---- files */

static const char *
source(const char *name)
{
	static char path[512];
	const char *top = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/%s", top != NULL ? top : ".", name);
	return path;
}

static void
write_file(const char *name, const char *text, size_t length, mode_t mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
write_text(const char *name, const char *text)
{
	write_file(name, text, strlen(text), 0600);
}

static void
make_subfolder(const char *name, char ret_path[128])
{
	snprintf(ret_path, 128, "%s/%s", folder, name);
	assert_int_equal(mkdir(ret_path, 0700), 0);
}

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/callbackd-settings-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	unsetenv("CREDENTIALS_DIRECTORY");
	setenv("CALLBACKD_DATADIR", source("config"), 1);
	return 0;
}

static int
remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* ---- a small good file, and what is put in place of its parts */

#define QUEUES "queues = ( { id = \"info\"; title = \"Info\"; default = true; " \
    "caller_id = \"+74950000100\"; } );\n"
#define PEOPLE "specialists = ( { id = \"anna\"; name = \"Anna\"; " \
    "to = \"+74950000101\"; queues = ( (\"info\", 3) ); } );\n"
#define VOICE "voice = [ \"manual\" ];\n"
#define RESULTS "dispositions = ( { key = 1; id = \"solved\"; title = \"S\"; " \
    "then = \"close\"; } );\n"
#define SOLVED "{ key = 1; id = \"solved\"; title = \"S\"; then = \"close\"; }"
#define TWO_QUEUES(WORDS) "queues = ( { id = \"info\"; title = \"Info\"; default = true; " \
    "caller_id = \"+74950000100\"; },\n{ id = \"b\"; title = \"B\"; " \
    "dispositions = " WORDS "; caller_id = \"+74950000100\"; } );\n"
#define OWN(WORDS) "queues = ( { id = \"info\"; title = \"Info\"; default = true;\n" \
    "dispositions = [ " WORDS " ]; caller_id = \"+74950000100\"; } );\n"
#define HEAD "site = \"shop\";\nphones = { home = \"RU\"; };\n"
#define GOOD HEAD QUEUES PEOPLE VOICE RESULTS

static struct settings *
load_path(const char *path)
{
	struct settings *settings = NULL;
	bool is_good = settings_load(path, &settings, &errors);

	assert_int_equal(is_good, settings != NULL);
	assert_int_equal(is_good, errors.count == 0);
	return settings;
}

static struct settings *
load_bytes(const char *text, size_t length)
{
	char path[128];

	write_file("callbackd.conf", text, length, 0600);
	snprintf(path, sizeof(path), "%s/callbackd.conf", folder);
	return load_path(path);
}

static struct settings *
load(const char *text)
{
	return load_bytes(text, strlen(text));
}

static struct settings *
load_good(const char *text)
{
	struct settings *settings = load(text);

	for (size_t i = 0; i < errors.count; i++)
		print_message("%s\n", errors.items[i].text);
	assert_non_null(settings);
	return settings;
}

/* Is there an error at that line that holds this text. */
static bool
is_told(int line, const char *text)
{
	for (size_t i = 0; i < errors.count; i++)
		if (errors.items[i].line == line &&
		    strstr(errors.items[i].text, text) != NULL)
			return true;
	return false;
}

static bool
is_warned(const struct settings *settings, int line, const char *text)
{
	const struct settings_errors *warnings = settings_warnings(settings);

	for (size_t i = 0; i < warnings->count; i++)
		if (warnings->items[i].line == line &&
		    strstr(warnings->items[i].text, text) != NULL)
			return true;
	return false;
}

static void
expect_error(const char *text, int line, const char *error)
{
	assert_null(load(text));
	if (is_told(line, error))
		return;
	print_message("%s\nexpected at line %d: %s\n", text, line, error);
	for (size_t i = 0; i < errors.count; i++)
		print_message("%s\n", errors.items[i].text);
	fail();
}

static char *
printed(const struct settings *settings)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	settings_print(file, settings);
	fclose(file);
	return text;
}

/* ---- good files */

static void
test_shipped_files(void **state)
{
	static const char *const names[] = { "config/callbackd.conf",
		"config/sandbox/callbackd.conf", "config/sandbox/demo.conf" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct settings *settings = load_path(source(names[i]));

		for (size_t k = 0; k < errors.count; k++)
			print_message("%s\n", errors.items[k].text);
		assert_non_null(settings);
		assert_int_equal(settings->policy.queue_count, 3);
		assert_int_equal(settings->policy.specialist_count, 4);
		for (size_t k = 0; k < 4; k++)
			assert_ptr_equal(policy_specialist(&settings->policy,
			    settings->policy.specialists[k].id),
			    &settings->policy.specialists[k]);
		assert_null(policy_specialist(&settings->policy, "nobody"));
		assert_int_equal(settings->provider_count, 1);
		assert_true(strlen(settings->policy.queues[0].script) > 100);
		assert_true(strlen(settings->providers[0].text) > 100);
		assert_int_equal(settings->providers[0].secret_count, 2);
		settings_free(settings);
	}
}

/* What the table says and what the core says are one. */
static void
test_defaults_are_those_of_the_policy(void **state)
{
	struct settings *settings = load_good(GOOD);
	const struct policy *policy = &settings->policy;
	struct specialist_policy specialist;
	struct queue_policy queue;
	struct policy wanted;

	(void)state;
	policy_defaults(&wanted);
	queue_policy_defaults(&queue);
	specialist_policy_defaults(&specialist);
	assert_string_equal(policy->zone, wanted.zone);
	assert_string_equal(policy->language, wanted.language);
	assert_int_equal(policy->consent_required, wanted.consent_required);
	assert_int_equal(policy->retry_count, wanted.retry_count);
	assert_memory_equal(policy->retry_after_ms, wanted.retry_after_ms,
	    sizeof(wanted.retry_after_ms));
	/* From the retries to the end they are durations, but for a pause. */
	wanted.ignored_return_ms = policy->ignored_return_ms;
	assert_memory_equal(&policy->short_call_ms, &wanted.short_call_ms,
	    sizeof(wanted) - offsetof(struct policy, short_call_ms));

	assert_int_equal(policy->queues[0].target_ms, queue.target_ms);
	assert_int_equal(policy->queues[0].limit_ms, queue.limit_ms);
	assert_int_equal(policy->queues[0].scheduled_ms, queue.scheduled_ms);
	assert_int_equal(policy->queues[0].late_ms, queue.late_ms);
	assert_int_equal(policy->queues[0].is_public, queue.is_public);
	assert_int_equal(policy->queues[0].level, queue.level);
	assert_string_equal(policy->queues[0].greeting, queue.greeting);
	assert_string_equal(policy->queues[0].script, queue.script);
	assert_int_equal(policy->specialists[0].confirm, specialist.confirm);
	assert_int_equal(policy->specialists[0].accept, specialist.accept);
	assert_int_equal(policy->specialists[0].offer, specialist.offer);
	assert_int_equal(policy->specialists[0].offer_ms, specialist.offer_ms);
	assert_int_equal(policy->specialists[0].wrap_up_ms,
	    specialist.wrap_up_ms);
	settings_free(settings);
}

static void
test_values_of_the_shell(void **state)
{
	struct settings *settings = load_good(GOOD
	    "redis = \"embedded\"; embedded = { port = 6399; };\n"
	    "state_dir = \"state\"; web_dir = \"/srv/web\";\n"
	    "http = { listen = \"[::1]:80\"; public_url = \"https://x.example/\"; };\n"
	    "log = { level = \"debug\"; }; drain_timeout = \"5s\"; in_hand = 64;\n");
	char path[128];

	(void)state;
	assert_string_equal(settings->redis, "embedded");
	assert_int_equal(settings->embedded.port, 6399);
	assert_string_equal(settings->embedded.appendfsync, "always");
	snprintf(path, sizeof(path), "%s/state", folder);
	assert_string_equal(settings->state_dir, path);
	snprintf(path, sizeof(path), "%s/state/desk_token", folder);
	assert_string_equal(settings->desk_token_file, path);
	assert_string_equal(settings->web_dir, "/srv/web");
	assert_string_equal(settings->control, "/run/callbackd/control.sock");
	assert_string_equal(settings->http.host, "::1");
	assert_int_equal(settings->http.port, 80);
	assert_string_equal(settings->http.public_url, "https://x.example");
	assert_int_equal(settings->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(settings->drain_ms, 5000);
	assert_int_equal(settings->in_hand, 64);
	assert_string_equal(settings->sandbox_url, "");
	settings_free(settings);

	settings = load_good(GOOD);
	assert_string_equal(settings->http.public_url, "http://127.0.0.1:8080");
	assert_string_equal(settings->redis,
	    "unix:/run/callbackd-redis/redis.sock");
	settings_free(settings);
}

static void
test_a_queue_starts_from_the_window(void **state)
{
	struct settings *settings = load_good(HEAD
	    "window = { target = \"1m\"; limit = \"2m\"; };\n"
	    "queues = ( { id = \"a\"; title = \"A\"; default = true; },\n"
	    "{ id = \"b\"; title = \"B\"; level = 2; greeting = \"Hi\";"
	    " window = { limit = \"4h\"; }; pass_to = ( \"a\" ); } );\n"
	    VOICE RESULTS);
	const struct queue_policy *queues = settings->policy.queues;

	(void)state;
	assert_int_equal(queues[0].target_ms, 60000);
	assert_int_equal(queues[0].limit_ms, 120000);
	assert_int_equal(queues[1].target_ms, 60000);
	assert_int_equal(queues[1].limit_ms, 14400000);
	assert_int_equal(queues[1].late_ms, 3600000);
	assert_int_equal(queues[1].level, 2);
	assert_string_equal(queues[1].greeting, "Hi");
	assert_int_equal(queues[1].pass_to_count, 1);
	assert_string_equal(queues[1].pass_to[0], "a");
	settings_free(settings);
}

static void
test_specialists(void **state)
{
	struct settings *settings = load_good(HEAD QUEUES
	    "language = \"ru\"; allow_test_settings = true;\n"
	    "offer = { screen = \"10s\"; phone = \"40s\"; confirm = \"answer\"; };\n"
	    "specialists = (\n"
	    "{ id = \"a\"; name = \"A\"; queues = ( (\"info\", 9) );"
	    "  offers = [ \"phone\", \"screen\" ]; to = \"user:a\";"
	    "  addresses = ( { provider = \"p\"; to = \"sip:a@x\"; } ); },\n"
	    "{ id = \"b\"; name = \"B\"; queues = ( (\"info\", 1) ); language = \"en\";"
	    "  offer = \"7s\"; wrap_up = 0; confirm = \"press1\"; accept = \"automatic\";"
	    "  addresses = ( { provider = \"p\"; to = \"ext:12\"; } ); } );\n"
	    "voice = [ \"p\", \"manual\" ];\n"
	    "providers = ( { id = \"p\"; file = \"sandbox.conf\"; } );\n" RESULTS);
	const struct specialist_policy *a = &settings->policy.specialists[0];
	const struct specialist_policy *b = &settings->policy.specialists[1];

	(void)state;
	assert_int_equal(a->address_count, 2);
	assert_string_equal(policy_address(a, "p"), "sip:a@x");
	assert_string_equal(policy_address(a, "other"), "user:a");
	assert_int_equal(a->offer, OFFER_PHONE);
	assert_true(a->has_second && a->second == OFFER_SCREEN);
	assert_int_equal(a->offer_ms, 40000);
	assert_int_equal(a->confirm, CONFIRM_ANSWER);
	assert_string_equal(a->language, "ru");
	assert_int_equal(a->queue_count, 1);
	assert_int_equal(a->queues[0].level, 9);
	assert_int_equal(b->address_count, 1);
	assert_string_equal(policy_address(b, "p"), "ext:12");
	assert_string_equal(policy_address(b, "other"), "");
	assert_int_equal(b->offer, OFFER_SCREEN);
	assert_int_equal(b->offer_ms, 7000);
	assert_int_equal(b->wrap_up_ms, 0);
	assert_int_equal(b->confirm, CONFIRM_PRESS1);
	assert_int_equal(b->accept, ACCEPT_AUTOMATIC);
	assert_string_equal(b->language, "en");
	settings_free(settings);
}

static void
test_the_clock_scales_the_companys_times_only(void **state)
{
	struct settings *settings = load_good(
	    "allow_test_settings = true; clock_scale = 0.01;\n" GOOD
	    "retry = { after = [ \"50s\", \"20ms\" ]; busy = [ \"100s\" ]; voicemail = [ ]; };\n");
	const struct policy *policy = &settings->policy;
	char *text = printed(settings);

	(void)state;
	assert_int_equal(policy->queues[0].limit_ms, 9000);
	assert_int_equal(policy->retry_after_ms[0], 500);
	assert_int_equal(policy->retry_after_ms[1], 1);
	assert_int_equal(policy->retries[RETRY_BUSY].after_ms[0], 1000);
	assert_true(policy->retries[RETRY_VOICEMAIL].is_own);
	assert_int_equal(policy->retries[RETRY_VOICEMAIL].count, 0);
	assert_false(policy->retries[RETRY_SHORT].is_own);
	assert_int_equal(policy->specialists[0].offer_ms, 200);
	assert_int_equal(policy->specialists[0].wrap_up_ms, 300);
	assert_int_equal(policy->ring_ms, 25000);
	assert_int_equal(policy->place_lease_ms, 60000);
	assert_int_equal(policy->record_keep_ms, 7 * 86400000);
	assert_non_null(strstr(text, "\nretry.after = [ \"50s\", \"20ms\" ];"));
	free(text);
	settings_free(settings);
}

/* ---- providers and what they must know */

#define PROVIDER(more) HEAD QUEUES PEOPLE RESULTS "voice = [ \"p\" ];\n" \
    "providers = ( { id = \"p\"; file = \"p.conf\"; " more " } );\n"

static void
test_provider_files_are_looked_for(void **state)
{
	struct settings *settings;
	char path[128];

	(void)state;
	expect_error(PROVIDER(""), 7, "providers.p.file: there is no file");
	make_subfolder("providers", path);
	write_text("providers/p.conf", "in the folder");
	settings = load_good(PROVIDER(""));
	assert_string_equal(settings->providers[0].text, "in the folder");
	assert_string_equal(settings->providers[0].file, "p.conf");
	assert_int_equal(settings->providers[0].timeout_ms, 10000);
	settings_free(settings);
	write_text("p.conf", "beside");
	settings = load_good(PROVIDER("base = \"http://127.0.0.1:1/\"; "
	    "timeout = \"20s\"; calls_per_second = 2.5; in_flight = 3;"));
	assert_string_equal(settings->providers[0].text, "beside");
	assert_string_equal(settings->providers[0].base, "http://127.0.0.1:1");
	assert_int_equal(settings->providers[0].timeout_ms, 20000);
	assert_int_equal(settings->providers[0].in_flight, 3);
	assert_true(settings->providers[0].calls_per_second == 2.5);
	settings_free(settings);
	write_file("p.conf", "a\0b", 3, 0600);
	expect_error(PROVIDER(""), 7, "NUL");
}

static void
test_orders_and_what_providers_bear(void **state)
{
	struct settings *settings;

	(void)state;
	write_text("p.conf", "x");
	settings = load_good(HEAD "queues = (\n"
	    "{ id = \"info\"; title = \"A\"; default = true; caller_id = \"+74951234567\"; },\n"
	    "{ id = \"b\"; title = \"B\"; caller_id = \"+74951234567\";\n"
	    "  voice = [ \"q\", \"manual\" ]; text = [ \"p\" ]; } );\n"
	    PEOPLE RESULTS "voice = [ \"p\", \"q\" ];\ntext = [ \"q\" ];\n"
	    "breaker = { failures = 2; share = 0.25; window = \"1m\"; };\n"
	    "providers = ( { id = \"p\"; file = \"p.conf\"; }, { id = \"q\";\n"
	    "  file = \"p.conf\"; in_flight = 5; spend = { currency = \"RUB\";\n"
	    "  call = 1.25; message = 0.25; hour = 10; day = 50.5; };\n"
	    "  messages_per_second = 1.5; } );\n");
	assert_string_equal(policy_voice(&settings->policy, "info")->ids[1], "q");
	assert_int_equal(policy_voice(&settings->policy, "b")->count, 2);
	assert_string_equal(policy_voice(&settings->policy, "b")->ids[1],
	    "manual");
	assert_string_equal(policy_text(&settings->policy, "info")->ids[0], "q");
	assert_string_equal(policy_text(&settings->policy, "b")->ids[0], "p");
	assert_int_equal(settings->breaker.failures, 2);
	assert_int_equal(settings->breaker.window_ms, 60000);
	assert_int_equal(settings->breaker.probe_ms, 5000);
	assert_true(settings->breaker.share == 0.25);
	assert_int_equal(settings->providers[1].in_flight, 5);
	assert_true(settings->providers[1].messages_per_second == 1.5);
	assert_true(settings->providers[1].message_price == 0.25 &&
	    settings->providers[1].call_price == 1.25 &&
	    settings->providers[1].hour_cap == 10 &&
	    settings->providers[1].day_cap == 50.5);
	settings_free(settings);
	settings = load_good(PROVIDER("spend = { hour = 10; };"));
	assert_true(is_warned(settings, 7, "providers.p.spend: call is not said"));
	settings_free(settings);
	/* A cap counts what its provider is used for. */
	settings = load_good(HEAD QUEUES PEOPLE RESULTS
	    "voice = [ \"manual\" ]; text = [ \"p\" ];\n"
	    "providers = ( { id = \"p\"; file = \"p.conf\";\n"
	    "  spend = { call = 1.0; day = 10; }; } );\n");
	assert_int_equal(settings_warnings(settings)->count, 1);
	assert_true(is_warned(settings, 8, "providers.p.spend: message is not said"));
	settings_free(settings);
	expect_error(HEAD QUEUES PEOPLE RESULTS
	    "voice = [ \"manual\", \"p\" ];\n"
	    "providers = ( { id = \"p\"; file = \"p.conf\"; } );\n", 6,
	    "voice: \"manual\" must be the last");
	expect_error(HEAD "queues = ( { id = \"a\"; title = \"A\"; default = true;\n"
	    " voice = [ \"x\" ]; text = [ \"manual\" ]; } );\n" VOICE RESULTS, 4,
	    "queues.a.voice: there is no provider \"x\"");
}

static void
test_secrets(void **state)
{
	struct settings *settings;
	char *text, path[128];

	(void)state;
	write_text("p.conf", "x");
	expect_error(PROVIDER("secrets = \"none\";"), 7,
	    "providers.p.secrets: ");
	write_text("secret", "# comment\n\naccount = AC1\n token=a=b \n");
	settings = load_good(PROVIDER("secrets = \"secret\";"));
	assert_int_equal(settings->providers[0].secret_count, 2);
	assert_string_equal(settings->providers[0].secrets[0].name, "account");
	assert_string_equal(settings->providers[0].secrets[0].value, "AC1");
	assert_string_equal(settings->providers[0].secrets[1].name, "token");
	assert_string_equal(settings->providers[0].secrets[1].value, "a=b");
	text = printed(settings);
	assert_non_null(strstr(text, "providers.p.secrets.token = \"***\";"));
	assert_null(strstr(text, "a=b"));
	free(text);
	settings_free(settings);

	/* A credential of the service manager comes first. */
	make_subfolder("credentials", path);
	write_text("credentials/secret", "account = AC2");
	setenv("CREDENTIALS_DIRECTORY", path, 1);
	settings = load_good(PROVIDER("secrets = \"secret\";"));
	assert_string_equal(settings->providers[0].secrets[0].value, "AC2");
	settings_free(settings);
	unsetenv("CREDENTIALS_DIRECTORY");

	/* A private key has lines, of which one may hold a "=". */
	write_text("secret", "key = -----BEGIN PRIVATE KEY-----\r\nMIIE\r\n"
	    "Q== \n-----END PRIVATE KEY-----\n# it was one\ntoken = t\n");
	settings = load_good(PROVIDER("secrets = \"secret\";"));
	assert_int_equal(settings->providers[0].secret_count, 2);
	assert_string_equal(settings->providers[0].secrets[0].value,
	    "-----BEGIN PRIVATE KEY-----\r\nMIIE\r\nQ== \n"
	    "-----END PRIVATE KEY-----");
	assert_string_equal(settings->providers[0].secrets[1].value, "t");
	settings_free(settings);
	write_text("secret", "token = t\nkey = -----BEGIN X-----\nMIIE\n");
	assert_null(load(PROVIDER("secrets = \"secret\";")));
	assert_true(is_told(7, "secret:4: has no -----END line"));
	write_text("secret", "account = AC1\naccount = AC2\nnothing\n= x\n");
	assert_null(load(PROVIDER("secrets = \"secret\";")));
	assert_true(is_told(7, "given twice"));
	assert_true(is_told(7, "secret:3: must be name=value"));
	assert_true(is_told(7, "a secret's name"));
	for (size_t i = 0; i < errors.count; i++) {
		assert_null(strstr(errors.items[i].text, "AC"));
		assert_null(strstr(errors.items[i].text, "nothing"));
	}

	expect_error(PROVIDER("secrets = { account = \"AC1\"; };"), 7,
	    "allow_test_settings");
	settings = load_good("allow_test_settings = true;\n"
	    PROVIDER("secrets = { account = \"AC1\"; };"));
	assert_string_equal(settings->providers[0].secrets[0].value, "AC1");
	settings_free(settings);
}

static void
test_a_password_is_not_shown(void **state)
{
	struct settings *settings = load_good(GOOD
	    "redis = \"redis://shop:hunter2@127.0.0.1:6379/0\";\n");
	char *text = printed(settings);

	(void)state;
	assert_string_equal(settings->redis,
	    "redis://shop:hunter2@127.0.0.1:6379/0");
	assert_null(strstr(text, "hunter2"));
	assert_non_null(strstr(text, "\"redis://shop:***@127.0.0.1:6379/0\""));
	free(text);
	settings_free(settings);
	expect_error(GOOD "redis = \"rdis://shop:hunter2@127.0.0.1\";\n", 7,
	    "redis: must be");
	assert_null(strstr(errors.items[0].text, "hunter2"));
}

/* ---- bad files */

static void
test_one_error_each(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *error;
	} cases[] = {
		{ GOOD "compny = \"x\";\n", 7,
		    "compny: there is no such setting; did you mean \"company\"?" },
		{ GOOD "window = { limt = \"x\"; };\n", 7,
		    "window.limt: there is no such setting; did you mean \"limit\"?" },
		{ GOOD "qqqqqq = 1;\n", 7, "qqqqqq: there is no such setting" },
		{ GOOD "company = 5;\n", 7, "company: must be a text in quotes" },
		{ GOOD "window = { limit = 15; };\n", 7,
		    "window.limit: must be a duration in quotes" },
		{ GOOD "window = { limit = \"15\"; };\n", 7, "is no duration" },
		{ GOOD "window = { limit = \"1m1h\"; };\n", 7, "is no duration" },
		{ GOOD "window = { limit = \"9999d\"; };\n", 7, "must be from" },
		{ GOOD "window = 5;\n", 7, "window: must be a group" },
		{ GOOD "window = { target = \"20m\"; };\n", 7,
		    "target must not be above limit" },
		{ GOOD "in_hand = 5;\n", 7, "in_hand: 5 must be from 16 to 65536" },
		{ GOOD "in_hand = 64.5;\n", 7, "must be a whole number" },
		{ GOOD "in_hand = \"64\";\n", 7, "must be a whole number" },
		{ GOOD "in_hand = 4294967360;\n", 7, "4294967360: number out of range" },
		{ GOOD "in_hand = 0x1FFFFFFFF;\n", 7, "number out of range" },
		{ GOOD "in_hand = 3000000000L;\n", 7, "number out of range" },
		{ GOOD "in_hand = -99999999999999999999;\n", 7, "number out of range" },
		{ GOOD "drain_timeout = 3000000000;\n", 7, "number out of range" },
		{ GOOD "consent = true;\n", 7, "consent: must be a word in quotes" },
		{ GOOD "consent = \"maybe\";\n", 7,
		    "consent: \"maybe\" is none of: optional, required" },
		{ GOOD "allow_test_settings = 1;\n", 7, "must be true or false" },
		{ GOOD "clock_scale = 0.5;\n", 7, "only with allow_test_settings" },
		{ GOOD "allow_test_settings = true;\nclock_scale = 0;\n", 8, "above 0" },
		{ GOOD "clock_scale = 1e999;\n", 7, "must be from 0 to 1" },
		{ GOOD "zone = \"Europe/Moskow\";\n", 7, "must be a time zone" },
		{ GOOD "zone = \"../../etc/passwd\";\n", 7, "must be a time zone" },
		{ GOOD "language = \"russian\";\n", 7, "must be a language" },
		{ GOOD "http = { listen = \"localhost:80\"; };\n", 7,
		    "must be a numeric address" },
		{ GOOD "http = { listen = \"127.0.0.1:65536\"; };\n", 7,
		    "must be a numeric address" },
		{ GOOD "http = { public_url = \"x.example\"; };\n", 7, "must be a URL" },
		{ GOOD "company = \"a\\x01\";\n", 7, "control character" },
		{ GOOD "company = \"a\\xff\";\n", 7, "is not UTF-8" },
		{ GOOD "messages = { soon = \"{nme}\"; };\n", 7, "there is no {nme}" },
		{ GOOD "messages = { soon = \"{name\"; };\n", 7, "\"{\" without \"}\"" },
		{ GOOD "hours = { week = ( (\"Mon-Fri\") ); };\n", 7, "entry 1 is wrong" },
		{ GOOD "hours = { week = ( (\"Mon-Sun\", \"closed\") ); };\n", 7,
		    "hours.week: it never opens" },
		{ GOOD "hours = { days = ( (\"2020-01-01..2099-12-31\", \"closed\") ); };\n",
		    7, "hours.days: it never opens" },
		{ GOOD "quiet = { hours = \"00:00-24:00\"; };\n", 7,
		    "quiet.hours: is all day" },
		{ GOOD "quiet = { hours = \"21-9\"; };\n", 7, "must be times such as" },
		{ GOOD "quiet = { numbers = ( (\"+49\", \"never\") ); };\n", 7,
		    "or \"none\"" },
		{ GOOD "quiet = { numbers = ( (\"49\", \"none\") ); };\n", 7,
		    "must be how numbers begin" },
		{ GOOD "quiet = { numbers = ( (\"+49\", \"00:00-24:00\") ); };\n", 7,
		    "+49 is all day" },
		{ GOOD "quiet = { numbers = ( (\"+49\", \"none\"), (\"+49\", "
		    "\"20:00-08:00\") ); };\n", 7, "+49 is there already" },
		{ GOOD "quiet = { now = \"never\"; };\n", 7, "allow" },
		{ GOOD "hours = { week = ( (\"Mon-Sun\", \"22:00-06:00\") ); };\n"
		    "quiet = { hours = \"21:00-09:00\"; };\n", 7,
		    "only open in the quiet hours" },
		{ HEAD "queues = ( { id = \"info\"; title = \"I\"; default = true;\n"
		    "hours = { week = ( (\"Mon\", \"closed\") ); }; } );\n" PEOPLE VOICE
		    RESULTS, 4, "queues.info.hours.week: it never opens" },
		{ HEAD "queues = ( { id = \"info\"; title = \"I\"; default = true;\n"
		    "hours = { week = ( (\"Mon\", \"09:00-09:10\") ); };\n"
		    "passed = { limit = \"12h\";\nclock = \"open_hours\"; }; } );\n"
		    PEOPLE VOICE RESULTS, 5, "queues.info.passed.limit: the queue is not "
		    "open for so long" },
		{ GOOD "hours = { week = ( (\"Fri-Mon\", \"09:00-10:00\") ); };\n", 7,
		    "must be weekdays" },
		{ GOOD "hours = { days = ( (\"2026-02-29\", \"closed\") ); };\n", 7,
		    "must be a date" },
		{ GOOD "hours = { week = ( (\"Mon\", \"10:00-10:00\") ); };\n", 7,
		    "must be times" },
		{ GOOD "hours = { week = ( (\"Mon\", \"24:00-09:00\") ); };\n", 7,
		    "must be times" },
		{ GOOD "hours = {\n week = ( (\"Mon-Fri\", \"09:00-18:00\"),\n"
		    "(\"Fri\", \"17:00-19:00\") ); };\n", 8,
		    "two spans hold at the same time on Fri" },
		{ GOOD "hours = { week = ( (\"Sun\", \"22:00-06:00\"), "
		    "(\"Mon\", \"05:00-09:00\") ); };\n", 7,
		    "two spans hold at the same time on Mon" },
		{ GOOD "hours = { week = ( (\"Mon-Fri\", \"09:00-18:00\"), "
		    "(\"Wed\", \"closed\") ); };\n", 7,
		    "Wed is closed, and has times" },
		{ GOOD "hours = { days = ( (\"2026-12-31..2027-01-08\", \"closed\"), "
		    "(\"2027-01-08\", \"09:00-12:00\") ); };\n", 7,
		    "say different things of one day" },
		{ GOOD "alarms = { to = [ \"nobody\" ]; on = [ \"late\" ]; };\n", 7,
		    "no queue or specialist \"nobody\"" },
		{ GOOD "alarms = { on = [ \"never\" ]; };\n", 7, "must be late" },
		{ GOOD "alarms = { to = [ \"http://10.0.0.1/a\" ]; };\n", 7,
		    "which is plain HTTP" },
		{ GOOD "retry = { after = ( \"1m\", 5 ); };\n", 7, "entry 2 is wrong" },
		{ GOOD "retry = { after = \"1m\"; };\n", 7, "must be a list" },
		{ GOOD "control = \"" "/0123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789012345678901234567"
		    "89\";\n", 7, "control: is longer than 100 bytes" },
		{ GOOD "site = \"again\";\n", 7, "duplicate" },
		{ GOOD "a = ;\n", 7, "syntax error" },
		{ GOOD "@include \"/tmp\"\n", 7, "@include is not supported" },
		{ "phones = { home = \"RU\"; };\n" QUEUES PEOPLE VOICE RESULTS, 1,
		    "site: is missing" },
		{ "site = \"shop\";\n" QUEUES PEOPLE VOICE RESULTS, 1,
		    "phones.home: is missing" },
		{ HEAD PEOPLE VOICE RESULTS, 1, "queues: is missing" },
		{ HEAD QUEUES PEOPLE RESULTS, 1, "voice: is missing" },
		{ HEAD QUEUES PEOPLE VOICE, 1, "dispositions: is missing" },
		{ HEAD QUEUES PEOPLE RESULTS "voice = [ \"p\" ];\n", 6,
		    "voice: there is no provider \"p\"" },
		{ HEAD QUEUES PEOPLE RESULTS "voice = [ \"manual\", \"manual\" ];\n", 6,
		    "stands there twice" },
		{ HEAD QUEUES PEOPLE VOICE "dispositions = ( { key = 1; id = \"a\";"
		    " title = \"A\"; then = \"close\"; },\n{ key = 1; id = \"b\";"
		    " title = \"B\"; then = \"close\"; } );\n", 7,
		    "dispositions.b.key: 1 is that of \"a\"" },
		{ HEAD TWO_QUEUES("[ \"solved\", \"up\" ]") PEOPLE VOICE "dispositions = ( " SOLVED ", { id = \"up\";"
		    " title = \"Up\";\nthen = \"pass\"; queue = \"b\"; } );\n", 4,
		    "queues.b.dispositions: \"up\" leads nowhere in queue \"b\": it is "
		    "passed on to itself" },
		{ HEAD QUEUES PEOPLE VOICE "dispositions = ( " SOLVED ",\n{ id = \"up\";"
		    " title = \"Up\"; then = \"pass\"; } );\n", 7,
		    "dispositions.up.then: \"up\" leads nowhere: there is no other queue" },
		{ HEAD QUEUES PEOPLE VOICE "dispositions = ( " SOLVED ",\n{ id = \"up\";"
		    " title = \"Up\"; then = \"pass\"; queue = \"inf\"; } );\n", 7,
		    "dispositions.up.queue: there is no queue \"inf\"; did you mean \"info\"?" },
		{ HEAD QUEUES PEOPLE VOICE "dispositions = ( { id = \"a\"; title = \"A\";"
		    " then = \"close\"; queue = \"info\"; } );\n", 6,
		    "dispositions.a.queue: only what is passed on" },
		{ HEAD QUEUES PEOPLE VOICE "dispositions = ( { id = \"a\"; title = \"A\";"
		    " then = \"schedule\"; } );\n", 6,
		    "dispositions: queue \"info\" never ends a request" },
		{ HEAD OWN("\"solve\"") PEOPLE VOICE RESULTS, 4,
		    "queues.info.dispositions: there is no disposition \"solve\"; did you "
		    "mean \"solved\"?" },
		{ HEAD OWN("\"solved\", \"solved\"") PEOPLE VOICE RESULTS, 4,
		    "queues.info.dispositions: \"solved\" stands there twice" },
		{ HEAD OWN("\"solved\"") PEOPLE VOICE "dispositions = ( " SOLVED ",\n"
		    "{ id = \"b\"; title = \"B\"; then = \"close\"; } );\n", 8,
		    "dispositions.b: is in no queue's dispositions" },
		{ GOOD "card_url = \"https://crm-{case}.example/\";\n", 7,
		    "card_url: \"https://crm-{case}.example/\" must name its host" },
		{ GOOD "card_url = \"https://crm.example:{case}/\";\n", 7, "must name its host" },
		{ GOOD "lines = ( { number = \"+74951234567\"; queue = \"none\"; } );\n",
		    7, "lines.1.queue: there is no queue \"none\"" },
		{ GOOD "lines = ( { number = \"none\"; queue = \"info\"; } );\n",
		    7, "lines.1.number: " },
		{ GOOD "lines = ( { number = \"+74951234567\"; queue = \"info\"; },\n"
		    "{ number = \"+74951234567\"; queue = \"info\"; } );\n",
		    8, "lines.2.number: +74951234567 is there already" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		expect_error(cases[i].text, cases[i].line, cases[i].error);
}

static void
test_queues_that_do_not_fit(void **state)
{
	(void)state;
	assert_null(load(HEAD "queues = (\n"
	    "{ id = \"a\"; title = \"A\"; default = true; pass_to = [ \"a\", \"bb\" ]; },\n"
	    "{ id = \"b\"; title = \"B\"; default = true; script = \"none.txt\";\n"
	    "  widen = ( { before = \"1m\"; queue = \"cc\"; }, { level = 0; } );\n"
	    "  passed = { climb = \"nobody\"; };\n"
	    "  window = { target = \"20m\"; }; },\n"
	    "{ id = \"b\"; title = \"C\"; } );\n" VOICE RESULTS));
	assert_true(is_told(4, "queues.a.pass_to: a queue does not pass to itself"));
	assert_true(is_told(4, "queues.a.pass_to: there is no queue \"bb\""));
	assert_true(is_told(5, "only one queue can be the default"));
	assert_true(is_told(5, "queues.b.script: there is no file"));
	assert_true(is_told(6, "widen.1.queue: there is no queue \"cc\""));
	assert_true(is_told(6, "widen.2.before: is missing"));
	assert_true(is_told(6, "widen.2.level: 0 must be from 1 to 9"));
	assert_true(is_told(7, "climb: there is no queue or specialist"));
	assert_true(is_told(8, "target must not be above limit"));
	assert_true(is_told(5, "queues.b: there are two of it"));
	expect_error(HEAD "queues = ( { id = \"a\"; title = \"A\"; } );\n" VOICE
	    RESULTS, 3, "one queue needs default = true");
}

static void
ignore_difference(void *context, const struct settings_difference *difference)
{
	(void)context;
	(void)difference;
}

static void
test_a_tier_climbs_to_a_program(void **state)
{
	static const char file[] = HEAD "queues = ( { id = \"a\"; title = \"A\"; default = true;\n"
	    "caller_id = \"+74950000100\"; passed = { climb = \"https://x.example/%s\"; }; },\n"
	    "{ id = \"info\"; title = \"I\"; caller_id = \"+74950000100\"; } );\n"
	    PEOPLE VOICE RESULTS;
	char text[sizeof(file) + 16];
	struct settings *settings[2];
	char *shown;

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), file, i == 0 ? "secret" : "other");
		settings[i] = load_good(text);
	}
	assert_int_equal(policy_url_target(&settings[0]->policy,
	    "https://x.example/secret"), 1);
	assert_true(settings[0]->policy.alarms.is_named[0]);
	shown = printed(settings[0]);
	assert_non_null(strstr(shown, "https://x.example/***"));
	assert_null(strstr(shown, "secret"));
	/* A reload knows one from the other all the same. */
	assert_int_equal(settings_difference(settings[0], settings[1], ignore_difference,
	    NULL), 1);
	free(shown);
	settings_free(settings[0]);
	settings_free(settings[1]);
}

static void
test_tiers_that_climb_nowhere(void **state)
{
	(void)state;
	assert_null(load(HEAD "queues = (\n"
	    "{ id = \"a\"; title = \"A\"; default = true;\n"
	    "  passed = { climb = \"a\"; }; },\n"
	    "{ id = \"b\"; title = \"B\"; passed = {\n"
	    "  climb = \"c\"; }; },\n"
	    "{ id = \"c\"; title = \"C\"; passed = {\n"
	    "  climb = \"b\"; }; },\n"
	    "{ id = \"d\"; title = \"D\"; passed = {\n"
	    "  climb = \"http://x.example/\"; }; },\n"
	    "{ id = \"e\"; title = \"E\"; passed = {\n"
	    "  climb = \"b\"; }; } );\n" VOICE RESULTS));
	assert_true(is_told(5, "queues.a.passed.climb: a queue does not climb "
	    "to itself"));
	assert_true(is_told(7, "queues.b.passed.climb: climbs in a circle: "
	    "b - c - b"));
	assert_true(is_told(11, "queues.d.passed.climb: has \"http://x.example/\", "
	    "which is plain HTTP"));
	assert_false(is_told(9, "queues.c.passed.climb: "));
	assert_false(is_told(13, "queues.e.passed.climb: "));
}

static void
test_rungs_that_do_not_fit(void **state)
{
	struct settings *settings;

	(void)state;
	assert_null(load(HEAD "queues = ( { id = \"info\"; title = \"I\"; default = true;\n"
	    "widen = (\n"
	    "{ before = \"20m\"; level = 3; },\n"
	    "{ before = \"8m\"; queue = \"info\"; },\n"
	    "{ before = \"8m\"; level = 1; offers = 2; },\n"
	    "{ before = \"4m\"; offers = 2; },\n"
	    "{ before = \"3m\"; offers = 5; },\n"
	    "{ before = \"2m\"; tell = \"https://a.example/\"; },\n"
	    "{ before = \"1m\"; } ); } );\n"
	    "specialists = ( { id = \"anna\"; name = \"A\"; queues = ( (\"info\", 3) );\n"
	    "to = \"+74950000101\"; offer = \"15m\"; } );\n" VOICE RESULTS));
	assert_true(is_told(5, "widen.1.before: must be less than the limit, which is 15m"));
	assert_true(is_told(5, "widen.1.level: 3 must be below 3, which is admitted already"));
	assert_true(is_told(6, "widen.2.queue: a queue does not widen to itself"));
	assert_true(is_told(7, "widen.3.before: must be less than that of the rung before it"));
	assert_true(is_told(7, "a rung has one of level, queue, offers and tell, and this one has 2"));
	assert_true(is_told(8, "widen.4.offers: 2 must be above 2"));
	assert_true(is_told(9, "widen.5.offers: 5 must be from 2 to 4"));
	assert_true(is_told(10, "widen.6.tell: a URL is told in alarms.to"));
	assert_true(is_told(11, "a rung has one of level, queue, offers and tell, and this one has 0"));
	assert_true(is_told(13, "anna.offer: has 15m to accept, and \"info\" promises a call within 15m"));

	settings = load_path(source("config/callbackd.conf"));
	assert_int_equal(settings->policy.queues[0].level, 3);
	assert_int_equal(settings->policy.queues[0].widening_count, 4);
	assert_int_equal(settings->policy.queues[0].widenings[0].before_ms,
	    7 * 60 * 1000);
	assert_int_equal(settings->policy.queues[1].level, 0);
	settings_free(settings);
}

/* How long somebody preferred is waited for, beside what must fit behind it. */
static void
test_who_is_preferred(void **state)
{
	static const char rungs[] = "queues = ( { id = \"info\"; title = \"I\";"
	    " default = true;\nwindow = { limit = \"10m\"; %s };\n"
	    "widen = ( { before = \"8m\"; tell = \"anna\"; },\n"
	    "{ before = \"%s\"; offers = 2; } ); } );\n"
	    "specialists = ( { id = \"anna\"; name = \"A\"; to = \"+74950000101\";"
	    " queues = ( (\"info\", 3) ); offer = \"2m\"; } );\n";
	char text[1024], file[2048];
	struct settings *settings;
	static const struct {
		const char *prefer, *before, *error;
		int64_t minutes;
	} cases[] = {
		/* Not said: half the limit, or the first rung that shows it to others. */
		{ "", "3m", NULL, 5 },
		{ "", "7m", NULL, 7 },
		{ "prefer = \"0\";", "3m", NULL, 0 },
		{ "prefer = \"4m\";", "3m", NULL, 4 },
		{ "prefer = \"10m\";", "3m", "prefer: must be less than the limit of \"info\", which is 10m", 0 },
		{ "prefer = \"150s\";", "3m", "prefer: must be at least 3m, when a rung of \"info\"", 0 },
		{ "prefer = \"1m\";", "30s", "prefer: must be at least 2m, which specialists.anna has", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		snprintf(text, sizeof(text), rungs, cases[i].prefer,
		    cases[i].before);
		snprintf(file, sizeof(file), "%s%s%s%s", HEAD, text, VOICE,
		    RESULTS);
		if (cases[i].error != NULL) {
			expect_error(file, 4, cases[i].error);
			continue;
		}
		settings = load_good(file);
		assert_int_equal(settings->policy.queues[0].prefer_ms,
		    cases[i].minutes * 60 * 1000);
		settings_free(settings);
	}
	settings = load_good("keep_for_line = 2;\n" HEAD "queues = (\n"
	    "{ id = \"a\"; title = \"A\"; default = true; },\n"
	    "{ id = \"b\"; title = \"B\"; keep_for_line = 1; } );\n" VOICE
	    RESULTS);
	assert_int_equal(settings->policy.queues[0].keep_for_line, 2);
	assert_int_equal(settings->policy.queues[1].keep_for_line, 1);
	settings_free(settings);
	expect_error("keep_for_line = 101;\n" GOOD, 1,
	    "keep_for_line: 101 must be from 0 to 100");
}

/* What would never come to anybody else, in any queue. */
static void
test_offers_that_outlast_the_window(void **state)
{
	(void)state;
	expect_error(HEAD "window = { limit = \"3m\"; target = \"1m\"; };\n" QUEUES
	    "specialists = ( { id = \"anna\"; name = \"A\"; to = \"+74950000101\";\n"
	    "queues = ( (\"info\", 3) ); offers = [ \"screen\", \"sms\" ]; } );\n" VOICE
	    RESULTS, 5, "anna.offer: has 3m to accept, and \"info\" promises a "
	    "call within 3m");
	expect_error(HEAD "queues = ( { id = \"a\"; title = \"A\"; default = true;"
	    " widen = ( { before = \"4m\"; queue = \"b\"; },\n"
	    "{ before = \"2m\"; queue = \"b\"; } ); },\n"
	    "{ id = \"b\"; title = \"B\"; } );\n" VOICE RESULTS, 4,
	    "widen.2.queue: \"b\" sees it already");
}

static void
test_people_that_do_not_fit(void **state)
{
	write_text("p.conf", "x");
	(void)state;
	assert_null(load(HEAD QUEUES "specialists = (\n"
	    "{ id = \"a\"; name = \"A\"; queues = ( (\"inof\", 3), (\"info\", 10) ); },\n"
	    "{ id = \"b\"; name = \"B\"; queues = ( (\"inof\", 3), (\"inof\", 3) );\n"
	    "  addresses = ( { provider = \"q\"; to = \"user:b\"; } ); shift = \"Mon\"; },\n"
	    "{ id = \"c\"; name = \"C\"; queues = ( (\"info\", 1) ); to = \"+0\"; },\n"
	    "{ id = \"c\"; name = \"C\"; queues = ( ); offers = [ \"fax\" ];\n"
	    "  addresses = ( { provider = \"p\"; to = \"user:1\"; },\n"
	    "    { provider = \"p\"; to = \"user:2\"; } ); } );\n"
	    "voice = [ \"p\" ];\nproviders = ( { id = \"p\"; file = \"p.conf\"; } );\n"
	    RESULTS));
	assert_true(is_told(5, "a.queues: \"10\" must be a level from 1 to 9"));
	assert_true(is_told(5, "a.to: is missing: no address for the provider \"p\""));
	assert_true(is_told(6, "there is no queue \"inof\"; did you mean \"info\"?"));
	assert_true(is_told(6, "\"inof\" stands there twice"));
	assert_true(is_told(7, "b.addresses: there is no provider \"q\""));
	assert_true(is_told(7, "b.shift: \"Mon\" must be weekdays and times"));
	assert_true(is_told(8, "c.to: \"+0\" must be a number"));
	assert_true(is_told(9, "c.queues: must have 1 to 8 entries"));
	assert_true(is_told(9, "c.offers: \"fax\" must be screen, phone or sms"));
	assert_true(is_told(8, "specialists.c: there are two of it"));
	assert_true(is_told(10, "two addresses for \"p\""));
}

static void
test_what_is_not_called(void **state)
{
	struct settings *settings = load_path(source("config/callbackd.conf"));

	(void)state;
	assert_true(settings->policy.refuse_count > 0);
	assert_int_equal(settings->policy.limits[LIMIT_NUMBER_DAY], 3);
	assert_int_equal(settings->policy.limits[LIMIT_COUNTRY_HOUR], 0);
	assert_int_equal(policy_disposition(&settings->policy, "abuse")->block_ms,
	    INT64_C(30) * 24 * 3600000);
	assert_int_equal(policy_disposition(&settings->policy, "not_me")->then,
	    THEN_SUPPRESS);
	settings_free(settings);
	assert_null(load("limits = { number_day = 0;\nprefix_hour = -1;\n"
	    "site_hour = 100001;\naddress_dya = 3; };\nblocked = { hold = \"0\"; };\n"
	    "http = { proxies = [ \"10.0.0.0/33\", \"nginx\", \"0.0.0.0/0\" ]; };\n"
	    HEAD QUEUES PEOPLE VOICE RESULTS));
	assert_true(is_told(1, "limits.number_day: 0 must be from 1"));
	assert_true(is_told(2, "limits.prefix_hour: -1 must be from 1"));
	assert_true(is_told(3, "limits.site_hour: 100001 must be from 1"));
	assert_true(is_told(4, "limits.address_dya: there is no such setting"));
	assert_true(is_told(5, "blocked.hold: \"0\" must be from 1ms"));
	assert_true(is_told(6, "\"10.0.0.0/33\" must be an address or"));
	assert_true(is_told(6, "\"nginx\" must be an address or a network"));
	assert_true(is_told(6, "\"0.0.0.0/0\" must be an address or a"));
	assert_null(load("site = \"shop\";\nphones = { home = \"RU\";\nrefuse = [ "
	    "\"+\", \"1809\", \"+0\", \"+18o9\", \"+1234567890123456\" ]; };\n"
	    QUEUES PEOPLE VOICE RESULTS));
	assert_true(is_told(3, "\"+\" must be how numbers begin"));
	assert_true(is_told(3, "\"1809\" must be how numbers begin"));
	assert_true(is_told(3, "\"+0\" must be how numbers begin"));
	assert_true(is_told(3, "\"+18o9\" must be how numbers begin"));
	assert_true(is_told(3, "\"+1234567890123456\" must be how"));
}

/* A phone rings for an offer only where its answer is asked what to do. */
static void
test_phones_that_nobody_could_ring(void **state)
{
	static const struct { const char *file, *needs; } cases[] = {
		{ "zadarma.conf", "(fence = answer); \"p\" does not" },
		{ "telnyx.conf", "(fence = answer, and no second_leg); \"p\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[1024];

		snprintf(text, sizeof(text), HEAD QUEUES RESULTS
		    "specialists = ( { id = \"a\"; name = \"A\"; to = \"+74950000101\";"
		    " queues = ( (\"info\", 9) ); offers = [ \"phone\" ]; } );\n"
		    "voice = [ \"p\" ];\n"
		    "providers = ( { id = \"p\"; file = \"%s\"; } );\n",
		    cases[i].file);
		expect_error(text, 5, cases[i].needs);
	}
}

static void
test_providers_that_do_not_fit(void **state)
{
	(void)state;
	write_text("p.conf", "x");
	assert_null(load(HEAD QUEUES PEOPLE RESULTS
	    "telephony = { place_lease = \"20s\"; };\n"
	    "voice = [ \"p\" ];\nproviders = (\n"
	    "{ id = \"p\"; file = \"p.conf\"; },\n"
	    "{ id = \"manual\"; file = \"p.conf\"; base = \"ftp://x\"; },\n"
	    "{ id = \"q\"; file = \"/etc\"; timeout = \"100ms\"; } );\n"));
	assert_true(is_told(6, "place_lease: must be at least 25s: "
	    "3500ms for its turn and to begin, the timeout 10s of provider \"p\", "
	    "11500ms to spare"));
	assert_true(is_told(10, "\"manual\" is built in"));
	assert_true(is_told(10, "base: \"ftp://x\" must be a URL"));
	assert_true(is_told(11, "q.file: /etc: "));
	assert_true(is_told(11, "q.timeout: \"100ms\" must be from 1s"));
}

static void
test_all_errors_at_once_in_order(void **state)
{
	(void)state;
	assert_null(load("site = \"Shop\";\nzone = 5;\nin_hand = 9999999999;\n"
	    "language = \"x\";\nconsent = \"?\";\nphones = { home = \"RU\"; };\n"
	    QUEUES PEOPLE VOICE RESULTS));
	assert_int_equal(errors.count, 5);
	for (size_t i = 0; i < errors.count; i++) {
		char line[32];

		snprintf(line, sizeof(line), ".conf:%d: ", (int)i + 1);
		assert_int_equal(errors.items[i].line, i + 1);
		assert_non_null(strstr(errors.items[i].text, line));
		assert_memory_equal(errors.items[i].text, folder,
		    strlen(folder));
	}
}

static void
test_more_errors_than_are_kept(void **state)
{
	char text[TEXT_SIZE] = "";
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "nothing%d = 1;\n", i);
	assert_null(load(text));
	assert_int_equal(errors.count, SETTINGS_ERRORS_MAX);
	/* Five required settings are missing besides. */
	assert_int_equal(errors.left_out, 205 - SETTINGS_ERRORS_MAX);
}

static void
test_files_that_are_none(void **state)
{
	char *large = calloc(1, SETTINGS_FILE_MAX + 2);
	char path[128];

	(void)state;
	assert_null(load_path("/nonexistent/callbackd.conf"));
	assert_non_null(strstr(errors.items[0].text, strerror(ENOENT)));
	assert_null(load_path(folder));
	assert_non_null(strstr(errors.items[0].text, strerror(EISDIR)));
	assert_null(load_path("/dev/zero"));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(load_path(path));
	assert_null(load_bytes("a\0b", 3));
	assert_true(is_told(1, "is not UTF-8 text"));
	assert_null(load("\n\na = \"\xff\";"));
	assert_true(is_told(3, "is not UTF-8 text"));
	assert_null(load(""));
	memset(large, '\n', SETTINGS_FILE_MAX + 1);
	assert_null(load(large));
	assert_true(is_told(0, "larger than 1 MB"));
	memcpy(large, GOOD, strlen(GOOD));
	large[SETTINGS_FILE_MAX] = '\0';
	/* It has five seconds, of which a megabyte takes a part only where nothing slows it. */
	if (slowed() == 1)
		settings_free(load_good(large));
	memset(large, '(', SETTINGS_FILE_MAX);
	memcpy(large, "a = ", 4);
	assert_null(load(large));
	free(large);
}

/* libconfig's scanner ends the program when it is made to include a folder;
 * what reaches it is then the child's end, not ours. */
static void
test_a_text_that_ends_the_parser(void **state)
{
	struct settings settings = { .values = NULL };
	struct settings_reading reading = { &settings, &errors, "x.conf", "." };

	(void)state;
	errors = (struct settings_errors){ .count = 0 };
	assert_false(settings_try(&reading, "@include \"/tmp\"\n"));
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.items[0].text, "x.conf: cannot be parsed: it "
	    "ends or stops the parser");
}

/* ---- what is told of settings */

struct differences {
	char text[1024];
	size_t restart_count;
};

static void
on_difference(void *context, const struct settings_difference *difference)
{
	struct differences *all = context;
	size_t used = strlen(all->text);

	snprintf(all->text + used, sizeof(all->text) - used, "%s %s %s\n",
	    difference->path,
	    difference->before != NULL ? difference->before : "-",
	    difference->after != NULL ? difference->after : "-");
	all->restart_count += difference->needs_restart;
}

static void
test_difference(void **state)
{
	struct settings *before, *same, *after;
	struct differences all = { .text = "" };

	(void)state;
	write_text("s.txt", "old");
	before = load_good(GOOD "company = \"A\"; redis = \"redis://a:b@c\";\n"
	    "card_url = \"https://x.example\"; window = { limit = \"15m\"; };\n");
	same = load_good(GOOD "company = \"A\"; redis = \"redis://a:b@c\";\n"
	    "card_url = \"https://x.example\"; window = { limit = \"900s\"; };\n");
	assert_int_equal(settings_difference(before, same, on_difference, &all),
	    0);
	after = load_good(HEAD "queues = ( { id = \"info\"; title = \"Info\";"
	    "default = true; caller_id = \"+74950000100\"; script = \"s.txt\"; } );"
	    PEOPLE VOICE RESULTS
	    "company = \"B\"; redis = \"redis://a:c@c\"; window = { limit = \"20m\"; };");
	assert_int_equal(settings_difference(before, after, on_difference, &all),
	    5);
	assert_string_equal(all.text,
	    "company \"A\" \"B\"\n"
	    "redis \"redis://a:***@c\" \"redis://a:***@c\"\n"
	    "window.limit \"15m\" \"20m\"\n"
	    "queues.info.script - \"s.txt\"\n"
	    "card_url \"https://x.example\" -\n");
	assert_int_equal(all.restart_count, 1);
	settings_free(before);
	settings_free(same);

	/* What a file holds is part of the setting. */
	write_text("s.txt", "new");
	before = after;
	after = load_good(HEAD "queues = ( { id = \"info\"; title = \"Info\";"
	    "default = true; caller_id = \"+74950000100\"; script = \"s.txt\"; } );"
	    PEOPLE VOICE RESULTS
	    "company = \"B\"; redis = \"redis://a:c@c\"; window = { limit = \"20m\"; };");
	assert_string_equal(before->policy.queues[0].script, "old");
	assert_string_equal(after->policy.queues[0].script, "new");
	assert_int_equal(settings_difference(before, after, on_difference, &all),
	    1);
	settings_free(before);
	settings_free(after);
}

static void
test_shifts_that_do_not_fit(void **state)
{
	write_text("p.conf", "x");
	(void)state;
	assert_null(load(HEAD QUEUES "specialists = (\n"
	    "{ id = \"a\"; name = \"A\"; to = \"user:a\"; queues = ( (\"info\", 3) );\n"
	    "  shift = \"Mon-Fri 09:00-18:00, Wed 12:00-20:00\"; },\n"
	    "{ id = \"b\"; name = \"B\"; to = \"user:b\"; queues = ( (\"info\", 3) );\n"
	    "  shift = \"Mon 09:00:00-09:00:20\"; },\n"
	    "{ id = \"c\"; name = \"C\"; to = \"user:c\"; queues = ( (\"info\", 3) );\n"
	    "  shift = \"Mon-Fri 22:00-06:00, Sat 06:00-24:00\"; } );\n"
	    "voice = [ \"p\" ];\nproviders = ( { id = \"p\"; file = \"p.conf\"; } );\n"
	    RESULTS));
	assert_true(is_told(6, "a.shift: two spans hold at the same time on Wed"));
	assert_true(is_told(8, "b.shift: a span is not longer than the time to accept"));
	assert_false(is_told(10, "c.shift"));
}

/* What is written there is done as far as it can be, and the rest told. */
static void
test_what_is_done_in_part_is_told(void **state)
{
	struct settings *settings = load_path(source("config/callbackd.conf"));

	(void)state;
	assert_int_equal(settings_warnings(settings)->count, 0);
	settings_free(settings);
	settings = load_good(HEAD QUEUES "specialists = ( { id = \"gleb\"; name = \"G\";\n"
	    "to = \"+74950000104\"; queues = ( (\"info\", 3) ); offers = [ \"sms\", \"phone\" ]; } );\n"
	    RESULTS "voice = [ \"voximplant\" ]; text = [ \"voximplant\" ];\n"
	    "providers = ( { id = \"voximplant\"; file = \"voximplant.conf\";\n"
	    "spend = { currency = \"RUB\"; hour = 500; }; } );\n"
	    "messages = { late = \"{company} {link}\"; };\n");
	assert_int_equal(settings_warnings(settings)->count, 4);
	assert_true(is_warned(settings, 5, "specialists.gleb.offers: \"phone\" is left out"));
	assert_true(is_warned(settings, 9, "providers.voximplant.spend: call is not said: "
	    "each is counted as 5 RUB"));
	assert_true(is_warned(settings, 9, "providers.voximplant.spend: message is not said"));
	assert_true(is_warned(settings, 10, "messages.late: {link} stands for nothing"));
	assert_false(settings->policy.specialists[0].has_second);
	assert_int_equal(settings->policy.specialists[0].offer, OFFER_SMS);
	assert_true(settings->providers[0].call_price > 4.9);
	settings_free(settings);
}

/* The company's whole configuration, as it was wished for before there was a daemon: it
 * holds as it stands, but for what its provider cannot do. */
static void
test_the_article(void **state)
{
	FILE *file = fopen(source("tests/unit/article.conf"), "r");
	char text[32768], path[128];
	struct settings *settings;

	(void)state;
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	write_text("voximplant.secret", "account_id = 1\n");
	snprintf(path, sizeof(path), "%s/scripts", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	write_text("scripts/info.ru.txt", "Здравствуйте, {name}!\n");
	write_text("scripts/delivery.ru.txt", "Обращение {case}.\n");
	write_text("scripts/directors.ru.txt", "До {promise}.\n");
	settings = load_good(text);
	assert_int_equal(settings_warnings(settings)->count, 4);
	assert_true(is_warned(settings, 43, "specialists.gleb.offers: \"phone\" is left out"));
	assert_true(is_warned(settings, 50, "providers.voximplant.spend: call is not said"));
	assert_true(is_warned(settings, 50, "providers.voximplant.spend: message is not said"));
	assert_true(is_warned(settings, 64, "messages.late: {link} stands for nothing"));
	assert_int_equal(settings->policy.queue_count, 3);
	assert_int_equal(settings->policy.specialist_count, 4);
	assert_int_equal(settings->policy.disposition_count, 7);
	settings_free(settings);
}

/* Every customer would pay for a second SMS. */
static void
test_the_shipped_texts_fit_one_sms(void **state)
{
	struct settings *settings = load_path(source("config/callbackd.conf"));
	const struct policy *policy = &settings->policy;

	(void)state;
	for (size_t i = 1; i < policy->text_language_count; i++) {
		const struct message_texts *texts = &policy->texts[i];

		for (int kind = 0; kind < TEXT_CUSTOMER_COUNT; kind++) {
			char text[MESSAGE_TEXT_SIZE];

			assert_non_null(texts->texts[kind]);
			message_text_usual(policy, (enum message_kind)kind,
			    texts->texts[kind], texts->language, text);
			if (segments_of(text).count != 1)
				fail_msg("%zu characters: %s",
				    segments_of(text).units, text);
		}
	}
	settings_free(settings);
}

static void
test_messages(void **state)
{
	struct settings *settings = load_good(GOOD
	    "text = [ \"p\" ];\n"
	    "providers = ( { id = \"p\"; file = \"sandbox.conf\"; } );\n"
	    "messages = { late = \"own {promise}\"; ru = { soon = \"скоро\"; };\n"
	    "  quiet = { from = \"22:30\"; to = \"07:00\"; }; };\n"
	    "alarms = { to = [ \"anna\", \"info\", \"chat:-12\", \"https://x.example/a\" ];\n"
	    "  on = [ \"late\", \"rejected\" ]; };\n");
	const struct policy *policy = &settings->policy;

	(void)state;
	assert_string_equal(policy_message_text(policy, TEXT_LATE, "ru"),
	    "own {promise}");
	assert_string_equal(policy_message_text(policy, TEXT_SOON, "ru"),
	    "скоро");
	assert_null(policy_message_text(policy, TEXT_PASSED, "ru"));
	assert_int_equal(policy->quiet_from_minute, 22 * 60 + 30);
	assert_int_equal(policy->quiet_to_minute, 7 * 60);
	assert_int_equal(policy->alarms.to_count, 4);
	assert_string_equal(policy->alarms.to[0], "anna");
	assert_string_equal(policy->alarms.to[1], "anna");
	assert_string_equal(policy->alarms.to[2], "chat:-12");
	assert_string_equal(policy->alarms.urls[3], "https://x.example/a");
	assert_true(policy->alarms.on[ALARM_LATE]);
	assert_false(policy->alarms.on[ALARM_UNATTENDED]);
	assert_false(policy->alarms.is_private);
	settings_free(settings);
	settings = load_good(GOOD "alarms = { to = [ \"http://10.0.0.1/a\" ];\n"
	    "  private = true; };\n");
	assert_true(settings->policy.alarms.is_private);
	assert_string_equal(settings->policy.alarms.urls[0], "http://10.0.0.1/a");
	settings_free(settings);

	settings = load_good(GOOD "messages = { late = \"{link}\"; };\n");
	assert_true(is_warned(settings, 7, "messages.late: {link} stands for nothing"));
	settings_free(settings);
	assert_null(load(GOOD "messages = { late = \"{nothing}\"; };\n"));
	write_text("bad.conf", "late = {company}\nlater = x\n\nnonsense\n");
	assert_null(load(GOOD "messages = { file = \"bad.conf\"; };\n"));
	assert_int_equal(errors.count, 2);
	assert_non_null(strstr(errors.items[0].text, "line 2"));
	assert_non_null(strstr(errors.items[1].text, "line 4"));
}

/* Each line says one setting, its value and what it is for. */
static void
test_print(void **state)
{
	struct settings *settings = load_good(GOOD "company = \"a\\\"b\\\\c\";\n");
	char *text = printed(settings);

	(void)state;
	assert_non_null(strstr(text, "\nsite = \"shop\"; "));
	assert_non_null(strstr(text, "\ncompany = \"a\\\"b\\\\c\"; "));
	assert_non_null(strstr(text, "\nwindow.limit = \"15m\"; "));
	assert_non_null(strstr(text, "\nqueues.info.default = true; "));
	assert_non_null(strstr(text,
	    "\nspecialists.anna.queues = ( (\"info\", 3) ); "));
	assert_non_null(strstr(text, "\nin_hand = 1024; "));
	assert_non_null(strstr(text, "# (default) "));
	free(text);
	settings_free(settings);
}

static void
test_print_tells_no_secrets(void **state)
{
	static const char *const secrets[] = { "hunter2", "T00/B00", "bob",
		"key=1" };
	struct settings *settings = load_good(GOOD
	    "redis = \"redis://:hunter2@127.0.0.1:6379\";\n"
	    "alarms = { to = [ \"anna\", \"https://hooks.example/T00/B00\",\n"
	    "  \"https://bob:hunter2@x.example\", \"https://y.example?key=1\",\n"
	    "  \"https://z.example/\" ]; };\n");
	char *text = printed(settings);

	(void)state;
	assert_non_null(strstr(text, "\nalarms.to = [ \"anna\", "
	    "\"https://hooks.example/***\", \"https://x.example/***\", "
	    "\"https://y.example/***\", \"https://z.example/\" ]; "));
	assert_string_equal(settings->policy.alarms.urls[1],
	    "https://hooks.example/T00/B00");
	for (size_t i = 0; i < COUNT_OF(secrets); i++)
		assert_null(strstr(text, secrets[i]));
	free(text);
	settings_free(settings);
}

static void
check_table(const struct setting_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct setting_row *row = &table->rows[i];

		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(row->name, table->rows[k].name);
		if (row->type == SETTING_GROUP || row->type == SETTING_LIST) {
			assert_non_null(row->table);
			check_table(row->table);
		}
		if (row->type == SETTING_GROUP)
			continue;
		assert_non_null(row->help);
		assert_true(strlen(row->help) < 80);
		assert_int_equal(row->type == SETTING_CHOICE,
		    row->words != NULL && row->type != SETTING_TEXT);
		if (row->size > 1 && row->type == SETTING_TEXT)
			assert_true(row->max < (int64_t)row->size);
	}
}

static void
test_the_table_itself(void **state)
{
	(void)state;
	check_table(&settings_schema);
}

static void
test_durations(void **state)
{
	static const struct {
		const char *text, *shown;
		int64_t ms;
	} cases[] = {
		{ "0", "0", 0 }, { "0s", "0", 0 }, { "1ms", "1ms", 1 },
		{ "20s", "20s", 20000 }, { "90s", "1m30s", 90000 },
		{ "1h30m", "1h30m", 5400000 }, { "48h", "2d", 172800000 },
		{ "1d2h3m4s5ms", "1d2h3m4s5ms", 93784005 },
	};
	static const char *const wrong[] = { "", "1", "m", "1x", "1m ", " 1m",
		"-1m", "1m1h", "1m1m", "1.5m", "1M", "9999999999s", "1ms1s" };
	char shown[WHEN_DURATION_SIZE];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_true(when_duration_parse(cases[i].text, &ms));
		assert_int_equal(ms, cases[i].ms);
		when_duration_print(ms, shown);
		assert_string_equal(shown, cases[i].shown);
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(when_duration_parse(wrong[i], &ms));
}

/* ---- any text at all */

static unsigned seed;

static size_t
draw(size_t below)
{
	return (size_t)rand_r(&seed) % below;
}

/* One small change; the length may grow by less than 64. */
static size_t
mutate(char *text, size_t length)
{
	static const char *const words[] = { "\"", "{", "}", "(", ")", "[", "]",
		";", "=", ",", "99999999999", "0x", "-1", "1e999", "true", "\\x00",
		"\\", "/*", "#", "@include \"/tmp\"", "\n", "+", "id = \"anna\";",
		"\xd0", "\x01", "\"\"", "10000000000L" };
	size_t at = draw(length), count = 1 + draw(30);
	const char *word;

	switch (draw(4)) {
	case 0:
		text[at] = (char)draw(256);
		return length;
	case 1:
		count = count > length - at ? length - at : count;
		memmove(text + at, text + at + count, length - at - count);
		return length - count;
	case 2:
		word = words[draw(COUNT_OF(words))];
		memmove(text + at + strlen(word), text + at, length - at);
		memcpy(text + at, word, strlen(word));
		return length + strlen(word);
	default:
		count = count > length - at ? length - at : count;
		memmove(text + at + count, text + at, length - at);
		return length + count;
	}
}

static size_t
read_sample(const char *name, char *ret_text)
{
	FILE *file = fopen(source(name), "r");
	size_t length;

	assert_non_null(file);
	length = fread(ret_text, 1, TEXT_SIZE / 2, file);
	fclose(file);
	return length;
}

static void
test_any_text(void **state)
{
	static const char *const samples[] = { "config/callbackd.conf",
		"config/sandbox/callbackd.conf" };
	const char *given = getenv("SEED"), *wanted = getenv("COUNT");
	int count = wanted != NULL ? atoi(wanted) : FUZZ_COUNT, good_count = 0;
	static char text[TEXT_SIZE];

	(void)state;
	seed = given != NULL ? (unsigned)atoi(given) :
	    (unsigned)time(NULL) ^ (unsigned)getpid();
	print_message("# SEED=%u COUNT=%d\n", seed, count);
	for (int i = 0; i < count; i++) {
		size_t length = read_sample(samples[draw(2)], text);
		struct settings *settings;

		for (size_t k = 1 + draw(3); k > 0 && length > 0; k--)
			length = mutate(text, length);
		settings = load_bytes(text, length);
		good_count += settings != NULL;
		assert_true(settings != NULL ||
		    errors.items[errors.count - 1].line > 0);
		for (size_t k = 0; k < errors.count; k++) {
			assert_non_null(strstr(errors.items[k].text,
			    "callbackd.conf"));
			assert_null(strstr(errors.items[k].text,
			    "stops the parser"));
		}
		settings_free(settings);
	}
	print_message("# %d of them are good\n", good_count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped_files),
		cmocka_unit_test(test_defaults_are_those_of_the_policy),
		cmocka_unit_test(test_values_of_the_shell),
		cmocka_unit_test(test_a_queue_starts_from_the_window),
		cmocka_unit_test(test_specialists),
		cmocka_unit_test(test_the_clock_scales_the_companys_times_only),
		cmocka_unit_test(test_provider_files_are_looked_for),
		cmocka_unit_test(test_orders_and_what_providers_bear),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_a_password_is_not_shown),
		cmocka_unit_test(test_one_error_each),
		cmocka_unit_test(test_queues_that_do_not_fit),
		cmocka_unit_test(test_tiers_that_climb_nowhere),
		cmocka_unit_test(test_a_tier_climbs_to_a_program),
		cmocka_unit_test(test_rungs_that_do_not_fit),
		cmocka_unit_test(test_who_is_preferred),
		cmocka_unit_test(test_offers_that_outlast_the_window),
		cmocka_unit_test(test_people_that_do_not_fit),
		cmocka_unit_test(test_what_is_not_called),
		cmocka_unit_test(test_phones_that_nobody_could_ring),
		cmocka_unit_test(test_providers_that_do_not_fit),
		cmocka_unit_test(test_all_errors_at_once_in_order),
		cmocka_unit_test(test_more_errors_than_are_kept),
		cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_a_text_that_ends_the_parser),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_shifts_that_do_not_fit),
		cmocka_unit_test(test_what_is_done_in_part_is_told),
		cmocka_unit_test(test_the_article),
		cmocka_unit_test(test_the_shipped_texts_fit_one_sms),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_tells_no_secrets),
		cmocka_unit_test(test_the_table_itself),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_any_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("settings", tests, make_folder,
	    remove_folder);
}
