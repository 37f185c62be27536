/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb_info: see tcb_info.h. Levels are sorted here, since the order in which
 * they stand is nobody's promise. */
#include "verify/tcb_info.h"

#include "base/text.h"
#include "verify/fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEVELS_MAX 256
#define MODULES_MAX 64
#define ADVISORIES_MAX 256
#define ADVISORY_MAX 32
/* Real documents have some 600. A value that takes three bytes of text takes
 * up to 200 of a tree. */
#define VALUES_MAX 16384

static void read_advisories(struct aver_tcb_level *l,
                            const struct aver_fields *f)
{
    l->advisories = aver_fields_array(f, "advisoryIDs", ADVISORIES_MAX, true);
    for (size_t i = 0; i < json_array_size(l->advisories); i++) {
        const json_t *id = json_array_get(l->advisories, i);
        size_t n = json_string_length(id);

        if (!json_is_string(id) || n == 0 || n > ADVISORY_MAX)
            aver_fields_fault(f, "advisoryIDs", "holds what is no id");
        for (size_t j = 0; j < n; j++)
            if (json_string_value(id)[j] <= 0x20 ||
                json_string_value(id)[j] > 0x7e)
                aver_fields_fault(f, "advisoryIDs", "holds what is no id");
    }
}

static void read_status(struct aver_tcb_level *l, const struct aver_fields *f,
                        bool (*may)(enum aver_tcb_status))
{
    const char *word = aver_fields_text(f, "tcbStatus");

    if (aver_tcb_status_parse(&l->status, aver_bytes_str(word)) != 0 ||
        !may(l->status))
        aver_fields_fault(f, "tcbStatus", "is a word that is not known here");
    l->date = aver_fields_date(f, "tcbDate");
    read_advisories(l, f);
}

static void read_components(uint8_t out[static 16],
                            const struct aver_fields *tcb, const char *name)
{
    const json_t *list = aver_fields_array(tcb, name, 16, false);

    if (list != NULL && json_array_size(list) != 16)
        aver_fields_fault(tcb, name, "has not 16 elements");
    for (size_t i = 0; i < json_array_size(list) && i < 16; i++) {
        struct aver_fields one = aver_fields_element(tcb, list, i, name);

        out[i] = (uint8_t)aver_fields_number(&one, "svn", UINT8_MAX);
    }
}

static void read_platform_level(struct aver_tcb_level *l,
                                const struct aver_fields *f, bool tdx)
{
    struct aver_fields tcb = aver_fields_object(f, "tcb");

    read_components(l->sgx, &tcb, "sgxtcbcomponents");
    l->pcesvn = (uint16_t)aver_fields_number(&tcb, "pcesvn", UINT16_MAX);
    if (tdx)
        read_components(l->tdx, &tcb, "tdxtcbcomponents");
    read_status(l, f, aver_tcb_status_of_level);
}

static void read_part_level(struct aver_tcb_level *l,
                            const struct aver_fields *f, bool unused)
{
    struct aver_fields tcb = aver_fields_object(f, "tcb");

    (void)unused;
    l->isvsvn = (uint16_t)aver_fields_number(&tcb, "isvsvn", UINT16_MAX);
    read_status(l, f, aver_tcb_status_of_part);
}

/* Above 0 if `b` is higher: qsort then puts the highest first. */
static int compare(const void *pa, const void *pb)
{
    const struct aver_tcb_level *a = pa, *b = pb;
    int c = memcmp(b->sgx, a->sgx, 16);

    if (c == 0)
        c = (int)b->pcesvn - (int)a->pcesvn;
    if (c == 0)
        c = memcmp(b->tdx, a->tdx, 16);
    return c != 0 ? c : (int)b->isvsvn - (int)a->isvsvn;
}

static void read_levels(struct aver_tcb_levels *out,
                        const struct aver_fields *f, bool tdx,
                        void (*read)(struct aver_tcb_level *,
                                     const struct aver_fields *, bool))
{
    const json_t *list = aver_fields_array(f, "tcbLevels", LEVELS_MAX, false);
    size_t n = json_array_size(list);

    if (n == 0) {
        aver_fields_fault(f, "tcbLevels", "is empty");
        return;
    }
    out->level = calloc(n, sizeof(*out->level));
    if (out->level == NULL) {
        aver_fields_fault(f, "tcbLevels", "finds no memory");
        return;
    }
    out->n = n;
    for (size_t i = 0; i < n; i++) {
        struct aver_fields one = aver_fields_element(f, list, i, "tcbLevels");

        read(&out->level[i], &one, tdx);
    }
    qsort(out->level, n, sizeof(*out->level), compare);
    for (size_t i = 1; i < n; i++)
        if (compare(&out->level[i - 1], &out->level[i]) == 0)
            aver_fields_fault(f, "tcbLevels", "has two equal levels");
}

static void read_module(struct aver_tdx_module *m, const struct aver_fields *f)
{
    aver_fields_hex(f, "mrsigner", m->mrsigner, 48);
    aver_fields_hex(f, "attributes", m->attributes, 8);
    aver_fields_hex(f, "attributesMask", m->mask, 8);
}

/* "TDX_01", of either case. */
static void read_module_id(struct aver_tdx_module *m,
                           const struct aver_fields *f)
{
    const char *id = aver_fields_text(f, "id");

    if (strlen(id) != 6 || strncasecmp(id, "TDX_", 4) != 0 ||
        aver_hex_decode(&m->version, 1, aver_bytes_str(id + 4)) != 0)
        aver_fields_fault(f, "id", "is not TDX_ and two hex digits");
}

static void read_modules(struct aver_tcb_info *t, const struct aver_fields *f)
{
    struct aver_fields module = aver_fields_object(f, "tdxModule");
    const json_t *list =
        aver_fields_array(f, "tdxModuleIdentities", MODULES_MAX, true);
    size_t n = json_array_size(list);

    read_module(&t->module, &module);
    if (n == 0)
        return;
    t->modules = calloc(n, sizeof(*t->modules));
    if (t->modules == NULL) {
        aver_fields_fault(f, "tdxModuleIdentities", "finds no memory");
        return;
    }
    t->nmodules = n;
    for (size_t i = 0; i < n; i++) {
        struct aver_tdx_module *m = &t->modules[i];
        struct aver_fields one =
            aver_fields_element(f, list, i, "tdxModuleIdentities");

        read_module(m, &one);
        read_module_id(m, &one);
        read_levels(&m->levels, &one, true, read_part_level);
        for (size_t j = 0; j < i; j++)
            if (t->modules[j].version == m->version)
                aver_fields_fault(f, "tdxModuleIdentities",
                                  "has two of one version");
    }
}

static void read_tcb_info(struct aver_tcb_info *t, const struct aver_fields *f)
{
    const char *id = aver_fields_text(f, "id");

    t->tdx = strcmp(id, "TDX") == 0;
    if (!t->tdx && strcmp(id, "SGX") != 0)
        aver_fields_fault(f, "id", "is neither SGX nor TDX");
    if (aver_fields_number(f, "version", INT32_MAX) != 3)
        aver_fields_fault(f, "version", "is not 3");
    if (aver_fields_number(f, "tcbType", INT32_MAX) != 0)
        aver_fields_fault(f, "tcbType", "is not 0");
    t->issued = aver_fields_date(f, "issueDate");
    t->next_update = aver_fields_date(f, "nextUpdate");
    aver_fields_hex(f, "fmspc", t->fmspc, 6);
    aver_fields_hex(f, "pceId", t->pceid, 2);
    t->evaluation = aver_fields_number(f, "tcbEvaluationDataNumber", INT32_MAX);
    if (t->tdx)
        read_modules(t, f);
    read_levels(&t->levels, f, t->tdx, read_platform_level);
}

/* At least as many values as the text has: each is the first of an object or
 * array, or stands behind a comma. */
static size_t count_values(struct aver_bytes text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == ',' || text.p[i] == '[' || text.p[i] == '{';
    return n;
}

/* A tree of the text; NULL with `err`. */
static json_t *document(struct aver_bytes text, struct aver_error *err)
{
    json_t *tree = NULL;

    if (text.n > AVER_TCB_TEXT_MAX)
        aver_fail(err, AVER_ELIMIT, "longer than 1 MiB");
    else if (count_values(text) > VALUES_MAX)
        aver_fail(err, AVER_ELIMIT, "more than %d values", VALUES_MAX);
    else
        tree = aver_json_parse(text, err);
    if (tree != NULL && !json_is_object(tree)) {
        aver_fail(err, AVER_EFORMAT, "not a JSON object");
        json_decref(tree);
        tree = NULL;
    }
    return tree;
}

int aver_tcb_info_parse(struct aver_tcb_info *t, struct aver_bytes text,
                        struct aver_error *err)
{
    struct aver_fields f;
    bool failed;

    memset(t, 0, sizeof(*t));
    t->tree = document(text, err);
    if (t->tree == NULL)
        return -1;
    aver_fields_init(&f, t->tree, "tcbInfo", &failed, err);
    read_tcb_info(t, &f);
    if (failed)
        aver_tcb_info_clear(t);
    return failed ? -1 : 0;
}

void aver_tcb_info_clear(struct aver_tcb_info *t)
{
    for (size_t i = 0; i < t->nmodules; i++)
        free(t->modules[i].levels.level);
    free(t->modules);
    free(t->levels.level);
    json_decref(t->tree);
    memset(t, 0, sizeof(*t));
}

static void read_identity(struct aver_qe_identity *q,
                          const struct aver_fields *f)
{
    const char *id = aver_fields_text(f, "id");

    q->tdx = strcmp(id, "TD_QE") == 0;
    q->other = strcmp(id, "QVE") == 0;
    if (!q->tdx && !q->other && strcmp(id, "QE") != 0)
        aver_fields_fault(f, "id", "is neither QE, TD_QE nor QVE");
    if (aver_fields_number(f, "version", INT32_MAX) != 2)
        aver_fields_fault(f, "version", "is not 2");
    q->issued = aver_fields_date(f, "issueDate");
    q->next_update = aver_fields_date(f, "nextUpdate");
    q->evaluation = aver_fields_number(f, "tcbEvaluationDataNumber", INT32_MAX);
    aver_fields_hex(f, "miscselect", q->miscselect, 4);
    aver_fields_hex(f, "miscselectMask", q->miscselect_mask, 4);
    aver_fields_hex(f, "attributes", q->attributes, 16);
    aver_fields_hex(f, "attributesMask", q->attributes_mask, 16);
    aver_fields_hex(f, "mrsigner", q->mrsigner, 32);
    q->isvprodid = (uint16_t)aver_fields_number(f, "isvprodid", UINT16_MAX);
    read_levels(&q->levels, f, false, read_part_level);
}

int aver_qe_identity_parse(struct aver_qe_identity *q, struct aver_bytes text,
                           struct aver_error *err)
{
    struct aver_fields f;
    bool failed;

    memset(q, 0, sizeof(*q));
    q->tree = document(text, err);
    if (q->tree == NULL)
        return -1;
    aver_fields_init(&f, q->tree, "enclaveIdentity", &failed, err);
    read_identity(q, &f);
    if (failed)
        aver_qe_identity_clear(q);
    return failed ? -1 : 0;
}

void aver_qe_identity_clear(struct aver_qe_identity *q)
{
    free(q->levels.level);
    json_decref(q->tree);
    memset(q, 0, sizeof(*q));
}
