# SPDX-License-Identifier: Apache-2.0
"""Where credentials come from, as far as a client can see: STS, the endpoint
of containers, the metadata service of instances, the portal of single sign-on,
and the one of GitHub's runners that gives out identity tokens.

What they give out, the fake S3 lets in until it expires.
"""

import json
import re
import secrets
import time
from urllib.parse import parse_qs

from fakestore import Answer, Error, stamp


class Refusal(Error):
    """An error in the way that STS says it."""

    def answer(self):
        return Answer(self.status, {'Content-Type': 'text/xml'}, (
            '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            '<Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message>'
            '</Error><RequestId>0</RequestId></ErrorResponse>'
            % (self.code, self.message or self.code)).encode())


def as_json(status, value):
    return Answer(status, {'Content-Type': 'application/json'},
                  json.dumps(value).encode())


class Identities:
    """users: access key -> secret, token, expires, deny, role."""

    def __init__(self, config, now):
        self.config, self.now = config, now
        self.users = {key: dict(user) for key, user
                      in config.get('users', {}).items()}
        self.tokens = {}    # of the metadata service -> when they expire
        # Given out by every source but STS, which does what it is asked.
        self.lifetime = config.get('lifetime', 3600)

    def session(self, role, lifetime=None):
        key = 'ASIA' + secrets.token_hex(8).upper()
        self.users[key] = {
            'secret': secrets.token_urlsafe(30), 'role': role,
            # As long as real ones, so that a reader that cuts lines is seen.
            'token': secrets.token_urlsafe(900),
            'expires': self.now() + (self.lifetime if lifetime is None
                                     else lifetime),
            'deny': self.config.get('roles', {}).get(role, {}).get('deny', [])}
        return key, self.users[key]

    def serve(self, method, path, query, headers, body, authenticate):
        """An answer, or None if the path is none of these services'."""
        if path == '/' and method == 'POST':
            return self.sts(body, authenticate)
        if path.startswith('/container'):
            return self.container(headers)
        if path.startswith('/latest/'):
            return self.instance(method, path, headers)
        if path == '/federation/credentials':
            return self.portal(query, headers)
        if path == '/token' and method == 'POST':
            return self.refresh(body)
        if path == '/github':
            return self.github(query, headers)
        return None

    def operation(self, method, path):
        names = {'/': 'STS' if method == 'POST' else None,
                 '/latest/api/token': 'InstanceToken',
                 '/federation/credentials': 'GetRoleCredentials',
                 '/token': 'CreateToken' if method == 'POST' else None,
                 '/github': 'GitHubToken'}
        if path.startswith('/container'):
            return 'ContainerCredentials'
        if path.startswith('/latest/meta-data/'):
            return 'InstanceMetadata'
        return names.get(path)

    def sts(self, body, authenticate):
        form = {name: values[0] for name, values
                in parse_qs(body.decode(), strict_parsing=True).items()}
        if form.get('Version') != '2011-06-15':
            raise Refusal(400, 'InvalidAction')
        action = form.get('Action')
        if action == 'GetCallerIdentity':
            user = authenticate()
            arn = user.get('arn', user.get('role')) or ''
            if not arn.startswith('arn:'):
                arn = 'arn:aws:sts::123456789012:assumed-role/%s/i-1' % arn
            return self.result(action, '<Arn>%s</Arn><UserId>U</UserId>'
                               '<Account>123456789012</Account>'
                               % arn)
        if action not in ('AssumeRole', 'AssumeRoleWithWebIdentity'):
            raise Refusal(400, 'InvalidAction')
        name = form.get('RoleSessionName', '')
        if not re.fullmatch(r'[\w+=,.@-]{2,64}', name, re.ASCII):
            raise Refusal(400, 'ValidationError', 'RoleSessionName')
        seconds = int(form.get('DurationSeconds', 3600))
        if not 900 <= seconds <= 43200:
            raise Refusal(400, 'ValidationError', 'DurationSeconds')
        role = self.config.get('roles', {}).get(form.get('RoleArn'))
        if action == 'AssumeRole':
            self.may_assume(authenticate(), role, form)
        elif form.get('WebIdentityToken') != self.config.get('web_token', ''):
            raise Refusal(400, 'InvalidIdentityToken')
        elif role is None or not role.get('web'):
            raise Refusal(403, 'AccessDenied')
        key, user = self.session(form['RoleArn'], role.get('lifetime', seconds))
        return self.result(action, (
            '<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s'
            '</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s'
            '</Expiration></Credentials><AssumedRoleUser><Arn>%s/%s</Arn>'
            '<AssumedRoleId>R:%s</AssumedRoleId></AssumedRoleUser>') % (
                key, user['secret'], user['token'],
                stamp(user['expires'])[:19] + 'Z', form['RoleArn'], name, name))

    @staticmethod
    def may_assume(user, role, form):
        if role is None or role.get('web'):
            raise Refusal(403, 'AccessDenied')
        if role.get('external_id') not in (None, form.get('ExternalId')):
            raise Refusal(403, 'AccessDenied', 'external id')
        if role.get('from') not in (None, user.get('role')):
            raise Refusal(403, 'AccessDenied', 'not for this role')

    @staticmethod
    def result(action, text):
        return Answer(200, {'Content-Type': 'text/xml'}, (
            '<%sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            '<%sResult>%s</%sResult></%sResponse>'
            % (action, action, text, action, action)).encode())

    def plain(self, role, **more):
        key, user = self.session(role)
        return dict(more, AccessKeyId=key, SecretAccessKey=user['secret'],
                    Token=user['token'],
                    Expiration=stamp(user['expires'])[:19] + 'Z')

    def container(self, headers):
        config = self.config.get('container', {})
        if headers.get('authorization') != config.get('token'):
            return as_json(401, {'code': 'Unauthorized', 'message': 'token'})
        return as_json(200, self.plain('container', RoleArn='arn:container'))

    def instance(self, method, path, headers):
        config = self.config.get('instance')
        if config is None:
            return Answer(404)
        if path == '/latest/api/token':
            seconds = headers.get('x-aws-ec2-metadata-token-ttl-seconds', '')
            if method != 'PUT' or 'x-forwarded-for' in headers:
                return Answer(403)
            if not seconds.isdigit() or not 1 <= int(seconds) <= 21600:
                return Answer(400)
            token = secrets.token_urlsafe(40)
            self.tokens[token] = time.time() + int(seconds)
            return Answer(200, {'Content-Type': 'text/plain'}, token.encode())
        token = headers.get('x-aws-ec2-metadata-token')
        if self.tokens.get(token, 0) < time.time():
            return Answer(401)
        base = '/latest/meta-data/iam/security-credentials/'
        if path == '/latest/meta-data/placement/region':
            return Answer(200, {'Content-Type': 'text/plain'},
                          config['region'].encode())
        if path == base and 'role' in config:
            return Answer(200, {'Content-Type': 'text/plain'},
                          config['role'].encode())
        if path == base + config.get('role', ''):
            if config.get('broken'):
                return as_json(200, {'Code': 'Failed', 'Message': 'no role'})
            return as_json(200, self.plain('instance', Code='Success',
                                           Type='AWS-HMAC'))
        return Answer(404)

    def portal(self, query, headers):
        config = self.config.get('sso', {})
        if headers.get('x-amz-sso_bearer_token') not in config.get(
                'tokens', []):
            return as_json(401, {'message': 'Session token not found'})
        if (query.get('account_id'), query.get('role_name')) != (
                config['account'], config['role']):
            return as_json(403, {'message': 'No access'})
        key, user = self.session('sso')
        return as_json(200, {'roleCredentials': {
            'accessKeyId': key, 'secretAccessKey': user['secret'],
            'sessionToken': user['token'],
            'expiration': int(user['expires'] * 1000)}})

    def refresh(self, body):
        config = self.config.get('sso', {})
        try:
            form = json.loads(body)
        except ValueError:
            return as_json(400, {'error': 'invalid_request'})
        if form.get('grantType') != 'refresh_token' or \
                form.get('refreshToken') != config.get('refresh_token') or \
                not form.get('clientId') or not form.get('clientSecret'):
            return as_json(400, {'error': 'invalid_grant'})
        token = 'sso-' + secrets.token_urlsafe(300)
        config.setdefault('tokens', []).append(token)
        return as_json(200, {'accessToken': token, 'expiresIn': 3600,
                             'refreshToken': config['refresh_token'],
                             'tokenType': 'Bearer'})

    def github(self, query, headers):
        config = self.config.get('github', {})
        if headers.get('authorization', '').lower() != \
                'bearer ' + config.get('token', '').lower() or \
                query.get('audience') != 'sts.amazonaws.com':
            return as_json(401, {'message': 'no'})
        return as_json(200, {'count': 1, 'value': self.config['web_token']})
