// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code round-robin} and the like. */
final class BalanceConverter implements ITypeConverter<Balance> {
    @Override
    public Balance convert(String text) {
        for (Balance balance : Balance.values()) {
            if (balance.name().replace('_', '-').toLowerCase(Locale.ROOT).equals(text)) {
                return balance;
            }
        }
        throw new TypeConversionException("expected round-robin, least or source, not '" + text + "'");
    }
}
