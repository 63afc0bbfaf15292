/* SPDX-License-Identifier: MIT */
/*
 * xml_check: is a text one well-formed XML element? Stricter than XML 1.0: no
 * prolog, comments, CDATA or processing instructions, no entities but the five
 * and character references. For documents that we write ourselves.
 */
#ifndef CALLBACKD_LIB_XML_CHECK_H
#define CALLBACKD_LIB_XML_CHECK_H

#include <stddef.h>

/* NULL: it is. Else what is wrong (static), and the byte where. The text must be
 * UTF-8. */
const char *xml_check(const char *text, size_t *ret_at);

#endif
