/* SPDX-License-Identifier: Apache-2.0
 *
 * code: reads event log, application and machine, and computes what follows
 * from them. Each part stands for itself: a fault in one leaves the others
 * readable. */
#include "verify/code.h"
#include "base/text.h"
#include "crypto/sha2.h"
#include "verify/ccel.h"
#include "verify/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_MAX ((size_t)64 << 10)
#define EV_ACPI_DATA 10u /* as OVMF and dstack log it */

const char *aver_code_value_name(enum aver_code_value i)
{
    static const char *const names[AVER_CODE_VALUES] = {
        "app-id",       "compose-hash",  "instance-id",
        "key-provider", "os-image-hash", "mr-kms"};

    return names[i];
}

/* Keeps a fault in words. -1 if it is none of the text, but of memory. */
static int keep_fault(char out[static AVER_FAULT_MAX],
                      const struct aver_error *err)
{
    snprintf(out, AVER_FAULT_MAX, "%.*s", AVER_FAULT_MAX - 1, err->text);
    return err->code == AVER_EMEM ? -1 : 0;
}

static int take_provider(struct aver_code *c)
{
    const struct aver_event *e = c->value[AVER_CODE_KEY_PROVIDER];
    struct aver_error err;

    if (e == NULL ||
        aver_key_provider_parse(&c->provider, e->payload, &err) == 0)
        return 0;
    return keep_fault(c->provider_fault, &err);
}

static int take_runtime(struct aver_code *c)
{
    struct aver_error err;

    if (aver_runtime_check(&c->log, &err) != 0 &&
        keep_fault(c->runtime_fault, &err) != 0)
        return -1;
    c->ready = aver_runtime_ready(&c->log);
    for (unsigned i = 0; i < AVER_CODE_VALUES; i++)
        c->value[i] = aver_runtime_find(&c->log, aver_code_value_name(i));
    return take_provider(c);
}

/* Named by the guest, not measured: a wrong name gives a wrong RTMR 0. */
static bool find_acpi(uint8_t out[static 48], const struct aver_eventlog *log,
                      const char *name)
{
    for (unsigned i = 0; i < log->n; i++) {
        const struct aver_event *e = &log->events[i];

        if (e->imr != 0 || e->type != EV_ACPI_DATA ||
            !aver_bytes_is(e->name, name))
            continue;
        memcpy(out, e->digest, 48);
        return true;
    }
    return false;
}

static int take_log(struct aver_code *c, struct aver_bytes in)
{
    struct aver_error err;
    bool binary = aver_ccel_is(in);

    c->has_log = in.n > 0;
    if (!c->has_log)
        return 0;
    if ((binary ? aver_ccel_parse : aver_eventlog_parse)(&c->log, in, &err) !=
        0)
        return keep_fault(c->log_fault, &err);
    if (aver_replay(&c->replay, &c->log, &err) != 0)
        return -1;
    c->has_acpi = find_acpi(c->acpi.loader, &c->log, "acpi-loader") &&
                  find_acpi(c->acpi.rsdp, &c->log, "acpi-rsdp") &&
                  find_acpi(c->acpi.tables, &c->log, "acpi-tables");
    return binary ? 0 : take_runtime(c);
}

/* The document is hashed as it is; of what it says one member is looked at. */
static void take_config(struct aver_code *c, struct aver_bytes vm_config)
{
    struct aver_json_member m = {.name = "mr_config"};
    struct aver_json_member compose = {.name = "compose_hash"};
    struct aver_bytes text, document;

    if (aver_members(&m, 1, vm_config, NULL) != 0 || m.count != 1 ||
        aver_member_text(&c->config, &m, vm_config) != 0)
        return;
    document = aver_buf_view(&c->config);
    c->has_config_compose = aver_members(&compose, 1, document, NULL) == 0 &&
                            compose.count == 1 &&
                            aver_member_short(&compose, &text) &&
                            aver_hex_decode(c->config_compose, 32, text) == 0;
}

static int take_image(struct aver_code *c, struct aver_bytes vm_config)
{
    struct aver_error err;

    if (vm_config.n == 0)
        return 0;
    take_config(c, vm_config);
    if (aver_lite_parse(&c->lite, vm_config, &err) != 0) {
        c->image = err.code == AVER_EABSENT        ? AVER_IMAGE_ABSENT
                   : err.code == AVER_EUNSUPPORTED ? AVER_IMAGE_UNSUPPORTED
                                                   : AVER_IMAGE_BAD;
        return keep_fault(c->image_fault, &err);
    }
    c->image = AVER_IMAGE_READ;
    if (c->has_acpi)
        aver_lite_rtmr0(c->image_rtmr[0], &c->lite, &c->acpi);
    aver_lite_rtmr1(c->image_rtmr[1], &c->lite);
    aver_lite_rtmr2(c->image_rtmr[2], &c->lite);
    return 0;
}

static void take_rest(struct aver_code *c, const struct aver_code_source *src)
{
    c->has_compose = src->app_compose.n > 0;
    if (c->has_compose)
        aver_sha256(c->compose_hash, src->app_compose);
    c->has_aggregated = src->claimed_aggregated.n > 0;
    c->aggregated_ok =
        aver_hex_decode(c->aggregated, 32, src->claimed_aggregated) == 0;
}

struct aver_code *aver_code_parse(const struct aver_code_source *src)
{
    struct aver_code *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    aver_eventlog_init(&c->log);
    aver_buf_init(&c->provider.id, 0);
    aver_buf_init(&c->config, CONFIG_MAX);
    take_rest(c, src);
    if (take_log(c, src->event_log) == 0 && take_image(c, src->vm_config) == 0)
        return c;
    aver_code_free(c);
    return NULL;
}

void aver_code_free(struct aver_code *c)
{
    if (c == NULL)
        return;
    aver_eventlog_free(&c->log);
    aver_buf_clear(&c->provider.id);
    aver_buf_clear(&c->config);
    free(c);
}
