/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_parts: a certificate (RFC 5280, 4.1) or a list of withdrawn ones (5.1)
 * put together from parts in hex, of which a test exchanges one. Its signature
 * is no signature: parsers look at none. */
#ifndef AVER_TESTS_X509_PARTS_H
#define AVER_TESTS_X509_PARTS_H

#include "der_parts.h"

#define ECDSA_SHA256 "300a06082a8648ce3d040302"
#define ECDSA_SHA384 "300a06082a8648ce3d040303"
#define KEY_P256 "301306072a8648ce3d020106082a8648ce3d030107"
#define KEY_P384 "301006072a8648ce3d020106052b81040022"
#define ZERO8 "0000000000000000"
#define ZERO64 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8
#define CN(hex_length_of_set, hex_of_sequence, text)                           \
    "31" hex_length_of_set "30" hex_of_sequence "0603550403" text

enum x509_part {
    CERT_VERSION,
    CERT_SERIAL,
    CERT_INNER,
    CERT_ISSUER,
    CERT_VALIDITY,
    CERT_SUBJECT,
    CERT_KEY,
    CERT_EXTENSIONS, /* what is in the SEQUENCE */
    CERT_OUTER,
    CERT_SIGNATURE,
    CERT_PARTS
};

static const char *const cert_parts[CERT_PARTS] = {
    "a003020102",
    "020105",
    ECDSA_SHA256,
    "300c" CN("0a", "08", "0c0149"), /* I */
    "301e170d3236303130313030303030305a170d3237303130313030303030305a",
    "300c" CN("0a", "08", "0c0153"), /* S */
    "3059" KEY_P256 "034200"
    "04" ZERO64,
    /* key usage: digitalSignature; no CA */
    "300e0603551d0f0101ff040403020780"
    "300c0603551d130101ff04023000",
    ECDSA_SHA256,
    ("030900" ZERO8),
};

/* With `part` exchanged for other hex; CERT_PARTS: none. */
__attribute__((unused)) static struct aver_buf
cert_of_parts(enum x509_part part, const char *hex)
{
    struct aver_buf out, list;

    aver_buf_init(&out, DER_PARTS_MAX);
    aver_buf_init(&list, DER_PARTS_MAX);
    for (unsigned i = 0; i < CERT_PARTS; i++) {
        const char *text = i == part ? hex : cert_parts[i];

        if (i == CERT_EXTENSIONS) {
            der_hex(&list, text);
            der_close(&list, 0x30);
            der_close(&list, 0xa3);
            if (aver_buf_append(&out, list.p, list.n) != 0)
                der_broken("no memory");
            der_close(&out, 0x30);
        } else {
            der_hex(&out, text);
        }
    }
    der_close(&out, 0x30);
    aver_buf_clear(&list);
    return out;
}

enum crl_part {
    CRL_VERSION,
    CRL_INNER,
    CRL_ISSUER,
    CRL_THIS,
    CRL_NEXT,
    CRL_ENTRIES,
    CRL_EXTENSIONS, /* the whole [0] */
    CRL_OUTER,
    CRL_SIGNATURE,
    CRL_PARTS
};

#define CRL_NUMBER "300a0603551d140403020101"
#define AUTHORITY_ID "300c0603551d230405300380010a"

static const char *const crl_parts[CRL_PARTS] = {
    "020101",
    ECDSA_SHA256,
    "300c" CN("0a", "08", "0c0149"),
    "170d3236303130313030303030305a",
    "170d3237303130313030303030305a",
    "3028"
    "3012020105170d3236303130313030303030305a"
    "3012020177170d3236303130313030303030305a",
    ("a01c301a" CRL_NUMBER AUTHORITY_ID),
    ECDSA_SHA256,
    ("030900" ZERO8),
};

__attribute__((unused)) static struct aver_buf crl_of_parts(enum crl_part part,
                                                            const char *hex)
{
    struct aver_buf out;

    aver_buf_init(&out, DER_PARTS_MAX);
    for (unsigned i = 0; i < CRL_PARTS; i++) {
        der_hex(&out, i == part ? hex : crl_parts[i]);
        if (i == CRL_EXTENSIONS)
            der_close(&out, 0x30);
    }
    der_close(&out, 0x30);
    return out;
}

#endif
