/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_each: one check on every device, and the worst of what it found. */
#include "verify/gpu_checks.h"

#include <stdio.h>
#include <string.h>

/* Which of two results a row tells. */
static int badness(enum aver_result r)
{
    switch (r) {
    case AVER_FAIL:
        return 5;
    case AVER_SIMULATED:
        return 4;
    case AVER_UNKNOWN:
        return 3;
    case AVER_SKIP:
        return 2;
    case AVER_PASS:
        return 1;
    default: /* AVER_NO_MATTER */
        return 0;
    }
}

const char *aver_device_name(char out[static AVER_DEVICE_NAME],
                             const struct aver_gpus *g, unsigned i)
{
    snprintf(out, AVER_DEVICE_NAME, "%s %u",
             aver_is_switch(&g->device[i]) ? "switch" : "GPU", i);
    return out;
}

enum aver_result aver_say_flaw(struct aver_note *why, const struct aver_flaw *f)
{
    why->cause = f->cause;
    return aver_say(why, AVER_FAIL, "%s", f->text);
}

void aver_device_found(struct aver_gpu_device *d, enum aver_layer layer,
                       enum aver_result result, const struct aver_note *why,
                       const char *cause)
{
    struct aver_layer_result *l = &d->layer[layer];

    if (!l->asked || badness(result) > badness(l->result)) {
        l->result = result == AVER_NO_MATTER ? AVER_PASS : result;
        l->optional = why->optional;
        l->cause = why->cause != NULL ? why->cause : cause;
    }
    l->asked = true;
    if (badness(result) >= badness(AVER_SIMULATED) && d->cause == NULL)
        d->cause = l->cause;
}

static bool wants_none(const struct aver_policy *p)
{
    return p->has_gpu_count && p->gpu_count == 0;
}

enum aver_result aver_gpu_premise(const struct aver_subject *s,
                                  struct aver_note *why)
{
    const struct aver_gpu_evidence *e = s->gpus->evidence;

    if (e != NULL && e->n > 0)
        return AVER_PASS;
    if (aver_check_gpu_evidence(s, why) == AVER_NO_MATTER)
        return AVER_NO_MATTER;
    return aver_say(why, wants_none(s->policy) ? AVER_NO_MATTER : AVER_SKIP,
                    "there is no GPU evidence to look at");
}

/* What need not pass is less bad than what must. */
static int rank(enum aver_result r, const struct aver_note *note)
{
    return 2 * badness(r) - note->optional;
}

/* Tells the worst of them, and whose it is. */
struct worst {
    enum aver_result result;
    unsigned at, alike; /* which device; how many say the same */
    struct aver_note note;
};

static void take(struct worst *w, unsigned i, enum aver_result result,
                 const struct aver_note *note)
{
    int now = rank(result, note), then = rank(w->result, &w->note);

    if (w->alike > 0 && now <= then) {
        w->alike += now == then;
        return;
    }
    *w = (struct worst){result, i, 1, *note};
}

static void tell(struct aver_note *why, const struct worst *w,
                 const struct aver_gpus *g)
{
    char name[AVER_DEVICE_NAME];

    *why = w->note;
    if (g->n == 1 || w->note.text[0] == '\0' || w->result == AVER_NO_MATTER)
        return;
    aver_device_name(name, g, w->at);
    if (w->alike == 1)
        snprintf(why->text, sizeof(why->text), "%s: %.225s", name,
                 w->note.text);
    else
        snprintf(why->text, sizeof(why->text), "%s (and %u more): %.200s", name,
                 w->alike - 1, w->note.text);
}

enum aver_result aver_each_device(const struct aver_subject *s,
                                  enum aver_layer layer,
                                  aver_device_check *check, const char *cause,
                                  struct aver_note *why)
{
    struct worst w = {.result = AVER_NO_MATTER};
    enum aver_result premise = aver_gpu_premise(s, why);

    if (premise != AVER_PASS)
        return premise;
    for (unsigned i = 0; i < s->gpus->n; i++) {
        struct aver_gpu_device *d = &s->gpus->device[i];
        struct aver_note note = {0};
        enum aver_result result =
            d->item->flaw.cause != NULL
                ? aver_say(&note, AVER_SKIP, "it cannot be read")
                : check(s, d, &note);

        aver_device_found(d, layer, result, &note, cause);
        take(&w, i, result, &note);
    }
    tell(why, &w, s->gpus);
    return w.result;
}
