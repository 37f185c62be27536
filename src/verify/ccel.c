/* SPDX-License-Identifier: Apache-2.0
 *
 * ccel: TCG PC Client Platform Firmware Profile, 10.2: a first record in the
 * old form, which names the specification, then records with a list of
 * digests. */
#include "verify/ccel.h"

#include <string.h>

#define EV_NO_ACTION 3u
#define ALG_SHA384 0x000cu
#define DIGESTS_MAX 8
#define LOG_ENDS 0xffffffffu /* the rest of the area is filler */

static const char signature[16] = "Spec ID Event03";

static const struct {
    uint16_t id;
    size_t size;
} algorithms[] = {
    {0x0004, 20}, {0x000b, 32}, {ALG_SHA384, 48}, {0x000d, 64}, {0x0012, 32},
};

bool aver_ccel_is(struct aver_bytes in)
{
    return in.n >= 48 && memcmp(in.p + 32, signature, sizeof(signature)) == 0;
}

/* Index, type, SHA-1 digest, length, data. */
static int skip_first(struct aver_reader *r, struct aver_error *err)
{
    aver_read_u32le(r);
    uint32_t type = aver_read_u32le(r);
    aver_read_bytes(r, 20);
    aver_read_bytes(r, aver_read_u32le(r));
    if (r->failed)
        return aver_fail(err, AVER_EFORMAT,
                         "the event log ends within its first record");
    if (type != EV_NO_ACTION)
        return aver_fail(err, AVER_EFORMAT,
                         "the first record has type %u, not %u", type,
                         EV_NO_ACTION);
    return 0;
}

static size_t digest_size(uint16_t id)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (algorithms[i].id == id)
            return algorithms[i].size;
    return 0;
}

/* Keeps the SHA-384 among a record's digests. */
static int take_digests(struct aver_event *e, struct aver_reader *r,
                        unsigned record, struct aver_error *err)
{
    uint32_t n = aver_read_u32le(r);

    if (n > DIGESTS_MAX)
        return aver_fail(err, AVER_ELIMIT,
                         "record %u: %u digests are more than %d", record, n,
                         DIGESTS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        uint16_t id = aver_read_u16le(r);
        struct aver_bytes digest = aver_read_bytes(r, digest_size(id));

        if (!r->failed && digest.n == 0)
            return aver_fail(err, AVER_EFORMAT,
                             "record %u: hash algorithm 0x%x is not known",
                             record, id);
        if (r->failed || id != ALG_SHA384)
            continue;
        if (e->has_digest)
            return aver_fail(err, AVER_EFORMAT,
                             "record %u: two SHA-384 digests", record);
        e->has_digest = true;
        memcpy(e->digest, digest.p, sizeof(e->digest));
    }
    return 0;
}

/* Index 0 stands for MRTD, which no event extends; 1 for RTMR 0. */
static int keep(struct aver_eventlog *log, struct aver_event *e, uint32_t index,
                unsigned record, struct aver_error *err)
{
    if (index > 4)
        return aver_fail(err, AVER_EFORMAT,
                         "record %u: register index %u, not 0 to 4", record,
                         index);
    if (index == 0 || e->type == EV_NO_ACTION)
        return 0;
    if (!e->has_digest)
        return aver_fail(err, AVER_EFORMAT, "record %u: no SHA-384 digest",
                         record);
    e->imr = (uint8_t)(index - 1);
    e->version = 1;
    return aver_eventlog_add(log, e, err);
}

static int take_records(struct aver_eventlog *log, struct aver_reader *r,
                        struct aver_error *err)
{
    for (unsigned record = 1; r->n > 0; record++) {
        struct aver_event e = {0};
        uint32_t index = aver_read_u32le(r);

        if (!r->failed && index == LOG_ENDS)
            return 0;
        e.type = aver_read_u32le(r);
        if (take_digests(&e, r, record, err) != 0)
            return -1;
        aver_read_bytes(r, aver_read_u32le(r));
        if (r->failed)
            return aver_fail(err, AVER_EFORMAT,
                             "the event log ends within record %u", record);
        if (keep(log, &e, index, record, err) != 0)
            return -1;
    }
    return 0;
}

int aver_ccel_parse(struct aver_eventlog *log, struct aver_bytes in,
                    struct aver_error *err)
{
    struct aver_reader r;

    aver_eventlog_init(log);
    log->binary = true;
    if (in.n > AVER_EVENTLOG_MAX)
        return aver_fail(err, AVER_ELIMIT,
                         "the event log is longer than %zu bytes",
                         AVER_EVENTLOG_MAX);
    if (!aver_ccel_is(in))
        return aver_fail(err, AVER_EFORMAT,
                         "the event log does not begin as a CCEL does");
    aver_reader_init(&r, in);
    if (skip_first(&r, err) == 0 && take_records(log, &r, err) == 0)
        return 0;
    aver_eventlog_free(log);
    return -1;
}
