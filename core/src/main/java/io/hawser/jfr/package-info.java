// SPDX-License-Identifier: Apache-2.0
/**
 * Events for the Flight Recorder of the JDK. None of these classes but {@link io.hawser.jfr.Recording} is loaded before something is
 * recorded, and none is needed where the JDK comes without the module {@code jdk.jfr}.
 */
@NullMarked
package io.hawser.jfr;

import org.jspecify.annotations.NullMarked;
