/* SPDX-License-Identifier: MIT */
/*
 * stub: the fastest provider there can be, for the benches. Accepts every call
 * and notes when (monotonic microseconds) and by which key it was asked. With
 * --lives it also lives each call to its end at once: the customer answers, the
 * call is over, the result is said, three requests to the daemon one after
 * another. Trusts whoever asks: it serves one bench on 127.0.0.1, never more.
 *
 *   POST /calls            201 {"id":"c..."}
 *   GET  /report           {"count","first_us","last_us","lives","life_us","refused"}
 *   GET  /posts?from=N     [[us,"key"],...], those after the first N
 *   POST /reset            forgets all of it
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/check.h"

enum {
	INPUT_MAX = 16 * 1024,          /* bytes of one request or answer */
	POSTS_MAX = 1 << 20,            /* calls remembered */
	KEY_BYTES = 40,
	LINES_MAX = 64,                 /* connections to the daemon */
	STEPS = 3,                      /* requests that end a call */
};

struct post {
	int64_t at_us;
	char key[KEY_BYTES];
};

/* A call that is being lived to its end. */
struct life {
	STAILQ_ENTRY(life) link;
	char hook[160];                 /* path only: "/hooks/..." */
	char request[32], id[KEY_BYTES];
	int step;
};

/* One connection: of a client, or (is_ours) to the daemon. */
struct line {
	struct stub *stub;
	int fd;
	bool is_ours, is_dead;
	struct event *readable;
	size_t used;
	struct life *life;              /* is_ours: what waits for an answer */
	char input[INPUT_MAX];
};

struct stub {
	struct event_base *base;
	struct post *posts;  size_t count;
	struct sockaddr_in daemon;
	bool lives_on;
	char token[80], secret[80];
	STAILQ_HEAD(, life) waiting;
	struct line *lines[LINES_MAX];
	int64_t lives, life_at_us, refused;
};

static void serve(struct line *line);
static void go_on(struct stub *stub);

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- lines */

static void
end_line(struct line *line)
{
	event_free(line->readable);
	close(line->fd);
	if (line->is_ours) {
		line->readable = NULL;
		line->is_dead = true;
		return;
	}
	free(line);
}

/* What we say fits into a socket's buffer, or nobody listens any more. */
static void
say(struct line *line, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(line->fd, text, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN) {
			usleep(100);
			continue;
		}
		if (sent < 0)
			return;
		text += sent;
		length -= (size_t)sent;
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
	struct line *line = context;
	ssize_t got = recv(fd, line->input + line->used,
	    sizeof(line->input) - 1 - line->used, 0);

	(void)what;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		end_line(line);
		return;
	}
	line->used += (size_t)got;
	line->input[line->used] = '\0';
	serve(line);
}

static struct line *
begin_line(struct stub *stub, int fd, bool is_ours)
{
	struct line *line = calloc(1, sizeof(*line));
	int one = 1;

	CHECK(line != NULL);
	line->stub = stub;
	line->fd = fd;
	line->is_ours = is_ours;
	evutil_make_socket_nonblocking(fd);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	line->readable = event_new(stub->base, fd, EV_READ | EV_PERSIST,
	    on_readable, line);
	CHECK(line->readable != NULL);
	event_add(line->readable, NULL);
	return line;
}

/* ---- lives: what a provider and a specialist would tell the daemon */

static void
tell(struct line *line)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const struct stub *stub = line->stub;
	struct life *life = line->life;
	char body[256], path[256], text[1024];
	bool is_result = life->step == STEPS - 1;
	int length, total;

	if (is_result) {
		length = snprintf(body, sizeof(body),
		    "{\"disposition\":\"solved\"}");
		snprintf(path, sizeof(path), "/v1/requests/%s/close",
		    life->request);
	} else {
		length = snprintf(body, sizeof(body),
		    "id=%s&state=%s&seconds=60%s", life->id,
		    life->step == 0 ? "up" : "completed",
		    life->step == 0 ? "&leg=customer" : "");
		snprintf(path, sizeof(path), "%s/status", life->hook);
	}
	total = snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
	    "X-Stub-Secret: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
	    "\r\n%s", path, ntohs(stub->daemon.sin_port), stub->token,
	    stub->secret, is_result ? "application/json" : form, length, body);
	CHECK(total < (int)sizeof(text));
	say(line, text, (size_t)total);
}

static struct line *
our_line(struct stub *stub, size_t at)
{
	struct line *line = stub->lines[at];
	int fd;

	if (line != NULL && !line->is_dead)
		return line->life == NULL ? line : NULL;
	free(line);
	stub->lines[at] = NULL;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	if (connect(fd, (const struct sockaddr *)&stub->daemon,
	        sizeof(stub->daemon)) != 0) {
		close(fd);
		return NULL;
	}
	stub->lines[at] = begin_line(stub, fd, true);
	return stub->lines[at];
}

static void
go_on(struct stub *stub)
{
	for (size_t i = 0; i < LINES_MAX && !STAILQ_EMPTY(&stub->waiting);
	    i++) {
		struct line *line = our_line(stub, i);

		if (line == NULL)
			continue;
		line->life = STAILQ_FIRST(&stub->waiting);
		STAILQ_REMOVE_HEAD(&stub->waiting, link);
		tell(line);
	}
}

static void
end_step(struct line *line, int status)
{
	struct stub *stub = line->stub;
	struct life *life = line->life;

	line->life = NULL;
	if (life == NULL)
		return;
	if (status >= 300)
		stub->refused++;
	/* A line that is full is asked again, a refusal ends the life. */
	if (status < 300)
		life->step++;
	if (life->step == STEPS) {
		stub->lives++;
		stub->life_at_us = now_us();
	}
	if (life->step < STEPS && (status < 300 || status == 503))
		STAILQ_INSERT_TAIL(&stub->waiting, life, link);
	else
		free(life);
	go_on(stub);
}

/* A form's value, decoded; what it does not hold is "". */
static void
form_value(const char *body, const char *name, char *ret, size_t size)
{
	const char *at = strstr(body, name);
	size_t length = 0;
	unsigned byte;

	for (at = at != NULL ? at + strlen(name) : ""; *at != '\0' &&
	    *at != '&' && length + 1 < size; at++) {
		if (*at == '%' && sscanf(at + 1, "%2x", &byte) == 1) {
			ret[length++] = (char)byte;
			at += 2;
		} else {
			ret[length++] = *at;
		}
	}
	ret[length] = '\0';
}

/* hook: "http://HOST/hooks/stub/REQUEST.n/TOKEN" */
static void
begin_life(struct stub *stub, const char *body, const char *id)
{
	struct life *life = calloc(1, sizeof(*life));
	char hook[256];
	const char *path;

	CHECK(life != NULL);
	form_value(body, "hook=", hook, sizeof(hook));
	path = strstr(hook, "/hooks/");
	if (path == NULL || sscanf(path, "/hooks/%*[^/]/%31[^.]",
	        life->request) != 1) {
		free(life);
		return;
	}
	snprintf(life->hook, sizeof(life->hook), "%s", path);
	snprintf(life->id, sizeof(life->id), "%s", id);
	STAILQ_INSERT_TAIL(&stub->waiting, life, link);
}

/* ---- what is asked of us */

static void
answer(struct line *line, const char *status, const char *body, size_t length)
{
	char text[1024];
	int size = snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	    status, length);

	/* A short answer is one packet. */
	if (length < sizeof(text) - (size_t)size) {
		memcpy(text + size, body, length);
		say(line, text, (size_t)size + length);
		return;
	}
	say(line, text, (size_t)size);
	say(line, body, length);
}

static void
on_call(struct line *line, const char *body)
{
	struct stub *stub = line->stub;
	struct post *post = &stub->posts[stub->count % POSTS_MAX];
	char id[KEY_BYTES], text[64];

	post->at_us = now_us();
	form_value(body, "key=", post->key, sizeof(post->key));
	stub->count++;
	snprintf(id, sizeof(id), "c%.16s", post->key);
	answer(line, "201 Created", text, (size_t)snprintf(text, sizeof(text),
	    "{\"id\":\"%s\"}", id));
	if (!stub->lives_on)
		return;
	begin_life(stub, body, id);
	go_on(stub);
}

static void
report(struct line *line)
{
	const struct stub *stub = line->stub;
	char text[256];
	size_t count = stub->count < POSTS_MAX ? stub->count : POSTS_MAX;
	int length = snprintf(text, sizeof(text),
	    "{\"count\":%zu,\"first_us\":%" PRId64 ",\"last_us\":%" PRId64
	    ",\"lives\":%" PRId64 ",\"life_us\":%" PRId64
	    ",\"refused\":%" PRId64 "}", stub->count,
	    count > 0 ? stub->posts[0].at_us : 0,
	    count > 0 ? stub->posts[count - 1].at_us : 0, stub->lives,
	    stub->life_at_us, stub->refused);

	answer(line, "200 OK", text, (size_t)length);
}

static void
list_posts(struct line *line, size_t from)
{
	const struct stub *stub = line->stub;
	struct evbuffer *text = evbuffer_new();
	const char *comma = "";

	CHECK(text != NULL);
	evbuffer_add_printf(text, "[");
	for (size_t i = from; i < stub->count && i < POSTS_MAX; i++) {
		evbuffer_add_printf(text, "%s[%" PRId64 ",\"%s\"]", comma,
		    stub->posts[i].at_us, stub->posts[i].key);
		comma = ",";
	}
	evbuffer_add_printf(text, "]");
	answer(line, "200 OK", (const char *)evbuffer_pullup(text, -1),
	    evbuffer_get_length(text));
	evbuffer_free(text);
}

static void
on_request(struct line *line, const char *head, const char *body)
{
	struct stub *stub = line->stub;
	size_t from = 0;

	if (strncmp(head, "POST /calls ", 12) == 0) {
		on_call(line, body);
	} else if (strncmp(head, "GET /report ", 12) == 0) {
		report(line);
	} else if (strncmp(head, "GET /posts", 10) == 0) {
		sscanf(head, "GET /posts?from=%zu", &from);
		list_posts(line, from);
	} else if (strncmp(head, "POST /reset ", 12) == 0) {
		stub->count = 0;
		stub->lives = stub->life_at_us = stub->refused = 0;
		answer(line, "200 OK", "{}", 2);
	} else {
		answer(line, "404 Not Found", "{}", 2);
	}
}

/* Takes every whole message that has come. */
static void
serve(struct line *line)
{
	char *end, *length_at, last;
	size_t body_length, total;

	while ((end = strstr(line->input, "\r\n\r\n")) != NULL) {
		body_length = 0;
		length_at = strstr(line->input, "\r\nContent-Length:");
		if (length_at != NULL && length_at < end)
			body_length = strtoul(length_at + 17, NULL, 10);
		total = (size_t)(end - line->input) + 4 + body_length;
		CHECK(total < sizeof(line->input));
		if (line->used < total)
			return;
		last = line->input[total];
		line->input[total] = '\0';
		if (line->is_ours)
			end_step(line, atoi(line->input + 9));
		else
			on_request(line, line->input, end + 4);
		line->input[total] = last;
		line->used -= total;
		memmove(line->input, line->input + total, line->used + 1);
	}
}

/* ---- main */

static void
on_accept(evutil_socket_t fd, short what, void *context)
{
	int client = accept(fd, NULL, NULL);

	(void)what;
	if (client >= 0)
		begin_line(context, client, false);
}

static int
listen_somewhere(int *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	CHECK(bind(fd, (const struct sockaddr *)&address, size) == 0);
	CHECK(listen(fd, 1024) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
	evutil_make_socket_nonblocking(fd);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

int
main(int argc, char **argv)
{
	static struct stub stub;
	struct event_config *config = event_config_new();
	int port, fd;

	/* stub [--lives DAEMON-PORT DESK-TOKEN SECRET] */
	if (argc == 5 && strcmp(argv[1], "--lives") == 0) {
		stub.lives_on = true;
		stub.daemon = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
			.sin_port = htons((uint16_t)atoi(argv[2])) };
		snprintf(stub.token, sizeof(stub.token), "%s", argv[3]);
		snprintf(stub.secret, sizeof(stub.secret), "%s", argv[4]);
	} else if (argc != 1) {
		fprintf(stderr, "usage: stub [--lives PORT TOKEN SECRET]\n");
		return EXIT_FAILURE;
	}
	CHECK(config != NULL);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	stub.base = event_base_new_with_config(config);
	stub.posts = calloc(POSTS_MAX, sizeof(*stub.posts));
	CHECK(stub.base != NULL && stub.posts != NULL);
	event_config_free(config);
	STAILQ_INIT(&stub.waiting);
	fd = listen_somewhere(&port);
	event_add(event_new(stub.base, fd, EV_READ | EV_PERSIST, on_accept,
	    &stub), NULL);
	printf("listening on http://127.0.0.1:%d\n", port);
	fflush(stdout);
	event_base_dispatch(stub.base);
	return EXIT_SUCCESS;
}
