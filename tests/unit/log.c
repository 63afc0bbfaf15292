/* SPDX-License-Identifier: MIT */
/*
 * The log as its reader sees it: stderr is a pipe here. Each test runs in a
 * child of its own, because the log remembers what it wrote last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/log.h"

static char output[1 << 18];

/* Runs `part` with stderr in a pipe and reads what came; its exit status. */
static int
logged_by(void (*part)(void))
{
	int ends[2], status;
	size_t length = 0;
	ssize_t n;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		dup2(ends[1], STDERR_FILENO);
		close(ends[1]);
		part();
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], output + length,
	    sizeof(output) - 1 - length)) > 0)
		length += (size_t)n;
	output[length] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static size_t
line_count(void)
{
	size_t count = 0;

	for (const char *at = output; *at != '\0'; at++)
		count += *at == '\n';
	return count;
}

static void
write_plain(void)
{
	unsetenv("JOURNAL_STREAM");
	log_event(LOG_LEVEL_NOTICE, "ready", "port=%d", 8080);
	log_event(LOG_LEVEL_ERR, "bare", "%s", "");
	log_event(LOG_LEVEL_DEBUG, "hidden", "x=1");
	log_set_level(LOG_LEVEL_ERR);
	log_event(LOG_LEVEL_WARNING, "hidden", "x=1");
}

static void
writes_key_value_lines(void **state)
{
	int year, month, day, hour, minute, second, ms;
	char rest[64];

	(void)state;
	assert_int_equal(logged_by(write_plain), 0);
	assert_int_equal(line_count(), 2);
	assert_int_equal(sscanf(output, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %63[^\n]",
	    &year, &month, &day, &hour, &minute, &second, &ms, rest), 8);
	assert_string_equal(rest, "notice event=ready port=8080");
	assert_non_null(strstr(output, "Z err event=bare"));
	assert_null(strstr(output, "hidden"));
}

static void
write_journal(void)
{
	char stream[64];
	struct stat status;

	fstat(STDERR_FILENO, &status);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev,
	    (uintmax_t)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_event(LOG_LEVEL_WARNING, "stalled", "ms=%d", 5);
}

static void
write_other_journal(void)
{
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_event(LOG_LEVEL_WARNING, "stalled", "ms=%d", 5);
}

static void
marks_priority_for_the_journal(void **state)
{
	(void)state;
	assert_int_equal(logged_by(write_journal), 0);
	assert_string_equal(output, "<4>event=stalled ms=5\n");
	assert_int_equal(logged_by(write_other_journal), 0);
	assert_non_null(strstr(output, "Z warning event=stalled ms=5\n"));
}

static void
write_hostile(void)
{
	log_event(LOG_LEVEL_INFO, "in", "name=\"%s\"",
	    "a\r\n2026-11-25T00:00:00.000Z err event=fake\x1b[2J\x7f\xc2\x9b\t"
	    "\xd0\x96");
}

static void
escapes_control_characters(void **state)
{
	(void)state;
	assert_int_equal(logged_by(write_hostile), 0);
	assert_int_equal(line_count(), 1);
	assert_null(strchr(output, '\r'));
	assert_null(strchr(output, '\x1b'));
	assert_non_null(strstr(output, "a\\x0d\\x0a2026"));
	assert_non_null(strstr(output, "\\x1b[2J\\x7f\\xc2"));
	assert_non_null(strstr(output, "\\x09\xd0\x96\""));
}

static void
write_long(void)
{
	static char text[9000];

	memset(text, '\n', sizeof(text) - 1);
	log_event(LOG_LEVEL_INFO, "long", "text=%s", text);
	memset(text, 'x', sizeof(text) - 1);
	log_event(LOG_LEVEL_INFO, text, "%s", text);
}

static void
cuts_long_lines(void **state)
{
	(void)state;
	assert_int_equal(logged_by(write_long), 0);
	assert_int_equal(line_count(), 2);
	assert_true(strlen(output) < 4400);
}

static void
write_repeats(void)
{
	for (int i = 0; i < 38; i++)
		log_event(LOG_LEVEL_WARNING, "redis_down", "host=%s", "a");
	log_event(LOG_LEVEL_WARNING, "redis_up", "host=%s", "a");
	log_event(LOG_LEVEL_WARNING, "redis_down", "host=%s", "a");
	log_event(LOG_LEVEL_ERR, "redis_down", "host=%s", "a");
	log_flush();
}

static void
counts_repeats(void **state)
{
	const char *at;

	(void)state;
	assert_int_equal(logged_by(write_repeats), 0);
	assert_int_equal(line_count(), 5);
	at = strstr(output, "event=redis_down host=a repeated=37\n");
	assert_non_null(at);
	assert_true(at < strstr(output, "event=redis_up"));
}

/* Nobody reads until the writer has finished: it must finish all the same. */
static void
never_waits_for_the_reader(void **state)
{
	int ends[2], status, tells[2];
	pid_t child;
	uint64_t dropped = 0;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(tells), 0);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		alarm(10);
		for (int i = 0; i < 5000; i++)
			log_event(LOG_LEVEL_INFO, "flood", "i=%d text=%0200d",
			    i, 0);
		dropped = log_dropped_count();
		if (write(tells[1], &dropped, sizeof(dropped)) !=
		    sizeof(dropped))
			_exit(1);
		/* Room again: the next line tells what is missing. */
		while (read(ends[0], output, 4096) == 4096)
			;
		log_event(LOG_LEVEL_INFO, "after", "%s", "x=1");
		_exit(log_dropped_count() == dropped ? 0 : 1);
	}
	assert_int_equal(read(tells[0], &dropped, sizeof(dropped)),
	    sizeof(dropped));
	assert_true(dropped > 1000);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(ends[1]);
	n = read(ends[0], output, sizeof(output) - 1);
	assert_true(n > 0);
	output[n] = '\0';
	assert_non_null(strstr(output, "event=after x=1 dropped="));
	close(ends[0]);
	close(tells[0]);
	close(tells[1]);
}

static void
write_closed(void)
{
	close(STDERR_FILENO);
	log_event(LOG_LEVEL_INFO, "lost", "%s", "");
	_exit(log_dropped_count() == 1 ? 0 : 1);
}

static void
survives_a_closed_stderr(void **state)
{
	(void)state;
	assert_int_equal(logged_by(write_closed), 0);
}

static void
masks_phones(void **state)
{
	char buffer[LOG_PHONE_SIZE];

	(void)state;
	assert_string_equal(log_phone("+79000000001", buffer, sizeof(buffer)),
	    "+7900***0001");
	assert_string_equal(log_phone("+4930123456", buffer, sizeof(buffer)),
	    "+49***56");
	assert_string_equal(log_phone("+4930", buffer, sizeof(buffer)), "+***");
	assert_string_equal(log_phone("112", buffer, sizeof(buffer)), "***");
	assert_string_equal(log_phone("", buffer, sizeof(buffer)), "***");
	assert_string_equal(log_phone("+79000000001", buffer, 4), "+79");
}

static void
reads_levels(void **state)
{
	enum log_level level = LOG_LEVEL_DEBUG;

	(void)state;
	assert_true(log_level_parse("err", &level));
	assert_int_equal(level, LOG_LEVEL_ERR);
	assert_true(log_level_parse("debug", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_false(log_level_parse("ERR", &level));
	assert_false(log_level_parse("", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_string_equal(log_level_name(LOG_LEVEL_NOTICE), "notice");
}

static void
write_libevent(void)
{
	log_attach_libevent();
	/* Without a base it warns and does nothing. */
	event_base_free(NULL);
}

static void
takes_libevent_messages(void **state)
{
	(void)state;
	assert_int_equal(logged_by(write_libevent), 0);
	assert_non_null(strstr(output, "warning event=libevent text=\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_key_value_lines),
		cmocka_unit_test(marks_priority_for_the_journal),
		cmocka_unit_test(escapes_control_characters),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(counts_repeats),
		cmocka_unit_test(never_waits_for_the_reader),
		cmocka_unit_test(survives_a_closed_stderr),
		cmocka_unit_test(masks_phones),
		cmocka_unit_test(reads_levels),
		cmocka_unit_test(takes_libevent_messages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
