/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_item: the request is part of an SPDM 1.1 report (DSP0274): 37 bytes,
 * with the requester's nonce at byte 4. */
#include "attest/gpu_item.h"

#include "base/text.h"
#include <string.h>

#define SPDM_NONCE 4
#define SPDM_REQUEST 37

/* PEM text. Drivers pad it with NULs, up to the size of their buffer. */
static int check_chain(const struct gpu_item *item, struct aver_bytes *pem,
                       struct gpu_status *s, struct aver_error *err)
{
    size_t n = item->chain_size;

    if (n > GPU_CHAIN_MAX)
        return gpu_fail(s, item->bad_chain, 0, err,
                        "%s %u: certificate chain of %zu bytes, at most %u "
                        "are possible",
                        item->kind, item->index, n, GPU_CHAIN_MAX);
    while (n > 0 && item->chain[n - 1] == 0)
        n--;
    if (n == 0)
        return gpu_fail(s, item->bad_chain, 0, err,
                        "%s %u: certificate chain is empty", item->kind,
                        item->index);
    *pem = aver_bytes_of(item->chain, n);
    return 0;
}

static int check_report(const struct gpu_item *item,
                        const uint8_t nonce[static 32], struct gpu_status *s,
                        struct aver_error *err)
{
    if (item->report_size < SPDM_REQUEST || item->report_size > GPU_REPORT_MAX)
        return gpu_fail(s, item->bad_report, 0, err,
                        "%s %u: report of %u bytes, expected %d to %u",
                        item->kind, item->index, (unsigned)item->report_size,
                        SPDM_REQUEST, GPU_REPORT_MAX);
    if (memcmp(item->report + SPDM_NONCE, nonce, 32) != 0)
        return gpu_fail(s, item->wrong_nonce, 0, err,
                        "%s %u: report holds another nonce than was asked for",
                        item->kind, item->index);
    return 0;
}

int gpu_item_put(struct aver_buf *list, const struct gpu_item *item,
                 const uint8_t nonce[static 32], struct gpu_status *s,
                 struct aver_error *err)
{
    bool first = list->n > 0 && list->p[list->n - 1] == '[';
    struct aver_bytes pem;

    if (check_chain(item, &pem, s, err) != 0 ||
        check_report(item, nonce, s, err) != 0)
        return -1;
    if (aver_buf_append_str(list, first ? "" : ",") != 0 ||
        aver_buf_append_str(list, "{\"certificate\":\"") != 0 ||
        aver_base64_encode_buf(list, pem) != 0 ||
        aver_buf_append_str(list, "\",\"evidence\":\"") != 0 ||
        aver_base64_encode_buf(
            list, aver_bytes_of(item->report, item->report_size)) != 0 ||
        aver_buf_printf(list, "\",\"arch\":\"%s\"}", item->arch) != 0)
        return gpu_fail(s, item->bad_report, 0, err,
                        "evidence of %ss is too large", item->kind);
    return 0;
}
