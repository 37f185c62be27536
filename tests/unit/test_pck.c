/* SPDX-License-Identifier: Apache-2.0
 *
 * pck: the SGX extension with each of its members missing, twice, of another
 * size or type, unknown, and in another order. */
#include "verify/pck.h"
#include "x509_parts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OID "2a864886f84d010d01"
#define MEMBERS 7
#define COMPONENTS 18

/* Members 1 to 7: what stands behind the OID. */
static const char *const values[MEMBERS] = {
    "0410000102030405060708090a0b0c0d0e0f",
    NULL, /* the list below */
    "04020001",
    "040690c06f000000",
    "0a0101",
    "0410101112131415161718191a1b1c1d1e1f",
    NULL,
};
static const char *const setup[3] = {"0101ff", "010100", "0101ff"};

static const char last_numbers[2][64] = {"0202010b",
                                         "0410030302020201000300000000000000"
                                         "00"};

/* How one extension differs from a good one. */
struct twist {
    const char *what;
    bool ok;
    unsigned list;   /* 0: the members themselves, 2, 7: those of that one */
    unsigned member; /* from 1; 0: none is changed */
    enum { KEEP, DROP, TWICE, VALUE, ARC } how;
    const char *hex;
    bool backwards, no_platform;
};

static void put_member(struct aver_buf *out, unsigned above, unsigned arc,
                       const char *value)
{
    struct aver_buf oid, one;
    uint8_t arcs[2] = {(uint8_t)above, (uint8_t)arc};

    aver_buf_init(&oid, 64);
    aver_buf_init(&one, DER_PARTS_MAX);
    der_hex(&oid, OID);
    if (aver_buf_append(&oid, arcs + (above == 0), 1 + (above > 0)) != 0)
        der_broken("no memory");
    der_close(&oid, 0x06);
    if (aver_buf_append(&one, oid.p, oid.n) != 0)
        der_broken("no memory");
    der_hex(&one, value);
    der_wrap(out, 0x30, aver_buf_view(&one));
    aver_buf_clear(&oid);
    aver_buf_clear(&one);
}

/* Member `arc` of a list, as the twist has it. */
static void put(struct aver_buf *out, const struct twist *t, unsigned above,
                unsigned arc, const char *value)
{
    bool mine = t->list == above && t->member == arc;

    if (mine && t->how == DROP)
        return;
    if (mine && t->how == VALUE)
        value = t->hex;
    unsigned name = mine && t->how == ARC ? (uint8_t)t->hex[0] : arc;
    put_member(out, above, name, value);
    if (mine && t->how == TWICE)
        put_member(out, above, name, value);
}

static const char *to_hex(char *out, size_t size, struct aver_buf *b)
{
    assert_true(2 * b->n < size);
    aver_hex_encode(out, b->p, b->n);
    aver_buf_clear(b);
    return out;
}

static const char *numbers(char out[static 2048], const struct twist *t)
{
    struct aver_buf list;
    char svn[16];

    aver_buf_init(&list, DER_PARTS_MAX);
    for (unsigned i = 1; i <= COMPONENTS; i++) {
        unsigned arc = t->backwards ? COMPONENTS + 1 - i : i;

        snprintf(svn, sizeof(svn), "0201%02x", arc + 2);
        put(&list, t, 2, arc, arc > 16 ? last_numbers[arc - 17] : svn);
    }
    der_close(&list, 0x30);
    return to_hex(out, 2048, &list);
}

static const char *flags(char out[static 2048], const struct twist *t)
{
    struct aver_buf list;

    aver_buf_init(&list, DER_PARTS_MAX);
    for (unsigned i = 1; i <= 3; i++)
        put(&list, t, 7, t->backwards ? 4 - i : i,
            setup[t->backwards ? 3 - i : i - 1]);
    der_close(&list, 0x30);
    return to_hex(out, 2048, &list);
}

static struct aver_buf extension(const struct twist *t)
{
    char text[2048];
    struct aver_buf list;

    aver_buf_init(&list, DER_PARTS_MAX);
    for (unsigned i = 1; i <= MEMBERS; i++) {
        unsigned arc = t->backwards ? MEMBERS + 1 - i : i;

        if (t->no_platform && arc > 5)
            continue;
        put(&list, t, 0, arc,
            arc == 2   ? numbers(text, t)
            : arc == 7 ? flags(text, t)
                       : values[arc - 1]);
    }
    der_close(&list, 0x30);
    return list;
}

/* A certificate with such an extension, parsed for its SGX part. */
static int parse(struct aver_pck *p, struct aver_bytes content,
                 struct aver_error *err)
{
    char hex[8192];
    struct aver_buf one;
    struct aver_cert leaf;

    aver_buf_init(&one, DER_PARTS_MAX);
    der_hex(&one, "0609" OID);
    der_wrap(&one, 0x04, content);
    der_close(&one, 0x30);
    to_hex(hex, sizeof(hex), &one);
    struct aver_buf der = cert_of_parts(CERT_EXTENSIONS, hex);
    struct aver_bytes in = der_exact(&der);
    assert_int_equal(aver_cert_parse(&leaf, in, NULL), 0);
    int rc = aver_pck_parse(p, &leaf, err);
    der_done(in);
    aver_buf_clear(&der);
    return rc;
}

static const struct twist twists[] = {
    {.what = "as it should be", .ok = true},
    {.what = "backwards", .ok = true, .backwards = true},
    {.what = "of a Processor CA", .ok = true, .no_platform = true},
    {"svn 256", false, 2, 3, VALUE, "02020100", false, false},
    {"svn 255", true, 2, 3, VALUE, "020200ff", false, false},
    {"svn -1", false, 2, 3, VALUE, "0201ff", false, false},
    {"svn padded", false, 2, 3, VALUE, "02020005", false, false},
    {"svn as an octet", false, 2, 3, VALUE, "040105", false, false},
    {"svn and more", false, 2, 3, VALUE, "0201050500", false, false},
    {"no svn", false, 2, 3, VALUE, "", false, false},
    {"pcesvn 65536", false, 2, 17, VALUE, "0203010000", false, false},
    {"pcesvn 65535", true, 2, 17, VALUE, "020300ffff", false, false},
    {"cpusvn of 15", false, 2, 18, VALUE, "040f" ZERO8 "00000000000000", false,
     false},
    {"cpusvn of 17", false, 2, 18, VALUE, "0411" ZERO8 ZERO8 "00", false,
     false},
    {"component 19", false, 2, 3, ARC, "\x13", false, false},
    {"component 0", false, 2, 3, ARC, "", false, false},
    {"component 32", false, 2, 3, ARC, "\x20", false, false},
    {"component 127", false, 2, 3, ARC, "\x7f", false, false},
    {"component 4 for 3", false, 2, 3, ARC, "\x04", false, false},
    {"a PPID of 15", false, 0, 1, VALUE, "040f" ZERO8 "00000000000000", false,
     false},
    {"an empty PPID", false, 0, 1, VALUE, "0400", false, false},
    {"a PPID of another type", false, 0, 1, VALUE, "0310" ZERO8 ZERO8, false,
     false},
    {"a TCB that is none", false, 0, 2, VALUE, "0400", false, false},
    {"an empty TCB", false, 0, 2, VALUE, "3000", false, false},
    {"a PCEID of 3", false, 0, 3, VALUE, "0403000001", false, false},
    {"an FMSPC of 5", false, 0, 4, VALUE, "040590c06f0000", false, false},
    {"an FMSPC and more", false, 0, 4, VALUE, "040690c06f0000000500", false,
     false},
    {"SGX type 2", true, 0, 5, VALUE, "0a0102", false, false},
    {"SGX type 3", false, 0, 5, VALUE, "0a0103", false, false},
    {"SGX type as a number", false, 0, 5, VALUE, "020101", false, false},
    {"an instance of 8", false, 0, 6, VALUE, "0408" ZERO8, false, false},
    {"an empty setup", false, 0, 7, VALUE, "3000", false, false},
    {"a setup that is none", false, 0, 7, VALUE, "0101ff", false, false},
    {"a flag of 1", false, 7, 2, VALUE, "010101", false, false},
    {"a flag as a number", false, 7, 2, VALUE, "020101", false, false},
    {"flag 4", false, 7, 2, ARC, "\x04", false, false},
    {"member 8", false, 0, 1, ARC, "\x08", false, false},
    {"member 0", false, 0, 1, ARC, "", false, false},
    {"member 32", false, 0, 1, ARC, "\x20", false, false},
};
#define TWISTS (sizeof(twists) / sizeof(twists[0]))

static void check(const struct twist *t)
{
    struct aver_buf der = extension(t);
    struct aver_error err = {0};
    struct aver_pck p;
    int rc = parse(&p, aver_buf_view(&der), &err);

    if ((rc == 0) != t->ok)
        fail_msg("%s (list %u, member %u): %d", t->what, t->list, t->member,
                 rc);
    assert_int_equal(err.code, t->ok ? AVER_OK : AVER_EFORMAT);
    aver_buf_clear(&der);
}

static void forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < TWISTS; i++)
        check(&twists[i]);
}

/* Each member of each list missing, and twice. */
static void each_member_once(void **state)
{
    static const struct {
        unsigned list, n;
    } lists[] = {{0, MEMBERS}, {2, COMPONENTS}, {7, 3}};

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        for (unsigned m = 1; m <= lists[i].n; m++) {
            struct twist t = {.what = "missing",
                              .list = lists[i].list,
                              .member = m,
                              .how = DROP};

            check(&t);
            t.what = "twice";
            t.how = TWICE;
            check(&t);
        }
}

static void what_is_read(void **state)
{
    struct aver_buf der = extension(&twists[0]);
    struct aver_pck p;

    (void)state;
    assert_int_equal(parse(&p, aver_buf_view(&der), NULL), 0);
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(p.ppid[i], i);
        assert_int_equal(p.instance[i], 16 + i);
        assert_int_equal(p.components[i], i + 3);
    }
    assert_int_equal(p.pcesvn, 0x10b);
    assert_int_equal(p.cpusvn[0], 3);
    assert_memory_equal(p.pceid, "\x00\x01", 2);
    assert_memory_equal(p.fmspc, "\x90\xc0\x6f\x00\x00\x00", 6);
    assert_int_equal(p.sgx_type, 1);
    assert_true(p.has_instance && p.has_setup);
    assert_true(p.dynamic && !p.cached_keys && p.smt);
    aver_buf_clear(&der);
    der = extension(&twists[2]);
    assert_int_equal(parse(&p, aver_buf_view(&der), NULL), 0);
    assert_false(p.has_instance || p.has_setup || p.dynamic);
    aver_buf_clear(&der);
}

static void cut(void **state)
{
    struct aver_buf der = extension(&twists[0]);
    struct aver_pck p;

    (void)state;
    for (size_t n = 0; n < der.n; n++)
        assert_int_equal(parse(&p, aver_bytes_of(der.p, n), NULL), -1);
    assert_int_equal(aver_buf_append(&der, "\x05\x00", 2), 0);
    assert_int_equal(parse(&p, aver_buf_view(&der), NULL), -1);
    aver_buf_clear(&der);
}

static void no_extension(void **state)
{
    struct aver_buf der = cert_of_parts(CERT_PARTS, NULL);
    struct aver_error err = {0};
    struct aver_cert leaf;
    struct aver_pck p;

    (void)state;
    assert_int_equal(aver_cert_parse(&leaf, aver_buf_view(&der), NULL), 0);
    assert_int_equal(aver_pck_parse(&p, &leaf, &err), -1);
    assert_non_null(strstr(err.text, "no SGX extension"));
    aver_buf_clear(&der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),        cmocka_unit_test(each_member_once),
        cmocka_unit_test(what_is_read), cmocka_unit_test(cut),
        cmocka_unit_test(no_extension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
