/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes what reads configuration text: the file, the tokens, and what roles
 * inherit. What was taken must be stored and read back the same. */
#include "serve/config_row.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void store(const struct config *c, struct aver_buf *out)
{
    aver_buf_init(out, 8u << 20);
    if (config_store(c, out) != 0)
        abort();
}

/* What was stored is read back and stored the same. */
static void round_trip(const struct config *c)
{
    struct config again;
    struct aver_error err;
    struct aver_buf first, second;
    store(c, &first);
    if (config_load(&again, aver_buf_view(&first), &err) != 0)
        abort();
    store(&again, &second);
    assert(first.n == second.n && memcmp(first.p, second.p, first.n) == 0);
    aver_buf_clear(&first);
    aver_buf_clear(&second);
    config_free(&again);
}

static void set_defaults(struct config *c)
{
    struct aver_error err;
    c->workers = 1;
    for (unsigned i = 0; i < config_nrows; i++)
        if (config_rows[i].value &&
            config_value_parse(c, &config_rows[i], config_rows[i].value, &err))
            abort();
}

/* The first byte says what the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config c = {.metrics_listener = -1};
    struct aver_error err;
    if (size == 0)
        return 0;
    struct aver_bytes text = aver_bytes_of(data + 1, size - 1);
    int rc = -1;
    set_defaults(&c);
    if (data[0] % 3 == 0)
        rc = config_file_parse(&c, text, "f", &err);
    if (data[0] % 3 == 1)
        rc = config_tokens_parse(&c, text, "f", &err);
    if (rc == 0)
        round_trip(&c);
    config_free(&c);
    if (data[0] % 3 == 2) {
        rc = config_load(&c, text, &err);
        assert(rc == 0 || err.text[0]);
        config_free(&c);
    }
    return 0;
}
