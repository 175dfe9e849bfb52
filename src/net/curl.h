/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_CURL_H
#define NET_CURL_H

/*
 * libcurl, loaded when it is first needed: it brings some thirty libraries
 * with it, and a command that stays on this machine must not pay for them
 * (6 ms, measured with 7.88.1).
 */

#include <curl/curl.h>

#include "base/err.h"

struct curl {
	void *library;
	__typeof__(curl_version) *version;
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_global_cleanup) *global_cleanup;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_reset) *easy_reset;
	/* Not type-checked: numbers have to be long. */
	CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
	CURLMcode (*multi_setopt)(CURLM *multi, CURLMoption option, ...);
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_perform) *multi_perform;
	__typeof__(curl_multi_poll) *multi_poll;
	__typeof__(curl_multi_wakeup) *multi_wakeup;
	__typeof__(curl_multi_info_read) *multi_info_read;
};

CHECKED int curl_load(struct curl *out, struct mldv_error *err);
void curl_unload(struct curl *curl);

#endif
