/* SPDX-License-Identifier: MIT */
/*
 * network: internet addresses as text, for counting what comes from one visitor. Whoever
 * has one IPv6 address has 2^64 of them, so they count by /64; IPv4 by the address,
 * also where it is written as IPv6 (RFC 4291, 2.5.5.2).
 */
#ifndef CALLBACKD_LIB_NETWORK_H
#define CALLBACKD_LIB_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

enum { NETWORK_SIZE = 52 };     /* "2001:db8:1:2::/64", and what a configuration names */

/* What a visitor's address counts as. False: it is no address, or none of the public
 * internet (loopback, private, link-local, shared: RFC 6890), so that many may be behind
 * it or it says nothing of the visitor. */
bool network_of_visitor(const char *address, char ret_network[NETWORK_SIZE]);

/* "10.0.0.0/8", "2001:db8::/32", or one address. */
bool network_is_valid(const char *network);
bool network_has(const char *network, const char *address);

/* One hop of X-Forwarded-For, without spaces, brackets and port; length bytes. False: it
 * does not look like an address. */
bool network_hop(const char *text, size_t length, char ret_address[NETWORK_SIZE]);

#endif
