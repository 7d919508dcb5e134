// SPDX-License-Identifier: Apache-2.0
/**
 * The PROXY protocol, versions 1 and 2, in and out: a header before all else in which a proxy says for whom it has made a connection
 * (<a href="https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt">proxy-protocol.txt</a>). A {@link io.hawser.proxy.ProxyReceiver}
 * for a server and a {@link io.hawser.proxy.ProxySender} for a dial go into the stages of their connections.
 */
@NullMarked
package io.hawser.proxy;

import org.jspecify.annotations.NullMarked;
