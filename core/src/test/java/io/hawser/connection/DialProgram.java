// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.transport.TransportUnavailableException;
import java.util.concurrent.ExecutionException;

/** Dials the address in its arguments over each transport, and prints what comes of it. */
final class DialProgram {
    private DialProgram() {}

    public static void main(String[] args) throws Exception {
        for (TestTransport transport : TestTransport.values()) {
            System.out.println(dial(transport, args[0]));
        }
    }

    private static String dial(TestTransport transport, String address) throws Exception {
        final Recorder handler = new Recorder();
        try (Engine engine = transport.builder().start()) {
            final Connection connection = EngineFixture.await(engine.dial(address, handler));
            return transport + ": " + connection;
        } catch (TransportUnavailableException _) {
            return transport + " is not available";
        } catch (ExecutionException e) {
            return transport + ": " + e.getCause() + (handler.events().isEmpty() ? "" : ", events " + handler.events());
        }
    }
}
