/* SPDX-License-Identifier: Apache-2.0
 *
 * print_code: what an event log says of the application, only where a register
 * bears it out. All of it is printed as hex. */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/members.h"
#include "cli/print.h"
#include "verify/code_checks.h"

#include <stdlib.h>

#define FACT_MAX 64 /* longer ones are the application's affair */

bool print_is_log_alone(const struct aver_subject *s)
{
    return s->code != NULL && s->report == NULL && s->cpu == NULL;
}

/* What is shown of them, by the member of --json and the word in text. */
static const struct {
    enum aver_code_value value;
    const char *member, *word;
} facts[] = {
    {AVER_CODE_APP_ID, "app_id", "app"},
    {AVER_CODE_COMPOSE_HASH, "compose_hash", "compose"},
    {AVER_CODE_INSTANCE_ID, "instance_id", NULL},
    {AVER_CODE_OS_IMAGE_HASH, "os_image_hash_event", NULL},
    {AVER_CODE_MR_KMS, "mr_kms", NULL},
};
#define FACTS (sizeof(facts) / sizeof(facts[0]))

static const char *provider_of(const struct aver_subject *s)
{
    static const char *const names[] = {"none", "local-sgx", "kms", "tpm"};
    bool there = aver_code_fact(s, AVER_CODE_KEY_PROVIDER).n > 0 &&
                 s->code->provider_fault[0] == '\0';

    return there ? names[s->code->provider.kind] : NULL;
}

/* Hex with its NUL, or "" if the value is not there or too long. */
static const char *fact_hex(char out[static 2 * FACT_MAX + 1],
                            const struct aver_subject *s,
                            enum aver_code_value i)
{
    struct aver_bytes b = aver_code_fact(s, i);

    aver_hex_encode(out, b.p, b.n <= FACT_MAX ? b.n : 0);
    return out;
}

void print_code(FILE *f, const struct aver_subject *s)
{
    char hex[2 * FACT_MAX + 1];

    if (print_is_log_alone(s))
        fprintf(f, "quote    not judged here: its registers are taken as they "
                   "stand\n");
    for (size_t i = 0; i < FACTS; i++)
        if (facts[i].word != NULL &&
            fact_hex(hex, s, facts[i].value)[0] != '\0')
            fprintf(f, "%-8s %s\n", facts[i].word, hex);
    if (provider_of(s) != NULL)
        fprintf(f, "keys     from %s\n", provider_of(s));
}

/* Registers as the log gives them, and what follows from the quote's. */
static void put_registers(json_t *o, const struct aver_subject *s)
{
    const struct aver_registers *r = s->registers;
    json_t *list = json_array();
    uint8_t hash[32];

    for (int i = 0; aver_code_readable(s) && i < 4; i++) {
        char hex[97];

        aver_hex_encode(hex, s->code->replay.rtmr[i], 48);
        member_item(list, json_string(hex));
    }
    member_put(o, "replayed", list);
    if (r == NULL || !r->has_mrtd || !r->has_rtmr[0] || !r->has_rtmr[1] ||
        !r->has_rtmr[2] || !r->has_rtmr[3] || !r->has_configid)
        return;
    aver_mr_aggregated(hash, r);
    member_hex(o, "mr_aggregated", aver_bytes_of(hash, 32));
    aver_mr_system(hash, r, aver_code_fact(s, AVER_CODE_KEY_PROVIDER));
    member_hex(o, "mr_system", aver_bytes_of(hash, 32));
}

static void put_provider(json_t *o, const struct aver_subject *s)
{
    struct aver_buf id;

    aver_buf_init(&id, 1 << 16);
    if (aver_hex_encode_buf(&id, aver_buf_view(&s->code->provider.id)) != 0)
        abort();
    member_put(o, "key_provider", json_string(provider_of(s)));
    member_put(o, "key_provider_id",
               json_stringn(id.n > 0 ? (const char *)id.p : "", id.n));
    aver_buf_clear(&id);
}

json_t *print_code_object(const struct aver_subject *s)
{
    json_t *o = json_object();
    char hex[2 * FACT_MAX + 1];

    if (o == NULL)
        abort();
    member_put(o, "quote_judged", json_boolean(!print_is_log_alone(s)));
    member_put(o, "events", json_integer(s->code->log.n));
    put_registers(o, s);
    for (size_t i = 0; i < FACTS; i++)
        if (fact_hex(hex, s, facts[i].value)[0] != '\0')
            member_put(o, facts[i].member, json_string(hex));
    if (provider_of(s) != NULL)
        put_provider(o, s);
    if (aver_code_image_holds(s))
        member_hex(o, "os_image_hash",
                   aver_bytes_of(s->code->lite.os_image_hash, 32));
    return o;
}
