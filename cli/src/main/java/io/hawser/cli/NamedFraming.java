// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Limits;
import io.hawser.session.Codecs;
import io.hawser.session.Framing;
import java.lang.foreign.MemorySegment;
import picocli.CommandLine.TypeConversionException;

/**
 * A ready-made framing by the name that users give it. Immutable.
 *
 * @param name as it was typed
 * @param fixedBytes how long each body is; 0 if they differ
 * @param binary whether a body may be any bytes, and arrives as the one message as which it was sent
 */
record NamedFraming(String name, Framing framing, int fixedBytes, boolean binary) {
    /** Those that carry any bytes. */
    static final String BINARY_NAMES = "length1, length2, length3, length4, length8, varint, fixed:N";

    static final String NAMES = BINARY_NAMES + ", line, raw";

    private static final String FIXED = "fixed:";
    private static final int MAX_FIXED_BYTES = Limits.DEFAULT.messageBytes();

    /** @throws TypeConversionException if no framing has that name */
    static NamedFraming of(String name) {
        return switch (name) {
            case "length1" -> binary(name, Codecs.lengthField(1));
            case "length2" -> binary(name, Codecs.lengthField(2));
            case "length3" -> binary(name, Codecs.lengthField(3));
            case "length4" -> binary(name, Codecs.lengthField(4));
            case "length8" -> binary(name, Codecs.lengthField(8));
            case "varint" -> binary(name, Codecs.varintLength());
            case "line" -> new NamedFraming(name, Codecs.line(), 0, false);
            case "raw" -> new NamedFraming(name, Codecs.raw(), 0, false);
            default -> fixed(name);
        };
    }

    private static NamedFraming binary(String name, Framing framing) {
        return new NamedFraming(name, framing, 0, true);
    }

    private static NamedFraming fixed(String name) {
        if (name.startsWith(FIXED)) {
            try {
                final int bytes = Integer.parseInt(name.substring(FIXED.length()));
                if (bytes >= 1 && bytes <= MAX_FIXED_BYTES) {
                    return new NamedFraming(name, Codecs.fixedLength(bytes), bytes, true);
                }
            } catch (NumberFormatException _) {
                // As any other wrong name.
            }
            throw new TypeConversionException("the N of fixed:N is from 1 to " + MAX_FIXED_BYTES + ", not '"
                    + name.substring(FIXED.length()) + "'");
        }
        throw new TypeConversionException("expected one of " + NAMES + ", not '" + name + "'");
    }

    /**
     * How long the frame of a body is, at most.
     *
     * @throws IllegalArgumentException if there is none for a body of that length
     */
    long frameBytes(int bodyBytes) {
        if (fixedBytes > 0 && bodyBytes != fixedBytes) {
            throw new IllegalArgumentException("Each body has " + fixedBytes + " bytes, not " + bodyBytes);
        }
        final int header = framing.headerBytes();
        framing.writeHeader(bodyBytes, MemorySegment.ofArray(new byte[header]));
        return (long) header + bodyBytes;
    }

    @Override
    public String toString() {
        return name;
    }
}
