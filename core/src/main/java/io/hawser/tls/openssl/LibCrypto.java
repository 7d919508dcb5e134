// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import static io.hawser.tls.openssl.Library.call;
import static io.hawser.tls.openssl.Library.crypto;

import java.lang.invoke.MethodHandle;

/** What is used of libcrypto; section 3ssl of the manual has the functions. A pointer is 0 where there is none. */
final class LibCrypto {
    /** {@code openssl/bio.h}. */
    private static final int BIO_CTRL_FLUSH = 11;

    private static final int BIO_TYPE_SOURCE_SINK = 0x0400;
    private static final int BIO_C_GET_BUF_MEM_PTR = 115;
    private static final int BIO_C_SET_BUF_MEM_EOF_RETURN = 130;

    private static final MethodHandle OPENSSL_VERSION_NUM = crypto("OpenSSL_version_num");
    private static final MethodHandle OPENSSL_VERSION = crypto("OpenSSL_version");
    private static final MethodHandle ERR_CLEAR_ERROR = crypto("ERR_clear_error");
    private static final MethodHandle ERR_GET_ERROR = crypto("ERR_get_error");
    private static final MethodHandle ERR_REASON_ERROR_STRING = crypto("ERR_reason_error_string");
    private static final MethodHandle BIO_GET_NEW_INDEX = crypto("BIO_get_new_index");
    private static final MethodHandle BIO_METH_NEW = crypto("BIO_meth_new");
    private static final MethodHandle BIO_METH_SET_WRITE = crypto("BIO_meth_set_write");
    private static final MethodHandle BIO_METH_SET_CTRL = crypto("BIO_meth_set_ctrl");
    private static final MethodHandle BIO_NEW = crypto("BIO_new");
    private static final MethodHandle BIO_NEW_MEM_BUF = crypto("BIO_new_mem_buf");
    private static final MethodHandle BIO_CTRL = crypto("BIO_ctrl");
    private static final MethodHandle BIO_FREE = crypto("BIO_free");
    private static final MethodHandle D2I_X509 = crypto("d2i_X509");
    private static final MethodHandle I2D_X509 = crypto("i2d_X509");
    private static final MethodHandle X509_FREE = crypto("X509_free");
    private static final MethodHandle D2I_PKCS8_PRIV_KEY_INFO = crypto("d2i_PKCS8_PRIV_KEY_INFO");
    private static final MethodHandle PKCS8_PRIV_KEY_INFO_FREE = crypto("PKCS8_PRIV_KEY_INFO_free");
    private static final MethodHandle EVP_PKCS82PKEY = crypto("EVP_PKCS82PKEY");
    private static final MethodHandle EVP_PKEY_FREE = crypto("EVP_PKEY_free");
    private static final MethodHandle SK_NEW_NULL = crypto("OPENSSL_sk_new_null");
    private static final MethodHandle SK_PUSH = crypto("OPENSSL_sk_push");
    private static final MethodHandle SK_NUM = crypto("OPENSSL_sk_num");
    private static final MethodHandle SK_VALUE = crypto("OPENSSL_sk_value");
    private static final MethodHandle SK_FREE = crypto("OPENSSL_sk_free");
    private static final MethodHandle X509_STORE_CTX_GET0_CERT = crypto("X509_STORE_CTX_get0_cert");
    private static final MethodHandle X509_STORE_CTX_GET0_UNTRUSTED = crypto("X509_STORE_CTX_get0_untrusted");
    private static final MethodHandle X509_STORE_CTX_SET_ERROR = crypto("X509_STORE_CTX_set_error");

    private LibCrypto() {}

    /** OpenSSL_version_num(3): {@code 0xMNN00PP0}, major, minor and patch. */
    static long versionNumber() {
        // SAFETY: takes nothing.
        return call(OPENSSL_VERSION_NUM);
    }

    /** OpenSSL_version(3), of {@code OPENSSL_VERSION}, such as {@code OpenSSL 3.0.13 30 Jan 2024}. */
    static String version() {
        // SAFETY: takes a number, and returns a string that lives as long as the library.
        return Library.string(call(OPENSSL_VERSION, 0));
    }

    // ---- the calling thread's queue of errors

    /** ERR_clear_error(3): what is left in the queue would be taken for the failure of the next call (SSL_get_error(3)). */
    static void clearErrors() {
        try {
            // SAFETY: takes nothing.
            final long _ = (long) ERR_CLEAR_ERROR.invokeExact(0L, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Library.unexpected(t);
        }
    }

    /** What went wrong, by the oldest entry of the queue, which is emptied. */
    static String takeError() {
        // SAFETY: takes nothing.
        final long first = call(ERR_GET_ERROR);
        clearErrors();
        if (first == 0) {
            return "no reason given";
        }
        // SAFETY: takes a number, and returns a string that lives as long as the library, or null.
        final String reason = Library.string(call(ERR_REASON_ERROR_STRING, first));
        return reason.isEmpty() ? "error 0x" + Long.toHexString(first) : reason;
    }

    // ---- BIO

    /**
     * A kind of BIO that is written to only (BIO_meth_new(3)), never freed.
     *
     * @param name a string that lives as long as the process
     * @param write an {@code int (*)(BIO *, const char *, int)}
     * @param ctrl a {@code long (*)(BIO *, int, long, void *)}
     */
    static long newSinkMethod(long name, long write, long ctrl) {
        // SAFETY: the method is not freed, and the functions it is given live as long as the process.
        final long type = (int) call(BIO_GET_NEW_INDEX) | BIO_TYPE_SOURCE_SINK;
        final long method = call(BIO_METH_NEW, type, name);
        if (method != 0) {
            call(BIO_METH_SET_WRITE, method, write);
            call(BIO_METH_SET_CTRL, method, ctrl);
        }
        return method;
    }

    /** Whether a command to such a BIO is the one that must not fail. */
    static boolean isFlush(long command) {
        return (int) command == BIO_CTRL_FLUSH;
    }

    /** BIO_new(3); 0 if there is no memory. */
    static long newBio(long method) {
        // SAFETY: of newSinkMethod.
        return call(BIO_NEW, method);
    }

    /**
     * A BIO that reads memory and does not own it (BIO_new_mem_buf(3)), with nothing to read; 0 if there is no memory. With nothing left it asks to be
     * tried again.
     */
    static long newInputBio(long anyAddress) {
        // SAFETY: of no bytes, so none is read.
        final long bio = call(BIO_NEW_MEM_BUF, anyAddress, 0);
        if (bio != 0) {
            call(BIO_CTRL, bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, 0);
        }
        return bio;
    }

    /** BIO_get_mem_ptr(3): the {@code BUF_MEM} of an input, which lives as long as it. */
    static long inputMemory(long bio, long scratch) {
        Library.setLong(scratch, 0);
        // SAFETY: scratch has room for a pointer.
        call(BIO_CTRL, bio, BIO_C_GET_BUF_MEM_PTR, 0, scratch);
        return Library.getLong(scratch);
    }

    /** BIO_free(3), of a BIO that no SSL has. */
    static void freeBio(long bio) {
        // SAFETY: the caller made it and has it no more; null is allowed.
        call(BIO_FREE, bio);
    }

    // ---- certificates and keys

    /** d2i_X509(3) of the bytes at {@code address}; 0 with an error in the queue if they are none. */
    static long newCertificate(long address, int length, long scratch) {
        Library.setLong(scratch, address);
        // SAFETY: scratch holds the pointer that is moved on; the bytes are there, and are copied.
        return call(D2I_X509, 0, scratch, length);
    }

    /** i2d_X509(3): the length of its encoding, which is written to what {@code scratch} points to unless that is 0. */
    static int encode(long certificate, long scratch) {
        // SAFETY: with null it only counts; else the caller has made room for as many bytes.
        return (int) call(I2D_X509, certificate, scratch);
    }

    static void freeCertificate(long certificate) {
        // SAFETY: gives up the caller's reference; null is allowed.
        call(X509_FREE, certificate);
    }

    /** The key of a PKCS#8 {@code PrivateKeyInfo} that is not encrypted; 0 with an error in the queue if it is none that OpenSSL knows. */
    static long newKey(long address, int length, long scratch) {
        Library.setLong(scratch, address);
        // SAFETY: as newCertificate; the info is freed here, the key is one of its own.
        final long info = call(D2I_PKCS8_PRIV_KEY_INFO, 0, scratch, length);
        if (info == 0) {
            return 0;
        }
        try {
            return call(EVP_PKCS82PKEY, info);
        } finally {
            call(PKCS8_PRIV_KEY_INFO_FREE, info);
        }
    }

    static void freeKey(long key) {
        // SAFETY: gives up the caller's reference; null is allowed.
        call(EVP_PKEY_FREE, key);
    }

    // ---- stacks

    static long newStack() {
        // SAFETY: takes nothing.
        return call(SK_NEW_NULL);
    }

    /** Whether there was memory for it. The stack does not own it. */
    static boolean push(long stack, long element) {
        // SAFETY: of newStack.
        return (int) call(SK_PUSH, stack, element) > 0;
    }

    /** How many there are; of null -1. */
    static int size(long stack) {
        // SAFETY: a stack of OpenSSL's, or null.
        return (int) call(SK_NUM, stack);
    }

    static long element(long stack, int index) {
        // SAFETY: the index is checked by it.
        return call(SK_VALUE, stack, index);
    }

    /** Frees the stack, not what is in it. */
    static void freeStack(long stack) {
        // SAFETY: of newStack; null is allowed.
        call(SK_FREE, stack);
    }

    // ---- what a verification is about

    static long storeCertificate(long store) {
        // SAFETY: OpenSSL has called with it, and keeps what is returned for as long as that call.
        return call(X509_STORE_CTX_GET0_CERT, store);
    }

    static long storeChain(long store) {
        // SAFETY: as above.
        return call(X509_STORE_CTX_GET0_UNTRUSTED, store);
    }

    static void setStoreError(long store, int error) {
        // SAFETY: as above.
        call(X509_STORE_CTX_SET_ERROR, store, error);
    }
}
