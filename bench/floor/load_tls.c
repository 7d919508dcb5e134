/*
 * TLS 1.3 as a client, by OpenSSL. One suite and one group only, so that every server does the same work; no sessions are
 * kept, so every handshake is a full one.
 */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"
#include "load_exchange.h"
#include "load_tls.h"

#include <errno.h>

#ifndef WITH_TLS

static const char missing[] = "TLS needs OpenSSL, which this was built without: install libssl-dev, and build again";

void *start_tls(int fd) {
    (void)fd;
    errno = 0;
    die("%s", missing);
}

long tls_send(void *tls, const char *bytes, size_t length) {
    (void)tls, (void)bytes, (void)length;
    die("%s", missing);
}

long tls_receive(void *tls, char *bytes, size_t length) {
    (void)tls, (void)bytes, (void)length;
    die("%s", missing);
}

void tell_of_tls(void) {
}

#else

#include <limits.h>
#include <openssl/err.h>
#include <signal.h>

#define SUITE "TLS_AES_128_GCM_SHA256"
#define GROUP "X25519"
#define READ_AHEAD (128u << 10) /* some records a system call */

static char agreed[128];

void die_of_tls(const char *what) {
    char text[256] = "the connection ended";
    unsigned long error = ERR_peek_last_error();
    if (error != 0) {
        ERR_error_string_n(error, text, sizeof text);
    }
    errno = 0;
    die("%s: %s", what, text);
}

static SSL_CTX *new_context(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1
        || SSL_CTX_set_ciphersuites(context, SUITE) != 1 || SSL_CTX_set1_groups_list(context, GROUP) != 1) {
        die_of_tls("TLS 1.3 with " SUITE " and " GROUP);
    }
    if (options.authority != NULL) {
        if (SSL_CTX_load_verify_file(context, options.authority) != 1) {
            die_of_tls(options.authority);
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    }
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD);
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes, and does not send */
    return context;
}

SSL *new_tls(int fd) {
    static SSL_CTX *context;
    if (context == NULL) {
        context = new_context();
    }
    SSL *tls = SSL_new(context);
    if (tls == NULL || SSL_set_fd(tls, fd) != 1 || SSL_set_tlsext_host_name(tls, "localhost") != 1) {
        die_of_tls("a connection");
    }
    return tls;
}

void require_full_handshake(SSL *tls) {
    if (SSL_session_reused(tls)) {
        errno = 0;
        die("the server resumed a session that was not offered");
    }
    if (agreed[0] == '\0') {
        const EVP_PKEY *key = X509_get0_pubkey(SSL_get0_peer_certificate(tls));
        snprintf(agreed, sizeof agreed, "%s %s, key %s of %d bits", SSL_get_version(tls), SSL_get_cipher_name(tls),
                 key == NULL ? "?" : EVP_PKEY_get0_type_name(key), key == NULL ? 0 : EVP_PKEY_get_bits(key));
    }
}

void *start_tls(int fd) {
    SSL *tls = new_tls(fd);
    if (SSL_connect(tls) != 1) {
        die_of_tls("no handshake");
    }
    require_full_handshake(tls);
    return tls;
}

static int at_most_an_int(size_t length) {
    return length < INT_MAX ? (int)length : INT_MAX;
}

/* What OpenSSL says, as send and recv say it. */
static long result_of(SSL *tls, int result, const char *what) {
    if (result > 0) {
        return result;
    }
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        die_of_tls(what);
    }
}

long tls_send(void *tls, const char *bytes, size_t length) {
    return result_of(tls, SSL_write(tls, bytes, at_most_an_int(length)), "send over TLS");
}

long tls_receive(void *tls, char *bytes, size_t length) {
    return result_of(tls, SSL_read(tls, bytes, at_most_an_int(length)), "the server closed a connection");
}

void tell_of_tls(void) {
    printf(",\"tls\":\"%s\"", agreed);
}

#endif

void print_abilities(void) {
#ifdef WITH_TLS
    puts("tls");
#endif
#ifdef WITH_ZLIB
    puts("deflate");
#endif
}
