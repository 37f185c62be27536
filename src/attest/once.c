/* SPDX-License-Identifier: Apache-2.0
 *
 * once: waits for one collector as the attester does. */
#include "attest/once.h"

#include "net/log.h"
#include <poll.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void wait_for(struct collector *c, struct collector_result *r)
{
    for (;;) {
        struct pollfd p = {.fd = c->fd, .events = POLLIN};
        uint64_t now = clock_ms();
        uint64_t due =
            c->slow_ms < c->deadline_ms ? c->slow_ms : c->deadline_ms;
        int k = poll(&p, 1, due > now ? (int)(due - now) : 0);
        now = clock_ms();
        if (k == 1 && collector_read(c, now, r))
            return;
        if (collector_slow(c, now))
            log_event(LOG_WARN, "slow",
                      LOG_STR("step", collector_steps[c->step]),
                      LOG_NUM("limit_ms", c->limit_ms));
        if (collector_overrun(c, now, r))
            return;
    }
}

/* The file is sealed: its size does not change. */
static int read_report(const struct collector_result *r, struct aver_buf *out)
{
    size_t done = 0;

    if (aver_buf_reserve(out, r->size) != 0)
        return -1;
    while (done < r->size) {
        ssize_t n =
            pread(r->fd, out->p + out->n + done, r->size - done, (off_t)done);
        if (n <= 0)
            return -1;
        done += (size_t)n;
    }
    out->n += done;
    return 0;
}

enum attest_status attest_once(struct attest_backends *b,
                               const struct attest_config *config,
                               const struct collector_job *job,
                               struct aver_buf *out, struct aver_error *err)
{
    struct collector_result r = {.status = ATTEST_WRONG, .fd = -1};
    struct collector c = {.backends = b, .config = config};

    collector_init(&c);
    if (collector_start(&c, job, clock_ms(), err) != 0)
        return attest_status_of(err->code);
    wait_for(&c, &r);
    if (r.status != ATTEST_OK) {
        aver_fail(err, AVER_EIO, "%s", r.text);
    } else if (read_report(&r, out) != 0) {
        r.status = ATTEST_WRONG;
        aver_fail(err, AVER_EIO, "report cannot be read back");
    }
    if (r.fd >= 0)
        close(r.fd);
    if (c.subject_fd >= 0)
        close(c.subject_fd);
    collector_stop(&c);
    return r.status;
}
