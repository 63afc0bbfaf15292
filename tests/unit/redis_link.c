/* SPDX-License-Identifier: MIT */
/*
 * The link against real redis-servers, started here on a Unix socket in a
 * folder of their own, and against a server that answers what it likes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/redis_link.h"
#include "tests/unit/slowed.h"

enum { WORDS_MAX = 40, END_MAX = 70000, FOLDER_SIZE = 64 };

static struct event_base *base;
static char folder[FOLDER_SIZE];

/* ---- what happened */

static struct {
	int up_count;
	int down_count;
	bool is_up;
	char why[256];
	size_t end_count;
	enum redis_end ends[END_MAX];
	uint64_t tags[END_MAX];
	char text[256];		/* of the last reply */
	long long number;
	int message_count;
	char channel[256];
	char payload[256];
	bool is_in_send;	/* handlers must not run now */
	struct redis_link *free_me;
} seen;

static void
on_state(void *context, bool is_up, const char *why)
{
	(void)context;
	assert_false(seen.is_in_send);
	seen.is_up = is_up;
	snprintf(seen.why, sizeof(seen.why), "%s", why == NULL ? "" : why);
	if (is_up)
		seen.up_count++;
	else
		seen.down_count++;
	assert_int_equal(is_up, why == NULL);
}

static void
on_reply(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	(void)context;
	assert_false(seen.is_in_send);
	assert_int_equal(end == REDIS_REPLY, reply != NULL);
	assert_true(seen.end_count < END_MAX);
	seen.ends[seen.end_count] = end;
	seen.tags[seen.end_count++] = tag;
	if (reply != NULL) {
		snprintf(seen.text, sizeof(seen.text), "%s",
		    reply->str == NULL ? "" : reply->str);
		seen.number = reply->integer;
	}
	if (seen.free_me != NULL) {
		redis_link_free(seen.free_me);
		seen.free_me = NULL;
	}
}

static void
on_message(void *context, const char *channel, const char *payload)
{
	(void)context;
	seen.message_count++;
	snprintf(seen.channel, sizeof(seen.channel), "%s", channel);
	snprintf(seen.payload, sizeof(seen.payload), "%s", payload);
}

static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
}

static void
turn(int ms)
{
	struct event *tick = evtimer_new(base, on_tick, NULL);
	struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

	evtimer_add(tick, &wait);
	event_base_loop(base, EVLOOP_ONCE);
	event_free(tick);
}

/* Turns the loop until the condition holds; false when it never does. */
#define TURN_UNTIL(condition, ms)                                              \
	({                                                                     \
		int64_t until = clock_monotonic_ms() + (ms) * slowed();        \
		while (!(condition) && clock_monotonic_ms() < until)           \
			turn(5);                                               \
		(condition);                                                   \
	})

static void
turn_for(int ms)
{
	int64_t until_ms = clock_monotonic_ms() + ms;

	while (clock_monotonic_ms() < until_ms)
		turn(5);
}

/* ---- a real server */

struct server {
	pid_t pid;
	char path[FOLDER_SIZE + 16];
};

static bool
is_listening(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool is_good;

	strcpy(name.sun_path, path);
	is_good = connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0;
	close(fd);
	return is_good;
}

/* Returns when it listens. */
static struct server
start_server(const char *name, const char *const *more)
{
	struct server server;
	const char *words[WORDS_MAX] = { "redis-server", "--port", "0",
		"--save", "", "--appendonly", "no", "--loglevel", "warning",
		"--dir", folder, "--unixsocket" };
	int count = 12;

	snprintf(server.path, sizeof(server.path), "%s/%s", folder, name);
	words[count++] = server.path;
	for (; more != NULL && *more != NULL; more++)
		words[count++] = *more;
	words[count] = NULL;
	fflush(stdout);
	server.pid = fork();
	assert_true(server.pid >= 0);
	if (server.pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 1);
		dup2(null, 2);
		execvp(words[0], (char *const *)words);
		_exit(127);
	}
	for (int i = 0; i < 500 && !is_listening(server.path); i++)
		usleep(10000);
	return server;
}

static void
stop_server(struct server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	unlink(server->path);
}

static struct redis_address
path_address(const char *path)
{
	struct redis_address address;
	const char *error;
	char text[128];

	snprintf(text, sizeof(text), "unix:%s", path);
	assert_true(redis_address_parse(text, &address, &error));
	return address;
}

static struct redis_link *
make_link(const char *path)
{
	struct redis_address address = path_address(path);
	struct redis_link_limits limits = redis_link_default_limits();

	memset(&seen, 0, sizeof(seen));
	return redis_link_new(base, &address, "test", &limits, NULL, on_state);
}

static struct redis_link *
make_up(const char *path)
{
	struct redis_link *link = make_link(path);

	assert_true(TURN_UNTIL(seen.is_up, 5000));
	return link;
}

static bool
send_words(struct redis_link *link, int64_t deadline_ms, uint64_t tag,
    const char *w1, const char *w2, const char *w3)
{
	const char *words[] = { w1, w2, w3 };
	bool is_sent;

	seen.is_in_send = true;
	is_sent = redis_link_send(link, w3 != NULL ? 3 : w2 != NULL ? 2 : 1,
	    words, NULL, deadline_ms, on_reply, NULL, tag);
	seen.is_in_send = false;
	return is_sent;
}

static void
ask(struct redis_link *link, const char *w1, const char *w2, const char *w3)
{
	size_t before = seen.end_count;

	assert_true(send_words(link, 2000, 7, w1, w2, w3));
	assert_true(TURN_UNTIL(seen.end_count > before, 3000));
	assert_int_equal(seen.ends[seen.end_count - 1], REDIS_REPLY);
}

/* ---- a server that answers what it likes */

static struct {
	struct evconnlistener *listener;
	char path[FOLDER_SIZE + 16];
	const char *greeting;	/* to the first bytes; NULL: silence */
	const char *answer;	/* to all that follow, again and again */
	size_t answer_repeat;
	bool closes;		/* as soon as it is asked */
	int accept_count;
	size_t heard_bytes;
} fake;

static void
on_fake_read(struct bufferevent *peer, void *context)
{
	struct evbuffer *input = bufferevent_get_input(peer);
	bool is_first = context != NULL && *(bool *)context;

	fake.heard_bytes += evbuffer_get_length(input);
	evbuffer_drain(input, evbuffer_get_length(input));
	if (fake.closes) {
		free(context);
		bufferevent_free(peer);
		return;
	}
	*(bool *)context = false;
	if (is_first && fake.greeting != NULL)
		bufferevent_write(peer, fake.greeting, strlen(fake.greeting));
	if (!is_first && fake.answer != NULL)
		for (size_t i = 0; i < fake.answer_repeat; i++)
			bufferevent_write(peer, fake.answer,
			    strlen(fake.answer));
}

static void
on_fake_event(struct bufferevent *peer, short what, void *context)
{
	(void)what;
	free(context);
	bufferevent_free(peer);
}

static void
on_fake_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *name, int length, void *context)
{
	struct bufferevent *peer = bufferevent_socket_new(base, fd,
	    BEV_OPT_CLOSE_ON_FREE);
	bool *is_first = malloc(sizeof(*is_first));

	(void)listener;
	(void)name;
	(void)length;
	(void)context;
	*is_first = true;
	fake.accept_count++;
	bufferevent_setcb(peer, on_fake_read, NULL, on_fake_event, is_first);
	bufferevent_enable(peer, EV_READ | EV_WRITE);
}

static const char greeting[] = "+OK\r\n+PONG\r\n";

static void
start_fake(const char *first, const char *answer, size_t repeat)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	memset(&fake, 0, sizeof(fake));
	fake.greeting = first;
	fake.answer = answer;
	fake.answer_repeat = repeat;
	snprintf(fake.path, sizeof(fake.path), "%s/fake", folder);
	strcpy(name.sun_path, fake.path);
	unlink(fake.path);
	fake.listener = evconnlistener_new_bind(base, on_fake_accept, NULL,
	    LEV_OPT_CLOSE_ON_FREE, 16, (struct sockaddr *)&name, sizeof(name));
	assert_non_null(fake.listener);
}

/* Ends the peers too: they see that the link is gone. */
static void
stop_fake(struct redis_link *link)
{
	redis_link_free(link);
	turn_for(20);
	evconnlistener_free(fake.listener);
	unlink(fake.path);
}

/* ---- tests */

static void
parses_addresses(void **state)
{
	static const struct {
		const char *text;
		const char *host, *user, *password;
		int port, database;
		bool is_tls;
	} good[] = {
		{ "redis://127.0.0.1:7000", "127.0.0.1", "", "", 7000, 0,
		    false },
		{ "redis://127.0.0.1", "127.0.0.1", "", "", 6379, 0, false },
		{ "redis://127.0.0.1/", "127.0.0.1", "", "", 6379, 0, false },
		{ "rediss://[::1]:7000/3", "::1", "", "", 7000, 3, true },
		{ "redis://:p%40ss%2Fw@127.0.0.1/2", "127.0.0.1", "", "p@ss/w",
		    6379, 2, false },
		{ "redis://bob:a:b@127.0.0.1", "127.0.0.1", "bob", "a:b", 6379,
		    0, false },
		{ "redis://bob:%41@[::1]", "::1", "bob", "A", 6379, 0, false },
	};
	static const char *const bad[] = { "", "127.0.0.1:6379", "http://x",
		"unix:", "unix:x", "redis://", "redis://:6379",
		"redis://127.0.0.1:", "redis://127.0.0.1:0",
		"redis://127.0.0.1:65536", "redis://127.0.0.1:+1",
		"redis://127.0.0.1:6379x", "redis://127.0.0.1/x",
		"redis://127.0.0.1/1/2", "redis://127.0.0.1/99999999999",
		"redis://bob@127.0.0.1", "redis://:@127.0.0.1",
		"redis://:%4@127.0.0.1", "redis://:%zz@127.0.0.1",
		"redis://:%00@127.0.0.1", "redis://[::1", "redis://[]:1",
		"redis://[::1]x", "redis://a name:1",
		"redis://no.such.host.invalid" };
	struct redis_address address;
	const char *error;
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		assert_true(redis_address_parse(good[i].text, &address,
		    &error));
		assert_string_equal(address.host, good[i].host);
		assert_string_equal(address.user, good[i].user);
		assert_string_equal(address.password, good[i].password);
		assert_int_equal(address.port, good[i].port);
		assert_int_equal(address.database, good[i].database);
		assert_int_equal(address.is_tls, good[i].is_tls);
		assert_false(address.is_unix);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		memset(&address, 'x', sizeof(address));
		error = NULL;
		assert_false(redis_address_parse(bad[i], &address, &error));
		assert_non_null(error);
		assert_int_equal(address.host[0], 'x');
	}
	assert_true(redis_address_parse("unix:/run/r.sock", &address, &error));
	assert_true(address.is_unix);
	assert_string_equal(address.host, "/run/r.sock");
	assert_true(redis_address_parse("redis://localhost", &address, &error));
	assert_string_equal(address.name, "localhost");
	assert_true(strcmp(address.host, "127.0.0.1") == 0 ||
	    strcmp(address.host, "::1") == 0);
	memset(text, 'a', sizeof(text));
	memcpy(text, "unix:/", 6);
	text[5 + 108] = '\0';
	assert_false(redis_address_parse(text, &address, &error));
	text[5 + 107] = '\0';
	assert_true(redis_address_parse(text, &address, &error));
}

static void
sends_and_hears(void **state)
{
	struct server server = start_server("a", NULL);
	struct redis_link *link = make_up(server.path);
	const char *const set[] = { "SET", "k", "a\0b\r\n" };
	const size_t lengths[] = { 3, 1, 5 };

	(void)state;
	assert_true(redis_link_is_up(link));
	assert_true(redis_link_send(link, 3, set, lengths, 1000, on_reply, NULL,
	    1));
	assert_int_equal(redis_link_pending(link), 1);
	assert_true(TURN_UNTIL(seen.end_count == 1, 1000));
	assert_string_equal(seen.text, "OK");
	assert_int_equal(redis_link_pending(link), 0);
	ask(link, "STRLEN", "k", NULL);
	assert_int_equal(seen.number, 5);
	ask(link, "CLIENT", "GETNAME", NULL);
	assert_string_equal(seen.text, "test");
	ask(link, "NOSUCH", "%s%n", NULL);
	assert_int_equal(strncmp(seen.text, "ERR unknown", 11), 0);
	ask(link, "SET", "", "");
	assert_string_equal(seen.text, "OK");
	for (uint64_t i = 0; i < 10000; i++)
		assert_true(send_words(link, 5000, i, "INCR", "n", NULL));
	seen.end_count = 0;
	assert_true(TURN_UNTIL(seen.end_count == 10000, 5000));
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(seen.tags[i], i);
	assert_int_equal(seen.number, 10000);
	redis_link_free(link);
	stop_server(&server);
}

static void
refuses_what_does_not_fit(void **state)
{
	struct server server = start_server("a", NULL);
	struct redis_address address = path_address(server.path);
	struct redis_link_limits limits = redis_link_default_limits();
	struct redis_link *link;
	char *large = calloc(1, 2001);

	(void)state;
	limits.queue_max = 3;
	limits.output_max = 2000;
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "test", &limits, NULL, on_state);
	assert_false(send_words(link, 1000, 1, "PING", NULL, NULL));
	assert_true(TURN_UNTIL(seen.is_up, 5000));
	memset(large, 'x', 2000);
	assert_false(send_words(link, 1000, 1, "ECHO", large, NULL));
	for (uint64_t i = 0; i < 3; i++)
		assert_true(send_words(link, 1000, i, "PING", NULL, NULL));
	assert_false(send_words(link, 1000, 4, "PING", NULL, NULL));
	assert_true(TURN_UNTIL(seen.end_count == 3, 1000));
	turn_for(50);
	assert_int_equal(seen.end_count, 3);
	assert_true(send_words(link, 1000, 1, "PING", NULL, NULL));
	free(large);
	redis_link_free(link);
	turn_for(20);
	assert_int_equal(seen.end_count, 3);
	stop_server(&server);
}

/* With Redis stopped, what fills the socket is lost, what is behind is not. */
static void
tells_lost_from_unsent(void **state)
{
	struct server server = start_server("a", NULL);
	struct redis_link *link = make_up(server.path);
	char *large = calloc(1, 100001);
	size_t lost = 0;

	(void)state;
	memset(large, 'x', 100000);
	kill(server.pid, SIGSTOP);
	for (uint64_t i = 0; i < 100; i++)
		assert_true(send_words(link, i == 50 ? 150 : 5000, i, "ECHO",
		    large, NULL));
	assert_int_equal(seen.end_count, 0);
	assert_true(TURN_UNTIL(!seen.is_up, 1000));
	assert_string_equal(seen.why, "no reply in time");
	assert_int_equal(seen.end_count, 100);
	assert_int_equal(redis_link_pending(link), 0);
	while (lost < 100 && seen.ends[lost] == REDIS_LOST)
		lost++;
	assert_in_range(lost, 1, 99);
	for (size_t i = lost; i < 100; i++)
		assert_int_equal(seen.ends[i], REDIS_UNSENT);
	assert_false(send_words(link, 1000, 1, "PING", NULL, NULL));
	/* A socket whose other end is gone takes nothing. */
	kill(server.pid, SIGCONT);
	assert_true(TURN_UNTIL(seen.is_up, 2000));
	seen.end_count = 0;
	stop_server(&server);
	assert_true(send_words(link, 1000, 1, "PING", NULL, NULL));
	assert_true(TURN_UNTIL(!seen.is_up, 1000));
	assert_int_equal(seen.end_count, 1);
	assert_int_equal(seen.ends[0], REDIS_UNSENT);
	free(large);
	redis_link_free(link);
}

static void
gives_up_at_the_deadline(void **state)
{
	struct server server = start_server("a", NULL);
	struct redis_link *link = make_up(server.path);
	int64_t began_ms;

	(void)state;
	ask(link, "PING", NULL, NULL);
	kill(server.pid, SIGSTOP);
	began_ms = clock_monotonic_ms();
	assert_true(send_words(link, 60000, 1, "PING", NULL, NULL));
	turn_for(50);
	seen.end_count = 0;
	assert_true(send_words(link, 100, 2, "PING", NULL, NULL));
	assert_true(TURN_UNTIL(!seen.is_up, 1000));
	assert_in_range(clock_monotonic_ms() - began_ms, 140, 400);
	assert_int_equal(seen.end_count, 2);
	assert_int_equal(seen.ends[0], REDIS_LOST);
	assert_int_equal(seen.ends[1], REDIS_LOST);
	kill(server.pid, SIGCONT);
	assert_true(TURN_UNTIL(seen.is_up, 2000));
	ask(link, "PING", NULL, NULL);
	redis_link_free(link);
	stop_server(&server);
}

static void
notices_a_hung_server_when_idle(void **state)
{
	struct server server = start_server("a", NULL);
	struct redis_link *link = make_up(server.path);
	int64_t began_ms;

	(void)state;
	turn_for(2500);
	assert_true(seen.is_up);
	assert_int_equal(seen.down_count, 0);
	kill(server.pid, SIGSTOP);
	began_ms = clock_monotonic_ms();
	assert_true(TURN_UNTIL(!seen.is_up, 3000));
	assert_true(clock_monotonic_ms() - began_ms < 2100);
	turn_for(1500);
	assert_string_equal(seen.why, "no greeting in time");
	kill(server.pid, SIGCONT);
	began_ms = clock_monotonic_ms();
	assert_true(TURN_UNTIL(seen.is_up, 3000));
	assert_true(clock_monotonic_ms() - began_ms < 1000);
	redis_link_free(link);
	stop_server(&server);
}

static void
comes_back(void **state)
{
	struct server server = start_server("a", NULL);
	struct redis_link *link = make_up(server.path);
	int64_t began_ms;

	(void)state;
	for (int i = 0; i < 3; i++) {
		seen.end_count = 0;
		assert_true(send_words(link, 5000, 1, "BLPOP", "no", "9"));
		turn_for(50);
		stop_server(&server);
		assert_true(TURN_UNTIL(!seen.is_up, 500));
		assert_int_equal(seen.end_count, 1);
		assert_int_equal(seen.ends[0], REDIS_LOST);
		turn_for(1500);
		assert_int_equal(strncmp(seen.why, "connect: ", 9), 0);
		server = start_server("a", NULL);
		began_ms = clock_monotonic_ms();
		assert_true(TURN_UNTIL(seen.is_up, 2000));
		assert_true(clock_monotonic_ms() - began_ms < 1000);
	}
	assert_int_equal(seen.up_count, 4);
	redis_link_free(link);
	stop_server(&server);
}

/* Our own pause is not Redis's: replies that lie in the socket are read. */
static void
forgives_its_own_stall(void **state)
{
	struct server server = start_server("a", NULL);
	struct redis_link *link = make_up(server.path);

	(void)state;
	for (uint64_t i = 0; i < 3000; i++)
		assert_true(send_words(link, 300, i, "INFO", "server", NULL));
	turn(1);
	turn(1);
	usleep(700000);
	assert_true(TURN_UNTIL(seen.end_count == 3000, 2000));
	for (size_t i = 0; i < 3000; i++)
		assert_int_equal(seen.ends[i], REDIS_REPLY);
	assert_int_equal(seen.down_count, 0);
	redis_link_free(link);
	stop_server(&server);
}

static void
runs_scripts(void **state)
{
	static const char body[] =
	    "return redis.call('incrby', KEYS[1], ARGV[1])";
	const char *const words[] = { "1", "sum", "2" };
	struct server server = start_server("a", NULL);
	struct redis_link *link = make_link(server.path);
	int script = redis_link_add_script(link, "add", body);
	int other = redis_link_add_script(link, "other", "return 'other'");

	(void)state;
	assert_true(TURN_UNTIL(seen.is_up, 5000));
	ask(link, "CONFIG", "RESETSTAT", NULL);
	seen.end_count = 0;
	assert_true(redis_link_eval(link, script, 3, words, NULL, 1000,
	    on_reply, NULL, 5));
	assert_true(TURN_UNTIL(seen.end_count == 1, 1000));
	assert_int_equal(seen.number, 2);
	assert_int_equal(seen.tags[0], 5);
	/* Redis forgets both in the middle of a pipeline. */
	assert_true(send_words(link, 1000, 0, "SCRIPT", "FLUSH", NULL));
	for (uint64_t i = 0; i < 100; i++)
		assert_true(redis_link_eval(link, i % 10 == 9 ? other : script,
		    i % 10 == 9 ? 1 : 3, i % 10 == 9 ?
		    (const char *const[]){ "0" } : words, NULL, 1000, on_reply,
		    NULL, i));
	assert_true(TURN_UNTIL(seen.end_count == 102, 2000));
	for (size_t i = 0; i < 102; i++)
		assert_int_equal(seen.ends[i], REDIS_REPLY);
	assert_int_equal(redis_link_pending(link), 0);
	ask(link, "GET", "sum", NULL);
	assert_string_equal(seen.text, "182");
	assert_int_equal(seen.down_count, 0);
	/* An own error of the script is just a reply. */
	assert_true(redis_link_eval(link, script, 1,
	    (const char *const[]){ "0" }, NULL, 1000, on_reply, NULL, 1));
	assert_true(TURN_UNTIL(redis_link_pending(link) == 0, 1000));
	assert_int_equal(strncmp(seen.text, "ERR", 3), 0);
	redis_link_free(link);

	link = make_link(server.path);
	redis_link_add_script(link, "broken", "return (");
	assert_true(TURN_UNTIL(seen.down_count > 0, 1000));
	assert_int_equal(strncmp(seen.why, "broken: ERR", 11), 0);
	assert_false(redis_link_eval(link, 0, 1, (const char *const[]){ "0" },
	    NULL, 1000, on_reply, NULL, 1));
	redis_link_free(link);
	stop_server(&server);
}

/* A server that has lost the script again and again is believed in the end. */
static void
repeats_a_script_once(void **state)
{
	struct redis_link *link;

	(void)state;
	start_fake("+OK\r\n+PONG\r\n$3\r\nabc\r\n", "-NOSCRIPT no\r\n", 1);
	link = make_link(fake.path);
	redis_link_add_script(link, "s", "return 1");
	assert_true(TURN_UNTIL(seen.is_up, 1000));
	assert_true(redis_link_eval(link, 0, 1, (const char *const[]){ "0" },
	    NULL, 1000, on_reply, NULL, 1));
	fake.answer_repeat = 1;
	turn_for(200);
	assert_int_equal(seen.end_count, 0);
	/* One answer for the load has come; the repeated one is missing. */
	fake.answer_repeat = 2;
	assert_true(redis_link_eval(link, 0, 1, (const char *const[]){ "0" },
	    NULL, 1000, on_reply, NULL, 2));
	assert_true(TURN_UNTIL(seen.end_count >= 1, 1000));
	assert_int_equal(seen.tags[0], 1);
	assert_int_equal(seen.ends[0], REDIS_REPLY);
	assert_int_equal(strncmp(seen.text, "NOSCRIPT", 8), 0);
	stop_fake(link);
}

static void
subscribes(void **state)
{
	struct server server = start_server("a", NULL);
	struct redis_link *sender = make_up(server.path);
	struct redis_link *link;

	(void)state;
	link = make_link(server.path);
	assert_true(redis_link_subscribe(link, "news", on_message));
	assert_true(TURN_UNTIL(seen.is_up, 2000));
	assert_true(redis_link_subscribe(link, "more", on_message));
	assert_false(redis_link_is_up(link));
	assert_true(TURN_UNTIL(seen.up_count == 2, 2000));
	assert_false(send_words(link, 1000, 1, "PING", NULL, NULL));
	ask(sender, "PUBLISH", "news", "hello %s");
	assert_true(TURN_UNTIL(seen.message_count == 1, 1000));
	assert_string_equal(seen.channel, "news");
	assert_string_equal(seen.payload, "hello %s");
	ask(sender, "PUBLISH", "more", "x");
	assert_true(TURN_UNTIL(seen.message_count == 2, 1000));
	assert_string_equal(seen.channel, "more");
	turn_for(2200);
	assert_int_equal(seen.down_count, 0);
	ask(sender, "CLIENT", "KILL", "TYPE");
	assert_true(redis_link_send(sender, 4, (const char *const[]){ "CLIENT",
	    "KILL", "TYPE", "pubsub" }, NULL, 1000, on_reply, NULL, 1));
	assert_true(TURN_UNTIL(seen.down_count == 1, 1000));
	assert_true(TURN_UNTIL(seen.up_count == 3, 2000));
	ask(sender, "PUBLISH", "more", "again");
	assert_true(TURN_UNTIL(seen.message_count == 3, 1000));
	assert_string_equal(seen.payload, "again");
	redis_link_free(sender);
	redis_link_free(link);
	stop_server(&server);
}

static void
logs_in(void **state)
{
	const char *const more[] = { "--requirepass", "s3 cret", NULL };
	struct server server = start_server("a", more);
	struct redis_address address = path_address(server.path);
	struct redis_link_limits limits = redis_link_default_limits();
	struct redis_link *link = make_link(server.path);

	(void)state;
	assert_true(TURN_UNTIL(strstr(seen.why, "NOAUTH") != NULL, 3000));
	turn_for(500);
	assert_int_equal(seen.up_count, 0);
	redis_link_free(link);

	strcpy(address.password, "wrong");
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.down_count > 0, 1000));
	assert_int_equal(strncmp(seen.why, "AUTH: WRONGPASS", 15), 0);
	turn_for(600);
	assert_int_equal(seen.down_count, 1);
	redis_link_free(link);

	strcpy(address.password, "s3 cret");
	address.database = 3;
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.is_up, 1000));
	ask(link, "SET", "k", "in 3");
	assert_true(redis_link_send(link, 7, (const char *const[]){ "ACL",
	    "SETUSER", "bob", "on", ">pw", "~*", "+@all" }, NULL, 1000,
	    on_reply, NULL, 1));
	assert_true(redis_link_send(link, 8, (const char *const[]){ "ACL",
	    "SETUSER", "eve", "on", ">pw", "~*", "+@all", "-client" }, NULL,
	    1000, on_reply, NULL, 1));
	ask(link, "PING", NULL, NULL);
	redis_link_free(link);

	strcpy(address.user, "bob");
	strcpy(address.password, "pw");
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.is_up, 1000));
	ask(link, "ACL", "WHOAMI", NULL);
	assert_string_equal(seen.text, "bob");
	ask(link, "GET", "k", NULL);
	assert_string_equal(seen.text, "in 3");
	redis_link_free(link);

	/* Without the right to CLIENT, she is merely nameless. */
	strcpy(address.user, "eve");
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.is_up, 1000));
	redis_link_free(link);

	address.database = 99;
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.down_count > 0, 1000));
	assert_int_equal(strncmp(seen.why, "SELECT: ERR", 11), 0);
	redis_link_free(link);
	stop_server(&server);
}

static void
refuses_a_server_that_cannot_serve(void **state)
{
	static const struct {
		const char *greeting;
		const char *why;
	} cases[] = {
		{ "+OK\r\n-LOADING Redis is loading\r\n",
		    "PING: LOADING Redis is loading" },
		{ "+OK\r\n-MASTERDOWN Link with MASTER is down\r\n",
		    "PING: MASTERDOWN Link with MASTER is down" },
		{ "-NOAUTH first\r\n-NOAUTH Authentication required.\r\n",
		    "PING: NOAUTH Authentication required." },
		{ "-ERR max number of clients reached\r\n",
		    "CLIENT SETNAME: ERR max number of clients reached" },
		{ "+OK\r\n-LOADING a\tb\x01""c\r\n", "PING: LOADING a bc" },
		/* A status page is JSON, and a terminal's direction is its reader's. */
		{ "+OK\r\n+PONG\r\n-\x01\r\n", "the connection failed" },
		{ "+OK\r\n-LOADING \xff\xc3\r\n", "PING: LOADING ?" },
		{ "+OK\r\n-LOADING a\xe2\x80\xae""b\r\n", "PING: LOADING ab" },
		{ "HTTP/1.1 400 Bad Request\r\n\r\n",
		    "Protocol error, got \"H\" as reply type byte" },
		{ "+OK\r\n+PONG\r\n+MORE\r\n", "a reply that nobody asked for" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct redis_link *link;

		start_fake(cases[i].greeting, NULL, 0);
		link = make_link(fake.path);
		assert_true(TURN_UNTIL(seen.down_count > 0, 1000));
		assert_string_equal(seen.why, cases[i].why);
		assert_false(redis_link_is_up(link));
		stop_fake(link);
	}
}

static long
memory_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void
survives_hostile_replies(void **state)
{
	char *line = malloc(8193), *many = malloc(8193), *nest = malloc(8193);
	const struct {
		const char *answer;
		size_t repeat;
		const char *why;	/* how it begins */
	} cases[] = {
		{ "*1000000000\r\n", 1, "a reply has more elements" },
		{ "*2147483647\r\n", 1, "a reply has more elements" },
		{ "*99999999999999999999\r\n", 1, "" },
		{ "*-5\r\n", 1, "" },
		{ "*1000000\r\n*1000000\r\n", 1, "a reply has more elements" },
		{ nest, 1, "" },
		{ "$-5\r\n", 1, "" },
		{ "$99999999999999999999\r\n", 1, "" },
		{ ":12x\r\n", 1, "" },
		{ "?\r\n", 1, "Protocol error" },
		{ line, 40, "a line of a reply does not end" },
		{ "$900000000\r\nx", 1, "no reply in time" },
		{ many, 1000, "a reply is larger than allowed" },
		{ "$0\r\n\r\n$0\r\n\r\n", 1, "a reply that nobody asked for" },
	};
	struct redis_link_limits limits = redis_link_default_limits();
	long before_kb = memory_kb();

	(void)state;
	memset(line, '\n', 8192);
	memcpy(line, "+x", 2);
	line[8192] = '\0';
	memset(many, 'x', 8192);
	memcpy(many, "$20000000\r\n", 11);
	many[8192] = '\0';
	for (size_t i = 0; i < 80; i += 4)
		memcpy(nest + i, "*1\r\n", 4);
	nest[80] = '\0';
	limits.reply_max = 4 << 20;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct redis_address address;
		struct redis_link *link;

		start_fake(greeting, cases[i].answer, cases[i].repeat);
		address = path_address(fake.path);
		memset(&seen, 0, sizeof(seen));
		link = redis_link_new(base, &address, "t", &limits, NULL,
		    on_state);
		assert_true(TURN_UNTIL(seen.is_up, 1000));
		assert_true(send_words(link, 1000, 1, "PING", NULL, NULL));
		assert_true(TURN_UNTIL(seen.down_count > 0, 5000));
		if (strncmp(seen.why, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("case %zu: %s", i, seen.why);
		assert_int_equal(seen.end_count, 1);
		stop_fake(link);
	}
	assert_true(memory_kb() - before_kb < 200 * 1024);
	free(line);
	free(many);
	free(nest);
}

static void
does_not_spin(void **state)
{
	struct redis_link *link;

	(void)state;
	/* Closed at once: attempts are spread out. */
	start_fake(NULL, NULL, 0);
	fake.closes = true;
	link = make_link(fake.path);
	turn_for(2000);
	assert_in_range(fake.accept_count, 6, 60);
	assert_int_equal(seen.down_count, 1);
	assert_string_equal(seen.why, "closed by Redis");
	stop_fake(link);
	/* Never answers. */
	start_fake(NULL, NULL, 0);
	link = make_link(fake.path);
	assert_true(TURN_UNTIL(seen.down_count > 0, 1500));
	assert_string_equal(seen.why, "no greeting in time");
	stop_fake(link);
}

static struct redis_link *free_on_state;

static void
on_state_free(void *context, bool is_up, const char *why)
{
	(void)context;
	(void)is_up;
	(void)why;
	seen.up_count += is_up;
	seen.down_count += !is_up;
	redis_link_free(free_on_state);
}

static struct redis_link *free_on_message;

static void
on_message_free(void *context, const char *channel, const char *payload)
{
	(void)context;
	(void)channel;
	(void)payload;
	seen.message_count++;
	redis_link_free(free_on_message);
}

static void
can_be_freed_in_handlers(void **state)
{
	struct server server = start_server("a", NULL);
	struct redis_link *link = make_up(server.path), *sender;
	struct redis_address address = path_address(server.path);
	struct redis_link_limits limits = redis_link_default_limits();

	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		assert_true(send_words(link, 1000, i, "PING", NULL, NULL));
	seen.free_me = link;
	assert_true(TURN_UNTIL(seen.end_count > 0, 1000));
	turn_for(50);
	assert_int_equal(seen.end_count, 1);

	/* In the first of many handlers that tell the loss. */
	link = make_up(server.path);
	assert_true(send_words(link, 5000, 1, "BLPOP", "no", "9"));
	assert_true(send_words(link, 5000, 2, "BLPOP", "no", "9"));
	turn_for(20);
	seen.free_me = link;
	sender = make_up(server.path);
	seen.free_me = link;
	assert_true(redis_link_send(sender, 6, (const char *const[]){ "CLIENT",
	    "KILL", "TYPE", "normal", "SKIPME", "yes" }, NULL, 1000, on_reply,
	    NULL, 9));
	assert_true(TURN_UNTIL(seen.end_count >= 1, 1000));
	turn_for(50);
	if (seen.free_me != NULL)
		redis_link_free(seen.free_me);
	seen.free_me = NULL;

	memset(&seen, 0, sizeof(seen));
	free_on_state = redis_link_new(base, &address, "t", &limits, NULL,
	    on_state_free);
	assert_true(TURN_UNTIL(seen.up_count == 1, 1000));
	turn_for(50);

	free_on_message = make_link(server.path);
	assert_true(redis_link_subscribe(free_on_message, "c",
	    on_message_free));
	assert_true(TURN_UNTIL(seen.up_count == 1, 1000));
	redis_link_free(sender);
	sender = make_up(server.path);
	for (uint64_t i = 0; i < 3; i++)
		assert_true(send_words(sender, 1000, i, "PUBLISH", "c", "x"));
	assert_true(TURN_UNTIL(seen.end_count == 3, 1000));
	turn_for(50);
	assert_int_equal(seen.message_count, 1);
	redis_link_free(sender);
	stop_server(&server);

	memset(&seen, 0, sizeof(seen));
	free_on_state = redis_link_new(base, &address, "t", &limits, NULL,
	    on_state_free);
	assert_true(TURN_UNTIL(seen.down_count == 1, 1000));
	turn_for(50);
	redis_link_free(NULL);
}

/* Stays bound, so that nobody else is given it; redis-server names it with SO_REUSEADDR and
 * gets it all the same. To be closed. */
static int
reserve_port(int *ret_fd)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t length = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, length), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 },
	    sizeof(int)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	*ret_fd = fd;
	return ntohs(name.sin_port);
}

static void
speaks_tcp_and_tls(void **state)
{
	char plain[8], secure[8], command[1024], text[64];
	char cert[FOLDER_SIZE + 16], key[FOLDER_SIZE + 16];
	const char *const more[] = { "--bind", "127.0.0.1", "--port", plain,
		"--tls-port", secure, "--tls-cert-file", cert,
		"--tls-key-file", key, "--tls-ca-cert-file", cert,
		"--tls-auth-clients", "no", NULL };
	struct redis_link_limits limits = redis_link_default_limits();
	struct redis_address address;
	struct redis_link *link;
	struct server server;
	const char *error;
	char *large;
	int reserved[2];

	(void)state;
	snprintf(cert, sizeof(cert), "%s/cert.pem", folder);
	snprintf(key, sizeof(key), "%s/key.pem", folder);
	snprintf(command, sizeof(command), "openssl req -x509 -newkey rsa:2048 "
	    "-nodes -keyout %s -out %s -days 2 -subj /CN=localhost -addext "
	    "subjectAltName=DNS:localhost >/dev/null 2>&1", key, cert);
	if (system(command) != 0)
		skip();
	snprintf(plain, sizeof(plain), "%d", reserve_port(&reserved[0]));
	snprintf(secure, sizeof(secure), "%d", reserve_port(&reserved[1]));
	server = start_server("a", more);

	snprintf(text, sizeof(text), "redis://127.0.0.1:%s", plain);
	assert_true(redis_address_parse(text, &address, &error));
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.is_up, 3000));
	ask(link, "SET", "k", "v");
	redis_link_free(link);

	snprintf(text, sizeof(text), "rediss://localhost:%s", secure);
	assert_true(redis_address_parse(text, &address, &error));
	strcpy(address.host, "127.0.0.1");
	strcpy(address.ca_file, cert);
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.is_up, 3000));
	for (uint64_t i = 0; i < 10000; i++)
		assert_true(send_words(link, 5000, i, "ECHO", cert, NULL));
	assert_true(TURN_UNTIL(redis_link_pending(link) == 0, 5000));
	ask(link, "GET", "k", NULL);
	assert_string_equal(seen.text, "v");
	seen.end_count = 0;
	kill(server.pid, SIGSTOP);
	large = calloc(1, 100001);
	memset(large, 'x', 100000);
	for (uint64_t i = 0; i < 160; i++)
		assert_true(send_words(link, 200, i, "ECHO", large, NULL));
	free(large);
	assert_true(TURN_UNTIL(seen.down_count == 1, 2000));
	assert_int_equal(seen.end_count, 160);
	assert_int_equal(seen.ends[0], REDIS_LOST);
	assert_int_equal(seen.ends[159], REDIS_UNSENT);
	kill(server.pid, SIGCONT);
	assert_true(TURN_UNTIL(seen.up_count == 2, 3000));
	redis_link_free(link);

	strcpy(address.name, "example.org");
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.down_count > 0, 3000));
	assert_string_equal(seen.why, "certificate: hostname mismatch");
	redis_link_free(link);

	strcpy(address.name, "localhost");
	address.ca_file[0] = '\0';
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.down_count > 0, 3000));
	assert_int_equal(strncmp(seen.why, "certificate: self", 17), 0);
	redis_link_free(link);

	strcpy(address.ca_file, "/nonexistent");
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.down_count > 0, 3000));
	assert_string_equal(seen.why,
	    "cannot read certificates from /nonexistent");
	redis_link_free(link);

	/* TLS to a port that does not speak it. */
	address.port = atoi(plain);
	strcpy(address.ca_file, cert);
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.down_count > 0, 3000));
	redis_link_free(link);

	stop_server(&server);
	close(reserved[0]);
	close(reserved[1]);
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.down_count > 0, 3000));
	assert_int_equal(strncmp(seen.why, "connect: refused", 16), 0);
	redis_link_free(link);

	address.is_tls = false;
	memset(&seen, 0, sizeof(seen));
	link = redis_link_new(base, &address, "t", &limits, NULL, on_state);
	assert_true(TURN_UNTIL(seen.down_count > 0, 3000));
	assert_string_equal(seen.why, "connect: Connection refused");
	redis_link_free(link);
}

static int
set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	strcpy(folder, "/tmp/redis_link.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	base = event_base_new();
	return base == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	char command[FOLDER_SIZE + 16];

	(void)state;
	event_base_free(base);
	libevent_global_shutdown();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_addresses),
		cmocka_unit_test(sends_and_hears),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(tells_lost_from_unsent),
		cmocka_unit_test(gives_up_at_the_deadline),
		cmocka_unit_test(notices_a_hung_server_when_idle),
		cmocka_unit_test(comes_back),
		cmocka_unit_test(forgives_its_own_stall),
		cmocka_unit_test(runs_scripts),
		cmocka_unit_test(repeats_a_script_once),
		cmocka_unit_test(subscribes),
		cmocka_unit_test(logs_in),
		cmocka_unit_test(refuses_a_server_that_cannot_serve),
		cmocka_unit_test(survives_hostile_replies),
		cmocka_unit_test(does_not_spin),
		cmocka_unit_test(can_be_freed_in_handlers),
		cmocka_unit_test(speaks_tcp_and_tls),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
