// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The files of the page, read once. Immutable. */
final class PageFiles {
    /** One of them. */
    static final class PageFile {
        private final String type;
        private final byte[] bytes;

        private PageFile(String type, byte[] bytes) {
            this.type = type;
            this.bytes = bytes;
        }

        /** Its media type. */
        String type() {
            return type;
        }

        /** What is in it; nobody's to change. */
        byte[] bytes() {
            return bytes;
        }
    }

    private final Map<String, PageFile> files = new HashMap<>();

    PageFiles() {
        add("", "index.html", "text/html; charset=utf-8");
        add("console.css", "console.css", "text/css; charset=utf-8");
        for (String script : new String[] {"console.js", "chart.js", "format.js", "table.js"}) {
            add(script, script, "text/javascript; charset=utf-8");
        }
        add("icon.svg", "icon.svg", "image/svg+xml");
    }

    private void add(String name, String resource, String type) {
        try (InputStream in = PageFiles.class.getResourceAsStream("page/" + resource)) {
            if (in == null) {
                throw new IllegalStateException("The console lacks its " + resource);
            }
            files.put(name, new PageFile(type, in.readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param name the last part of a path */
    Optional<PageFile> find(String name) {
        return Optional.ofNullable(files.get(name));
    }
}
