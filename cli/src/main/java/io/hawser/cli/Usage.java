// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Checks of what users type. */
final class Usage {
    private Usage() {}

    /** @throws ParameterException unless {@code low <= value <= high} */
    static void requireRange(CommandSpec spec, String option, long value, long low, long high) {
        if (value < low || value > high) {
            throw new ParameterException(
                    spec.commandLine(), option + " must be from " + low + " to " + high + ", not " + value);
        }
    }

    /** @throws ParameterException unless {@code low <= value <= high} */
    static void requireRange(CommandSpec spec, String option, double value, double low, double high) {
        // Written so that NaN fails.
        if (!(value >= low && value <= high)) {
            throw new ParameterException(
                    spec.commandLine(),
                    option + " must be from " + Units.plain(low) + " to " + Units.plain(high) + ", not "
                            + Units.plain(value));
        }
    }

    /** @throws ParameterException if {@code text} is no address */
    static Address address(CommandSpec spec, String text) {
        try {
            return Address.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
