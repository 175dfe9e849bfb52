# SPDX-License-Identifier: Apache-2.0
"""SageMaker's training jobs, ECS's tasks and CloudWatch Logs, as fakes3.py
serves them beside S3, at the same address.

A request is signed for its service, and every part of it is checked against
AWS's own model (fakemodel.py; without the models nothing is). A training job
goes through the states of the "SecondaryStatus" table of DescribeTrainingJob,
and really runs: its channels are copied out of the fake S3 into a directory
laid out as /opt/ml, and a process is started as the training toolkit of AWS's
images would (fakecontainer.py), or, with ContainerEntrypoint, just that. Where
such a process would say /opt/ml it is told to use another directory by
SAGEMAKER_BASE_DIR, as the toolkit does. What it prints goes to the logs, and
model.tar.gz and output.tar.gz into the fake S3.

In the config, "services" is an object, with everything optional:

    models     directory with botocore's data
    account    "123456789012"
    step       seconds that a state lasts in which nothing happens (0.02)
    grace      seconds between SIGTERM and SIGKILL (2; AWS: 120)
    page       most events of a page of logs (10000)
    lag        seconds until what was printed is in the logs (0)
    images     {"REPOSITORY:TAG": "sha256:…"}, of ECR ({}); POST to
               /_fake/images sets it anew
    jobs       what happens to the next jobs, one each (see below)
    s3         {"endpoint", "key", "secret"}: jobs find and leave their data
               there, and not in the fake S3

By POST to /_fake/jobs a test sets the list "jobs" anew: null for a job that
goes well, or {"fault": NAME}:

    capacity   it fails with CapacityError before it starts
    internal   with InternalServerError
    interrupt  spot: it is interrupted as soon as there is a checkpoint, and
               starts again
    task       (ECS) it stops with "stop_code" and "reason", never having run

The fault script of fakefault.py works for these operations, too; its answers
come as JSON. By POST to /_fake/lose, {"pages": COUNT}, pages of logs come empty.
"""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import threading
import time

import fakecontainer
from faketuning import Tuning
from fakemodel import Model, Wrong
from fakestore import Answer, Error, Version
from s3place import Place

JSON = 'application/x-amz-json-1.1'
PREFIXES = {'SageMaker': 'sagemaker', 'Logs_20140328': 'logs',
            'AmazonEC2ContainerServiceV20141113': 'ecs',
            'AmazonEC2ContainerRegistry_V20150921': 'ecr'}
# What these services call what S3 calls otherwise.
CODES = {'InvalidAccessKeyId': 'UnrecognizedClientException',
         'InvalidToken': 'UnrecognizedClientException',
         'SignatureDoesNotMatch': 'InvalidSignatureException',
         'ExpiredToken': 'ExpiredTokenException',
         'AccessDenied': 'AccessDeniedException',
         'TooManyRequests': 'ThrottlingException',
         'SlowDown': 'ThrottlingException',
         'InternalError': 'InternalFailure'}


class Fault(Error):
    """An error in the way that services say it that speak JSON."""

    def __init__(self, status, code, message='', **_elements):
        code = CODES.get(code, code)
        if code in ('ThrottlingException', 'ExpiredTokenException'):
            status = 400
        super().__init__(status, code, message)

    def answer(self):
        return reply({'__type': self.code, 'message': self.message},
                     self.status)


def reply(value, status=200):
    return Answer(status, {'Content-Type': JSON, 'x-amzn-RequestId': 'R1'},
                  json.dumps(value).encode())


def split_url(url):
    match = re.fullmatch(r's3://([^/]+)/?(.*)', url)
    if not match:
        raise Fault(400, 'ValidationException', 'S3 address ' + url)
    return match.groups()


class Logs:
    """group -> stream -> [(milliseconds, text)]"""

    def __init__(self, page, lag):
        self.groups, self.page, self.lag = {}, page, lag
        self.lost = 0   # so many pages come empty
        self.lock = threading.Lock()

    def add(self, group, stream, text):
        with self.lock:
            self.groups.setdefault(group, {}).setdefault(stream, []).append(
                (int(time.time() * 1000), text))

    def group(self, name):
        if name not in self.groups:
            raise Fault(400, 'ResourceNotFoundException',
                        'The specified log group does not exist.')
        return self.groups[name]

    def DescribeLogStreams(self, request):
        with self.lock:
            names = sorted(
                name for name in self.group(request['logGroupName'])
                if name.startswith(request.get('logStreamNamePrefix', '')))
        return {'logStreams': [{'logStreamName': name} for name in names]}

    def GetLogEvents(self, request):
        with self.lock:
            streams = self.group(request['logGroupName'])
            if request['logStreamName'] not in streams:
                raise Fault(400, 'ResourceNotFoundException',
                            'The specified log stream does not exist.')
            events = streams[request['logStreamName']]
            at, tries = 0, 0
            if 'nextToken' in request:
                match = re.fullmatch(r'f/(\d+)/(\d+)', request['nextToken'])
                if not match:
                    raise Fault(400, 'InvalidParameterException', 'nextToken')
                at, tries = map(int, match.groups())
            elif not request.get('startFromHead'):
                at = max(0, len(events) - self.page)
            until = (time.time() - self.lag) * 1000
            found = [event for event in events[at:at + self.page]
                     if event[0] <= until]
            if self.lost and found:
                # "The operation can return empty results while there are
                # more log events available through the token."
                self.lost -= 1
                found, tries = [], tries + 1
        end = at + len(found)
        return {'events': [{'timestamp': when, 'message': text,
                            'ingestionTime': when} for when, text in found],
                'nextForwardToken': 'f/%d/%d' % (end, tries),
                'nextBackwardToken': 'b/%d/0' % at}


class Process:
    """A process of a job: its output becomes lines of logs."""

    def __init__(self, arguments, environment, directory, write):
        self.process = subprocess.Popen(
            arguments, env=environment, cwd=directory,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        self.thread = threading.Thread(target=self.read, args=(write,),
                                       daemon=True)
        self.thread.start()

    def read(self, write):
        for line in self.process.stdout:
            write(line.decode('utf-8', 'replace').rstrip('\n'))

    def send(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def stop(self, grace):
        self.send(signal.SIGTERM)
        try:
            self.process.wait(grace)
        except subprocess.TimeoutExpired:
            pass
        self.send(signal.SIGKILL)
        return self.end()

    def end(self):
        status = self.process.wait()
        self.thread.join(5)
        return status


class Job(threading.Thread):
    def __init__(self, services, request, fault):
        super().__init__(daemon=True)
        self.services, self.request, self.fault = services, request, fault
        self.name_ = request['TrainingJobName']
        self.stopping = threading.Event()
        self.created = services.fake.now()
        self.status, self.failure, self.transitions = 'InProgress', None, []
        self.trained = self.began = self.ended = 0
        self.metrics, self.artifacts = {}, None
        self.enter('Starting', 'Starting the training job')

    def enter(self, status, message=''):
        now = self.services.fake.now()
        if self.transitions:
            self.transitions[-1].setdefault('EndTime', now)
        self.transitions.append({'Status': status, 'StartTime': now,
                                 'StatusMessage': message})

    def describe(self):
        request = self.request
        value = {name: request[name] for name in (
            'TrainingJobName', 'AlgorithmSpecification', 'RoleArn',
            'OutputDataConfig', 'ResourceConfig', 'StoppingCondition',
            'InputDataConfig', 'HyperParameters', 'Environment',
            'CheckpointConfig', 'EnableManagedSpotTraining') if name in request}
        value.update(
            TrainingJobArn=self.services.arn(self.name_),
            TrainingJobStatus=self.status,
            SecondaryStatus=self.transitions[-1]['Status'],
            SecondaryStatusTransitions=self.transitions,
            CreationTime=self.created,
            LastModifiedTime=self.transitions[-1]['StartTime'],
            FinalMetricDataList=[
                {'MetricName': name, 'Value': value, 'Timestamp': self.ended}
                for name, value in self.metrics.items()])
        if self.artifacts:
            value['ModelArtifacts'] = {'S3ModelArtifacts': self.artifacts}
        if self.failure is not None:
            value['FailureReason'] = self.failure[:1024]
        if self.ended:
            seconds = max(1, round(self.trained))
            value.update(TrainingStartTime=self.began,
                         TrainingEndTime=self.ended,
                         TrainingTimeInSeconds=seconds,
                         BillableTimeInSeconds=max(1, seconds * 3 // 10)
                         if request.get('EnableManagedSpotTraining')
                         else seconds)
        return value

    def finish(self, status, secondary, failure=None):
        self.ended = self.services.fake.now()
        self.failure = failure
        self.enter(secondary, failure or '')
        self.transitions[-1]['EndTime'] = self.ended
        self.status = status

    def pause(self):
        time.sleep(self.services.step)

    def run(self):
        try:
            self.go()
        except Exception as error:  # pylint: disable=broad-except
            self.finish('Failed', 'Failed',
                        'InternalServerError: ' + repr(error))

    def go(self):
        self.pause()
        fault = (self.fault or {}).get('fault')
        if fault == 'capacity':
            self.finish('Failed', 'Failed', 'CapacityError: Unable to '
                        'provision requested ML compute capacity. Please '
                        'retry using a different ML instance type.')
            return
        if fault == 'internal':
            self.finish('Failed', 'Failed', 'InternalServerError: We '
                        'encountered an internal error. Please try again.')
            return
        interrupt = fault == 'interrupt'
        while True:
            base = tempfile.mkdtemp(prefix='mldv-job.')
            try:
                if self.attempt(base, interrupt):
                    return
            finally:
                shutil.rmtree(base, ignore_errors=True)
            interrupt = False
            self.enter('Interrupted', 'Spot capacity is gone')
            self.pause()
            self.enter('Starting', 'Starting again')
            self.pause()

    def download(self, base):
        config = os.path.join(base, 'input', 'config')
        for path in ('input/config', 'input/data', 'model', 'output/data',
                     'code', 'checkpoints'):
            os.makedirs(os.path.join(base, path))
        resources = self.request['ResourceConfig']
        group = {'instance_group_name': 'homogeneousCluster',
                 'instance_type': resources['InstanceType'],
                 'hosts': ['algo-1']}
        channels = {}
        for channel in self.request.get('InputDataConfig', []):
            name = channel['ChannelName']
            source = channel['DataSource']['S3DataSource']
            channels[name] = {'TrainingInputMode': 'File',
                              'S3DistributionType':
                              source['S3DataDistributionType'],
                              'RecordWrapperType': 'None'}
            if self.services.copy_out(source['S3Uri'], os.path.join(
                    base, 'input', 'data', name)) == 0:
                return 'ClientError: Data download failed:S3 key: %s has ' \
                    'no objects' % source['S3Uri']
        for name, value in (
                ('hyperparameters', self.request.get('HyperParameters', {})),
                ('inputdataconfig', channels),
                ('resourceconfig', {
                    'current_host': 'algo-1', 'hosts': ['algo-1'],
                    'network_interface_name': 'eth0',
                    'current_instance_type': resources['InstanceType'],
                    'current_group_name': 'homogeneousCluster',
                    'instance_groups': [group]})):
            with open(os.path.join(config, name + '.json'), 'w',
                      encoding='utf-8') as file:
                json.dump(value, file)
        if 'CheckpointConfig' in self.request:
            self.services.copy_out(
                self.request['CheckpointConfig']['S3Uri'],
                os.path.join(base, 'checkpoints'))
        return None

    def environment(self, base):
        moved = {name: value.replace('/opt/ml', base) for name, value
                 in self.request.get('Environment', {}).items()}
        return {**{name: os.environ[name] for name in ('PATH', 'LANG', 'TMPDIR')
                   if name in os.environ},
                'HOME': base, 'SAGEMAKER_BASE_DIR': base,
                'TRAINING_JOB_NAME': self.name_,
                'TRAINING_JOB_ARN': self.services.arn(self.name_),
                'AWS_REGION': self.services.fake.region, **moved}

    def attempt(self, base, interrupt):
        """False if it was interrupted and goes on."""
        self.enter('Downloading', 'Downloading input data')
        failure = self.download(base)
        self.pause()
        if failure:
            self.finish('Failed', 'Failed', failure)
            return True
        self.enter('Training', 'Training image download completed. Training '
                   'in progress.')
        self.began = self.began or self.services.fake.now()
        stream = '%s/algo-1-%d' % (self.name_, time.time())
        spec = self.request['AlgorithmSpecification']
        environment = self.environment(base)

        def write(text):
            for metric in spec.get('MetricDefinitions', []):
                match = re.search(metric['Regex'], text)
                if match:
                    self.metrics[metric['Name']] = float(match.group(1))
            self.services.logs.add('/aws/sagemaker/TrainingJobs', stream, text)

        if 'ContainerEntrypoint' in spec:
            arguments = [word.replace('/opt/ml', base) for word in
                         spec['ContainerEntrypoint'] +
                         spec.get('ContainerArguments', [])]
            directory = base
        else:
            try:
                arguments, extra, directory = fakecontainer.prepare(
                    base, self.services.fetch)
            except fakecontainer.Refused as error:
                write(str(error))
                self.finish('Failed', 'Failed', 'AlgorithmError: %s, exit '
                            'code: 1' % error)
                return True
            environment.update(extra)
        process = Process(arguments, environment, directory, write)
        return self.wait(base, process, interrupt)

    def wait(self, base, process, interrupt):
        began = time.monotonic()
        limit = self.request['StoppingCondition'].get(
            'MaxRuntimeInSeconds', 86400)
        ended, checkpoints = None, os.path.join(base, 'checkpoints')
        while process.process.poll() is None and ended is None:
            time.sleep(0.01)
            if self.stopping.is_set():
                ended = 'Stopped'
            elif time.monotonic() - began > limit:
                ended = 'MaxRuntimeExceeded'
            elif interrupt and os.listdir(checkpoints):
                ended = 'Interrupted'
        if ended == 'Stopped':
            self.status = 'Stopping'
            self.enter('Stopping', 'Stopping the training job')
        status = process.stop(self.services.grace) if ended else process.end()
        self.trained += time.monotonic() - began
        if 'CheckpointConfig' in self.request:
            self.services.copy_in(
                checkpoints, self.request['CheckpointConfig']['S3Uri'])
        if ended == 'Interrupted':
            return False
        self.enter('Uploading', 'Uploading generated training model')
        self.upload(base)
        self.pause()
        if ended:
            self.finish('Stopped', ended)
        elif status != 0:
            self.finish('Failed', 'Failed', 'AlgorithmError: %s, exit code: '
                        '%d' % (self.said(base), status))
        else:
            self.finish('Completed', 'Completed')
        return True

    @staticmethod
    def said(base):
        try:
            with open(os.path.join(base, 'output', 'failure'),
                      encoding='utf-8') as file:
                return file.read(1024)
        except FileNotFoundError:
            return 'See job logs for more information'

    def upload(self, base):
        where = '%s/%s/output/' % (
            self.request['OutputDataConfig']['S3OutputPath'].rstrip('/'),
            self.name_)
        self.services.put_tar(os.path.join(base, 'model'),
                              where + 'model.tar.gz')
        self.artifacts = where + 'model.tar.gz'
        if os.listdir(os.path.join(base, 'output', 'data')):
            self.services.put_tar(os.path.join(base, 'output', 'data'),
                                  where + 'output.tar.gz')


class Task(threading.Thread):
    """Of ECS: one container, whose command is run as it is."""

    def __init__(self, services, request, number, fault):
        super().__init__(daemon=True)
        self.services, self.request, self.fault = services, request, fault
        self.stopping = threading.Event()
        self.reason = ''
        self.arn = 'arn:aws:ecs:%s:%s:task/%s/%032x' % (
            services.fake.region, services.account,
            request.get('cluster', 'default'), number)
        self.container = request['overrides']['containerOverrides'][0]
        self.value = {'taskArn': self.arn, 'lastStatus': 'PROVISIONING',
                      'desiredStatus': 'RUNNING', 'containers': [
                          {'name': self.container['name']}]}

    def run(self):
        services, value = self.services, self.value
        for status in ('PENDING', 'ACTIVATING'):
            time.sleep(services.step)
            value['lastStatus'] = status
        if self.fault and self.fault.get('fault') == 'task':
            self.end(self.fault['stop_code'], self.fault['reason'])
            return
        stream = 'mldv/%s/%s' % (self.container['name'],
                                 self.arn.rsplit('/', 1)[1])
        # Of what this process has, a container has nothing of AWS's.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith('AWS_')}
        environment.update({pair['name']: pair['value'] for pair in
                            self.container.get('environment', [])})
        base = tempfile.mkdtemp(prefix='mldv-task.')
        try:
            process = Process(
                self.container['command'], environment, base,
                lambda text: services.logs.add(
                    '/mldv/vision', stream, text))
            value['lastStatus'] = 'RUNNING'
            value['startedAt'] = time.time()
            while process.process.poll() is None and \
                    not self.stopping.is_set():
                time.sleep(0.01)
            stopped = self.stopping.is_set()
            status = process.stop(services.grace) if stopped else process.end()
        finally:
            shutil.rmtree(base, ignore_errors=True)
        value['containers'][0]['exitCode'] = \
            status if status >= 0 else 128 - status
        self.end('UserInitiated' if stopped else 'EssentialContainerExited',
                 self.reason or 'Essential container in task exited')

    def end(self, code, reason):
        for status in ('DEACTIVATING', 'STOPPING', 'DEPROVISIONING'):
            self.value['lastStatus'] = status
            time.sleep(self.services.step)
        self.value.update(lastStatus='STOPPED', stopCode=code,
                          stoppedReason=reason, desiredStatus='STOPPED',
                          stoppedAt=time.time())


class Within:
    """The fake S3, seen from within."""

    def __init__(self, fake):
        self.fake = fake

    def get(self, bucket, key):
        bucket = self.fake.store.buckets.get(bucket)
        found = bucket.current(key) if bucket else None
        return found.data if found else None

    def keys(self, bucket, prefix):
        bucket = self.fake.store.buckets.get(bucket)
        with self.fake.store.lock:
            return [key for key in (bucket.keys if bucket else ())
                    if key.startswith(prefix)]

    def put(self, bucket, key, data):
        with self.fake.store.lock:
            self.fake.store.add(self.fake.store.buckets[bucket], key,
                                Version(data, self.fake.now()))


class Services:
    def __init__(self, fake, config):
        self.fake = fake
        self.place = Place(config['s3']) if 's3' in config else Within(fake)
        self.account = config.get('account', '123456789012')
        self.step = config.get('step', 0.02)
        self.grace = config.get('grace', 2)
        self.logs = Logs(config.get('page', 10000), config.get('lag', 0))
        self.faults = list(config.get('jobs', []))
        self.images = dict(config.get('images', {}))
        self.tunings = {}
        self.jobs, self.tasks, self.lock = {}, {}, threading.Lock()
        self.models = {name: Model(config['models'], name)
                       for name in PREFIXES.values()} \
            if 'models' in config else {}

    def arn(self, name):
        return 'arn:aws:sagemaker:%s:%s:training-job/%s' % (
            self.fake.region, self.account, name)

    @staticmethod
    def operation(headers):
        """The operation's name, or None if it is no request of ours."""
        target = headers.get('x-amz-target', '')
        return target.partition('.')[2] or None

    def serve(self, incoming):
        try:
            return self.answer(incoming)
        except Fault as error:
            return error.answer()
        except Wrong as error:
            return Fault(400, 'ValidationException', str(error)).answer()

    def answer(self, incoming):
        prefix, _, operation = incoming.headers['x-amz-target'].partition('.')
        if prefix not in PREFIXES or incoming.path != '/' or \
                incoming.method != 'POST':
            raise Fault(404, 'UnknownOperationException')
        if incoming.headers.get('content-type') != JSON:
            raise Fault(400, 'SerializationException', 'content-type')
        service = PREFIXES[prefix]
        user = self.fake.authenticate(incoming, service, Fault)
        if '%s:%s' % (service, operation) in (user.get('deny') or []):
            raise Fault(400, 'AccessDeniedException', operation)
        try:
            request = json.loads(incoming.body)
        except ValueError:
            raise Fault(400, 'SerializationException') from None
        if service in self.models:
            self.models[service].check(operation, request)
        where = self.logs if service == 'logs' else self
        method = getattr(where, operation, None)
        if method is None or not operation[:1].isupper():
            raise Fault(400, 'UnknownOperationException', operation)
        value = method(request)
        return reply(value) if value is not None else Answer(
            200, {'Content-Type': JSON})

    # What lies in buckets

    def fetch(self, url):
        data = self.place.get(*split_url(url))
        if data is None:
            raise FileNotFoundError(url)
        return data

    def copy_out(self, url, directory):
        name, prefix = split_url(url)
        count = 0
        os.makedirs(directory, exist_ok=True)
        for key in self.place.keys(name, prefix):
            data = self.place.get(name, key)
            if data is None:
                continue
            # A prefix that is just one object is a file of its name.
            inner = key[len(prefix):].lstrip('/') or key.rsplit('/', 1)[-1]
            path = os.path.join(directory, inner)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as file:
                file.write(data)
            count += 1
        return count

    def put(self, url, data):
        self.place.put(*split_url(url), data)

    def copy_in(self, directory, url):
        for root, _, names in os.walk(directory):
            for name in names:
                path = os.path.join(root, name)
                with open(path, 'rb') as file:
                    self.put(url.rstrip('/') + '/' +
                             os.path.relpath(path, directory), file.read())

    def put_tar(self, directory, url):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode='w:gz') as tar:
            for name in sorted(os.listdir(directory)):
                tar.add(os.path.join(directory, name), name)
        self.put(url, data.getvalue())

    # SageMaker

    def next_fault(self):
        return self.faults.pop(0) if self.faults else None

    def job(self, request):
        name = request['TrainingJobName']
        if name not in self.jobs:
            # Not ResourceNotFound, whatever the model says.
            raise Fault(400, 'ValidationException',
                        'Requested resource not found.')
        return self.jobs[name]

    def CreateTrainingJob(self, request):
        name = request['TrainingJobName']
        with self.lock:
            if name in self.jobs:
                raise Fault(400, 'ResourceInUse', 'Job name must be unique '
                            'within an AWS account and region, and a training '
                            'job with this name already exists (%s)'
                            % self.arn(name))
            spot = request.get('EnableManagedSpotTraining')
            condition = request['StoppingCondition']
            if spot and condition.get('MaxWaitTimeInSeconds', 0) < \
                    condition['MaxRuntimeInSeconds']:
                raise Fault(400, 'ValidationException', 'Invalid '
                            'MaxWaitTimeInSeconds.')
            for channel in request.get('InputDataConfig', []):
                split_url(channel['DataSource']['S3DataSource']['S3Uri'])
            split_url(request['OutputDataConfig']['S3OutputPath'])
            job = Job(self, request, self.next_fault())
            self.jobs[name] = job
        job.start()
        return {'TrainingJobArn': self.arn(name)}

    def DescribeTrainingJob(self, request):
        return self.job(request).describe()

    def StopTrainingJob(self, request):
        job = self.job(request)
        if job.status != 'InProgress':
            raise Fault(400, 'ValidationException', 'The request was rejected '
                        'because the training job is in status %s.'
                        % job.status)
        job.stopping.set()

    def ListTrainingJobs(self, request):
        part = request.get('NameContains', '')
        return {'TrainingJobSummaries': [
            {'TrainingJobName': name, 'TrainingJobArn': self.arn(name),
             'CreationTime': job.created, 'TrainingJobStatus': job.status}
            for name, job in sorted(self.jobs.items(), reverse=True)
            if part in name][:request.get('MaxResults', 10)]}

    # Tuning: see faketuning.py

    def CreateHyperParameterTuningJob(self, request):
        name = request['HyperParameterTuningJobName']
        with self.lock:
            if name in self.tunings:
                raise Fault(400, 'ResourceInUse', 'Hyperparameter tuning job '
                            'names must be unique')
            tuning = Tuning(self, request, self.start_tuned)
            self.tunings[name] = tuning
        tuning.start()
        return {'HyperParameterTuningJobArn': self.arn(name).replace(
            'training-job', 'hyper-parameter-tuning-job')}

    def start_tuned(self, definition):
        with self.lock:
            job = Job(self, definition, self.next_fault())
            self.jobs[job.name_] = job
        job.start()
        return job

    def tuning(self, request):
        name = request['HyperParameterTuningJobName']
        if name not in self.tunings:
            raise Fault(400, 'ResourceNotFound',
                        'Amazon SageMaker can\'t find a tuning job with name '
                        '%s.' % name)
        return self.tunings[name]

    def DescribeHyperParameterTuningJob(self, request):
        return self.tuning(request).describe()

    def ListTrainingJobsForHyperParameterTuningJob(self, request):
        """In pages of three, however many are asked for."""
        tuning = self.tuning(request)
        if 'NextToken' not in request:
            tuning.found = tuning.listing()
        found = tuning.found
        at = int(request.get('NextToken', '0'))
        value = {'TrainingJobSummaries': found[at:at + 3]}
        if at + 3 < len(found):
            value['NextToken'] = str(at + 3)
        return value

    # ECR

    def BatchGetImage(self, request):
        """Of any registry, and without the manifests."""
        images, failures = [], []
        for image in request['imageIds']:
            digest = self.images.get('%s:%s' % (
                request['repositoryName'], image.get('imageTag')))
            if digest:
                images.append({'registryId': request.get('registryId'),
                               'repositoryName': request['repositoryName'],
                               'imageId': dict(image, imageDigest=digest)})
            else:
                failures.append({'imageId': image,
                                 'failureCode': 'ImageNotFound',
                                 'failureReason': 'Requested image not found'})
        return {'images': images, 'failures': failures}

    # ECS

    def RunTask(self, request):
        with self.lock:
            token = request.get('clientToken')
            for task in self.tasks.values():
                if token and task.request.get('clientToken') == token:
                    return {'tasks': [task.value], 'failures': []}
            fault = self.next_fault()
            if fault and fault.get('fault') == 'capacity':
                return {'tasks': [], 'failures': [
                    {'reason': 'Capacity is unavailable at this time. Please '
                     'try again later or in a different availability zone'}]}
            if len(json.dumps(request.get('overrides', {}))) > 8192:
                raise Fault(400, 'InvalidParameterException', 'overrides')
            task = Task(self, request, len(self.tasks) + 1, fault)
            self.tasks[task.arn] = task
            value = dict(task.value)
        task.start()
        return {'tasks': [value], 'failures': []}

    def check_cluster(self, request):
        """Each cluster is there, but that of the name "gone"."""
        cluster = request.get('cluster', 'default').rsplit('/', 1)[-1]
        if cluster == 'gone':
            raise Fault(400, 'ClusterNotFoundException', 'Cluster not found.')
        for arn in request.get('tasks', [request.get('task', '')]):
            if ':task/' in arn and ':task/%s/' % cluster not in arn:
                raise Fault(400, 'InvalidParameterException',
                            'The task is of another cluster.')

    def DescribeTasks(self, request):
        self.check_cluster(request)
        found = [self.tasks[arn].value for arn in request['tasks']
                 if arn in self.tasks]
        return {'tasks': found, 'failures': [
            {'arn': arn, 'reason': 'MISSING'} for arn in request['tasks']
            if arn not in self.tasks]}

    def StopTask(self, request):
        self.check_cluster(request)
        if request['task'] not in self.tasks:
            raise Fault(400, 'InvalidParameterException',
                        'The referenced task was not found.')
        task = self.tasks[request['task']]
        task.reason = request.get('reason', '')
        task.stopping.set()
        return {'task': task.value}
