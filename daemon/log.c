/* SPDX-License-Identifier: MIT */
/*
 * Lines are built whole and written with one call, so that lines of several
 * processes on one pipe do not mix. stderr may be shared with others (a
 * terminal), so it is not made non-blocking: before each write poll() tells
 * whether there is room. A pipe reports room for PIPE_BUF bytes at least, and
 * no line is longer than that.
 */
#include "daemon/log.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	TEXT_MAX = 2048,	/* of a line, after escaping */
	LINE_MAX_BYTES = TEXT_MAX + 128,
	REPEAT_MS = 10000,
};

_Static_assert((int)LINE_MAX_BYTES <= PIPE_BUF, "one write, one line");

static const struct {
	const char *name;
	int priority;		/* syslog's */
} levels[] = {
	[LOG_LEVEL_ERR] = { "err", 3 },
	[LOG_LEVEL_WARNING] = { "warning", 4 },
	[LOG_LEVEL_NOTICE] = { "notice", 5 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

_Static_assert(COUNT_OF(levels) == LOG_LEVEL_COUNT, "a name for each level");

static struct {
	enum log_level threshold;
	bool is_examined;	/* whether stderr is the journal is known */
	bool is_journal;
	uint64_t dropped_count;
	uint64_t untold_count;	/* dropped, and not yet told */
	char last[TEXT_MAX];	/* the line that is being repeated */
	enum log_level last_level;
	uint64_t repeated;
	int64_t repeats_until_ms;	/* monotonic */
} log_state = { .threshold = LOG_LEVEL_INFO };

static void
text_escape(const char *raw, char *ret_text, size_t size);

static bool
is_repeat(enum log_level level, const char *text);

static void
repeats_tell(void);

static void
line_write(enum log_level level, const char *text);

static bool
bytes_write(const char *bytes, size_t length);

static bool
stderr_is_journal(void);

static int64_t
monotonic_ms(void);

bool
log_level_parse(const char *name, enum log_level *ret_level)
{
	for (size_t i = 0; i < COUNT_OF(levels); i++)
		if (strcmp(levels[i].name, name) == 0) {
			*ret_level = (enum log_level)i;
			return true;
		}
	return false;
}

const char *
log_level_name(enum log_level level)
{
	CHECK(level < LOG_LEVEL_COUNT);
	return levels[level].name;
}

void
log_set_level(enum log_level level)
{
	CHECK(level < LOG_LEVEL_COUNT);
	log_state.threshold = level;
}

enum log_level
log_get_level(void)
{
	return log_state.threshold;
}

void
log_event(enum log_level level, const char *event, const char *format, ...)
{
	int saved_errno = errno;
	char raw[TEXT_MAX], text[TEXT_MAX];
	va_list arguments;
	int length;

	CHECK(level < LOG_LEVEL_COUNT);
	if (level > log_state.threshold)
		return;
	length = snprintf(raw, sizeof(raw), "event=%s%s", event,
	    format[0] != '\0' ? " " : "");
	if (length >= 0 && (size_t)length < sizeof(raw)) {
		va_start(arguments, format);
		vsnprintf(raw + length, sizeof(raw) - (size_t)length, format,
		    arguments);
		va_end(arguments);
	}
	text_escape(raw, text, sizeof(text));
	if (!is_repeat(level, text))
		line_write(level, text);
	errno = saved_errno;
}

void
log_flush(void)
{
	if (log_state.repeated > 0 &&
	    monotonic_ms() >= log_state.repeats_until_ms)
		repeats_tell();
}

uint64_t
log_dropped_count(void)
{
	return log_state.dropped_count;
}

const char *
log_phone(const char *e164, char *buffer, size_t size)
{
	size_t length = strlen(e164);

	/* Of a short one nothing but the plus may be left to guess from. */
	if (length < 9)
		snprintf(buffer, size, "%s***", e164[0] == '+' ? "+" : "");
	else
		snprintf(buffer, size, "%.*s***%s", length < 12 ? 3 : 5, e164,
		    e164 + length - (length < 12 ? 2 : 4));
	return buffer;
}

static void
on_libevent_message(int severity, const char *message)
{
	enum log_level level = severity == EVENT_LOG_ERR ? LOG_LEVEL_ERR :
	    severity == EVENT_LOG_WARN ? LOG_LEVEL_WARNING :
	    severity == EVENT_LOG_MSG ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;

	log_event(level, "libevent", "text=\"%s\"", message);
}

/* Without this it would exit(1), which looks like a bad configuration. */
static void
on_libevent_fatal(int code)
{
	log_event(LOG_LEVEL_ERR, "libevent_fatal", "code=%d", code);
	abort();
}

void
log_attach_libevent(void)
{
	event_set_log_callback(on_libevent_message);
	event_set_fatal_callback(on_libevent_fatal);
}

/*
 * Control bytes come out as \xNN, so that data can neither end a line nor drive
 * a terminal. Bytes above 0x7f stay, as they are UTF-8, but for the C1 controls,
 * which some terminals obey.
 */
static void
text_escape(const char *raw, char *ret_text, size_t size)
{
	size_t used = 0;

	for (; *raw != '\0' && used + 5 <= size; raw++) {
		unsigned char c = (unsigned char)*raw;
		bool is_c1 = c == 0xc2 && (unsigned char)raw[1] >= 0x80 &&
		    (unsigned char)raw[1] <= 0x9f;

		if (c < 0x20 || c == 0x7f || is_c1)
			used += (size_t)snprintf(ret_text + used, size - used,
			    "\\x%02x", c);
		else
			ret_text[used++] = (char)c;
	}
	ret_text[used] = '\0';
}

static bool
is_repeat(enum log_level level, const char *text)
{
	int64_t now_ms = monotonic_ms();

	if (level == log_state.last_level &&
	    now_ms < log_state.repeats_until_ms &&
	    strcmp(text, log_state.last) == 0) {
		log_state.repeated++;
		return true;
	}
	repeats_tell();
	snprintf(log_state.last, sizeof(log_state.last), "%s", text);
	log_state.last_level = level;
	log_state.repeats_until_ms = now_ms + REPEAT_MS;
	return false;
}

static void
repeats_tell(void)
{
	char text[TEXT_MAX + 32];
	uint64_t repeated = log_state.repeated;

	if (repeated == 0)
		return;
	log_state.repeated = 0;
	snprintf(text, sizeof(text), "%s repeated=%" PRIu64, log_state.last,
	    repeated);
	line_write(log_state.last_level, text);
}

static void
line_write(enum log_level level, const char *text)
{
	char line[LINE_MAX_BYTES], lost[48] = "";
	int length;

	if (!log_state.is_examined) {
		log_state.is_journal = stderr_is_journal();
		log_state.is_examined = true;
	}
	if (log_state.untold_count > 0)
		snprintf(lost, sizeof(lost), " dropped=%" PRIu64,
		    log_state.untold_count);
	if (log_state.is_journal) {
		length = snprintf(line, sizeof(line), "<%d>%s%s\n",
		    levels[level].priority, text, lost);
	} else {
		struct timespec now;
		struct tm utc;
		char stamp[32];

		clock_gettime(CLOCK_REALTIME, &now);
		gmtime_r(&now.tv_sec, &utc);
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
		length = snprintf(line, sizeof(line), "%s.%03ldZ %s %s%s\n",
		    stamp, now.tv_nsec / 1000000, levels[level].name, text,
		    lost);
	}
	CHECK(length > 0 && (size_t)length < sizeof(line));
	if (bytes_write(line, (size_t)length)) {
		log_state.untold_count = 0;
	} else {
		log_state.dropped_count++;
		log_state.untold_count++;
	}
}

static bool
bytes_write(const char *bytes, size_t length)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0)
		return false;
	return write(STDERR_FILENO, bytes, length) == (ssize_t)length;
}

/* systemd.exec(5): JOURNAL_STREAM is "device:inode" of the journal's socket. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat status;

	if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
		return false;
	if (sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) != 2)
		return false;
	return device == status.st_dev && inode == status.st_ino;
}

static int64_t
monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
