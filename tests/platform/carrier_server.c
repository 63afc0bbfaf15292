/* SPDX-License-Identifier: MIT */
/* carrier_server: accept, read one request, do what its path says, again. */
#define _GNU_SOURCE     /* strcasestr */
#include "tests/platform/carrier_server.h"

#include <errno.h>
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/check.h"

enum { REQUEST_MAX = 64 * 1024, LINES_MAX = 1024, BACKLOG = 4096 };

#define CREATED "HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\n{\"id\":\"c-1\"}"

const struct carrier_server_answer carrier_server_answers[] = {
	{ "/no-length", "HTTP/1.1 200 OK\r\n\r\nuntil the end", false },
	{ "/empty", "HTTP/1.1 204 No Content\r\n\r\n", false },
	{ "/early", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" CREATED, false },
	{ "/redirect", "HTTP/1.1 307 Temporary Redirect\r\nLocation: /ok\r\n"
	    "Content-Length: 0\r\n\r\n", false },
	{ "/garbage", "\x16\x03\x01 what is this\r\n\r\n", false },
	{ "/http-0.9", "<html>welcome to 1991</html>", false },
	{ "/switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", false },
	{ "/interim", "HTTP/1.1 100 Continue\r\n\r\n", true },
	{ "/headers", "HTTP/1.1 200 OK\r\nX-A: 0123456789012345678901234567890\r\n"
	    "X-B: 0123456789012345678901234567890\r\n", false },
	{ "/header-flood", "HTTP/1.1 200 OK\r\nX-Flood: 0123456789\r\n", true },
	{ "/bad-length", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc", false },
	{ "/negative", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc", false },
	{ "/truncated", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"id\":", false },
	{ "/bad-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
	    false },
	{ "/half-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "10\r\nonly a part", false },
	{ "/gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n"
	    "\r\nnot.", false },
	{ NULL, NULL, false }
};

struct carrier_server {
	enum carrier_server_kind kind;
	int listener, port;
	pthread_t thread;
	SSL_CTX *tls;
	char certificate[64];
	pthread_mutex_t lock;           /* of all that follows */
	pthread_cond_t has_ended;
	size_t executed, accepted, line_count;
	int lines[LINES_MAX];           /* descriptors; -1: unused */
};

/* One connection. */
struct line {
	struct carrier_server *server;
	int fd;
	SSL *tls;
	char input[REQUEST_MAX];
	size_t used;
};

/* ---- bytes */

static bool
put(struct line *line, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done = line->tls != NULL ?
		    SSL_write(line->tls, bytes, (int)length) :
		    send(line->fd, bytes, length, MSG_NOSIGNAL);

		if (done <= 0)
			return false;
		bytes += done;
		length -= (size_t)done;
	}
	return true;
}

static bool
put_text(struct line *line, const char *text)
{
	return put(line, text, strlen(text));
}

/* False: the other side has hung up. */
static bool
get(struct line *line, size_t room)
{
	ssize_t done = line->tls != NULL ?
	    SSL_read(line->tls, line->input + line->used, (int)room) :
	    recv(line->fd, line->input + line->used, room, 0);

	if (done <= 0)
		return false;
	line->used += (size_t)done;
	line->input[line->used] = '\0';
	return true;
}

/* False when the connection has ended or the server stops. */
static bool
rest(struct line *line, int ms)
{
	struct pollfd poll_for = { .fd = line->fd, .events = POLLRDHUP };

	return poll(&poll_for, 1, ms) == 0;
}

/* The bytes of the request that the input begins with; 0: not yet whole. */
static size_t
whole_length(const struct line *line)
{
	const char *end = strstr(line->input, "\r\n\r\n");
	const char *length = strcasestr(line->input, "\r\nContent-Length:");
	size_t whole;

	if (end == NULL)
		return 0;
	whole = (size_t)(end - line->input) + 4;
	if (length != NULL && length < end)
		whole += strtoul(length + 17, NULL, 10);
	return line->used >= whole ? whole : 0;
}

static void
count_executed(struct line *line)
{
	pthread_mutex_lock(&line->server->lock);
	line->server->executed++;
	pthread_mutex_unlock(&line->server->lock);
}

static void
reset(struct line *line)
{
	struct linger at_once = { 1, 0 };

	setsockopt(line->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* ---- what a path stands for; false: hang up */

static bool
echo(struct line *line, size_t length)
{
	char head[128];

	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu"
	    "\r\n\r\n", length);
	return put_text(line, head) && put(line, line->input, length);
}

static bool
trickle(struct line *line)
{
	if (!put_text(line, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"))
		return false;
	while (rest(line, 20) && put(line, ".", 1))
		;
	return false;
}

static bool
pour(struct line *line, const char *first)
{
	static const char block[8192];

	if (!put_text(line, first))
		return false;
	while (put(line, block, sizeof(block)))
		;
	return false;
}

static bool
hang_up_within_next(struct line *line, const char *how)
{
	bool is_whole = strncmp(how, "all", 3) == 0;
	size_t want = is_whole ? REQUEST_MAX - 1 : strtoul(how, NULL, 10);

	if (!put_text(line, CREATED))
		return false;
	line->used = 0;
	line->input[0] = '\0';
	while (line->used < want && !(is_whole && whole_length(line) > 0) &&
	    get(line, want - line->used))
		;
	if (whole_length(line) > 0)
		count_executed(line);
	if (strstr(how, "/rst") != NULL)
		reset(line);
	return false;
}

static bool
fixed(struct line *line, const char *path, size_t length)
{
	const struct carrier_server_answer *answer = carrier_server_answers;

	while (answer->path != NULL && (strlen(answer->path) != length ||
	    strncmp(answer->path, path, length) != 0))
		answer++;
	if (answer->path == NULL) {
		put_text(line, "HTTP/1.1 404 Not Found\r\n"
		    "Content-Length: 0\r\n\r\n");
		return true;
	}
	do {
		if (!put_text(line, answer->text))
			return false;
	} while (answer->is_repeated);
	return false;
}

/* OpenSSL does not tell when a ticket cannot be written. */
static bool
is_taken(const struct line *line)
{
	char byte;

	return recv(line->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	    errno == EAGAIN;
}

/* What TLS says beside any data; without TLS there is nothing to say. */
static bool
pour_beside(struct line *line, bool is_tickets)
{
	while (line->tls != NULL && is_taken(line) && (is_tickets ?
	    SSL_new_session_ticket(line->tls) :
	    SSL_key_update(line->tls, SSL_KEY_UPDATE_NOT_REQUESTED)) == 1 &&
	    SSL_do_handshake(line->tls) == 1)
		;
	return false;
}

static bool
act(struct line *line, const char *path, size_t length)
{
	if (strncmp(path, "/ok ", 4) == 0)
		return put_text(line, CREATED);
	if (strncmp(path, "/echo ", 6) == 0)
		return echo(line, length);
	if (strncmp(path, "/late/", 6) == 0)
		return rest(line, atoi(path + 6)) && put_text(line, CREATED);
	if (strncmp(path, "/idle/", 6) == 0)
		return put_text(line, CREATED) && rest(line, atoi(path + 6)) &&
		    false;
	if (strncmp(path, "/stray/", 7) == 0)
		return put_text(line, CREATED) && rest(line, atoi(path + 7)) &&
		    put_text(line, "HTTP/1.1 202 Stray\r\n"
		        "Content-Length: 5\r\n\r\nstray");
	if (strncmp(path, "/close ", 7) == 0)
		return false;
	if (strncmp(path, "/reset ", 7) == 0) {
		reset(line);
		return false;
	}
	if (strncmp(path, "/slow ", 6) == 0)
		return trickle(line);
	if (strncmp(path, "/huge ", 6) == 0)
		return pour(line, "HTTP/1.1 200 OK\r\n\r\n");
	if (strncmp(path, "/between ", 9) == 0)
		return pour(line, "HTTP/1.1 200 OK\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n5;");
	if (strncmp(path, "/tickets ", 9) == 0)
		return pour_beside(line, true);
	if (strncmp(path, "/keys ", 6) == 0)
		return pour_beside(line, false);
	if (strncmp(path, "/gap/", 5) == 0)
		return hang_up_within_next(line, path + 5);
	return fixed(line, path, strcspn(path, " ?"));
}

/* ---- connections */

static void
serve(struct line *line)
{
	bool goes_on = true;

	while (goes_on) {
		size_t length;
		const char *path;

		while ((length = whole_length(line)) == 0) {
			if (line->used == REQUEST_MAX - 1 ||
			    !get(line, REQUEST_MAX - 1 - line->used))
				return;
		}
		count_executed(line);
		path = strchr(line->input, ' ');
		CHECK(path != NULL);
		goes_on = act(line, path + 1, length);
		if (goes_on) {
			line->used -= length;
			memmove(line->input, line->input + length,
			    line->used + 1);
		}
	}
}

static void *
serve_line(void *context)
{
	struct line *line = context;
	struct carrier_server *server = line->server;
	bool is_ready = true;

	if (server->tls != NULL) {
		line->tls = SSL_new(server->tls);
		SSL_set_fd(line->tls, line->fd);
		is_ready = SSL_accept(line->tls) == 1;
	}
	if (is_ready)
		serve(line);
	if (line->tls != NULL) {
		if (is_ready)
			SSL_shutdown(line->tls);
		SSL_free(line->tls);
		OPENSSL_thread_stop();
	}
	pthread_mutex_lock(&server->lock);
	for (size_t i = 0; i < LINES_MAX; i++) {
		if (server->lines[i] == line->fd)
			server->lines[i] = -1;
	}
	close(line->fd);
	free(line);
	server->line_count--;
	pthread_cond_signal(&server->has_ended);
	pthread_mutex_unlock(&server->lock);
	return NULL;
}

static void
begin_line(struct carrier_server *server, int fd)
{
	struct line *line = calloc(1, sizeof(*line));
	pthread_attr_t detached;
	pthread_t thread;
	size_t at = 0;
	int yes = 1;

	CHECK(line != NULL);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	line->server = server;
	line->fd = fd;
	pthread_mutex_lock(&server->lock);
	while (at < LINES_MAX && server->lines[at] >= 0)
		at++;
	CHECK(at < LINES_MAX);
	server->lines[at] = fd;
	server->line_count++;
	pthread_mutex_unlock(&server->lock);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&detached, 256 * 1024);
	CHECK(pthread_create(&thread, &detached, serve_line, line) == 0);
	pthread_attr_destroy(&detached);
}

static void *
accept_lines(void *context)
{
	struct carrier_server *server = context;
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		pthread_mutex_lock(&server->lock);
		server->accepted++;
		pthread_mutex_unlock(&server->lock);
		if (server->kind == SERVER_HANGS_UP)
			close(fd);
		else
			begin_line(server, fd);
	}
	return NULL;
}

/* ---- the server */

static void
make_certificate(struct carrier_server *server)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *paper = X509_new();
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_subject_alt_name, server->kind == SERVER_IS_ANOTHER ?
	    "IP:127.0.0.2" : "IP:127.0.0.1");
	FILE *file;
	int fd;

	CHECK(key != NULL && paper != NULL && names != NULL);
	X509_set_version(paper, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(paper), 1);
	X509_gmtime_adj(X509_getm_notBefore(paper), -3600);
	X509_gmtime_adj(X509_getm_notAfter(paper),
	    server->kind == SERVER_HAS_EXPIRED ? -60 : 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(paper), "CN",
	    MBSTRING_ASC, (const unsigned char *)"server", -1, -1, 0);
	X509_set_issuer_name(paper, X509_get_subject_name(paper));
	X509_set_pubkey(paper, key);
	X509_add_ext(paper, names, -1);
	CHECK(X509_sign(paper, key, EVP_sha256()) > 0);
	server->tls = SSL_CTX_new(TLS_server_method());
	CHECK(server->tls != NULL);
	CHECK(SSL_CTX_use_certificate(server->tls, paper) == 1);
	CHECK(SSL_CTX_use_PrivateKey(server->tls, key) == 1);
	strcpy(server->certificate, "/tmp/carrier_server.XXXXXX");
	fd = mkstemp(server->certificate);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	CHECK(file != NULL && PEM_write_X509(file, paper) == 1);
	fclose(file);
	X509_EXTENSION_free(names);
	X509_free(paper);
	EVP_PKEY_free(key);
}

struct carrier_server *
carrier_server_new(enum carrier_server_kind kind)
{
	struct carrier_server *server = calloc(1, sizeof(*server));
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	if (server == NULL)
		return NULL;
	server->kind = kind;
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(server->listener, (struct sockaddr *)&address, size) < 0 ||
	    listen(server->listener, BACKLOG) < 0 ||
	    getsockname(server->listener, (struct sockaddr *)&address,
	        &size) < 0) {
		free(server);
		return NULL;
	}
	server->port = ntohs(address.sin_port);
	memset(server->lines, -1, sizeof(server->lines));
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->has_ended, NULL);
	if (kind == SERVER_SPEAKS_TLS || kind == SERVER_HAS_EXPIRED ||
	    kind == SERVER_IS_ANOTHER)
		make_certificate(server);
	if (kind != SERVER_NEVER_ACCEPTS)
		CHECK(pthread_create(&server->thread, NULL, accept_lines,
		    server) == 0);
	return server;
}

void
carrier_server_free(struct carrier_server *server)
{
	if (server == NULL)
		return;
	shutdown(server->listener, SHUT_RDWR);
	if (server->kind != SERVER_NEVER_ACCEPTS)
		pthread_join(server->thread, NULL);
	close(server->listener);
	pthread_mutex_lock(&server->lock);
	for (size_t i = 0; i < LINES_MAX; i++) {
		if (server->lines[i] >= 0)
			shutdown(server->lines[i], SHUT_RDWR);
	}
	while (server->line_count > 0)
		pthread_cond_wait(&server->has_ended, &server->lock);
	pthread_mutex_unlock(&server->lock);
	if (server->tls != NULL) {
		SSL_CTX_free(server->tls);
		unlink(server->certificate);
	}
	pthread_cond_destroy(&server->has_ended);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

int
carrier_server_port(const struct carrier_server *server)
{
	return server->port;
}

const char *
carrier_server_certificate(const struct carrier_server *server)
{
	return server->certificate;
}

size_t
carrier_server_take_executed(struct carrier_server *server)
{
	size_t count;

	pthread_mutex_lock(&server->lock);
	count = server->executed;
	server->executed = 0;
	pthread_mutex_unlock(&server->lock);
	return count;
}

size_t
carrier_server_take_accepted(struct carrier_server *server)
{
	size_t count;

	pthread_mutex_lock(&server->lock);
	count = server->accepted;
	server->accepted = 0;
	pthread_mutex_unlock(&server->lock);
	return count;
}

size_t
carrier_server_count_open(struct carrier_server *server)
{
	size_t count;

	pthread_mutex_lock(&server->lock);
	count = server->line_count;
	pthread_mutex_unlock(&server->lock);
	return count;
}
