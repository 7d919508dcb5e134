# SPDX-License-Identifier: Apache-2.0
#
# Runs the public conformance suite of WebSocket under Jython; see tools/autobahn.
#
#   server SUITE REPORTS SECONDS CASES URL    its fuzzing client against a server at URL
#   client SUITE REPORTS SECONDS CASES PORT   its fuzzing server at PORT, until a client asks it for the reports
#   report REPORTS                            prints how many were passed, and which were not; the exit code says whether all were
#
# After SECONDS it ends with what it has. REPORTS/cases.json names the cases that were asked for; REPORTS/results.jsonl gets a line for each result as
# soon as it is there, so that what is missing shows however a run ends.

import json
import os
import sys
import time

PASSED = ('OK', 'INFORMATIONAL', 'NON-STRICT')
QUIET = ('OK', 'INFORMATIONAL')
# The suite writes what it does to its log.
terminal = sys.__stdout__


def tell(line):
    terminal.write(line + '\n')
    terminal.flush()


def verdict(result):
    """The worse of the two that there are: of the case, and of how it ended."""
    for each in (result['behavior'], result['behaviorClose']):
        if each not in PASSED:
            return 'FAILED'
    return result['behavior'] if result['behaviorClose'] in QUIET else result['behaviorClose']


def report(reports):
    with open(os.path.join(reports, 'cases.json')) as file:
        cases = json.load(file)
    results = {}
    path = os.path.join(reports, 'results.jsonl')
    if os.path.exists(path):
        with open(path) as file:
            for line in file:
                result = json.loads(line)
                results[result['case']] = result
    counts = dict.fromkeys(PASSED + ('FAILED', 'missing'), 0)
    for case in cases:
        result = results.get(case)
        kind = 'missing' if result is None else verdict(result)
        counts[kind] += 1
        if result is None:
            tell('%-8s missing' % case)
        elif kind not in QUIET:
            tell('%-8s %s, close: %s' % (case, result['behavior'], result['behaviorClose']))
    tell('%d cases: %s' % (len(cases), ', '.join(
        '%d %s' % (counts[kind], kind) for kind in PASSED + ('FAILED', 'missing'))))
    sys.exit(1 if counts['FAILED'] or counts['missing'] or not cases else 0)


def close_what_is_closed():
    """
    A socket of Jython is closed as a whole when its peer has sent FIN. From then on it takes 0 bytes, which Twisted understands as "not now": it tries
    for ever, burns a processor, and never tells that the connection is over, so that the suite does not record the case. These are the cases in which the
    peer has to fail the connection, and closes it behind its close frame as RFC 6455, 7.1.7, asks, while the suite wants to answer that.
    """
    from twisted.internet import main, tcp
    plain = tcp.Connection.writeSomeData

    def write_some_data(self, data):
        sent = plain(self, data)
        # What still is to be read tells of the end by itself, after it has been read.
        if sent == 0 and self.disconnecting and self.fileno().channel_closed:
            return main.CONNECTION_LOST
        return sent

    tcp.Connection.writeSomeData = write_some_data


class Progress(object):
    """Takes note of each result; tells of those that are not good, and from time to time of the others."""

    def __init__(self, reports, interval):
        self.path = os.path.join(reports, 'results.jsonl')
        self.interval = interval
        self.total = 0
        self.done = 0
        self.told = time.time()

    def result(self, result):
        self.done += 1
        line = {'case': result['id']}
        for key in ('behavior', 'behaviorClose', 'remoteCloseCode', 'duration'):
            line[key] = result[key]
        with open(self.path, 'a') as file:
            file.write(json.dumps(line, sort_keys=True) + '\n')
        good = verdict(result) in QUIET
        if not good or time.time() - self.told >= self.interval or self.done == self.total:
            self.told = time.time()
            tell('%3d/%d  %-8s %s%s' % (self.done, self.total, result['id'], result['behavior'],
                                        '' if good else ', close: ' + result['behaviorClose']))


def run(mode, suite, reports, seconds, cases, where):
    sys.path.insert(0, suite)
    sys.path.insert(0, os.path.join(suite, 'autobahntestsuite'))
    # Has to be imported first: it chooses how Twisted waits.
    import choosereactor
    from twisted.internet import reactor
    import fuzzing
    close_what_is_closed()
    spec = {
        'outdir': reports,
        'options': {'failByDrop': False},
        'cases': cases.split(','),
        'exclude-cases': [],
        'exclude-agent-cases': {},
    }
    progress = Progress(reports, 5)
    log_case = fuzzing.FuzzingFactory.logCase

    def logged(self, result):
        log_case(self, result)
        progress.result(result)

    fuzzing.FuzzingFactory.logCase = logged
    if mode == 'server':
        spec['servers'] = [{'agent': 'server', 'url': where, 'options': {'version': 18}}]
        # It connects when it is made, and stops the reactor by itself.
        factory = fuzzing.FuzzingClientFactory(spec, False)
    else:
        from autobahn.websocket import listenWS
        spec['url'] = 'ws://127.0.0.1:' + where
        factory = fuzzing.FuzzingServerFactory(spec, False)
        create_reports = factory.createReports

        def last_reports():
            create_reports()
            # Not before the client has been told.
            reactor.callLater(1, reactor.stop)

        factory.createReports = last_reports
        listenWS(factory, None)
    progress.total = len(factory.specCases)
    with open(os.path.join(reports, 'cases.json'), 'w') as file:
        json.dump(factory.specCases, file)
    if not factory.specCases:
        # The suite would wait for ever.
        tell('no case is called ' + cases)
        return

    def too_late():
        tell('not done after %d s' % seconds)
        try:
            factory.createReports()
        finally:
            reactor.stop()

    reactor.callLater(seconds, too_late)
    reactor.run()


def main():
    if sys.argv[1] == 'report':
        report(sys.argv[2])
    else:
        mode, suite, reports, seconds, cases, where = sys.argv[1:7]
        if not os.path.exists(reports):
            os.makedirs(reports)
        with open(os.path.join(reports, 'suite.log'), 'w') as sys.stdout:
            sys.stderr = sys.stdout
            run(mode, suite, reports, int(seconds), cases, where)


main()
