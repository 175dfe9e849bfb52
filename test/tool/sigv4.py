# SPDX-License-Identifier: Apache-2.0
"""AWS Signature Version 4, as both ends of the tests compute it.

After "Signature Version 4 signing process" in the IAM user guide and
"Authenticating Requests" in the S3 API reference: the path is encoded once,
of the bytes that it stands for, and never normalised.
"""

import hashlib
import hmac
import re
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = 'AWS4-HMAC-SHA256'
EMPTY = hashlib.sha256(b'').hexdigest()
# No intermediary leaves these alone, so they are not to be signed.
UNSIGNABLE = {'connection', 'expect', 'keep-alive', 'proxy-authenticate',
              'proxy-authorization', 'te', 'trailer', 'transfer-encoding',
              'upgrade', 'user-agent', 'x-amzn-trace-id', 'authorization'}


def encode(raw, safe=''):
    return quote(raw, safe='-._~' + safe)


def split_query(query):
    """Pairs of names and values, as bytes, of a query as it was sent."""
    pairs = []
    for part in query.split('&') if query else []:
        name, _, value = part.partition('=')
        pairs.append((unquote_to_bytes(name), unquote_to_bytes(value)))
    return pairs


def canonical_query(query):
    return '&'.join('='.join(pair) for pair in sorted(
        (encode(name), encode(value)) for name, value in split_query(query)))


def canonical_request(method, path, query, headers, signed, payload):
    """headers: a dictionary of lower-case names; signed: names, in order."""
    lines = [method, encode(unquote_to_bytes(path), '/') or '/',
             canonical_query(query)]
    lines += [name + ':' + re.sub(' +', ' ', headers[name].strip())
              for name in signed]
    return '\n'.join(lines + ['', ';'.join(signed), payload])


def signature(secret, date, region, service, request):
    """date: 20130524T000000Z; request: the canonical request."""
    scope = '/'.join([date[:8], region, service, 'aws4_request'])
    text = '\n'.join([ALGORITHM, date, scope,
                      hashlib.sha256(request.encode('latin-1')).hexdigest()])
    key = ('AWS4' + secret).encode()
    for part in scope.split('/'):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def authorization(key, secret, date, region, service, request):
    """request: what canonical_request takes, as a tuple."""
    return '%s Credential=%s/%s/%s/%s/aws4_request, SignedHeaders=%s, ' \
        'Signature=%s' % (ALGORITHM, key, date[:8], region, service,
                          ';'.join(request[4]),
                          signature(secret, date, region, service,
                                    canonical_request(*request)))
