// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.io.Console;

/**
 * What standard output is, and what it may be sent.
 *
 * @param interactive whether somebody looks at it, so that lines may be drawn over
 * @param colours whether it may be sent colours; not where {@code NO_COLOR} is set (no-color.org)
 */
record Terminal(boolean interactive, boolean colours) {
    /** Neither is known. */
    static final Terminal NONE = new Terminal(false, false);

    private static final String ESCAPE = "\u001b[";

    /** The one that this process has. */
    @SuppressWarnings("SystemConsoleNull") // It does: since JDK 25 the default is again one that needs a terminal.
    static Terminal detect() {
        final Console console = System.console();
        if (console == null || !console.isTerminal() || "dumb".equals(System.getenv("TERM"))) {
            return NONE;
        }
        final String noColour = System.getenv("NO_COLOR");
        return new Terminal(true, noColour == null || noColour.isEmpty());
    }

    String bold(String text) {
        return styled("1", text);
    }

    String faint(String text) {
        return styled("2", text);
    }

    String good(String text) {
        return styled("32", text);
    }

    String bad(String text) {
        return styled("31", text);
    }

    private String styled(String style, String text) {
        return colours ? ESCAPE + style + "m" + text + ESCAPE + "0m" : text;
    }

    /** Erases the rest of the line. */
    static String eraseLine() {
        return ESCAPE + "K";
    }

    /** Moves to the start of the line {@code lines} further up. */
    static String up(int lines) {
        return lines == 0 ? "\r" : ESCAPE + lines + "F";
    }

    /** Moves to the first line of the screen. */
    static String home() {
        return ESCAPE + "H";
    }

    /** Erases the rest of the screen. */
    static String eraseBelow() {
        return ESCAPE + "J";
    }

    /** Whether lines that are too long are broken; if not, they are cut off. */
    static String wrap(boolean on) {
        return ESCAPE + "?7" + (on ? "h" : "l");
    }
}
