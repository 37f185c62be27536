/* SPDX-License-Identifier: Apache-2.0
 *
 * notary: the real process, forked, over real pairs. It is stopped and
 * continued with signals where a test wants to say what is queued when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notary_rig.h"
#include <dirent.h>
#include <stdlib.h>

/* ---- what it answers ---- */

static void put_then_look_up(const struct notary_config *c)
{
    struct rig r;
    struct notary_answer a, again;
    start(&r, c);
    int w1 = join(&r, 0), w2 = join(&r, 1);
    put(w1, 7, "chatcmpl-7");
    for (int algo = NOTARY_ECDSA; algo <= NOTARY_ED25519; algo++) {
        assert_int_equal(try_ask(w2, 1, "chatcmpl-7", (enum notary_algo)algo),
                         0);
        answer(w2, &a);
        assert_int_equal(a.seq, 1);
        assert_int_equal(a.algo, algo);
        assert_signed(&r, &a);
        assert_int_equal(try_ask(w1, 1, "07000000000000000000000000000000",
                                 (enum notary_algo)algo),
                         0);
        answer(w1, &again);
        assert_memory_equal(&a, &again, sizeof(a));
    }
    size_t prefix = c->three_part ? strlen(c->model_name) + 1 : 0;
    assert_int_equal(a.text_len, prefix + 129);
    assert_memory_equal(a.text, c->model_name, prefix ? prefix - 1 : 0);
    assert_memory_equal(a.text + prefix, "07070707", 8);
    close(w1);
    close(w2);
    stop(&r);
}

static void test_lookup(void **state)
{
    (void)state;
    put_then_look_up(&plain);
}

static void test_eager(void **state)
{
    (void)state;
    struct notary_config c = plain;
    c.eager = true;
    put_then_look_up(&c);
}

static void test_three_part(void **state)
{
    (void)state;
    struct notary_config c = plain;
    c.three_part = true;
    c.model_name = "org/model:8b";
    put_then_look_up(&c);
}

static void test_tombstones(void **state)
{
    (void)state;
    struct rig r;
    start(&r, &plain);
    int w = join(&r, 0);
    assert_int_equal(try_put(w, 1, "left", NOTARY_CLIENT_LEFT), 0);
    assert_int_equal(try_put(w, 2, "cut", NOTARY_CUT), 0);
    assert_int_equal(ask(w, "left"), NOTARY_GONE_CLIENT);
    assert_int_equal(ask(w, "cut"), NOTARY_GONE_CUT);
    assert_int_equal(ask(w, "never"), NOTARY_MISSING);
    put(w, 3, "cut");
    assert_int_equal(ask(w, "cut"), NOTARY_FOUND);
    assert_int_equal(try_put(w, 4, "cut", NOTARY_CUT), 0);
    assert_int_equal(ask(w, "cut"), NOTARY_FOUND);
    close(w);
    stop(&r);
}

static void test_expiry_and_bounds(void **state)
{
    (void)state;
    struct rig r;
    struct notary_config c = plain;
    c.receipt_ttl_ms = 100;
    c.receipt_max = 2;
    start(&r, &c);
    int w = join(&r, 0);
    int64_t born = now_us();
    put(w, 1, "a");
    put(w, 2, "b");
    put(w, 3, "c");
    enum notary_status b = ask(w, "b");
    if (now_us() - born < 90000) /* else the machine slept */
        assert_int_equal(b, NOTARY_FOUND);
    assert_int_equal(ask(w, "a"), NOTARY_MISSING);
    usleep(120000);
    assert_int_equal(ask(w, "c"), NOTARY_MISSING);
    close(w);
    stop(&r);
}

static void test_full_batch(void **state)
{
    (void)state;
    static struct notary_put p;
    struct rig r;
    char id[32];
    start(&r, &plain);
    int w = join(&r, 0);
    p.head = header(NOTARY_PUT, NOTARY_BATCH_MAX);
    for (uint32_t i = 0; i < NOTARY_BATCH_MAX; i++) {
        snprintf(id, sizeof(id), "id-%u", i);
        fill_record(&p.record[i], i, id);
    }
    assert_int_equal(channel_send(w, &p, sizeof(p), -1), 0);
    assert_int_equal(ask(w, "id-0"), NOTARY_FOUND);
    assert_int_equal(ask(w, "id-63"), NOTARY_FOUND);
    close(w);
    stop(&r);
}

/* ---- order ---- */

/* The put is queued behind more packets than one turn takes, the lookup comes
 * first: only the sweep finds it. */
static void test_put_still_queued(void **state)
{
    (void)state;
    struct rig r;
    struct notary_answer a;
    start(&r, &plain);
    int asker = join(&r, 0), putter = join(&r, 1);
    kill(r.pid, SIGSTOP);
    assert_int_equal(try_ask(asker, 5, "wanted", NOTARY_ECDSA), 0);
    for (uint32_t i = 0; i < 100; i++)
        put(putter, i, "other");
    put(putter, 1000, "wanted");
    kill(r.pid, SIGCONT);
    answer(asker, &a);
    assert_signed(&r, &a);
    close(asker);
    close(putter);
    stop(&r);
}

/* A worker dies with puts queued and an answer unread. */
static void test_dead_peers_puts_are_kept(void **state)
{
    (void)state;
    struct rig r;
    start(&r, &plain);
    int asker = join(&r, 0), dying = join(&r, 1);
    kill(r.pid, SIGSTOP);
    assert_int_equal(try_ask(dying, 1, "unread", NOTARY_ECDSA), 0);
    kill(r.pid, SIGCONT);
    struct pollfd answered = {.fd = dying, .events = POLLIN};
    assert_int_equal(poll(&answered, 1, PATIENCE_MS), 1);
    kill(r.pid, SIGSTOP);
    for (uint32_t i = 0; i < 100; i++)
        put(dying, i, "other");
    put(dying, 1000, "wanted");
    close(dying);
    kill(r.pid, SIGCONT);
    assert_int_equal(ask(asker, "wanted"), NOTARY_FOUND);
    close(asker);
    stop(&r);
}

static void test_other_generation(void **state)
{
    (void)state;
    static struct notary_put p;
    struct rig r;
    struct notary_answer a;
    struct notary_lookup l = {.head = header(NOTARY_LOOKUP, 0), .seq = 1};
    start(&r, &plain);
    int w = join(&r, 0);
    p.head = header(NOTARY_PUT, 1);
    p.head.generation = GENERATION - 1;
    fill_record(&p.record[0], 1, "old");
    l.head.generation = GENERATION - 1;
    assert_int_equal(channel_send(w, &p, put_size(1), -1), 0);
    assert_int_equal(channel_send(w, &l, sizeof(l), -1), 0);
    assert_int_equal(try_ask(w, 2, "old", NOTARY_ECDSA), 0);
    answer(w, &a); /* the first answer is to the second question */
    assert_int_equal(a.seq, 2);
    assert_int_equal(a.status, NOTARY_MISSING);
    int fd[2];
    struct aver_error err;
    assert_int_equal(channel_pair(fd, &err), 0);
    introduce(&r, fd[1], 1, GENERATION - 1);
    assert_int_equal(receive(fd[0], &a, sizeof(a)), 0);
    close(fd[0]);
    close(w);
    stop(&r);
}

/* ---- rubbish ---- */

static void assert_refused(struct rig *r, const void *p, size_t n, int witness,
                           uint32_t slot)
{
    struct notary_answer a;
    static uint32_t unique = 5000;
    char id[32];
    int w = join(r, slot);
    snprintf(id, sizeof(id), "behind-%u", ++unique);
    kill(r->pid, SIGSTOP);
    assert_int_equal(channel_send(w, p, n, -1), 0);
    put(w, unique, id);
    kill(r->pid, SIGCONT);
    assert_int_equal(receive(w, &a, sizeof(a)), 0); /* closed */
    assert_int_equal(ask(witness, id), NOTARY_MISSING);
    close(w);
}

static void test_rubbish(void **state)
{
    (void)state;
    static uint8_t big[sizeof(struct notary_put) + 1];
    static struct notary_put p;
    struct rig r;
    start(&r, &plain);
    int witness = join(&r, 0);
    put(witness, 1, "mine");
    assert_refused(&r, "x", 1, witness, 1);
    p.head = header(NOTARY_PUT, 1);
    fill_record(&p.record[0], 2, "two");
    assert_refused(&r, &p, put_size(1) - 1, witness, 1);
    p.record[0].id_len = NOTARY_ID_MAX + 1;
    assert_refused(&r, &p, put_size(1), witness, 1);
    p.head = header(NOTARY_HELLO, 0); /* well-formed, but not a worker's */
    assert_refused(&r, &p, sizeof(struct notary_hello), witness, 1);
    p.head = header(NOTARY_PUT, NOTARY_BATCH_MAX);
    memcpy(big, &p, sizeof(p));
    assert_refused(&r, big, sizeof(big), witness, 1);
    /* The attester says nothing. */
    p.head = header(NOTARY_PUT, 1);
    fill_record(&p.record[0], 2, "two");
    assert_refused(&r, &p, put_size(1), witness, CONTROL_SLOT_ATTESTER);
    assert_int_equal(ask(witness, "two"), NOTARY_MISSING);
    assert_int_equal(ask(witness, "mine"), NOTARY_FOUND);
    close(witness);
    stop(&r);
}

static void test_rubbish_on_control(void **state)
{
    (void)state;
    struct rig r;
    struct control c = {.version = CHANNEL_VERSION, .type = 999};
    char big[1024] = {0};
    start(&r, &plain);
    assert_int_equal(channel_send(r.control, "x", 1, -1), 0);
    assert_int_equal(channel_send(r.control, big, sizeof(big), -1), 0);
    assert_int_equal(channel_send(r.control, &c, sizeof(c), STDERR_FILENO), 0);
    int w = join(&r, 0);
    assert_int_equal(ask(w, "x"), NOTARY_MISSING);
    close(w);
    stop(&r);
}

/* ---- floods ---- */

/* Sends until killed: puts, or lookups of which no answer is read. */
static pid_t flood(int fd, bool lookups)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    for (uint32_t n = 0;; n++) {
        int rc = lookups ? try_ask(fd, n, "nothing", NOTARY_ECDSA)
                         : try_put(fd, n, "flood", NOTARY_RECEIPT);
        if (rc > 0)
            usleep(50);
        if (rc < 0)
            _exit(0);
    }
}

static void ask_beside_flood(bool lookups)
{
    struct rig r;
    int64_t worst = 0;
    start(&r, &plain);
    int asker = join(&r, 0), flooder = join(&r, 1);
    put(asker, 0x7fffffff, "mine");
    pid_t pid = flood(flooder, lookups);
    for (int i = 0; i < 300; i++) {
        int64_t from = now_us();
        assert_int_equal(ask(asker, "missing"), NOTARY_MISSING);
        int64_t took = now_us() - from;
        worst = took > worst ? took : worst;
    }
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    print_message("slowest of 300 answers: %lld us\n", (long long)worst);
    assert_true(worst < 2000000);
    close(asker);
    close(flooder);
    stop(&r);
}

static void test_flood_of_puts(void **state)
{
    (void)state;
    ask_beside_flood(false);
}

static void test_flood_of_lookups(void **state)
{
    (void)state;
    ask_beside_flood(true);
}

/* More questions than the pair holds answers: each is answered once. */
static void test_answers_wait_for_room(void **state)
{
    (void)state;
    struct rig r;
    struct notary_answer a;
    static uint8_t seen[1500];
    uint64_t sent = 0, got = 0;
    start(&r, &plain);
    int w = join(&r, 0), other = join(&r, 1);
    put(w, 1, "a");
    memset(seen, 0, sizeof(seen));
    int idle = 0;
    while (sent < sizeof(seen) && idle < 200) { /* until both sides are full */
        int rc = try_ask(w, sent, sent % 2 ? "a" : "b", NOTARY_ECDSA);
        assert_true(rc >= 0);
        sent += rc == 0;
        idle = rc == 0 ? 0 : idle + 1;
        if (rc > 0)
            usleep(1000);
    }
    assert_true(sent > 400 && sent < sizeof(seen));
    assert_int_equal(ask(other, "a"), NOTARY_FOUND); /* nobody else waits */
    assert_int_equal(ask(other, "b"), NOTARY_MISSING);
    for (; got < sent; got++) {
        answer(w, &a);
        assert_true(a.seq < sent && !seen[a.seq]++);
        assert_int_equal(a.status, a.seq % 2 ? NOTARY_FOUND : NOTARY_MISSING);
    }
    assert_int_equal(ask(w, "a"), NOTARY_FOUND);
    close(w);
    close(other);
    stop(&r);
}

/* ---- birth and end ---- */

static void test_signals_do_not_end_it(void **state)
{
    (void)state;
    struct rig r;
    start(&r, &plain);
    int w = join(&r, 0);
    kill(r.pid, SIGTERM);
    kill(r.pid, SIGINT);
    kill(r.pid, SIGHUP);
    assert_int_equal(ask(w, "x"), NOTARY_MISSING);
    stop(&r); /* with a worker still there */
    struct notary_answer a;
    assert_int_equal(receive(w, &a, sizeof(a)), 0);
    close(w);
}

static void assert_fails(const struct notary_config *c, unsigned status,
                         const char *word)
{
    struct rig r;
    struct control why;
    spawn(&r, c);
    assert_int_equal(receive(r.control, &why, sizeof(why)), sizeof(why));
    assert_int_equal(why.version, CHANNEL_VERSION);
    assert_int_equal(why.type, CONTROL_FAILED);
    assert_int_equal(why.value, status);
    assert_non_null(memchr(why.text, '\0', sizeof(why.text)));
    assert_non_null(strstr(why.text, word));
    int got = wait_status(&r);
    assert_true(WIFEXITED(got));
    assert_int_equal(WEXITSTATUS(got), status);
    close(r.control);
}

static void test_failures(void **state)
{
    (void)state;
    struct notary_config c = plain;
    c.three_part = true;
    assert_fails(&c, 2, "model-name");
    c = plain;
    c.receipt_bytes = 10;
    assert_fails(&c, 2, "receipt-bytes");
    c = plain;
    c.key = NOTARY_KEY_DSTACK;
    c.dstack_socket = "/nonexistent/dstack.sock";
    assert_fails(&c, 3, "/nonexistent/dstack.sock");
}

/* The value of a line "NAME: VALUE" of /proc/PID/status. */
static long status_of(pid_t pid, const char *name)
{
    char path[64], line[256];
    long value = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f))
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtol(line + strlen(name), NULL, 10);
    fclose(f);
    return value;
}

/* Descriptors of a process; -1 where they may not be seen. */
static int descriptors(pid_t pid)
{
    char path[64];
    int n = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    if (!d)
        return -1;
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void test_process(void **state)
{
    (void)state;
    struct rig r;
    start(&r, &plain);
    int base = descriptors(r.pid), w[3];
    assert_int_equal(status_of(r.pid, "NoNewPrivs:"), 1);
    for (uint32_t i = 0; i < 3; i++)
        w[i] = join(&r, i);
    int with = descriptors(r.pid);
    for (int i = 0; i < 3; i++)
        close(w[i]);
    int last = join(&r, 9);
    for (int i = 0; i < 2; i++) /* what is closed is closed by the second */
        assert_int_equal(ask(last, "x"), NOTARY_MISSING);
    assert_int_equal(with - base, geteuid() == 0 ? 3 : 0);
    assert_int_equal(descriptors(r.pid) - base, geteuid() == 0 ? 1 : 0);
    if (geteuid() != 0) /* not dumpable: its /proc is root's */
        assert_int_equal(base, -1);
    close(last);
    stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_eager),
        cmocka_unit_test(test_three_part),
        cmocka_unit_test(test_tombstones),
        cmocka_unit_test(test_expiry_and_bounds),
        cmocka_unit_test(test_full_batch),
        cmocka_unit_test(test_put_still_queued),
        cmocka_unit_test(test_dead_peers_puts_are_kept),
        cmocka_unit_test(test_other_generation),
        cmocka_unit_test(test_rubbish),
        cmocka_unit_test(test_rubbish_on_control),
        cmocka_unit_test(test_flood_of_puts),
        cmocka_unit_test(test_flood_of_lookups),
        cmocka_unit_test(test_answers_wait_for_room),
        cmocka_unit_test(test_signals_do_not_end_it),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
