// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.tls.TlsProvider;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of whose TLS to use. */
final class TlsProviderConverter implements ITypeConverter<TlsProvider> {
    @Override
    public TlsProvider convert(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "auto" -> TlsProvider.AUTO;
            case "jdk" -> TlsProvider.JDK;
            case "openssl" -> TlsProvider.OPENSSL;
            default -> throw new TypeConversionException("'" + name + "' is none of auto, jdk, openssl");
        };
    }
}
