/* SPDX-License-Identifier: Apache-2.0 */
#include "format/chunks.h"

#include "format/lines.h"

/* The shortest line: a digit, an oid, LF. */
#define SHORTEST (2 + OID_HEX + 1)
/* The hash has seen this many bytes where a chunk may first end. */
#define WINDOW 64
/* Below these the 22 and the 18 highest bits are 0. */
#define BELOW_EARLY ((uint64_t)1 << 42)
#define BELOW_LATE  ((uint64_t)1 << 46)

/*
 * The first eight bytes, big-endian, of SHA-256("mldv-gear-1" and the byte i).
 * The unit test computes them again.
 */
static const uint64_t gear[256] = {
    0xa14f3e855f70772c,
    0x8dc9f50b7b692642,
    0xd0abaaed851c457e,
    0x0b7f5124d1235040,
    0xc4864817ef1197c5,
    0x01b2e51d627f6fd6,
    0xa692c373d67f87a4,
    0x0026df21e999ae3c,
    0x759ae3c6729ec5a5,
    0xae45a2d1141a27eb,
    0xafbf157a93aac28d,
    0x498b68a01aedc791,
    0x8f3dd788fc12d79e,
    0xfb1032183183188a,
    0xcf7897ce33e41279,
    0x3cfbc576fcdb0051,
    0x6bf18a5b00f6b051,
    0x603e1dc974e1f2b6,
    0x1d0f84e217991de4,
    0x4388839314578e59,
    0x6df818106c5669d9,
    0xf3b3659d00084f02,
    0x1f9862d7b1e0d5af,
    0x3e115669b1dc6a03,
    0xaf5c36a84c49c079,
    0x7ad3557f02ffd0ae,
    0xe10aec21dcc906ee,
    0x2dee7f56ae787b9e,
    0x7bcbe66d180a972a,
    0x1b0babf5922496ec,
    0x5825862d6d0479fd,
    0x88ecbf5b9d2d2ef2,
    0xa802bdca088f76b2,
    0xf8e18acfeb5a3ae2,
    0x48d579b7e5e72062,
    0xf62ff64e9b1d203a,
    0x952ddf5dfd0a35bc,
    0xc04a5bfa966a321d,
    0x455c7c3af8c7e40f,
    0xcaa4415fe61b072c,
    0x45ad79ebd4aea3a1,
    0x3a0edefaf21f9d75,
    0x3ba7dc51f7784be2,
    0x0fdebc4c3e63fa36,
    0x90f333534ea48344,
    0x754929af30e0bce3,
    0x2b7c04318a80db7f,
    0xbda102314f513b71,
    0xbc54154d3e33d51f,
    0xfdf281e5cc01114c,
    0x5b52193d414e3ff6,
    0x950c10e46b987024,
    0xc70e972423732b48,
    0x1e0a1785df83222a,
    0xf2c82554db1b4b18,
    0xccb617d9715a8c6e,
    0x471f2af8cc776092,
    0x9851ff5ce8542522,
    0xf6d2e6abfd2ec996,
    0xccfb97dc946bd372,
    0xdbe3bef2289ddd38,
    0x250f4cc2edc64135,
    0x9e6112d0e4972d17,
    0xac383133b8f0087b,
    0x6abba6b3b4e6f516,
    0x2ebbab8fb5de7bf9,
    0x76728284f976da2c,
    0x66926ac80f694ce8,
    0x11bb5e13b5367213,
    0x3d67eb159dc0f11d,
    0xa1a64b890a04aea6,
    0x904e6888fa45207b,
    0xd4b8187411350085,
    0x0e86c91d58b23fe4,
    0x2aaa4a22cbbd1669,
    0x7c01e4b16cf402e6,
    0x445cdbbe74f63183,
    0xa21c8cb7565cef7d,
    0xec72a5f5eba3a0da,
    0xf0530359d57357bd,
    0x09f7ada1aa590cf5,
    0x75d1a55bdeedb339,
    0xfa1c9da53c354184,
    0xf0e58fae85958661,
    0x3689ba983bb8bc0c,
    0xb2084f7b02d4c1d1,
    0x656650aeaeec1628,
    0x404c65f1e565c49a,
    0x64c894976240ad32,
    0x2bbe2b08c4ce5478,
    0x4fb40839463e8e1b,
    0xd068750aa6999308,
    0xbf865670e965db22,
    0xb60f7cc7d154a021,
    0x148821909154ae8e,
    0x1bbdc8b293f30436,
    0x54386a75e2a296cd,
    0x7fd0dd20e5a055d2,
    0x8ea343857722bee2,
    0x75a1fb8233f689eb,
    0x6fc64226b3d7e9e3,
    0x57b37970cc15150d,
    0xf93baf676b51a70c,
    0x8fd2aafd976e70ad,
    0x0faf8d3f6cead8d9,
    0xaf133d8dec4d0d8a,
    0x0927a38a97dfb4ee,
    0xb8a6529d33d2345d,
    0x84edb3dbae580c04,
    0x0e61a5d748f10620,
    0x267f49e5284769e9,
    0x7cd9112371fdefd0,
    0xc12644495760c421,
    0x230a9a3e91bf94f5,
    0x3b6ebc88fb4c78b5,
    0xabc920315baaa5e8,
    0x4d9627b71ad0eca9,
    0xa9d6e7e6569f4a44,
    0x3f8451a70d0640cc,
    0xaa7e863a395a3655,
    0x8763b4081320cb0c,
    0x26ea3db7bd188ceb,
    0x9452fad0a1385b71,
    0x7e6591a638d8a951,
    0xfff80043233380e8,
    0x772d0500d755ac55,
    0x757e4de432389213,
    0x51c0a66edf76c689,
    0xa38323f9669f91e5,
    0x0dd71a2b51e3404d,
    0x03bc334a40855cef,
    0x5d3909db202916c3,
    0xb8baffae3b36fc0a,
    0x782b81a48095b65f,
    0xafefb06ea72ba508,
    0xd2416b2191cdec7a,
    0x40e496b3da2af1e9,
    0xb91cdbc1fb66e694,
    0xfacf27289fac81bf,
    0xa7b0424a1975bc4f,
    0x5753d6ee9c52e092,
    0xbcba230d5aa0930c,
    0x1187fcaca01f9487,
    0xdad49589b30bb9d7,
    0x651dd2d95cd1c4b3,
    0x307791ffd1abbdc7,
    0x91085a310670e898,
    0xbc3744f14d9ceb3a,
    0x4c304696e4957f39,
    0x4a40406948baec28,
    0x475bca73e2fcd312,
    0xbbd3241eeaca08af,
    0xddf491f026125fbb,
    0x0fe23b63ef9ddea8,
    0x45287ff600d5c7c6,
    0xa14264db242904b7,
    0xe0fc9973f3677254,
    0x343898be648a37fe,
    0xe3e9c2e9cd55e5e3,
    0x1c7447f9910e9835,
    0x8d84c2698de8a7d7,
    0x9590682751e05af4,
    0x66d0b8b9da8ba69e,
    0x0478c32080335f33,
    0x2cf5532484c4c2b6,
    0xc03c29f2ae38b954,
    0xf3d2fd7a7c2bd0ea,
    0x81c827c102b0c0d1,
    0xb101d5f1de32547c,
    0x0f6a3e7c49765cbe,
    0x30616bb77c684bb8,
    0xa2f3a1d6d4653e48,
    0x21ce37f8d050d0bc,
    0x8a3958ff3c0d378e,
    0xd2d264abd25d6932,
    0x399857f6b378387e,
    0xc1dd4625498362c9,
    0x67f2ed97296e8934,
    0x163b9526996d5fc2,
    0xe0841482f7060121,
    0xc075557cdfa70846,
    0xb6cb8ac0a074002c,
    0x5adeea3191fa439d,
    0xe356eac5f5964a8a,
    0xf4b5b78121c68696,
    0xc557f61f8bb50a9c,
    0xae47ad0d5e1829b3,
    0x59f28ff2341f94b4,
    0xd4f304a344a4dc08,
    0xf73845a357cbf279,
    0x42a0d0f4d2e28e4a,
    0xc2a9e6b544dad339,
    0xae09e297d5276897,
    0x975895312863ea5d,
    0x161d13ef06b4e824,
    0x5929000d8c78f896,
    0xa74782852a55d8f4,
    0x30b55cea260c347a,
    0x932e7a467c6e212c,
    0xc3243eb697898f5e,
    0xe4b2d17132b85b82,
    0x8da5c2ef5393649d,
    0x369573bb40178991,
    0xdc56c913a7a6825f,
    0xb96f55f3668b9811,
    0x1ace1c2af97c4ea0,
    0xa86116b66e3fccd3,
    0xbca3651a02754783,
    0xe8aad303d2002393,
    0x2f15e8db244a3e88,
    0xf45cd5f4356c7ce5,
    0x5ccdcb69499cf5a3,
    0x56eab55b7271fc80,
    0x7c6bec80af564ba4,
    0x90b4cce074c079c3,
    0xd17094a206a7b802,
    0xf2669cdaeb3153be,
    0xcbb3bfa6abf36ae6,
    0x24335c0f616d3683,
    0x5328fb520aca994d,
    0x8fdcfb2df7ea4746,
    0x9f0b4dcb5e0aa284,
    0xebec104d04341c43,
    0xd54db1e9a7353ada,
    0x62e2b7987ed1aafb,
    0x18b7fd9b42bd7807,
    0xdb8ea09ff189c297,
    0x6dc51646b82d742a,
    0x65ca91bd4879a419,
    0x3778dd02c33ad13b,
    0x10a420e00b2dd1dd,
    0x2dd05949da67fb95,
    0x2dc287b0e8b52ae0,
    0xc72856419f1a9225,
    0x4a2de2a124d8d83c,
    0xa50571a5e8a79195,
    0xdc8d93107edcaaf7,
    0xb2e14d854b936f1d,
    0x2f6d17b742d0b9bf,
    0xe001d8aaafe751f7,
    0x8b2f6f22d50a9984,
    0x768c5fcbee3b90c5,
    0x429ec313e77d7f2f,
    0xbd2b438bb0a41b4f,
    0xb448f081463c1a54,
    0xcb8a757b1bbe5b0d,
    0x563cd31cc3991042,
    0x058d161e6f2b493c,
    0x001248d1fcb31a83,
    0x8d916bf11f0bc378,
    0xc0b634530d3db92a,
    0xbc4822759bd05bf1,
    0xfe0d6734428b983b,
    0x93120a7a0674a64a,
    0xe1cacc4530b9c4af,
    0x3b455f7a292f5a3f,
};

/* The hash of the bytes before, of which it remembers no more than these. */
static uint64_t hash_before(const uint8_t *data, size_t at)
{
	uint64_t hash = 0;

	for (size_t i = at - (WINDOW - 1); i < at; i++)
		hash = (hash << 1) + gear[data[i]];
	return hash;
}

/*
 * The first place in from … end where the hash is below, or end. Of four
 * bytes together only one step waits for the hash of the bytes before.
 */
static size_t find_below(const uint8_t *data, size_t from, size_t end,
    uint64_t below)
{
	uint64_t hash = hash_before(data, from);
	size_t i = from;

	for (; end - i >= 4; i += 4) {
		uint64_t first = gear[data[i]];
		uint64_t second = (first << 1) + gear[data[i + 1]];
		uint64_t third = (second << 1) + gear[data[i + 2]];
		uint64_t fourth = (third << 1) + gear[data[i + 3]];

		if ((hash << 1) + first < below)
			return i;
		if ((hash << 2) + second < below)
			return i + 1;
		if ((hash << 3) + third < below)
			return i + 2;
		hash = (hash << 4) + fourth;
		if (hash < below)
			return i + 3;
	}
	for (; i < end; i++) {
		hash = (hash << 1) + gear[data[i]];
		if (hash < below)
			return i;
	}
	return end;
}

size_t chunk_cut(const uint8_t *data, size_t len)
{
	size_t early;
	size_t i;

	if (len <= CHUNK_MIN)
		return len;
	if (len > CHUNK_MAX)
		len = CHUNK_MAX;
	early = len < CHUNK_NORMAL - 1 ? len : CHUNK_NORMAL - 1;
	i = find_below(data, CHUNK_MIN - 1, early, BELOW_EARLY);
	if (i == early)
		i = find_below(data, early, len, BELOW_LATE);
	return i < len ? i + 1 : len;
}

static int take_chunk(struct lines *lines, struct chunks *chunks,
    struct mldv_error *err)
{
	struct chunk *chunk = &chunks->items[chunks->count];
	uint64_t size;

	if (lines_number(lines, &size, err) < 0 ||
	    lines_oid(lines, &chunk->oid, err) < 0 || lines_end(lines, err) < 0)
		return -1;
	if (size == 0 || size > CHUNK_MAX || oid_equal(&chunk->oid, &oid_empty))
		return lines_error(lines, err, "a chunk has 1 to %d bytes",
		    CHUNK_MAX);
	/* Only the last one may be what was left. */
	if (size < CHUNK_MIN && lines->rest.len > 0)
		return lines_error(lines, err,
		    "a chunk that is not the last has at least %d bytes",
		    CHUNK_MIN);
	chunk->size = (uint32_t)size;
	chunks->size += size;
	return 0;
}

int chunks_parse(struct chunks *out, struct arena *arena, const char *text,
    size_t len, struct mldv_error *err)
{
	struct chunks chunks = {0};
	struct lines lines;
	int more;

	if (len > CHUNKS_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "chunks: is longer than %d bytes", CHUNKS_LIMIT);
	if (lines_start(&lines, "chunks", text, len, err) < 0)
		return -1;
	/* One more: a line too short is refused only after it was begun. */
	chunks.items = arena_array(arena, lines_count(&lines, SHORTEST) + 1,
	    sizeof(*chunks.items));
	while ((more = lines_next(&lines, err)) > 0) {
		if (take_chunk(&lines, &chunks, err) < 0)
			return -1;
		chunks.count++;
	}
	if (more < 0)
		return -1;
	if (chunks.size <= OBJECT_WHOLE_MAX)
		return lines_error(&lines, err,
		    "an object of up to %d bytes is not cut", OBJECT_WHOLE_MAX);
	*out = chunks;
	return 0;
}

void chunks_format(const struct chunks *chunks, struct buf *out)
{
	buf_add_str(out, "mldv-chunks 1\n");
	for (size_t i = 0; i < chunks->count; i++) {
		lines_add_number(out, chunks->items[i].size);
		buf_add_char(out, ' ');
		lines_add_oid(out, &chunks->items[i].oid);
		buf_add_char(out, '\n');
	}
}
