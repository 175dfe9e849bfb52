# SPDX-License-Identifier: Apache-2.0
"""The buckets of the fake S3: what each operation does and answers.

After the S3 API reference. Everything is in memory and under one lock, so
that a condition and the write that it guards are one step.
"""

import base64
import binascii
import email.utils
import hashlib
import json
import secrets
import threading
import time
import xml.etree.ElementTree as ElementTree
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'
MIN_PART = 5 << 20

# What a bucket keeps as it was given: query -> permission, error if not there.
DOCUMENTS = {
    'lifecycle': ('LifecycleConfiguration', 'NoSuchLifecycleConfiguration'),
    'encryption': ('EncryptionConfiguration',
                   'ServerSideEncryptionConfigurationNotFoundError'),
    'publicAccessBlock': ('BucketPublicAccessBlock',
                          'NoSuchPublicAccessBlockConfiguration'),
    'policy': ('BucketPolicy', 'NoSuchBucketPolicy'),
    'tagging': ('BucketTagging', 'NoSuchTagSet'),
    'ownershipControls': ('BucketOwnershipControls',
                          'OwnershipControlsNotFoundError'),
}

KEPT_HEADERS = ('content-type', 'content-encoding', 'cache-control',
                'x-amz-storage-class', 'x-amz-server-side-encryption',
                'x-amz-server-side-encryption-aws-kms-key-id')


class Error(Exception):
    """An answer that is an error, in S3's way of saying so."""

    def __init__(self, status, code, message='', headers=None, **elements):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message
        self.headers, self.elements = headers or {}, elements

    def answer(self):
        parts = ''.join('<%s>%s</%s>' % (name, escape(str(value)), name)
                        for name, value in self.elements.items())
        return Answer(self.status, self.headers, xml(
            '<Error><Code>%s</Code><Message>%s</Message>%s</Error>'
            % (self.code, escape(self.message or self.code), parts)))


class Answer:
    def __init__(self, status=200, headers=None, body=b''):
        self.status, self.headers, self.body = status, dict(headers or {}), body
        if body:
            self.headers.setdefault('Content-Type', 'application/xml')


def xml(text):
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()


def stamp(when):
    return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(when)) + '.000Z'


class Version:
    def __init__(self, data, now, headers=None, etag=None):
        self.data, self.time = data, now
        self.headers = headers or {}
        self.etag = etag or hashlib.md5(data or b'').hexdigest()
        self.id = 'null'

    @property
    def gone(self):     # a delete marker
        return self.data is None


class Bucket:
    def __init__(self, now, versioned=False, public=False):
        self.made, self.versioned, self.public = now, versioned, public
        self.keys = {}          # name -> versions, the newest last
        self.documents = {}     # of DOCUMENTS

    def current(self, key):
        versions = self.keys.get(key)
        return versions[-1] if versions and not versions[-1].gone else None


class Request:
    """What came, taken apart. key is None for the bucket itself."""

    def __init__(self, method, bucket, key, query, headers, body, now):
        self.method, self.bucket, self.key = method, bucket, key
        self.query, self.headers, self.body = query, headers, body
        self.now = now
        self.may = lambda action: True

    @property
    def operation(self):
        for marks, method, on_key, name in OPERATIONS:
            if (method == self.method and (self.key is not None) == on_key and
                    all(mark in self.query for mark in marks)):
                return name
        for mark, (permission, _) in DOCUMENTS.items():
            if mark in self.query and self.key is None:
                return {'GET': 'Get', 'PUT': 'Put', 'DELETE': 'Delete'}.get(
                    self.method, 'Unknown') + permission
        if self.query.keys() & UNKNOWN:
            return 'Unknown'
        for marks, method, on_key, name in PLAIN:
            if method == self.method and on_key == (
                    0 if not self.bucket else 2 if self.key is not None else 1):
                return name
        return 'Unknown'


OPERATIONS = [
    (('uploads',), 'POST', True, 'CreateMultipartUpload'),
    (('uploadId', 'partNumber'), 'PUT', True, 'UploadPart'),
    (('uploadId',), 'POST', True, 'CompleteMultipartUpload'),
    (('uploadId',), 'DELETE', True, 'AbortMultipartUpload'),
    (('uploadId',), 'GET', True, 'ListParts'),
    (('uploads',), 'GET', False, 'ListMultipartUploads'),
    (('versions',), 'GET', False, 'ListObjectVersions'),
    (('versioning',), 'GET', False, 'GetBucketVersioning'),
    (('versioning',), 'PUT', False, 'PutBucketVersioning'),
    (('location',), 'GET', False, 'GetBucketLocation'),
    (('list-type',), 'GET', False, 'ListObjectsV2'),
    (('delete',), 'POST', False, 'DeleteObjects'),
]
PLAIN = [
    ((), 'GET', 0, 'ListBuckets'), ((), 'HEAD', 1, 'HeadBucket'),
    ((), 'PUT', 1, 'CreateBucket'), ((), 'DELETE', 1, 'DeleteBucket'),
    ((), 'PUT', 2, 'PutObject'), ((), 'GET', 2, 'GetObject'),
    ((), 'HEAD', 2, 'HeadObject'), ((), 'DELETE', 2, 'DeleteObject'),
]
UNKNOWN = {'acl', 'tagging', 'retention', 'legal-hold', 'torrent', 'restore',
           'select', 'attributes', 'cors', 'website', 'logging', 'replication',
           'notification', 'object-lock', 'accelerate', 'requestPayment'}

# The IAM action that an operation needs, where it is not its own name.
ACTIONS = {
    'HeadObject': 'GetObject', 'ListObjectsV2': 'ListBucket',
    'HeadBucket': 'ListBucket', 'ListObjectVersions': 'ListBucketVersions',
    'CreateMultipartUpload': 'PutObject', 'UploadPart': 'PutObject',
    'CompleteMultipartUpload': 'PutObject',
    'ListParts': 'ListMultipartUploadParts',
    'ListMultipartUploads': 'ListBucketMultipartUploads',
    'DeleteObjects': 'DeleteObject', 'ListBuckets': 'ListAllMyBuckets',
}


def check_sums(request):
    """Refuses a body that is not what its checksums say."""
    given = {}
    sums = {'sha256': lambda data: hashlib.sha256(data).digest(),
            'sha1': lambda data: hashlib.sha1(data).digest(),
            'crc32': lambda data: binascii.crc32(data).to_bytes(4, 'big')}
    if 'content-md5' in request.headers:
        md5 = base64.b64encode(hashlib.md5(request.body).digest()).decode()
        if md5 != request.headers['content-md5']:
            raise Error(400, 'BadDigest')
        given['md5'] = md5
    for name, value in request.headers.items():
        kind = name[len('x-amz-checksum-'):]
        if not name.startswith('x-amz-checksum-') or kind in (
                'mode', 'type', 'algorithm'):
            continue
        if kind not in sums:
            raise Error(501, 'NotImplemented', name)
        if len([n for n in given if n != 'md5']) > 0:
            raise Error(400, 'InvalidRequest', 'more than one checksum')
        if base64.b64encode(sums[kind](request.body)).decode() != value:
            raise Error(400, 'BadDigest', name)
        given[kind] = value
    return given


def sums_of(version, request):
    if request.headers.get('x-amz-checksum-mode', '').upper() != 'ENABLED':
        return {}
    return {name: value for name, value in version.headers.items()
            if name.startswith('x-amz-checksum-')}


def parse_range(text, size):
    """(first, last), or None for everything."""
    unit, _, spec = text.partition('=')
    if unit != 'bytes' or ',' in spec:
        return None
    first, _, last = spec.partition('-')
    try:
        if not first:
            count = int(last)
            if count == 0:
                raise Error(416, 'InvalidRange')
            return max(0, size - count), size - 1
        first = int(first)
        last = min(int(last), size - 1) if last else size - 1
    except ValueError:
        return None
    if first >= size:
        raise Error(416, 'InvalidRange', ActualObjectSize=size,
                    headers={'Content-Range': 'bytes */%d' % size})
    return None if last < first else (first, last)


class Store:
    def __init__(self, region, page=1000, min_part=MIN_PART):
        self.region, self.page, self.min_part = region, page, min_part
        self.buckets, self.uploads = {}, {}
        self.lock = threading.Lock()

    def run(self, request):
        """The answer to a request that was authenticated."""
        name = request.operation
        action = 's3:' + ACTIONS.get(name, name)
        if 'versionId' in request.query and name in (
                'GetObject', 'HeadObject', 'DeleteObject'):
            action += 'Version'
        if name == 'Unknown':
            raise Error(501, 'NotImplemented')
        if not request.may(action):
            raise Error(403, 'AccessDenied')
        sums = check_sums(request)
        with self.lock:
            for mark, (permission, error) in DOCUMENTS.items():
                if name.endswith(permission):
                    return self.document(request, mark, error)
            return getattr(self, name)(request, sums)

    def bucket(self, request):
        if request.bucket not in self.buckets:
            raise Error(404, 'NoSuchBucket', BucketName=request.bucket)
        return self.buckets[request.bucket]

    def missing(self, request, code='NoSuchKey', headers=None):
        if not request.may('s3:ListBucket'):
            return Error(403, 'AccessDenied')
        return Error(404, code, headers=headers, Key=request.key)

    def find(self, request):
        bucket = self.bucket(request)
        wanted = request.query.get('versionId')
        if wanted is None:
            version = bucket.current(request.key)
            if version is None:
                marker = bucket.keys.get(request.key)
                raise self.missing(request, headers={
                    'x-amz-delete-marker': 'true',
                    'x-amz-version-id': marker[-1].id} if marker else None)
            return version
        for version in bucket.keys.get(request.key, []):
            if version.id == wanted:
                if version.gone:
                    raise Error(405, 'MethodNotAllowed',
                                headers={'x-amz-delete-marker': 'true'})
                return version
        raise self.missing(request, 'NoSuchVersion')

    # Objects

    def put(self, request, data, headers, etag=None):
        bucket = self.bucket(request)
        there = bucket.current(request.key)
        if request.headers.get('if-none-match') == '*' and there:
            raise Error(412, 'PreconditionFailed', Condition='If-None-Match')
        if 'if-none-match' in request.headers and \
                request.headers['if-none-match'] != '*':
            raise Error(501, 'NotImplemented')
        match = request.headers.get('if-match')
        if match is not None:
            if there is None:
                raise Error(404, 'NoSuchKey')
            if match.strip('"') != there.etag:
                raise Error(412, 'PreconditionFailed', Condition='If-Match')
        version = Version(data, request.now, headers, etag)
        self.add(bucket, request.key, version)
        answer = {'ETag': '"%s"' % version.etag}
        if bucket.versioned:
            answer['x-amz-version-id'] = version.id
        return answer

    @staticmethod
    def add(bucket, key, version):
        if bucket.versioned:
            version.id = secrets.token_urlsafe(16)
            bucket.keys.setdefault(key, []).append(version)
        else:
            bucket.keys[key] = [version]

    @staticmethod
    def kept(request, sums):
        headers = {name: value for name, value in request.headers.items()
                   if name in KEPT_HEADERS or name.startswith('x-amz-meta-')}
        for kind, value in sums.items():
            if kind != 'md5':
                headers['x-amz-checksum-' + kind] = value
        return headers

    def PutObject(self, request, sums):
        if len(request.key.encode()) > 1024:
            raise Error(400, 'KeyTooLongError')
        if 'x-amz-copy-source' in request.headers:
            raise Error(501, 'NotImplemented', 'CopyObject')
        headers = self.kept(request, sums)
        answer = self.put(request, request.body, headers)
        answer.update((name, value) for name, value in headers.items()
                      if name.startswith(('x-amz-checksum-',
                                          'x-amz-server-side')))
        return Answer(200, answer)

    def read(self, request):
        version = self.find(request)
        size = len(version.data)
        headers = {'ETag': '"%s"' % version.etag, 'Accept-Ranges': 'bytes',
                   'Last-Modified': email.utils.formatdate(
                       version.time, usegmt=True),
                   'Content-Type': 'binary/octet-stream'}
        headers.update({name: value for name, value in version.headers.items()
                        if not name.startswith('x-amz-checksum-')})
        headers.update(sums_of(version, request))
        if version.id != 'null':
            headers['x-amz-version-id'] = version.id
        match = request.headers.get('if-match')
        if match is not None and match.strip('"') not in ('*', version.etag):
            raise Error(412, 'PreconditionFailed')
        if request.headers.get('if-none-match', '').strip('"') in (
                '*', version.etag):
            return Answer(304, headers)
        spec = parse_range(request.headers.get('range', ''), size)
        if spec is None:
            return Answer(200, headers, version.data)
        first, last = spec
        # The stored sum is that of everything.
        for name in sums_of(version, request):
            del headers[name]
        headers['Content-Range'] = 'bytes %d-%d/%d' % (first, last, size)
        return Answer(206, headers, version.data[first:last + 1])

    def GetObject(self, request, _sums):
        return self.read(request)

    def HeadObject(self, request, _sums):
        return self.read(request)

    def delete(self, bucket, key, wanted, now):
        """Headers of the answer."""
        versions = bucket.keys.get(key, [])
        if wanted is not None:
            found = [v for v in versions if v.id == wanted]
            left = [v for v in versions if v.id != wanted]
            if left:
                bucket.keys[key] = left
            else:
                bucket.keys.pop(key, None)
            headers = {'x-amz-version-id': wanted}
            if found and found[0].gone:
                headers['x-amz-delete-marker'] = 'true'
            return headers
        if not bucket.versioned:
            bucket.keys.pop(key, None)
            return {}
        marker = Version(None, now)
        self.add(bucket, key, marker)
        return {'x-amz-version-id': marker.id, 'x-amz-delete-marker': 'true'}

    def DeleteObject(self, request, _sums):
        return Answer(204, self.delete(
            self.bucket(request), request.key, request.query.get('versionId'),
            request.now))

    def DeleteObjects(self, request, sums):
        if not sums:
            raise Error(400, 'InvalidRequest', 'no Content-MD5')
        bucket = self.bucket(request)
        tree = self.parse(request)
        objects = tree.findall('{*}Object')
        if not objects or len(objects) > 1000:
            raise Error(400, 'MalformedXML')
        quiet = (tree.findtext('{*}Quiet') or '').strip() == 'true'
        out = []
        for item in objects:
            key = item.findtext('{*}Key') or ''
            version = item.findtext('{*}VersionId')
            if version and not request.may('s3:DeleteObjectVersion'):
                out.append('<Error><Key>%s</Key><Code>AccessDenied</Code>'
                           '<Message>no</Message></Error>' % escape(key))
                continue
            self.delete(bucket, key, version, request.now)
            if not quiet:
                out.append('<Deleted><Key>%s</Key></Deleted>' % escape(key))
        return Answer(200, body=xml('<DeleteResult xmlns="%s">%s</DeleteResult>'
                                    % (NAMESPACE, ''.join(out))))

    @staticmethod
    def parse(request):
        try:
            return ElementTree.fromstring(request.body)
        except ElementTree.ParseError:
            raise Error(400, 'MalformedXML') from None

    # Listings

    def page_of(self, request):
        try:
            return max(0, min(int(request.query.get('max-keys', 1000)),
                              self.page))
        except ValueError:
            raise Error(400, 'InvalidArgument') from None

    def ListObjectsV2(self, request, _sums):
        bucket, query = self.bucket(request), request.query
        prefix, delimiter = query.get('prefix', ''), query.get('delimiter', '')
        after = query.get('start-after', '')
        if 'continuation-token' in query:
            try:
                after = base64.b64decode(query['continuation-token'],
                                         validate=True).decode()
            except ValueError:
                raise Error(400, 'InvalidArgument') from None
        url = query.get('encoding-type') == 'url'
        show = (lambda text: quote_plus(text, safe='/')) if url else escape
        most, entries, groups, last, more = self.page_of(request), [], [], '', \
            False
        for key in sorted(bucket.keys, key=str.encode):
            version = bucket.current(key)
            if version is None or not key.startswith(prefix):
                continue
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            group = key[:end + len(delimiter)] if end >= 0 else None
            at = group or key
            if at.encode() <= after.encode() or (groups and group == groups[-1]):
                continue
            if len(entries) + len(groups) >= most:
                more = most > 0
                break
            last = at
            if group:
                groups.append(group)
                continue
            entries.append(
                '<Contents><Key>%s</Key><LastModified>%s</LastModified>'
                '<ETag>&quot;%s&quot;</ETag><Size>%d</Size>'
                '<StorageClass>%s</StorageClass></Contents>'
                % (show(key), stamp(version.time), version.etag,
                   len(version.data),
                   version.headers.get('x-amz-storage-class', 'STANDARD')))
        head = {'Name': bucket and request.bucket, 'Prefix': show(prefix),
                'MaxKeys': most, 'KeyCount': len(entries) + len(groups),
                'IsTruncated': 'true' if more else 'false'}
        if url:
            head['EncodingType'] = 'url'
        if delimiter:
            head['Delimiter'] = show(delimiter)
        if more:
            head['NextContinuationToken'] = base64.b64encode(
                last.encode()).decode()
        text = ''.join('<%s>%s</%s>' % (n, v, n) for n, v in head.items())
        text += ''.join(entries) + ''.join(
            '<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>' % show(group)
            for group in groups)
        return Answer(200, body=xml('<ListBucketResult xmlns="%s">%s'
                                    '</ListBucketResult>' % (NAMESPACE, text)))

    def ListObjectVersions(self, request, _sums):
        bucket, query = self.bucket(request), request.query
        url = query.get('encoding-type') == 'url'
        show = (lambda text: quote_plus(text, safe='/')) if url else escape
        most, out, more = self.page_of(request), [], False
        key_at = query.get('key-marker', '')
        id_at = query.get('version-id-marker', '')
        skipping, last = bool(key_at), ('', '')
        for key in sorted(bucket.keys, key=str.encode):
            if not key.startswith(query.get('prefix', '')):
                continue
            if skipping and key.encode() < key_at.encode():
                continue
            if skipping and key == key_at and not id_at:
                continue
            if skipping and key != key_at:
                skipping = False
            versions = bucket.keys[key]
            for version in reversed(versions):
                if skipping:
                    skipping = version.id != id_at
                    continue
                if len(out) >= most:
                    more = True
                    break
                last = (key, version.id)
                kind = 'DeleteMarker' if version.gone else 'Version'
                out.append(
                    '<%s><Key>%s</Key><VersionId>%s</VersionId>'
                    '<IsLatest>%s</IsLatest><LastModified>%s</LastModified>%s'
                    '</%s>' % (
                        kind, show(key), version.id,
                        'true' if version is versions[-1] else 'false',
                        stamp(version.time),
                        '' if version.gone else
                        '<ETag>&quot;%s&quot;</ETag><Size>%d</Size>'
                        '<StorageClass>STANDARD</StorageClass>'
                        % (version.etag, len(version.data)), kind))
            skipping = False if key == key_at else skipping
            if more:
                break
        text = '<Name>%s</Name><MaxKeys>%d</MaxKeys><IsTruncated>%s' \
            '</IsTruncated>' % (request.bucket, most,
                                'true' if more else 'false')
        if url:
            text += '<EncodingType>url</EncodingType>'
        if more:
            text += '<NextKeyMarker>%s</NextKeyMarker><NextVersionIdMarker>' \
                '%s</NextVersionIdMarker>' % (show(last[0]), last[1])
        return Answer(200, body=xml(
            '<ListVersionsResult xmlns="%s">%s%s</ListVersionsResult>'
            % (NAMESPACE, text, ''.join(out))))

    # Uploads in parts

    def CreateMultipartUpload(self, request, sums):
        self.bucket(request)
        name = secrets.token_urlsafe(24)
        self.uploads[name] = {'bucket': request.bucket, 'key': request.key,
                              'headers': self.kept(request, sums),
                              'parts': {}, 'time': request.now}
        return Answer(200, body=xml(
            '<InitiateMultipartUploadResult xmlns="%s"><Bucket>%s</Bucket>'
            '<Key>%s</Key><UploadId>%s</UploadId>'
            '</InitiateMultipartUploadResult>'
            % (NAMESPACE, request.bucket, escape(request.key), name)))

    def upload(self, request):
        upload = self.uploads.get(request.query['uploadId'])
        if not upload or (upload['bucket'], upload['key']) != (
                request.bucket, request.key):
            raise Error(404, 'NoSuchUpload')
        return upload

    def UploadPart(self, request, _sums):
        upload = self.upload(request)
        number = request.query['partNumber']
        if not number.isdigit() or not 1 <= int(number) <= 10000:
            raise Error(400, 'InvalidArgument')
        part = Version(request.body, request.now)
        upload['parts'][int(number)] = part
        return Answer(200, {'ETag': '"%s"' % part.etag})

    def CompleteMultipartUpload(self, request, _sums):
        upload, parts, numbers = self.upload(request), [], []
        for item in self.parse(request).findall('{*}Part'):
            number = int(item.findtext('{*}PartNumber') or 0)
            part = upload['parts'].get(number)
            etag = (item.findtext('{*}ETag') or '').strip('"')
            if part is None or part.etag != etag:
                raise Error(400, 'InvalidPart')
            numbers.append(number)
            parts.append(part)
        if not parts or numbers != sorted(set(numbers)):
            raise Error(400, 'InvalidPartOrder' if parts else 'MalformedXML')
        if any(len(part.data) < self.min_part for part in parts[:-1]):
            raise Error(400, 'EntityTooSmall')
        digest = hashlib.md5(b''.join(
            bytes.fromhex(part.etag) for part in parts)).hexdigest()
        answer = self.put(request, b''.join(part.data for part in parts),
                          upload['headers'], '%s-%d' % (digest, len(parts)))
        del self.uploads[request.query['uploadId']]
        return Answer(200, answer, xml(
            '<CompleteMultipartUploadResult xmlns="%s"><Bucket>%s</Bucket>'
            '<Key>%s</Key><ETag>%s</ETag></CompleteMultipartUploadResult>'
            % (NAMESPACE, request.bucket, escape(request.key),
               escape(answer['ETag']))))

    def AbortMultipartUpload(self, request, _sums):
        self.upload(request)
        del self.uploads[request.query['uploadId']]
        return Answer(204)

    def ListParts(self, request, _sums):
        upload = self.upload(request)
        return Answer(200, body=xml(
            '<ListPartsResult xmlns="%s"><IsTruncated>false</IsTruncated>%s'
            '</ListPartsResult>' % (NAMESPACE, ''.join(
                '<Part><PartNumber>%d</PartNumber><ETag>&quot;%s&quot;</ETag>'
                '<Size>%d</Size></Part>' % (number, part.etag, len(part.data))
                for number, part in sorted(upload['parts'].items())))))

    def ListMultipartUploads(self, request, _sums):
        self.bucket(request)
        return Answer(200, body=xml(
            '<ListMultipartUploadsResult xmlns="%s"><IsTruncated>false'
            '</IsTruncated>%s</ListMultipartUploadsResult>' % (
                NAMESPACE, ''.join(
                    '<Upload><Key>%s</Key><UploadId>%s</UploadId><Initiated>%s'
                    '</Initiated></Upload>' % (escape(upload['key']), name,
                                               stamp(upload['time']))
                    for name, upload in self.uploads.items()
                    if upload['bucket'] == request.bucket))))

    # Buckets

    def ListBuckets(self, _request, _sums):
        return Answer(200, body=xml(
            '<ListAllMyBucketsResult xmlns="%s"><Buckets>%s</Buckets>'
            '</ListAllMyBucketsResult>' % (NAMESPACE, ''.join(
                '<Bucket><Name>%s</Name><CreationDate>%s</CreationDate>'
                '</Bucket>' % (name, stamp(bucket.made))
                for name, bucket in sorted(self.buckets.items())))))

    def HeadBucket(self, request, _sums):
        self.bucket(request)
        return Answer(200, {'x-amz-bucket-region': self.region})

    def CreateBucket(self, request, _sums):
        if not 3 <= len(request.bucket) <= 63:
            raise Error(400, 'InvalidBucketName')
        if request.bucket in self.buckets:
            raise Error(409, 'BucketAlreadyOwnedByYou')
        where = None
        if request.body:
            where = self.parse(request).findtext('{*}LocationConstraint')
        if (where or 'us-east-1') != self.region:
            raise Error(400, 'IllegalLocationConstraintException')
        self.buckets[request.bucket] = Bucket(request.now)
        return Answer(200, {'Location': '/' + request.bucket})

    def DeleteBucket(self, request, _sums):
        if self.bucket(request).keys:
            raise Error(409, 'BucketNotEmpty')
        del self.buckets[request.bucket]
        return Answer(204)

    def GetBucketLocation(self, request, _sums):
        self.bucket(request)
        return Answer(200, body=xml(
            '<LocationConstraint xmlns="%s">%s</LocationConstraint>' % (
                NAMESPACE,
                '' if self.region == 'us-east-1' else self.region)))

    def GetBucketVersioning(self, request, _sums):
        return Answer(200, body=xml(
            '<VersioningConfiguration xmlns="%s">%s</VersioningConfiguration>'
            % (NAMESPACE, '<Status>Enabled</Status>'
               if self.bucket(request).versioned else '')))

    def PutBucketVersioning(self, request, _sums):
        status = self.parse(request).findtext('{*}Status')
        if status not in ('Enabled', 'Suspended'):
            raise Error(400, 'MalformedXML')
        self.bucket(request).versioned = status == 'Enabled'
        return Answer(200)

    def document(self, request, mark, error):
        documents = self.bucket(request).documents
        if request.method == 'PUT':
            if mark == 'policy':
                try:
                    json.loads(request.body)
                except ValueError:
                    raise Error(400, 'MalformedPolicy') from None
            else:
                self.parse(request)
            documents[mark] = request.body
            return Answer(200)
        if request.method == 'DELETE':
            documents.pop(mark, None)
            return Answer(204)
        if mark not in documents:
            raise Error(404, error)
        return Answer(200, body=documents[mark])


def location(bucket, key):
    return '/' + bucket + '/' + quote(key)
