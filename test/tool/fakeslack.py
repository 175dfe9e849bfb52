#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A webhook as Slack's: fakeslack.py LOG [STATUS TEXT | hang]

Prints its port. Each message that Slack would take (api.slack.com/messaging/
webhooks: POST, application/json, an object with a text, blocks or
attachments) is answered "ok" and its text appended to LOG; anything else is
answered 400 with the word that Slack uses. With STATUS, all are answered so;
with hang, none is.
"""

import http.server
import json
import sys
import time

LOG, ANSWER = sys.argv[1], sys.argv[2:]
KNOWN = {'text', 'blocks', 'attachments', 'thread_ts', 'mrkdwn', 'response_type'}


def judge(path, headers, body):
    """What Slack says to it."""
    if not path.startswith('/services/T'):
        return 404, 'no_team'
    if headers.get_content_type() != 'application/json':
        return 400, 'invalid_payload'
    try:
        message = json.loads(body.decode())
    except ValueError:
        return 400, 'invalid_payload'
    if not isinstance(message, dict) or set(message) - KNOWN:
        return 400, 'invalid_payload'
    if not isinstance(message.get('text'), str) or not message['text']:
        return 400, 'no_text'
    if len(message['text']) > 40000:
        return 400, 'msg_too_long'
    with open(LOG, 'a', encoding='utf-8') as log:
        log.write(message['text'] + '\n--\n')
    return 200, 'ok'


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self):
        """A message."""
        body = self.rfile.read(int(self.headers['Content-Length']))
        if ANSWER == ['hang']:
            time.sleep(60)
        status, text = judge(self.path, self.headers, body)
        if len(ANSWER) == 2:
            status, text = int(ANSWER[0]), ANSWER[1]
        self.send_response(status)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args):
        """Says nothing."""


SERVER = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
SERVER.daemon_threads = True
print(SERVER.server_port, flush=True)
SERVER.serve_forever()
