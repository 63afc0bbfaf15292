/* SPDX-License-Identifier: MIT */
/*
 * region: what time it is for who has a number there, as far as their number says. Large
 * countries have several zones; a website that sends the browser's says better.
 */
#ifndef CALLBACKD_LIB_REGION_H
#define CALLBACKD_LIB_REGION_H

/* The IANA name of the zone in which most people of that region ("RU") live; "": it is
 * not known. */
const char *region_zone(const char *region);

#endif
