/* SPDX-License-Identifier: Apache-2.0
 *
 * endorse_print: endorsements for people and for programs. */
#include "base/text.h"
#include "base/time.h"
#include "cli/endorse.h"

#include <stdio.h>
#include <string.h>

/* Names of the items for programs. */
static const char *const item_names[PCS_ITEMS] = {
    [PCS_TCB_INFO] = "tcb_info",
    [PCS_QE_IDENTITY] = "qe_identity",
    [PCS_PCK_CRL] = "pck_crl",
    [PCS_ROOT_CRL] = "root_crl",
};
static const char *const result_names[] = {
    [ENDORSE_FAILED] = "failed",
    [ENDORSE_REFUSED] = "refused",
    [ENDORSE_KEPT] = "kept",
    [ENDORSE_FETCHED] = "fetched",
};

static bool is_there(const struct endorsed *e)
{
    return e->result == ENDORSE_KEPT || e->result == ENDORSE_FETCHED;
}

static void print_items(const struct endorsed *e)
{
    char issued[AVER_TIME_TEXT], until[AVER_TIME_TEXT];

    for (size_t i = 0; i < PCS_ITEMS; i++) {
        aver_time_format(issued, e->bundle.date[i].issued);
        aver_time_format(until, e->bundle.date[i].until);
        printf("  %-12s issued %s  valid until %s  %s\n",
               pcs_item_name((enum pcs_item)i), issued, until,
               e->from[i][0] != '\0' ? e->from[i] : "already here");
    }
}

void endorse_print(const struct endorsed *e)
{
    char fmspc[13], due[AVER_TIME_TEXT];

    aver_hex_encode(fmspc, e->platform.fmspc, sizeof(e->platform.fmspc));
    printf("%s %s %s\n", e->platform.sgx ? "sgx" : "tdx", fmspc,
           e->platform.processor ? "processor" : "platform");
    if (!is_there(e)) {
        printf("  %s: %s\n", result_names[e->result], e->reason);
        return;
    }
    print_items(e);
    aver_time_format(due, bundle_due(&e->bundle));
    printf("  evaluation %llu; due again %s; %s %s\n",
           (unsigned long long)e->bundle.evaluation, due,
           e->result == ENDORSE_FETCHED ? "written to" : "not fetched: is in",
           e->path);
    if (e->reason[0] != '\0')
        printf("  not renewed: %s\n", e->reason);
}

static json_t *items_object(const struct endorsed *e)
{
    json_t *items = json_object();

    for (size_t i = 0; i < PCS_ITEMS; i++)
        json_object_set_new(
            items, item_names[i],
            json_pack("{s:s*,s:I,s:I}", "from",
                      e->from[i][0] != '\0' ? e->from[i] : NULL, "issued",
                      (json_int_t)e->bundle.date[i].issued, "valid_until",
                      (json_int_t)e->bundle.date[i].until));
    return items;
}

json_t *endorse_object(const struct endorsed *e)
{
    char fmspc[13];

    aver_hex_encode(fmspc, e->platform.fmspc, sizeof(e->platform.fmspc));
    json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s*}", "tee",
                          e->platform.sgx ? "sgx" : "tdx", "fmspc", fmspc, "ca",
                          e->platform.processor ? "processor" : "platform",
                          "result", result_names[e->result], "reason",
                          e->reason[0] != '\0' ? e->reason : NULL);
    if (o == NULL || !is_there(e))
        return o;
    json_object_set_new(o, "file", json_string(e->path));
    json_object_set_new(o, "evaluation",
                        json_integer((json_int_t)e->bundle.evaluation));
    json_object_set_new(o, "valid_until",
                        json_integer((json_int_t)bundle_until(&e->bundle)));
    json_object_set_new(o, "due",
                        json_integer((json_int_t)bundle_due(&e->bundle)));
    json_object_set_new(o, "items", items_object(e));
    return o;
}

static int64_t or_zero(int64_t time)
{
    return time == INT64_MAX ? 0 : time;
}

/* "HOPPER, 8 devices" of what the evidence says of itself: certified. */
static const char *chip_of(const struct endorsed_gpus *e)
{
    const struct aver_gpus *g = e->needs.gpus;

    return g != NULL && g->n > 0 ? aver_chip_name(g->device[0].id.chip) : "";
}

static void print_document(const struct gpu_need *n,
                           const struct endorsed_document *said)
{
    char issued[AVER_TIME_TEXT], until[AVER_TIME_TEXT];

    if (n->rim == NULL && n->staple == NULL) {
        printf("  %-58s %s: %s\n", n->what, result_names[said->result],
               said->reason);
        return;
    }
    aver_time_format(issued, n->issued);
    aver_time_format(until, n->until);
    printf("  %-58s issued %s  valid until %s  %s%s\n", n->what, issued, until,
           said->from[0] != '\0' ? said->from : "already here",
           n->revoked ? "  REVOKED" : "");
    if (said->reason[0] != '\0')
        printf("  not renewed: %s\n", said->reason);
}

void endorse_print_gpus(const struct endorsed_gpus *e)
{
    unsigned n = e->needs.gpus != NULL ? e->needs.gpus->n : 0;
    char due[AVER_TIME_TEXT];

    printf("gpu %s%s%u device%s\n", chip_of(e), n > 0 ? ", " : "", n,
           n == 1 ? "" : "s");
    if (e->reason[0] != '\0') {
        printf("  %s: %s\n", result_names[e->result], e->reason);
        return;
    }
    for (size_t i = 0; i < e->needs.n; i++)
        print_document(&e->needs.need[i], &e->said[i]);
    if (!gpu_needs_met(&e->needs))
        return;
    aver_time_format(due, gpu_needs_due(&e->needs));
    printf("  due again %s; kept in %s\n", due, e->place);
}

static json_t *document_object(const struct gpu_need *n,
                               const struct endorsed_document *said)
{
    json_t *o =
        json_pack("{s:s,s:s,s:s,s:s*,s:s*}", "kind", n->is_rim ? "rim" : "ocsp",
                  "name", n->is_rim ? n->id : n->what + strlen("OCSP of "),
                  "result", result_names[said->result], "reason",
                  said->reason[0] != '\0' ? said->reason : NULL, "from",
                  said->from[0] != '\0' ? said->from : NULL);

    if (o == NULL || (n->rim == NULL && n->staple == NULL))
        return o;
    if (!n->is_rim)
        json_object_set_new(o, "revoked", json_boolean(n->revoked));
    json_object_set_new(o, "issued", json_integer((json_int_t)n->issued));
    json_object_set_new(o, "valid_until", json_integer((json_int_t)n->until));
    json_object_set_new(o, "due", json_integer((json_int_t)n->due));
    return o;
}

json_t *endorse_gpus_object(const struct endorsed_gpus *e)
{
    json_t *o = json_pack("{s:s,s:i,s:s,s:s*}", "chip", chip_of(e), "devices",
                          e->needs.gpus != NULL ? (int)e->needs.gpus->n : 0,
                          "result", result_names[e->result], "reason",
                          e->reason[0] != '\0' ? e->reason : NULL);
    json_t *items = json_array();

    for (size_t i = 0; i < e->needs.n; i++)
        json_array_append_new(items,
                              document_object(&e->needs.need[i], &e->said[i]));
    json_object_set_new(o, "items", items);
    if (e->needs.n == 0 || !gpu_needs_met(&e->needs))
        return o;
    json_object_set_new(
        o, "valid_until",
        json_integer((json_int_t)or_zero(gpu_needs_until(&e->needs))));
    json_object_set_new(
        o, "due", json_integer((json_int_t)or_zero(gpu_needs_due(&e->needs))));
    json_object_set_new(o, "kept_in", json_string(e->place));
    return o;
}
