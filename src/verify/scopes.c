/* SPDX-License-Identifier: Apache-2.0
 *
 * scopes: walks from report to report. What may stand in what:
 *
 *   {gateway_attestation, model_attestations: []}    CAPI
 *   {evidence: []}                                   Chutes
 *   {quote, event_log, ...}                          a guest agent
 *   a service's report, which may hold all_attestations: [reports] and
 *   compose_manager_attestation
 *
 * and nothing else: a report that wraps others where it may not has a fault. A
 * document that is of two forms at once is taken for both; but beside a
 * report's own members the name `evidence` means nothing. */
#include "verify/scopes.h"
#include "verify/report_members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct aver_scope *add(struct aver_scopes *s, const char *name,
                              struct aver_report *r, struct aver_error *err)
{
    if (r == NULL)
        return NULL;
    if (s->n == AVER_SCOPES_MAX) {
        aver_report_free(r);
        aver_fail(err, AVER_ELIMIT, "the report holds more than %d reports",
                  AVER_SCOPES_MAX);
        return NULL;
    }
    struct aver_scope *scope = &s->scope[s->n++];
    snprintf(scope->name, sizeof(scope->name), "%s", name);
    scope->report = r;
    return scope;
}

static int add_broken(struct aver_scopes *s, const char *name,
                      const char *fault, enum aver_report_kind kind,
                      struct aver_error *err)
{
    return add(s, name, aver_report_broken(fault, kind, err), err) != NULL ? 0
                                                                           : -1;
}

/* "model 1" and "compose-manager" make "model 1/compose-manager"; what stands
 * in a flat report needs no such name in front of its nodes. */
static void join(char out[static 64], const char *outer, const char *name)
{
    snprintf(out, 64, "%.40s/%.20s", outer, name);
}

static bool wraps(const struct aver_json_member m[static M_N])
{
    return aver_member_is_there(&m[M_GATEWAY]) ||
           aver_member_is_there(&m[M_MODELS]);
}

/* A report that stands inside another. */
static struct aver_report *read_inner(struct aver_json_member m[static M_N],
                                      struct aver_bytes source,
                                      enum aver_report_kind kind,
                                      struct aver_error *err)
{
    if (aver_report_members(m, source, NULL) != 0)
        return aver_report_broken("it is no JSON object", kind, err);
    struct aver_report *r = aver_report_read(m, source, kind, err);
    if (r == NULL)
        return NULL;
    if (wraps(m))
        aver_report_fault(r, "it", "wraps others in its turn");
    if (kind == AVER_NODE && aver_member_is_there(&m[M_ALL]))
        aver_report_fault(r, "all_attestations", "stands inside itself");
    return r;
}

static int add_compose_manager(struct aver_scopes *s, const char *outer_name,
                               const struct aver_report *outer,
                               const struct aver_json_member *m,
                               struct aver_bytes source, struct aver_error *err)
{
    struct aver_json_member inner[M_N];
    char name[64];

    if (!aver_member_is_there(m))
        return 0;
    join(name, outer_name, "compose-manager");
    struct aver_scope *scope =
        add(s, name,
            read_inner(inner, aver_member_source(m, source),
                       AVER_COMPOSE_MANAGER, err),
            err);
    if (scope == NULL)
        return -1;
    scope->report->outer = outer;
    return 0;
}

/* What a node has besides its own report, unless the outer report shows the
 * very same. */
static int add_of_node(struct aver_scopes *s, const char *name,
                       const struct aver_report *node,
                       const struct aver_json_member inner[static M_N],
                       struct aver_bytes source, struct aver_bytes shown,
                       struct aver_error *err)
{
    const struct aver_json_member *m = &inner[M_COMPOSE_MANAGER];

    if (aver_bytes_equal(aver_member_source(m, source), shown))
        return 0;
    return add_compose_manager(s, name, node, m, source, err);
}

static int add_node(struct aver_scopes *s, unsigned outer, const char *name,
                    struct aver_bytes source, struct aver_bytes shown,
                    struct aver_error *err)
{
    struct aver_json_member inner[M_N];
    struct aver_report *r = read_inner(inner, source, AVER_NODE, err);
    struct aver_report *of = s->scope[outer].report;

    if (r != NULL && aver_report_same(r, of)) {
        aver_report_free(r);
        s->scope[outer].copies++;
        return add_of_node(s, name, of, inner, source, shown, err);
    }
    if (add(s, name, r, err) == NULL)
        return -1;
    return add_of_node(s, name, r, inner, source, aver_bytes_of(NULL, 0), err);
}

/* all_attestations of the scope number `outer`. */
static int add_nodes(struct aver_scopes *s, unsigned outer,
                     const struct aver_json_member m[static M_N],
                     struct aver_bytes source, struct aver_error *err)
{
    struct aver_bytes shown = aver_member_source(&m[M_COMPOSE_MANAGER], source);
    struct aver_bytes list = aver_member_source(&m[M_ALL], source), item;
    bool flat = strcmp(s->scope[outer].name, "report") == 0;
    unsigned number = 0;

    if (!aver_member_is_there(&m[M_ALL]))
        return 0;
    if (m[M_ALL].type != AVER_JSON_ARRAY) {
        aver_report_fault(s->scope[outer].report, "all_attestations",
                          "is no array");
        return 0;
    }
    while (aver_array_next(&list, &item)) {
        char name[64], node[16];

        if (++number > AVER_SCOPES_MAX)
            return aver_fail(err, AVER_ELIMIT,
                             "all_attestations holds more than %d reports",
                             AVER_SCOPES_MAX);
        snprintf(node, sizeof(node), "node %u", number);
        if (flat)
            snprintf(name, sizeof(name), "%s", node);
        else
            join(name, s->scope[outer].name, node);
        if (add_node(s, outer, name, item, shown, err) != 0)
            return -1;
    }
    return 0;
}

/* A service's report, and what stands in it. */
static int add_service(struct aver_scopes *s, const char *name,
                       struct aver_report *r,
                       const struct aver_json_member m[static M_N],
                       struct aver_bytes source, struct aver_error *err)
{
    unsigned at = s->n;

    if (add(s, name, r, err) == NULL)
        return -1;
    if (add_compose_manager(s, name, r, &m[M_COMPOSE_MANAGER], source, err) !=
        0)
        return -1;
    return add_nodes(s, at, m, source, err);
}

static int add_inner(struct aver_scopes *s, const char *name,
                     struct aver_bytes source, enum aver_report_kind kind,
                     struct aver_error *err)
{
    struct aver_json_member m[M_N];
    struct aver_report *r = read_inner(m, source, kind, err);

    if (kind == AVER_INSTANCE)
        return add(s, name, r, err) != NULL ? 0 : -1;
    return add_service(s, name, r, m, source, err);
}

/* One that must be an object. */
static int add_gateway(struct aver_scopes *s, const struct aver_json_member *m,
                       struct aver_bytes source, enum aver_report_kind kind,
                       struct aver_error *err)
{
    if (!aver_member_is_there(m))
        return 0;
    if (m->count > 1)
        return add_broken(s, "gateway",
                          "gateway_attestation stands there more than once",
                          kind, err);
    return add_inner(s, "gateway", aver_member_source(m, source), kind, err);
}

/* A list: "model 1", "model 2" and so on. */
static int add_list(struct aver_scopes *s, const char *what,
                    const struct aver_json_member *m, struct aver_bytes source,
                    enum aver_report_kind kind, struct aver_error *err)
{
    struct aver_bytes list = aver_member_source(m, source), item;
    char name[64], fault[64];
    unsigned number = 0;

    if (!aver_member_is_there(m))
        return 0;
    if (m->count > 1 || m->type != AVER_JSON_ARRAY) {
        snprintf(fault, sizeof(fault), "%.20s %s", m->name,
                 m->count > 1 ? "stands there more than once" : "is no array");
        return add_broken(s, what, fault, kind, err);
    }
    while (aver_array_next(&list, &item)) {
        snprintf(name, sizeof(name), "%s %u", what, ++number);
        if (add_inner(s, name, item, kind, err) != 0)
            return -1;
    }
    return 0;
}

static bool is_empty(const struct aver_json_member *m, struct aver_bytes source)
{
    struct aver_bytes list = aver_member_source(m, source), item;

    return !aver_member_is_there(m) ||
           (m->type == AVER_JSON_ARRAY && !aver_array_next(&list, &item));
}

/* A gateway without models is judged as a service: nobody else can show the
 * GPUs; and models without a gateway likewise, TLS ends in them. */
static int add_wrapped(struct aver_scopes *s,
                       const struct aver_json_member m[static M_N],
                       struct aver_bytes source, struct aver_error *err)
{
    bool gateway = aver_member_is_there(&m[M_GATEWAY]);
    bool models = !is_empty(&m[M_MODELS], source);

    if (add_gateway(s, &m[M_GATEWAY], source,
                    models ? AVER_GATEWAY : AVER_SERVICE, err) != 0)
        return -1;
    return add_list(s, "model", &m[M_MODELS], source,
                    gateway ? AVER_MODEL : AVER_SERVICE, err);
}

static int add_all(struct aver_scopes *s,
                   const struct aver_json_member m[static M_N],
                   struct aver_bytes source, struct aver_error *err)
{
    bool service = aver_member_is_there(&m[M_ADDRESS]) ||
                   aver_member_is_there(&m[M_INTEL_QUOTE]) ||
                   aver_member_is_there(&m[M_NVIDIA]);
    bool quote = aver_member_is_there(&m[M_QUOTE]);
    enum aver_report_kind kind = quote && !service ? AVER_AGENT : AVER_SERVICE;

    if (!service && !quote && aver_member_is_there(&m[M_INSTANCES])) {
        if (add_list(s, "instance", &m[M_INSTANCES], source, AVER_INSTANCE,
                     err) != 0)
            return -1;
    } else if (service || quote || !wraps(m)) {
        if (add_service(s, kind == AVER_AGENT ? "quote" : "report",
                        aver_report_read(m, source, kind, err), m, source,
                        err) != 0)
            return -1;
    }
    if (add_wrapped(s, m, source, err) != 0)
        return -1;
    return s->n > 0 ? 0
                    : aver_fail(err, AVER_EFORMAT,
                                "the report wraps others, and holds none");
}

struct aver_scopes *aver_scopes_parse(struct aver_bytes in,
                                      struct aver_error *err)
{
    struct aver_json_member m[M_N];
    struct aver_error why;

    if (in.n > AVER_REPORT_MAX) {
        aver_fail(err, AVER_ELIMIT, "the report is larger than 16 MiB");
        return NULL;
    }
    if (aver_report_members(m, in, &why) != 0) {
        aver_fail(err, why.code, "the report is %.200s", why.text);
        return NULL;
    }
    struct aver_scopes *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        aver_fail(err, AVER_EMEM, "out of memory for a report");
        return NULL;
    }
    if (add_all(s, m, in, err) == 0)
        return s;
    aver_scopes_free(s);
    return NULL;
}

void aver_scopes_free(struct aver_scopes *s)
{
    if (s == NULL)
        return;
    for (unsigned i = 0; i < s->n; i++) {
        aver_cpu_free(s->scope[i].cpu);
        aver_gpus_free(s->scope[i].gpus);
        aver_code_free(s->scope[i].code);
        aver_report_free(s->scope[i].report);
    }
    free(s);
}

/* A compose manager shows no application of its own: it is that of the report
 * it stands in, if both come from one machine (report.same_td). */
static struct aver_code *read_code(const struct aver_report *r)
{
    const struct aver_report *app =
        r->app_compose.n == 0 && r->outer != NULL ? r->outer : r;
    struct aver_code_source source = {
        .event_log = aver_buf_view(&r->event_log),
        .app_compose = aver_buf_view(&app->app_compose),
        .vm_config = aver_buf_view(&r->vm_config),
        .claimed_aggregated = aver_buf_view(&r->claimed_aggregated),
    };

    return aver_code_parse(&source);
}

static int gather(struct aver_scope *s, struct aver_endorsements *e, int64_t at)
{
    const struct aver_report *r = s->report;

    s->cpu = aver_cpu_new(aver_buf_view(&r->quote_bytes), e, at);
    s->gpus = aver_gpus_new(r->gpu, e, at);
    s->code = read_code(r);
    if (r->quote_ok)
        aver_registers_of(&s->registers, &r->quote);
    return s->cpu != NULL && s->gpus != NULL && s->code != NULL ? 0 : -1;
}

int aver_scopes_gather(struct aver_scopes *s, struct aver_endorsements *e,
                       int64_t at, struct aver_error *err)
{
    for (unsigned i = 0; i < s->n; i++)
        if (gather(&s->scope[i], e, at) != 0)
            return aver_fail(err, AVER_EMEM, "out of memory for evidence");
    return 0;
}

const struct aver_report *aver_scopes_signer(const struct aver_scopes *s)
{
    const struct aver_scope *first = &s->scope[0];

    return strcmp(first->name, "report") == 0 ? first->report : NULL;
}
