/* SPDX-License-Identifier: Apache-2.0
 *
 * roles: the head of main of every role. It takes the configuration that the
 * supervisor sealed, gives up its rights, then becomes notary, attester or
 * worker. A new role is a new row. */
#include "serve/serve.h"

#include "attest/attest.h"
#include "attest/held.h"
#include "base/text.h"
#include "net/channel.h"
#include "net/harden.h"
#include "notary/notary.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_BYTES_MAX (1 << 20)

/* Tells the supervisor why this role cannot work. Returns the status. */
static int fail(const struct aver_error *err)
{
    struct control m = {.version = CHANNEL_VERSION,
                        .type = CONTROL_FAILED,
                        .value = (uint32_t)config_status(err)};
    snprintf(m.text, sizeof(m.text), "%.*s", (int)sizeof(m.text) - 1,
             err->text);
    if (channel_send(ROLE_CONTROL_FD, &m, sizeof(m), -1) != 0)
        log_event(LOG_ERROR, "role_failed", LOG_STR("error", m.text));
    return (int)m.value;
}

/* Everything that can be given up by a role as such. The signal that ends us
 * with the supervisor is asked for again: a change of user forgets it. */
static int give_up_rights(const struct config *c, struct aver_error *err)
{
    if (harden_drop_user(c->user, err) != 0 || harden_process(err) != 0)
        return -1;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return aver_fail(err, AVER_EIO, "prctl: %s", strerror(errno));
    return 0;
}

static int run_notary(const struct config *c, uint64_t generation)
{
    struct aver_error err;
    const struct notary_config n = {
        .generation = generation,
        .key = (enum notary_key)c->key,
        .dstack_socket = c->dstack_socket,
        .model_name = c->model_name ? c->model_name : "",
        .three_part = c->three_part,
        .eager = c->sign_eager,
        .receipt_ttl_ms = c->receipt_ttl,
        .receipt_max = c->receipt_max,
        .receipt_bytes = c->receipt_bytes,
    };
    if (give_up_rights(c, &err) != 0)
        return fail(&err);
    return notary_run(&n, ROLE_CONTROL_FD);
}

/* A folder that is wrong is told at the start. Later it is no reason to make
 * no more reports: then only what is fetched is lost. */
static int check_folder(const struct config *c, bool again,
                        struct aver_error *err)
{
    bool fetches =
        c->endorse_from ||
        (c->endorse_gpu_from && strcmp(c->endorse_gpu_from, "none") != 0);

    if (!fetches || held_writable(c->endorsements, err) == 0)
        return 0;
    if (!again)
        return -1;
    log_event(LOG_WARN, "endorsements_folder", LOG_STR("error", err->text));
    return 0;
}

/* `again`: 1 if there was one before, which has ended. */
static int run_attester(const struct config *c, uint64_t again)
{
    struct aver_error err;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    bool by_unix = strncmp(c->engine.item[0], "unix:", 5) == 0;
    struct attest_config a = {
        .tee = (enum attest_tee_choice)c->tee,
        .gpu = (enum attest_gpu_choice)c->gpu,
        .dstack_socket = c->dstack_socket,
        .tsm_path = c->tsm_path,
        .nvml_library = c->nvml_library,
        .nvswitch = (enum attest_nvswitch_choice)c->nvswitch,
        .nscq_library = c->nscq_library,
        .gpu_limit_ms = (int)c->gpu_timeout,
        .model_name = c->model_name ? c->model_name : "",
        .engine_binding = by_unix ? "unix" : "tcp",
        .endorsements = c->endorsements,
        .endorse_from = c->endorse_from,
        .endorse_gpu_from = c->endorse_gpu_from,
        .compat_seed = c->compat_seed,
        .has_spki = c->has_spki,
    };
    memcpy(a.spki_sha256, c->spki_sha256, sizeof(a.spki_sha256));
    if (uid == 0 && harden_find_user(c->user, &uid, &gid, &err) != 0)
        return fail(&err);
    struct attest_backends *b = attest_open(&a, uid, gid, &err);
    if (!b)
        return fail(&err);
    if (give_up_rights(c, &err) != 0 ||
        check_folder(c, again != 0, &err) != 0) {
        attest_close(b);
        return fail(&err);
    }
    return attest_run(b, &a, ROLE_CONTROL_FD);
}

static int run_worker(const struct config *c, uint64_t slot)
{
    struct aver_error err;
    if (give_up_rights(c, &err) != 0)
        return fail(&err);
    return worker_run(c, ROLE_CONTROL_FD, (unsigned)slot);
}

static const struct role {
    const char *name, *comm;
    int (*run)(const struct config *c, uint64_t number);
} roles[] = {
    {"notary", "aver-notary", run_notary},
    {"attester", "aver-attester", run_attester},
    {"worker", "aver-worker", run_worker},
};

static const struct role *find(const char *name)
{
    for (size_t i = 0; name && i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(roles[i].name, name) == 0)
            return &roles[i];
    return NULL;
}

/* Only a memfd that nobody can change any more is believed. */
static int inherit_config(struct config *c, struct aver_error *err)
{
    const int all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    struct stat st;
    int seals = fcntl(ROLE_CONFIG_FD, F_GET_SEALS);
    if (seals < 0 || (seals & all) != all || fstat(ROLE_CONFIG_FD, &st) != 0 ||
        st.st_size <= 0 || st.st_size > CONFIG_BYTES_MAX)
        return aver_fail(err, AVER_EFORMAT,
                         "--role is for aver serve to start its parts with");
    size_t n = (size_t)st.st_size;
    void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, ROLE_CONFIG_FD, 0);
    if (p == MAP_FAILED)
        return aver_fail(err, AVER_EIO, "cannot map the configuration: %s",
                         strerror(errno));
    int rc = config_load(c, aver_bytes_of(p, n), err);
    munmap(p, n);
    close(ROLE_CONFIG_FD);
    if (rc == 0 && c->engine.n == 0)
        rc = aver_fail(err, AVER_EFORMAT, "inherited configuration: no engine");
    return rc;
}

int role_main(const char *name, const char *number)
{
    struct config c = {0};
    struct aver_error err;
    uint64_t n = 0;
    const struct role *role = find(name);
    if (!role || !number ||
        aver_decimal(&n, aver_bytes_str(number), UINT64_MAX) != 0) {
        fputs("aver: --role is for aver serve to start its parts with\n",
              stderr);
        return 2;
    }
    if (inherit_config(&c, &err) != 0) {
        fprintf(stderr, "aver: %s\n", err.text);
        config_free(&c);
        return 2;
    }
    harden_name(role->comm);
    log_setup((enum log_level)c.log_level, c.log_json, role->name);
    int status = role->run(&c, n);
    config_free(&c);
    return status;
}
