// SPDX-License-Identifier: Apache-2.0
/**
 * Linux system calls and kernel structs, reached through the Foreign Function &amp; Memory API, and nothing else.
 *
 * <p>Calls return what the kernel returned, or the negated {@code errno}; no call throws for an error of the operating
 * system, and none allocates. Structs live in {@code …Descriptor} classes that name the header they come from. Every
 * downcall carries a {@code SAFETY:} note that says why it is sound. The constants hold for x86-64 and aarch64; where the
 * two differ, the class says so.
 */
@NullMarked
package io.hawser.linux;

import org.jspecify.annotations.NullMarked;
