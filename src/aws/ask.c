/* SPDX-License-Identifier: Apache-2.0 */

/* What several sources need for asking over HTTP. */

#include "aws/source.h"

enum { SHOWN = 300 };

bool aws_is_good(const struct net_answer *answer)
{
	return answer->status >= 200 && answer->status < 300;
}

int aws_answer_json(const struct aws_search *search,
    const struct net_answer *answer, struct json_values *out,
    struct mldv_error *err)
{
	const struct buf *body = &answer->body;

	if (!aws_is_good(answer))
		return err_set(err, MLDV_FAILED, "HTTP status %d: %s",
		    answer->status,
		    aws_shown(search->arena,
		        (struct slice){buf_str(body), body->len}));
	return json_flatten(out, search->arena, body->data, body->len, err);
}

int aws_ask(struct aws_search *search, const struct net_request *request,
    unsigned times, struct net_answer *answer, struct mldv_error *err)
{
	for (unsigned attempt = 1;; attempt++) {
		struct mldv_error why = {0};
		int ret = net_send(search->net, request, answer, &why);
		int more = 0;

		if (ret == 0 && answer->status < 500 && answer->status != 429)
			return 0;
		if (attempt < times && answer->trouble != NET_FINAL) {
			more = net_wait(search->net, attempt, answer, err);
			if (more < 0)
				return -1;
		}
		if (more == 0) {
			if (ret < 0)
				*err = why;
			return ret;
		}
	}
}

const char *aws_shown(struct arena *arena, struct slice text)
{
	char *out;

	text = slice_trim(text);
	if (text.len > SHOWN)
		text.len = SHOWN;
	out = arena_strn(arena, text.data, text.len);
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
			out[i] = ' ';
	}
	return out;
}
