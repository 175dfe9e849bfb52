#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds a server that is taken for S3 to what AWS's own client makes of it.

    fakecheck.py BUCKET    of the endpoint and with the keys of the environment

Writes nothing if all is well. ROLE may hold a role to assume; what only the
fake can do is tried as well if FAKE holds its address.
"""

import hashlib
import json
import os
import sys
import urllib.request

import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.session

FAKE = os.environ.get('FAKE')
bucket = sys.argv[1]


def client(name, **options):
    session = botocore.session.Session()
    return session.create_client(
        name, 'us-east-1', config=botocore.config.Config(
            retries={'total_max_attempts': 1}, connect_timeout=5,
            read_timeout=20,
            s3={'addressing_style': options.pop('style', 'path')}), **options)


def fails(status, code, function, **arguments):
    try:
        function(**arguments)
    except botocore.exceptions.ClientError as error:
        got = (error.response['ResponseMetadata']['HTTPStatusCode'],
               error.response['Error']['Code'])
        assert got[0] == status and got[1] in code.split(' or '), got
        return error.response
    raise AssertionError('no %d %s' % (status, code))


def objects(s3):
    for key in ('plain', 'a b+c=d%25,é~', 'x//y/../z', "('*')!", 'l/' + 'k' * 900):
        body = hashlib.sha256(key.encode()).digest() * 100
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        got = s3.get_object(Bucket=bucket, Key=key)
        assert got['Body'].read() == body
        head = s3.head_object(Bucket=bucket, Key=key)
        assert head['ContentLength'] == len(body), head
        assert head['ETag'].strip('"') == hashlib.md5(body).hexdigest()
        part = s3.get_object(Bucket=bucket, Key=key, Range='bytes=10-19')
        assert part['Body'].read() == body[10:20]
        assert part['ContentRange'] == 'bytes 10-19/%d' % len(body)
        part = s3.get_object(Bucket=bucket, Key=key, Range='bytes=-5')
        assert part['Body'].read() == body[-5:]
    fails(416, 'InvalidRange', s3.get_object, Bucket=bucket, Key='plain',
          Range='bytes=999999-')
    fails(404, 'NoSuchKey', s3.get_object, Bucket=bucket, Key='none')
    fails(404, '404', s3.head_object, Bucket=bucket, Key='none')
    fails(404, 'NoSuchBucket', s3.get_object, Bucket='no-such-one', Key='none')


def conditions(s3):
    s3.put_object(Bucket=bucket, Key='once', Body=b'1', IfNoneMatch='*')
    fails(412, 'PreconditionFailed', s3.put_object, Bucket=bucket, Key='once',
          Body=b'2', IfNoneMatch='*')
    assert s3.get_object(Bucket=bucket, Key='once')['Body'].read() == b'1'


def listings(s3):
    keys = ['list/%03d é+%%' % n for n in range(25)] + ['list/sub/%d' % n
                                                       for n in range(7)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b'x')
    found = []
    pages = s3.get_paginator('list_objects_v2').paginate(
        Bucket=bucket, Prefix='list/', PaginationConfig={'PageSize': 10})
    for page in pages:
        assert page['KeyCount'] <= 10
        found += [item['Key'] for item in page.get('Contents', [])]
    assert found == sorted(keys), found
    groups = []
    for page in s3.get_paginator('list_objects_v2').paginate(
            Bucket=bucket, Prefix='list/', Delimiter='/',
            PaginationConfig={'PageSize': 13}):
        groups += [item['Prefix'] for item in page.get('CommonPrefixes', [])]
    assert groups == ['list/sub/'], groups
    got = s3.list_objects_v2(Bucket=bucket, Prefix='list/',
                             StartAfter='list/sub/5')
    assert [item['Key'] for item in got['Contents']] == ['list/sub/6']
    got = s3.delete_objects(Bucket=bucket, Delete={
        'Objects': [{'Key': key} for key in keys]})
    assert len(got['Deleted']) == len(keys)
    assert s3.list_objects_v2(Bucket=bucket, Prefix='list/')['KeyCount'] == 0


def parts(s3):
    upload = s3.create_multipart_upload(Bucket=bucket, Key='parts')['UploadId']
    pieces = [b'a' * (5 << 20), b'b' * 100]
    etags = [s3.upload_part(Bucket=bucket, Key='parts', UploadId=upload,
                            PartNumber=n + 1, Body=piece)['ETag']
             for n, piece in enumerate(pieces)]
    got = s3.list_parts(Bucket=bucket, Key='parts', UploadId=upload)['Parts']
    assert [part['ETag'] for part in got] == etags
    fails(400, 'InvalidPart', s3.complete_multipart_upload, Bucket=bucket,
          Key='parts', UploadId=upload, MultipartUpload={
              'Parts': [{'PartNumber': 1, 'ETag': etags[1]}]})
    s3.complete_multipart_upload(
        Bucket=bucket, Key='parts', UploadId=upload, MultipartUpload={
            'Parts': [{'PartNumber': n + 1, 'ETag': etag}
                      for n, etag in enumerate(etags)]})
    body = s3.get_object(Bucket=bucket, Key='parts')['Body'].read()
    assert body == b''.join(pieces)
    other = s3.create_multipart_upload(Bucket=bucket, Key='parts')['UploadId']
    s3.abort_multipart_upload(Bucket=bucket, Key='parts', UploadId=other)
    # The second is what the gateway says.
    fails(404, 'NoSuchUpload or NoSuchKey', s3.list_parts, Bucket=bucket, Key='parts',
          UploadId=other)


def versions(s3):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={
        'Status': 'Enabled'})
    assert s3.get_bucket_versioning(Bucket=bucket)['Status'] == 'Enabled'
    first = s3.put_object(Bucket=bucket, Key='v', Body=b'1')['VersionId']
    second = s3.put_object(Bucket=bucket, Key='v', Body=b'2')['VersionId']
    got = s3.get_object(Bucket=bucket, Key='v', VersionId=first)
    assert got['Body'].read() == b'1'
    s3.delete_object(Bucket=bucket, Key='v')
    fails(404, 'NoSuchKey', s3.get_object, Bucket=bucket, Key='v')
    got = s3.list_object_versions(Bucket=bucket, Prefix='v')
    assert [v['VersionId'] for v in got['Versions']] == [second, first]
    assert got['DeleteMarkers'][0]['IsLatest']
    s3.delete_object(Bucket=bucket, Key='v',
                     VersionId=got['DeleteMarkers'][0]['VersionId'])
    assert s3.get_object(Bucket=bucket, Key='v')['Body'].read() == b'2'
    s3.delete_object(Bucket=bucket, Key='v', VersionId=second)
    assert s3.get_object(Bucket=bucket, Key='v')['Body'].read() == b'1'


def refusals():
    key = os.environ['AWS_ACCESS_KEY_ID']
    wrong = client('s3', aws_access_key_id=key, aws_secret_access_key='wrong')
    fails(403, 'SignatureDoesNotMatch', wrong.get_object, Bucket=bucket,
          Key='plain')
    unknown = client('s3', aws_access_key_id='NOSUCHKEY0000000',
                     aws_secret_access_key='wrong')
    fails(403, 'InvalidAccessKeyId', unknown.get_object, Bucket=bucket,
          Key='plain')
    right = client('s3', style='virtual')
    assert right.get_object(Bucket=bucket, Key='plain')['Body'].read()


def assume(role):
    got = client('sts').assume_role(
        RoleArn=role, RoleSessionName='name')['Credentials']
    keys = {'aws_access_key_id': got['AccessKeyId'],
            'aws_secret_access_key': got['SecretAccessKey']}
    s3 = client('s3', aws_session_token=got['SessionToken'], **keys)
    s3.put_object(Bucket=bucket, Key='by role', Body=b'x')
    try:
        client('s3', aws_session_token='no', **keys).list_objects_v2(
            Bucket=bucket)
    except botocore.exceptions.ClientError:
        return
    raise AssertionError('any token will do')


def only_fake():
    s3 = client('s3')
    body = b'with a sum'
    put = s3.put_object(Bucket=bucket, Key='sum', Body=body,
                        ChecksumAlgorithm='SHA256')
    head = s3.head_object(Bucket=bucket, Key='sum', ChecksumMode='ENABLED')
    assert head['ChecksumSHA256'] == put['ChecksumSHA256']
    fails(400, 'BadDigest', s3.put_object, Bucket=bucket, Key='sum',
          Body=b'else', ChecksumSHA256=head['ChecksumSHA256'])
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={'Rules': [{
            'ID': 'x', 'Status': 'Enabled', 'Filter': {'Prefix': ''},
            'AbortIncompleteMultipartUpload': {'DaysAfterInitiation': 7}}]})
    got = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert got['Rules'][0]['ID'] == 'x'
    fails(404, 'NoSuchPublicAccessBlockConfiguration',
          s3.get_public_access_block, Bucket=bucket)
    away = client('s3', aws_access_key_id='LESSER',
                  aws_secret_access_key='SECRET2')
    fails(403, '403', away.head_object, Bucket=bucket, Key='none')
    fails(403, 'AccessDenied', away.list_objects_v2, Bucket=bucket)
    sessions()
    sources()


def sessions():
    sts = client('sts')
    arguments = {'RoleArn': 'arn:aws:iam::1:role/r', 'RoleSessionName': 'name'}
    fails(403, 'AccessDenied', sts.assume_role, **arguments)
    got = sts.assume_role(ExternalId='outside', **arguments)['Credentials']
    keys = {'aws_access_key_id': got['AccessKeyId'],
            'aws_secret_access_key': got['SecretAccessKey']}
    s3 = client('s3', aws_session_token=got['SessionToken'], **keys)
    assert s3.get_object(Bucket=bucket, Key='sum')['Body'].read()
    fails(403, 'InvalidAccessKeyId', client('s3', **keys).get_object,
          Bucket=bucket, Key='sum')
    control('expire', {'key': got['AccessKeyId']})
    fails(400, 'ExpiredToken', s3.get_object, Bucket=bucket, Key='sum')
    web = {'RoleArn': 'arn:aws:iam::1:role/w', 'RoleSessionName': 'name'}
    sts.assume_role_with_web_identity(WebIdentityToken='web-token', **web)
    fails(400, 'InvalidIdentityToken', sts.assume_role_with_web_identity,
          WebIdentityToken='another', **web)
    sso = client('sso')
    got = sso.get_role_credentials(accountId='1', roleName='r',
                                   accessToken='sso-token')['roleCredentials']
    assert got['accessKeyId'].startswith('ASIA')
    fails(401, '401', sso.get_role_credentials, accountId='1', roleName='r',
          accessToken='another')
    oidc = client('sso-oidc')
    got = oidc.create_token(clientId='i', clientSecret='s',
                            grantType='refresh_token', refreshToken='again')
    assert got['accessToken']


def sources():
    """botocore's own readers find credentials where the fake gives them."""
    for name in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'):
        os.environ.pop(name, None)
    os.environ['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = FAKE + '/'
    os.environ.pop('AWS_EC2_METADATA_DISABLED')
    got = botocore.session.Session().get_credentials()
    assert got.method == 'iam-role', got.method
    os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = FAKE + '/container'
    os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN'] = 'container-token'
    got = botocore.session.Session().get_credentials()
    assert got.method == 'container-role', got.method
    s3 = client('s3')
    assert s3.get_object(Bucket=bucket, Key='sum')['Body'].read()


def control(what, value):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(FAKE + '/_fake/' + what, json.dumps(value).encode())


def main():
    s3 = client('s3')
    objects(s3)
    conditions(s3)
    listings(s3)
    parts(s3)
    refusals()
    versions(s3)
    if 'ROLE' in os.environ:
        assume(os.environ['ROLE'])
    if FAKE:
        only_fake()


main()
