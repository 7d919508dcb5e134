// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.lang.System.Logger.Level;
import java.text.MessageFormat;
import java.util.Locale;
import java.util.MissingResourceException;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * The logging of the command line: one short line on standard error for each warning or error, and for the choice of a transport.
 *
 * <p>It stands in for {@code java.util.logging}, whose two lines for each record nobody wants in a terminal, and which costs a good part
 * of the start-up. {@code -Dhawser.log=DEBUG} shows more, {@code -Dhawser.stacktrace=true} where exceptions come from. Any thread.
 */
public final class StderrLoggerFinder extends System.LoggerFinder {
    private static final String LEVEL = "hawser.log";
    /** What it has to say is news to the user: why another transport was taken than the best. */
    private static final String TRANSPORT = "io.hawser.transport";

    private final @Nullable Level level = level();

    /** Made by the JDK when the first logger is asked for. */
    public StderrLoggerFinder() {}

    private static @Nullable Level level() {
        final String name = System.getProperty(LEVEL);
        if (name == null) {
            return null;
        }
        try {
            return Level.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    @Override
    public System.Logger getLogger(String name, Module module) {
        final Level usual = name.equals(TRANSPORT) ? Level.INFO : Level.WARNING;
        return new StderrLogger(name, level != null && name.startsWith("io.hawser") ? level : usual);
    }

    private record StderrLogger(String name, Level threshold) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            return level != Level.OFF && level.compareTo(threshold) >= 0;
        }

        @Override
        public void log(
                Level level, @Nullable ResourceBundle bundle, @Nullable String message, @Nullable Throwable thrown) {
            if (isLoggable(level)) {
                print(level, localized(bundle, message), thrown);
            }
        }

        @Override
        public void log(
                Level level,
                @Nullable ResourceBundle bundle,
                @Nullable String format,
                @Nullable Object @Nullable ... parameters) {
            if (isLoggable(level)) {
                final String pattern = localized(bundle, format);
                print(
                        level,
                        parameters == null || parameters.length == 0
                                ? pattern
                                : new MessageFormat(pattern, Locale.ROOT).format(parameters),
                        null);
            }
        }

        private static String localized(@Nullable ResourceBundle bundle, @Nullable String message) {
            if (bundle != null && message != null) {
                try {
                    return bundle.getString(message);
                } catch (MissingResourceException _) {
                    return message;
                }
            }
            return String.valueOf(message);
        }

        private static void print(Level level, String message, @Nullable Throwable thrown) {
            final StringBuilder line = new StringBuilder("hawser: ")
                    .append(level.name().toLowerCase(Locale.ROOT))
                    .append(": ")
                    .append(message);
            if (thrown != null) {
                line.append(": ").append(thrown.getClass().getSimpleName());
                if (thrown.getMessage() != null) {
                    line.append(": ").append(Failures.describe(thrown));
                }
            }
            System.err.println(line);
            if (thrown != null && Boolean.getBoolean(Main.STACK_TRACE)) {
                thrown.printStackTrace();
            }
        }
    }
}
