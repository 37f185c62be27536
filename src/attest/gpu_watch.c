/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_watch: tries come at growing distances, since each starts a library. */
#include "attest/gpu_watch.h"

#include "net/log.h"
#include <string.h>

void gpu_watch_init(struct gpu_watch *w, const struct gpu_status *status)
{
    *w = (struct gpu_watch){
        .status = *status, .due_ms = UINT64_MAX, .pause_ms = GPU_WATCH_MIN_MS};
}

/* What fails from the start is told by who refuses to start. */
static enum log_level level_of(const struct gpu_status *s, uint32_t before)
{
    if (gpu_state_failed(s->state))
        return before == GPU_OK ? LOG_ERROR : LOG_WARN;
    return s->environment == GPU_ENV_SIMULATION || s->ready == GPU_READY_NO
               ? LOG_WARN
               : LOG_INFO;
}

static void say(const struct gpu_status *s, uint32_t before, const char *why)
{
    log_event(level_of(s, before), "gpu",
              LOG_STR("state", gpu_state_word(s->state)), LOG_STR("why", why),
              LOG_NUM("error", s->error), LOG_NUM("gpus", s->gpus),
              LOG_NUM("nvswitches", s->switches), LOG_STR("driver", s->driver),
              LOG_STR("environment", gpu_environment_word(s->environment)),
              LOG_STR("multi_gpu", gpu_multi_word(s->multi)),
              LOG_STR("ready", s->ready == GPU_READY_NO    ? "no"
                               : s->ready == GPU_READY_YES ? "yes"
                                                           : "unknown"));
}

bool gpu_watch_hear(struct gpu_watch *w, const struct gpu_status *status,
                    const char *why, uint64_t now_ms)
{
    bool changed = memcmp(&w->status, status, sizeof(*status)) != 0;

    if (changed)
        say(status, w->status.state, why);
    w->status = *status;
    if (!gpu_state_failed(status->state)) {
        w->pause_ms = GPU_WATCH_MIN_MS;
        w->due_ms = UINT64_MAX;
        return changed;
    }
    if (changed)
        w->pause_ms = GPU_WATCH_MIN_MS;
    gpu_watch_later(w, now_ms);
    return changed;
}

bool gpu_watch_due(struct gpu_watch *w, uint64_t now_ms)
{
    if (now_ms < w->due_ms)
        return false;
    w->due_ms = UINT64_MAX;
    return true;
}

void gpu_watch_later(struct gpu_watch *w, uint64_t now_ms)
{
    w->due_ms = now_ms + w->pause_ms;
    w->pause_ms *= 2;
    if (w->pause_ms > GPU_WATCH_MAX_MS)
        w->pause_ms = GPU_WATCH_MAX_MS;
}
