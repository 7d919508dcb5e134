// SPDX-License-Identifier: Apache-2.0
/** The engine. Exported are the API and the transport SPI; what is not stays inside. */
module io.hawser {
    requires jdk.jfr;
    requires static org.jspecify;

    exports io.hawser;
    exports io.hawser.buffer;
    exports io.hawser.connection;
    exports io.hawser.loop;
    exports io.hawser.proxy;
    exports io.hawser.session;
    exports io.hawser.stage;
    exports io.hawser.tls;
    exports io.hawser.transport;
}
