/* SPDX-License-Identifier: Apache-2.0
 *
 * print_json: the object of --json, as aver(1) documents it. Members that do
 * not apply are absent. Out of memory ends the program. */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/members.h"
#include "cli/print.h"

#include <stdlib.h>
#include <string.h>

static void put_key(json_t *o, const char *name, const struct aver_key_id *k)
{
    char text[AVER_KEY_ID_TEXT];

    aver_key_id_format(text, k);
    if (text[0] != '\0')
        member_put(o, name, json_string(text));
}

static const char *verdict_word(enum aver_word word)
{
    static const char *const words[] = {"undecided", "refused", "verified"};

    return words[word];
}

static json_t *checks(const struct aver_verdict *v)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < v->n; i++) {
        const struct aver_check *c = &v->checks[i];
        const char *detail =
            c->detail[0] != '\0' ? c->detail : c->row->sentence;
        json_t *o = json_object();

        member_put(o, "id", json_string(c->row->id));
        member_put(o, "group", json_string(aver_group_name(c->row->group)));
        member_put(o, "required", json_boolean(c->required));
        member_put(o, "result", json_string(aver_result_name(c->result)));
        member_put(o, "detail", json_string(detail));
        member_item(list, o);
    }
    return list;
}

static json_t *claims(const struct aver_claims *c)
{
    json_t *o = json_object();

    member_text(o, "tee", c->tee);
    member_text(o, "simulated", c->simulated);
    member_text(o, "serving", c->serving);
    member_text(o, "engine_binding", c->engine_binding);
    member_text(o, "model_name", c->model_name);
    member_text(o, "instance_id", c->instance);
    member_text(o, "name", c->name);
    member_text(o, "version", c->version);
    member_text(o, "commit", c->commit);
    return o;
}

static void put_report(json_t *o, const struct aver_report *r)
{
    put_key(o, "signing_address", &r->key);
    if (r->key.n > 0)
        member_put(o, "signing_algo", json_string(aver_algo_name(r->algo)));
    if (r->has_nonce == AVER_PRESENT)
        member_hex(o, "nonce", aver_bytes_of(r->nonce, 32));
    json_t *said = claims(&r->claims);
    if (json_object_size(said) > 0)
        member_put(o, "claimed", said);
    else
        json_decref(said);
}

static json_t *receipt(const struct aver_subject *s)
{
    const struct aver_receipt *r = s->receipt;
    struct aver_key_id signer;
    json_t *o = json_object();

    if (s->request_sha256 != NULL)
        member_hex(o, "request_sha256", aver_bytes_of(s->request_sha256, 32));
    if (s->response_sha256 != NULL)
        member_hex(o, "response_sha256", aver_bytes_of(s->response_sha256, 32));
    if (r->absent[0] != '\0' || r->fault[0] != '\0')
        return o;
    const struct aver_key_id *expected =
        s->report != NULL ? &s->report->key : &s->policy->key;
    if (aver_receipt_signer(&signer, r, expected, NULL) == 0)
        put_key(o, "signer", &signer);
    member_put(o, "algo", json_string(aver_algo_name(r->algo)));
    return o;
}

static bool own_root(const struct aver_subject *s)
{
    const struct aver_policy *p = s->policy;

    return p->has_root || p->has_gpu_root || p->has_rim_root;
}

/* What both an object for one report and one for several begin with. */
static json_t *head(const struct outcome *o, enum aver_word word,
                    const struct aver_verdict *refused)
{
    const struct aver_subject *s = o->subject;
    const struct aver_check *why =
        refused != NULL ? aver_verdict_reason(refused) : NULL;
    bool simulator = s->policy->trust == AVER_TRUST_SIMULATOR;
    json_t *out = json_object();

    member_put(out, "verdict", json_string(verdict_word(word)));
    member_put(out, "trust",
               json_string(simulator     ? "simulator"
                           : own_root(s) ? "custom"
                                         : "vendor"));
    if (simulator && (s->report != NULL || s->cpu != NULL || s->gpus != NULL))
        member_put(out, "simulated", json_true());
    member_put(out, "at", json_integer(o->at));
    member_put(out, "reason",
               why != NULL ? json_string(why->cause) : json_null());
    return out;
}

static const struct aver_verdict *refused_of(const struct aver_verdict *v,
                                             unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (v[i].word == AVER_REFUSED)
            return &v[i];
    return NULL;
}

static void put_members(json_t *out, const struct outcome *o)
{
    const struct aver_subject *s = o->subject;

    member_put(out, "checks", checks(o->verdict));
    print_cpu_members(out, o);
    print_gpu_members(out, o);
    if (s->report != NULL)
        put_report(out, s->report);
    if (s->code != NULL)
        member_put(out, "code", print_code_object(s));
    if (s->receipt != NULL)
        member_put(out, "receipt", receipt(s));
    print_nras_members(out, o);
}

static json_t *one_object(const struct outcome *o)
{
    json_t *out = head(o, o->verdict->word, refused_of(o->verdict, 1));

    put_members(out, o);
    return out;
}

static json_t *scope_object(const struct outcome *o, unsigned i)
{
    const struct aver_scope *scope = &o->subject->scopes->scope[i];
    struct aver_subject s = aver_subject_of(o->subject, i);
    struct outcome one = {&o->verdict[i], &s, o->source, o->at};
    json_t *out = json_object(), *members = one_object(&one);

    member_put(out, "scope", json_string(scope->name));
    if (scope->copies > 0)
        member_put(out, "copies", json_integer(scope->copies));
    if (json_object_update(out, members) != 0)
        abort();
    json_decref(members);
    return out;
}

json_t *print_object(const struct outcome *o)
{
    unsigned n = o->subject->scopes != NULL ? o->subject->scopes->n : 1;

    if (n == 1 && o->subject->scopes == NULL)
        return one_object(o);
    if (n == 1) {
        struct aver_subject s = aver_subject_of(o->subject, 0);
        struct outcome one = {o->verdict, &s, o->source, o->at};

        return one_object(&one);
    }
    json_t *out = head(o, print_word(o), refused_of(o->verdict, n));
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++)
        member_item(list, scope_object(o, i));
    member_put(out, "scopes", list);
    return out;
}

json_t *print_undecided(const char *why)
{
    json_t *out = json_object();

    member_put(out, "verdict", json_string("undecided"));
    member_put(out, "reason", json_null());
    member_put(out, "checks", json_array());
    json_t *text = json_string(why);
    member_put(out, "error", text != NULL ? text : json_string("?"));
    return out;
}

void print_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    json_decref(object);
}
