# SPDX-License-Identifier: Apache-2.0
#
# Runs the public conformance suite of WebSocket under Jython; see tools/autobahn.
#
#   server SUITE REPORTS URL CASES    its fuzzing client against a server at URL
#   client SUITE REPORTS PORT CASES   its fuzzing server at PORT, until it is killed
#   report REPORTS                    prints what was not passed; the exit code says whether all was

import json
import os
import sys

PASSED = ('OK', 'INFORMATIONAL', 'NON-STRICT')


def report(reports):
    index = os.path.join(reports, 'index.json')
    failed = []
    counts = {}
    with open(index) as file:
        for agent, cases in json.load(file).items():
            for case, result in cases.items():
                behaviors = (result['behavior'], result['behaviorClose'])
                counts[behaviors[0]] = counts.get(behaviors[0], 0) + 1
                if [each for each in behaviors if each not in PASSED]:
                    failed.append((agent, case) + behaviors)
    for row in sorted(failed):
        print('%-10s %-10s %-15s close: %s' % row)
    total = sum(counts.values())
    print('%d cases: %s' % (total, ', '.join('%d %s' % (n, name) for name, n in sorted(counts.items()))))
    sys.exit(1 if failed or total == 0 else 0)


def main():
    mode = sys.argv[1]
    if mode == 'report':
        report(sys.argv[2])
    suite, reports, where, cases = sys.argv[2:6]
    sys.path.insert(0, suite)
    sys.path.insert(0, os.path.join(suite, 'autobahntestsuite'))
    # Has to be imported first: it chooses how Twisted waits.
    import choosereactor
    from twisted.internet import reactor
    import fuzzing
    spec = {
        'outdir': reports,
        'options': {'failByDrop': False},
        'cases': cases.split(','),
        'exclude-cases': [],
        'exclude-agent-cases': {},
    }
    if mode == 'server':
        spec['servers'] = [{'agent': 'server', 'url': where, 'options': {'version': 18}}]
        fuzzing.startClient(spec)
    else:
        from autobahn.websocket import listenWS
        spec['url'] = 'ws://127.0.0.1:' + where
        listenWS(fuzzing.FuzzingServerFactory(spec, False), None)
    reactor.run()


main()
