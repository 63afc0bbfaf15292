/* SPDX-License-Identifier: MIT */
/*
 * carrier: a pool of transfers, each with a curl handle that is used again.
 *
 * Once on the wire. When a kept connection dies before a byte of the answer
 * came, curl sends the request again on another one and tells nobody. Two things
 * forbid it, each alone enough for a request with a body:
 * - curl asks on_speak before each time it would send; the second is refused. So
 *   is a socket for it.
 * - The body comes from a read function and there is no seek function, so curl
 *   cannot take back what it has read (error 65).
 * on_speak is also what tells UNREACHED from LOST: unless it has agreed, no byte
 * of the request has left.
 *
 * Kept connections. curl before 8.0 takes one again that was reset, or on which
 * bytes wait that nobody asked for, and reads them as the answer to the next
 * request; of TLS also one that was closed. So idle ones are watched too: the
 * first that is heard of one ends it, by an end that curl sees before it takes it.
 *
 * Answers without end. curl 7.88 reads on for as long as bytes come, and of those
 * between two chunks it tells nobody, not even that the time is over: one such
 * connection would hold the loop. on_trace hears of every byte, and ends the
 * connection in the same way.
 */
#define _GNU_SOURCE     /* dup3 */
#include "daemon/carrier.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "lib/fault.h"

enum {
	HEADERS_MAX = 64 * 1024,        /* bytes of an answer's headers */
	USER_TIMEOUT_MS = 10000,        /* unacknowledged bytes: the peer is gone */
	IDLE_MAX_S = 3,                 /* of a kept connection; servers that are
	                                 * in a hurry close after 5 */
	RESOLVED_FOR_S = 300,
	ROUNDS_MAX = 8,                 /* of curl in one pass */
	FRAMES_FACTOR = 2,              /* of an answer: itself and its frames */
	PASS_MAX_MS = 20,               /* of one pass, then others have their turn */
	BUFFER_KEPT = 16 * 1024,        /* a larger one does not stay for ever */
	BUFFER_START = 1024,
	READ_BUFFER = 8 * 1024,
	SEND_BUFFER = 16 * 1024,        /* the least that curl takes */
	SLOT_BITS = 20,
};

struct transfer {
	TAILQ_ENTRY(transfer) link;     /* spare, early, waiting or on the wire */
	struct carrier *carrier;
	CURL *easy;
	uintptr_t mark;                 /* what curl knows it by: its slot in the
	                                 * low bits, above them how often it was used */
	uint64_t tag;
	char *url, *method;
	struct curl_slist *headers;
	char *body;  size_t body_length, body_size, body_sent;
	char *answer;  size_t answer_length, answer_size;
	size_t header_bytes;
	bool has_whole_head;            /* the empty line after the headers came */
	size_t heard;                   /* bytes of the answer, with what frames it */
	bool is_cut;                    /* they were too many */
	int fd;                         /* its connection; -1: not known yet */
	char error[CURL_ERROR_SIZE];
	long timeout_ms;                /* counted from carrier_send */
	int64_t sent_at_ms;
	int64_t start_at_ms, start_by_ms, speak_by_ms;  /* boot time; 0: at any time */
	bool is_stale;                  /* one of them had passed */
	char wanted_header[64];         /* of the answer; "": none */
	bool may_be_private, is_refused, has_spoken;
};
TAILQ_HEAD(transfer_list, transfer);

/* What curl wants to know of one descriptor. Found by number: curl may close a
 * descriptor and open another with its number inside any call. */
struct watch {
	struct event *event;            /* made once for each number */
	uint64_t cookie;                /* of the socket that we opened; 0: none */
	short armed;                    /* what the event waits for */
	short wanted;                   /* by curl; 0: it has let it go */
	short ready;
	bool is_listed;                 /* in carrier.ready */
};

struct carrier {
	struct event_base *base;
	struct carrier_limits limits;
	void *context;
	carrier_on_answer *on_answer;
	CURLM *multi;
	struct event *timer;
	bool is_timer_over;
	int ended;                      /* a socket at its end */
	struct watch *watches;  size_t watch_count;
	int *ready;  size_t ready_count, ready_room;
	struct transfer **slots;  size_t slot_count, slot_room;
	struct transfer_list spare, waiting, wire;
	size_t waiting_count, wire_count;
	struct transfer_list early;     /* whose turn comes later, the first first */
	size_t early_count;
	struct event *turn;             /* of the first of them */
	bool is_turn_over;
};

/* ---- what libevent and curl tell: only noted */

static void
on_socket_event(evutil_socket_t fd, short what, void *context)
{
	struct carrier *carrier = context;
	struct watch *watch = &carrier->watches[fd];

	watch->ready |= what;
	if (watch->is_listed)
		return;
	if (carrier->ready_count == carrier->ready_room) {
		carrier->ready_room = carrier->ready_room * 2 + 64;
		carrier->ready = realloc(carrier->ready,
		    carrier->ready_room * sizeof(*carrier->ready));
		CHECK(carrier->ready != NULL);
	}
	carrier->ready[carrier->ready_count++] = fd;
	watch->is_listed = true;
}

static void
on_timer_event(evutil_socket_t fd, short what, void *context)
{
	struct carrier *carrier = context;

	(void)fd;
	(void)what;
	carrier->is_timer_over = true;
}

static void
on_turn_event(evutil_socket_t fd, short what, void *context)
{
	struct carrier *carrier = context;

	(void)fd;
	(void)what;
	carrier->is_turn_over = true;
}

static int
on_curl_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct carrier *carrier = context;
	struct timeval after = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };

	(void)multi;
	if (timeout_ms <= 0)
		event_del(carrier->timer);
	else
		CHECK(event_add(carrier->timer, &after) == 0);
	if (timeout_ms == 0)
		carrier->is_timer_over = true;
	return 0;
}

static struct watch *
watch_of(struct carrier *carrier, int fd)
{
	size_t count = carrier->watch_count;

	if ((size_t)fd < count)
		return &carrier->watches[fd];
	while (count <= (size_t)fd)
		count = count * 2 + 64;
	carrier->watches = realloc(carrier->watches,
	    count * sizeof(*carrier->watches));
	CHECK(carrier->watches != NULL);
	memset(carrier->watches + carrier->watch_count, 0,
	    (count - carrier->watch_count) * sizeof(*carrier->watches));
	carrier->watch_count = count;
	return &carrier->watches[fd];
}

static void
arm(struct carrier *carrier, int fd, short events)
{
	struct watch *watch = &carrier->watches[fd];

	if (watch->armed == events)
		return;
	if (watch->armed != 0)
		event_del(watch->event);
	watch->armed = events;
	if (events == 0)
		return;
	if (watch->event == NULL)
		watch->event = event_new(carrier->base, fd,
		    events | EV_PERSIST, on_socket_event, carrier);
	else
		event_assign(watch->event, carrier->base, fd,
		    events | EV_PERSIST, on_socket_event, carrier);
	CHECK(watch->event != NULL && event_add(watch->event, NULL) == 0);
}

/* On whose behalf curl calls; NULL: on its own. */
static struct transfer *
find_transfer(const struct carrier *carrier, CURL *easy)
{
	const uintptr_t slots = ((uintptr_t)1 << SLOT_BITS) - 1;
	char *private = NULL;
	struct transfer *transfer;
	uintptr_t mark;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	mark = (uintptr_t)private;
	if ((mark & slots) >= carrier->slot_count)
		return NULL;
	transfer = carrier->slots[mark & slots];
	return transfer->mark == mark ? transfer : NULL;
}

/* Kept is a connection that was spoken on. Of other descriptors that curl lets go
 * (its resolver's, one that never was connected) it does not tell the end. */
static bool
is_kept(const struct carrier *carrier, CURL *easy, const struct watch *watch)
{
	const struct transfer *transfer = find_transfer(carrier, easy);

	return watch->cookie != 0 && transfer != NULL && transfer->has_spoken;
}

/* To the last byte of its body, as far as curl has told. */
static bool
has_left(const struct carrier *carrier, CURL *easy)
{
	const struct transfer *transfer = find_transfer(carrier, easy);

	return transfer != NULL && transfer->has_spoken &&
	    transfer->body_sent == transfer->body_length;
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *context,
    void *socket_context)
{
	struct carrier *carrier = context;
	struct watch *watch = watch_of(carrier, fd);
	struct transfer *transfer = find_transfer(carrier, easy);

	(void)socket_context;
	if (transfer != NULL && watch->cookie != 0 && what != CURL_POLL_REMOVE)
		transfer->fd = fd;
	CRASH_POINT_IF(what == CURL_POLL_IN && has_left(carrier, easy),
	    "request_left");
	watch->wanted = 0;
	watch->ready = 0;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		watch->wanted |= EV_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		watch->wanted |= EV_WRITE;
	arm(carrier, fd, watch->wanted != 0 ? watch->wanted :
	    is_kept(carrier, easy, watch) ? EV_READ : 0);
	return 0;
}

/* ---- what curl asks while a transfer runs */

/* This machine, or what only neighbours reach (RFC 6890). */
static bool
is_private_four(const unsigned char *four)
{
	static const struct { unsigned char begin[2], mask[2]; } own[] = {
		{ { 0, 0 }, { 255, 0 } }, { { 10, 0 }, { 255, 0 } },
		{ { 100, 64 }, { 255, 192 } }, { { 127, 0 }, { 255, 0 } },
		{ { 169, 254 }, { 255, 255 } }, { { 172, 16 }, { 255, 240 } },
		{ { 192, 168 }, { 255, 255 } } };

	for (size_t i = 0; i < COUNT_OF(own); i++)
		if ((four[0] & own[i].mask[0]) == own[i].begin[0] &&
		    (four[1] & own[i].mask[1]) == own[i].begin[1])
			return true;
	return false;
}

static bool
is_private(const struct sockaddr *address)
{
	/* Of networks without IPv4 (RFC 6052). */
	static const unsigned char translated[12] = { 0, 0x64, 0xff, 0x9b };
	const struct in6_addr *six;

	if (address->sa_family == AF_INET)
		return is_private_four((const unsigned char *)
		    &((const struct sockaddr_in *)address)->sin_addr);
	if (address->sa_family != AF_INET6)
		return true;
	six = &((const struct sockaddr_in6 *)address)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(six) || IN6_IS_ADDR_V4COMPAT(six) ||
	    memcmp(six->s6_addr, translated, sizeof(translated)) == 0)
		return is_private_four(six->s6_addr + 12);
	return IN6_IS_ADDR_LOOPBACK(six) || IN6_IS_ADDR_UNSPECIFIED(six) ||
	    IN6_IS_ADDR_LINKLOCAL(six) || IN6_IS_ADDR_SITELOCAL(six) ||
	    (six->s6_addr[0] & 0xfe) == 0xfc;
}

/* What no other socket has, also not the next with this number; 0: no socket. */
static uint64_t
socket_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) < 0)
		return 0;
	return cookie;
}

static curl_socket_t
on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = context;
	unsigned timeout_ms = USER_TIMEOUT_MS;
	int fd;

	(void)purpose;
	if (transfer->has_spoken && !PLANTED("connection_reused"))
		return CURL_SOCKET_BAD;
	if (!transfer->may_be_private && is_private(&address->addr)) {
		transfer->is_refused = true;
		return CURL_SOCKET_BAD;
	}
	/* Closed in children: the daemon starts a redis-server. */
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
	    sizeof(timeout_ms));
	watch_of(transfer->carrier, fd)->cookie = socket_cookie(fd);
	return fd;
}

/* May come long after the transfer that opened it. */
static int
on_close(void *context, curl_socket_t fd)
{
	struct carrier *carrier = context;
	struct watch *watch = watch_of(carrier, fd);

	arm(carrier, fd, 0);
	watch->cookie = 0;
	watch->wanted = 0;
	watch->ready = 0;
	return close(fd);
}

static bool
is_too_late(int64_t by_ms)
{
	return by_ms != 0 && clock_boottime_ms() > by_ms &&
	    !PLANTED("youth_off");
}

static int
on_speak(void *context, char *remote, char *local, int remote_port,
    int local_port)
{
	struct transfer *transfer = context;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	if (transfer->has_spoken && !PLANTED("connection_reused"))
		return CURL_PREREQFUNC_ABORT;
	/* curl's own time-out does not count the time that the machine was
	 * suspended while this one was connecting. */
	if (is_too_late(transfer->speak_by_ms)) {
		transfer->is_stale = true;
		return CURL_PREREQFUNC_ABORT;
	}
	CRASH_POINT("request_before_leaving");
	transfer->has_spoken = true;
	return CURL_PREREQFUNC_OK;
}

static size_t
on_read(char *buffer, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t room = size * count;
	size_t left = transfer->body_length - transfer->body_sent;
	size_t length = left < room ? left : room;

	CRASH_POINT("request_body");
	memcpy(buffer, transfer->body + transfer->body_sent, length);
	transfer->body_sent += length;
	return length;
}

/* Makes room for `need` bytes; what was there stays. */
static void
make_room(char **buffer, size_t *size, size_t need)
{
	if (need <= *size)
		return;
	while (*size < need)
		*size = *size == 0 ? BUFFER_START : *size * 2;
	*buffer = realloc(*buffer, *size);
	CHECK(*buffer != NULL);
}

static size_t
on_write(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count;
	size_t whole = transfer->answer_length + length;

	if (whole > transfer->carrier->limits.answer_max)
		return CURL_WRITEFUNC_ERROR;    /* curl ends the transfer */
	make_room(&transfer->answer, &transfer->answer_size, whole + 1);
	memcpy(transfer->answer + transfer->answer_length, bytes, length);
	transfer->answer_length = whole;
	transfer->answer[whole] = '\0';
	return length;
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	CRASH_POINT_IF(transfer->header_bytes == 0, "answer_begins");
	/* From here on, so that little is traced. */
	curl_easy_setopt(transfer->easy, CURLOPT_VERBOSE, 1L);
	/* curl calls it a success when a connection ends inside the headers. A
	 * status line begins them anew; what follows a body does not. */
	if (size * count >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
		transfer->has_whole_head = false;
	else if (bytes[0] == '\r' || bytes[0] == '\n')
		transfer->has_whole_head = true;
	transfer->header_bytes += size * count;
	return transfer->header_bytes > HEADERS_MAX ? 0 : size * count;
}

/* Takes the end of a connection for what comes next on it. */
static void
end_connection(struct carrier *carrier, int fd)
{
	arm(carrier, fd, 0);
	dup3(carrier->ended, fd, O_CLOEXEC);
}

static int
on_trace(CURL *easy, curl_infotype type, char *bytes, size_t length,
    void *context)
{
	struct transfer *transfer = context;
	struct carrier *carrier = transfer->carrier;

	(void)easy;
	(void)bytes;
	if (type != CURLINFO_DATA_IN || transfer->is_cut || transfer->fd < 0)
		return 0;
	transfer->heard += length;
	if (transfer->heard <= FRAMES_FACTOR * carrier->limits.answer_max)
		return 0;
	transfer->is_cut = true;
	end_connection(carrier, transfer->fd);
	return 0;
}

/* ---- a transfer is made, filled, given back */

/* With all that never differs between two requests. */
static void
make_easy(struct transfer *transfer)
{
	CURL *easy = curl_easy_init();

	CHECK(easy != NULL);
	transfer->easy = easy;
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Else a slow name server holds the loop: curl waits for its thread. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");      /* nor the environment's */
	curl_easy_setopt(easy, CURLOPT_NETRC, CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, (long)RESOLVED_FOR_S);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)READ_BUFFER);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BUFFER);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->carrier);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_speak);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_trace);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, transfer);
}

static struct transfer *
make_transfer(struct carrier *carrier)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	CHECK(transfer != NULL);
	if (carrier->slot_count == carrier->slot_room) {
		carrier->slot_room = carrier->slot_room * 2 + 64;
		carrier->slots = realloc(carrier->slots,
		    carrier->slot_room * sizeof(struct transfer *));
		CHECK(carrier->slots != NULL);
	}
	CHECK(carrier->slot_count < (size_t)1 << SLOT_BITS);
	transfer->mark = carrier->slot_count;
	carrier->slots[carrier->slot_count++] = transfer;
	transfer->carrier = carrier;
	make_easy(transfer);
	return transfer;
}

/* The newest first: it has the url and the headers of the one before. */
static struct transfer *
take_transfer(struct carrier *carrier)
{
	struct transfer *transfer = TAILQ_FIRST(&carrier->spare);

	if (transfer == NULL)
		transfer = make_transfer(carrier);
	else
		TAILQ_REMOVE(&carrier->spare, transfer, link);
	transfer->mark += (uintptr_t)1 << SLOT_BITS;
	transfer->body_sent = 0;
	transfer->answer_length = 0;
	transfer->header_bytes = 0;
	transfer->has_whole_head = false;
	transfer->heard = 0;
	transfer->is_cut = false;
	transfer->fd = -1;
	transfer->error[0] = '\0';
	transfer->is_refused = false;
	transfer->has_spoken = false;
	curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE,
	    (void *)transfer->mark);
	curl_easy_setopt(transfer->easy, CURLOPT_VERBOSE, 0L);
	return transfer;
}

static void
empty_transfer(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	free(transfer->url);
	free(transfer->method);
	transfer->headers = NULL;
	transfer->url = NULL;
	transfer->method = NULL;
}

static void
free_transfer(struct transfer *transfer)
{
	empty_transfer(transfer);
	free(transfer->body);
	free(transfer->answer);
	free(transfer);
}

static void
trim(char **buffer, size_t *size)
{
	if (*size <= BUFFER_KEPT)
		return;
	free(*buffer);
	*buffer = NULL;
	*size = 0;
}

static void
give_back(struct carrier *carrier, struct transfer *transfer, bool has_failed)
{
	trim(&transfer->answer, &transfer->answer_size);
	trim(&transfer->body, &transfer->body_size);
	/* curl 7.88 remembers in the handle that a body was to be sent again,
	 * and fails the next request with that. */
	if (has_failed) {
		empty_transfer(transfer);
		make_easy(transfer);
	}
	TAILQ_INSERT_HEAD(&carrier->spare, transfer, link);
}

/* False: it is what it was. */
static bool
has_changed(char **kept, const char *text)
{
	if (*kept != NULL && strcmp(*kept, text) == 0)
		return false;
	free(*kept);
	*kept = strdup(text);
	CHECK(*kept != NULL);
	return true;
}

static void
set_body(struct transfer *transfer, const struct carrier_request *request)
{
	bool has_body = request->body_length > 0 ||
	    strcmp(request->method, "POST") == 0 ||
	    strcmp(request->method, "PUT") == 0;

	make_room(&transfer->body, &transfer->body_size,
	    request->body_length + 1);
	if (request->body_length > 0)
		memcpy(transfer->body, request->body, request->body_length);
	transfer->body_length = request->body_length;
	curl_easy_setopt(transfer->easy,
	    has_body ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
	if (has_body)
		curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)request->body_length);
	if (PLANTED("connection_reused"))
		curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS,
		    has_body ? transfer->body : NULL);
	if (has_changed(&transfer->method, request->method))
		curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST,
		    transfer->method);
}

static bool
has_headers(const struct transfer *transfer,
    const struct carrier_request *request)
{
	const struct curl_slist *header = transfer->headers;

	if (header == NULL)
		return false;
	header = header->next;          /* the first is ours */
	for (size_t i = 0; i < request->header_count; i++) {
		if (header == NULL ||
		    strcmp(header->data, request->headers[i]) != 0)
			return false;
		header = header->next;
	}
	return header == NULL;
}

static void
set_headers(struct transfer *transfer, const struct carrier_request *request)
{
	struct curl_slist *list;

	if (has_headers(transfer, request))
		return;
	curl_slist_free_all(transfer->headers);
	list = curl_slist_append(NULL, "Expect:");
	for (size_t i = 0; i < request->header_count && list != NULL; i++)
		list = curl_slist_append(list, request->headers[i]);
	CHECK(list != NULL);
	transfer->headers = list;
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, list);
}

static void
arm_turn(struct carrier *carrier)
{
	const struct transfer *first = TAILQ_FIRST(&carrier->early);
	struct timeval after = { 0, 0 };
	int64_t left_ms;

	if (first == NULL) {
		event_del(carrier->turn);
		return;
	}
	left_ms = first->start_at_ms - clock_boottime_ms();
	if (left_ms > 0) {
		after.tv_sec = left_ms / 1000;
		after.tv_usec = left_ms % 1000 * 1000;
	}
	CHECK(event_add(carrier->turn, &after) == 0);
}

static void
be_early(struct carrier *carrier, struct transfer *transfer)
{
	struct transfer *before = TAILQ_LAST(&carrier->early, transfer_list);

	while (before != NULL && before->start_at_ms > transfer->start_at_ms)
		before = TAILQ_PREV(before, transfer_list, link);
	if (before != NULL)
		TAILQ_INSERT_AFTER(&carrier->early, before, transfer, link);
	else
		TAILQ_INSERT_HEAD(&carrier->early, transfer, link);
	carrier->early_count++;
	arm_turn(carrier);
}

/* Those whose turn has come wait like all others. */
static void
call_up(struct carrier *carrier)
{
	int64_t now_ms = clock_boottime_ms();
	struct transfer *transfer;

	carrier->is_turn_over = false;
	while ((transfer = TAILQ_FIRST(&carrier->early)) != NULL &&
	    transfer->start_at_ms <= now_ms) {
		TAILQ_REMOVE(&carrier->early, transfer, link);
		carrier->early_count--;
		transfer->sent_at_ms = clock_monotonic_ms();
		TAILQ_INSERT_TAIL(&carrier->waiting, transfer, link);
		carrier->waiting_count++;
	}
	arm_turn(carrier);
}

bool
carrier_send(struct carrier *carrier, const struct carrier_request *request,
    uint64_t tag)
{
	struct transfer *transfer;

	CHECK(request->timeout_ms > 0 && request->connect_timeout_ms > 0);
	if (carrier->early_count + carrier->waiting_count >=
	    carrier->limits.queue_max +
	    (carrier->limits.in_flight_max - carrier->wire_count))
		return false;
	transfer = take_transfer(carrier);
	transfer->tag = tag;
	transfer->sent_at_ms = clock_monotonic_ms();
	transfer->timeout_ms = request->timeout_ms;
	transfer->start_by_ms = request->start_by_ms;
	transfer->speak_by_ms = request->start_by_ms == 0 ? 0 :
	    request->start_by_ms + request->timeout_ms;
	transfer->is_stale = false;
	transfer->may_be_private = request->allow_private;
	snprintf(transfer->wanted_header, sizeof(transfer->wanted_header),
	    "%s", request->wanted_header != NULL ? request->wanted_header :
	    "");
	if (has_changed(&transfer->url, request->url))
		curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url);
	curl_easy_setopt(transfer->easy, CURLOPT_PROTOCOLS_STR,
	    request->allow_private ? "http,https" : "https");
	curl_easy_setopt(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS,
	    request->connect_timeout_ms);
	set_body(transfer, request);
	set_headers(transfer, request);
	transfer->start_at_ms = request->start_at_ms;
	if (request->start_at_ms > clock_boottime_ms()) {
		be_early(carrier, transfer);
		return true;
	}
	TAILQ_INSERT_TAIL(&carrier->waiting, transfer, link);
	carrier->waiting_count++;
	return true;
}

/* ---- ends */

static const char *
error_of(const struct transfer *transfer, CURLcode code)
{
	if (transfer->is_refused)
		return "the address is this machine's own or a private "
		    "network's, which is not allowed";
	if (transfer->is_stale)
		return "too long after its commit to be sent";
	if (code == CURLE_WRITE_ERROR || transfer->is_cut)
		return "the answer is too large";
	if (code == CURLE_OK)
		return "no final answer";
	return transfer->error[0] != '\0' ? transfer->error :
	    curl_easy_strerror(code);
}

/* The transfer is on no list and in no multi. */
static void
deliver(struct carrier *carrier, struct transfer *transfer, CURLcode code)
{
	struct carrier_answer answer = { .tag = transfer->tag, .body = "" };
	long status = 0;

	answer.elapsed_ms = clock_monotonic_ms() - transfer->sent_at_ms;
	if (code == CURLE_OK)
		curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
		    &status);
	if (status >= 200 && transfer->has_whole_head && !transfer->is_cut) {
		struct curl_header *header;

		if (transfer->wanted_header[0] != '\0' &&
		    curl_easy_header(transfer->easy, transfer->wanted_header, 0,
		    CURLH_HEADER, -1, &header) == CURLHE_OK)
			answer.header = header->value;
		answer.end = TRANSPORT_ANSWERED;
		answer.status = (int)status;
		answer.body_length = transfer->answer_length;
		if (transfer->answer_length > 0)
			answer.body = transfer->answer;
	} else {
		answer.end = transfer->has_spoken ? TRANSPORT_LOST :
		    TRANSPORT_UNREACHED;
		answer.error = error_of(transfer, code);
		answer.is_late = transfer->is_stale;
	}
	carrier->on_answer(carrier->context, &answer);
	give_back(carrier, transfer, code != CURLE_OK);
}

static void
read_ends(struct carrier *carrier)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(carrier->multi, &left)) !=
	    NULL) {
		CURLcode code = message->data.result;
		struct transfer *transfer =
		    find_transfer(carrier, message->easy_handle);

		CHECK(transfer != NULL);
		curl_multi_remove_handle(carrier->multi, transfer->easy);
		TAILQ_REMOVE(&carrier->wire, transfer, link);
		carrier->wire_count--;
		deliver(carrier, transfer, code);
	}
}

/* ---- the pass */

/* What has waited for too long is not sent: whoever asked counts on its end
 * within the timeout. */
static void
start_waiting(struct carrier *carrier)
{
	struct transfer *transfer;
	int64_t now_ms = clock_monotonic_ms();

	while (carrier->wire_count < carrier->limits.in_flight_max &&
	    (transfer = TAILQ_FIRST(&carrier->waiting)) != NULL) {
		long left_ms = (long)(transfer->timeout_ms -
		    (now_ms - transfer->sent_at_ms));

		TAILQ_REMOVE(&carrier->waiting, transfer, link);
		carrier->waiting_count--;
		transfer->is_stale = is_too_late(transfer->start_by_ms);
		if (left_ms <= 0 || transfer->is_stale) {
			deliver(carrier, transfer, CURLE_OPERATION_TIMEDOUT);
			continue;
		}
		curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, left_ms);
		TAILQ_INSERT_TAIL(&carrier->wire, transfer, link);
		carrier->wire_count++;
		CHECK(curl_multi_add_handle(carrier->multi, transfer->easy) ==
		    CURLM_OK);
	}
}

static void
act_on_socket(struct carrier *carrier, int fd)
{
	struct watch *watch = &carrier->watches[fd];
	short what = watch->ready;
	int bits = 0, running;

	watch->is_listed = false;
	watch->ready = 0;
	if (what == 0)
		return;                 /* curl changed its mind meanwhile */
	if (watch->wanted == 0) {
		arm(carrier, fd, 0);
		if (socket_cookie(fd) == watch->cookie)
			end_connection(carrier, fd);
		return;
	}
	if (what & EV_READ)
		bits |= CURL_CSELECT_IN;
	if (what & EV_WRITE)
		bits |= CURL_CSELECT_OUT;
	CHECK(curl_multi_socket_action(carrier->multi, fd, bits, &running) ==
	    CURLM_OK);
}

/* Those that are left come first in the next pass. */
static void
act_on_sockets(struct carrier *carrier, int64_t until_ms)
{
	size_t i = 0;

	while (i < carrier->ready_count && clock_monotonic_ms() <= until_ms)
		act_on_socket(carrier, carrier->ready[i++]);
	carrier->ready_count -= i;
	memmove(carrier->ready, carrier->ready + i,
	    carrier->ready_count * sizeof(*carrier->ready));
}

void
carrier_drain(struct carrier *carrier)
{
	int64_t until_ms = clock_monotonic_ms() + PASS_MAX_MS;
	int running;

	for (int i = 0; i < ROUNDS_MAX && carrier_has_work(carrier) &&
	    clock_monotonic_ms() <= until_ms; i++) {
		if (carrier->is_turn_over)
			call_up(carrier);
		start_waiting(carrier);
		if (carrier->ready_count > 0)
			act_on_sockets(carrier, until_ms);
		if (carrier->is_timer_over) {
			carrier->is_timer_over = false;
			CHECK(curl_multi_socket_action(carrier->multi,
			    CURL_SOCKET_TIMEOUT, 0, &running) == CURLM_OK);
		}
		read_ends(carrier);
	}
}

bool
carrier_has_work(const struct carrier *carrier)
{
	return carrier->ready_count > 0 || carrier->is_timer_over ||
	    carrier->is_turn_over ||
	    (carrier->waiting_count > 0 &&
	        carrier->wire_count < carrier->limits.in_flight_max);
}

size_t
carrier_in_flight(const struct carrier *carrier)
{
	return carrier->wire_count + carrier->waiting_count +
	    carrier->early_count;
}

/* ---- the module */

static int
make_ended(void)
{
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    pair) == 0);
	close(pair[1]);
	return pair[0];
}

struct carrier *
carrier_new(struct event_base *base, const struct carrier_limits *limits,
    void *context, carrier_on_answer *on_answer)
{
	struct carrier *carrier = calloc(1, sizeof(*carrier));

	if (carrier == NULL)
		return NULL;
	carrier->base = base;
	carrier->limits = *limits;
	carrier->context = context;
	carrier->on_answer = on_answer;
	TAILQ_INIT(&carrier->spare);
	TAILQ_INIT(&carrier->waiting);
	TAILQ_INIT(&carrier->wire);
	TAILQ_INIT(&carrier->early);
	carrier->ended = make_ended();
	carrier->multi = curl_multi_init();
	carrier->timer = evtimer_new(base, on_timer_event, carrier);
	carrier->turn = evtimer_new(base, on_turn_event, carrier);
	CHECK(carrier->multi != NULL && carrier->timer != NULL &&
	    carrier->turn != NULL);
	curl_multi_setopt(carrier->multi, CURLMOPT_SOCKETFUNCTION,
	    on_curl_socket);
	curl_multi_setopt(carrier->multi, CURLMOPT_SOCKETDATA, carrier);
	curl_multi_setopt(carrier->multi, CURLMOPT_TIMERFUNCTION,
	    on_curl_timer);
	curl_multi_setopt(carrier->multi, CURLMOPT_TIMERDATA, carrier);
	curl_multi_setopt(carrier->multi, CURLMOPT_MAXCONNECTS,
	    (long)limits->connections_max);
	curl_multi_setopt(carrier->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
	    (long)limits->connections_max);
	curl_multi_setopt(carrier->multi, CURLMOPT_PIPELINING,
	    CURLPIPE_NOTHING);
	return carrier;
}

void
carrier_free(struct carrier *carrier)
{
	struct transfer *transfer;

	if (carrier == NULL)
		return;
	TAILQ_FOREACH(transfer, &carrier->wire, link) {
		curl_multi_remove_handle(carrier->multi, transfer->easy);
	}
	for (size_t i = 0; i < carrier->slot_count; i++)
		free_transfer(carrier->slots[i]);
	/* Newer versions of curl tell of what they close. */
	curl_multi_setopt(carrier->multi, CURLMOPT_SOCKETFUNCTION, NULL);
	curl_multi_setopt(carrier->multi, CURLMOPT_TIMERFUNCTION, NULL);
	curl_multi_cleanup(carrier->multi);
	for (size_t i = 0; i < carrier->watch_count; i++) {
		if (carrier->watches[i].event != NULL)
			event_free(carrier->watches[i].event);
	}
	event_free(carrier->timer);
	event_free(carrier->turn);
	close(carrier->ended);
	free(carrier->watches);
	free(carrier->ready);
	free(carrier->slots);
	free(carrier);
}
