#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the policies of a CloudFormation template say, and whether they allow
what was asked of a fake.

    cfn.py TEMPLATE NAME=VALUE... -- s3 NAME
        what a managed policy, or all that a role or group has, says of S3: a
        policy document
    cfn.py TEMPLATE NAME=VALUE... -- judge NAME LOG
        writes each request of the log of fakes3.py that they do not allow,
        and ends with 1 if there is one
    cfn.py TEMPLATE NAME=VALUE... -- actions NAME LOG
        writes each action that the log has needed

Of the template's functions those are known that it uses; of conditions in
policies likewise, and an unknown one is an error.
"""

import fnmatch
import json
import re
import sys

import yaml

from fakestore import ACTIONS

ACCOUNT, REGION = '123456789012', 'us-east-1'
PSEUDO = {'AWS::AccountId': ACCOUNT, 'AWS::Region': REGION,
          'AWS::Partition': 'aws', 'AWS::StackName': 'mldv'}


class Loader(yaml.SafeLoader):
    """!Sub x is {"Sub": x}."""


def tagged(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        return {'!' + suffix: loader.construct_scalar(node)}
    return {'!' + suffix: loader.construct_sequence(node, deep=True)}


Loader.add_multi_constructor('!', tagged)


def arn(service, rest, region=True, account=True):
    return 'arn:aws:%s:%s:%s:%s' % (service, REGION if region else '',
                                    ACCOUNT if account else '', rest)


class Template:
    def __init__(self, path, values):
        with open(path, encoding='utf-8') as file:
            self.tree = yaml.load(file, Loader)
        self.values = dict(PSEUDO)
        for name, parameter in self.tree['Parameters'].items():
            value = values.pop(name, parameter.get('Default'))
            if parameter['Type'] == 'CommaDelimitedList':
                value = [part.strip() for part in value.split(',')]
            self.values[name] = value
        if values:
            raise SystemExit('no parameter ' + ' '.join(values))

    def resource(self, name):
        """Type, and properties with everything put in."""
        found = self.tree['Resources'][name]
        return found['Type'], self.put_in(found.get('Properties', {}))

    def ref(self, name):
        if name in self.values:
            return self.values[name]
        kind, value = self.resource(name)
        if kind == 'AWS::IAM::ManagedPolicy':
            return arn('iam', 'policy/' + value['ManagedPolicyName'], False)
        for key in ('BucketName', 'RoleName', 'ClusterName', 'LogGroupName',
                    'RepositoryName', 'GroupName'):
            if key in value:
                return value[key]
        return arn('other', name)

    def attribute(self, name, which):
        own = self.ref(name)
        return {
            'Bucket.Arn': arn('s3', own, False, False),
            'Cluster.Arn': arn('ecs', 'cluster/' + own),
            'TaskLogs.Arn': arn('logs', 'log-group:' + own + ':*'),
            'Repository.Arn': arn('ecr', 'repository/' + own),
            'Repository.RepositoryUri': 'registry/' + own,
        }.get(name + '.' + which, arn('iam', 'role/' + own, False))

    def holds(self, value):
        if '!Condition' in value:
            return self.holds(self.tree['Conditions'][value['!Condition']])
        if '!Not' in value:
            return not self.holds(value['!Not'][0])
        if '!And' in value:
            return all(self.holds(part) for part in value['!And'])
        one, other = map(self.put_in, value['!Equals'])
        return one == other

    def substitute(self, text):
        def one(match):
            name, _, which = match.group(1).partition('.')
            return self.attribute(name, which) if which else self.ref(name)
        return re.sub(r'\$\{([A-Za-z:.]+)\}', one, text)

    def put_in(self, value):
        if isinstance(value, list):
            return [self.put_in(part) for part in value]
        if not isinstance(value, dict):
            return value
        for name, given in value.items():
            if name == '!Ref':
                return self.ref(given)
            if name == '!Sub':
                return self.substitute(given)
            if name == '!GetAtt':
                return self.attribute(*given.split('.'))
            if name == '!If':
                return self.put_in(given[1 if self.holds(
                    {'!Condition': given[0]}) else 2])
        return {name: self.put_in(part) for name, part in value.items()}

    def statements(self, name):
        kind, value = self.resource(name)
        if kind == 'AWS::IAM::ManagedPolicy':
            return value['PolicyDocument']['Statement']
        found = []
        for reference in self.tree['Resources'][name]['Properties'].get(
                'ManagedPolicyArns', []):
            found += self.statements(reference['!Ref'])
        for policy in value.get('Policies', []):
            found += policy['PolicyDocument']['Statement']
        return found


def as_list(value):
    return value if isinstance(value, list) else [value]


def fits(condition, context):
    for operator, wanted in condition.items():
        for key, values in wanted.items():
            given = as_list(context[key]) if key in context else []
            if operator == 'Null':
                good = (not given) == (values == 'true')
            elif operator in ('StringEquals', 'ArnEquals', 'Bool'):
                good = bool(given) and all(one in as_list(values)
                                           for one in given)
            elif operator == 'ForAllValues:StringLike':
                good = all(any(fnmatch.fnmatchcase(one, pattern)
                               for pattern in as_list(values))
                           for one in given)
            else:
                raise SystemExit('unknown condition ' + operator)
            if not good:
                return False
    return True


def allows(statements, action, resource, context):
    return any(
        statement['Effect'] == 'Allow' and
        any(fnmatch.fnmatchcase(action, one)
            for one in as_list(statement['Action'])) and
        any(fnmatch.fnmatchcase(resource, one)
            for one in as_list(statement['Resource'])) and
        fits(statement.get('Condition', {}), context)
        for statement in statements)


def of_s3(entry):
    operation = entry['op']
    action = 's3:' + ACTIONS.get(operation, operation)
    if 'versionId=' in entry.get('query', '') and operation in (
            'GetObject', 'HeadObject', 'DeleteObject'):
        action += 'Version'
    resource = arn('s3', entry['bucket'], False, False)
    if operation == 'DeleteObjects':
        return [(action + 'Version', resource + '/mldv/packs/x', {})]
    if entry.get('key'):
        resource += '/' + entry['key']
    return [(action, resource, {})]


def passing(role, service):
    return 'iam:PassRole', role, {'iam:PassedToService': service}


def of_json(template, entry):
    """What a request to another service needs to be allowed."""
    operation, body = entry['op'], json.loads(entry['body'])
    if 'TrainingJobName' in body:
        job = arn('sagemaker', 'training-job/' + body['TrainingJobName'])
        needs = [('sagemaker:' + operation, job, {})]
        if operation == 'CreateTrainingJob':
            needs[0][2]['sagemaker:InstanceTypes'] = [
                body['ResourceConfig']['InstanceType']]
            needs.append(passing(body['RoleArn'], 'sagemaker.amazonaws.com'))
            if 'Tags' in body:
                needs.append(('sagemaker:AddTags', job, {}))
        return needs
    if 'HyperParameterTuningJobName' in body:
        job = arn('sagemaker', 'hyper-parameter-tuning-job/' +
                  body['HyperParameterTuningJobName'])
        needs = [('sagemaker:' + operation, job, {})]
        if operation == 'CreateHyperParameterTuningJob':
            training = body['TrainingJobDefinition']
            needs[0][2]['sagemaker:InstanceTypes'] = [
                training['ResourceConfig']['InstanceType']]
            needs.append(passing(training['RoleArn'],
                                 'sagemaker.amazonaws.com'))
            if 'Tags' in body:
                needs.append(('sagemaker:AddTags', job, {}))
        return needs
    if 'repositoryName' in body:
        return [('ecr:' + operation,
                 arn('ecr', 'repository/' + body['repositoryName']), {})]
    if 'logGroupName' in body:
        return [('logs:' + operation,
                 arn('logs', 'log-group:%s:log-stream:x'
                     % body['logGroupName']), {})]
    name = body['cluster'].rsplit('/', 1)[-1]
    context = {'ecs:cluster': arn('ecs', 'cluster/' + name)}
    if operation != 'RunTask':
        return [('ecs:' + operation, task, context)
                for task in body.get('tasks', [body.get('task')])]
    needs = [('ecs:RunTask', arn('ecs', 'task-definition/%s:1'
                                 % body['taskDefinition']), context)]
    needs += [passing(template.attribute(role, 'Arn'),
                      'ecs-tasks.amazonaws.com')
              for role in ('TaskRole', 'TaskExecutionRole')]
    if 'tags' in body:
        needs.append(('ecs:TagResource', arn('ecs', 'task/%s/x' % name),
                      {'ecs:CreateAction': 'RunTask'}))
    return needs


def needs_of(template, entry):
    return of_json(template, entry) if 'body' in entry else \
        of_s3(entry) if entry.get('bucket') else []


def main(words):
    cut = words.index('--')
    template = Template(words[0], dict(word.split('=', 1)
                                       for word in words[1:cut]))
    what, name, *rest = words[cut + 1:]
    statements = template.statements(name)
    if what == 's3':
        print(json.dumps({'Version': '2012-10-17', 'Statement': [
            statement for statement in statements
            if statement['Action'][0].startswith('s3:')]}))
        return 0
    refused = seen = 0
    actions = set()
    with open(rest[0], encoding='utf-8') as log:
        for line in log:
            for need in needs_of(template, json.loads(line)):
                seen += 1
                actions.add(need[0])
                if what == 'judge' and not allows(statements, *need):
                    refused += 1
                    print('not allowed:', *need)
    if what == 'actions':
        print('\n'.join(sorted(actions)))
    return 1 if refused or not seen else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
