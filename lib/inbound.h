/* SPDX-License-Identifier: MIT */
/* inbound: what a text that somebody wrote to us asks for. */
#ifndef CALLBACKD_LIB_INBOUND_H
#define CALLBACKD_LIB_INBOUND_H

enum inbound_wish {
	INBOUND_NOTHING,
	INBOUND_STOP,           /* no more messages */
	INBOUND_START,          /* messages again, and calls */
	INBOUND_NO_CALLS,       /* neither calls nor messages */
	INBOUND_NO,             /* not this call that they were told of */
	INBOUND_ONE,            /* "1": of a specialist, the offer is accepted */
	INBOUND_TWO,            /* "2": it is declined */
};

/* The whole text must be the word, in any case, with marks and blanks around it: in a
 * sentence it may mean anything. CANCEL, which networks take for STOP, is one. */
enum inbound_wish inbound_read(const char *text);

#endif
