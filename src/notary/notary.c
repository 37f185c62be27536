/* SPDX-License-Identifier: Apache-2.0
 *
 * notary: birth, loop and end of the process with the keys. One thread, one
 * poll(2): it has a pair for each other process, and nothing else. */
#include "notary/notary.h"

#include "net/channel.h"
#include "net/harden.h"
#include "net/log.h"
#include "notary/dstack_key.h"
#include "notary/peer.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct notary {
    int control;
    struct desk desk;
    struct peers peers;
    struct pollfd polls[1 + PEERS_MAX];
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The end is the supervisor's to decide, by closing the control pair: puts of
 * workers that drain must not be lost to a ^C at the terminal. */
static void ignore_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

/* ---- birth ---- */

static int fill_keys(struct keys *keys, const struct notary_config *c,
                     struct aver_error *err)
{
    struct aver_k1 *k1 = aver_k1_new();
    int rc = 0;
    if (!k1)
        abort();
    if (c->key == NOTARY_KEY_DSTACK)
        rc = dstack_key_fetch(keys, k1, c->dstack_socket, c->model_name, err);
    else
        keys_draw(keys, k1);
    aver_k1_free(k1);
    return rc;
}

static int make_signer(struct signer *s, const struct notary_config *c,
                       struct aver_error *err)
{
    struct keys *keys = keys_new(err);
    if (!keys)
        return -1;
    if (fill_keys(keys, c, err) != 0) {
        keys_free(keys);
        return -1;
    }
    return signer_init(s, keys, c->three_part ? c->model_name : NULL, err);
}

static int be_born(struct notary *n, const struct notary_config *c,
                   struct aver_error *err)
{
    const struct store_limits limits = {.ttl_ms = c->receipt_ttl_ms,
                                        .count_max = c->receipt_max,
                                        .bytes_max = c->receipt_bytes,
                                        .signed_at_put = c->eager};
    n->desk.generation = c->generation;
    n->desk.eager = c->eager;
    if (harden_process(err) != 0)
        return -1;
    n->desk.store = store_new(&limits, err);
    if (!n->desk.store || make_signer(&n->desk.signer, c, err) != 0)
        return -1;
    notary_peers_init(&n->peers, &n->desk);
    return 0;
}

static void die(struct notary *n)
{
    notary_peers_clear(&n->peers);
    signer_clear(&n->desk.signer);
    store_free(n->desk.store);
    free(n);
}

/* ---- the supervisor ---- */

/* Tells the supervisor why not. Returns the exit status (DECISIONS 14). */
static int say_failed(int control, const struct notary_config *config,
                      const struct aver_error *err)
{
    struct control c = {.version = CHANNEL_VERSION,
                        .type = CONTROL_FAILED,
                        .value = err->code == AVER_ECONFIG ? 2 : 3,
                        .generation = config->generation};
    snprintf(c.text, sizeof(c.text), "%.*s", (int)sizeof(c.text) - 1,
             err->text);
    log_event(LOG_ERROR, "notary_failed", LOG_STR("why", err->text));
    if (channel_send(control, &c, sizeof(c), -1) != 0)
        log_event(LOG_ERROR, "supervisor_gone", LOG_NUM("status", c.value));
    return (int)c.value;
}

static int say_hello(const struct notary *n, const struct notary_config *c)
{
    struct notary_hello hello;
    char address[AVER_ADDRESS_TEXT];
    desk_hello(&n->desk, &hello);
    aver_address_format(address, hello.address);
    log_event(
        LOG_INFO, "notary_ready", LOG_STR("address", address),
        LOG_STR("key", c->key == NOTARY_KEY_DSTACK ? "dstack" : "ephemeral"),
        LOG_STR("memory", n->desk.signer.keys->secretmem ? "secret" : "locked"),
        LOG_NUM("generation", c->generation));
    return channel_send(n->control, &hello, sizeof(hello), -1);
}

static void take_control(struct notary *n, const struct control *c, size_t size,
                         int fd)
{
    bool ok = size == sizeof(*c) && c->version == CHANNEL_VERSION &&
              c->type == CONTROL_PEER && fd >= 0;
    if (ok && c->generation == n->desk.generation) {
        notary_peers_add(&n->peers, fd, c->slot);
        return;
    }
    if (fd >= 0)
        close(fd);
    log_event(LOG_ERROR, ok ? "peer_of_other_generation" : "control_unknown",
              LOG_NUM("size", size));
}

/* False when the supervisor closed the pair. */
static bool read_control(struct notary *n)
{
    for (;;) {
        struct control c = {0};
        int fd;
        ssize_t size = channel_recv(n->control, &c, sizeof(c), &fd, false);
        if (size == 0)
            return false;
        if (size < 0 && errno != EMSGSIZE)
            return true;
        take_control(n, &c, size < 0 ? 0 : (size_t)size, fd);
    }
}

/* ---- loop ---- */

/* Memory of what is too old is given back within seconds, without a wake-up
 * for each receipt. */
static int timeout_ms(const struct notary *n)
{
    uint64_t at = store_next_expiry(n->desk.store), now = now_ms();
    if (at == UINT64_MAX)
        return -1;
    uint64_t wait = at > now ? at - now : 0;
    return wait < 1000 ? 1000 : wait > 60000 ? 60000 : (int)wait;
}

static int run(struct notary *n)
{
    for (;;) {
        bool busy = notary_peers_poll(&n->peers, n->polls + 1);
        n->polls[0] = (struct pollfd){.fd = n->control, .events = POLLIN};
        if (poll(n->polls, 1 + n->peers.n, busy ? 0 : timeout_ms(n)) < 0) {
            if (errno == EINTR)
                continue;
            log_event(LOG_ERROR, "poll_failed",
                      LOG_STR("why", strerror(errno)));
            return 3;
        }
        notary_peers_turn(&n->peers, n->polls + 1, now_ms());
        store_expire(n->desk.store, n->peers.now_ms);
        if (n->polls[0].revents && !read_control(n))
            return 0;
    }
}

int notary_run(const struct notary_config *config, int control_fd)
{
    struct aver_error err = {0};
    struct notary *n = calloc(1, sizeof(*n));
    int rc;
    if (!n)
        abort();
    ignore_signals();
    n->control = control_fd;
    if (be_born(n, config, &err) != 0)
        rc = say_failed(control_fd, config, &err);
    else if (say_hello(n, config) != 0)
        rc = 0; /* the supervisor is gone already */
    else
        rc = run(n);
    die(n);
    return rc;
}
