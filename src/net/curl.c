/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "net/client.h"

#define LIBRARY "libcurl.so.4"

struct symbol {
	const char *name;
	size_t offset;
};

#define SYMBOL(name)                                       \
	{                                                  \
		"curl_" #name, offsetof(struct curl, name) \
	}

static const struct symbol symbols[] = {
    SYMBOL(version),
    SYMBOL(global_init),
    SYMBOL(global_cleanup),
    SYMBOL(easy_init),
    SYMBOL(easy_cleanup),
    SYMBOL(easy_reset),
    SYMBOL(easy_setopt),
    SYMBOL(easy_getinfo),
    SYMBOL(easy_strerror),
    SYMBOL(slist_append),
    SYMBOL(slist_free_all),
    SYMBOL(multi_init),
    SYMBOL(multi_cleanup),
    SYMBOL(multi_setopt),
    SYMBOL(multi_add_handle),
    SYMBOL(multi_remove_handle),
    SYMBOL(multi_perform),
    SYMBOL(multi_poll),
    SYMBOL(multi_wakeup),
    SYMBOL(multi_info_read),
};

static int cannot_load(struct mldv_error *err)
{
	const char *why = dlerror();

	return err_set(err, MLDV_FAILED,
	    "cannot load " LIBRARY ": %s; install libcurl 7.68 or later",
	    why ? why : "it cannot be started");
}

int curl_load(struct curl *out, struct mldv_error *err)
{
	out->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!out->library)
		return cannot_load(err);
	for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
		void *address = dlsym(out->library, symbols[i].name);

		if (!address)
			return cannot_load(err);
		/* POSIX has them of one size and form. */
		memcpy((char *)out + symbols[i].offset, &address,
		    sizeof address);
	}
	if (out->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return cannot_load(err);
	return 0;
}

void curl_unload(struct curl *curl)
{
	/* The library stays: some that it brings cannot be unloaded. */
	if (curl->library && curl->global_cleanup)
		curl->global_cleanup();
	*curl = (struct curl){0};
}

int net_library(struct buf *out, struct mldv_error *err)
{
	struct curl curl = {0};
	int ret = curl_load(&curl, err);

	if (ret == 0)
		buf_add_str(out, curl.version());
	curl_unload(&curl);
	return ret;
}
