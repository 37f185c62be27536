/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsing: no I/O but that of renew.c, and lines for the log. */
#include "attest/endorsing.h"

#include "base/time.h"
#include "net/log.h"

#include <stdio.h>
#include <string.h>

/* Of whom what is asked for. Real and simulated evidence are judged under
 * different roots, by different calls: of such a pair the real half is kept up
 * to date. */
static struct renew whom_to_ask(const struct attest_config *config,
                                const struct endorsing_kinds *kinds)
{
    const char *gpu = config->endorse_gpu_from;
    struct renew r = {.from = config->endorse_from,
                      .folder = config->endorsements};

    if (gpu == NULL && config->endorse_from != NULL && !kinds->gpu_simulated)
        gpu = "nvidia";
    if (gpu != NULL && kinds->gpus && strcmp(gpu, "none") != 0)
        r.gpu_from = gpu;
    if (r.from != NULL && r.gpu_from != NULL &&
        kinds->cpu_simulated != kinds->gpu_simulated) {
        if (kinds->cpu_simulated)
            r.from = NULL;
        else
            r.gpu_from = NULL;
    }
    r.simulated = r.from != NULL ? kinds->cpu_simulated : kinds->gpu_simulated;
    return r;
}

void endorsing_init(struct endorsing *e, const struct attest_config *config,
                    const struct endorsing_kinds *kinds)
{
    *e = (struct endorsing){.files = config->endorsements != NULL,
                            .look_ms = UINT64_MAX,
                            .renew = whom_to_ask(config, kinds)};
    renew_init(&e->renew);
}

void endorsing_subject(struct endorsing *e, uint64_t now_ms)
{
    e->look_ms = now_ms;
}

static void warn(struct endorsing *e, const char *why, uint64_t now_ms)
{
    if (e->warned && strcmp(e->why, why) == 0 &&
        now_ms - e->warned_ms < ENDORSING_WARN_MS)
        return;
    e->warned = true;
    e->warned_ms = now_ms;
    snprintf(e->why, sizeof(e->why), "%s", why);
    log_event(LOG_WARN, "no_endorsements", LOG_STR("why", why));
}

static void say_until(const struct endorsing *e)
{
    char until[AVER_TIME_TEXT];

    aver_time_format(until, e->until);
    log_event(LOG_INFO, "endorsements", LOG_STR("valid_until", until));
}

bool endorsing_news(struct endorsing *e, const struct collector_news *news,
                    int64_t now, uint64_t now_ms)
{
    bool other_end = e->until != news->until;
    bool changed =
        other_end || e->due != news->due || strcmp(e->missing, news->why) != 0;

    e->known = true;
    e->until = news->until;
    e->due = news->due;
    snprintf(e->missing, sizeof(e->missing), "%s", news->why);
    if (e->until != 0 && other_end)
        say_until(e);
    if (news->why[0] == '\0')
        e->warned = false;
    else if (e->renew.pid < 0 &&
             !renew_wanted(&e->renew, e->until, e->due, now, now_ms))
        /* Else it is being fetched, or is about to be. */
        warn(e, news->why, now_ms);
    return changed;
}

bool endorsing_look_due(const struct endorsing *e, uint64_t now_ms)
{
    return now_ms >= e->look_ms;
}

void endorsing_looked(struct endorsing *e, uint64_t now_ms)
{
    e->look_ms =
        now_ms + (e->files ? ENDORSING_LOOK_MS : ENDORSING_BUILT_IN_MS);
}

bool endorsing_over(const struct endorsing *e, int64_t now)
{
    return e->until != 0 && now > e->until;
}

static const char *asked(const struct endorsing *e)
{
    return e->renew.from != NULL ? e->renew.from : e->renew.gpu_from;
}

static void fetched(struct endorsing *e, const struct renew_result *r,
                    uint64_t now_ms)
{
    if (!r->ok) {
        log_event(LOG_WARN, "endorsements_not_fetched",
                  LOG_STR("from", asked(e)), LOG_STR("why", r->text),
                  LOG_NUM("again_s", r->again_ms / 1000));
        return;
    }
    log_event(LOG_INFO, "endorsements_fetched", LOG_STR("from", asked(e)));
    e->look_ms = now_ms;
}

void endorsing_step(struct endorsing *e, int subject_fd, int64_t now,
                    uint64_t now_ms)
{
    struct renew_result r;

    if (renew_overrun(&e->renew, now_ms, &r))
        fetched(e, &r, now_ms);
    if (!e->known || subject_fd < 0 ||
        !renew_wanted(&e->renew, e->until, e->due, now, now_ms))
        return;
    if (renew_start(&e->renew, subject_fd, now_ms, &r) != 0)
        fetched(e, &r, now_ms);
}

void endorsing_read(struct endorsing *e, uint64_t now_ms)
{
    struct renew_result r;

    if (e->renew.fd >= 0 && renew_read(&e->renew, now_ms, &r))
        fetched(e, &r, now_ms);
}
