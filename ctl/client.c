/* SPDX-License-Identifier: MIT */
/* client: libcurl's easy interface with everything clever switched off. */
#include "ctl/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

enum {
	REPLY_MAX = 16 * 1024 * 1024,
	CONNECT_TIMEOUT_MS = 5000,
	TIMEOUT_MS = 30000,
	URL_SIZE = 16 * 1024,
};

struct client {
	CURL *curl;
	char *socket_path;
	long timeout_ms;
};

struct body {
	struct reply reply;
	size_t room;
	bool is_too_long;
};

static void options_set(CURL *curl, const struct client *client);
static size_t on_body(char *bytes, size_t size, size_t count, void *arg);
static enum client_end failure_explain(struct client *client, CURLcode code,
    const struct body *body, char ret_why[CLIENT_WHY_SIZE]);

struct client *
client_new(const char *socket_path)
{
	struct client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return NULL;
	client->socket_path = strdup(socket_path);
	client->curl = curl_easy_init();
	client->timeout_ms = TIMEOUT_MS;
	if (client->socket_path != NULL && client->curl != NULL)
		return client;
	client_free(client);
	return NULL;
}

void
client_set_timeout(struct client *client, long timeout_ms)
{
	client->timeout_ms = timeout_ms;
}

void
client_free(struct client *client)
{
	if (client == NULL)
		return;
	if (client->curl != NULL)
		curl_easy_cleanup(client->curl);
	free(client->socket_path);
	free(client);
}

enum client_end
client_ask(struct client *client, const char *method, const char *path,
    const char *body, size_t length, struct reply *ret_reply,
    char ret_why[CLIENT_WHY_SIZE])
{
	struct curl_slist *headers = NULL;
	struct body received = { 0 };
	CURL *curl = client->curl;
	char url[URL_SIZE];
	CURLcode code;

	*ret_reply = (struct reply){ 0 };
	CHECK(snprintf(url, sizeof(url), "http://localhost%s", path) <
	    URL_SIZE);
	curl_easy_reset(curl);
	options_set(curl, client);
	headers = curl_slist_append(headers, "Accept: application/json");
	if (body != NULL)
		headers = curl_slist_append(headers,
		    "Content-Type: application/json");
	CHECK(headers != NULL);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (body != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)length);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
	code = curl_easy_perform(curl);
	curl_slist_free_all(headers);
	if (code != CURLE_OK) {
		enum client_end end = failure_explain(client, code, &received,
		    ret_why);

		free(received.reply.body);
		return end;
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE,
	    &received.reply.status);
	if (received.reply.body == NULL) {
		received.reply.body = calloc(1, 1);
		CHECK(received.reply.body != NULL);
	}
	*ret_reply = received.reply;
	return CLIENT_ANSWERED;
}

void
reply_fini(struct reply *reply)
{
	free(reply->body);
	*reply = (struct reply){ 0 };
}

static void
options_set(CURL *curl, const struct client *client)
{
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH,
	    client->socket_path);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, client->timeout_ms);
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct body *body = arg;
	size_t length = size * count;

	if (length > REPLY_MAX - body->reply.length) {
		body->is_too_long = true;
		return 0;
	}
	if (body->reply.length + length + 1 > body->room) {
		size_t room = (body->reply.length + length + 1) * 2;
		char *moved = realloc(body->reply.body, room);

		if (moved == NULL)
			return 0;
		body->reply.body = moved;
		body->room = room;
	}
	memcpy(body->reply.body + body->reply.length, bytes, length);
	body->reply.length += length;
	body->reply.body[body->reply.length] = '\0';
	return length;
}

static enum client_end
failure_explain(struct client *client, CURLcode code, const struct body *body,
    char ret_why[CLIENT_WHY_SIZE])
{
	long os_error = 0;

	curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &os_error);
	if (body->is_too_long) {
		snprintf(ret_why, CLIENT_WHY_SIZE,
		    "the answer is longer than %d MB",
		    REPLY_MAX / 1024 / 1024);
		return CLIENT_UNKNOWN;
	}
	if (code == CURLE_COULDNT_CONNECT ||
	    code == CURLE_COULDNT_RESOLVE_HOST) {
		snprintf(ret_why, CLIENT_WHY_SIZE, "%s", os_error != 0 ?
		    strerror((int)os_error) : curl_easy_strerror(code));
		return CLIENT_UNREACHED;
	}
	snprintf(ret_why, CLIENT_WHY_SIZE, "%s", curl_easy_strerror(code));
	return CLIENT_UNKNOWN;
}
