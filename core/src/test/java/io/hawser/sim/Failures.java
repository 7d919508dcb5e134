// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

/** How a failure is written down. */
final class Failures {
    private Failures() {}

    /** The places of {@code thrown}, of what it suppresses, and of its causes. */
    static String at(Throwable thrown) {
        final StringBuilder text = new StringBuilder();
        append(text, thrown);
        return text.toString();
    }

    private static void append(StringBuilder text, Throwable thrown) {
        for (StackTraceElement element : thrown.getStackTrace()) {
            text.append("\n      at ").append(element);
        }
        for (Throwable suppressed : thrown.getSuppressed()) {
            text.append("\n    and ").append(suppressed);
            append(text, suppressed);
        }
        if (thrown.getCause() != null) {
            text.append("\n    caused by ").append(thrown.getCause());
            append(text, thrown.getCause());
        }
    }
}
