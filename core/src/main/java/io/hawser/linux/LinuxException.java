// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import java.io.IOException;

/** A system call failed where the caller cannot go on; on the data path errors are returned, not thrown. */
public final class LinuxException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /** @param errno positive */
    public LinuxException(String operation, int errno) {
        super(operation + ": " + Errno.describe(errno));
        this.errno = errno;
    }

    /** The error number, positive. */
    public int errno() {
        return errno;
    }

    /** Passes {@code result} on, or throws if it is a negated errno. */
    public static int check(String operation, int result) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(operation, -result);
        }
        return result;
    }
}
