// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.charset.StandardCharsets;
import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a message, in their order. Names are compared without regard to case, and several fields may have one name.
 *
 * <p>What is set is checked, so that nothing can break out of a field: a name is a token of RFC 9110; a value has visible characters, spaces, tabs and
 * the characters from U+0080 to U+00FF, so neither CR nor LF nor NUL. Values are sent as ISO 8859-1.
 *
 * <p>Not thread-safe. Those of a {@link Request} live as long as it does; {@link #copy()} lives on.
 */
public final class Headers implements Iterable<Map.Entry<String, String>> {
    private static final int FIRST_FIELDS = 8;
    /** Of a field that was parsed: where its name and its value begin and end in {@link #source}. */
    private static final int RANGES = 4;

    private static final @Nullable String[] NONE = {};
    private static final int[] NO_RANGES = {};
    private static final byte[] NO_BYTES = {};

    private int size;
    /** Those of parsed fields are made when somebody asks for them. */
    private @Nullable String[] names = NONE;

    private @Nullable String[] values = NONE;
    private int[] ranges = NO_RANGES;
    private byte[] source = NO_BYTES;

    /** Without fields. */
    public Headers() {}

    /**
     * With fields, in their order.
     *
     * @param namesAndValues a name, its value, and so on
     * @throws IllegalArgumentException as {@link #set}, or if a value is missing
     */
    public static Headers of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException("A name without a value: " + namesAndValues[namesAndValues.length - 1]);
        }
        final Headers headers = new Headers();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return headers;
    }

    // ---- questions

    /** How many fields there are. */
    public int size() {
        return size;
    }

    /** Whether there is none. */
    public boolean isEmpty() {
        return size == 0;
    }

    /**
     * The name of a field, as it was sent or set.
     *
     * @param index 0 to {@code size() - 1}
     */
    public String name(int index) {
        String name = names[Objects.checkIndex(index, size)];
        if (name == null) {
            final int at = index * RANGES;
            name = FieldNames.of(source, ranges[at], ranges[at + 1]);
            names[index] = name;
        }
        return name;
    }

    /**
     * The value of a field, without white space around it.
     *
     * @param index 0 to {@code size() - 1}
     */
    public String value(int index) {
        String value = values[Objects.checkIndex(index, size)];
        if (value == null) {
            final int at = index * RANGES + 2;
            value = new String(source, ranges[at], ranges[at + 1] - ranges[at], StandardCharsets.ISO_8859_1);
            values[index] = value;
        }
        return value;
    }

    /** Whether the value is {@code text}, without making a text of it. */
    boolean hasValue(int index, String text) {
        final String known = values[Objects.checkIndex(index, size)];
        if (known != null) {
            return known.equals(text);
        }
        final int at = index * RANGES + 2;
        return Chars.isText(text, source, ranges[at], ranges[at + 1]);
    }

    /** Where the first field of that name is, from {@code from} on, or -1. */
    public int indexOf(String name, int from) {
        for (int i = from; i < size; i++) {
            if (isNamed(i, name)) {
                return i;
            }
        }
        return -1;
    }

    private boolean isNamed(int index, String name) {
        final String known = names[index];
        if (known != null) {
            return Chars.equalIgnoringCase(known, name);
        }
        final int start = ranges[index * RANGES];
        final int length = name.length();
        if (ranges[index * RANGES + 1] - start != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (!Chars.equalIgnoringCase(source[start + i], name.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** The value of the first field of that name. */
    public Optional<String> first(String name) {
        final int index = indexOf(name, 0);
        return index < 0 ? Optional.empty() : Optional.of(value(index));
    }

    /** The values of all fields of that name; a list of its own. */
    public List<String> all(String name) {
        final List<String> all = new ArrayList<>(2);
        for (int i = indexOf(name, 0); i >= 0; i = indexOf(name, i + 1)) {
            all.add(value(i));
        }
        return all;
    }

    /** Whether there is a field of that name. */
    public boolean contains(String name) {
        return indexOf(name, 0) >= 0;
    }

    /** Whether one of the elements of the comma-separated list that all fields of that name are together is {@code token}, without regard to case. */
    public boolean containsToken(String name, String token) {
        for (int i = indexOf(name, 0); i >= 0; i = indexOf(name, i + 1)) {
            if (Lists.contains(value(i), token)) {
                return true;
            }
        }
        return false;
    }

    // ---- changes

    /**
     * Puts a field in the place of all of that name, where the first of them stands.
     *
     * @throws IllegalArgumentException if the name is no token, or the value has a character that no field may have
     */
    public Headers set(String name, String value) {
        check(name, value);
        final int first = indexOf(name, 0);
        if (first < 0) {
            append(name, value);
            return this;
        }
        removeFrom(name, first + 1);
        names[first] = name;
        values[first] = value;
        return this;
    }

    /** Adds a field behind all others; failing as {@link #set}. */
    public Headers add(String name, String value) {
        check(name, value);
        append(name, value);
        return this;
    }

    /** Adds all fields of {@code other}. */
    public Headers addAll(Headers other) {
        for (int i = 0; i < other.size; i++) {
            append(other.name(i), other.value(i));
        }
        return this;
    }

    /** Removes all fields of that name. */
    public Headers remove(String name) {
        removeFrom(name, 0);
        return this;
    }

    /** Removes all fields. */
    public Headers clear() {
        Arrays.fill(names, 0, size, null);
        Arrays.fill(values, 0, size, null);
        size = 0;
        return this;
    }

    private static void check(String name, String value) {
        if (name.isEmpty() || !Chars.areAll(name, Chars.TOKEN)) {
            throw new IllegalArgumentException("No name of a field: " + Quoted.of(name));
        }
        if (!Chars.areAll(value, Chars.VALUE)) {
            throw new IllegalArgumentException("No value of the field " + name + ": " + Quoted.of(value));
        }
    }

    private void append(String name, String value) {
        final int index = grow();
        names[index] = name;
        values[index] = value;
    }

    /** Makes room for a field; its index. */
    private int grow() {
        final int index = size;
        if (index == names.length) {
            final int capacity = Math.max(FIRST_FIELDS, index * 2);
            names = Arrays.copyOf(names, capacity);
            values = Arrays.copyOf(values, capacity);
        }
        size = index + 1;
        return index;
    }

    private void removeFrom(String name, int from) {
        int kept = from;
        for (int i = from; i < size; i++) {
            if (isNamed(i, name)) {
                continue;
            }
            if (kept != i) {
                // Those that are moved are made: what is removed is rare.
                names[kept] = name(i);
                values[kept] = value(i);
            }
            kept++;
        }
        Arrays.fill(names, kept, size, null);
        Arrays.fill(values, kept, size, null);
        size = kept;
    }

    // ---- for the parser

    /** Takes over what {@code other}, which is empty from now on, has room in. */
    void takeRoom(Headers other) {
        other.clear();
        names = other.names;
        values = other.values;
        ranges = other.ranges;
        size = 0;
        other.names = NONE;
        other.values = NONE;
        other.ranges = NO_RANGES;
        other.source = NO_BYTES;
    }

    /** Where parsed fields lie from now on; there are none yet. */
    void parsed(byte[] bytes) {
        source = bytes;
    }

    /** Those that were parsed lie {@code by} bytes further on. */
    void moveParsed(int by) {
        for (int i = 0; i < size * RANGES; i++) {
            ranges[i] += by;
        }
    }

    /** Adds a field that was parsed and checked. */
    void addParsed(int nameStart, int nameEnd, int valueStart, int valueEnd) {
        final int index = grow();
        final int at = index * RANGES;
        if (at >= ranges.length) {
            ranges = Arrays.copyOf(ranges, names.length * RANGES);
        }
        ranges[at] = nameStart;
        ranges[at + 1] = nameEnd;
        ranges[at + 2] = valueStart;
        ranges[at + 3] = valueEnd;
    }

    // ---- views

    /** The same fields, which live on when a request has ended. */
    public Headers copy() {
        return new Headers().addAll(this);
    }

    /** Calls {@code action} with the name and the value of each field. */
    public void forEach(BiConsumer<? super String, ? super String> action) {
        for (int i = 0; i < size; i++) {
            action.accept(name(i), value(i));
        }
    }

    @Override
    public Iterator<Map.Entry<String, String>> iterator() {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < size;
            }

            @Override
            public Map.Entry<String, String> next() {
                if (next >= size) {
                    throw new NoSuchElementException();
                }
                final int index = next++;
                return new SimpleImmutableEntry<>(name(index), value(index));
            }
        };
    }

    /** A line for each field, as they are sent; in logs, mind what they may hold. */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder();
        forEach((name, value) -> text.append(name).append(": ").append(value).append('\n'));
        return text.toString();
    }
}
