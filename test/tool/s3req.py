#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One signed request to S3, for tests: what a bucket has, without mldv.

    s3req.py METHOD /BUCKET[/KEY][?QUERY] [NAME:VALUE...] [@FILE | =TEXT]

Prints the body. Ends with 0 if the status is 2xx, else says the status and
the error's code on standard error and ends with 1. With -i before METHOD the
status and the headers are printed first. Bytes of the path that have no place
in one are encoded; what is encoded already stays.

Credentials, region and endpoint are taken from the environment, as by AWS.
"""

import datetime
import hashlib
import http.client
import os
import re
import sys
from urllib.parse import quote, urlsplit

import sigv4


def send(method, target, headers, body, environ=os.environ):
    endpoint = urlsplit(environ['AWS_ENDPOINT_URL_S3'])
    path, _, query = target.partition('?')
    path = quote(path, safe='/%-._~')
    date = datetime.datetime.now(datetime.timezone.utc)
    headers = {name.lower(): value for name, value in headers}
    headers['host'] = endpoint.netloc
    headers['x-amz-date'] = date.strftime('%Y%m%dT%H%M%SZ')
    headers['x-amz-content-sha256'] = hashlib.sha256(body).hexdigest()
    if environ.get('AWS_SESSION_TOKEN'):
        headers['x-amz-security-token'] = environ['AWS_SESSION_TOKEN']
    request = (method, path, query, headers, sorted(headers),
               headers['x-amz-content-sha256'])
    signed = sigv4.authorization(
        environ['AWS_ACCESS_KEY_ID'], environ['AWS_SECRET_ACCESS_KEY'],
        headers['x-amz-date'], environ.get('AWS_REGION', 'us-east-1'), 's3',
        request)
    connection = http.client.HTTPConnection(endpoint.netloc, timeout=60)
    connection.putrequest(method, path + ('?' + query if query else ''),
                          skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader('Authorization', signed)
    if body or method in ('PUT', 'POST'):
        connection.putheader('Content-Length', str(len(body)))
    connection.endheaders(body or None)
    return connection.getresponse()


def main(words):
    show = words[:1] == ['-i']
    words = words[1:] if show else words
    method, target = words[:2]
    headers, body = [], b''
    for word in words[2:]:
        if word[0] == '@':
            with open(word[1:], 'rb') as file:
                body = file.read()
        elif word[0] == '=':
            body = word[1:].encode()
        else:
            headers.append(word.split(':', 1))
    answer = send(method, target, headers, body)
    data = answer.read()
    if show:
        print(answer.status)
        for name, value in answer.getheaders():
            print(name.lower() + ': ' + value)
        print(flush=True)
    sys.stdout.buffer.write(data)
    sys.stdout.flush()
    if answer.status // 100 != 2:
        code = re.search(rb'<Code>([^<]*)', data)
        print('s3req: %s %s: %d %s' % (
            method, target, answer.status,
            code.group(1).decode() if code else ''), file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
