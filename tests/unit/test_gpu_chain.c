/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_chain: the certificates of every case of the vectors, each rule broken
 * by itself, and texts that are no chain. */
#include "gpu_cases.h"
#include "verify/gpu_chain.h"
#include "verify/roots.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CAUSES                                                                 \
    " pem cert_format cert_key chain_length root cert_profile chain_order "    \
    "cert_signature cert_time "

static const uint8_t nvidia[32] = {
    0xa9, 0x0c, 0x4e, 0xb5, 0xac, 0xfd, 0x3e, 0x3d, 0x03, 0xa2, 0x5d,
    0xb6, 0xa2, 0x6b, 0x84, 0xf7, 0x20, 0xad, 0x05, 0x03, 0x19, 0x6c,
    0x62, 0x7c, 0x21, 0xdd, 0xd4, 0x8d, 0xd8, 0x5b, 0x06, 0xa4};

static void links_of(struct aver_link **l, struct aver_chain *c)
{
    for (unsigned i = 0; i < c->n; i++)
        l[i] = &c->link[i];
}

/* What is said of a chain, read and checked; "" if nothing is. */
static const char *judge(struct aver_bytes pem, const uint8_t *pin, int64_t at)
{
    struct aver_link *l[AVER_CHAIN_MAX];
    struct aver_ec *ec = aver_ec_new();
    struct aver_flaw flaw = {0};
    struct aver_chain c;
    int rc = -1;

    aver_gpu_chain_read(&c, ec, pem, &flaw);
    links_of(l, &c);
    if (flaw.cause == NULL)
        rc =
            aver_gpu_chain_check(ec, l, c.n, AVER_DEVICE_CHAIN, pin, at, &flaw);
    assert_true((rc == 0) == (flaw.cause == NULL));
    assert_true(rc == 0 || strlen(flaw.text) > 10);
    aver_chain_clear(&c);
    aver_ec_free(ec);
    return flaw.cause != NULL ? flaw.cause : "";
}

static void check_case(struct gpu_case *c)
{
    const char *want = gpu_case_cause(c), *got = "";
    json_t *anchor = json_object_get(c->expected, "trust_anchor");
    int64_t now = json_integer_value(json_object_get(c->expected, "now"));
    uint8_t pin[32];

    memcpy(pin, nvidia, 32);
    if (!vectors_is(anchor, "device", "nvidia"))
        vectors_hex_n(pin, 32, anchor, "device");
    for (unsigned i = 0; i < c->evidence->n; i++) {
        const struct aver_gpu_item *g = &c->evidence->item[i];
        const char *said =
            g->flaw.cause == NULL
                ? judge(aver_buf_view(&g->certificates), pin, now)
                : "";

        got = said[0] != '\0' ? said : got;
    }
    if (!gpu_cause_among(want, CAUSES))
        want = "";
    if (strcmp(c->id, "mut-cert4-sig-flipped") == 0)
        want = ""; /* the root is known by its key, and signs only itself */
    if (strcmp(got, want) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", c->id, got, want);
}

static void all_cases(void **state)
{
    (void)state;
    gpu_cases_each(check_case);
}

/* ---- one chain ---- */

struct rig {
    struct gpu_case c;
    struct aver_ec *ec;
    struct aver_chain chain;
    struct aver_link link[AVER_DEVICE_CHAIN], *l[AVER_DEVICE_CHAIN];
    int64_t at;
};

static void rig_reset(struct rig *r)
{
    for (unsigned i = 0; i < AVER_DEVICE_CHAIN; i++) {
        r->link[i] = r->chain.link[i];
        r->l[i] = &r->link[i];
    }
}

static struct aver_bytes rig_pem(const struct rig *r)
{
    return aver_buf_view(&r->c.evidence->item[0].certificates);
}

static void rig_open(struct rig *r)
{
    struct aver_flaw flaw = {0};

    gpu_case_open(&r->c, "real-nano-h100-570");
    r->at = json_integer_value(json_object_get(r->c.expected, "now"));
    r->ec = aver_ec_new();
    aver_gpu_chain_read(&r->chain, r->ec, rig_pem(r), &flaw);
    assert_null(flaw.cause);
    assert_int_equal(r->chain.n, AVER_DEVICE_CHAIN);
    rig_reset(r);
}

static void rig_close(struct rig *r)
{
    aver_chain_clear(&r->chain);
    aver_ec_free(r->ec);
    gpu_case_close(&r->c);
}

static void say(struct rig *r, const char *shape)
{
    struct aver_flaw flaw = {0};
    int rc =
        aver_gpu_chain_shape(r->l, AVER_DEVICE_CHAIN, AVER_DEVICE_CHAIN, &flaw);

    assert_string_equal(rc == 0 ? "" : flaw.cause, shape);
    rig_reset(r);
}

/* One rule of each certificate's profile broken. */
static void profile(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    say(&r, "");
    for (unsigned i = 0; i < AVER_DEVICE_CHAIN; i++) {
        r.link[i].cert.curve = AVER_P256;
        say(&r, "cert_profile");
        r.link[i].cert.signed_on = AVER_P256;
        say(&r, "cert_profile");
        r.link[i].cert.unknown_critical = true;
        say(&r, "cert_profile");
        r.link[i].cert.usage = 0;
        say(&r, "cert_profile");
        r.link[i].cert.ca = i == 0;
        say(&r, "cert_profile");
        r.link[i].cert.has_path_max = true;
        r.link[i].cert.path_max = i == 0 ? 0 : i - 1;
        say(&r, "");
        r.link[i].cert.has_path_max = true;
        r.link[i].cert.path_max = i < 2 ? 0 : i - 2;
        say(&r, i < 2 ? "" : "cert_profile");
    }
    r.link[0].cert.has_usage = false;
    say(&r, "cert_profile");
    r.link[0].cert.usage |= AVER_USE_CERT_SIGN;
    say(&r, "cert_profile");
    rig_close(&r);
}

static void order(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (unsigned i = 0; i + 1 < AVER_DEVICE_CHAIN; i++) {
        r.link[i].cert.issuer.n--;
        say(&r, "chain_order");
        r.link[i + 1].cert.subject = r.link[i].cert.subject;
        say(&r, "chain_order");
    }
    rig_close(&r);
}

static void length(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (unsigned n = 0; n <= AVER_DEVICE_CHAIN; n++)
        for (unsigned want = AVER_RIM_CHAIN; want <= AVER_DEVICE_CHAIN;
             want++) {
            struct aver_flaw flaw = {0};
            int rc = aver_gpu_chain_shape(r.l, n, want, &flaw);

            assert_int_equal(rc, n == want ? 0 : -1);
            if (rc != 0)
                assert_string_equal(flaw.cause, "chain_length");
        }
    rig_close(&r);
}

static void root(void **state)
{
    struct aver_flaw flaw = {0};
    uint8_t other[32];
    struct rig r;

    (void)state;
    rig_open(&r);
    assert_memory_equal(nvidia, aver_root_nvidia, 32);
    memcpy(other, nvidia, 32);
    assert_int_equal(aver_gpu_chain_root(r.l, 5, other, &flaw), 0);
    assert_int_equal(aver_gpu_chain_root(r.l, 4, other, &flaw), -1);
    assert_string_equal(flaw.cause, "root");
    assert_int_equal(aver_gpu_chain_root(r.l, 0, other, &flaw), -1);
    for (unsigned i = 0; i < 32; i++) {
        other[i] ^= 1;
        assert_int_equal(aver_gpu_chain_root(r.l, 5, other, &flaw), -1);
        other[i] ^= 1;
    }
    rig_close(&r);
}

/* The answers are kept with the links that were asked. */
static void signatures(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (unsigned i = 0; i < AVER_DEVICE_CHAIN; i++) {
        struct aver_flaw flaw = {0};

        r.link[i].cert.tbs.n--;
        int rc = aver_gpu_chain_signatures(r.ec, r.l, 5, &flaw);
        assert_int_equal(rc, i == 4 ? 0 : -1); /* the root's own: no matter */
        if (rc != 0)
            assert_string_equal(flaw.cause, "cert_signature");
        rig_reset(&r);
    }
    struct aver_flaw flaw = {0};
    assert_int_equal(aver_gpu_chain_signatures(r.ec, r.l, 5, &flaw), 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(r.link[i].memo.n, 97);
        r.link[i].cert.tbs.n = 0; /* not asked again */
    }
    assert_int_equal(r.link[4].memo.n, 0);
    assert_int_equal(aver_gpu_chain_signatures(r.ec, r.l, 5, &flaw), 0);
    rig_close(&r);
}

static void times(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    for (unsigned i = 0; i < AVER_DEVICE_CHAIN; i++) {
        for (int d = -1; d <= 2; d++) { /* valid from r.at to r.at + 1 */
            struct aver_flaw flaw = {0};

            r.link[i].cert.not_before = r.at;
            r.link[i].cert.not_after = r.at + 1;
            int rc = aver_gpu_chain_times(r.l, 5, r.at + d, &flaw);
            assert_int_equal(rc, d == 0 || d == 1 ? 0 : -1);
            if (rc != 0)
                assert_string_equal(flaw.cause, "cert_time");
        }
        rig_reset(&r);
    }
    rig_close(&r);
}

/* ---- texts ---- */

static void say_of(const struct rig *r, const struct aver_buf *b,
                   const char *want)
{
    assert_string_equal(judge(aver_buf_view(b), nvidia, r->at), want);
}

static void texts(void **state)
{
    struct aver_buf b;
    struct rig r;

    (void)state;
    rig_open(&r);
    struct aver_bytes pem = rig_pem(&r);
    while (pem.p[pem.n - 1] == '\0')
        pem.n--;
    aver_buf_init(&b, 1 << 20);
    assert_int_equal(aver_buf_append(&b, pem.p, pem.n), 0);
    say_of(&r, &b, "");
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(aver_buf_append(&b, "", 1), 0);
    say_of(&r, &b, "");
    assert_int_equal(aver_buf_append(&b, "x", 1), 0);
    say_of(&r, &b, "pem");
    b.n = pem.n;
    assert_int_equal(aver_buf_append(&b, pem.p, pem.n), 0);
    say_of(&r, &b, "chain_length"); /* ten */
    b.n = 0;
    say_of(&r, &b, "pem");
    assert_int_equal(aver_buf_append_str(&b, "-----BEGIN CERTIFICATE-----\n"
                                             "AAAA\n"
                                             "-----END CERTIFICATE-----\n"),
                     0);
    say_of(&r, &b, "cert_format");
    while (b.n <= AVER_CHAIN_TEXT_MAX)
        assert_int_equal(aver_buf_append_str(&b, "\n"), 0);
    say_of(&r, &b, "cert_format");
    aver_buf_clear(&b);
    rig_close(&r);
}

/* Lines that are cut: it is never a chain of five. */
static void cut_anywhere(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r);
    struct aver_bytes pem = rig_pem(&r);
    while (pem.p[pem.n - 1] == '\0' || pem.p[pem.n - 1] == '\n')
        pem.n--;
    for (size_t n = 0; n<pem.n; n += n + 100> pem.n ? 1 : 61) {
        struct aver_flaw flaw = {0};
        struct aver_chain c;
        uint8_t *copy = malloc(n > 0 ? n : 1);

        memcpy(copy, pem.p, n);
        aver_gpu_chain_read(&c, r.ec, aver_bytes_of(copy, n), &flaw);
        assert_true(c.n < AVER_DEVICE_CHAIN);
        assert_true((c.n == 0) == (flaw.cause != NULL));
        aver_chain_clear(&c);
        free(copy);
    }
    rig_close(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cases),    cmocka_unit_test(profile),
        cmocka_unit_test(order),        cmocka_unit_test(length),
        cmocka_unit_test(root),         cmocka_unit_test(signatures),
        cmocka_unit_test(times),        cmocka_unit_test(texts),
        cmocka_unit_test(cut_anywhere),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
