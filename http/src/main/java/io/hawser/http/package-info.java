// SPDX-License-Identifier: Apache-2.0
/** HTTP/1.1: server, client, patterns and files. */
@NullMarked
package io.hawser.http;

import org.jspecify.annotations.NullMarked;
