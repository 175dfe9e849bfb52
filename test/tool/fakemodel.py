# SPDX-License-Identifier: Apache-2.0
"""Checks requests against AWS's own models of its services.

The models are botocore's data (botocore/data/SERVICE/VERSION/service-2.json,
plain or .gz); botocore itself is not needed, and its own validator checks
neither patterns nor most limits. What a model says is what the service
refuses: members that are missing or unknown, types, enumerations, patterns,
lengths and ranges.
"""

import glob
import gzip
import json
import os
import re


CLASSES = {'L': r'\w', 'Z': r'\s', 'N': r'\d'}


class Wrong(Exception):
    """The request is not what the model says."""


class Model:
    def __init__(self, directory, service):
        found = sorted(glob.glob(os.path.join(
            directory, service, '*', 'service-2.json*')))
        if not found:
            raise FileNotFoundError('%s has no model of %s'
                                    % (directory, service))
        opener = gzip.open if found[-1].endswith('.gz') else open
        with opener(found[-1], 'rt', encoding='utf-8') as file:
            self.value = json.load(file)
        self.shapes = self.value['shapes']
        self.prefix = self.value['metadata']['targetPrefix']

    def check(self, operation, value):
        """Raises Wrong unless value is a good input of the operation."""
        if operation not in self.value['operations']:
            raise Wrong('there is no operation ' + operation)
        shape = self.value['operations'][operation]['input']['shape']
        self.check_shape(shape, value, operation)

    def check_shape(self, name, value, path):
        shape = self.shapes[name]
        check = getattr(self, 'check_' + shape['type'], None)
        if check is None:
            raise Wrong('%s: type %s' % (path, shape['type']))
        check(shape, value, path)

    @staticmethod
    def check_range(shape, number, path):
        if number < shape.get('min', number) or \
                number > shape.get('max', number):
            raise Wrong('%s: %s is not within %s and %s' % (
                path, number, shape.get('min'), shape.get('max')))

    def check_structure(self, shape, value, path):
        if not isinstance(value, dict):
            raise Wrong(path + ': no object')
        for name in shape.get('required', []):
            if name not in value:
                raise Wrong('%s: %s is missing' % (path, name))
        for name, item in value.items():
            if name not in shape['members']:
                raise Wrong('%s: unknown %s' % (path, name))
            self.check_shape(shape['members'][name]['shape'], item,
                             path + '.' + name)

    def check_list(self, shape, value, path):
        if not isinstance(value, list):
            raise Wrong(path + ': no list')
        self.check_range(shape, len(value), path)
        for i, item in enumerate(value):
            self.check_shape(shape['member']['shape'], item,
                             '%s[%d]' % (path, i))

    def check_map(self, shape, value, path):
        if not isinstance(value, dict):
            raise Wrong(path + ': no object')
        self.check_range(shape, len(value), path)
        for name, item in value.items():
            self.check_shape(shape['key']['shape'], name, path + '.key')
            self.check_shape(shape['value']['shape'], item, path + '.' + name)

    def check_string(self, shape, value, path):
        if not isinstance(value, str):
            raise Wrong(path + ': no text')
        self.check_range(shape, len(value), path)
        if 'enum' in shape and value not in shape['enum']:
            raise Wrong('%s: %s is none of its values' % (path, value))
        if 'pattern' in shape:
            # Java's way of writing classes.
            pattern = shape['pattern']
            for name, ours in CLASSES.items():
                pattern = pattern.replace('\\p{%s}' % name, ours)
            if not re.fullmatch(pattern, value, re.DOTALL):
                raise Wrong('%s: %s does not match %s' % (
                    path, value, shape['pattern']))

    def check_integer(self, shape, value, path):
        if not isinstance(value, int) or isinstance(value, bool):
            raise Wrong(path + ': no integer')
        self.check_range(shape, value, path)

    check_long = check_integer

    def check_float(self, shape, value, path):
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise Wrong(path + ': no number')
        self.check_range(shape, value, path)

    check_double = check_float

    @staticmethod
    def check_boolean(_shape, value, path):
        if not isinstance(value, bool):
            raise Wrong(path + ': neither true nor false')
