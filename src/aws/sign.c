/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/text.h"

#define ALGORITHM        "AWS4-HMAC-SHA256"
#define UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

/* Sorts before all that an encoded name may hold, so names sort alone. */
#define SEPARATOR '\001'

enum { MAC = 32, DATE = 8 };

void aws_query_add(struct aws_query *query, const char *name, const char *value)
{
	struct buf pair = {0};

	net_encode(&pair, slice_of(name), false);
	buf_add_char(&pair, SEPARATOR);
	if (value)
		net_encode(&pair, slice_of(value), false);
	strs_add(&query->pairs, buf_str(&pair));
	buf_release(&pair);
}

void aws_query_text(struct aws_query *query, struct buf *out)
{
	strs_sort(&query->pairs);
	for (size_t i = 0; i < query->pairs.count; i++) {
		const char *pair = query->pairs.items[i];
		const char *value = strchr(pair, SEPARATOR);

		if (i > 0)
			buf_add_char(out, '&');
		buf_add(out, pair, (size_t)(value - pair));
		buf_add_char(out, '=');
		buf_add_str(out, value + 1);
	}
}

void aws_query_release(struct aws_query *query)
{
	strs_release(&query->pairs);
}

/* One signature being made. */
struct signing {
	const struct aws_unsigned *request;
	const struct aws_credentials *credentials;
	struct aws_header *headers; /* sorted by name */
	size_t count;
	char stamp[17]; /* 20130524T000000Z */
	char payload[OID_HEX + 1];
	struct buf names; /* host;x-amz-date */
	struct buf scope; /* 20130524/us-east-1/s3/aws4_request */
};

static int compare_headers(const void *a, const void *b)
{
	const struct aws_header *left = a;
	const struct aws_header *right = b;

	return strcmp(left->name, right->name);
}

static void add_header(struct signing *signing, const char *name,
    const char *value)
{
	signing->headers[signing->count++] = (struct aws_header){name, value};
}

static void collect_headers(struct signing *signing)
{
	const struct aws_unsigned *request = signing->request;
	const struct aws_credentials *credentials = signing->credentials;

	signing->headers =
	    xcalloc(request->header_count + 4, sizeof(*signing->headers));
	for (size_t i = 0; i < request->header_count; i++)
		add_header(signing, request->headers[i].name,
		    request->headers[i].value);
	add_header(signing, "host", request->host);
	add_header(signing, "x-amz-date", signing->stamp);
	if (strcmp(request->service, "s3") == 0)
		add_header(signing, "x-amz-content-sha256", signing->payload);
	if (credentials->session_token)
		add_header(signing, "x-amz-security-token",
		    credentials->session_token);
	qsort(signing->headers, signing->count, sizeof(*signing->headers),
	    compare_headers);
	for (size_t i = 0; i < signing->count; i++) {
		if (i > 0)
			buf_add_char(&signing->names, ';');
		buf_add_str(&signing->names, signing->headers[i].name);
	}
}

/* Trimmed, and each run of spaces as one. */
static void add_value(struct buf *out, const char *value)
{
	struct slice text = slice_trim(slice_of(value));

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != ' ' || text.data[i - 1] != ' ')
			buf_add_char(out, text.data[i]);
	}
}

static void canonical_request(const struct signing *signing, struct buf *out)
{
	const struct aws_unsigned *request = signing->request;

	buf_printf(out, "%s\n%s\n%s\n", request->method,
	    *request->path ? request->path : "/", request->query);
	for (size_t i = 0; i < signing->count; i++) {
		buf_printf(out, "%s:", signing->headers[i].name);
		add_value(out, signing->headers[i].value);
		buf_add_char(out, '\n');
	}
	buf_printf(out, "\n%s\n%s", buf_str(&signing->names), signing->payload);
}

static void string_to_sign(const struct signing *signing, struct buf *out)
{
	struct buf canonical = {0};
	char hex[OID_HEX + 1];
	struct oid oid;

	canonical_request(signing, &canonical);
	oid_of(canonical.data, canonical.len, &oid);
	oid_hex(&oid, hex);
	buf_printf(out, ALGORITHM "\n%s\n%s\n%s", signing->stamp,
	    buf_str(&signing->scope), hex);
	buf_release(&canonical);
}

static int mac(const void *key, size_t key_size, struct slice text,
    unsigned char out[MAC], struct mldv_error *err)
{
	unsigned size = MAC;

	if (!HMAC(EVP_sha256(), key, (int)key_size,
	        (const unsigned char *)text.data, text.len, out, &size))
		return err_set(err, MLDV_FAILED, "cannot sign with OpenSSL");
	return 0;
}

static int make_key(const struct signing *signing, unsigned char key[MAC],
    struct mldv_error *err)
{
	const struct aws_unsigned *request = signing->request;
	struct buf secret = {0};
	int ret = -1;

	buf_printf(&secret, "AWS4%s", signing->credentials->secret_key);
	if (mac(secret.data, secret.len, (struct slice){signing->stamp, DATE},
	        key, err) == 0 &&
	    mac(key, MAC, slice_of(request->region), key, err) == 0 &&
	    mac(key, MAC, slice_of(request->service), key, err) == 0 &&
	    mac(key, MAC, slice_of("aws4_request"), key, err) == 0)
		ret = 0;
	buf_release(&secret);
	return ret;
}

static int add_authorization(const struct signing *signing, struct strs *out,
    struct mldv_error *err)
{
	unsigned char key[MAC];
	struct oid signature;
	char hex[OID_HEX + 1];
	struct buf text = {0};
	int ret;

	string_to_sign(signing, &text);
	ret = make_key(signing, key, err);
	if (ret == 0)
		ret = mac(key, MAC, (struct slice){text.data, text.len},
		    signature.bytes, err);
	if (ret == 0) {
		oid_hex(&signature, hex);
		buf_reset(&text);
		buf_printf(&text,
		    "authorization: " ALGORITHM
		    " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
		    signing->credentials->access_key, buf_str(&signing->scope),
		    buf_str(&signing->names), hex);
		strs_add(out, buf_str(&text));
	}
	buf_release(&text);
	return ret;
}

static void set_time(struct signing *signing, int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm utc = {.tm_mday = 1};

	(void)gmtime_r(&time, &utc);
	(void)strftime(signing->stamp, sizeof(signing->stamp), "%Y%m%dT%H%M%SZ",
	    &utc);
	buf_printf(&signing->scope, "%.*s/%s/%s/aws4_request", DATE,
	    signing->stamp, signing->request->region,
	    signing->request->service);
}

int aws_sign(const struct aws_unsigned *request,
    const struct aws_credentials *credentials, struct strs *out,
    struct mldv_error *err)
{
	struct signing signing = {
	    .request = request,
	    .credentials = credentials,
	    .payload = UNSIGNED_PAYLOAD,
	};
	struct buf line = {0};
	int ret;

	if (request->payload)
		oid_hex(request->payload, signing.payload);
	set_time(&signing, request->time);
	collect_headers(&signing);
	for (size_t i = 0; i < signing.count; i++) {
		if (strcmp(signing.headers[i].name, "host") == 0)
			continue;
		buf_reset(&line);
		buf_printf(&line, "%s: %s", signing.headers[i].name,
		    signing.headers[i].value);
		strs_add(out, buf_str(&line));
	}
	ret = add_authorization(&signing, out, err);
	buf_release(&line);
	buf_release(&signing.names);
	buf_release(&signing.scope);
	free(signing.headers);
	return ret;
}

int aws_md5(const void *data, size_t size, char out[AWS_BASE64_MD5],
    struct mldv_error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (EVP_Digest(data, size, digest, &length, EVP_md5(), NULL) != 1)
		return err_set(err, MLDV_FAILED,
		    "cannot compute an MD5 sum with OpenSSL");
	(void)EVP_EncodeBlock((unsigned char *)out, digest, (int)length);
	return 0;
}

int aws_sha1(const void *data, size_t size, char out[AWS_SHA1_HEX],
    struct mldv_error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (EVP_Digest(data, size, digest, &length, EVP_sha1(), NULL) != 1)
		return err_set(err, MLDV_FAILED,
		    "cannot compute a SHA-1 sum with OpenSSL");
	for (unsigned i = 0; i < length; i++) {
		out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	out[AWS_SHA1_HEX - 1] = '\0';
	return 0;
}

void aws_base64_oid(const struct oid *oid, char out[AWS_BASE64_SHA256])
{
	(void)EVP_EncodeBlock((unsigned char *)out, oid->bytes, OID_SIZE);
}

bool aws_parse_base64_oid(struct oid *out, struct slice text)
{
	unsigned char padded[OID_SIZE + 1];

	/* EVP_DecodeBlock counts the padding as a byte. */
	if (text.len != AWS_BASE64_SHA256 - 1 ||
	    EVP_DecodeBlock(padded, (const unsigned char *)text.data,
	        (int)text.len) != OID_SIZE + 1)
		return false;
	memcpy(out->bytes, padded, OID_SIZE);
	return true;
}
