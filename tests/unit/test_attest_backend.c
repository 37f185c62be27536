/* SPDX-License-Identifier: Apache-2.0
 *
 * backend: which backends the options choose, and what is said when there is
 * none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/backend.h"
#include "attest/simulator.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/aver-backend-XXXXXX";
static char socket_path[100], tsm_path[100], nothing[100];

static struct attest_config config_of(enum attest_tee_choice tee,
                                      enum attest_gpu_choice gpu)
{
    return (struct attest_config){.tee = tee,
                                  .gpu = gpu,
                                  .dstack_socket = nothing,
                                  .tsm_path = nothing,
                                  .nvml_library = nothing,
                                  .model_name = "",
                                  .engine_binding = "tcp"};
}

static void refused(const struct attest_config *config, const char *word)
{
    struct aver_error err = {0};

    assert_null(attest_open(config, getuid(), getgid(), &err));
    assert_int_equal(err.code, AVER_EABSENT);
    assert_non_null(strstr(err.text, word));
}

static void opened(const struct attest_config *config, const char *cpu,
                   const char *gpu)
{
    struct aver_error err = {0};
    struct attest_backends *b = attest_open(config, getuid(), getgid(), &err);

    assert_non_null(b);
    assert_string_equal(b->cpu->name, cpu);
    assert_string_equal(b->gpu->name, gpu);
    assert_int_equal(attest_tee_of(b), b->cpu->tee);
    attest_close(b);
}

static void auto_never_simulates(void **state)
{
    struct attest_config c = config_of(ATTEST_CHOOSE_AUTO, ATTEST_GPU_AUTO);

    (void)state;
    refused(&c, "--tee simulator");
    refused(&c, nothing); /* says where it looked */
}

static void auto_takes_what_is_there(void **state)
{
    struct attest_config c = config_of(ATTEST_CHOOSE_AUTO, ATTEST_GPU_NONE);

    (void)state;
    c.dstack_socket = socket_path;
    opened(&c, "dstack", "none");
    c.tsm_path = tsm_path;
    opened(&c, "dstack", "none"); /* the agent goes first */
    c.dstack_socket = folder;     /* a directory is no socket */
    opened(&c, "tsm", "none");
}

static void what_was_asked_for_must_be_there(void **state)
{
    struct attest_config c = config_of(ATTEST_CHOOSE_DSTACK, ATTEST_GPU_NONE);

    (void)state;
    refused(&c, nothing);
    c.dstack_socket = folder;
    refused(&c, "is a directory");
    c = config_of(ATTEST_CHOOSE_TSM, ATTEST_GPU_NONE);
    refused(&c, nothing);
    c = config_of(ATTEST_CHOOSE_SIMULATOR, ATTEST_GPU_REQUIRED);
    refused(&c, "gpu required: no NVML");
}

static void gpus(void **state)
{
    struct attest_config c =
        config_of(ATTEST_CHOOSE_SIMULATOR, ATTEST_GPU_AUTO);

    (void)state;
    opened(&c, "simulator", "none"); /* auto never simulates */
    c.gpu = ATTEST_GPU_NONE;
    opened(&c, "simulator", "none");
    c.gpu = ATTEST_GPU_SIMULATOR;
    opened(&c, "simulator", "simulator");
    c.gpu = ATTEST_GPU_SIMULATOR_PPCIE;
    opened(&c, "simulator", "simulator-ppcie");
    c.gpu = ATTEST_GPU_SIMULATOR_BLACKWELL;
    opened(&c, "simulator", "simulator-blackwell");
}

/* A whole report from the simulator, CPU and GPU. */
static void simulated_report(void **state)
{
    struct attest_config c =
        config_of(ATTEST_CHOOSE_SIMULATOR, ATTEST_GPU_SIMULATOR);
    struct attest_identity who = {.generation = 1, .address = {1}};
    struct aver_error err = {0};
    uint8_t nonce[32] = {9};
    struct aver_buf out;

    (void)state;
    struct attest_backends *b = attest_open(&c, getuid(), getgid(), &err);
    assert_non_null(b);
    aver_buf_init(&out, REPORT_MAX);
    assert_int_equal(attest_report(b, &c, &who, ATTEST_ECDSA, ATTEST_LAYOUT_A,
                                   false, nonce, &out, &err),
                     ATTEST_OK);
    assert_true(out.n > 10000);
    assert_int_equal(aver_buf_append(&out, "", 1), 0);
    assert_non_null(strstr((char *)out.p, "\"simulated\":true"));
    aver_buf_clear(&out);
    attest_close(b);
}

static size_t devices_of(const json_t *report, const char *name)
{
    const char *text = json_string_value(json_object_get(report, name));
    json_t *payload = text ? json_loads(text, 0, NULL) : NULL;
    size_t n = json_array_size(json_object_get(payload, "evidence_list"));

    json_decref(payload);
    return n;
}

/* Several GPUs, with and without switches between them. */
static void simulated_devices(void **state)
{
    static const struct {
        enum attest_gpu_choice gpu;
        const char *name;
        unsigned gpus, switches;
        enum gpu_multi multi;
    } rows[] = {
        {ATTEST_GPU_NONE, "none", 0, 0, GPU_MULTI_UNKNOWN},
        {ATTEST_GPU_SIMULATOR, "simulator", 1, 0, GPU_MULTI_UNKNOWN},
        {ATTEST_GPU_SIMULATOR_PPCIE, "simulator-ppcie", 8, 4, GPU_PPCIE},
        {ATTEST_GPU_SIMULATOR_BLACKWELL, "simulator-blackwell", 2, 0, GPU_NVLE},
    };
    struct attest_identity who = {.generation = 1, .address = {1}};
    uint8_t nonce[32] = {9};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct attest_config c =
            config_of(ATTEST_CHOOSE_SIMULATOR, rows[i].gpu);
        struct aver_error err = {0};
        struct aver_buf out;
        struct attest_backends *b = attest_open(&c, getuid(), getgid(), &err);

        assert_non_null(b);
        assert_string_equal(b->gpu->name, rows[i].name);
        aver_buf_init(&out, REPORT_MAX);
        assert_int_equal(attest_report(b, &c, &who, ATTEST_ECDSA,
                                       ATTEST_LAYOUT_A, false, nonce, &out,
                                       &err),
                         ATTEST_OK);
        json_t *report = json_loadb((char *)out.p, out.n, 0, NULL);
        assert_int_equal(devices_of(report, "nvidia_payload"), rows[i].gpus);
        assert_int_equal(devices_of(report, "nvswitch_payload"),
                         rows[i].switches);
        assert_int_equal(b->gpu_status.gpus, rows[i].gpus);
        assert_int_equal(b->gpu_status.switches, rows[i].switches);
        assert_int_equal(b->gpu_status.multi, rows[i].multi);
        assert_int_equal(b->gpu_status.state,
                         rows[i].gpus > 0 ? GPU_SIMULATED : GPU_NONE);
        json_decref(report);
        aver_buf_clear(&out);
        attest_close(b);
    }
}

/* What the simulator says about its platform goes with its quote. */
static void simulated_endorsements(void **state)
{
    struct attest_config c =
        config_of(ATTEST_CHOOSE_SIMULATOR, ATTEST_GPU_NONE);
    struct attest_identity who = {.generation = 1, .address = {1}};
    struct aver_error err = {0};
    uint8_t nonce[32] = {9};
    struct aver_buf out, want;

    (void)state;
    struct attest_backends *b = attest_open(&c, getuid(), getgid(), &err);
    assert_non_null(b);
    aver_buf_init(&out, REPORT_MAX);
    aver_buf_init(&want, REPORT_MAX);
    assert_int_equal(simulator_endorsements((int64_t)time(NULL), &want, &err),
                     0);
    assert_int_equal(attest_report(b, &c, &who, ATTEST_ECDSA, ATTEST_LAYOUT_A,
                                   true, nonce, &out, &err),
                     ATTEST_OK);
    json_t *report = json_loadb((char *)out.p, out.n, 0, NULL);
    json_t *told = json_loadb((char *)want.p, want.n, 0, NULL);
    json_t *given = json_object_get(report, "endorsements");
    /* NVIDIA's part is for the GPUs, and signed anew each time. */
    json_object_del(told, "rims");
    json_object_del(told, "ocsp");
    json_object_del(given, "rims");
    json_object_del(given, "ocsp");
    assert_true(json_equal(given, told));
    json_decref(report);
    json_decref(told);
    aver_buf_clear(&out);
    aver_buf_clear(&want);
    attest_close(b);
    /* A file that was named is used instead, be it there or not. */
    c.endorsements = "/nowhere";
    b = attest_open(&c, getuid(), getgid(), &err);
    assert_non_null(b);
    assert_true(b->holding->cpu.built_in == NULL && b->holding->cpu.simulated);
    assert_string_equal(b->holding->cpu.path, "/nowhere");
    assert_string_equal(b->holding->gpus.path, "/nowhere");
    attest_close(b);
}

static void write_file(const char *name, const char *text)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/aver-%u/%s", tsm_path, (unsigned)getuid(),
             name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

/* A socket, and a folder that looks like an entry of configfs-tsm. */
static int set_up(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    char entry[160];

    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(nothing, sizeof(nothing), "%s/nothing", folder);
    snprintf(socket_path, sizeof(socket_path), "%s/agent.sock", folder);
    snprintf(tsm_path, sizeof(tsm_path), "%s/tsm", folder);
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", socket_path);
    snprintf(entry, sizeof(entry), "%s/aver-%u", tsm_path, (unsigned)getuid());
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        mkdir(tsm_path, 0700) != 0 || mkdir(entry, 0700) != 0)
        return -1;
    close(fd);
    write_file("inblob", "");
    write_file("provider", "tdx_guest\n");
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"inblob", "provider", ""};
    char path[200];

    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/aver-%u/%s", tsm_path,
                 (unsigned)getuid(), names[i]);
        remove(path);
    }
    remove(tsm_path);
    remove(socket_path);
    return remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auto_never_simulates),
        cmocka_unit_test(auto_takes_what_is_there),
        cmocka_unit_test(what_was_asked_for_must_be_there),
        cmocka_unit_test(gpus),
        cmocka_unit_test(simulated_report),
        cmocka_unit_test(simulated_devices),
        cmocka_unit_test(simulated_endorsements),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
