# SPDX-License-Identifier: Apache-2.0
"""The fault script of the fake S3: what goes wrong, and when.

One JSON object a line, '#' begins a remark. The first rule that fits a
request, and is not used up, is carried out on it.

    fault    one of those below; needed
    method   "PUT", or "PUT|POST"
    op       as the log has it: "PutObject", "AssumeRole"
    key      pattern of * and ? for the key, or for the path without a bucket
    query    a piece of the query
    skip     so many that fit go well first (0)
    times    on so many (1); 0: on all
    done     true: the request is carried out, only its answer is replaced
    early    true: the answer comes before the body is read, and then the end

Answers: slowdown unavailable internal throttle conflict taken unsupported
denied expired timeout archived badgateway; moved, region (to: REGION),
redirect (to: URL), skewed; ok_error (code); status (status, code, headers,
body).

Transfer, of the answer that the request would have got: reset and truncate
(after: bytes of the body; with a RST, with a FIN), short (says and sends that
many less: less), wrong (the byte at: at is another), more (says that many
more than there are: more), slow (rate: bytes a second), stall (after: bytes,
then nothing for: for seconds), delay (seconds), drop (no answer), garbage (not
HTTP), whole (a range is answered with everything), elsewhere (with another).
reset_request (after: bytes of the body were read).

meet: as if nothing were wrong, but not before so many requests that fit (with:
2) are there at once; after a minute in vain 403 is answered. hold: the same, but
not before the script is replaced, or two minutes are over. kill: the process
whose number is the text of a file (pid: FILE) is killed and gone before the
request is carried out, or with done: true, after that; nobody is answered.
"""

import fnmatch
import json
import os
import signal
import threading
import time

from fakestore import Answer, Error

ANSWERS = {
    'slowdown': (503, 'SlowDown'), 'unavailable': (503, 'ServiceUnavailable'),
    'internal': (500, 'InternalError'), 'throttle': (429, 'TooManyRequests'),
    'conflict': (409, 'ConditionalRequestConflict'),
    'taken': (412, 'PreconditionFailed'),
    'unsupported': (501, 'NotImplemented'), 'denied': (403, 'AccessDenied'),
    'expired': (400, 'ExpiredToken'), 'timeout': (400, 'RequestTimeout'),
    'archived': (403, 'InvalidObjectState'),
    'skewed': (403, 'RequestTimeTooSkewed'),
}
OTHER_ANSWERS = {'badgateway', 'moved', 'region', 'redirect', 'ok_error',
                 'status'}
TRANSFERS = {'reset', 'truncate', 'short', 'wrong', 'more', 'slow', 'stall',
             'delay', 'drop', 'garbage', 'whole', 'elsewhere',
             'reset_request', 'meet', 'hold', 'kill'}
NAMES = {'fault', 'method', 'op', 'key', 'query', 'skip', 'times', 'done',
         'early', 'to', 'code', 'status', 'headers', 'body', 'after', 'less',
         'at', 'more', 'rate', 'for', 'seconds', 'with', 'pid'}


def is_alive(pid):
    try:
        with open('/proc/%d/stat' % pid, encoding='latin-1') as file:
            return file.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except FileNotFoundError:
        return False


class Rule:
    def __init__(self, value):
        self.value, self.seen = value, 0
        self.waiting, self.met = 0, threading.Event()
        name = value.get('fault')
        if name not in ANSWERS and name not in OTHER_ANSWERS | TRANSFERS:
            raise ValueError('unknown fault %r' % name)
        if set(value) - NAMES:
            raise ValueError('unknown %r' % (set(value) - NAMES))
        self.name = name

    def get(self, name, default=None):
        return self.value.get(name, default)

    def fits(self, method, operation, key, path, query):
        value = self.value
        if method not in value.get('method', method).split('|'):
            return False
        if value.get('op', operation) != operation:
            return False
        if 'key' in value and not fnmatch.fnmatchcase(
                path.lstrip('/') if key is None else key, value['key']):
            return False
        if value.get('query', '') not in query:
            return False
        self.seen += 1
        count = self.seen - value.get('skip', 0)
        times = value.get('times', 1)
        return count > 0 and (times == 0 or count <= times)

    def meet(self):
        """Waits for others; whether they came."""
        self.waiting += 1   # the interpreter lets one thread do so
        if self.waiting >= self.get('with', 2):
            self.met.set()
        return self.met.wait(60)

    def kill(self):
        """Until it has ended, with what it started and is to die with it."""
        with open(self.get('pid'), encoding='ascii') as file:
            pid = int(file.read())
        with open('/proc/%d/task/%d/children' % (pid, pid),
                  encoding='ascii') as file:
            pids = [pid] + [int(child) for child in file.read().split()]
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 60
        while any(map(is_alive, pids)) and time.monotonic() < until:
            time.sleep(0.01)

    def replaces(self):
        return self.name in ANSWERS or self.name in OTHER_ANSWERS

    def answer(self, region):
        if self.name in ANSWERS:
            return Error(*ANSWERS[self.name]).answer()
        if self.name == 'badgateway':
            return Answer(502, {'Content-Type': 'text/html'},
                          b'<html><h1>Bad Gateway</h1></html>')
        if self.name == 'moved':
            return Error(301, 'PermanentRedirect', headers={
                'x-amz-bucket-region': self.get('to', region)}).answer()
        if self.name == 'region':
            return Error(400, 'AuthorizationHeaderMalformed',
                         Region=self.get('to', region)).answer()
        if self.name == 'redirect':
            return Error(307, 'TemporaryRedirect', headers={
                'Location': self.get('to', '')}).answer()
        if self.name == 'ok_error':
            answer = Error(200, self.get('code', 'InternalError')).answer()
            answer.body = b'   \n' + answer.body[answer.body.index(b'<Error'):]
            return answer
        if self.get('code'):
            answer = Error(self.get('status'), self.get('code')).answer()
        else:
            answer = Answer(self.get('status'),
                            body=self.get('body', '').encode())
        answer.headers.update(self.get('headers', {}))
        return answer


class Script:
    def __init__(self):
        self.rules, self.lock = [], threading.Lock()

    def load(self, text):
        rules = [Rule(json.loads(line)) for line in text.splitlines()
                 if line.strip() and not line.lstrip().startswith('#')]
        with self.lock:
            for rule in self.rules:
                rule.met.set()
            self.rules = rules

    def find(self, method, operation, key, path, query):
        with self.lock:
            for rule in self.rules:
                if rule.fits(method, operation, key, path, query):
                    return rule
        return None
