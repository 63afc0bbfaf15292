/* SPDX-License-Identifier: MIT */
/*
 * libcurl's multi interface on the event loop. curl's own handlers only record;
 * every start happens from a timer, because curl refuses to be called from
 * inside itself.
 */
#include "sandbox/fetch.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "sandbox/memory.h"
#include "sandbox/sandbox.h"
#include "sandbox/twiml.h"

enum {
	FETCH_COUNT_MAX = 128,	/* in curl's hands; the others wait here */
	TRY_COUNT_MAX = 2,
	CONNECT_TIMEOUT_MS = 5000,
};

struct fetch_job {
	struct fetcher *fetcher;
	CURL *easy;		/* NULL while it waits */
	struct curl_slist *headers;
	char *url, *form, *signature;
	char *body;
	size_t length;
	int try_count;
	fetch_handler *on_done;
	void *context;
	TAILQ_ENTRY(fetch_job) in_list;
};

TAILQ_HEAD(job_list, fetch_job);

struct fetcher {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;	/* curl's deadline */
	struct event *start;	/* something waits */
	struct job_list waiting, flying;
	size_t flying_count;
};

static void
on_start(evutil_socket_t fd, short what, void *arg);

static void
on_timer(evutil_socket_t fd, short what, void *arg);

static void
on_socket(evutil_socket_t fd, short what, void *arg);

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
    void *socket_arg);

static int
on_curl_timer(CURLM *multi, long timeout_ms, void *arg);

static size_t
on_bytes(char *bytes, size_t size, size_t count, void *arg);

static void
job_start(struct fetch_job *job);

static void
job_free(struct fetch_job *job);

static void
fetcher_drain(struct fetcher *fetcher);

static bool
is_connection_failure(CURLcode code);

struct fetcher *
fetcher_new(struct event_base *base)
{
	struct fetcher *fetcher;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	fetcher = memory_new(sizeof(*fetcher));
	fetcher->base = base;
	TAILQ_INIT(&fetcher->waiting);
	TAILQ_INIT(&fetcher->flying);
	fetcher->multi = curl_multi_init();
	fetcher->timer = evtimer_new(base, on_timer, fetcher);
	fetcher->start = evtimer_new(base, on_start, fetcher);
	if (fetcher->multi == NULL || fetcher->timer == NULL ||
	    fetcher->start == NULL) {
		fetcher_free(fetcher);
		return NULL;
	}
	curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION,
	    on_curl_socket);
	curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher);
	curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION,
	    on_curl_timer);
	curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher);
	curl_multi_setopt(fetcher->multi, CURLMOPT_MAXCONNECTS,
	    (long)FETCH_COUNT_MAX);
	return fetcher;
}

void
fetcher_free(struct fetcher *fetcher)
{
	const struct fetch_result none = {
		.error = "the network was shut down",
		.body = "",
	};
	struct fetch_job *job;

	if (fetcher == NULL)
		return;
	TAILQ_CONCAT(&fetcher->waiting, &fetcher->flying, in_list);
	while ((job = TAILQ_FIRST(&fetcher->waiting)) != NULL) {
		TAILQ_REMOVE(&fetcher->waiting, job, in_list);
		job->on_done(job->context, &none);
		job_free(job);
	}
	if (fetcher->multi != NULL)
		curl_multi_cleanup(fetcher->multi);
	if (fetcher->timer != NULL)
		event_free(fetcher->timer);
	if (fetcher->start != NULL)
		event_free(fetcher->start);
	free(fetcher);
	curl_global_cleanup();
}

void
fetch(struct fetcher *fetcher, const char *url, const char *form,
    const char *signature, fetch_handler *on_done, void *context)
{
	struct fetch_job *job = memory_new(sizeof(*job));

	job->fetcher = fetcher;
	job->url = memory_copy(url);
	job->form = memory_copy(form);
	job->signature = memory_copy(signature);
	job->on_done = on_done;
	job->context = context;
	TAILQ_INSERT_TAIL(&fetcher->waiting, job, in_list);
	event_active(fetcher->start, EV_TIMEOUT, 0);
}

static void
on_start(evutil_socket_t fd, short what, void *arg)
{
	struct fetcher *fetcher = arg;
	struct fetch_job *job;

	(void)fd;
	(void)what;
	while (fetcher->flying_count < FETCH_COUNT_MAX &&
	    (job = TAILQ_FIRST(&fetcher->waiting)) != NULL) {
		TAILQ_REMOVE(&fetcher->waiting, job, in_list);
		TAILQ_INSERT_TAIL(&fetcher->flying, job, in_list);
		fetcher->flying_count++;
		job_start(job);
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct fetcher *fetcher = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(fetcher->multi, CURL_SOCKET_TIMEOUT, 0,
	    &running);
	fetcher_drain(fetcher);
}

/* The argument is the fetcher: the event may be freed during the action. */
static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct fetcher *fetcher = arg;
	int running, flags = 0;

	if ((what & EV_READ) != 0)
		flags |= CURL_CSELECT_IN;
	if ((what & EV_WRITE) != 0)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(fetcher->multi, fd, flags, &running);
	fetcher_drain(fetcher);
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
    void *socket_arg)
{
	struct fetcher *fetcher = arg;
	struct event *event = socket_arg;
	short flags = EV_PERSIST;

	(void)easy;
	if (event != NULL) {
		event_free(event);
		curl_multi_assign(fetcher->multi, fd, NULL);
	}
	if (what == CURL_POLL_REMOVE)
		return 0;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		flags |= EV_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		flags |= EV_WRITE;
	event = event_new(fetcher->base, fd, flags, on_socket, fetcher);
	CHECK(event != NULL);
	CHECK(event_add(event, NULL) == 0);
	curl_multi_assign(fetcher->multi, fd, event);
	return 0;
}

static int
on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct fetcher *fetcher = arg;
	struct timeval wait;

	(void)multi;
	if (timeout_ms < 0) {
		evtimer_del(fetcher->timer);
		return 0;
	}
	wait = sandbox_real_time(timeout_ms);
	CHECK(evtimer_add(fetcher->timer, &wait) == 0);
	return 0;
}

static size_t
on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct fetch_job *job = arg;
	size_t added = size * count;

	/* A short count makes curl end the transfer with an error. */
	if (job->length + added > TWIML_SIZE_MAX)
		return 0;
	job->body = memory_grow(job->body, job->length + added + 1, 1);
	memcpy(job->body + job->length, bytes, added);
	job->length += added;
	job->body[job->length] = '\0';
	return added;
}

static void
job_start(struct fetch_job *job)
{
	CURL *easy = curl_easy_init();

	CHECK(easy != NULL);
	job->easy = easy;
	job->try_count++;
	job->length = 0;
	if (job->headers == NULL && job->signature != NULL) {
		char *header = memory_format("X-Twilio-Signature: %s",
		    job->signature);

		job->headers = curl_slist_append(NULL, header);
		job->headers = curl_slist_append(job->headers, "Expect:");
		free(header);
	}
	curl_easy_setopt(easy, CURLOPT_PRIVATE, job);
	curl_easy_setopt(easy, CURLOPT_URL, job->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)FETCH_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "callback-sandbox");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, job->headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, job);
	if (job->form != NULL)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, job->form);
	CHECK(curl_multi_add_handle(job->fetcher->multi, easy) == CURLM_OK);
}

static void
job_free(struct fetch_job *job)
{
	if (job->easy != NULL) {
		curl_multi_remove_handle(job->fetcher->multi, job->easy);
		curl_easy_cleanup(job->easy);
	}
	curl_slist_free_all(job->headers);
	free(job->url);
	free(job->form);
	free(job->signature);
	free(job->body);
	free(job);
}

/* Handlers may fetch again: that only makes something wait. */
static void
fetcher_drain(struct fetcher *fetcher)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(fetcher->multi, &left)) !=
	    NULL) {
		struct fetch_result result = { .body = "" };
		struct fetch_job *job;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		    (char **)&job);
		curl_easy_getinfo(message->easy_handle,
		    CURLINFO_RESPONSE_CODE, &result.status);
		curl_multi_remove_handle(fetcher->multi, job->easy);
		curl_easy_cleanup(job->easy);
		job->easy = NULL;
		TAILQ_REMOVE(&fetcher->flying, job, in_list);
		fetcher->flying_count--;
		if (!TAILQ_EMPTY(&fetcher->waiting))
			event_active(fetcher->start, EV_TIMEOUT, 0);
		if (is_connection_failure(code) &&
		    job->try_count < TRY_COUNT_MAX) {
			TAILQ_INSERT_TAIL(&fetcher->waiting, job, in_list);
			event_active(fetcher->start, EV_TIMEOUT, 0);
			continue;
		}
		if (code != CURLE_OK) {
			result.status = 0;
			result.error = curl_easy_strerror(code);
		} else if (job->body != NULL) {
			result.body = job->body;
			result.length = job->length;
		}
		job->on_done(job->context, &result);
		job_free(job);
	}
}

static bool
is_connection_failure(CURLcode code)
{
	return code == CURLE_COULDNT_CONNECT || code == CURLE_GOT_NOTHING ||
	    code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_RECV_ERROR ||
	    code == CURLE_SEND_ERROR || code == CURLE_SSL_CONNECT_ERROR;
}
