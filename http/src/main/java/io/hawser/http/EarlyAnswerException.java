// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.IOException;

/** The server has answered before it had the whole body, and wants no more of it. */
final class EarlyAnswerException extends IOException {
    private static final long serialVersionUID = 1;

    EarlyAnswerException() {
        super("The server has answered already");
    }
}
