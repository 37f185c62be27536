/* SPDX-License-Identifier: Apache-2.0
 *
 * x509: reads a certificate from memory and hashes its key as it stands in it
 * (SubjectPublicKeyInfo, DER). Judges nothing. */
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

static int hash_key(uint8_t out[static 32], const X509 *cert,
                    struct aver_error *err)
{
    uint8_t *der = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

    if (n > 0)
        aver_sha256(out, aver_bytes_of(der, (size_t)n));
    OPENSSL_free(der);
    return n > 0 ? 0
                 : aver_fail(err, AVER_EFORMAT,
                             "the certificate's key cannot be read");
}

int aver_x509_spki_sha256(uint8_t out[static 32], struct aver_bytes pem,
                          struct aver_error *err)
{
    BIO *bio = NULL;
    X509 *cert = NULL;
    int rc = -1;

    if (pem.n == 0 || pem.n > INT_MAX)
        return aver_fail(err, AVER_EFORMAT, "no PEM text of a certificate");
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (bio == NULL) {
        aver_fail(err, AVER_EMEM, "out of memory reading a certificate");
        goto out;
    }
    cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    rc = cert != NULL
             ? hash_key(out, cert, err)
             : aver_fail(err, AVER_EFORMAT, "no certificate in the PEM text");
out:
    X509_free(cert);
    BIO_free(bio);
    ERR_clear_error(); /* OpenSSL's queue is not how errors travel here */
    return rc;
}

int aver_x509_der_spki_sha256(uint8_t out[static 32], struct aver_bytes der,
                              struct aver_error *err)
{
    const unsigned char *p = der.p;
    X509 *cert = NULL;
    int rc = -1;

    if (der.n > 0 && der.n <= LONG_MAX)
        cert = d2i_X509(NULL, &p, (long)der.n);
    if (cert == NULL || p != der.p + der.n)
        aver_fail(err, AVER_EFORMAT, "no certificate in DER");
    else
        rc = hash_key(out, cert, err);
    X509_free(cert);
    ERR_clear_error();
    return rc;
}
