// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BlockCache;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.Slice;
import io.hawser.transport.StreamSocket;

/** Sends the blocks of a slice, which are given back as they are sent. */
final class SlicePart implements PartSource {
    private final Slice slice;

    /** @param slice belongs to this from now on */
    SlicePart(Slice slice) {
        this.slice = slice;
    }

    @Override
    public long transfer(StreamSocket socket, long position, long count) {
        return StreamSocket.UNSUPPORTED;
    }

    @Override
    public int fill(Buffer piece, BlockCache blocks, long position, int wanted) {
        piece.append(slice, wanted);
        return wanted;
    }

    @Override
    public void release() {
        slice.close();
    }

    @Override
    public String toString() {
        return "a slice";
    }
}
