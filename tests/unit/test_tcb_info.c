/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb_info: real documents with one member after the other missing, of another
 * type, or out of its range; levels in any order; texts made to hurt. */
#include "json_edit.h"
#include "verify/tcb_info.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>

#include <cmocka.h>

static char *tdx, *sgx, *qe;

/* 0, or -1 with `err`; nothing is left to clear. */
static int parse_n(bool identity, const char *text, size_t n,
                   struct aver_error *err)
{
    struct aver_tcb_info t;
    struct aver_qe_identity q;
    uint8_t *copy = malloc(n > 0 ? n : 1);
    int rc = 0;

    assert_non_null(copy);
    memcpy(copy, text, n);
    if (identity) {
        rc = aver_qe_identity_parse(&q, aver_bytes_of(copy, n), err);
        assert_int_equal(rc == 0, q.tree != NULL);
        aver_qe_identity_clear(&q);
    } else {
        rc = aver_tcb_info_parse(&t, aver_bytes_of(copy, n), err);
        assert_int_equal(rc == 0, t.tree != NULL);
        aver_tcb_info_clear(&t);
    }
    free(copy);
    return rc;
}

static int parse(bool identity, const char *text, struct aver_error *err)
{
    return parse_n(identity, text, strlen(text), err);
}

/* Members that must be there, and the sort of each. */
enum sort { TEXT, HEX, DATE, U8, U16, U31, LIST, OBJECT };
static const struct member {
    const char *path;
    enum sort sort;
} tdx_members[] =
    {
        {"id", TEXT},
        {"version", U31},
        {"issueDate", DATE},
        {"nextUpdate", DATE},
        {"fmspc", HEX},
        {"pceId", HEX},
        {"tcbType", U31},
        {"tcbEvaluationDataNumber", U31},
        {"tdxModule", OBJECT},
        {"tdxModule/mrsigner", HEX},
        {"tdxModule/attributes", HEX},
        {"tdxModule/attributesMask", HEX},
        {"tdxModuleIdentities/0", OBJECT},
        {"tdxModuleIdentities/0/id", TEXT},
        {"tdxModuleIdentities/0/mrsigner", HEX},
        {"tdxModuleIdentities/0/attributes", HEX},
        {"tdxModuleIdentities/0/attributesMask", HEX},
        {"tdxModuleIdentities/0/tcbLevels", LIST},
        {"tdxModuleIdentities/0/tcbLevels/0", OBJECT},
        {"tdxModuleIdentities/0/tcbLevels/0/tcb", OBJECT},
        {"tdxModuleIdentities/0/tcbLevels/0/tcb/isvsvn", U16},
        {"tdxModuleIdentities/0/tcbLevels/0/tcbDate", DATE},
        {"tdxModuleIdentities/0/tcbLevels/0/tcbStatus", TEXT},
        {"tcbLevels", LIST},
        {"tcbLevels/0", OBJECT},
        {"tcbLevels/0/tcb", OBJECT},
        {"tcbLevels/0/tcb/sgxtcbcomponents", LIST},
        {"tcbLevels/0/tcb/sgxtcbcomponents/0", OBJECT},
        {"tcbLevels/0/tcb/sgxtcbcomponents/15/svn", U8},
        {"tcbLevels/0/tcb/pcesvn", U16},
        {"tcbLevels/0/tcb/tdxtcbcomponents", LIST},
        {"tcbLevels/0/tcb/tdxtcbcomponents/15", OBJECT},
        {"tcbLevels/0/tcb/tdxtcbcomponents/0/svn", U8},
        {"tcbLevels/0/tcbDate", DATE},
        {"tcbLevels/0/tcbStatus", TEXT},
},
  qe_members[] = {
      {"id", TEXT},
      {"version", U31},
      {"issueDate", DATE},
      {"nextUpdate", DATE},
      {"tcbEvaluationDataNumber", U31},
      {"miscselect", HEX},
      {"miscselectMask", HEX},
      {"attributes", HEX},
      {"attributesMask", HEX},
      {"mrsigner", HEX},
      {"isvprodid", U16},
      {"tcbLevels", LIST},
      {"tcbLevels/0", OBJECT},
      {"tcbLevels/0/tcb", OBJECT},
      {"tcbLevels/0/tcb/isvsvn", U16},
      {"tcbLevels/0/tcbDate", DATE},
      {"tcbLevels/0/tcbStatus", TEXT},
};

/* What is no value of any sort, by the sort; "" ends. */
static const char *const wrong[][24] = {
    [TEXT] = {"null", "true", "3", "[]", "{}", "\"\"", "\"x\"", ""},
    [HEX] = {"null", "7", "[]", "\"\"", "\"0\"", "\"zz\"", "\"00\"", "\"0x00\"",
             ""},
    [DATE] = {"null", "1780272000", "\"\"", "\"2026-06-01\"",
              "\"2026-06-01T00:00:00\"", "\"2026-06-01T00:00:00+00:00\"",
              "\"2026-06-01T00:00:00.0Z\"", "\"2026-02-30T00:00:00Z\"",
              "\"2026-06-01T24:00:00Z\"", "\"2026-06-01T00:00:00Z \"",
              "\" 2026-06-01T00:00:00Z\"", "\"2026-06-01t00:00:00z\"", ""},
    [U8] = {"null", "true", "\"1\"", "-1", "256", "65536", "4294967296", "1.0",
            "1e0", "[]", "{}", "-9223372036854775808", ""},
    [U16] = {"null", "\"1\"", "-1", "65536", "4294967297", "1.0", ""},
    [U31] = {"null", "\"3\"", "-1", "3.0", "2147483648", "9223372036854775807",
             ""},
    [LIST] = {"null", "{}", "\"\"", "1", "[]", "[null]", "[1]", "[[]]", ""},
    [OBJECT] = {"null", "[]", "\"\"", "1", "{}", ""},
};

static void must_fail(bool identity, const char *text, const struct member *m,
                      const char *value)
{
    struct aver_error err = {0};
    char *edited = json_edit(text, m->path, value);

    if (parse(identity, edited, &err) == 0)
        fail_msg("%s may be %s", m->path, value != NULL ? value : "missing");
    assert_int_equal(err.code, AVER_EFORMAT);
    assert_true(err.text[0] != '\0');
    free(edited);
}

static void each(bool identity, const char *text, const struct member *m,
                 size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* An array gets shorter, which only components mind. */
        if (strstr(m[i].path, "tcbLevels/0") == NULL ||
            strcmp(strrchr(m[i].path, '/'), "/0") != 0)
            if (strcmp(m[i].path, "tdxModuleIdentities/0") != 0)
                must_fail(identity, text, &m[i], NULL);
        for (size_t j = 0; wrong[m[i].sort][j][0] != '\0'; j++)
            must_fail(identity, text, &m[i], wrong[m[i].sort][j]);
    }
}

static void each_member(void **state)
{
    (void)state;
    each(false, tdx, tdx_members, sizeof(tdx_members) / sizeof(tdx_members[0]));
    each(true, qe, qe_members, sizeof(qe_members) / sizeof(qe_members[0]));
}

/* One edit of one document. */
static const struct edit {
    char **text;
    const char *path, *value;
    bool ok;
} edits[] = {
    {&tdx, "id", "\"TDX\"", true},
    {&tdx, "id", "\"tdx\"", false},
    {&tdx, "id", "\"SGX\"", true}, /* less is demanded of it */
    {&sgx, "id", "\"SGX\"", true},
    {&sgx, "id", "\"TDX\"", false},
    {&tdx, "version", "2", false},
    {&tdx, "version", "4", false},
    {&tdx, "tcbType", "1", false},
    {&tdx, "tcbEvaluationDataNumber", "0", true},
    {&tdx, "tcbEvaluationDataNumber", "2147483647", true},
    {&tdx, "fmspc", "\"90C06F000000\"", true},
    {&tdx, "fmspc", "\"90c06f00000000\"", false},
    {&tdx, "pceId", "\"00001\"", false},
    {&tdx, "something", "{\"new\":[1.5,null]}", true},
    {&tdx, "tcbLevels/0/new", "[]", true},
    {&tdx, "tcbLevels/0/tcb/new", "-1", true},
    {&tdx, "tcbLevels/0/tcb/sgxtcbcomponents/0/new", "\"\"", true},
    {&tdx, "tdxModule/new", "0", true},
    {&tdx, "tdxModuleIdentities", NULL, true},
    {&tdx, "tdxModuleIdentities", "[]", true},
    {&tdx, "tdxModuleIdentities", "{}", false},
    {&tdx, "tdxModuleIdentities", "[[]]", false},
    {&tdx, "tdxModuleIdentities/0/id", "\"tdx_0A\"", true},
    {&tdx, "tdxModuleIdentities/0/id", "\"TDX_0g\"", false},
    {&tdx, "tdxModuleIdentities/0/id", "\"TDX_1\"", false},
    {&tdx, "tdxModuleIdentities/0/id", "\"TDX_001\"", false},
    {&tdx, "tdxModuleIdentities/0/id", "\"TDX-01\"", false},
    {&tdx, "tdxModuleIdentities/0/id", "\"SGX_01\"", false},
    {&tdx, "tdxModuleIdentities/0/tcbLevels", "[]", false},
    {&tdx, "tdxModuleIdentities/0/tcbLevels/0/tcbStatus",
     "\"SWHardeningNeeded\"", false},
    {&tdx, "tdxModuleIdentities/0/tcbLevels/0/tcbStatus", "\"Revoked\"", true},
    {&tdx, "tcbLevels", "[]", false},
    {&tdx, "tcbLevels/0/tcbStatus", "\"TDRelaunchAdvised\"", false},
    {&tdx, "tcbLevels/0/tcbStatus", "\"none\"", false},
    {&tdx, "tcbLevels/0/tcbStatus", "\"OutOfDateConfigurationNeeded\"", true},
    {&tdx, "tcbLevels/0/tcb/sgxtcbcomponents/+", "{\"svn\":0}", false},
    {&tdx, "tcbLevels/0/tcb/sgxtcbcomponents/15", NULL, false},
    {&tdx, "tcbLevels/0/tcb/tdxtcbcomponents/+", "{\"svn\":0}", false},
    {&tdx, "tcbLevels/0/tcb/tdxtcbcomponents/15", NULL, false},
    {&tdx, "tcbLevels/0/tcb/sgxtcbcomponents/3/svn", "255", true},
    {&tdx, "tcbLevels/0/tcb/pcesvn", "65535", true},
    {&tdx, "tcbLevels/0/advisoryIDs", "[]", true},
    {&tdx, "tcbLevels/0/advisoryIDs", "[\"INTEL-SA-00001\"]", true},
    {&tdx, "tcbLevels/0/advisoryIDs", "null", false},
    {&tdx, "tcbLevels/0/advisoryIDs", "\"INTEL-SA-00001\"", false},
    {&tdx, "tcbLevels/0/advisoryIDs", "[1]", false},
    {&tdx, "tcbLevels/0/advisoryIDs", "[\"\"]", false},
    {&tdx, "tcbLevels/0/advisoryIDs", "[\"a b\"]", false},
    {&tdx, "tcbLevels/0/advisoryIDs", "[\"a\\u001b[2J\"]", false},
    {&tdx, "tcbLevels/0/advisoryIDs", "[\"\\u00e9\"]", false},
    {&tdx, "tcbLevels/0/advisoryIDs", "[\"\\u007f\"]", false},
    {&tdx, "tcbLevels/0/advisoryIDs", "[\"01234567890123456789012345678901\"]",
     true},
    {&tdx, "tcbLevels/0/advisoryIDs", "[\"012345678901234567890123456789012\"]",
     false},
    {&qe, "id", "\"QE\"", true},
    {&qe, "id", "\"QVE\"", true}, /* of another kind, which is noted */
    {&qe, "id", "\"TDX\"", false},
    {&qe, "id", "\"td_qe\"", false},
    {&qe, "version", "1", false},
    {&qe, "version", "3", false},
    {&qe, "isvprodid", "65535", true},
    {&qe, "miscselect", "\"FFFFFFFF\"", true},
    {&qe, "tcbLevels/0/tcb/isvsvn", "65535", true},
    {&qe, "tcbLevels/0/tcbStatus", "\"ConfigurationNeeded\"", false},
    {&qe, "tcbLevels/0/tcbStatus", "\"Revoked\"", true},
    {&qe, "tcbLevels", "[]", false},
    {&qe, "new", "{}", true},
};

static void edited(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        const struct edit *e = &edits[i];
        char *text = json_edit(*e->text, e->path, e->value);
        struct aver_error err = {0};
        int rc = parse(e->text == &qe, text, &err);

        if ((rc == 0) != e->ok)
            fail_msg("%s = %s: %d %s", e->path, e->value, rc, err.text);
        free(text);
    }
}

/* The same element again, at the end. */
static void twice(void **state)
{
    static const struct {
        char **text;
        const char *from, *to;
    } cases[] = {
        {&tdx, "tcbLevels/0", "tcbLevels/+"},
        {&tdx, "tcbLevels/1", "tcbLevels/+"},
        {&tdx, "tdxModuleIdentities/0", "tdxModuleIdentities/+"},
        {&tdx, "tdxModuleIdentities/0/tcbLevels/0",
         "tdxModuleIdentities/0/tcbLevels/+"},
        {&sgx, "tcbLevels/0", "tcbLevels/+"},
        {&qe, "tcbLevels/0", "tcbLevels/+"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *value = json_edit_get(*cases[i].text, cases[i].from);
        char *text = json_edit(*cases[i].text, cases[i].to, value);
        struct aver_error err = {0};

        assert_int_equal(parse(cases[i].text == &qe, text, &err), -1);
        assert_non_null(strstr(err.text, "two"));
        free(text);
        free(value);
    }
}

/* Equal in what is compared, though not in what they say. */
static void equal_levels_of_another_status(void **state)
{
    (void)state;
    char *value = json_edit_get(tdx, "tcbLevels/0");
    char *other = json_edit(value, "tcbStatus", "\"Revoked\"");
    char *text = json_edit(tdx, "tcbLevels/+", other);

    assert_int_equal(parse(false, text, NULL), -1);
    free(text);
    free(other);
    free(value);
}

#define ONE4 "{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1}"

static char *repeated(const char *text, const char *list, const char *element,
                      const char *number, unsigned n)
{
    char path[64];
    json_t *all = json_array();

    for (unsigned i = 0; i < n; i++) {
        char value[16];

        snprintf(value, sizeof(value),
                 strstr(number, "id") ? "\"TDX_%02x\"" : "%u", i);
        char *one = json_edit(element, number, value);
        json_array_append_new(all, json_loads(one, 0, NULL));
        free(one);
    }
    snprintf(path, sizeof(path), "%s", list);
    char *value = json_dumps(all, 0);
    char *out = json_edit(text, path, value);
    free(value);
    json_decref(all);
    return out;
}

/* Its components without their names: a document's values are counted too. */
static char *plain(const char *element)
{
    static const char sixteen[] = "[" ONE4 "," ONE4 "," ONE4 "," ONE4 "]";

    return strstr(element, "sgxtcbcomponents") != NULL
               ? json_edit(element, "tcb/sgxtcbcomponents", sixteen)
               : strdup(element);
}

static void as_many_as_may_be(void **state)
{
    static const struct {
        char **text;
        const char *list, *element, *number;
        unsigned max;
    } cases[] = {
        {&sgx, "tcbLevels", "tcbLevels/0", "tcb/pcesvn", 256},
        {&tdx, "tdxModuleIdentities", "tdxModuleIdentities/0", "id", 64},
        {&tdx, "tdxModuleIdentities/0/tcbLevels",
         "tdxModuleIdentities/0/tcbLevels/0", "tcb/isvsvn", 256},
        {&qe, "tcbLevels", "tcbLevels/0", "tcb/isvsvn", 256},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned more = 0; more < 2; more++) {
            char *element = json_edit_get(*cases[i].text, cases[i].element);
            char *one = plain(element);
            char *text = repeated(*cases[i].text, cases[i].list, one,
                                  cases[i].number, cases[i].max + more);

            if (parse(cases[i].text == &qe, text, NULL) != (more ? -1 : 0))
                fail_msg("%s with %u", cases[i].list, cases[i].max + more);
            free(text);
            free(one);
            free(element);
        }
}

/* Whatever the order, the highest comes first, by each of what they are
 * compared by. */
static void sorted(void **state)
{
    static const char *const keys[] = {
        "tcb/sgxtcbcomponents/0/svn", "tcb/sgxtcbcomponents/15/svn",
        "tcb/pcesvn", "tcb/tdxtcbcomponents/0/svn",
        "tcb/tdxtcbcomponents/15/svn"};

    (void)state;
    char *element = json_edit_get(tdx, "tcbLevels/0");
    for (size_t i = 0; i < 5; i++) {
        char *one = json_edit(element, keys[i], "1");
        char *two = json_edit(element, keys[i], "2");
        char *three = json_edit(element, keys[i], "3");
        char list[65536];
        struct aver_tcb_info t;

        snprintf(list, sizeof(list), "[%s,%s,%s]", two, three, one);
        char *text = json_edit(tdx, "tcbLevels", list);
        assert_int_equal(aver_tcb_info_parse(&t, aver_bytes_str(text), NULL),
                         0);
        assert_int_equal(t.levels.n, 3);
        for (unsigned j = 0; j < 3; j++) {
            const struct aver_tcb_level *l = &t.levels.level[j];
            const unsigned have[] = {l->sgx[0], l->sgx[15], l->pcesvn,
                                     l->tdx[0], l->tdx[15]};

            assert_int_equal(have[i], 3 - j);
        }
        aver_tcb_info_clear(&t);
        free(text);
        free(one);
        free(two);
        free(three);
    }
    free(element);
}

static void what_is_read(void **state)
{
    struct aver_tcb_info t;
    struct aver_qe_identity q;

    (void)state;
    assert_int_equal(aver_tcb_info_parse(&t, aver_bytes_str(tdx), NULL), 0);
    assert_true(t.tdx);
    assert_memory_equal(t.fmspc, "\x90\xc0\x6f\x00\x00\x00", 6);
    assert_memory_equal(t.pceid, "\x00\x00", 2);
    assert_true(t.issued < t.next_update);
    assert_true(t.evaluation > 10 && t.nmodules >= 2 && t.levels.n >= 2);
    for (size_t i = 1; i < t.levels.n; i++)
        assert_true(
            memcmp(t.levels.level[i - 1].sgx, t.levels.level[i].sgx, 16) >= 0);
    aver_tcb_info_clear(&t);
    assert_int_equal(aver_tcb_info_parse(&t, aver_bytes_str(sgx), NULL), 0);
    assert_true(!t.tdx && t.nmodules == 0);
    aver_tcb_info_clear(&t);
    assert_int_equal(aver_qe_identity_parse(&q, aver_bytes_str(qe), NULL), 0);
    assert_true(q.tdx && !q.other && q.isvprodid == 2);
    aver_qe_identity_clear(&q);
    char *qve = json_edit(qe, "id", "\"QVE\"");
    assert_int_equal(aver_qe_identity_parse(&q, aver_bytes_str(qve), NULL), 0);
    assert_true(!q.tdx && q.other);
    aver_qe_identity_clear(&q);
    free(qve);
}

static void no_document(void **state)
{
    static const char *const cases[] = {
        "", "[]", "null", "1", "\"\"", "{", "{}", "{} {}", "{\"id\":\"TDX\",}"};
    struct aver_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned which = 0; which < 2; which++) {
            assert_int_equal(parse(which, cases[i], &err), -1);
            assert_int_equal(err.code, AVER_EFORMAT);
        }
}

/* Behind, before and inside of good documents. */
static void spoilt(void **state)
{
    static const char *const spoils[] = {"x", "{}", ",", "]"};
    char *text;

    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        const char *good = which ? qe : tdx;
        size_t n = strlen(good);

        size_t room = 2 * n + 64;

        text = malloc(room);
        for (size_t i = 0; i < 4; i++) {
            snprintf(text, room, "%s%s", good, spoils[i]);
            assert_int_equal(parse(which, text, NULL), -1);
        }
        assert_int_equal(parse_n(which, good, n + 1, NULL), -1); /* a NUL */
        for (size_t cut = 0; cut < n; cut += 13)
            assert_int_equal(parse_n(which, good, cut, NULL), -1);
        /* The first member once more, the same or another. */
        snprintf(text, room, "{\"id\":\"TDX\",%s", good + 1);
        assert_int_equal(parse(which, text, NULL), -1);
        snprintf(text, room, "{\"i\\u0064\":\"TDX\",%s", good + 1);
        assert_int_equal(parse(which, text, NULL), -1);
        snprintf(text, room, "{\"x\":\"\\u0000\",%s", good + 1);
        assert_int_equal(parse(which, text, NULL), -1);
        snprintf(text, room, "{\"x\":\"\xff\",%s", good + 1);
        assert_int_equal(parse(which, text, NULL), -1);
        snprintf(text, room, "{\"x\":\"\",%s", good + 1);
        assert_int_equal(parse(which, text, NULL), 0);
        free(text);
    }
}

static long memory_kib(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void made_to_hurt(void **state)
{
    size_t n = AVER_TCB_TEXT_MAX;
    char *text = malloc(n + 1);
    struct aver_error err;

    (void)state;
    assert_non_null(text);
    for (unsigned which = 0; which < 2; which++) {
        long before = memory_kib();

        memset(text, '[', n);
        assert_int_equal(parse_n(which, text, 16000, &err), -1);
        assert_non_null(strstr(err.text, "deep"));
        assert_int_equal(parse_n(which, text, n, &err), -1);
        assert_int_equal(err.code, AVER_ELIMIT);
        memset(text + 1, ',', n - 1);
        assert_int_equal(parse_n(which, text, n, &err), -1);
        assert_int_equal(err.code, AVER_ELIMIT);
        memset(text, ' ', n + 1);
        assert_int_equal(parse_n(which, text, n, &err), -1);
        assert_int_equal(err.code, AVER_EFORMAT);
        assert_int_equal(parse_n(which, text, n + 1, &err), -1);
        assert_int_equal(err.code, AVER_ELIMIT);
        assert_true(memory_kib() - before < 32 * 1024);
    }
    free(text);
}

static char *text_of(const char *bundle, const char *member)
{
    json_t *all = vectors_index(bundle);
    char *out = strdup(vectors_text(all, member));

    json_decref(all);
    return out;
}

static int start(void **state)
{
    (void)state;
    tdx = text_of("tdx/collateral/90c06f-20260610.json", "tcb_info");
    qe = text_of("tdx/collateral/90c06f-20260610.json", "qe_identity");
    sgx = text_of("tdx/collateral/sgx-00606a-20250815.json", "tcb_info");
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(tdx);
    free(sgx);
    free(qe);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(each_member),
        cmocka_unit_test(edited),
        cmocka_unit_test(twice),
        cmocka_unit_test(equal_levels_of_another_status),
        cmocka_unit_test(as_many_as_may_be),
        cmocka_unit_test(sorted),
        cmocka_unit_test(no_document),
        cmocka_unit_test(spoilt),
        cmocka_unit_test(made_to_hurt),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, start, end);
}
