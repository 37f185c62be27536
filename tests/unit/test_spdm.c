/* SPDX-License-Identifier: Apache-2.0
 *
 * spdm: every report of the vectors, each part of a captured one, every
 * truncation and every byte of it, and what is said of parts that cannot be.
 */
#include "gpu_cases.h"
#include "verify/gpu_chain.h"
#include "verify/spdm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CAUSES                                                                 \
    " short req_version req_code req_params rsp_version rsp_code "             \
    "record_length block spec dmtf_size dup_index block_count opaque_length "  \
    "trailing "

static unsigned nonzero(const struct aver_spdm *s)
{
    static const uint8_t zeros[48];
    unsigned n = 0;

    for (unsigned i = 0; i < s->n; i++)
        n += s->block[i].value.n != 48 ||
             memcmp(s->block[i].value.p, zeros, 48) != 0;
    return n;
}

static void check_fields(const struct aver_spdm *s, const json_t *device)
{
    uint8_t nonce[32];

    assert_int_equal(s->n,
                     json_integer_value(json_object_get(device, "blocks")));
    assert_int_equal(nonzero(s), json_integer_value(json_object_get(
                                     device, "measured_nonzero")));
    vectors_hex_n(nonce, 32, device, "nonce");
    assert_memory_equal(s->nonce.p, nonce, 32);
}

static const char *worst(const struct gpu_case *c, bool slack)
{
    const char *cause = "";
    struct aver_flaw flaw;
    struct aver_spdm s;

    for (unsigned i = 0; i < c->evidence->n; i++) {
        if (c->evidence->item[i].flaw.cause != NULL)
            continue;
        flaw = (struct aver_flaw){0};
        if (aver_spdm_parse(&s, aver_buf_view(&c->evidence->item[i].report),
                            slack, &flaw) == 0) {
            if (gpu_case_fields(c, i) != NULL)
                check_fields(&s, gpu_case_fields(c, i));
            assert_null(flaw.cause);
            continue;
        }
        assert_true(strlen(flaw.text) > 10);
        cause = flaw.cause;
    }
    return cause;
}

static void check_case(struct gpu_case *c)
{
    const char *want = gpu_case_cause(c);

    if (!gpu_cause_among(want, CAUSES))
        want = "";
    if (strcmp(c->id, "syn-signed-index-zero") == 0)
        want = "block"; /* left open there */
    if (strcmp(worst(c, false), want) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", c->id, worst(c, false), want);
    if (strcmp(want, "trailing") == 0 &&
        vectors_is(c->expected, "verdict", "policy"))
        assert_string_equal(worst(c, true), "");
    else
        assert_string_equal(worst(c, true), want);
}

static void all_cases(void **state)
{
    (void)state;
    gpu_cases_each(check_case);
}

/* What is to be signed, and by which bytes: the leaf's key says so. */
static bool is_signed(struct aver_ec *ec, const struct aver_gpu_item *g)
{
    struct aver_flaw flaw = {0};
    struct aver_chain c;
    struct aver_spdm s;
    bool ok;

    aver_gpu_chain_read(&c, ec, aver_buf_view(&g->certificates), &flaw);
    ok = flaw.cause == NULL &&
         aver_spdm_parse(&s, aver_buf_view(&g->report), true, &flaw) == 0 &&
         aver_ec_verify_raw(ec, AVER_P384, c.link[0].cert.point, s.message,
                            s.signature);
    aver_chain_clear(&c);
    return ok;
}

static void check_signatures(struct gpu_case *c)
{
    struct aver_ec *ec = aver_ec_new();
    bool all = true;

    for (unsigned i = 0; i < c->evidence->n; i++)
        all = all && is_signed(ec, &c->evidence->item[i]);
    aver_ec_free(ec);
    if (strcmp(gpu_case_cause(c), "signature") == 0)
        assert_false(all);
    else if (vectors_is(c->expected, "verdict", "accept"))
        assert_true(all);
}

static void signatures(void **state)
{
    (void)state;
    gpu_cases_each(check_signatures);
}

/* ---- one report ---- */

#define RECORD 45
#define LENGTH 3520
#define NONCE (RECORD + LENGTH)
#define OPAQUE (NONCE + 34)

static struct aver_buf captured(void)
{
    struct aver_buf report;
    struct gpu_case c;

    gpu_case_open(&c, "real-nano-h100-570");
    aver_buf_init(&report, 16384);
    assert_int_equal(aver_buf_append(&report, c.evidence->item[0].report.p,
                                     c.evidence->item[0].report.n),
                     0);
    gpu_case_close(&c);
    return report;
}

static int parse(struct aver_spdm *s, struct aver_bytes in,
                 struct aver_flaw *flaw)
{
    *flaw = (struct aver_flaw){0};
    return aver_spdm_parse(s, in, false, flaw);
}

static void places(void **state)
{
    struct aver_buf b = captured();
    struct aver_flaw flaw;
    struct aver_spdm s;

    (void)state;
    assert_int_equal(parse(&s, aver_buf_view(&b), &flaw), 0);
    assert_ptr_equal(s.nonce.p, b.p + 4);
    assert_int_equal(s.nonce.n, 32);
    assert_int_equal(s.n, 64);
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(s.block[i].type, 1);
        assert_ptr_equal(s.block[i].value.p, b.p + RECORD + 55 * i + 7);
        assert_int_equal(s.block[i].value.n, 48);
    }
    assert_ptr_equal(s.opaque.p, b.p + OPAQUE);
    assert_int_equal(s.opaque.n, b.n - OPAQUE - 96);
    assert_ptr_equal(s.message.p, b.p);
    assert_int_equal(s.message.n, b.n - 96);
    assert_ptr_equal(s.signature.p, b.p + b.n - 96);
    assert_int_equal(s.signature.n, 96);
    assert_int_equal(s.trailing, 0);
    aver_buf_clear(&b);
}

static void truncated_anywhere(void **state)
{
    struct aver_buf b = captured();
    struct aver_flaw flaw;
    struct aver_spdm s;

    (void)state;
    for (size_t n = 0; n < b.n; n++) {
        uint8_t *copy = malloc(n > 0 ? n : 1);

        memcpy(copy, b.p, n);
        if (parse(&s, aver_bytes_of(copy, n), &flaw) == 0)
            fail_msg("%zu bytes", n);
        assert_string_equal(flaw.cause, n < 175     ? "short"
                                        : n < NONCE ? "record_length"
                                                    : "opaque_length");
        free(copy);
    }
    aver_buf_clear(&b);
}

/* One bit of each byte: it parses no more, or it is in what is signed or in
 * the signature, which are the whole. */
static void any_bit(void **state)
{
    struct aver_buf b = captured();
    struct aver_flaw flaw;
    struct aver_spdm s;
    unsigned parsed = 0;

    (void)state;
    for (size_t i = 0; i < b.n; i++) {
        b.p[i] ^= 1;
        if (parse(&s, aver_buf_view(&b), &flaw) == 0) {
            assert_int_equal(s.message.n + s.signature.n, b.n);
            parsed++;
        }
        b.p[i] ^= 1;
    }
    /* Nonces, slots, reserved bytes; types and values; opaque data and
     * signature: all others must be what they are. */
    assert_int_equal(parsed, 32 + 1 + 2 + 64 * 49 + 32 + (b.n - OPAQUE));
    aver_buf_clear(&b);
}

/* Bytes changed at one place, and the word for it. */
static void edited(void **state)
{
    static const struct {
        size_t at;
        unsigned n;
        uint8_t bytes[4];
        const char *cause;
    } cases[] = {
        {0, 1, {0x12}, "req_version"},
        {1, 1, {0x84}, "req_code"},
        {2, 1, {0}, "req_params"},
        {2, 1, {2}, "req_params"},
        {2, 1, {3}, ""},
        {3, 1, {1}, "req_params"},
        {36, 1, {7}, ""},
        {37, 1, {0x10}, "rsp_version"},
        {38, 1, {0x7f}, "rsp_code"},
        {39, 2, {64, 7}, ""},
        {41, 1, {0}, "block_count"},
        {41, 1, {63}, "block_count"},
        {41, 1, {65}, "block_count"},
        {41, 1, {255}, "block_count"},
        {41, 4, {0, 0, 0, 0}, "block_count"},
        {42, 3, {0, 0, 0}, "block_count"},
        {42, 3, {1, 0, 0}, "block"},
        {42, 3, {54, 0, 0}, "block"},
        {42, 3, {55, 0, 0}, "block_count"},
        {42, 3, {0xff, 0xff, 0xff}, "record_length"},
        {44, 1, {1}, "record_length"},
        {RECORD, 1, {0}, "block"},
        {RECORD, 1, {2}, "block"},
        {RECORD + 55, 1, {1}, "dup_index"},
        {RECORD + 55, 1, {0}, "block"},
        {RECORD + 55, 1, {3}, "block"},
        {RECORD + 1, 1, {0}, "spec"},
        {RECORD + 1, 1, {3}, "spec"},
        {RECORD + 2, 2, {0, 0}, "block"},
        {RECORD + 2, 2, {2, 0}, "block"},
        {RECORD + 2, 2, {0xff, 0xff}, "block"},
        {RECORD + 2, 2, {50, 0}, "dmtf_size"},
        {RECORD + 4, 1, {0x81}, ""},
        {RECORD + 5, 2, {47, 0}, "dmtf_size"},
        {RECORD + 5, 2, {48, 1}, "dmtf_size"},
        {NONCE + 32, 2, {0, 0}, "trailing"},
        {NONCE + 32, 2, {0xff, 0xff}, "opaque_length"},
    };
    struct aver_buf b = captured();
    struct aver_flaw flaw;
    struct aver_spdm s;
    uint8_t was[4];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memcpy(was, b.p + cases[i].at, 4);
        memcpy(b.p + cases[i].at, cases[i].bytes, cases[i].n);
        int rc = parse(&s, aver_buf_view(&b), &flaw);
        memcpy(b.p + cases[i].at, was, 4);
        if (strcmp(rc == 0 ? "" : flaw.cause, cases[i].cause) != 0)
            fail_msg("case %zu (byte %zu): %s", i, cases[i].at,
                     rc == 0 ? "accepted" : flaw.text);
    }
    aver_buf_clear(&b);
}

static void followed(void **state)
{
    struct aver_buf b = captured();
    size_t n = b.n;
    struct aver_flaw flaw = {0};
    struct aver_spdm s;

    (void)state;
    assert_int_equal(aver_buf_append(&b, "\0\0\0\1", 4), 0);
    b.n = n + 3;
    assert_int_equal(aver_spdm_parse(&s, aver_buf_view(&b), true, &flaw), 0);
    assert_int_equal(s.trailing, 3);
    assert_ptr_equal(s.signature.p, b.p + n - 96);
    assert_int_equal(parse(&s, aver_buf_view(&b), &flaw), -1);
    assert_string_equal(flaw.cause, "trailing");
    b.n = n + 4;
    flaw = (struct aver_flaw){0};
    assert_int_equal(aver_spdm_parse(&s, aver_buf_view(&b), true, &flaw), -1);
    assert_string_equal(flaw.cause, "trailing");
    aver_buf_clear(&b);
}

/* ---- small ones ---- */

/* A report whose blocks have values of `size` bytes. */
static struct aver_buf made(unsigned said, unsigned n, unsigned size)
{
    uint8_t head[RECORD] = {0x11, 0xe0, 1, 0xff, [37] = 0x11, 0x60};
    unsigned length = n * (7 + size);
    struct aver_buf b;

    aver_buf_init(&b, 1 << 20);
    head[41] = (uint8_t)said;
    head[42] = (uint8_t)length;
    head[43] = (uint8_t)(length >> 8);
    head[44] = (uint8_t)(length >> 16);
    assert_int_equal(aver_buf_append(&b, head, RECORD), 0);
    for (unsigned i = 1; i <= n; i++) {
        uint8_t block[64] = {(uint8_t)i,    1, (uint8_t)(size + 3), 0, 0x83,
                             (uint8_t)size, 0};
        assert_int_equal(aver_buf_append(&b, block, 7 + size), 0);
    }
    assert_int_equal(aver_buf_reserve(&b, 130), 0);
    memset(b.p + b.n, 0, 130);
    b.n += 130;
    return b;
}

static void sizes(void **state)
{
    static const struct {
        unsigned said, n, size;
        const char *cause;
    } cases[] = {
        {1, 1, 0, ""},
        {1, 1, 1, ""},
        {31, 31, 48, ""},
        {255, 255, 48, ""},
        {255, 256, 48, "block_count"},
        {0, 256, 0, "block_count"},
        {0, 0, 0, "block_count"},
    };
    struct aver_flaw flaw;
    struct aver_spdm s;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_buf b = made(cases[i].said, cases[i].n, cases[i].size);
        int rc = parse(&s, aver_buf_view(&b), &flaw);

        if (strcmp(rc == 0 ? "" : flaw.cause, cases[i].cause) != 0)
            fail_msg("case %zu: %s", i, rc == 0 ? "accepted" : flaw.text);
        if (rc == 0) {
            assert_int_equal(s.n, cases[i].n);
            assert_int_equal(s.block[s.n - 1].value.n, cases[i].size);
            assert_int_equal(s.block[s.n - 1].type, 0x83);
        }
        aver_buf_clear(&b);
    }
}

/* What a device that refuses says is an ERROR of four bytes. */
static void an_error(void **state)
{
    uint8_t in[41] = {0x11, 0xe0, 1, 0xff, [37] = 0x11, 0x7f, 1};
    struct aver_flaw flaw;
    struct aver_spdm s;

    (void)state;
    assert_int_equal(parse(&s, aver_bytes_of(in, 41), &flaw), -1);
    assert_string_equal(flaw.cause, "rsp_code");
    in[38] = 0x60;
    assert_int_equal(parse(&s, aver_bytes_of(in, 41), &flaw), -1);
    assert_string_equal(flaw.cause, "short");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cases), cmocka_unit_test(signatures),
        cmocka_unit_test(places),    cmocka_unit_test(truncated_anywhere),
        cmocka_unit_test(any_bit),   cmocka_unit_test(edited),
        cmocka_unit_test(followed),  cmocka_unit_test(sizes),
        cmocka_unit_test(an_error),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
