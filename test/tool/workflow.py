#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the steps of a GitHub workflow here: workflow.py FILE [NAME=VALUE...]

In the current directory, a clone. A NAME is an expression as it stands between
${{ and }}; one that is not given is an error, unless it is among those that
GitHub leaves empty. 'uses: actions/...' does nothing; 'uses: ./...' runs the
composite action of contrib/github/setup. What a step adds to GITHUB_PATH, the
next ones have. Ends with the status of the step that failed.
"""

import os
import re
import subprocess
import sys
import tempfile

import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VALUES = dict(word.rsplit('=', 1) for word in sys.argv[2:])
EXPRESSION = re.compile(r'\$\{\{\s*(.*?)\s*\}\}')


def expand(text, values):
    """Puts values in the place of expressions."""
    def one(match):
        if match.group(1) not in values:
            sys.exit('workflow: no value for ' + match.group(1))
        return values[match.group(1)]
    return EXPRESSION.sub(one, str(text))


def run_script(step, shell, environment):
    """One 'run:', with the shell that it names: its status."""
    script = step['run']
    if EXPRESSION.search(script):
        sys.exit('workflow: an expression in a script could be anything')
    with tempfile.NamedTemporaryFile('w', suffix='.sh') as file:
        file.write(script)
        file.flush()
        words = [file.name if word == '{0}' else word
                 for word in step.get('shell', shell).split()]
        return subprocess.run(words, env=environment, check=False).returncode


def run_steps(steps, shell, environment, values):
    """All of them; after a failure those that say !cancelled()."""
    status = 0
    for step in steps:
        always = 'cancelled' in str(step.get('if', ''))
        if status and not always:
            continue
        if 'uses' in step:
            given = {'inputs.' + name: expand(value, values)
                     for name, value in step.get('with', {}).items()}
            result = use(step['uses'], given, environment)
        else:
            mine = dict(environment)
            mine.update({name: expand(value, values)
                         for name, value in step.get('env', {}).items()})
            result = run_script(step, shell, mine)
        status = status or result
        with open(environment['GITHUB_PATH'], encoding='utf-8') as paths:
            for line in paths:
                environment['PATH'] = line.strip() + ':' + environment['PATH']
        open(environment['GITHUB_PATH'], 'w', encoding='utf-8').close()
    return status


def use(name, values, environment):
    """An action: checkout was done, and setup is ours."""
    if name.startswith('actions/'):
        return 0
    if name != './.github/mldv-setup':
        sys.exit('workflow: unknown action ' + name)
    with open(TOP + '/contrib/github/setup/action.yml', encoding='utf-8') as file:
        action = yaml.safe_load(file)
    for key, about in action['inputs'].items():
        values.setdefault('inputs.' + key, about.get('default', ''))
    return run_steps(action['runs']['steps'], 'sh -e {0}', environment, values)


def main():
    """The one job that the file has."""
    with open(sys.argv[1], encoding='utf-8') as file:
        (job,) = yaml.safe_load(file)['jobs'].values()
    with tempfile.TemporaryDirectory() as temp:
        environment = dict(os.environ)
        environment['RUNNER_TEMP'] = temp
        for name in 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY':
            environment[name] = temp + '/' + name
            open(environment[name], 'w', encoding='utf-8').close()
        if 'SUMMARY' in os.environ:
            environment['GITHUB_STEP_SUMMARY'] = os.environ['SUMMARY']
        environment.update({name: expand(value, VALUES)
                            for name, value in job['env'].items()})
        return run_steps(job['steps'], job['defaults']['run']['shell'],
                         environment, VALUES)


sys.exit(main())
