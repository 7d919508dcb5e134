/* What OpenSSL gives to the two ways that speak TLS; only where it is there. */
#ifndef FLOOR_LOAD_TLS_H
#define FLOOR_LOAD_TLS_H

#ifdef WITH_TLS
#include <openssl/ssl.h>

/* A client's connection over the socket, which has not shaken hands, and knows of no former one. Dies on failure. */
SSL *new_tls(int fd);

/* Dies unless the handshake was a full one of TLS 1.3. */
void require_full_handshake(SSL *tls);

/* Dies of what OpenSSL says. */
_Noreturn void die_of_tls(const char *what);
#endif

/* Adds to the report which version and suite were agreed on. */
void tell_of_tls(void);

#endif
