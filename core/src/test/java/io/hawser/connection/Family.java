// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/** What kind of socket a test uses. */
public enum Family {
    TCP,
    UNIX
}
