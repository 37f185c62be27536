/* SPDX-License-Identifier: Apache-2.0
 *
 * fwid: see fwid.h. */
#include "verify/fwid.h"

#include <string.h>

AVER_OID(oid_with_key, 0x67, 0x81, 0x05, 0x05, 0x04, 0x01);
AVER_OID(oid_tcb_info, 0x67, 0x81, 0x05, 0x05, 0x04, 0x01, 0x01);
AVER_OID(oid_sha384, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02);

#define FWIDS 6 /* the field of DiceTcbInfo */
#define CONTEXT 0x80
#define NUMBER 0x1f

/* FWID ::= SEQUENCE { hashAlg OBJECT IDENTIFIER, digest OCTET STRING } */
static struct aver_bytes read_fwid(struct aver_der *d)
{
    struct aver_der in = aver_der_enter(d, AVER_DER_SEQUENCE);
    struct aver_bytes algorithm = aver_der_take(&in, AVER_DER_OID);
    struct aver_bytes digest = aver_der_take(&in, AVER_DER_OCTETS);

    aver_der_end(&in);
    if (AVER_IS_OID(algorithm, oid_sha384) && digest.n == AVER_FWID_SIZE)
        return digest;
    return (struct aver_bytes){NULL, 0};
}

/* SEQUENCE { version INTEGER, key SubjectPublicKeyInfo, fwid FWID } */
static struct aver_bytes read_beside_key(struct aver_der *d,
                                         struct aver_bytes *key)
{
    struct aver_der in = aver_der_enter(d, AVER_DER_SEQUENCE);

    if (aver_der_number(&in, AVER_DER_INTEGER, 1) != 1)
        aver_der_fail(&in);
    *key = aver_der_whole(&in, AVER_DER_SEQUENCE);
    struct aver_bytes digest = read_fwid(&in);
    aver_der_end(&in);
    return digest;
}

/* FWIDLIST: the first counts; behind it NVIDIA has one of zeros. */
static struct aver_bytes read_list(struct aver_der *list)
{
    struct aver_bytes first = read_fwid(list);

    while (aver_der_peek(list) != 0)
        read_fwid(list);
    return first;
}

/* DiceTcbInfo: fields of which each may be missing, in the order of their
 * numbers. Only the digests are of interest. */
static struct aver_bytes read_tcb_info(struct aver_der *d)
{
    struct aver_der in = aver_der_enter(d, AVER_DER_SEQUENCE);
    struct aver_bytes digest = {NULL, 0};
    int last = -1;

    for (uint8_t tag; (tag = aver_der_peek(&in)) != 0;) {
        if ((tag & 0xc0) != CONTEXT || (tag & NUMBER) <= last)
            aver_der_fail(&in);
        last = tag & NUMBER;
        if (tag == AVER_DER_CONTEXT(FWIDS)) {
            struct aver_der list = aver_der_enter(&in, tag);
            digest = read_list(&list);
        } else {
            aver_der_take(&in, tag);
        }
    }
    aver_der_end(&in);
    return digest;
}

/* The one extension of either form; -1 if there are more. */
static int find(const struct aver_cert *leaf, struct aver_bytes *content,
                bool *with_key)
{
    struct aver_bytes oid, value;
    struct aver_der list;
    bool failed, critical;
    int n = 0;

    aver_der_init(&list, leaf->extensions, &failed);
    while (aver_der_extension(&list, &oid, &critical, &value))
        if (AVER_IS_OID(oid, oid_with_key) || AVER_IS_OID(oid, oid_tcb_info)) {
            *with_key = AVER_IS_OID(oid, oid_with_key);
            *content = value;
            n++;
        }
    return n > 1 ? -1 : n;
}

int aver_fwid_read(uint8_t digest[static AVER_FWID_SIZE],
                   const struct aver_cert *leaf, const struct aver_cert *brom,
                   const char **why)
{
    struct aver_bytes content = {NULL, 0}, key = {NULL, 0}, found;
    bool failed, with_key = false;
    struct aver_der d;
    int n = find(leaf, &content, &with_key);

    *why = "there is more than one";
    if (n != 1)
        return n;
    aver_der_init(&d, content, &failed);
    found = with_key ? read_beside_key(&d, &key) : read_tcb_info(&d);
    aver_der_end(&d);
    *why = "it is not of the form that TCG gives it";
    if (failed)
        return -1;
    *why = "its first digest is no SHA-384";
    if (found.n != AVER_FWID_SIZE)
        return -1;
    *why = "it was made by another boot ROM than the one that signed the leaf";
    if (with_key && !aver_bytes_equal(key, brom->spki))
        return -1;
    memcpy(digest, found.p, AVER_FWID_SIZE);
    *why = NULL;
    return 1;
}
