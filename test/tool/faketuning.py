# SPDX-License-Identifier: Apache-2.0
"""Hyperparameter tuning jobs, beside fakesagemaker.py's training jobs.

Whatever the strategy, values are spread evenly over their ranges, so that a
test knows them: the first of COUNT trainings has the least of each, the last
the most. The best is that with the best last value of the objective.
"""

import threading
import time


class Tuning(threading.Thread):
    def __init__(self, services, request, start):
        super().__init__(daemon=True)
        self.services, self.request, self.start_job = services, request, start
        self.name_ = request['HyperParameterTuningJobName']
        self.config = request['HyperParameterTuningJobConfig']
        self.limits = self.config['ResourceLimits']
        self.status, self.jobs = 'InProgress', []
        self.listed, self.lists, self.found = 0, 0, []
        self.created = services.fake.now()

    def value(self, share, one, kind):
        if kind == 'Categorical':
            values = one['Values']
            return values[round(share * (len(values) - 1))]
        least, most = float(one['MinValue']), float(one['MaxValue'])
        value = least + share * (most - least)
        return str(round(value)) if kind == 'Integer' else repr(value)

    def values(self, number):
        count = self.limits['MaxNumberOfTrainingJobs']
        share = number / (count - 1) if count > 1 else 0
        return {one['Name']: self.value(share, one, kind)
                for kind in ('Integer', 'Continuous', 'Categorical')
                for one in self.config['ParameterRanges'].get(
                    kind + 'ParameterRanges', [])}

    def definition(self, number):
        definition = dict(self.request['TrainingJobDefinition'])
        tuned = self.values(number)
        definition['HyperParameters'] = dict(
            definition.pop('StaticHyperParameters', {}), **tuned)
        definition['TrainingJobName'] = '%s-%03d-%08x' % (
            self.name_, number + 1, number * 0x9e3779b1 & 0xffffffff)
        return definition, tuned

    def running(self):
        return sum(job.status in ('InProgress', 'Stopping')
                   for job, _ in self.jobs)

    def run(self):
        for number in range(self.limits['MaxNumberOfTrainingJobs']):
            while self.running() >= self.limits['MaxParallelTrainingJobs']:
                time.sleep(0.01)
            definition, tuned = self.definition(number)
            self.jobs.append((self.start_job(definition), tuned))
        while self.running():
            time.sleep(0.01)
        self.status = 'Completed'

    def summary(self, job, tuned):
        metric = self.config['HyperParameterTuningJobObjective']
        value = {'TrainingJobName': job.name_,
                 'TrainingJobArn': self.services.arn(job.name_),
                 'CreationTime': job.created,
                 'TrainingJobStatus': job.status,
                 'TunedHyperParameters': tuned}
        if metric['MetricName'] in job.metrics and \
                job.status == 'Completed':
            value['FinalHyperParameterTuningJobObjectiveMetric'] = {
                'MetricName': metric['MetricName'],
                'Value': job.metrics[metric['MetricName']]}
        return value

    def summaries(self):
        return [self.summary(*pair) for pair in self.jobs]

    def listing(self):
        """Trainings of one second have no order: known ones change places."""
        found = self.summaries()
        known, self.listed = found[:self.listed], len(found)
        self.lists += 1
        if self.lists % 2 == 0:
            known.reverse()
        return known + found[len(known):]

    def describe(self):
        kind = self.config['HyperParameterTuningJobObjective']['Type']
        name = 'FinalHyperParameterTuningJobObjectiveMetric'
        found = sorted((one for one in self.summaries() if name in one),
                       key=lambda one: one[name]['Value'])
        value = {'HyperParameterTuningJobName': self.name_,
                 'HyperParameterTuningJobConfig': self.config,
                 'HyperParameterTuningJobStatus': self.status,
                 'CreationTime': self.created,
                 'TrainingJobStatusCounters': {},
                 'ObjectiveStatusCounters': {}}
        if found:
            value['BestTrainingJob'] = \
                found[-1 if kind == 'Maximize' else 0]
        return value
