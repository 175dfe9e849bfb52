#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each fault of the fake S3 does to a client what its name says.

    faultcheck.py    with FAKE, the endpoint and the keys in the environment
"""

import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.request

import s3req
import sigv4

FAKE = os.environ['FAKE']
BODY = bytes(range(256)) * 1000


def control(what, text):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(FAKE + '/_fake/' + what, text.encode()).read()


def fault(**rule):
    control('faults', json.dumps(rule))


def ask(method='GET', path='/bucket/key', headers=(), body=b''):
    """(status, headers, body), or the name of what broke."""
    try:
        answer = s3req.send(method, path, headers, body)
        return answer.status, dict(answer.getheaders()), answer.read()
    except (http.client.HTTPException, OSError) as error:
        return type(error).__name__


def answers():
    for name, status, code in (
            ('slowdown', 503, b'SlowDown'), ('internal', 500, b'InternalError'),
            ('throttle', 429, b'TooManyRequests'),
            ('conflict', 409, b'ConditionalRequestConflict'),
            ('taken', 412, b'PreconditionFailed'),
            ('unsupported', 501, b'NotImplemented'),
            ('denied', 403, b'AccessDenied'), ('expired', 400, b'ExpiredToken'),
            ('badgateway', 502, b'<html>'), ('ok_error', 200, b'<Error>'),
            ('moved', 301, b'PermanentRedirect'),
            ('region', 400, b'<Region>eu-west-1</Region>'),
            ('redirect', 307, b'TemporaryRedirect')):
        fault(fault=name, to='eu-west-1')
        got = ask()
        assert got[0] == status and code in got[2], (name, got)
        assert ask()[2] == BODY, name
    fault(fault='moved', to='eu-west-1')
    assert ask()[1]['x-amz-bucket-region'] == 'eu-west-1'
    # The answer is lost, the deed is done; and the reverse.
    fault(fault='internal', method='PUT', done=True)
    assert ask('PUT', '/bucket/done', body=b'1')[0] == 500
    assert ask('GET', '/bucket/done')[2] == b'1'
    fault(fault='internal', method='PUT', early=True)
    got = ask('PUT', '/bucket/undone', body=b'1' * 9000000)
    assert got in ('ConnectionResetError', 'BrokenPipeError') or got[0] == 500
    assert ask('GET', '/bucket/undone')[0] == 404


def counts():
    fault(fault='slowdown', op='GetObject', key='k*', skip=1, times=2)
    assert [ask()[0] for _ in range(4)] == [200, 503, 503, 200]
    assert ask('HEAD')[0] == 200


def transfers():
    fault(fault='reset', after=1000)
    assert ask() == 'ConnectionResetError'
    fault(fault='truncate', after=1000)
    assert ask() == 'IncompleteRead'
    fault(fault='more', more=5)
    assert ask() == 'IncompleteRead'
    fault(fault='short', less=7)
    assert ask()[2] == BODY[:-7]
    fault(fault='wrong', at=3)
    got = ask()[2]
    assert len(got) == len(BODY) and got != BODY and got[4:] == BODY[4:]
    fault(fault='drop')
    assert ask() == 'RemoteDisconnected'
    fault(fault='garbage')
    assert ask() == 'BadStatusLine'
    fault(fault='reset_request', method='PUT', after=10)
    assert ask('PUT', '/bucket/none', body=b'x' * 9000000) in (
        'ConnectionResetError', 'BrokenPipeError')
    assert ask('GET', '/bucket/none')[0] == 404
    some = [('range', 'bytes=10-19')]
    assert ask(headers=some)[2] == BODY[10:20]
    fault(fault='whole')
    got = ask(headers=some)
    assert got[0] == 200 and got[2] == BODY
    fault(fault='elsewhere')
    got = ask(headers=some)
    assert got[0] == 206 and got[2] == BODY[9:19]
    assert got[1]['Content-Range'].startswith('bytes 9-18/')
    fault(fault='delay', seconds=0.3)
    start = time.monotonic()
    assert ask()[2] == BODY and time.monotonic() - start >= 0.3
    fault(fault='slow', rate=len(BODY) * 2)
    start = time.monotonic()
    assert ask()[2] == BODY and time.monotonic() - start >= 0.3
    fault(fault='stall', after=10, **{'for': 0.3})
    start = time.monotonic()
    assert ask() == 'IncompleteRead' and time.monotonic() - start >= 0.3


def strictness():
    """One thing wrong in a request, and it is refused."""
    real = sigv4.authorization, sigv4.EMPTY

    def bent(change):
        def authorization(key, secret, date, region, service, request):
            request, region, date = change(list(request), region, date)
            return real[0](key, secret, date, region, service, request)
        return authorization

    def without(name):
        def change(request, region, date):
            request[4] = [header for header in request[4] if header != name]
            return request, region, date
        return change

    def other_path(request, region, date):
        request[1] = '/bucket/other'
        return request, region, date

    def other_region(request, region, date):
        return request, 'eu-west-1', date

    def disorder(request, region, date):
        request[4] = request[4][::-1]
        return request, region, date

    for change, status in ((without('x-amz-date'), 403), (without('host'), 403),
                           (without('x-amz-content-sha256'), 403),
                           (other_path, 403), (disorder, 403),
                           (other_region, 400)):
        sigv4.authorization = bent(change)
        got = ask()
        sigv4.authorization = real[0]
        assert got[0] == status, (change, got)
    sha256 = hashlib.sha256
    s3req.hashlib.sha256 = lambda data=b'': sha256(
        b'another' if data == b'body' else data)
    got = ask('PUT', '/bucket/none', body=b'body')
    s3req.hashlib.sha256 = sha256
    assert b'XAmzContentSHA256Mismatch' in got[2], got
    assert b'BadDigest' in ask('PUT', '/bucket/none', [
        ('Content-MD5', '1B2M2Y8AsgTpgAmY7PhCfg==')], b'body')[2]
    control('clock', '{"offset": 1000}')
    assert b'RequestTimeTooSkewed' in ask()[2]
    control('clock', '{"offset": 800}')
    assert ask()[0] == 200
    control('clock', '{"offset": 0}')


def state():
    control('corrupt', '{"bucket": "bucket", "key": "key"}')
    got = ask()[2]
    assert len(got) == len(BODY) and got != BODY
    control('deny', '{"key": "KEY", "actions": ["s3:GetObject"]}')
    assert ask()[0] == 403 and ask('PUT', body=BODY)[0] == 200
    control('deny', '{"key": "KEY", "actions": []}')
    before = ask()[1]['Last-Modified']
    control('age', '{"bucket": "bucket", "seconds": 864000}')
    assert ask()[1]['Last-Modified'] != before
    try:
        fault(fault='nonsense')
        raise AssertionError('took nonsense')
    except urllib.error.HTTPError as error:
        assert error.code == 400


assert ask('PUT', body=BODY)[0] == 200
answers()
counts()
transfers()
strictness()
state()
