/* SPDX-License-Identifier: Apache-2.0
 *
 * engine: see engine.h. */
#include "net/engine.h"

#include "net/client.h"
#include "net/log.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#define RESOLVE_EVERY_MS 1000
#define RESOLVER_FD 3 /* the one descriptor that a resolver keeps */

/* What the child that resolves a name writes to its pipe. */
struct resolved {
    socklen_t len;
    struct sockaddr_storage address;
};

static void lookup_name(const struct engine *e, struct resolved *out)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;

    memset(out, 0, sizeof(*out));
    if (getaddrinfo(e->host, e->port, &hints, &list) != 0)
        return;
    if (list != NULL && list->ai_addrlen <= sizeof(out->address)) {
        memcpy(&out->address, list->ai_addr, list->ai_addrlen);
        out->len = list->ai_addrlen;
    }
    freeaddrinfo(list);
}

static void use_address(struct engine *e, const struct resolved *r)
{
    if (r->len == 0 || r->len > sizeof(e->address))
        return;
    memcpy(&e->address, &r->address, r->len);
    e->address_len = r->len;
}

static void on_resolved(struct watch *w, uint32_t events)
{
    struct engine *e = container_of(w, struct engine, resolver);
    struct resolved r;

    (void)events;
    if (read(w->fd, &r, sizeof(r)) == (ssize_t)sizeof(r))
        use_address(e, &r);
    loop_close_fd(e->loop, w);
}

/* A worker never blocks: a child of its own asks the resolver, at most once a
 * second. It is reaped by the kernel (SIGCHLD is ignored). */
static void resolve_again(struct engine *e)
{
    struct resolved r;
    int fd[2];
    pid_t pid;

    if (e->is_unix || e->resolver.fd >= 0 ||
        e->loop->now_ms < e->resolved_ms + RESOLVE_EVERY_MS)
        return;
    e->resolved_ms = e->loop->now_ms;
    if (pipe2(fd, O_CLOEXEC) != 0)
        return;
    pid = fork();
    if (pid == 0) {
        /* Nobody's connection may stay open because a resolver is slow. */
        if (dup2(fd[1], RESOLVER_FD) != RESOLVER_FD ||
            close_range(RESOLVER_FD + 1, ~0u, 0) != 0)
            _exit(1);
        alarm(10);
        lookup_name(e, &r);
        _exit(write(RESOLVER_FD, &r, sizeof(r)) == (ssize_t)sizeof(r) ? 0 : 1);
    }
    close(fd[1]);
    e->resolver.fd = fd[0];
    e->resolver.on_event = on_resolved;
    if (pid < 0 || loop_add(e->loop, &e->resolver, EPOLLIN) != 0) {
        close(fd[0]);
        e->resolver.fd = -1;
    }
}

static void set_health(struct engine *e, enum engine_health h)
{
    if (e->health == h)
        return;
    if (h == ENGINE_DOWN)
        log_event(LOG_WARN, "engine_down", LOG_STR("engine", e->url));
    else if (e->health == ENGINE_DOWN)
        log_event(LOG_INFO, "engine_up", LOG_STR("engine", e->url));
    e->health = h;
}

static void free_ec(struct garbage *g)
{
    free(container_of(g, struct engine_conn, garbage));
}

static void unlink_idle(struct engine_conn *ec)
{
    if (ec->next == NULL)
        return;
    ec->prev->next = ec->next;
    ec->next->prev = ec->prev;
    ec->prev = ec->next = NULL;
    ec->engine->idle_count--;
}

void engine_drop(struct engine_conn *ec)
{
    unlink_idle(ec);
    timer_stop(&ec->timer);
    ec->user = NULL;
    conn_close(&ec->conn, ec->engine->loop);
    aver_buf_wipe(&ec->in);
    loop_discard(ec->engine->loop, &ec->garbage, free_ec);
}

static void fail(struct engine_conn *ec, enum engine_failure why)
{
    if (why == ENGINE_NO_CONNECT || why == ENGINE_CONNECT_SLOW) {
        set_health(ec->engine, ENGINE_DOWN);
        resolve_again(ec->engine);
    }
    ec->engine->hooks->on_failure(ec, why);
}

/* An idle connection has nothing to say; but an edge may be older than its
 * idleness. */
static void on_idle_event(struct engine_conn *ec)
{
    char byte;

    if (!ec->conn.broken && !ec->conn.peer_ended &&
        recv(ec->conn.watch.fd, &byte, 1, MSG_PEEK) < 0 &&
        (errno == EAGAIN || errno == EWOULDBLOCK)) {
        ec->conn.readable = false;
        return;
    }
    engine_drop(ec);
}

static void on_event(struct watch *w, uint32_t events)
{
    struct conn *conn = container_of(w, struct conn, watch);
    struct engine_conn *ec = container_of(conn, struct engine_conn, conn);

    conn_note(conn, events);
    if (ec->user == NULL) {
        on_idle_event(ec);
        return;
    }
    if (ec->connecting) {
        if (conn->broken) {
            fail(ec, ENGINE_NO_CONNECT);
            return;
        }
        if (!conn->writable)
            return;
        ec->connecting = false;
        timer_stop(&ec->timer);
        set_health(ec->engine, ENGINE_UP);
    }
    ec->engine->hooks->on_step(ec);
}

static void on_connect_timeout(struct timer *t)
{
    fail(container_of(t, struct engine_conn, timer), ENGINE_CONNECT_SLOW);
}

static void on_silence(struct timer *t)
{
    fail(container_of(t, struct engine_conn, timer), ENGINE_SILENT);
}

static void on_idle_timeout(struct timer *t)
{
    engine_drop(container_of(t, struct engine_conn, timer));
}

static int set_unix_address(struct engine *e, struct aver_error *err)
{
    struct sockaddr_un *u = (struct sockaddr_un *)&e->address;

    if (strlen(e->host) >= sizeof(u->sun_path))
        return aver_fail(err, AVER_ECONFIG, "%s: path is over %zu bytes",
                         e->url, sizeof(u->sun_path) - 1);
    u->sun_family = AF_UNIX;
    memcpy(u->sun_path, e->host, strlen(e->host) + 1);
    e->address_len = sizeof(*u);
    return 0;
}

int engine_init(struct engine *e, struct loop *l,
                const struct engine_hooks *hooks, const char *url,
                uint64_t connect_ms, uint64_t silence_ms,
                struct aver_error *err)
{
    struct client_url u;
    struct resolved r;

    memset(e, 0, sizeof(*e));
    e->loop = l;
    e->hooks = hooks;
    e->resolver.fd = -1;
    e->idle.prev = e->idle.next = &e->idle;
    snprintf(e->url, sizeof(e->url), "%s", url);
    if (client_url_parse(&u, url, err) != 0)
        return -1;
    e->is_unix = u.is_unix;
    memcpy(e->host, u.host, sizeof(e->host));
    memcpy(e->port, u.port, sizeof(e->port));
    memcpy(e->base, u.base, sizeof(e->base));
    snprintf(e->authority, sizeof(e->authority),
             strchr(u.host, ':') ? "[%s]:%s" : "%s:%s", u.host, u.port);
    timer_queue_init(l, &e->connect_queue, connect_ms, on_connect_timeout);
    timer_queue_init(l, &e->silence_queue, silence_ms, on_silence);
    timer_queue_init(l, &e->idle_queue, ENGINE_IDLE_MS, on_idle_timeout);
    if (e->is_unix) {
        snprintf(e->authority, sizeof(e->authority), "localhost");
        return set_unix_address(e, err);
    }
    lookup_name(e, &r);
    use_address(e, &r);
    return 0;
}

void engine_close(struct engine *e)
{
    if (e->loop == NULL)
        return;
    while (e->idle.next != NULL && e->idle.next != &e->idle)
        engine_drop(e->idle.next);
    loop_close_fd(e->loop, &e->resolver);
}

static struct engine_conn *connect_new(struct engine *e, void *user)
{
    struct engine_conn *ec;
    int fd, rc;

    if (e->address_len == 0)
        return NULL;
    fd = socket(e->address.ss_family,
                SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    rc = connect(fd, (struct sockaddr *)&e->address, e->address_len);
    if (rc != 0 && errno != EINPROGRESS) {
        close(fd);
        return NULL;
    }
    ec = calloc(1, sizeof(*ec));
    if (ec == NULL)
        abort();
    if (conn_open(&ec->conn, e->loop, fd, on_event) != 0) {
        free(ec);
        return NULL;
    }
    ec->engine = e;
    ec->user = user;
    ec->connecting = true; /* the first edge says how it went */
    aver_buf_init(&ec->in, http_response_limits.line_max +
                               http_response_limits.section_max + (64u << 10));
    timer_arm(e->loop, &e->connect_queue, &ec->timer);
    return ec;
}

struct engine_conn *engine_take(struct engine *e, bool fresh, void *user)
{
    struct engine_conn *ec = e->idle.next;

    if (!fresh && ec != &e->idle) {
        unlink_idle(ec);
        timer_stop(&ec->timer);
        ec->user = user;
        ec->reused = true;
        return ec;
    }
    ec = connect_new(e, user);
    if (ec == NULL) {
        set_health(e, ENGINE_DOWN);
        resolve_again(e);
    }
    return ec;
}

void engine_keep(struct engine_conn *ec)
{
    struct engine *e = ec->engine;

    if (ec->conn.broken || ec->conn.peer_ended || ec->connecting ||
        conn_pending(&ec->conn) > 0 || e->idle_count >= ENGINE_IDLE_MAX) {
        engine_drop(ec);
        return;
    }
    ec->user = NULL;
    memset(&ec->cursor, 0, sizeof(ec->cursor));
    aver_buf_wipe(&ec->in);
    ec->prev = &e->idle; /* newest first: the old ones may go */
    ec->next = e->idle.next;
    ec->prev->next = ec->next->prev = ec;
    e->idle_count++;
    timer_arm(e->loop, &e->idle_queue, &ec->timer);
}

void engine_expect(struct engine_conn *ec)
{
    timer_arm(ec->engine->loop, &ec->engine->silence_queue, &ec->timer);
}
