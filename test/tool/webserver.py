#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server for tests: gives out files of a directory, as good as told.

    webserver.py DIRECTORY LOG

Listens on loopback, prints its port, and ends with the process that started
it. The first part of a path says how the file that the rest names is served:

    /plain/    with ETag, times, ranges and conditions
    /noetag/   without ETag
    /nothing/  without ETag and time
    /nohead/   HEAD is not allowed
    /norange/  ranges are ignored
    /cut/      every answer ends after half of what is left, but at the most
               65,536 bytes from the end all is sent
    /garbage/  the first answer of each connection is no HTTP
    /busy/     the first three answers are 503
    /move/     is a redirect to /plain/; /away/ to https://, /loop/ to itself

The log has a line "METHOD PATH RANGE STATUS" for each request.
"""

import ctypes
import email.utils
import hashlib
import http.server
import os
import re
import signal
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    directory, log, lock, busy = '.', None, threading.Lock(), [3]

    def note(self, status):
        with self.lock:
            self.log.write('%s %s %s %d\n' % (
                self.command, self.path, self.headers.get('Range', '-'),
                status))
            self.log.flush()

    def answer(self, status, headers=(), body=b''):
        self.note(status)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name == 'Content-Length' for name, _ in headers):
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        how, _, name = self.path.partition('?')[0][1:].partition('/')
        host = self.headers['Host']
        if how == 'garbage' and self.busy[0] > 0:
            self.busy[0] -= 1
            self.note(0)
            self.wfile.write(b'this is no answer\n')
            self.close_connection = True
            return
        if how == 'busy' and self.busy[0] > 0:
            self.busy[0] -= 1
            self.answer(503)
            return
        to = {'move': '/plain/' + name, 'loop': self.path,
              'away': 'https://%s/plain/%s' % (host, name)}.get(how)
        if to:
            self.answer(302, [('Location', to)])
        elif how == 'nohead' and self.command == 'HEAD':
            self.answer(405)
        else:
            self.give(how, name)

    def give(self, how, name):
        path = os.path.join(self.directory, name)
        if not os.path.isfile(path):
            self.answer(404)
            return
        with open(path, 'rb') as file:
            data = file.read()
        etag = '"%s"' % hashlib.sha1(data).hexdigest()
        headers = []
        if how not in ('noetag', 'nothing'):
            headers.append(('ETag', etag))
        if how != 'nothing':
            headers.append(('Last-Modified', email.utils.formatdate(
                int(os.stat(path).st_mtime), usegmt=True)))
        wanted = re.fullmatch(r'bytes=(\d+)-(\d*)',
                              self.headers.get('Range', ''))
        begin, status, body = 0, 200, data
        if wanted and how != 'norange' and \
                self.headers.get('If-Range', etag) == etag:
            begin = int(wanted.group(1))
            end = int(wanted.group(2) or len(data) - 1)
            status, body = 206, data[begin:end + 1]
            headers.append(('Content-Range', 'bytes %d-%d/%d' % (
                begin, begin + len(body) - 1, len(data))))
        if how == 'cut' and len(body) > 65536:
            headers.append(('Content-Length', str(len(body))))
            body = body[:len(body) // 2]
            self.close_connection = True
        self.answer(status, headers, body)

    def log_message(self, *_):
        pass


def main(directory, log):
    parent = os.getppid()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)      # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        return
    Handler.directory = directory
    Handler.log = open(log, 'w')
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main(*sys.argv[1:])
