// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionOptions;
import io.hawser.proxy.AddressRanges;
import io.hawser.proxy.ProxyHeader;
import io.hawser.proxy.ProxyReceiver;
import io.hawser.proxy.ProxySender;
import io.hawser.proxy.ProxyVersion;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** PROXY headers as the command line asks for them. */
final class ProxyHeaders {
    static final String OFF = "off";
    static final String TRUSTED = "127.0.0.0/8,::1";
    static final String TRUSTED_TEXT =
            "Addresses and networks (CIDR, between commas) that are proxies, or 'any'. Peers on unix sockets always are."
                    + " Default: ${DEFAULT-VALUE}";
    static final String MODE_TEXT =
            "PROXY protocol, version 1 or 2: 'required' closes what does not come from a proxy or does not begin with a header;"
                    + " 'optional' asks proxies for one, and serves others without; 'off'. Default: ${DEFAULT-VALUE}";

    private ProxyHeaders() {}

    /** @throws ParameterException if {@code mode} or {@code trusted} is malformed */
    static Optional<ProxyReceiver> receiver(CommandSpec spec, String option, String mode, String trusted) {
        final AddressRanges ranges;
        try {
            ranges = trusted.equals("any") ? AddressRanges.ANY : AddressRanges.parse(trusted);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--proxy-trusted: " + e.getMessage(), e);
        }
        return switch (mode) {
            case OFF -> Optional.empty();
            case "required" -> Optional.of(ProxyReceiver.required(ranges));
            case "optional" -> Optional.of(ProxyReceiver.optional(ranges));
            default ->
                throw new ParameterException(
                        spec.commandLine(), option + ": expected off, required or optional, not '" + mode + "'");
        };
    }

    /** @throws ParameterException if {@code text} is no version */
    static Optional<ProxyVersion> version(CommandSpec spec, String option, String text) {
        return switch (text) {
            case OFF -> Optional.empty();
            case "v1" -> Optional.of(ProxyVersion.V1);
            case "v2" -> Optional.of(ProxyVersion.V2);
            default ->
                throw new ParameterException(
                        spec.commandLine(), option + ": expected off, v1 or v2, not '" + text + "'");
        };
    }

    /** {@code options}, with a header that is expected from whoever connects. */
    static ConnectionOptions receiving(ConnectionOptions options, Optional<ProxyReceiver> receiver) {
        return receiver.map(stage -> options.withStages(List.of(stage))).orElse(options);
    }

    /** {@code options}, with a header that is sent to whom is dialled. */
    static ConnectionOptions sending(ConnectionOptions options, Optional<ProxyVersion> version, ProxyHeader header) {
        return version.map(v -> options.withStages(List.of(new ProxySender(v, header))))
                .orElse(options);
    }

    /** What is to be said of a client: what a proxy before this one has said, or its own addresses. The client's loop. */
    static ProxyHeader of(Connection client, ProxyVersion version) {
        final Optional<ProxyHeader> came = client.find(ProxyHeader.class);
        if (came.isPresent() && came.get().isLocal()) {
            return ProxyHeader.ofProxyItself();
        }
        if (came.isPresent() && version == ProxyVersion.V2) {
            return came.get();
        }
        final SocketAddress source = client.remoteAddress().orElse(null);
        final SocketAddress destination = client.localAddress().orElse(null);
        return source instanceof InetSocketAddress && destination instanceof InetSocketAddress
                ? ProxyHeader.of(source, destination)
                : ProxyHeader.unknown();
    }
}
