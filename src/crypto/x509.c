/* SPDX-License-Identifier: Apache-2.0
 *
 * x509: reads a certificate from PEM text in memory and hashes its key as it
 * stands in it (SubjectPublicKeyInfo, DER). Judges nothing. */
#include "crypto/x509.h"
#include "crypto/sha2.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* A certificate has no passphrase: without this OpenSSL would ask for one at
 * the terminal when the PEM block says that it is encrypted. */
static int no_passphrase(char *out, int size, int writing, void *unused)
{
    (void)out, (void)size, (void)writing, (void)unused;
    return -1;
}

int aver_x509_spki_sha256(uint8_t out[static 32], struct aver_bytes pem,
                          struct aver_error *err)
{
    BIO *bio = NULL;
    X509 *cert = NULL;
    uint8_t *der = NULL;
    int rc = -1;

    if (pem.n == 0 || pem.n > INT_MAX)
        return aver_fail(err, AVER_EFORMAT, "no PEM text of a certificate");
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (bio == NULL) {
        aver_fail(err, AVER_EMEM, "out of memory reading a certificate");
        goto out;
    }
    cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    if (cert == NULL) {
        aver_fail(err, AVER_EFORMAT, "no certificate in the PEM text");
        goto out;
    }
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    if (n <= 0) {
        aver_fail(err, AVER_EFORMAT, "the certificate's key cannot be read");
        goto out;
    }
    aver_sha256(out, aver_bytes_of(der, (size_t)n));
    rc = 0;
out:
    OPENSSL_free(der);
    X509_free(cert);
    BIO_free(bio);
    ERR_clear_error(); /* OpenSSL's queue is not how errors travel here */
    return rc;
}
