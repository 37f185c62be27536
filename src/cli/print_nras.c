/* SPDX-License-Identifier: Apache-2.0
 *
 * print_nras: what NVIDIA's service says of GPUs, as lines for people and as
 * members of the JSON object; and that it is the service that says so. */
#include "base/time.h"
#include "cli/members.h"
#include "cli/print.h"
#include "verify/nras_checks.h"

#include <string.h>

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static const char *says(enum aver_nras_says v)
{
    static const char *const words[] = {"-", "true", "false"};

    return words[v];
}

static bool passed(const struct aver_verdict *v, const char *id)
{
    const struct aver_check *c = aver_verdict_find(v, id);

    return c != NULL && c->result == AVER_PASS;
}

static void print_gpu(FILE *f, const struct aver_nras_gpu *g, bool said)
{
    fprintf(f, "%-8s %s: ", said ? "says" : "claimed", g->name);
    if (g->error[0] != '\0')
        fprintf(f, "%s\n", g->error);
    else
        fprintf(f,
                "%s, driver %s, VBIOS %s, measres %s, dbgstat %s, secboot "
                "%s\n",
                or_dash(g->hwmodel), or_dash(g->driver), or_dash(g->vbios),
                or_dash(g->measres), or_dash(g->dbgstat), says(g->secboot));
}

void print_nras(FILE *f, const struct outcome *o)
{
    const struct aver_nras *r = o->subject->nras;

    if (r == NULL || r->fault[0] != '\0')
        return;
    bool said = passed(o->verdict, "nras.signature");
    if (said)
        fprintf(f,
                "vouches  NVIDIA's online service, by key %s of the file "
                "given; nothing was measured here\n",
                r->overall.jwt.kid);
    else
        fprintf(f, "vouches  nobody: see nras.signature\n");
    for (unsigned i = 0; i < r->n; i++)
        if (r->gpu[i].came)
            print_gpu(f, &r->gpu[i], said);
}

/* ---- JSON ---- */

static void put_says(json_t *o, const char *name, enum aver_nras_says v)
{
    if (v != AVER_NRAS_SILENT)
        member_put(o, name, json_boolean(v == AVER_NRAS_TRUE));
}

static void put_time(json_t *o, const char *name, int64_t at)
{
    char text[AVER_TIME_TEXT];

    aver_time_format(text, at);
    member_put(o, name, json_string(text));
}

/* What it says counts for something only where it is the service's word. */
static enum aver_result result_of(const struct aver_nras_gpu *g,
                                  const struct aver_verdict *v)
{
    if (g->came && !aver_nras_gpu_sound(g))
        return AVER_FAIL;
    return g->came && passed(v, "nras.signature") && passed(v, "nras.submods")
               ? AVER_PASS
               : AVER_UNKNOWN;
}

static json_t *gpu(const struct aver_nras_gpu *g, const struct aver_verdict *v)
{
    json_t *o = json_object();

    member_put(o, "name", json_string(g->name));
    member_put(o, "result", json_string(aver_result_name(result_of(g, v))));
    member_text(o, "hwmodel", g->hwmodel);
    member_text(o, "driver", g->driver);
    member_text(o, "vbios", g->vbios);
    member_text(o, "ueid", g->ueid);
    member_text(o, "measres", g->measres);
    member_text(o, "dbgstat", g->dbgstat);
    put_says(o, "secboot", g->secboot);
    member_text(o, "error", g->error);
    return o;
}

void print_nras_members(json_t *object, const struct outcome *o)
{
    const struct aver_nras *r = o->subject->nras;
    json_t *whole, *list;

    if (r == NULL || r->fault[0] != '\0')
        return;
    whole = json_object();
    member_put(whole, "vouches",
               passed(o->verdict, "nras.signature")
                   ? json_string("NVIDIA's online service")
                   : json_null());
    member_text(whole, "issuer", r->overall.issuer);
    member_text(whole, "kid", r->overall.jwt.kid);
    member_text(whole, "version", r->version);
    put_says(whole, "overall", r->result);
    if (r->overall.has_times) {
        put_time(whole, "not_before", r->overall.not_before);
        put_time(whole, "expires", r->overall.expires);
    }
    member_put(object, "nras", whole);
    list = json_array();
    for (unsigned i = 0; i < r->n; i++)
        member_item(list, gpu(&r->gpu[i], o->verdict));
    member_put(object, "gpus", list);
}
