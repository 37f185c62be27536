/* SPDX-License-Identifier: Apache-2.0
 *
 * attest: the whole process, in a child, between a made-up supervisor, notary
 * and workers. The backend is a fake whose knobs lie in shared memory.
 *
 * Over 600 lines because all tests share these processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/attest.h"
#include "attest_fake.h"
#include "base/json.h"
#include "notary/message.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define WAIT_MS 10000

static struct fake *fake;
static char calls_path[] = "/tmp/aver-attest-XXXXXX";
static struct attest_config config = {.model_name = "",
                                      .engine_binding = "tcp"};

static struct {
    pid_t pid;
    int control, notary, worker[2];
    int alive; /* reads as ended when attester and collector are gone */
    struct attest_reply news[2];
} a;

/* --- the processes around it --- */

static void send_pair(uint32_t type, uint32_t slot, int *mine)
{
    struct control m = {.version = CHANNEL_VERSION, .type = type, .slot = slot};
    struct aver_error err;
    int fd[2];

    assert_int_equal(channel_pair(fd, &err), 0);
    assert_int_equal(channel_send(a.control, &m, sizeof(m), fd[1]), 0);
    close(fd[1]);
    *mine = fd[0];
}

static void hello(uint64_t generation)
{
    struct attest_identity who = fake_identity(generation);
    struct notary_hello m = {.head = {.version = CHANNEL_VERSION,
                                      .type = NOTARY_HELLO,
                                      .generation = generation}};

    memcpy(m.k1_public, who.k1_public, sizeof(m.k1_public));
    memcpy(m.address, who.address, sizeof(m.address));
    memcpy(m.ed_public, who.ed_public, sizeof(m.ed_public));
    send_pair(CONTROL_NOTARY, 0, &a.notary);
    assert_int_equal(channel_send(a.notary, &m, sizeof(m), -1), 0);
}

static void start_with(struct attest_backends *b, const struct attest_config *c)
{
    struct aver_error err;
    int fd[2], alive[2];

    assert_int_equal(channel_pair(fd, &err), 0);
    assert_int_equal(pipe2(alive, O_CLOEXEC), 0);
    a.pid = fork();
    assert_true(a.pid >= 0);
    if (a.pid == 0) {
        close(fd[0]);
        _exit(attest_run(b, c, fd[1]));
    }
    close(fd[1]);
    close(alive[1]);
    a.control = fd[0];
    a.alive = alive[0];
    a.notary = -1;
    for (int i = 0; i < 2; i++)
        send_pair(CONTROL_PEER, (uint32_t)i, &a.worker[i]);
}

static void start(void)
{
    struct attest_backends *b = fake_backends(fake);

    start_with(b, &config);
    free(b);
}

static bool readable(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, ms) == 1;
}

static struct control from_attester(void)
{
    struct control m;

    assert_true(readable(a.control, WAIT_MS));
    assert_int_equal(channel_recv(a.control, &m, sizeof(m), NULL, false),
                     sizeof(m));
    assert_int_equal(m.version, CHANNEL_VERSION);
    return m;
}

static struct attest_reply message(int worker, int *fd)
{
    struct attest_reply m;

    assert_true(readable(a.worker[worker], WAIT_MS));
    assert_int_equal(channel_recv(a.worker[worker], &m, sizeof(m), fd, false),
                     sizeof(m));
    assert_true(attest_message_ok(&m, sizeof(m)));
    return m;
}

static int set_up(void **state)
{
    (void)state;
    *fake = (struct fake){.ngpus = 1, .log_path = calls_path};
    start();
    hello(1);
    assert_int_equal(from_attester().type, CONTROL_READY);
    for (int i = 0; i < 2; i++)
        while (readable(a.worker[i], 0))
            a.news[i] = message(i, NULL);
    if (truncate(calls_path, 0) != 0)
        return -1;
    return 0;
}

/* Ends it as the supervisor does. Its exit status. */
static int stop(void)
{
    int status;
    char c;

    close(a.control);
    assert_int_equal(waitpid(a.pid, &status, 0), a.pid);
    assert_true(readable(a.alive, WAIT_MS)); /* the collector goes with it */
    assert_int_equal(read(a.alive, &c, 1), 0);
    close(a.alive);
    close(a.worker[0]);
    close(a.worker[1]);
    if (a.notary >= 0)
        close(a.notary);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(stop(), 0);
    return 0;
}

/* --- asking --- */

static size_t calls(void)
{
    FILE *f = fopen(calls_path, "r");
    size_t n = 0;

    assert_non_null(f);
    while (fgetc(f) != EOF)
        n++;
    fclose(f);
    return n;
}

static struct attest_ask ask_of(uint8_t client, uint8_t nonce, uint64_t seq)
{
    struct attest_ask m = {.version = CHANNEL_VERSION,
                           .type = ATTEST_ASK,
                           .seq = seq,
                           .nonce = {nonce},
                           .has_nonce = nonce != 0,
                           .client = {[10] = 0xff, 0xff, 10, [15] = client}};
    return m;
}

static void ask(int worker, uint8_t client, uint8_t nonce, uint64_t seq)
{
    struct attest_ask m = ask_of(client, nonce, seq);

    assert_int_equal(channel_send(a.worker[worker], &m, sizeof(m), -1), 0);
}

/* The next reply; its report, if any, as a tree in *report (may be NULL). News
 * before it are kept. */
static struct attest_reply reply(int worker, json_t **report)
{
    struct attest_reply m;
    struct aver_error err;
    int fd;

    while ((m = message(worker, &fd)).type == ATTEST_NEWS)
        a.news[worker] = m;
    assert_int_equal(m.status == ATTEST_OK, fd >= 0);
    if (report)
        *report = NULL;
    if (fd < 0)
        return m;
    void *p = mmap(NULL, m.size, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_true(p != MAP_FAILED);
    json_t *root = aver_json_parse(aver_bytes_of(p, m.size), &err);
    assert_non_null(root);
    munmap(p, m.size);
    close(fd);
    if (report)
        *report = root;
    else
        json_decref(root);
    return m;
}

static void expect(int worker, uint64_t seq, enum attest_status status)
{
    struct attest_reply m = reply(worker, NULL);

    assert_int_equal(m.seq, seq);
    assert_int_equal(m.status, status);
}

/* The report's address is that of this generation's key. */
static void check_address(const json_t *report, uint64_t generation)
{
    char want[AVER_ADDRESS_TEXT];

    aver_address_format(want, fake_identity(generation).address);
    assert_string_equal(
        json_string_value(json_object_get(report, "signing_address")), want);
}

/* --- the tests --- */

static void it_says_when_it_works(void **state)
{
    (void)state;
    *fake = (struct fake){0};
    start();
    assert_false(readable(a.control, 200)); /* no notary yet */
    ask(0, 1, 1, 1);
    expect(0, 1, ATTEST_NO_NOTARY);
    hello(1);
    struct control m = from_attester();
    assert_int_equal(m.type, CONTROL_READY);
    assert_int_equal(m.value, ATTEST_TEE_DSTACK);
    assert_int_equal(stop(), 0);
}

static void it_says_when_it_cannot_work(void **state)
{
    (void)state;
    *fake = (struct fake){.fail = AVER_EABSENT};
    start();
    hello(1);
    struct control m = from_attester();
    assert_int_equal(m.type, CONTROL_FAILED);
    assert_int_equal(m.value, 3);
    assert_string_equal(m.text, "as the knob says");
    assert_int_equal(stop(), 3);
}

static void a_nonce_gets_a_report_of_its_own(void **state)
{
    json_t *report;

    (void)state;
    for (uint8_t i = 1; i <= 3; i++) {
        ask(0, 1, i, i);
        struct attest_reply m = reply(0, &report);
        assert_int_equal(m.seq, i);
        assert_int_equal(m.generation, 1);
        const char *nonce =
            json_string_value(json_object_get(report, "request_nonce"));
        char want[3];
        aver_hex_encode(want, &i, 1);
        assert_memory_equal(nonce, want, 2);
        assert_string_equal(nonce + 2, "00000000000000000000000000000000000000"
                                       "000000000000000000000000");
        check_address(report, 1);
        json_decref(report);
    }
    assert_int_equal(calls(), 3);
}

static void without_a_nonce_the_cache_answers(void **state)
{
    json_t *first, *second;

    (void)state;
    ask(0, 1, 0, 1);
    reply(0, &first);
    ask(1, 2, 0, 2);
    reply(1, &second);
    assert_true(json_equal(first, second));
    assert_int_equal(calls(), 0); /* the one that made it ready serves */
    json_decref(first);
    json_decref(second);
    struct attest_ask m = ask_of(1, 0, 3);
    m.algo = ATTEST_ED25519;
    assert_int_equal(channel_send(a.worker[0], &m, sizeof(m), -1), 0);
    expect(0, 3, ATTEST_OK);
    assert_int_equal(calls(), 1);
}

/* What was made for a client's nonce is given to nobody else. */
static void a_clients_report_is_not_kept(void **state)
{
    json_t *report;

    (void)state;
    ask(0, 1, 0xab, 1);
    expect(0, 1, ATTEST_OK);
    ask(0, 1, 0, 2);
    reply(0, &report);
    assert_int_not_equal(
        strncmp(json_string_value(json_object_get(report, "request_nonce")),
                "ab00000000", 10),
        0);
    json_decref(report);
    ask(0, 1, 0xab, 3); /* and made anew for the same one */
    expect(0, 3, ATTEST_OK);
    assert_int_equal(calls(), 2);
}

static void the_same_nonce_is_one_job(void **state)
{
    (void)state;
    fake->sleep_ms = 200;
    ask(0, 1, 9, 1);
    usleep(100000);
    ask(1, 2, 9, 2);
    ask(0, 3, 9, 3);
    expect(0, 1, ATTEST_OK);
    expect(0, 3, ATTEST_OK);
    expect(1, 2, ATTEST_OK);
    assert_int_equal(calls(), 1);
}

static void too_many_of_one_client(void **state)
{
    (void)state;
    fake->sleep_ms = 100;
    for (uint8_t i = 1; i <= 5; i++)
        ask(0, 1, i, i);
    struct attest_reply m = reply(0, NULL); /* the fifth, at once */
    assert_int_equal(m.seq, 5);
    assert_int_equal(m.status, ATTEST_BUSY);
    assert_true(m.retry_after_s >= 1);
    ask(1, 2, 77, 6); /* another client is welcome, and not last */
    expect(0, 1, ATTEST_OK);
    expect(0, 2, ATTEST_OK);
    expect(1, 6, ATTEST_OK);
    expect(0, 3, ATTEST_OK);
    expect(0, 4, ATTEST_OK);
}

static void failures_have_their_status(void **state)
{
    (void)state;
    fake->fail = AVER_EABSENT;
    ask(0, 1, 1, 1);
    struct attest_reply m = reply(0, NULL);
    assert_int_equal(m.status, ATTEST_ABSENT);
    assert_true(m.retry_after_s >= 1);
    fake->fail = AVER_OK;
    fake->wrong_data = true;
    ask(0, 1, 2, 2);
    expect(0, 2, ATTEST_WRONG);
    fake->wrong_data = false;
    fake->crash = true;
    ask(0, 1, 3, 3);
    expect(0, 3, ATTEST_WRONG);
    fake->crash = false;
    fake->sleep_ms = 60000;
    ask(0, 1, 4, 4);
    expect(0, 4, ATTEST_SLOW);
    fake->sleep_ms = 0;
    ask(0, 1, 5, 5);
    expect(0, 5, ATTEST_OK);
}

static void layout_b_needs_a_certificate(void **state)
{
    struct attest_ask m = ask_of(1, 1, 1);

    (void)state;
    m.layout = ATTEST_LAYOUT_B;
    assert_int_equal(channel_send(a.worker[0], &m, sizeof(m), -1), 0);
    expect(0, 1, ATTEST_NO_TLS);
    assert_int_equal(calls(), 0);
}

static void another_notary(void **state)
{
    json_t *report;

    (void)state;
    close(a.notary);
    a.notary = -1;
    usleep(100000);
    ask(0, 1, 0, 1); /* a cached report would be about the old key */
    expect(0, 1, ATTEST_NO_NOTARY);
    hello(2);
    usleep(100000);
    ask(0, 1, 0, 2);
    struct attest_reply m = reply(0, &report);
    assert_int_equal(m.generation, 2);
    check_address(report, 2);
    json_decref(report);
    assert_int_equal(calls(), 1);
}

static void another_notary_while_a_job_runs(void **state)
{
    json_t *report;

    (void)state;
    fake->sleep_ms = 250;
    ask(0, 1, 5, 1);
    usleep(100000);
    close(a.notary);
    hello(2);
    struct attest_reply m = reply(0, &report);
    assert_int_equal(m.seq, 1);
    assert_int_equal(m.status, ATTEST_OK);
    assert_int_equal(m.generation, 2);
    check_address(report, 2);
    json_decref(report);
    assert_int_equal(calls(), 2);
}

static void a_key_of_another_address(void **state)
{
    struct notary_hello m = {.head = {.version = CHANNEL_VERSION,
                                      .type = NOTARY_HELLO,
                                      .generation = 2}};

    (void)state;
    close(a.notary);
    send_pair(CONTROL_NOTARY, 0, &a.notary);
    memset(m.k1_public, 7, sizeof(m.k1_public));
    assert_int_equal(channel_send(a.notary, &m, sizeof(m), -1), 0);
    usleep(100000);
    ask(0, 1, 1, 1);
    expect(0, 1, ATTEST_NO_NOTARY);
}

static void no_notary_for_long(void **state)
{
    (void)state;
    fake->sleep_ms = 250;
    ask(0, 1, 5, 1);
    usleep(100000);
    close(a.notary);
    a.notary = -1;
    expect(0, 1, ATTEST_NO_NOTARY);
}

static void a_worker_that_goes(void **state)
{
    struct attest_ask bad = ask_of(1, 1, 9);

    (void)state;
    fake->sleep_ms = 100;
    for (uint8_t i = 1; i <= 3; i++)
        ask(0, 1, i, i);
    usleep(50000);
    close(a.worker[0]);
    bad.algo = 9;
    assert_int_equal(channel_send(a.worker[1], &bad, sizeof(bad), -1), 0);
    assert_int_equal(channel_send(a.worker[1], &bad, 5, -1), 0);
    ask(1, 1, 8, 4); /* its share is free again */
    expect(1, 4, ATTEST_OK);
    assert_int_equal(calls(), 2); /* what ran, and this one */
    send_pair(CONTROL_PEER, 0, &a.worker[0]);
    ask(0, 1, 7, 5);
    expect(0, 5, ATTEST_OK);
}

/* Also when it is killed, and the collector is busy. */
static void the_collector_goes_with_it(void **state)
{
    char c;

    (void)state;
    *fake = (struct fake){0};
    start();
    hello(1);
    assert_int_equal(from_attester().type, CONTROL_READY);
    fake->sleep_ms = 60000;
    ask(0, 1, 1, 1);
    usleep(100000);
    kill(a.pid, SIGKILL);
    waitpid(a.pid, NULL, 0);
    assert_true(readable(a.alive, WAIT_MS));
    assert_int_equal(read(a.alive, &c, 1), 0);
    close(a.alive);
    close(a.control);
    close(a.notary);
    close(a.worker[0]);
    close(a.worker[1]);
}

static void signals_do_not_end_it(void **state)
{
    (void)state;
    kill(a.pid, SIGTERM);
    kill(a.pid, SIGINT);
    ask(0, 1, 7, 5);
    expect(0, 5, ATTEST_OK);
}

/* --- how the GPUs are --- */

static void expect_gpu(int worker, enum gpu_state want)
{
    while (a.news[worker].gpu.state != want) {
        a.news[worker] = message(worker, NULL);
        assert_int_equal(a.news[worker].type, ATTEST_NEWS);
    }
}

/* All workers are told, before the answer of the one that asked. */
static void gpus_that_fail_are_told(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(a.news[i].gpu.state, GPU_OK);
    fake->gpu_fail = true;
    ask(0, 1, 1, 1);
    expect(0, 1, ATTEST_ABSENT);
    assert_int_equal(a.news[0].gpu.state, GPU_LOST);
    assert_int_equal(a.news[0].gpu.error, 15);
    expect_gpu(1, GPU_LOST);
    close(a.worker[1]);
    send_pair(CONTROL_PEER, 1, &a.worker[1]);
    assert_int_equal(message(1, NULL).gpu.state, GPU_LOST);
    fake->gpu_fail = false;
    ask(0, 1, 2, 2);
    expect(0, 2, ATTEST_OK);
    assert_int_equal(a.news[0].gpu.state, GPU_OK);
    assert_int_equal(a.news[0].gpu.error, 0);
}

static void a_driver_that_crashes_or_hangs(void **state)
{
    (void)state;
    fake->gpu_crash = true;
    ask(0, 1, 1, 1);
    expect(0, 1, ATTEST_WRONG);
    assert_int_equal(a.news[0].gpu.state, GPU_CRASHED);
    fake->gpu_crash = false;
    fake->gpu_sleep_ms = 60000;
    ask(0, 1, 2, 2);
    expect(0, 2, ATTEST_SLOW);
    assert_int_equal(a.news[0].gpu.state, GPU_HANGS);
    fake->gpu_sleep_ms = 0;
    ask(0, 1, 3, 3);
    expect(0, 3, ATTEST_OK);
    assert_int_equal(a.news[0].gpu.state, GPU_OK);
    assert_int_equal(a.news[0].gpu.gpus, 1);
}

/* That they are well again is found out without anybody's asking. */
static void gpus_that_recover(void **state)
{
    (void)state;
    fake->gpu_fail = true;
    ask(0, 1, 1, 1);
    expect(0, 1, ATTEST_ABSENT);
    fake->gpu_fail = false;
    expect_gpu(0, GPU_OK);
    expect_gpu(1, GPU_OK);
    assert_false(readable(a.control, 100)); /* it says READY only once */
}

/* --- endorsements, with the simulator --- */

static void expect_news(int worker)
{
    struct attest_reply m;

    while ((m = message(worker, NULL)).endorsed_until == 0)
        assert_int_equal(m.type, ATTEST_NEWS);
    assert_int_equal(m.endorsed_until, 2524607999); /* the end of 2049 */
    assert_int_equal(m.gpu.state, GPU_NONE);
}

static json_t *endorsed(uint8_t nonce, uint64_t seq)
{
    struct attest_ask m = ask_of(1, nonce, seq);
    json_t *report;

    m.endorsements = 1;
    assert_int_equal(channel_send(a.worker[0], &m, sizeof(m), -1), 0);
    assert_int_equal(reply(0, &report).seq, seq);
    assert_int_equal(json_object_size(json_object_get(report, "endorsements")),
                     9);
    return report;
}

static void reports_carry_endorsements(void **state)
{
    static const struct attest_config simulator = {.tee =
                                                       ATTEST_CHOOSE_SIMULATOR,
                                                   .gpu = ATTEST_GPU_NONE,
                                                   .model_name = "",
                                                   .engine_binding = "tcp"};
    struct aver_error err;
    struct attest_backends *b =
        attest_open(&simulator, getuid(), getgid(), &err);
    json_t *plain, *first, *second;

    (void)state;
    assert_non_null(b);
    start_with(b, &simulator);
    attest_close(b);
    hello(1);
    assert_int_equal(from_attester().type, CONTROL_READY);
    expect_news(0); /* without having been asked for any */
    expect_news(1);
    close(a.worker[1]);
    send_pair(CONTROL_PEER, 1, &a.worker[1]);
    expect_news(1); /* who comes later is told too */
    ask(0, 1, 0, 1);
    reply(0, &plain);
    assert_null(json_object_get(plain, "endorsements"));
    first = endorsed(0, 2);
    second = endorsed(0, 3);
    assert_true(json_equal(first, second)); /* from the cache, as */
    json_decref(second);
    ask(0, 1, 0, 4);
    reply(0, &second);
    assert_true(json_equal(plain, second)); /* this one */
    json_decref(second);
    second = endorsed(7, 5);
    assert_true(json_equal(json_object_get(first, "endorsements"),
                           json_object_get(second, "endorsements")));
    json_decref(plain);
    json_decref(first);
    json_decref(second);
    assert_int_equal(stop(), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int fd = mkstemp(calls_path);
    if (fake == MAP_FAILED || fd < 0)
        return 1;
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_when_it_works),
        cmocka_unit_test(it_says_when_it_cannot_work),
        cmocka_unit_test(the_collector_goes_with_it),
        cmocka_unit_test(reports_carry_endorsements),
        WITH(a_nonce_gets_a_report_of_its_own),
        WITH(without_a_nonce_the_cache_answers),
        WITH(a_clients_report_is_not_kept),
        WITH(the_same_nonce_is_one_job),
        WITH(too_many_of_one_client),
        WITH(failures_have_their_status),
        WITH(layout_b_needs_a_certificate),
        WITH(another_notary),
        WITH(another_notary_while_a_job_runs),
        WITH(a_key_of_another_address),
        WITH(no_notary_for_long),
        WITH(a_worker_that_goes),
        WITH(signals_do_not_end_it),
        WITH(gpus_that_fail_are_told),
        WITH(a_driver_that_crashes_or_hangs),
        WITH(gpus_that_recover),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(calls_path);
    return failed;
}
