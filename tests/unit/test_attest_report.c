/* SPDX-License-Identifier: Apache-2.0
 *
 * report: the JSON for both algorithms and layouts, each member, and what is
 * made of evidence that is about something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/report.h"
#include "attest_fake.h"
#include "base/json.h"
#include "crypto/report_data.h"

#include <stdlib.h>

static const uint8_t nonce[32] = {1, 2, 3, [31] = 0xff};
static const char nonce_hex[] =
    "01020300000000000000000000000000000000000000000000000000000000ff";

struct ask {
    struct fake fake;
    struct attest_config config;
    enum attest_algo algo;
    enum attest_layout layout;
    bool simulated_cpu, simulated_gpu;
    size_t max; /* of the report; 0: as usual */
};

static const struct attest_config plain = {.model_name = "",
                                           .engine_binding = "tcp"};

/* The report as a tree; NULL with *status if there is none. */
static json_t *make(const struct ask *ask, enum attest_status *status)
{
    struct fake fake = ask->fake;
    struct cpu_backend cpu = fake_cpu;
    struct gpu_backend gpu = fake_gpu;
    struct attest_backends b = {
        .cpu = &cpu, .cpu_state = &fake, .gpu = &gpu, .gpu_state = &fake};
    struct attest_identity who = fake_identity(5);
    struct aver_error err = {.code = AVER_OK};
    struct aver_buf out;

    cpu.simulated = ask->simulated_cpu;
    gpu.simulated = ask->simulated_gpu;
    aver_buf_init(&out, ask->max > 0 ? ask->max : REPORT_MAX);
    *status = attest_report(&b, &ask->config, &who, ask->algo, ask->layout,
                            false, nonce, &out, &err);
    assert_int_equal(*status == ATTEST_OK, err.code == AVER_OK);
    json_t *root = NULL;
    if (*status == ATTEST_OK)
        root = aver_json_parse(aver_buf_view(&out), &err);
    assert_int_equal(*status == ATTEST_OK, root != NULL);
    aver_buf_clear(&out);
    return root;
}

static json_t *make_good(const struct ask *ask)
{
    enum attest_status status;
    json_t *root = make(ask, &status);

    assert_int_equal(status, ATTEST_OK);
    return root;
}

static const char *text(const json_t *root, const char *name)
{
    const char *value = json_string_value(json_object_get(root, name));

    assert_non_null(value);
    return value;
}

/* The quote holds these 64 bytes, in hex at twice the offset. */
static void check_quote(const json_t *root, const uint8_t *spki, bool ed)
{
    struct attest_identity who = fake_identity(5);
    uint8_t data[64];
    char hex[129];

    aver_report_data(
        data, aver_bytes_of(ed ? who.ed_public : who.address, ed ? 32 : 20),
        spki, nonce);
    aver_hex_encode(hex, data, 64);
    assert_int_equal(strlen(text(root, "quote")), 2000);
    assert_memory_equal(text(root, "quote") + 2 * 568, hex, 128);
}

static void ecdsa_layout_a(void **state)
{
    struct ask ask = {.config = plain};
    struct attest_identity who = fake_identity(5);
    char address[AVER_ADDRESS_TEXT], key[129];
    json_t *root = make_good(&ask);

    (void)state;
    aver_address_format(address, who.address);
    aver_hex_encode(key, who.k1_public, 64);
    assert_string_equal(text(root, "signing_address"), address);
    assert_string_equal(text(root, "signing_algo"), "ecdsa");
    assert_string_equal(text(root, "signing_public_key"), key);
    assert_string_equal(text(root, "request_nonce"), nonce_hex);
    assert_string_equal(text(root, "intel_quote"), text(root, "quote"));
    check_quote(root, NULL, false);
    assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
    assert_null(json_object_get(root, "tls_cert_fingerprint"));
    assert_null(json_object_get(root, "model_name"));
    json_decref(root);
}

static void ed25519_layout_b(void **state)
{
    struct ask ask = {
        .config = plain, .algo = ATTEST_ED25519, .layout = ATTEST_LAYOUT_B};
    char key[65], spki[65];

    (void)state;
    ask.config.has_spki = true;
    memset(ask.config.spki_sha256, 0x77, 32);
    json_t *root = make_good(&ask);
    aver_hex_encode(key, fake_identity(5).ed_public, 32);
    aver_hex_encode(spki, ask.config.spki_sha256, 32);
    assert_string_equal(text(root, "signing_address"), key);
    assert_string_equal(text(root, "signing_algo"), "ed25519");
    assert_string_equal(text(root, "signing_public_key"), key);
    assert_string_equal(text(root, "tls_cert_fingerprint"), spki);
    check_quote(root, ask.config.spki_sha256, true);
    assert_int_equal(json_integer_value(json_object_get(root, "version")), 2);
    json_decref(root);
}

static void layout_b_needs_a_certificate(void **state)
{
    struct ask ask = {.config = plain, .layout = ATTEST_LAYOUT_B};
    enum attest_status status;

    (void)state;
    assert_null(make(&ask, &status));
    assert_int_equal(status, ATTEST_NO_TLS);
}

static void what_the_agent_says(void **state)
{
    struct ask ask = {.config = plain};
    json_t *root = make_good(&ask);
    const json_t *tcb =
        json_object_get(json_object_get(root, "info"), "tcb_info");

    (void)state;
    assert_string_equal(text(root, "event_log"), "[{\"imr\":3}]");
    assert_string_equal(text(root, "vm_config"), "{\"cpu\":1}");
    assert_string_equal(text(tcb, "app_compose"), "{ x }");
    assert_true(json_is_array(json_object_get(tcb, "event_log")));
    json_decref(root);
    ask.fake.bare = true;
    root = make_good(&ask);
    assert_null(json_object_get(root, "event_log"));
    assert_null(json_object_get(root, "vm_config"));
    assert_null(json_object_get(root, "info"));
    json_decref(root);
}

static json_t *payload_of(const json_t *root)
{
    struct aver_error err;
    json_t *payload =
        aver_json_parse(aver_bytes_str(text(root, "nvidia_payload")), &err);

    assert_non_null(payload);
    assert_string_equal(text(payload, "nonce"), nonce_hex);
    return payload;
}

static void gpu_payload(void **state)
{
    struct ask ask = {.config = plain, .fake = {.ngpus = 3}};
    json_t *root = make_good(&ask), *payload = payload_of(root);
    const json_t *list = json_object_get(payload, "evidence_list");

    (void)state;
    assert_string_equal(text(payload, "arch"), "HOPPER");
    assert_int_equal(json_array_size(list), 3);
    json_decref(payload);
    json_decref(root);
    ask.fake.ngpus = 0;
    root = make_good(&ask);
    payload = payload_of(root);
    assert_string_equal(text(payload, "arch"), "NONE");
    list = json_object_get(payload, "evidence_list");
    assert_true(json_is_array(list) && json_array_size(list) == 0);
    json_decref(payload);
    json_decref(root);
}

/* A member of their own; without switches it is not there. */
static void switch_payload(void **state)
{
    struct ask ask = {.config = plain, .fake = {.ngpus = 2, .nswitches = 4}};
    struct aver_error err;

    (void)state;
    json_t *root = make_good(&ask);
    const char *payload = text(root, "nvswitch_payload");
    json_t *inner = aver_json_parse(aver_bytes_str(payload), &err);
    assert_int_equal(json_object_size(inner), 3);
    assert_string_equal(text(inner, "nonce"), nonce_hex);
    assert_string_equal(text(inner, "arch"), "LS10");
    assert_int_equal(json_array_size(json_object_get(inner, "evidence_list")),
                     4);
    json_decref(inner);
    inner = aver_json_parse(aver_bytes_str(text(root, "nvidia_payload")), &err);
    assert_string_equal(text(inner, "arch"), "HOPPER");
    assert_int_equal(json_array_size(json_object_get(inner, "evidence_list")),
                     2);
    json_decref(inner);
    json_decref(root);
    ask.fake.nswitches = 0;
    root = make_good(&ask);
    assert_null(json_object_get(root, "nvswitch_payload"));
    json_decref(root);
}

static struct {
    struct gpu_status status;
    char why[100];
    unsigned n;
} heard;

static void on_gpu(void *ctx, const struct gpu_status *status, const char *why)
{
    (void)ctx;
    heard.status = *status;
    snprintf(heard.why, sizeof(heard.why), "%s", why);
    heard.n++;
}

/* Whoever wants to know is told how the GPUs are, well or not. */
static void gpus_are_told(void **state)
{
    static const struct {
        struct fake fake;
        enum gpu_state want;
        const char *why;
    } rows[] = {
        {{.ngpus = 3}, GPU_OK, ""},
        {{.gpu_fail = true}, GPU_LOST, "as the knob says"},
        {{.ngpus = 2, .wrong_nonce = true}, GPU_WRONG_NONCE, "another nonce"},
        {{.ngpus = 65}, GPU_BAD_REPORT, "short JSON array"},
    };
    struct attest_identity who = fake_identity(5);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fake fake = rows[i].fake;
        struct attest_backends b = {.cpu = &fake_cpu,
                                    .cpu_state = &fake,
                                    .gpu = &fake_gpu,
                                    .gpu_state = &fake,
                                    .gpu_status = {.driver = "1.2.3"},
                                    .on_gpu = on_gpu};
        struct aver_error err;
        struct aver_buf out;

        aver_buf_init(&out, REPORT_MAX);
        assert_int_equal(attest_report(&b, &plain, &who, ATTEST_ECDSA,
                                       ATTEST_LAYOUT_A, false, nonce, &out,
                                       &err) == ATTEST_OK,
                         rows[i].want == GPU_OK);
        assert_int_equal(heard.n, i + 1);
        assert_int_equal(heard.status.state, rows[i].want);
        assert_string_equal(heard.status.driver, "1.2.3"); /* as known before */
        assert_non_null(strstr(heard.why, rows[i].why));
        assert_int_equal(b.gpu_status.state, rows[i].want);
        aver_buf_clear(&out);
    }
}

static void claims(void **state)
{
    static const struct {
        const char *binding, *serving;
        bool cpu, gpu;
        const char *tee;
    } rows[] = {
        {"tcp", "proxy", false, false, "tdx"},
        {"unix", "direct", false, true, "tdx"},
        {"child", "direct", true, false, "simulator"},
        {"else", "proxy", true, true, "simulator"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct ask ask = {.config = plain,
                          .simulated_cpu = rows[i].cpu,
                          .simulated_gpu = rows[i].gpu};
        ask.config.engine_binding = rows[i].binding;
        ask.config.model_name = "a \"model\"";
        json_t *root = make_good(&ask);
        const json_t *simulated = json_object_get(root, "simulated");
        assert_string_equal(text(root, "serving"), rows[i].serving);
        assert_string_equal(text(root, "engine_binding"), rows[i].binding);
        assert_string_equal(text(root, "tee"), rows[i].tee);
        assert_true(json_is_boolean(simulated));
        assert_int_equal(json_is_true(simulated), rows[i].cpu || rows[i].gpu);
        assert_string_equal(text(root, "model_name"), "a \"model\"");
        assert_string_equal(text(json_object_get(root, "version_info"), "name"),
                            "aver");
        json_decref(root);
    }
}

static void all_attestations(void **state)
{
    struct ask ask = {.config = plain, .fake = {.ngpus = 1}};
    json_t *root = make_good(&ask);
    json_t *all = json_object_get(root, "all_attestations");

    (void)state;
    assert_int_equal(json_array_size(all), 1);
    json_incref(all);
    json_object_del(root, "all_attestations");
    assert_true(json_equal(root, json_array_get(all, 0)));
    json_decref(all);
    json_decref(root);
}

static void seed_compatibility(void **state)
{
    struct ask ask = {.config = plain};
    struct aver_buf raw, hex;

    (void)state;
    ask.config.compat_seed = true;
    json_t *root = make_good(&ask);
    aver_buf_init(&raw, 4096);
    aver_buf_init(&hex, 4096);
    assert_int_equal(
        aver_base64_decode_buf(&raw, aver_bytes_str(text(root, "intel_quote"))),
        0);
    assert_int_equal(aver_hex_encode_buf(&hex, aver_buf_view(&raw)), 0);
    assert_true(aver_bytes_is(aver_buf_view(&hex), text(root, "quote")));
    aver_buf_clear(&raw);
    aver_buf_clear(&hex);
    json_decref(root);
}

static void failures(void **state)
{
    static const struct {
        struct ask ask;
        enum attest_status want;
    } rows[] = {
        {{.fake = {.wrong_data = true}}, ATTEST_WRONG},
        {{.fake = {.ngpus = 2, .wrong_nonce = true}}, ATTEST_WRONG},
        {{.fake = {.nswitches = 2, .wrong_switch_nonce = true}}, ATTEST_WRONG},
        {{.fake = {.gpu_fail = true}}, ATTEST_ABSENT},
        {{.fake = {.fail = AVER_EABSENT}}, ATTEST_ABSENT},
        {{.fake = {.fail = AVER_ETIMEOUT}}, ATTEST_SLOW},
        {{.fake = {.fail = AVER_EIO}}, ATTEST_WRONG},
        {{.fake = {.fail = AVER_EFORMAT}}, ATTEST_WRONG},
        {{.max = 5000}, ATTEST_WRONG}, /* one copy fits, two do not */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct ask ask = rows[i].ask;
        enum attest_status status;
        ask.config = plain;
        assert_null(make(&ask, &status));
        assert_int_equal(status, rows[i].want);
    }
}

static struct aver_buf written(const char *endorsements)
{
    static const struct cpu_evidence cpu = {.quote = {.p = NULL}};
    struct attest_identity who = fake_identity(5);
    struct report r = {.config = &plain,
                       .who = &who,
                       .nonce = nonce,
                       .cpu = &cpu,
                       .gpu_list = aver_bytes_str("[]"),
                       .gpu_arch = "NONE",
                       .endorsements = aver_bytes_str(endorsements)};
    struct aver_error err;
    struct aver_buf out;

    aver_buf_init(&out, REPORT_MAX);
    assert_int_equal(report_write(&out, &r, &err), 0);
    return out;
}

/* One member more behind all others, and not a byte elsewhere. */
static void endorsements(void **state)
{
    static const char member[] = ",\"endorsements\":{\"tcb_info\":\"{}\"}}";
    struct aver_buf with = written("{\"tcb_info\":\"{}\"}");
    struct aver_buf without = written("");

    (void)state;
    without.n--; /* its last brace */
    assert_int_equal(aver_buf_append_str(&without, member), 0);
    assert_true(
        aver_bytes_equal(aver_buf_view(&with), aver_buf_view(&without)));
    aver_buf_clear(&with);
    aver_buf_clear(&without);
}

/* Nothing is held: the report is made all the same, and somebody is told. */
static const char *told;
static void on_endorsements(void *ctx, const struct holding *h)
{
    (void)ctx;
    assert_int_equal(h->text.n, 0);
    told = h->reason;
}

static void nothing_to_carry(void **state)
{
    struct fake fake = {.ngpus = 1};
    struct holding held = {.cpu = {.path = NULL}};
    struct attest_backends b = {.cpu = &fake_cpu,
                                .cpu_state = &fake,
                                .gpu = &fake_gpu,
                                .gpu_state = &fake,
                                .holding = &held,
                                .on_endorsements = on_endorsements};
    struct attest_identity who = fake_identity(5);
    struct aver_error err;
    struct aver_buf out[2];

    (void)state;
    holding_init(&held);
    for (int i = 0; i < 2; i++) {
        aver_buf_init(&out[i], REPORT_MAX);
        assert_null(told);
        assert_int_equal(attest_report(&b, &plain, &who, ATTEST_ECDSA,
                                       ATTEST_LAYOUT_A, i == 1, nonce, &out[i],
                                       &err),
                         ATTEST_OK);
    }
    assert_non_null(strstr(told, "endorsements PATH"));
    assert_true(
        aver_bytes_equal(aver_buf_view(&out[0]), aver_buf_view(&out[1])));
    aver_buf_clear(&out[0]);
    aver_buf_clear(&out[1]);
    holding_clear(&held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ecdsa_layout_a),
        cmocka_unit_test(ed25519_layout_b),
        cmocka_unit_test(layout_b_needs_a_certificate),
        cmocka_unit_test(what_the_agent_says),
        cmocka_unit_test(gpu_payload),
        cmocka_unit_test(switch_payload),
        cmocka_unit_test(gpus_are_told),
        cmocka_unit_test(claims),
        cmocka_unit_test(all_attestations),
        cmocka_unit_test(seed_compatibility),
        cmocka_unit_test(failures),
        cmocka_unit_test(endorsements),
        cmocka_unit_test(nothing_to_carry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
