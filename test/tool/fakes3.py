#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A fake S3, strict about signatures, that goes wrong as it is told to.

    fakes3.py [--config FILE] [--faults FILE] [--log FILE] [--delay SECONDS]
              [--tls CERTIFICATE KEY]

Listens on loopback, prints its port, and ends with the process that started
it. The config is JSON, with everything optional:

    region     "us-east-1"
    users      {ACCESS KEY: {"secret", "token", "deny": ["s3:ListBucket"]}}
               (without users: KEY with the secret SECRET)
    buckets    {NAME: {"versioned": true, "public": true}}
    page       most entries of a listing's page; min_part: bytes
    roles      {ARN: {"external_id", "from": ARN, "web": true, "lifetime",
               "deny"}}
    lifetime   of what the services below give out, in seconds
    web_token  what AssumeRoleWithWebIdentity takes, and /github gives
    container  {"token"}                for /container...
    instance   {"role", "region", "broken"}    for /latest/...
    sso        {"account", "role", "tokens": [], "refresh_token"}
    github     {"token"}
    services   {...}: SageMaker, ECS and CloudWatch Logs: fakesagemaker.py

fakefault.py has the fault script. The log has one JSON object for a request.
What a test changes while it runs, it changes by POST to /_fake/:

    faults     replaces the script
    clock      {"offset": SECONDS}: the service's clock goes wrong
    age        {"bucket", "prefix", "seconds"}: objects become older
    expire     {} or {"key": ACCESS KEY}: sessions have expired
    deny       {"key": ACCESS KEY, "actions": [...]}
    corrupt    {"bucket", "key"}: a byte of the object is another
    buckets    {NAME: {...}}: makes them
    jobs       what happens to the next jobs: fakesagemaker.py
    lose       {"pages": COUNT}: so many pages of logs come empty
"""

import argparse
import calendar
import ctypes
import email.utils
import hashlib
import hmac
import http.server
import json
import re
import signal
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
from urllib.parse import unquote_to_bytes

import sigv4
from fakefault import ANSWERS, Script
from fakeiam import Identities, Refusal
from fakesagemaker import Fault, Services
from fakestore import Answer, Bucket, Error, Request, Store

BODY_LIMIT = 1 << 30
SKEW = 900      # seconds, as S3 allows
# S3 demands that these are signed where they are sent.
MUST_SIGN = re.compile(r'host$|content-type$|x-amz-')


class Fake:
    def __init__(self, config, delay, log):
        self.config, self.delay, self.log = config, delay, log
        self.region = config.setdefault('region', 'us-east-1')
        config.setdefault('users', {'KEY': {'secret': 'SECRET'}})
        self.offset = 0
        self.identities = Identities(config, self.now)
        self.store = Store(self.region, config.get('page', 1000),
                           config.get('min_part', 5 << 20))
        self.make_buckets(config.get('buckets', {}))
        self.script = Script()
        self.lock, self.count, self.busy = threading.Lock(), 0, 0
        self.services = Services(self, config.get('services', {}))

    def now(self):
        return time.time() + self.offset

    def make_buckets(self, buckets):
        for name, options in buckets.items():
            self.store.buckets[name] = Bucket(
                self.now(), options.get('versioned', False),
                options.get('public', False))

    def write_log(self, entry):
        """Before the answer goes out: who has it finds it in the log."""
        with self.lock:
            if 'n' in entry:
                return
            self.count += 1
            entry['n'] = self.count
            if self.log:
                self.log.write(json.dumps(entry) + '\n')
                self.log.flush()

    def control(self, what, body):
        if what == 'faults':
            self.script.load(body.decode())
            return
        value = json.loads(body or b'{}')
        users, store = self.identities.users, self.store
        if what == 'clock':
            self.offset = value['offset']
        elif what == 'buckets':
            self.make_buckets(value)
        elif what == 'jobs':
            self.services.faults = value
        elif what == 'images':
            self.services.images = value
        elif what == 'lose':
            self.services.logs.lost = value['pages']
        elif what == 'deny':
            users[value['key']]['deny'] = value['actions']
        elif what == 'expire':
            for key, user in users.items():
                if 'expires' in user and value.get('key', key) == key:
                    user['expires'] = 0
        elif what == 'age':
            for key, versions in store.buckets[value['bucket']].keys.items():
                for version in versions:
                    if key.startswith(value.get('prefix', '')):
                        version.time -= value['seconds']
        elif what == 'corrupt':
            version = store.buckets[value['bucket']].current(value['key'])
            data = bytearray(version.data)
            data[len(data) // 2] ^= 1
            version.data = bytes(data)
        else:
            raise ValueError(what)

    # Signatures

    def authenticate(self, request, service, fail=Error):
        """The user who signed this; request has method, path, query (raw),
        headers, body, tls."""
        headers = request.headers
        text = headers.get('authorization', '')
        match = re.fullmatch(
            r'AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/'
            r'aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})',
            text)
        if not match:
            if text:
                raise fail(400, 'AuthorizationHeaderMalformed', text[:60])
            raise fail(403, 'AccessDenied', 'not signed')
        key, day, region, named, signed, given = match.groups()
        user = self.identities.users.get(key)
        if user is None:
            raise fail(403, 'InvalidAccessKeyId')
        if named != service:
            raise fail(400, 'AuthorizationHeaderMalformed', 'service ' + named)
        if region != self.region:
            raise fail(400, 'AuthorizationHeaderMalformed', 'wrong region',
                       **({'Region': self.region} if fail is Error else {}))
        date = headers.get('x-amz-date', '')
        self.check_date(date, day, fail)
        self.check_token(user, headers, fail)
        names = signed.split(';')
        wrong = names != sorted(set(names)) or [
            name for name in names
            if name not in headers or name in sigv4.UNSIGNABLE]
        unsigned = [name for name in headers
                    if MUST_SIGN.match(name) and name not in names]
        if wrong or unsigned:
            raise fail(403, 'SignatureDoesNotMatch', 'headers %s, not signed %s'
                       % (signed, unsigned))
        payload = self.payload(request, service, fail)
        canonical = sigv4.canonical_request(
            request.method, request.path, request.raw_query, headers, names,
            payload)
        wanted = sigv4.signature(user['secret'], date, region, service,
                                 canonical)
        if not hmac.compare_digest(wanted, given):
            raise fail(403, 'SignatureDoesNotMatch', canonical)
        return dict(user, key=key)

    def check_date(self, date, day, fail):
        try:
            when = time.strptime(date, '%Y%m%dT%H%M%SZ')
        except ValueError:
            raise fail(403, 'AccessDenied', 'no valid x-amz-date') from None
        if date[:8] != day:
            raise fail(403, 'SignatureDoesNotMatch', 'another day')
        if abs(calendar.timegm(when) - self.now()) > SKEW:
            raise fail(403, 'RequestTimeTooSkewed' if fail is Error
                       else 'SignatureDoesNotMatch',
                       'Signature not yet current or expired')

    def check_token(self, user, headers, fail):
        token = headers.get('x-amz-security-token')
        if token != user.get('token'):
            raise fail(400 if token else 403,
                       'InvalidToken' if token else 'InvalidAccessKeyId')
        if user.get('expires', self.now() + 1) <= self.now():
            raise fail(400, 'ExpiredToken')

    @staticmethod
    def payload(request, service, fail):
        real = hashlib.sha256(request.body).hexdigest()
        given = request.headers.get('x-amz-content-sha256')
        if service != 's3':
            return given or real
        if given is None:
            raise fail(400, 'MissingSecurityHeader', 'x-amz-content-sha256')
        if given == 'UNSIGNED-PAYLOAD' and request.tls:
            return given
        if given.startswith('STREAMING-'):
            raise fail(501, 'NotImplemented', given)
        if not re.fullmatch('[0-9a-f]{64}', given):
            raise fail(400, 'InvalidArgument', 'x-amz-content-sha256')
        if given != real:
            raise fail(400, 'XAmzContentSHA256Mismatch')
        return given


class Incoming:
    """A request before anything is known of what it wants."""

    def __init__(self, handler, fake):
        words = handler.requestline.split()
        self.method = handler.command
        # As it was sent: the library's own merges slashes.
        self.path, _, self.raw_query = words[1].partition('?')
        self.headers = {}
        for name, value in handler.headers.items():
            name = name.lower()
            if name in self.headers:
                self.headers[name] += ',' + value.strip()
            else:
                self.headers[name] = value.strip()
        self.body, self.tls, self.fake = b'', handler.server.tls, fake
        try:
            self.query = {name.decode(): value.decode() for name, value
                          in sigv4.split_query(self.raw_query)}
            self.bucket, self.key = self.address()
        except UnicodeDecodeError:
            raise Error(400, 'InvalidURI') from None

    def address(self):
        host = self.headers.get('host', '').rsplit(':', 1)[0]
        path = unquote_to_bytes(self.path).decode()
        if host.endswith('.localhost'):
            return host[:-len('.localhost')], path[1:] or None
        bucket, _, key = path[1:].partition('/')
        return bucket, key or None

    def s3(self):
        return Request(self.method, self.bucket, self.key, self.query,
                       self.headers, self.body, self.fake.now())


class Gone(Exception):
    """The connection is over, as a fault wanted."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    timeout = 120

    def log_message(self, *_args):
        pass

    def setup(self):
        super().setup()
        with self.server.fake.lock:
            self.server.connections += 1
            self.number = self.server.connections

    def serve(self):
        fake = self.server.fake
        entry = {'time': round(time.time(), 6), 'connection': self.number,
                 'method': self.command}
        try:
            try:
                incoming = Incoming(self, fake)
            except Error as error:
                self.close_connection = True
                self.send(error.answer(), None, entry)
                return
            entry.update(path=incoming.path, query=incoming.raw_query)
            if incoming.path.startswith('/_fake/'):
                self.control(incoming)
                return
            with fake.lock:
                fake.busy += 1
                entry['busy'] = fake.busy
            try:
                self.one(incoming, entry)
            finally:
                with fake.lock:
                    fake.busy -= 1
        except (Gone, ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True
            entry.setdefault('cut', True)
        if 'path' in entry and not entry['path'].startswith('/_fake/'):
            fake.write_log(entry)   # unless it is there already

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = serve

    def control(self, incoming):
        try:
            self.server.fake.control(incoming.path[len('/_fake/'):],
                                     self.read_body())
            answer = Answer(204)
        except (ValueError, KeyError, TypeError) as error:
            answer = Answer(400, {}, repr(error).encode())
        self.send(answer, None, {})

    def one(self, incoming, entry):
        fake, headers = self.server.fake, incoming.headers
        operation = (fake.services.operation(headers)
                     or fake.identities.operation(incoming.method,
                                                  incoming.path)
                     or incoming.s3().operation)
        entry.update(op=operation, bucket=incoming.bucket, key=incoming.key)
        for name in ('range', 'if-none-match', 'if-match', 'host',
                     'content-length', 'user-agent'):
            if name in headers:
                entry[name] = headers[name]
        rule = fake.script.find(incoming.method, operation, incoming.key,
                                incoming.path, incoming.raw_query)
        if rule:
            entry['fault'] = rule.name
        if rule and rule.get('early'):
            self.close_connection = True
            self.send(rule.answer(fake.region), None, entry)
            return
        if rule and rule.name == 'reset_request':
            self.rfile.read(rule.get('after', 0))
            fake.write_log(entry)
            self.reset()
        incoming.body = self.read_body()
        entry['received'] = len(incoming.body)
        if fake.delay or rule and rule.name == 'delay':
            time.sleep(fake.delay or 0)
            time.sleep(rule.get('seconds', 1) if rule and
                       rule.name == 'delay' else 0)
        if rule and rule.name == 'hold':
            fake.write_log(entry)
            rule.met.wait(120)
        if rule and rule.name == 'meet' and not rule.meet():
            self.send(Error(403, 'AccessDenied', 'alone').answer(), rule,
                      entry)
            return
        if rule and rule.name == 'kill':
            self.kill(rule, incoming, entry)
        if rule and rule.name in ('whole', 'elsewhere'):
            self.bend_range(rule, headers)
        if rule and rule.replaces() and not rule.get('done'):
            answer = self.bent(rule, headers)
        else:
            answer = self.answer(incoming, entry)
            if rule and rule.replaces():
                answer = self.bent(rule, headers)
        self.send(answer, rule, entry)

    def kill(self, rule, incoming, entry):
        if rule.get('done'):
            entry['status'] = self.answer(incoming, entry).status
        # Whoever sees that it is gone finds this in the log.
        self.server.fake.write_log(entry)
        rule.kill()
        raise Gone

    def bent(self, rule, headers):
        """What a rule answers, as the service would say it."""
        if self.server.fake.services.operation(headers) and \
                rule.name in ANSWERS:
            return Fault(*ANSWERS[rule.name]).answer()
        return rule.answer(self.server.fake.region)

    @staticmethod
    def bend_range(rule, headers):
        """Another range is answered than was asked and signed for."""
        if rule.name == 'whole':
            headers['x-fake-range'] = ''
        elif 'range' in headers:
            first, last = re.findall(r'\d+', headers['range'] + '-0')[:2]
            headers['x-fake-range'] = 'bytes=%d-%d' % (
                max(0, int(first) - 1), max(0, int(last) - 1))

    def answer(self, incoming, entry):
        fake = self.server.fake
        if 'x-amz-target' in incoming.headers:
            answer = fake.services.serve(incoming)
            entry['body'] = incoming.body.decode('utf-8', 'replace')
            if answer.status != 200:
                entry['error'] = answer.body.decode()
            return answer
        try:
            answer = fake.identities.serve(
                incoming.method, incoming.path, incoming.query,
                incoming.headers, incoming.body,
                lambda: fake.authenticate(incoming, 'sts', Refusal))
            if answer is not None:
                return answer
            bucket = fake.store.buckets.get(incoming.bucket)
            if bucket and bucket.public and incoming.method in (
                    'GET', 'HEAD') and 'authorization' not in incoming.headers:
                user = {'deny': ['s3:ListBucket']}
            else:
                user = fake.authenticate(incoming, 's3')
            entry['user'] = user.get('key')
            request = incoming.s3()
            bent = request.headers.pop('x-fake-range', None)
            if bent is not None:
                request.headers['range'] = bent
            deny = user.get('deny') or []
            request.may = lambda action: action not in deny
            return fake.store.run(request)
        except Error as error:
            entry['error'] = error.code
            if error.code == 'SignatureDoesNotMatch':
                entry['canonical'] = error.message
            return error.answer()
        except (ValueError, KeyError) as error:
            entry['error'] = repr(error)
            return Error(400, 'InvalidRequest', repr(error)).answer()

    # In and out

    def read_body(self):
        if 'chunked' in self.headers.get('Transfer-Encoding', ''):
            self.close_connection = True
            return b''
        length = int(self.headers.get('Content-Length') or 0)
        if length > BODY_LIMIT:
            raise Gone
        body = self.rfile.read(length)
        if len(body) < length:
            raise Gone
        return body

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack('ii', 1, 0))
        self.connection.close()
        raise Gone

    def send(self, answer, rule, entry):
        fake = self.server.fake
        body, says = answer.body, len(answer.body)
        entry['status'] = answer.status
        name = rule.name if rule and not rule.replaces() else None
        if name in ('drop', 'garbage'):
            fake.write_log(entry)
        if name == 'drop':
            raise Gone
        if name == 'garbage':
            self.wfile.write(b'\x00\x01 no HTTP at all\r\n\r\n')
            raise Gone
        if name == 'short':
            body = body[:max(0, len(body) - rule.get('less', 1))]
            says = len(body)
        elif name == 'more':
            says += rule.get('more', 1)
        elif name == 'wrong' and body:
            at = min(rule.get('at', len(body) // 2), len(body) - 1)
            body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]
        lines = ['HTTP/1.1 %d %s' % (answer.status, self.responses.get(
            answer.status, ('Unknown',))[0])]
        headers = {'Date': email.utils.formatdate(fake.now(), usegmt=True),
                   'Server': 'fake', 'x-amz-request-id': 'F%d' % fake.count,
                   'x-amz-id-2': 'fake'}
        headers.update(answer.headers)
        if answer.status not in (204, 304):
            headers['Content-Length'] = str(says)
        if self.close_connection:
            headers['Connection'] = 'close'
        for pair in headers.items():
            value = '%s: %s' % pair
            # A server that splits is one that lies in another way.
            lines.append(value.replace('\r', ' ').replace('\n', ' '))
        head = ('\r\n'.join(lines) + '\r\n\r\n').encode()
        if self.command == 'HEAD' or answer.status in (204, 304):
            body = b''
        entry['sent'] = len(body)
        if 'path' in entry:
            fake.write_log(entry)
        self.transfer(head, body, rule, name)
        if name == 'more':
            raise Gone

    def transfer(self, head, body, rule, name):
        after = rule.get('after', 0) if rule else 0
        if name in ('reset', 'truncate', 'stall'):
            # An answer without a body ends with its head.
            whole = name == 'stall' and not body
            self.wfile.write(head[:-2] if whole else head + body[:after])
            if name == 'reset':
                # What was sent is to arrive before the end does.
                time.sleep(0.05)
                self.reset()
            if name == 'stall':
                self.connection.settimeout(rule.get('for', 60))
                try:
                    self.connection.recv(1)
                except OSError:
                    pass
            raise Gone
        if name == 'slow':
            self.wfile.write(head)
            rate = rule.get('rate', 1000)
            piece = max(1, rate // 10)
            for at in range(0, len(body), piece):
                self.wfile.write(body[at:at + piece])
                time.sleep(0.1)
            return
        self.wfile.write(head + body if len(body) < 65536 else head)
        if len(body) >= 65536:
            self.wfile.write(body)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, fake, tls):
        super().__init__(('127.0.0.1', 0), Handler)
        self.fake, self.connections, self.tls = fake, 0, bool(tls)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False)

    def server_bind(self):
        # Without asking who this machine is.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = 'localhost', \
            self.server_address[1]

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


def main():
    options = argparse.ArgumentParser()
    options.add_argument('--config')
    options.add_argument('--faults')
    options.add_argument('--log')
    options.add_argument('--delay', type=float, default=0)
    options.add_argument('--tls', nargs=2)
    options = options.parse_args()
    # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    config = {}
    if options.config:
        with open(options.config, encoding='utf-8') as file:
            config = json.load(file)
    log = open(options.log, 'a', encoding='utf-8') if options.log else None
    fake = Fake(config, options.delay, log)
    if options.faults:
        with open(options.faults, encoding='utf-8') as file:
            fake.script.load(file.read())
    server = Server(fake, options.tls)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()
