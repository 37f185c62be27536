/* SPDX-License-Identifier: Apache-2.0
 *
 * health: /health. Whether the engine can be reached is found out by trying:
 * a connection is made and closed. */
#include "serve/worker.h"
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define PROBE_MS 1000

static void done(struct exchange *x, bool up)
{
    health_end(x);
    answer_health(x, up);
}

static void on_probe(struct watch *w, uint32_t events)
{
    struct exchange *x = container_of(w, struct exchange, local.probe);

    if (events & (EPOLLERR | EPOLLHUP))
        done(x, false);
    else if (events & EPOLLOUT)
        done(x, true);
}

static void on_timeout(struct timer *t)
{
    done(container_of(t, struct exchange, local.timer), false);
}

void health_end(struct exchange *x)
{
    timer_stop(&x->local.timer);
    if (x->local.probe.on_event != NULL)
        loop_close_fd(&x->worker->loop, &x->local.probe);
}

void health_init(struct worker *w)
{
    timer_queue_init(&w->loop, &w->probe_queue, PROBE_MS, on_timeout);
}

void health_probe(struct exchange *x)
{
    struct worker *w = x->worker;
    const struct engine *e = &w->engine;
    int fd = -1;

    x->local.probe.fd = -1;
    if (e->address_len > 0)
        fd = socket(e->address.ss_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        answer_health(x, false);
        return;
    }
    x->local.probe.fd = fd;
    x->local.probe.on_event = on_probe;
    if ((connect(fd, (const struct sockaddr *)&e->address, e->address_len) !=
             0 &&
         errno != EINPROGRESS) ||
        loop_add(&w->loop, &x->local.probe, EPOLLOUT) != 0) {
        close(fd);
        x->local.probe.fd = -1;
        answer_health(x, false);
        return;
    }
    timer_arm(&w->loop, &w->probe_queue, &x->local.timer);
}
