/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "git/internal.h"

/*
 * libgit2, where it is built with Mbed TLS, as Debian does, reads all of the
 * system's certificate authorities when it is initialised: 5 ms of every
 * command, for what only a fetch over HTTPS needs. So the function that reads
 * them stands here in front of the library's own, and does nothing until
 * git_trust_authorities says that it is needed.
 */

#define AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static atomic_bool wanted;

/* Mbed TLS 2.28: mbedtls/x509_crt.h; 0, or how many could not be read. */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);

int mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
	int (*next)(void *chain, const char *path);
	void *symbol;

	if (!atomic_load(&wanted))
		return 0;
	symbol = dlsym(RTLD_NEXT, "mbedtls_x509_crt_parse_file");
	if (symbol == NULL)
		return -1;
	memcpy(&next, &symbol, sizeof next);
	return next(chain, path);
}

int git_trust_authorities(void)
{
	if (atomic_exchange(&wanted, true))
		return 0;
	return git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, AUTHORITIES,
	    NULL);
}
