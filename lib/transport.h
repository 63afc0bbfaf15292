/* SPDX-License-Identifier: MIT */
/*
 * transport: the three ends of one HTTP request to a provider. Whoever sends
 * decides between them by what was on the wire, never by hope.
 */
#ifndef CALLBACKD_LIB_TRANSPORT_H
#define CALLBACKD_LIB_TRANSPORT_H

enum transport_end {
	TRANSPORT_ANSWERED,     /* a complete answer came */
	TRANSPORT_UNREACHED,    /* certainly not executed: nothing of the request was sent */
	TRANSPORT_LOST          /* may have been executed */
};

#endif
