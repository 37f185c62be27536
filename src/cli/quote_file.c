/* SPDX-License-Identifier: Apache-2.0
 *
 * quote_file: see quote_file.h. */
#include "cli/quote_file.h"

#include "base/text.h"
#include "cli/file.h"
#include "verify/scopes.h"

#include <string.h>

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int from_json(struct aver_buf *out, struct aver_bytes text,
                     const char *path, struct aver_error *err)
{
    struct aver_error why;
    struct aver_scopes *s = aver_scopes_parse(text, &why);
    int rc = -1;

    if (s == NULL)
        return aver_fail(err, AVER_EFORMAT, "%.100s: %.250s", path, why.text);
    const struct aver_buf *quote = &s->scope[0].report->quote_bytes;
    if (s->n > 1)
        aver_fail(err, AVER_EFORMAT,
                  "%.100s: %u reports, each with a quote: aver verify report "
                  "judges them all",
                  path, s->n);
    else if (quote->n == 0)
        aver_fail(err, AVER_EFORMAT,
                  "%.100s: no member quote or intel_quote that is hex or "
                  "base64",
                  path);
    else
        rc = aver_buf_append(out, quote->p, quote->n);
    aver_scopes_free(s);
    return rc;
}

/* Hex or base64, in lines of any length. */
static int from_text(struct aver_buf *out, struct aver_bytes text)
{
    struct aver_buf digits;
    int rc = 0;

    aver_buf_init(&digits, QUOTE_FILE_MAX);
    for (size_t i = 0; i < text.n && rc == 0; i++)
        if (!is_space(text.p[i]))
            rc = aver_buf_append(&digits, text.p + i, 1);
    if (rc == 0 && digits.n > 0 &&
        aver_hex_decode_buf(out, aver_buf_view(&digits)) != 0)
        rc = aver_base64_decode_buf(out, aver_buf_view(&digits));
    if (digits.n == 0)
        rc = -1;
    aver_buf_clear(&digits);
    return rc;
}

/* Raw bytes begin with the version, as two bytes. */
static int decode(struct aver_buf *out, struct aver_bytes in, const char *path,
                  struct aver_error *err)
{
    struct aver_bytes text = aver_bytes_trim(in);

    if (in.n >= 2 && in.p[0] < 0x20 && in.p[1] == 0)
        return aver_buf_append(out, in.p, in.n);
    if (text.n > 0 && text.p[0] == '{')
        return from_json(out, text, path, err);
    if (from_text(out, text) == 0)
        return 0;
    return aver_fail(err, AVER_EFORMAT,
                     "%.200s: neither the bytes of a quote, nor hex, nor "
                     "base64, nor JSON with one in it",
                     path);
}

int quote_file_read(struct aver_buf *out, const char *path,
                    struct aver_error *err)
{
    struct aver_buf file;
    int rc = -1;

    aver_buf_init(&file, QUOTE_FILE_MAX);
    if (file_read(&file, path, err) == 0)
        rc = decode(out, aver_buf_view(&file), path, err);
    aver_buf_clear(&file);
    return rc;
}
