/* SPDX-License-Identifier: Apache-2.0
 *
 * holding: see holding.h. */
#include "attest/holding.h"

#include "attest/bundle.h"
#include "base/text.h"
#include "crypto/sha2.h"
#include "verify/endorsements.h"
#include "verify/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void holding_init(struct holding *h)
{
    held_init(&h->cpu);
    held_gpus_init(&h->gpus);
    aver_buf_init(&h->text, BUNDLE_MAX + AVER_ENDORSEMENTS_MAX);
}

void holding_clear(struct holding *h)
{
    held_clear(&h->cpu);
    held_gpus_clear(&h->gpus);
    aver_buf_clear(&h->text);
}

bool holding_configured(const struct holding *h)
{
    return held_configured(&h->cpu) || h->gpus.path != NULL ||
           h->gpus.built_in != NULL;
}

static int put_devices(struct aver_buf *out, const char *name,
                       struct aver_bytes list)
{
    if (list.n == 0 || aver_bytes_is(list, "[]"))
        return 0;
    return aver_buf_printf(out, ",\"%s\":{\"evidences\":", name) == 0 &&
                   aver_buf_append(out, list.p, list.n) == 0
               ? aver_buf_append_str(out, "}")
               : -1;
}

int holding_subject(struct aver_buf *out, struct aver_bytes quote,
                    struct aver_bytes gpus, struct aver_bytes switches)
{
    if (aver_buf_append_str(out, "{\"quote\":\"") != 0 ||
        aver_hex_encode_buf(out, quote) != 0 ||
        aver_buf_append_str(out, "\"") != 0 ||
        put_devices(out, "gpu", gpus) != 0 ||
        put_devices(out, "nvswitch", switches) != 0)
        return -1;
    return aver_buf_append_str(out, "}");
}

/* The quote, into `quote`, which is empty; and whether there are devices. */
static int take_apart(struct aver_buf *quote, bool *devices,
                      struct aver_bytes subject)
{
    struct aver_json_member m[] = {
        {.name = "quote"}, {.name = "gpu"}, {.name = "nvswitch"}};
    struct aver_buf hex;
    int rc = -1;

    aver_buf_init(&hex, HOLDING_SUBJECT_MAX);
    if (aver_members(m, 3, subject, NULL) == 0 &&
        aver_member_text(&hex, &m[0], subject) == 0 &&
        aver_hex_decode_buf(quote, aver_buf_view(&hex)) == 0)
        rc = 0;
    aver_buf_clear(&hex);
    *devices = m[1].count + m[2].count > 0;
    return rc;
}

int holding_kind(uint8_t out[static 32], struct aver_bytes subject)
{
    uint8_t parts[64] = {0};
    struct aver_buf quote;
    bool devices = false;

    aver_buf_init(&quote, HOLDING_SUBJECT_MAX);
    int rc = take_apart(&quote, &devices, subject);
    if (rc == 0)
        rc = held_chain(parts, aver_buf_view(&quote));
    if (rc == 0 && devices)
        rc = held_gpus_chains(parts + 32, subject);
    aver_buf_clear(&quote);
    aver_sha256(out, aver_bytes_of(parts, sizeof(parts)));
    return rc;
}

/* Both in one object. */
static int join(struct holding *h, bool devices)
{
    struct aver_bytes cpu = aver_buf_view(&h->cpu.text);
    struct aver_bytes gpus =
        devices ? aver_buf_view(&h->gpus.text) : aver_bytes_of(NULL, 0);

    if (cpu.n == 0 && gpus.n == 0)
        return 0;
    /* What was made for the quote is an object, and not an empty one. */
    if (cpu.n > 0)
        cpu.n--;
    if (aver_buf_append(&h->text, cpu.p, cpu.n) != 0 ||
        (gpus.n > 0 &&
         aver_buf_append_str(&h->text, cpu.n > 0 ? "," : "{") != 0) ||
        aver_buf_append(&h->text, gpus.p, gpus.n) != 0)
        return -1;
    return aver_buf_append_str(&h->text, "}");
}

static int64_t earlier(int64_t a, int64_t b)
{
    return b < a ? b : a;
}

static void sum_up(struct holding *h, bool devices)
{
    bool cpu = h->cpu.text.n > 0, gpus = devices && h->gpus.text.n > 0;
    bool missing = !cpu || (devices && !h->gpus.met);

    h->until = h->due = 0;
    if (cpu || gpus)
        h->until = earlier(cpu ? h->cpu.until : INT64_MAX,
                           gpus ? h->gpus.until : INT64_MAX);
    if (!missing)
        h->due = earlier(h->cpu.due, devices ? h->gpus.due : INT64_MAX);
    snprintf(h->reason, sizeof(h->reason), "%s%s%s", cpu ? "" : h->cpu.reason,
             !cpu && devices && !h->gpus.met ? "; " : "",
             devices && !h->gpus.met ? h->gpus.reason : "");
}

bool holding_for(struct holding *h, struct aver_bytes subject, int64_t now)
{
    struct aver_buf quote;
    bool devices = false;

    aver_buf_init(&quote, HOLDING_SUBJECT_MAX);
    aver_buf_clear(&h->text);
    int rc = take_apart(&quote, &devices, subject);
    devices = rc == 0 && devices &&
              (h->gpus.path != NULL || h->gpus.built_in != NULL);
    held_for(&h->cpu, aver_buf_view(&quote), now);
    if (devices)
        held_gpus_for(&h->gpus, subject, now);
    if (join(h, devices) != 0)
        aver_buf_clear(&h->text);
    sum_up(h, devices);
    aver_buf_clear(&quote);
    return h->text.n > 0;
}
