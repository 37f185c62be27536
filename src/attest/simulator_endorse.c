/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_endorse: what Intel would say of the simulated platform, put
 * together as one JSON object in the form that dcap-qvl's clients exchange;
 * and NVIDIA of the GPUs: reference values, and that no certificate was
 * withdrawn. */
#include "attest/simulator_gpu.h"
#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>

#define HOUR 3600
#define RIM_MAX ((size_t)64 << 10)
#define ANSWER_MAX ((size_t)4 << 10)

/* These two give NULL when memory is short, as jansson's own constructors
 * do. */
static json_t *json_hex(const void *p, size_t n)
{
    char *text = malloc(2 * n + 1);
    json_t *out = NULL;

    if (text != NULL) {
        aver_hex_encode(text, p, n);
        out = json_string(text);
    }
    free(text);
    return out;
}

static json_t *chain(const char *issuer_pem)
{
    return json_sprintf("%s%s", issuer_pem, simulator_root_pem);
}

static json_t *endorsements(void)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:s, s:o}", "pck_crl_issuer_chain",
        chain(simulator_platform_ca_pem), "root_ca_crl",
        json_hex(simulator_root_crl.p, simulator_root_crl.n), "pck_crl",
        json_hex(simulator_pck_crl.p, simulator_pck_crl.n),
        "tcb_info_issuer_chain", chain(simulator_tcb_signing_pem), "tcb_info",
        simulator_tcb_info, "tcb_info_signature",
        json_hex(simulator_tcb_info_signature, 64), "qe_identity_issuer_chain",
        chain(simulator_tcb_signing_pem), "qe_identity", simulator_qe_identity,
        "qe_identity_signature", json_hex(simulator_qe_identity_signature, 64));
}

static json_t *json_base64(const struct aver_buf *b)
{
    struct aver_buf text;
    json_t *out = NULL;

    aver_buf_init(&text, 2 * b->n + 4);
    if (aver_base64_encode_buf(&text, aver_buf_view(b)) == 0)
        out = json_stringn((const char *)text.p, text.n);
    aver_buf_clear(&text);
    return out;
}

static int append_rim(struct aver_buf *out, size_t i)
{
    for (const char *const *piece = simulator_rims[i]; *piece != NULL; piece++)
        if (aver_buf_append_str(out, *piece) != 0)
            return -1;
    return 0;
}

static json_t *rims(void)
{
    json_t *list = json_array();
    struct aver_buf xml;
    int rc = 0;

    aver_buf_init(&xml, RIM_MAX);
    for (size_t i = 0; rc == 0 && i < SIMULATOR_RIMS; i++) {
        xml.n = 0;
        rc = append_rim(&xml, i);
        if (rc == 0)
            rc = json_array_append_new(list, json_base64(&xml));
    }
    aver_buf_clear(&xml);
    if (rc == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* NULL: no memory, or with `err` set it could not be signed. */
static json_t *answers(int64_t at, struct aver_error *err)
{
    int64_t given = (at / HOUR - 1) * HOUR;
    json_t *list = json_array();
    struct aver_buf der;
    int rc = 0;

    aver_buf_init(&der, ANSWER_MAX);
    for (size_t i = 0; rc == 0 && i < simulator_asked_count; i++) {
        der.n = 0;
        rc = simulator_ocsp_answer(&der, &simulator_asked[i], given, err);
        if (rc == 0)
            rc = json_array_append_new(list, json_base64(&der));
    }
    aver_buf_clear(&der);
    if (rc == 0)
        return list;
    json_decref(list);
    return NULL;
}

int simulator_endorsements(int64_t at, struct aver_buf *out,
                           struct aver_error *err)
{
    struct aver_error why = {0};
    json_t *tree = endorsements();
    char *text = NULL;
    int rc = -1;

    if (tree != NULL && json_object_set_new(tree, "rims", rims()) == 0 &&
        json_object_set_new(tree, "ocsp", answers(at, &why)) == 0)
        text = json_dumps(tree, JSON_COMPACT);
    json_decref(tree);
    if (text != NULL)
        rc = aver_buf_append_str(out, text);
    free(text);
    if (rc == 0)
        return 0;
    if (why.code != AVER_OK)
        return aver_fail(err, why.code, "%s", why.text);
    return aver_fail(err, AVER_ELIMIT,
                     "simulator: no room for the endorsements");
}
