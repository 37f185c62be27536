/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_endorse: what Intel would say of the simulated platform, put
 * together as one JSON object in the form that dcap-qvl's clients exchange. */
#include "attest/simulator_pki.h"
#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>

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

int simulator_endorsements(struct aver_buf *out, struct aver_error *err)
{
    json_t *tree = endorsements();
    char *text = tree == NULL ? NULL : json_dumps(tree, JSON_COMPACT);
    int rc = -1;

    json_decref(tree);
    if (text != NULL)
        rc = aver_buf_append_str(out, text);
    free(text);
    if (rc != 0)
        return aver_fail(err, AVER_ELIMIT,
                         "simulator: no room for the endorsements");
    return 0;
}
