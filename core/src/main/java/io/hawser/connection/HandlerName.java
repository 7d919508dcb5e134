// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/** What a handler is called where connections are shown. */
final class HandlerName {
    private static final String LAMBDA = "$$Lambda";

    private HandlerName() {}

    /** The simple name of its class; of a lambda that of the class where it stands. */
    static String of(Object handler) {
        final String name = handler.getClass().getName();
        final int lambda = name.indexOf(LAMBDA);
        final String type = lambda < 0 ? name : name.substring(0, lambda);
        return type.substring(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1) + (lambda < 0 ? "" : " λ");
    }
}
