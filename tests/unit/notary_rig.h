/* SPDX-License-Identifier: Apache-2.0
 *
 * notary_rig: a real notary process, forked, with real pairs to it, and the
 * messages that a worker would send. */
#ifndef AVER_TESTS_NOTARY_RIG_H
#define AVER_TESTS_NOTARY_RIG_H

/* cmocka.h and what it needs come first, in the test. */
#include "crypto/ed25519.h"
#include "crypto/k1.h"
#include "net/channel.h"
#include "net/log.h"
#include "notary/message.h"
#include "notary/notary.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GENERATION 42
#define PATIENCE_MS 10000

struct rig {
    pid_t pid;
    int control;
    struct notary_hello hello;
};

static const struct notary_config plain = {.generation = GENERATION,
                                           .key = NOTARY_KEY_EPHEMERAL,
                                           .model_name = "",
                                           .receipt_ttl_ms = 60000,
                                           .receipt_max = 10000,
                                           .receipt_bytes = 8 << 20};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* One packet, or 0 when the notary closed. Fails the test when none comes. */
static size_t receive(int fd, void *p, size_t cap)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
        fail_msg("no packet within %d ms", PATIENCE_MS);
    ssize_t n = channel_recv(fd, p, cap, NULL, false);
    assert_true(n >= 0);
    return (size_t)n;
}

static void spawn(struct rig *r, const struct notary_config *c)
{
    int fd[2];
    struct aver_error err;
    assert_int_equal(channel_pair(fd, &err), 0);
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid == 0) {
        close(fd[0]);
        log_setup(LOG_ERROR, false, "notary");
        _exit(notary_run(c, fd[1]));
    }
    close(fd[1]);
    r->control = fd[0];
}

static void start(struct rig *r, const struct notary_config *c)
{
    uint8_t address[20];
    spawn(r, c);
    assert_int_equal(receive(r->control, &r->hello, sizeof(r->hello)),
                     sizeof(r->hello));
    assert_true(notary_message_ok(&r->hello, sizeof(r->hello)));
    assert_int_equal(r->hello.head.type, NOTARY_HELLO);
    assert_int_equal(r->hello.head.generation, GENERATION);
    aver_address_of(address, r->hello.k1_public);
    assert_memory_equal(address, r->hello.address, 20);
}

static int wait_status(struct rig *r)
{
    int status = -1;
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    return status;
}

static void stop(struct rig *r)
{
    close(r->control);
    int status = wait_status(r);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void introduce(struct rig *r, int fd, uint32_t slot, uint64_t generation)
{
    struct control c = {.version = CHANNEL_VERSION,
                        .type = CONTROL_PEER,
                        .slot = slot,
                        .generation = generation};
    assert_int_equal(channel_send(r->control, &c, sizeof(c), fd), 0);
    close(fd);
}

/* A new pair to the notary; the worker's end, on which HELLO has come. */
static int join(struct rig *r, uint32_t slot)
{
    int fd[2];
    struct aver_error err;
    struct notary_hello hello;
    assert_int_equal(channel_pair(fd, &err), 0);
    introduce(r, fd[1], slot, GENERATION);
    assert_int_equal(receive(fd[0], &hello, sizeof(hello)), sizeof(hello));
    assert_memory_equal(&hello, &r->hello, sizeof(hello));
    return fd[0];
}

static struct notary_header header(uint32_t type, uint32_t count)
{
    return (struct notary_header){.version = CHANNEL_VERSION,
                                  .type = type,
                                  .generation = GENERATION,
                                  .count = count};
}

static void fill_record(struct notary_record *r, uint32_t n, const char *id)
{
    memset(r, 0, sizeof(*r));
    memcpy(r->request_id, &n, sizeof(n));
    memset(r->request_sha256, (uint8_t)n, 32);
    memset(r->response_sha256, (uint8_t)(n + 1), 32);
    r->id_len = (uint16_t)strlen(id);
    memcpy(r->id, id, r->id_len);
}

static size_t put_size(uint32_t count)
{
    return offsetof(struct notary_put, record) +
           count * sizeof(struct notary_record);
}

/* Sends a batch of one; what channel_send said. */
static int try_put(int fd, uint32_t n, const char *id, enum notary_kind kind)
{
    static struct notary_put p;
    p.head = header(NOTARY_PUT, 1);
    fill_record(&p.record[0], n, id);
    p.record[0].kind = (uint8_t)kind;
    return channel_send(fd, &p, put_size(1), -1);
}

static void put(int fd, uint32_t n, const char *id)
{
    assert_int_equal(try_put(fd, n, id, NOTARY_RECEIPT), 0);
}

static int try_ask(int fd, uint64_t seq, const char *id, enum notary_algo algo)
{
    struct notary_lookup l = {
        .head = header(NOTARY_LOOKUP, 0), .seq = seq, .algo = (uint8_t)algo};
    l.id_len = (uint16_t)strlen(id);
    memcpy(l.id, id, l.id_len);
    return channel_send(fd, &l, sizeof(l), -1);
}

static void answer(int fd, struct notary_answer *a)
{
    assert_int_equal(receive(fd, a, sizeof(*a)), sizeof(*a));
    assert_true(notary_message_ok(a, sizeof(*a)));
    assert_int_equal(a->head.type, NOTARY_ANSWER);
    assert_int_equal(a->head.generation, GENERATION);
}

static enum notary_status ask(int fd, const char *id)
{
    static uint64_t seq = 1000;
    struct notary_answer a;
    assert_int_equal(try_ask(fd, ++seq, id, NOTARY_ECDSA), 0);
    answer(fd, &a);
    assert_true(a.seq == seq);
    return (enum notary_status)a.status;
}

static void assert_signed(const struct rig *r, const struct notary_answer *a)
{
    uint8_t digest[32], pub[64];
    struct aver_bytes text = aver_bytes_of(a->text, a->text_len);
    assert_int_equal(a->status, NOTARY_FOUND);
    if (a->algo == NOTARY_ED25519) {
        assert_true(
            aver_ed25519_verify(a->signature, r->hello.ed_public, text));
        return;
    }
    struct aver_k1 *k1 = aver_k1_new();
    aver_eip191_digest(digest, text);
    assert_int_equal(aver_k1_recover(k1, pub, a->signature, digest), 0);
    assert_memory_equal(pub, r->hello.k1_public, 64);
    aver_k1_free(k1);
}

#endif
