/* SPDX-License-Identifier: Apache-2.0
 *
 * Event streams: fed whole, and cut where the first two bytes say, the scanner
 * must find the same; what may be released never shrinks and never passes the
 * bytes seen. The reader must take what the scanner takes. */
#include "net/sse.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *ctx, struct aver_bytes data)
{
    (void)data;
    ++*(uint64_t *)ctx;
    return 0;
}

static void feed(struct sse_scan *s, const uint8_t *p, size_t n)
{
    uint64_t before = s->hold_from;

    sse_scan_feed(s, aver_bytes_of(p, n));
    assert(s->hold_from >= before);
    assert(s->hold_from <= s->offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sse_scan a, b;
    struct sse_reader reader;
    struct aver_bytes id, other;
    uint64_t events = 0;
    size_t n, cut;

    if (size < 2)
        return 0;
    n = size - 2;
    cut = (size_t)(data[0] | data[1] << 8) % (n + 1);
    sse_scan_init(&a);
    sse_scan_init(&b);
    feed(&a, data + 2, n);
    feed(&b, data + 2, cut);
    feed(&b, data + 2 + cut, n - cut);
    sse_scan_end(&a);
    sse_scan_end(&b);
    id = sse_scan_id(&a);
    other = sse_scan_id(&b);
    assert(aver_bytes_equal(id, other));
    assert(id.n == 0 || sse_id_usable(id));
    assert(a.done == b.done && a.done_lines == b.done_lines);
    assert(a.events == b.events && a.comments == b.comments);
    assert(a.hold_from == b.hold_from && a.at_boundary == b.at_boundary);
    sse_reader_init(&reader, 1 << 20, count, &events);
    assert(sse_reader_feed(&reader, aver_bytes_of(data + 2, n)) == 0);
    assert(events == a.events);
    sse_reader_clear(&reader);
    return 0;
}
