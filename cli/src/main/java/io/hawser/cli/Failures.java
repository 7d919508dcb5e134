// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

/** Exceptions in the words that a user gets to see. */
final class Failures {
    private static final String EXCEPTION = "Exception: ";

    private Failures() {}

    /** What {@code failure} says, on one line. */
    static String describe(Throwable failure) {
        final String message = failure.getMessage();
        return message == null || message.isBlank()
                ? failure.getClass().getSimpleName()
                : message.replaceAll("\\R\\s*", " ");
    }

    /**
     * The last part of what {@code failure} says, such as "connection refused", for a text that has told before what was tried and with
     * which address.
     */
    static String reason(Throwable failure) {
        final String all = describe(failure);
        // What the cause said, colons and all, if its class stands before it.
        final int named = all.lastIndexOf(EXCEPTION);
        if (named >= 0) {
            return all.substring(named + EXCEPTION.length());
        }
        return all.substring(all.lastIndexOf(": ") < 0 ? 0 : all.lastIndexOf(": ") + 2);
    }
}
