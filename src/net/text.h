/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_TEXT_H
#define NET_TEXT_H

/*
 * Small pieces of text that go over the network.
 */

#include "base/str.h"

/*
 * Adds bytes as a part of a URL: all but A-Z a-z 0-9 - . _ ~ as %XX, upper
 * case (RFC 3986, 2.3; AWS's UriEncode), the slash only if it is not kept.
 */
void net_encode(struct buf *out, struct slice text, bool keep_slash);
/* Undoes it; false if a % is not followed by two hexadecimal digits. */
bool net_decode(struct buf *out, struct slice text);

/*
 * Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7) or
 * "2009-10-12T17:50:30.000Z" (S3's listings; ISO 8601); 0: it is neither.
 */
int64_t net_time(struct slice text);

#endif
