/* SPDX-License-Identifier: MIT */
/* carrier: a pool of transfers, each with a curl handle that is used again. */
#include "daemon/carrier.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "daemon/clock.h"
#include "daemon/log.h"

enum {
	HEADERS_MAX = 64 * 1024,        /* bytes of an answer's headers */
	USER_TIMEOUT_MS = 10000,        /* unacknowledged bytes: the peer is gone */
	ROUNDS_MAX = 8,                 /* of curl in one pass */
	ANSWER_START = 4096,
};

struct transfer {
	TAILQ_ENTRY(transfer) link;     /* free, waiting or on the wire */
	struct carrier *carrier;
	CURL *easy;
	uint64_t tag;
	char *url;
	char *body;  size_t body_length, body_size, body_sent;
	struct curl_slist *headers;
	char *answer;  size_t answer_length, answer_size;
	size_t header_bytes;
	char error[CURL_ERROR_SIZE];
	int64_t started_at_ms;
	bool is_on_wire;
};
TAILQ_HEAD(transfer_list, transfer);

/* What curl wants to know of one descriptor. Found by number: curl may free and
 * reuse a number inside any call. */
struct watch {
	struct event *event;
	short ready;
	bool is_listed;
};

struct carrier {
	struct event_base *base;
	struct carrier_limits limits;
	void *context;
	carrier_on_answer *on_answer;
	CURLM *multi;
	struct event *timer;
	bool is_timer_over;
	struct watch *watches;  size_t watch_count;
	int *ready;  size_t ready_count, ready_room;
	struct transfer_list spare, waiting, wire;
	size_t waiting_count, wire_count;
};

/* ---- what libevent and curl tell: only noted */

static void
note_ready(struct carrier *carrier, int fd, short what)
{
	struct watch *watch = &carrier->watches[fd];

	watch->ready |= what;
	if (watch->is_listed)
		return;
	if (carrier->ready_count == carrier->ready_room) {
		carrier->ready_room = carrier->ready_room == 0 ? 64 :
		    carrier->ready_room * 2;
		carrier->ready = realloc(carrier->ready,
		    carrier->ready_room * sizeof(*carrier->ready));
		CHECK(carrier->ready != NULL);
	}
	carrier->ready[carrier->ready_count++] = fd;
	watch->is_listed = true;
}

static void
on_socket_event(evutil_socket_t fd, short what, void *context)
{
	note_ready(context, fd, what);
}

static void
on_timer_event(evutil_socket_t fd, short what, void *context)
{
	struct carrier *carrier = context;

	(void)fd;
	(void)what;
	carrier->is_timer_over = true;
}

static int
on_curl_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct carrier *carrier = context;
	struct timeval after = { timeout_ms / 1000,
		(timeout_ms % 1000) * 1000 };

	(void)multi;
	evtimer_del(carrier->timer);
	if (timeout_ms == 0)
		carrier->is_timer_over = true;
	else if (timeout_ms > 0)
		evtimer_add(carrier->timer, &after);
	return 0;
}

static void
make_watches(struct carrier *carrier, int fd)
{
	size_t count = carrier->watch_count == 0 ? 64 : carrier->watch_count;

	while (count <= (size_t)fd)
		count *= 2;
	if (count == carrier->watch_count)
		return;
	carrier->watches = realloc(carrier->watches,
	    count * sizeof(*carrier->watches));
	CHECK(carrier->watches != NULL);
	memset(carrier->watches + carrier->watch_count, 0,
	    (count - carrier->watch_count) * sizeof(*carrier->watches));
	carrier->watch_count = count;
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *context,
    void *socket_context)
{
	struct carrier *carrier = context;
	struct watch *watch;
	short events = EV_PERSIST;

	(void)easy;
	(void)socket_context;
	make_watches(carrier, fd);
	watch = &carrier->watches[fd];
	if (watch->event != NULL)
		event_free(watch->event);
	watch->event = NULL;
	watch->ready = 0;
	if (what == CURL_POLL_REMOVE)
		return 0;
	if (what & CURL_POLL_IN)
		events |= EV_READ;
	if (what & CURL_POLL_OUT)
		events |= EV_WRITE;
	watch->event = event_new(carrier->base, fd, events, on_socket_event,
	    carrier);
	CHECK(watch->event != NULL && event_add(watch->event, NULL) == 0);
	return 0;
}

/* ---- one transfer */

static size_t
on_read(char *buffer, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t room = size * count;
	size_t left = transfer->body_length - transfer->body_sent;
	size_t length = left < room ? left : room;

	memcpy(buffer, transfer->body + transfer->body_sent, length);
	transfer->body_sent += length;
	return length;
}

static size_t
on_write(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count;
	size_t need = transfer->answer_length + length + 1;

	if (need > transfer->carrier->limits.answer_max)
		return 0;               /* curl ends the transfer */
	if (need > transfer->answer_size) {
		size_t room = transfer->answer_size * 2;

		while (room < need)
			room *= 2;
		transfer->answer = realloc(transfer->answer, room);
		CHECK(transfer->answer != NULL);
		transfer->answer_size = room;
	}
	memcpy(transfer->answer + transfer->answer_length, bytes, length);
	transfer->answer_length += length;
	transfer->answer[transfer->answer_length] = '\0';
	return length;
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	(void)bytes;
	transfer->header_bytes += size * count;
	return transfer->header_bytes > HEADERS_MAX ? 0 : size * count;
}

static int
on_connected(void *context, curl_socket_t fd, curlsocktype purpose)
{
	unsigned timeout_ms = USER_TIMEOUT_MS;

	(void)context;
	(void)purpose;
	/* Best effort: not every socket is TCP. */
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
	    sizeof(timeout_ms));
	return CURL_SOCKOPT_OK;
}

/* What never differs between two requests. The body goes through a read
 * function without a seek function: so curl cannot send it a second time on a
 * new connection by itself (it reports error 65 instead). */
static void
set_constants(struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NETRC, CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 300L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_connected);
}

static struct transfer *
take_transfer(struct carrier *carrier)
{
	struct transfer *transfer = TAILQ_FIRST(&carrier->spare);

	if (transfer != NULL) {
		TAILQ_REMOVE(&carrier->spare, transfer, link);
		return transfer;
	}
	transfer = calloc(1, sizeof(*transfer));
	CHECK(transfer != NULL);
	transfer->carrier = carrier;
	transfer->easy = curl_easy_init();
	transfer->answer_size = ANSWER_START;
	transfer->answer = malloc(transfer->answer_size);
	CHECK(transfer->easy != NULL && transfer->answer != NULL);
	set_constants(transfer);
	return transfer;
}

static void
free_transfer(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	free(transfer->url);
	free(transfer->body);
	free(transfer->answer);
	free(transfer);
}

static void
give_back(struct carrier *carrier, struct transfer *transfer)
{
	/* One large answer does not stay for ever. */
	if (transfer->answer_size > ANSWER_START * 4) {
		free(transfer->answer);
		transfer->answer_size = ANSWER_START;
		transfer->answer = malloc(transfer->answer_size);
		CHECK(transfer->answer != NULL);
	}
	TAILQ_INSERT_HEAD(&carrier->spare, transfer, link);
}

static void
set_body(struct transfer *transfer, const struct carrier_request *request)
{
	bool has_body = request->body_length > 0 ||
	    strcmp(request->method, "POST") == 0 ||
	    strcmp(request->method, "PUT") == 0;

	if (request->body_length + 1 > transfer->body_size) {
		transfer->body_size = request->body_length + 1024;
		free(transfer->body);
		transfer->body = malloc(transfer->body_size);
		CHECK(transfer->body != NULL);
	}
	if (request->body_length > 0)
		memcpy(transfer->body, request->body, request->body_length);
	transfer->body_length = request->body_length;
	transfer->body_sent = 0;
	if (!has_body) {
		curl_easy_setopt(transfer->easy, CURLOPT_HTTPGET, 1L);
	} else {
		curl_easy_setopt(transfer->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE,
		    (long)request->body_length);
	}
	curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST,
	    request->method);
}

/* Most requests have the headers of the one before. */
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

bool
carrier_send(struct carrier *carrier, const struct carrier_request *request,
    uint64_t tag)
{
	struct transfer *transfer;

	if (carrier->waiting_count >= carrier->limits.queue_max +
	    (carrier->limits.in_flight_max - carrier->wire_count))
		return false;
	transfer = take_transfer(carrier);
	transfer->tag = tag;
	transfer->answer_length = 0;
	transfer->answer[0] = '\0';
	transfer->header_bytes = 0;
	transfer->error[0] = '\0';
	transfer->started_at_ms = clock_monotonic_ms();
	if (transfer->url == NULL || strcmp(transfer->url, request->url) != 0) {
		free(transfer->url);
		transfer->url = strdup(request->url);
		CHECK(transfer->url != NULL);
		curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url);
	}
	curl_easy_setopt(transfer->easy, CURLOPT_PROTOCOLS_STR,
	    request->allow_private ? "http,https" : "https");
	curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS,
	    request->timeout_ms);
	curl_easy_setopt(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS,
	    request->connect_timeout_ms);
	set_body(transfer, request);
	set_headers(transfer, request);
	TAILQ_INSERT_TAIL(&carrier->waiting, transfer, link);
	carrier->waiting_count++;
	return true;
}

/* ---- ends */

/* Certainly not executed: no byte of the request can have been read. */
static bool
is_unreached(struct transfer *transfer, CURLcode code)
{
	curl_off_t connected_us = 0;

	switch ((int)code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
		return true;
	case CURLE_OPERATION_TIMEDOUT:
		/* Time was up before there was a connection to speak on. */
		curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T,
		    &connected_us);
		return connected_us == 0;
	default:
		return false;
	}
}

static void
deliver(struct carrier *carrier, struct transfer *transfer, CURLcode code)
{
	struct carrier_answer answer = { .tag = transfer->tag };
	long status = 0;

	answer.elapsed_ms = clock_monotonic_ms() - transfer->started_at_ms;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && status >= 200) {
		answer.end = TRANSPORT_ANSWERED;
		answer.status = (int)status;
		answer.body_length = transfer->answer_length;
		answer.body = transfer->answer;
	} else {
		answer.end = is_unreached(transfer, code) ?
		    TRANSPORT_UNREACHED : TRANSPORT_LOST;
		answer.body = "";
		answer.error = transfer->error[0] != '\0' ? transfer->error :
		    code == CURLE_OK ? "no final answer" :
		    curl_easy_strerror(code);
	}
	carrier->on_answer(carrier->context, &answer);
	give_back(carrier, transfer);
}

static void
read_ends(struct carrier *carrier)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(carrier->multi, &left)) !=
	    NULL) {
		CURLcode code = message->data.result;
		CURL *easy = message->easy_handle;
		struct transfer *transfer = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
		curl_multi_remove_handle(carrier->multi, easy);
		TAILQ_REMOVE(&carrier->wire, transfer, link);
		carrier->wire_count--;
		deliver(carrier, transfer, code);
	}
}

/* ---- the pass */

static void
start_waiting(struct carrier *carrier)
{
	struct transfer *transfer;

	while (carrier->wire_count < carrier->limits.in_flight_max &&
	    (transfer = TAILQ_FIRST(&carrier->waiting)) != NULL) {
		TAILQ_REMOVE(&carrier->waiting, transfer, link);
		carrier->waiting_count--;
		TAILQ_INSERT_TAIL(&carrier->wire, transfer, link);
		carrier->wire_count++;
		CHECK(curl_multi_add_handle(carrier->multi, transfer->easy) ==
		    CURLM_OK);
	}
}

static void
act_on_sockets(struct carrier *carrier)
{
	size_t count = carrier->ready_count;
	int running;

	for (size_t i = 0; i < count; i++) {
		int fd = carrier->ready[i];
		short what = carrier->watches[fd].ready;
		int bits = 0;

		carrier->watches[fd].is_listed = false;
		carrier->watches[fd].ready = 0;
		if (carrier->watches[fd].event == NULL)
			continue;       /* curl let it go meanwhile */
		if (what & EV_READ)
			bits |= CURL_CSELECT_IN;
		if (what & EV_WRITE)
			bits |= CURL_CSELECT_OUT;
		if (bits != 0)
			curl_multi_socket_action(carrier->multi, fd, bits,
			    &running);
	}
	memmove(carrier->ready, carrier->ready + count,
	    (carrier->ready_count - count) * sizeof(*carrier->ready));
	carrier->ready_count -= count;
}

void
carrier_drain(struct carrier *carrier)
{
	int running;

	for (int i = 0; i < ROUNDS_MAX && carrier_has_work(carrier); i++) {
		start_waiting(carrier);
		if (carrier->ready_count > 0)
			act_on_sockets(carrier);
		if (carrier->is_timer_over) {
			carrier->is_timer_over = false;
			curl_multi_socket_action(carrier->multi,
			    CURL_SOCKET_TIMEOUT, 0, &running);
		}
		read_ends(carrier);
	}
}

bool
carrier_has_work(const struct carrier *carrier)
{
	return carrier->ready_count > 0 || carrier->is_timer_over ||
	    (carrier->waiting_count > 0 &&
	        carrier->wire_count < carrier->limits.in_flight_max);
}

size_t
carrier_in_flight(const struct carrier *carrier)
{
	return carrier->wire_count + carrier->waiting_count;
}

/* ---- the module */

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
	carrier->multi = curl_multi_init();
	carrier->timer = evtimer_new(base, on_timer_event, carrier);
	CHECK(carrier->multi != NULL && carrier->timer != NULL);
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

static void
free_list(struct carrier *carrier, struct transfer_list *list, bool is_wire)
{
	struct transfer *transfer;

	while ((transfer = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, transfer, link);
		if (is_wire)
			curl_multi_remove_handle(carrier->multi,
			    transfer->easy);
		free_transfer(transfer);
	}
}

void
carrier_free(struct carrier *carrier)
{
	if (carrier == NULL)
		return;
	free_list(carrier, &carrier->wire, true);
	free_list(carrier, &carrier->waiting, false);
	free_list(carrier, &carrier->spare, false);
	curl_multi_setopt(carrier->multi, CURLMOPT_SOCKETFUNCTION, NULL);
	curl_multi_setopt(carrier->multi, CURLMOPT_TIMERFUNCTION, NULL);
	curl_multi_cleanup(carrier->multi);
	for (size_t i = 0; i < carrier->watch_count; i++) {
		if (carrier->watches[i].event != NULL)
			event_free(carrier->watches[i].event);
	}
	event_free(carrier->timer);
	free(carrier->watches);
	free(carrier->ready);
	free(carrier);
}
