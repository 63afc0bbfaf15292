/* SPDX-License-Identifier: MIT */
/* network: every address as its 16 bytes of IPv6. */
#include "lib/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

enum { BYTES = 16, MAPPED = 12 };

static const unsigned char mapped[MAPPED] = { [10] = 0xff, [11] = 0xff };

static bool
read_address(const char *text, unsigned char ret_bytes[BYTES])
{
	if (inet_pton(AF_INET, text, ret_bytes + MAPPED) == 1) {
		memcpy(ret_bytes, mapped, MAPPED);
		return true;
	}
	return inet_pton(AF_INET6, text, ret_bytes) == 1;
}

static bool
is_v4(const unsigned char bytes[BYTES])
{
	return memcmp(bytes, mapped, MAPPED) == 0;
}

static bool
read_network(const char *text, unsigned char ret_bytes[BYTES], int *ret_bits)
{
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char address[NETWORK_SIZE];
	int most, bits;

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!read_address(address, ret_bytes))
		return false;
	most = strchr(address, ':') != NULL ? 128 : 32;
	bits = most;
	if (slash != NULL) {
		size_t digits = strspn(slash + 1, "0123456789");

		if (digits < 1 || digits > 3 || slash[1 + digits] != '\0')
			return false;
		bits = atoi(slash + 1);
	}
	/* Everybody is nobody in particular. */
	if (bits < 1 || bits > most)
		return false;
	*ret_bits = 128 - most + bits;
	return true;
}

bool
network_is_valid(const char *network)
{
	unsigned char bytes[BYTES];
	int bits;

	return read_network(network, bytes, &bits);
}

bool
network_has(const char *network, const char *address)
{
	unsigned char of[BYTES], bytes[BYTES];
	int bits, whole;
	unsigned mask;

	if (!read_network(network, of, &bits) || !read_address(address, bytes))
		return false;
	whole = bits / 8;
	if (memcmp(of, bytes, (size_t)whole) != 0)
		return false;
	if (bits % 8 == 0)
		return true;
	mask = 0xff00u >> bits % 8 & 0xff;
	return (of[whole] & mask) == (bytes[whole] & mask);
}

bool
network_of_visitor(const char *address, char ret_network[NETWORK_SIZE])
{
	static const char *const others[] = { "0.0.0.0/8", "10.0.0.0/8",
		"100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
		"172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/127",
		"fc00::/7", "fe80::/10", "ff00::/8" };
	unsigned char bytes[BYTES];
	char text[INET6_ADDRSTRLEN];
	const char *printed;

	if (!read_address(address, bytes))
		return false;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (network_has(others[i], address))
			return false;
	if (is_v4(bytes)) {
		printed = inet_ntop(AF_INET, bytes + MAPPED, text, sizeof(text));
		CHECK(printed != NULL);
		snprintf(ret_network, NETWORK_SIZE, "%s", text);
		return true;
	}
	memset(bytes + BYTES / 2, 0, BYTES / 2);
	printed = inet_ntop(AF_INET6, bytes, text, sizeof(text));
	CHECK(printed != NULL);
	snprintf(ret_network, NETWORK_SIZE, "%s/64", text);
	return true;
}

bool
network_hop(const char *text, size_t length, char ret_address[NETWORK_SIZE])
{
	unsigned char bytes[BYTES];
	const char *end, *colon;

	while (length > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		length--;
	}
	while (length > 0 && (text[length - 1] == ' ' ||
	    text[length - 1] == '\t'))
		length--;
	colon = memchr(text, ':', length);
	if (length > 0 && *text == '[') {
		end = memchr(text, ']', length);
		if (end == NULL)
			return false;
		length = (size_t)(end - ++text);
	} else if (colon != NULL && memchr(colon + 1, ':', length -
	    (size_t)(colon + 1 - text)) == NULL) {
		length = (size_t)(colon - text);
	}
	if (length == 0 || length >= NETWORK_SIZE)
		return false;
	memcpy(ret_address, text, length);
	ret_address[length] = '\0';
	return read_address(ret_address, bytes);
}
