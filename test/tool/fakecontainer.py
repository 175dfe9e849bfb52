# SPDX-License-Identifier: Apache-2.0
"""What runs inside AWS's framework images: the training toolkit's rules.

After the README of github.com/aws/sagemaker-training-toolkit and what it does
(environment.py, mapping.py, entry_point.py), written anew and only as far as
one host and a script need it: hyperparameters and channels become arguments
and SM_ variables, sourcedir.tar.gz the working directory.
"""

import io
import json
import os
import tarfile


class Refused(Exception):
    """The container ends with this before a script is started."""


def decode(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def as_text(value):
    if value is None:
        return ''
    return value if isinstance(value, str) else json.dumps(
        value, sort_keys=True, separators=(',', ':'), ensure_ascii=False)


def to_arguments(parameters):
    arguments = []
    for name in sorted(parameters):
        value = parameters[name]
        if isinstance(value, dict):
            value = ','.join('%s=%s' % pair for pair in sorted(value.items()))
        arguments += [('-' if len(name) == 1 else '--') + name, str(value)]
    return arguments


def read(base, name):
    with open(os.path.join(base, 'input', 'config', name + '.json'),
              encoding='utf-8') as file:
        return json.load(file)


def prepare(base, fetch):
    """Arguments, further environment and directory of the script."""
    given = {name: decode(value) for name, value
             in read(base, 'hyperparameters').items()}
    program = given.get('sagemaker_program')
    source = given.get('sagemaker_submit_directory')
    if not program or not source:
        raise Refused('no sagemaker_program, or no source')
    code = os.path.join(base, 'code')
    with tarfile.open(fileobj=io.BytesIO(fetch(source))) as tar:
        tar.extractall(code)
    script = os.path.join(code, program)
    if not os.path.exists(script):
        raise Refused('%s is not in the source' % program)
    parameters = {name: value for name, value in given.items()
                  if not name.startswith('sagemaker_')}
    resources = read(base, 'resourceconfig')
    channels = read(base, 'inputdataconfig')
    arguments = to_arguments(parameters)
    values = {
        'HOSTS': resources['hosts'], 'HPS': parameters,
        'CURRENT_HOST': resources['current_host'],
        'CURRENT_INSTANCE_TYPE': resources['current_instance_type'],
        'NETWORK_INTERFACE_NAME': resources['network_interface_name'],
        'RESOURCE_CONFIG': resources, 'INPUT_DATA_CONFIG': channels,
        'CHANNELS': sorted(channels), 'USER_ENTRY_POINT': program,
        'USER_ARGS': arguments, 'MODULE_NAME': program.split('.')[0],
        'MODULE_DIR': source, 'MODEL_DIR': os.path.join(base, 'model'),
        'INPUT_DIR': os.path.join(base, 'input'),
        'INPUT_CONFIG_DIR': os.path.join(base, 'input', 'config'),
        'OUTPUT_DIR': os.path.join(base, 'output'),
        'OUTPUT_DATA_DIR': os.path.join(base, 'output', 'data'),
        'NUM_CPUS': os.cpu_count(), 'NUM_GPUS': 0, 'LOG_LEVEL': 20}
    for name in channels:
        values['CHANNEL_' + name.upper()] = os.path.join(
            base, 'input', 'data', name)
    for name, value in parameters.items():
        values['HP_' + name.upper()] = value
    environment = {'SM_' + name: as_text(value)
                   for name, value in values.items()}
    environment['PYTHONPATH'] = code
    if program.endswith('.py'):
        return ['python3', program] + arguments, environment, code
    os.chmod(script, 0o777)
    return ['/bin/sh', '-c', ' '.join(
        ['./' + program] + ["'%s'" % word.replace("'", "'\\''")
                            for word in arguments])], environment, code
