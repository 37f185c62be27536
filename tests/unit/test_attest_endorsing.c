/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsing: when is looked and fetched, what workers are told, and how often
 * the log says the same. The program that fetches is /bin/true or /bin/false.
 */
#include "attest/endorsing.h"
#include "net/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HOUR_MS 3600000

static int subject_fd;
static struct endorsing e;
static const struct collector_news nothing = {.why = "no file"};
static const struct collector_news something = {.until = 1000, .due = 900};

/* --- the log --- */

static char said[4096];
static int saved, pipe_fd[2];

static void listen_to_log(void)
{
    assert_int_equal(pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK), 0);
    saved = dup(STDERR_FILENO);
    dup2(pipe_fd[1], STDERR_FILENO);
}

static const char *heard(void)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(pipe_fd[1]);
    ssize_t n = read(pipe_fd[0], said, sizeof(said) - 1);
    close(pipe_fd[0]);
    said[n > 0 ? n : 0] = '\0';
    return said;
}

static bool news(const struct collector_news *n, int64_t now, uint64_t now_ms)
{
    listen_to_log();
    bool changed = endorsing_news(&e, n, now, now_ms);
    heard();
    return changed;
}

static void begin(const char *path, const char *from, const char *program)
{
    const struct attest_config c = {.endorsements = path, .endorse_from = from};

    endorsing_init(&e, &c, &(struct endorsing_kinds){0});
    e.renew.program = program;
}

/* Steps until what was started has ended; what the log says of it. */
static const char *fetch(int64_t now, uint64_t now_ms)
{
    listen_to_log();
    endorsing_step(&e, subject_fd, now, now_ms);
    while (e.renew.fd >= 0) {
        struct pollfd p = {.fd = e.renew.fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        endorsing_read(&e, now_ms);
    }
    return heard();
}

/* --- the tests --- */

static void looking(void **state)
{
    (void)state;
    begin("/x", NULL, NULL);
    assert_false(endorsing_look_due(&e, HOUR_MS)); /* no quote yet */
    endorsing_subject(&e, 5);
    assert_true(endorsing_look_due(&e, 5));
    endorsing_looked(&e, 5);
    assert_false(endorsing_look_due(&e, 5 + ENDORSING_LOOK_MS - 1));
    assert_true(endorsing_look_due(&e, 5 + ENDORSING_LOOK_MS));
    begin(NULL, NULL, NULL);
    endorsing_subject(&e, 5);
    assert_true(endorsing_look_due(&e, 5));
    endorsing_looked(&e, 5);
    assert_false(endorsing_look_due(&e, 4 + ENDORSING_BUILT_IN_MS));
    assert_true(endorsing_look_due(&e, 5 + ENDORSING_BUILT_IN_MS));
}

static void what_is_told(void **state)
{
    (void)state;
    begin("/x", NULL, NULL);
    assert_true(news(&nothing, 10, 1)); /* that there is nothing */
    assert_non_null(strstr(said, "level=warn"));
    assert_non_null(strstr(said, "no_endorsements why=\"no file\""));
    assert_true(news(&something, 10, 2));
    assert_non_null(strstr(said, "valid_until=1970-01-01T00:16:40Z"));
    assert_false(endorsing_over(&e, 1000));
    assert_true(endorsing_over(&e, 1001));
    assert_false(news(&something, 11, 3));
    assert_string_equal(said, "");
    assert_true(news(&nothing, 12, 4));
    assert_false(endorsing_over(&e, 5000)); /* there is nothing to end */
}

static void the_same_once_an_hour(void **state)
{
    struct collector_news other = {.why = "it has ended"};

    (void)state;
    begin("/x", NULL, NULL);
    news(&nothing, 10, 7);
    assert_string_not_equal(said, "");
    news(&nothing, 10, 6 + HOUR_MS);
    assert_string_equal(said, "");
    news(&nothing, 10, 7 + HOUR_MS);
    assert_string_not_equal(said, "");
    news(&other, 10, 8 + HOUR_MS);
    assert_non_null(strstr(said, "it has ended"));
    news(&something, 10, 9 + HOUR_MS);
    news(&other, 10, 10 + HOUR_MS); /* it was well in between */
    assert_non_null(strstr(said, "it has ended"));
}

static void fetching(void **state)
{
    (void)state;
    begin("/x", "intel", "/bin/true");
    assert_string_equal(fetch(10, 1), ""); /* nobody has looked yet */
    news(&nothing, 10, 1);
    assert_string_equal(said, ""); /* it is about to come */
    listen_to_log();
    endorsing_step(&e, -1, 10, 1); /* for what? */
    heard();
    assert_int_equal(e.renew.fd, -1);
    assert_non_null(strstr(fetch(10, 1), "endorsements_fetched from=intel"));
    assert_true(endorsing_look_due(&e, 1)); /* what has come? */
    endorsing_looked(&e, 1);
    news(&something, 10, 2);
    assert_string_equal(fetch(899, 2 * HOUR_MS), "");
    assert_non_null(strstr(fetch(900, 2 * HOUR_MS), "endorsements_fetched"));
    /* The same came again, and is due as before. */
    news(&something, 900, 2 * HOUR_MS);
    assert_string_equal(fetch(900, 3 * HOUR_MS - 1), "");
    assert_non_null(strstr(fetch(900, 3 * HOUR_MS), "endorsements_fetched"));
}

/* Who asks meanwhile causes no warning. */
static void while_it_is_fetched(void **state)
{
    (void)state;
    begin("/x", "intel", "/bin/true");
    news(&nothing, 10, 1);
    endorsing_step(&e, subject_fd, 10, 1);
    assert_true(e.renew.fd >= 0);
    news(&nothing, 10, 2);
    assert_string_equal(said, "");
    renew_stop(&e.renew);
}

static void fetching_in_vain(void **state)
{
    (void)state;
    begin("/x", "http://pccs", "/bin/false");
    news(&nothing, 10, 1);
    fetch(10, 1);
    assert_non_null(strstr(said, "level=warn"));
    assert_non_null(strstr(said, "endorsements_not_fetched from=http://pccs"));
    assert_non_null(strstr(said, "again_s=60"));
    assert_false(endorsing_look_due(&e, HOUR_MS));
    news(&nothing, 10, 2);
    assert_non_null(strstr(said, "no_endorsements")); /* now it is said */
    assert_string_equal(fetch(10, 60000), "");
    assert_non_null(strstr(fetch(10, 60001), "again_s=120"));
    /* What is still valid stays while fetching fails. */
    news(&something, 950, 3);
    assert_non_null(strstr(fetch(950, HOUR_MS), "endorsements_not_fetched"));
    assert_int_equal(e.until, 1000);
}

/* Of whom is asked, for which kinds of evidence. */
static void whom_to_ask(void **state)
{
    static const struct {
        const char *from, *gpu_from;
        struct endorsing_kinds kinds;
        const char *asked, *gpu_asked;
        bool simulated;
    } cases[] = {
        {"intel", NULL, {false, true, false}, "intel", "nvidia", false},
        {"intel", NULL, {false, false, false}, "intel", NULL, false},
        {"intel", "none", {false, true, false}, "intel", NULL, false},
        {"http://p",
         "http://m",
         {false, true, false},
         "http://p",
         "http://m",
         false},
        {NULL, "nvidia", {false, true, false}, NULL, "nvidia", false},
        {NULL, NULL, {false, true, false}, NULL, NULL, false},
        /* What is simulated makes its own, unless somebody is named. */
        {"http://p", NULL, {true, true, true}, "http://p", NULL, true},
        {"http://p",
         "http://m",
         {true, true, true},
         "http://p",
         "http://m",
         true},
        {NULL, "http://m", {true, true, true}, NULL, "http://m", true},
        /* Never both kinds in one call. */
        {"intel", NULL, {true, true, false}, NULL, "nvidia", false},
        {"intel", "http://m", {false, true, true}, "intel", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct attest_config c = {.endorsements = "/x",
                                        .endorse_from = cases[i].from,
                                        .endorse_gpu_from = cases[i].gpu_from};

        endorsing_init(&e, &c, &cases[i].kinds);
        const char *have[] = {e.renew.from, e.renew.gpu_from};
        const char *want[] = {cases[i].asked, cases[i].gpu_asked};
        for (int j = 0; j < 2; j++)
            if ((have[j] == NULL) != (want[j] == NULL) ||
                (have[j] != NULL && strcmp(have[j], want[j]) != 0))
                fail_msg("case %zu: %s", i, have[j] ? have[j] : "nobody");
        assert_int_equal(e.renew.simulated, cases[i].simulated);
    }
}

/* A part that is missing is said, and fetched, though the rest is there. */
static void a_part_is_missing(void **state)
{
    static const struct collector_news part = {
        .until = 1000, .why = "OCSP of this one: it is not there"};

    (void)state;
    begin("/x", "intel", "/bin/true");
    assert_true(news(&part, 10, 1));
    assert_null(
        strstr(said, "no_endorsements")); /* it is about to be fetched */
    assert_non_null(strstr(fetch(10, 1), "endorsements_fetched"));
    assert_false(news(&part, 10, 2)); /* in vain, and not again at once */
    assert_non_null(strstr(said, "no_endorsements"));
    assert_non_null(strstr(said, "OCSP of this one"));
    assert_int_equal(e.until, 1000);
    begin("/x", NULL, NULL);
    assert_true(news(&part, 10, 1));
    assert_non_null(strstr(said, "no_endorsements"));
    assert_non_null(strstr(said, "valid_until"));
}

int main(void)
{
    subject_fd = memfd_create("subject", MFD_CLOEXEC);
    log_setup(LOG_INFO, false, "attester");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looking),
        cmocka_unit_test(what_is_told),
        cmocka_unit_test(the_same_once_an_hour),
        cmocka_unit_test(fetching),
        cmocka_unit_test(while_it_is_fetched),
        cmocka_unit_test(fetching_in_vain),
        cmocka_unit_test(whom_to_ask),
        cmocka_unit_test(a_part_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
