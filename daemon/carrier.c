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
#include "daemon/carrier.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "daemon/carrier_sockets.h"
#include "daemon/clock.h"
#include "lib/fault.h"

enum {
	HEADERS_MAX = 64 * 1024,        /* bytes of an answer's headers */
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

struct carrier {
	struct event_base *base;
	struct carrier_limits limits;
	void *context;
	carrier_on_answer *on_answer;
	CURLM *multi;
	struct event *timer;
	bool is_timer_over;
	struct carrier_sockets *sockets;
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

/* To the last byte of its body, as far as curl has told. */
static bool
has_left(const struct transfer *transfer)
{
	return transfer != NULL && transfer->has_spoken &&
	    transfer->body_sent == transfer->body_length;
}

/* Kept is a connection that was spoken on. Of other descriptors that curl lets go
 * (its resolver's, one that never was connected) it does not tell the end. */
static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *context,
    void *socket_context)
{
	struct carrier *carrier = context;
	struct transfer *transfer = find_transfer(carrier, easy);
	short wanted = 0;

	(void)socket_context;
	if (transfer != NULL && what != CURL_POLL_REMOVE &&
	    carrier_socket_is_ours(carrier->sockets, fd))
		transfer->fd = fd;
	CRASH_POINT_IF(what == CURL_POLL_IN && has_left(transfer),
	    "request_left");
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		wanted |= EV_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		wanted |= EV_WRITE;
	carrier_socket_want(carrier->sockets, fd, wanted,
	    transfer != NULL && transfer->has_spoken);
	return 0;
}

/* ---- what curl asks while a transfer runs */

static curl_socket_t
on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = context;

	(void)purpose;
	if (transfer->has_spoken && !PLANTED("connection_reused"))
		return CURL_SOCKET_BAD;
	if (!transfer->may_be_private &&
	    carrier_address_is_private(&address->addr)) {
		transfer->is_refused = true;
		return CURL_SOCKET_BAD;
	}
	return carrier_socket_open(transfer->carrier->sockets,
	    address->family, address->socktype, address->protocol);
}

/* May come long after the transfer that opened it. */
static int
on_close(void *context, curl_socket_t fd)
{
	struct carrier *carrier = context;

	return carrier_socket_close(carrier->sockets, fd);
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
	carrier_socket_end(carrier->sockets, transfer->fd);
	return 0;
}

/* By default OpenSSL reads on behind each session ticket and each new key until data
 * comes: whoever sends nothing else would hold the loop for ever, also past every
 * timeout. So it says that it has to wait, and the next pass reads on. */
static CURLcode
on_tls(CURL *easy, void *tls, void *context)
{
	(void)easy;
	(void)context;
	SSL_CTX_clear_mode(tls, SSL_MODE_AUTO_RETRY);
	return CURLE_OK;
}

/* ---- a transfer is made, filled, given back */

/* Which says what on_tls is given. */
static bool
is_openssl(void)
{
	const char *tls = curl_version_info(CURLVERSION_NOW)->ssl_version;

	return tls != NULL && strncmp(tls, "OpenSSL/", 8) == 0;
}

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
	if (is_openssl())
		curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
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

/* Those that are left come first in the next pass. */
static void
act_on_sockets(struct carrier *carrier, int64_t until_ms)
{
	int fd, running;
	short what;

	while (clock_monotonic_ms() <= until_ms &&
	    carrier_sockets_next(carrier->sockets, &fd, &what)) {
		int bits = (what & EV_READ ? CURL_CSELECT_IN : 0) |
		    (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

		CHECK(curl_multi_socket_action(carrier->multi, fd, bits,
		    &running) == CURLM_OK);
	}
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
	return carrier_sockets_have_news(carrier->sockets) ||
	    carrier->is_timer_over ||
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
	carrier->sockets = carrier_sockets_new(base);
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
	carrier_sockets_free(carrier->sockets);
	event_free(carrier->timer);
	event_free(carrier->turn);
	free(carrier->slots);
	free(carrier);
}
