// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/**
 * The name of something that is kept with a session. Two keys are the same only if they are one object, so each is made once, as a constant.
 *
 * @param <T> the type of what is kept
 */
@SuppressWarnings("UnusedTypeParameter") // it ties what is set to what is got
public final class AttributeKey<T> {
    private final String name;

    private AttributeKey(String name) {
        this.name = name;
    }

    /**
     * A key.
     *
     * @param name for logs
     */
    public static <T> AttributeKey<T> of(String name) {
        return new AttributeKey<>(name);
    }

    @Override
    public String toString() {
        return name;
    }
}
