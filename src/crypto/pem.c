/* SPDX-License-Identifier: Apache-2.0
 *
 * pem: splits a text at its lines. Each byte of it matters, so that a text
 * with any byte changed is another chain or none. */
#include "crypto/pem.h"

#include "base/text.h"

#include <string.h>

#define LINE_MAX 64

/* The next line, without its end; false where there is none. */
static bool line(struct aver_bytes *rest, struct aver_bytes *out)
{
    const uint8_t *end;
    size_t n;

    if (rest->n == 0)
        return false;
    end = memchr(rest->p, '\n', rest->n);
    n = end != NULL ? (size_t)(end - rest->p) : rest->n;
    *out = aver_bytes_of(rest->p, n);
    if (end != NULL && n > 0 && out->p[n - 1] == '\r')
        out->n--;
    n += end != NULL;
    rest->p += n;
    rest->n -= n;
    return true;
}

/* The lines up to END, appended to `store`. */
static int block(struct aver_buf *store, struct aver_bytes *rest)
{
    size_t before = store->n;
    bool last = false;
    struct aver_bytes in;

    while (line(rest, &in)) {
        if (aver_bytes_is(in, "-----END CERTIFICATE-----"))
            return store->n > before ? 0 : -1;
        if (last || in.n == 0 || in.n > LINE_MAX)
            return -1;
        last = in.n < LINE_MAX || in.p[in.n - 1] == '=';
        if (aver_base64_decode_buf(store, in) != 0)
            return -1;
    }
    return -1;
}

int aver_pem_certificates(struct aver_bytes *der, unsigned max, unsigned *n,
                          struct aver_buf *store, struct aver_bytes text,
                          struct aver_error *err)
{
    struct aver_bytes rest = text, in;

    *n = 0;
    if (text.n > 0 && text.p[text.n - 1] == '\0')
        rest.n--;
    if (aver_buf_reserve(store, rest.n / 4 * 3) != 0)
        return aver_fail(err, AVER_ELIMIT, "the PEM text is too long");
    while (line(&rest, &in)) {
        size_t before = store->n;

        if (in.n == 0)
            continue;
        if (!aver_bytes_is(in, "-----BEGIN CERTIFICATE-----"))
            return aver_fail(err, AVER_EFORMAT,
                             "the PEM text holds something that is no "
                             "certificate, behind certificate %u",
                             *n);
        if (*n == max)
            return aver_fail(err, AVER_ELIMIT, "more than %u certificates",
                             max);
        if (block(store, &rest) != 0)
            return aver_fail(err, AVER_EFORMAT,
                             "certificate %u of the PEM text is not base64 in "
                             "lines of 64",
                             *n + 1);
        der[(*n)++] = aver_bytes_of(store->p + before, store->n - before);
    }
    if (*n == 0)
        return aver_fail(err, AVER_EFORMAT, "there is no certificate");
    return 0;
}
