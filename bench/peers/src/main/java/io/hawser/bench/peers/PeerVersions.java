// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.channel.Channel;
import io.netty.handler.ssl.OpenSsl;
import io.undertow.Version;
import io.vertx.core.Vertx;
import picocli.CommandLine.IVersionProvider;

/** Which versions of the peers are measured. */
final class PeerVersions implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "Netty " + Channel.class.getPackage().getImplementationVersion(),
            "Vert.x " + Vertx.class.getPackage().getImplementationVersion(),
            "Undertow " + Version.getVersionString(),
            OpenSsl.isAvailable() ? OpenSsl.versionString() + ", by netty-tcnative" : "no OpenSSL for Netty here",
            "Java " + Runtime.version()
        };
    }
}
