/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings of JSON: the bytes, put between quotes. Where the scanner takes them
 * for one string, decoding them gives what jansson gives, and where jansson
 * refuses, nothing; and a decoded string can be quoted and decoded again. */
#include "base/json.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool scanned(struct aver_bytes quoted)
{
    struct aver_json_scan s;

    aver_json_scan_init(&s, NULL, 0);
    return aver_json_scan_feed(&s, quoted) && aver_json_scan_end(&s) &&
           aver_json_scan_top(&s) == AVER_JSON_STRING;
}

static void quote_and_unquote(struct aver_bytes plain)
{
    struct aver_buf quoted, again;

    aver_buf_init(&quoted, SIZE_MAX / 2);
    aver_buf_init(&again, plain.n + 1);
    assert(aver_json_quote(&quoted, plain) == 0);
    assert(aver_json_unquote(&again, aver_buf_view(&quoted)) == 0);
    assert(aver_bytes_equal(plain, aver_buf_view(&again)));
    aver_buf_clear(&quoted);
    aver_buf_clear(&again);
}

static void compare(bool ok, struct aver_bytes plain, struct aver_bytes quoted)
{
    json_t *tree = json_loadb((const char *)quoted.p, quoted.n,
                              JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    assert(ok == json_is_string(tree));
    if (ok) {
        assert(plain.n == json_string_length(tree));
        assert(plain.n == 0 ||
               memcmp(plain.p, json_string_value(tree), plain.n) == 0);
        assert(aver_utf8_valid(plain));
        quote_and_unquote(plain);
    }
    json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_buf quoted, out;

    aver_buf_init(&quoted, size + 2);
    aver_buf_init(&out, size + 4);
    assert(aver_buf_append(&quoted, "\"", 1) == 0 &&
           aver_buf_append(&quoted, data, size) == 0 &&
           aver_buf_append(&quoted, "\"", 1) == 0);
    struct aver_bytes in = aver_buf_view(&quoted);
    assert(aver_buf_append(&out, "..", 2) == 0); /* it appends */
    bool ok = aver_json_unquote(&out, in) == 0;
    assert(out.n >= 2 && memcmp(out.p, "..", 2) == 0 && (ok || out.n == 2));
    if (scanned(in))
        compare(ok, aver_bytes_of(out.p + 2, out.n - 2), in);
    aver_buf_clear(&quoted);
    aver_buf_clear(&out);
    return 0;
}
