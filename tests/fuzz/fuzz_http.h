/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_http: what the harnesses of both sides share: one message from its
 * first byte to its end, fed whole, and cut where the first two bytes of the
 * input say, must come out the same. */
#ifndef AVER_TESTS_FUZZ_HTTP_H
#define AVER_TESTS_FUZZ_HTTP_H

#include "net/http1.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The side under test. */
struct side {
    enum http_result (*parse)(struct http_head *h, struct http_cursor *c,
                              struct aver_bytes in, struct http_refusal *why);
    const struct http_limits *limits;
};

struct outcome {
    enum http_result result;
    size_t head, used;
    uint64_t body;
    unsigned sum;
};

/* What came out of the first n bytes, given in pieces that end at the cuts. */
static struct outcome run(const struct side *side, const uint8_t *p,
                          const size_t *cut, unsigned cuts)
{
    static struct http_head h;
    struct http_cursor c = {0};
    struct http_refusal why = {0};
    struct http_body body;
    struct outcome o = {.result = HTTP_MORE};
    bool head = true;

    for (unsigned i = 0; i < cuts && o.result == HTTP_MORE; i++) {
        if (head) {
            o.result = side->parse(&h, &c, aver_bytes_of(p, cut[i]), &why);
            if (o.result != HTTP_DONE)
                continue;
            assert(h.size <= cut[i]);
            head = false;
            o.head = o.used = h.size;
            http_body_init(&body, &h, side->limits);
            o.result = HTTP_MORE;
        }
        do {
            struct aver_bytes piece = {0};
            size_t used = 0;

            o.result = http_body_feed(
                &body, aver_bytes_of(p + o.used, cut[i] - o.used), &used,
                &piece, &why);
            assert(used <= cut[i] - o.used);
            assert(piece.n <= used);
            o.used += used;
            for (size_t k = 0; k < piece.n; k++)
                o.sum = o.sum * 31 + piece.p[k];
            o.body += piece.n;
        } while (o.result == HTTP_MORE && o.used < cut[i]);
    }
    assert(o.result != HTTP_BAD || why.status >= 400);
    return o;
}

static void run_both(const struct side *side, const uint8_t *data, size_t size)
{
    struct outcome a, b;
    size_t cut[2];

    if (size < 2)
        return;
    cut[0] = (size_t)(data[0] | data[1] << 8) % (size - 1);
    cut[1] = size - 2;
    a = run(side, data + 2, cut + 1, 1);
    b = run(side, data + 2, cut, 2);
    assert(a.result == b.result);
    if (a.result != HTTP_BAD) {
        assert(a.head == b.head && a.used == b.used);
        assert(a.body == b.body && a.sum == b.sum);
    }
}

#endif
