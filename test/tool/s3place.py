# SPDX-License-Identifier: Apache-2.0
"""A bucket of another service, as the double of SageMaker reads and writes
it: where the data lies in a real S3 and only the training is a double's."""

import re
from html import unescape
from urllib.parse import quote

import s3req

PAGE = re.compile(r'<Key>([^<]*)</Key>')
NEXT = re.compile(r'<NextContinuationToken>([^<]*)</NextContinuationToken>')


class Place:
    """config: endpoint, key, secret, region, as in the environment of AWS."""

    def __init__(self, config):
        self.environment = {
            'AWS_ENDPOINT_URL_S3': config['endpoint'],
            'AWS_ACCESS_KEY_ID': config['key'],
            'AWS_SECRET_ACCESS_KEY': config['secret'],
            'AWS_REGION': config.get('region', 'us-east-1')}

    def ask(self, method, target, body=b''):
        answer = s3req.send(method, target, [], body, self.environment)
        data = answer.read()
        if answer.status == 404:
            return None
        if answer.status // 100 != 2:
            raise OSError('%s %s: %d' % (method, target, answer.status))
        return data

    def get(self, bucket, key):
        """The object's bytes, or None."""
        return self.ask('GET', '/%s/%s' % (bucket, quote(key)))

    def put(self, bucket, key, data):
        if self.ask('PUT', '/%s/%s' % (bucket, quote(key)), data) is None:
            raise OSError('no bucket ' + bucket)

    def keys(self, bucket, prefix):
        found, token = [], ''
        while True:
            page = self.ask('GET', '/%s?list-type=2&prefix=%s%s' % (
                bucket, quote(prefix, safe=''), token))
            if page is None:
                return []
            page = page.decode()
            found += [unescape(key) for key in PAGE.findall(page)]
            more = NEXT.search(page)
            if not more:
                return found
            token = '&continuation-token=' + quote(unescape(more.group(1)),
                                                   safe='')
