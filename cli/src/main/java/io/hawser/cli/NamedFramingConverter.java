// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import picocli.CommandLine.ITypeConverter;

/** {@code length4} and the like. */
final class NamedFramingConverter implements ITypeConverter<NamedFraming> {
    @Override
    public NamedFraming convert(String text) {
        return NamedFraming.of(text);
    }
}
