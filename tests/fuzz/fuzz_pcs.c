/* SPDX-License-Identifier: Apache-2.0
 *
 * pcs: a digit, which of the four items, then an answer of Intel's service,
 * head and body. */
#include "attest/pcs.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct pcs_part *p, enum pcs_item item)
{
    bool json = item == PCS_TCB_INFO || item == PCS_QE_IDENTITY;

    assert(p->document.n > 0);
    assert(p->signature.n == (json ? 128 : 0));
    if (json)
        assert(p->document.p[0] == '{' &&
               p->document.p[p->document.n - 1] == '}');
    else
        assert(p->document.p[0] == 0x30);
    for (size_t i = 0; i < p->chain.n; i++)
        assert(p->chain.p[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_error err;
    struct pcs_part p;

    if (size < 1)
        return 0;
    enum pcs_item item = (enum pcs_item)(data[0] % PCS_ITEMS);
    struct aver_bytes head = aver_bytes_of(data + 1, size - 1), body = head;
    const uint8_t *end = memmem(head.p, head.n, "\r\n\r\n", 4);
    head.n = end != NULL ? (size_t)(end + 4 - head.p) : 0;
    body = aver_bytes_of(body.p + head.n, body.n - head.n);
    pcs_part_init(&p);
    if (pcs_take(&p, item, head, body, &err) == 0)
        look(&p, item);
    pcs_part_clear(&p);
    return 0;
}
