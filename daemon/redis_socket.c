/* SPDX-License-Identifier: MIT */
/*
 * The reads of libevent 2.1 are 4 KiB at a time whatever is asked for; writes
 * are 16 KiB until the limit is raised, as it is here.
 */
#include "daemon/redis_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { WRITE_MAX = 1 << 18 };

static SSL_CTX *
load_certificates(const struct redis_address *address, char *ret_why);

static SSL *
begin_tls(SSL_CTX *tls, const struct redis_address *address, char *ret_why);

static bool
make_name(const struct redis_address *address, struct sockaddr_storage *ret,
    int *ret_length);

struct bufferevent *
redis_socket_new(struct event_base *base, const struct redis_address *address,
    SSL_CTX **tls, char *ret_why)
{
	struct bufferevent *made;

	if (address->is_tls) {
		SSL *ssl;

		if (*tls == NULL)
			*tls = load_certificates(address, ret_why);
		if (*tls == NULL)
			return NULL;
		ssl = begin_tls(*tls, address, ret_why);
		if (ssl == NULL)
			return NULL;
		made = bufferevent_openssl_socket_new(base, -1, ssl,
		    BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
		CHECK(made != NULL);
		/* Redis closes without the goodbye of TLS. */
		bufferevent_openssl_set_allow_dirty_shutdown(made, 1);
	} else {
		made = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
		CHECK(made != NULL);
	}
	bufferevent_set_max_single_write(made, WRITE_MAX);
	return made;
}

bool
redis_socket_connect(struct bufferevent *socket,
    const struct redis_address *address, char *ret_why)
{
	struct sockaddr_storage name;
	int length, fd, on = 1;

	if (!make_name(address, &name, &length)) {
		snprintf(ret_why, REDIS_SOCKET_WHY_SIZE,
		    "the address is neither a path nor numeric");
		return false;
	}
	errno = 0;
	if (bufferevent_socket_connect(socket, (struct sockaddr *)&name,
	    length) != 0) {
		snprintf(ret_why, REDIS_SOCKET_WHY_SIZE, "connect: %s",
		    strerror(errno));
		return false;
	}
	fd = bufferevent_getfd(socket);
	if (fd >= 0)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (fd >= 0 && !address->is_unix)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return true;
}

void
redis_socket_why(struct bufferevent *socket, short what, char *ret_why)
{
	SSL *ssl = bufferevent_openssl_get_ssl(socket);
	unsigned long code = ssl == NULL ? 0 :
	    bufferevent_get_openssl_error(socket);
	long verdict = ssl == NULL ? X509_V_OK : SSL_get_verify_result(ssl);
	const char *during = (what & BEV_EVENT_READING) != 0 ? "read" :
	    (what & BEV_EVENT_WRITING) != 0 ? "write" : "connect";

	if (verdict != X509_V_OK)
		snprintf(ret_why, REDIS_SOCKET_WHY_SIZE, "certificate: %s",
		    X509_verify_cert_error_string(verdict));
	else if (code != 0 && ERR_reason_error_string(code) != NULL)
		snprintf(ret_why, REDIS_SOCKET_WHY_SIZE, "TLS: %s",
		    ERR_reason_error_string(code));
	else if (ssl != NULL && !SSL_is_init_finished(ssl))
		/* libevent calls a refused connection an end of file here. */
		snprintf(ret_why, REDIS_SOCKET_WHY_SIZE,
		    "connect: refused, or closed before TLS began");
	else if ((what & BEV_EVENT_EOF) != 0)
		snprintf(ret_why, REDIS_SOCKET_WHY_SIZE, "closed by Redis");
	else
		snprintf(ret_why, REDIS_SOCKET_WHY_SIZE, "%s: %s", during,
		    strerror(EVUTIL_SOCKET_ERROR()));
}

static SSL_CTX *
load_certificates(const struct redis_address *address, char *ret_why)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	int code;

	CHECK(tls != NULL);
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	if (address->ca_file[0] == '\0')
		code = SSL_CTX_set_default_verify_paths(tls);
	else
		code = SSL_CTX_load_verify_file(tls, address->ca_file);
	if (code == 1)
		return tls;
	snprintf(ret_why, REDIS_SOCKET_WHY_SIZE,
	    "cannot read certificates from %.180s", address->ca_file[0] == '\0'
	    ? "the system's store" : address->ca_file);
	ERR_clear_error();
	SSL_CTX_free(tls);
	return NULL;
}

static SSL *
begin_tls(SSL_CTX *tls, const struct redis_address *address, char *ret_why)
{
	SSL *ssl = SSL_new(tls);
	unsigned char numeric[sizeof(struct in6_addr)];
	int code;

	CHECK(ssl != NULL);
	if (inet_pton(AF_INET, address->name, numeric) == 1 ||
	    inet_pton(AF_INET6, address->name, numeric) == 1)
		code = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
		    address->name);
	else
		code = SSL_set1_host(ssl, address->name) == 1 &&
		    SSL_set_tlsext_host_name(ssl, address->name) == 1;
	if (code == 1)
		return ssl;
	snprintf(ret_why, REDIS_SOCKET_WHY_SIZE,
	    "the host's name cannot be checked by TLS");
	ERR_clear_error();
	SSL_free(ssl);
	return NULL;
}

static bool
make_name(const struct redis_address *address, struct sockaddr_storage *ret,
    int *ret_length)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	memset(ret, 0, sizeof(*ret));
	if (address->is_unix) {
		size_t length = strlen(address->host);

		if (length >= sizeof(path.sun_path))
			return false;
		memcpy(path.sun_path, address->host, length + 1);
		memcpy(ret, &path, sizeof(path));
		*ret_length = sizeof(path);
		return true;
	}
	if (inet_pton(AF_INET, address->host, &v4.sin_addr) == 1) {
		v4.sin_port = htons((uint16_t)address->port);
		memcpy(ret, &v4, sizeof(v4));
		*ret_length = sizeof(v4);
		return true;
	}
	if (inet_pton(AF_INET6, address->host, &v6.sin6_addr) == 1) {
		v6.sin6_port = htons((uint16_t)address->port);
		memcpy(ret, &v6, sizeof(v6));
		*ret_length = sizeof(v6);
		return true;
	}
	return false;
}
