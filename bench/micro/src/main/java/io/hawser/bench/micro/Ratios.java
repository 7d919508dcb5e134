// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** Puts the results of one operation together and divides each by Hawser's. */
final class Ratios {
    private static final String BETWEEN = "By";
    private static final String HAWSER = "Hawser";

    private record Cost(String subject, double ns, double errorNs, double cpuNs, double bytes) {}

    private Ratios() {}

    static void print(Collection<RunResult> results, PrintStream out) {
        final Map<String, List<Cost>> operations = new TreeMap<>();
        for (RunResult result : results) {
            final BenchmarkParams params = result.getParams();
            final String[] path = params.getBenchmark().split("\\.");
            final String method = path[path.length - 1];
            final int at = method.lastIndexOf(BETWEEN);
            if (at > 0) {
                final String operation = path[path.length - 2].replace("Benchmark", "") + "." + method.substring(0, at)
                        + parameters(params);
                operations
                        .computeIfAbsent(operation, _ -> new ArrayList<>())
                        .add(cost(method.substring(at + BETWEEN.length()), result));
            }
        }
        out.printf(
                "%n%-52s %-16s %10s %9s %10s %9s %7s %7s%n",
                "operation", "of", "ns", "±", "cpu ns", "bytes", "x ns", "x cpu");
        operations.forEach((operation, costs) -> print(operation, costs, out));
        out.println(
                "x: how many times Hawser's, or that of the first; ±: 99.9 % confidence; bytes: allocated on the heap");
    }

    private static String parameters(BenchmarkParams params) {
        final StringBuilder text = new StringBuilder();
        for (String key : params.getParamsKeys()) {
            text.append(text.isEmpty() ? " " : ", ").append(key).append(' ').append(params.getParam(key));
        }
        return text.toString();
    }

    private static Cost cost(String subject, RunResult result) {
        final Result<?> primary = result.getPrimaryResult();
        return new Cost(
                subject,
                primary.getScore(),
                primary.getScoreError(),
                secondary(result, CpuTime.LABEL),
                secondary(result, "gc.alloc.rate.norm"));
    }

    private static double secondary(RunResult result, String label) {
        return result.getSecondaryResults().entrySet().stream()
                .filter(entry -> entry.getKey().endsWith(label))
                .mapToDouble(entry -> entry.getValue().getScore())
                .findFirst()
                .orElse(Double.NaN);
    }

    private static void print(String operation, List<Cost> costs, PrintStream out) {
        final Cost base = costs.stream()
                .filter(cost -> cost.subject.equals(HAWSER))
                .findFirst()
                .orElse(costs.getFirst());
        String title = operation;
        for (Cost cost : costs) {
            out.printf(
                    Locale.ROOT,
                    "%-52s %-16s %10.1f %9.1f %10.1f %9.1f %7.2f %7.2f%n",
                    title,
                    cost.subject,
                    cost.ns,
                    cost.errorNs,
                    cost.cpuNs,
                    cost.bytes,
                    cost.ns / base.ns,
                    cost.cpuNs / base.cpuNs);
            title = "";
        }
    }
}
