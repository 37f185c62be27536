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
