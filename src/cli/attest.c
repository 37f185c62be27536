/* SPDX-License-Identifier: Apache-2.0
 *
 * attest: makes a report here, for a key pair that is thrown away: to see
 * whether this machine can, and what its evidence looks like. Or prints the
 * simulator's endorsements, which a verifier needs beside its reports. */
#include "attest/once.h"
#include "attest/simulator.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "crypto/ed25519.h"
#include "crypto/k1.h"
#include "crypto/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct attest_options {
    const char *tee, *gpu, *nvswitch, *gpu_timeout, *nonce, *algo;
    bool endorsements;
    struct attest_config config;
};

/* Index of the word in the list, or -1 after a complaint. */
static int choose(const char *option, const char *text,
                  const char *const *words, int n)
{
    struct aver_suggestion s;
    char near[80];

    if (text == NULL)
        return 0;
    aver_suggest_start(&s, text);
    for (int i = 0; i < n; i++) {
        if (strcmp(text, words[i]) == 0)
            return i;
        aver_suggest_offer(&s, words[i]);
    }
    usage("--%s %.40s is no such thing%s (aver attest --help)", option, text,
          aver_suggest_text(&s, near, sizeof(near)));
    return -1;
}

static void throw_away_key(struct attest_identity *who)
{
    uint8_t secret[32], seed[32], ed[64];
    struct aver_k1 *k = aver_k1_new();

    if (k == NULL)
        abort();
    do
        aver_random(secret, sizeof(secret));
    while (aver_k1_public(k, who->k1_public, secret) != 0);
    aver_address_of(who->address, who->k1_public);
    aver_random(seed, sizeof(seed));
    aver_ed25519_from_seed(ed, who->ed_public, seed);
    who->generation = 1;
    aver_wipe(secret, sizeof(secret));
    aver_wipe(seed, sizeof(seed));
    aver_wipe(ed, sizeof(ed));
    aver_k1_free(k);
}

static void print_line(const struct aver_buf *out)
{
    fwrite(out->p, 1, out->n, stdout);
    putchar('\n');
}

static int make(const struct attest_config *config, enum attest_algo algo,
                const uint8_t nonce[static 32])
{
    struct collector_job job = {.algo = (uint8_t)algo};
    struct attest_backends *b = NULL;
    struct aver_error err = {0};
    struct aver_buf out;
    int rc = EXIT_UNDECIDED;

    aver_buf_init(&out, 16u << 20);
    throw_away_key(&job.who);
    memcpy(job.nonce, nonce, sizeof(job.nonce));
    b = attest_open(config, getuid(), getgid(), &err);
    if (b == NULL || attest_once(b, config, &job, &out, &err) != ATTEST_OK) {
        complain("%s", err.text);
    } else {
        print_line(&out);
        rc = EXIT_OK;
    }
    attest_close(b);
    aver_buf_clear(&out);
    return rc;
}

/* Nothing is made here, so what describes the making is refused. */
static int endorse(const struct attest_options *o)
{
    struct aver_error err = {0};
    struct aver_buf out;
    int rc = EXIT_UNDECIDED;

    if (o->gpu != NULL || o->nonce != NULL || o->algo != NULL)
        return usage("--endorsements stands with --tee alone");
    if (o->config.tee != ATTEST_CHOOSE_SIMULATOR) {
        complain("this prints the simulator's endorsements only (--tee "
                 "simulator); those of a real machine come from "
                 "--collateral files");
        return EXIT_UNDECIDED;
    }
    aver_buf_init(&out, 1u << 20);
    if (simulator_endorsements((int64_t)time(NULL), &out, &err) != 0) {
        complain("%s", err.text);
    } else {
        print_line(&out);
        rc = EXIT_OK;
    }
    aver_buf_clear(&out);
    return rc;
}

static int read_timeout(struct attest_options *o)
{
    uint64_t seconds = 0;

    if (o->gpu_timeout == NULL)
        return 0;
    if (aver_decimal(&seconds, aver_bytes_str(o->gpu_timeout), 600) != 0 ||
        seconds == 0)
        return usage("--gpu-timeout: expected seconds, 1 to 600");
    o->config.gpu_limit_ms = (int)seconds * 1000;
    return 0;
}

static int read_choices(struct attest_options *o, int *algo)
{
    static const char *const switches[] = {"auto", "required", "none"};
    static const char *const tees[] = {"auto", "dstack", "tsm", "simulator"};
    static const char *const gpus[] = {
        "auto",      "required",        "none",
        "simulator", "simulator-ppcie", "simulator-blackwell"};
    static const char *const algos[] = {"ecdsa", "ed25519"};
    int tee = choose("tee", o->tee, tees, 4);
    int gpu = tee >= 0 ? choose("gpu", o->gpu, gpus, 6) : -1;

    int nvswitch = gpu >= 0 ? choose("nvswitch", o->nvswitch, switches, 3) : -1;

    *algo = nvswitch >= 0 ? choose("signing-algo", o->algo, algos, 2) : -1;
    if (*algo < 0 || read_timeout(o) != 0)
        return EXIT_USAGE;
    o->config.nvswitch = (enum attest_nvswitch_choice)nvswitch;
    o->config.tee = (enum attest_tee_choice)tee;
    o->config.gpu = (enum attest_gpu_choice)gpu;
    o->config.model_name = "";
    o->config.engine_binding = "tcp";
    return 0;
}

int attest_main(int argc, char **argv)
{
    static const struct verb_help help = {
        "usage: aver attest [options]\n\nMakes evidence here, for a key that "
        "is thrown away, and prints the report as JSON.\n",
        NULL, NULL};
    struct attest_options o = {0};
    const struct option table[] = {
        {"tee", "NAME", "auto (default), dstack, tsm, simulator", &o.tee, NULL},
        {"gpu", "NAME",
         "auto (default), required, none, simulator, simulator-ppcie, "
         "simulator-blackwell",
         &o.gpu, NULL},
        {"nonce", "HEX", "64 digits; else one is drawn", &o.nonce, NULL},
        {"signing-algo", "NAME", "ecdsa (default) or ed25519", &o.algo, NULL},
        {"endorsements", NULL,
         "print what a verifier needs beside --tee simulator's reports", NULL,
         &o.endorsements},
        {"dstack-socket", "PATH", "the guest agent's socket",
         &o.config.dstack_socket, NULL},
        {"tsm-path", "PATH", "configfs-tsm's report folder", &o.config.tsm_path,
         NULL},
        {"nvml-library", "PATH", "NVIDIA's management library",
         &o.config.nvml_library, NULL},
        {"nvswitch", "NAME", "auto (default), required, none", &o.nvswitch,
         NULL},
        {"nscq-library", "PATH", "NVIDIA's library for NVSwitches",
         &o.config.nscq_library, NULL},
        {"gpu-timeout", "SECONDS", "for all GPUs together (60)", &o.gpu_timeout,
         NULL},
        {NULL, NULL, NULL, NULL, NULL},
    };
    uint8_t nonce[32];
    struct words words;
    int algo = 0;

    switch (options_parse(table, &help, argc, argv, &words)) {
    case OPTIONS_HELP:
        return EXIT_OK;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
        break;
    }
    if (words.n > 0)
        return usage("attest takes options only: %.60s", words.word[0]);
    if (read_choices(&o, &algo) != 0)
        return EXIT_USAGE;
    if (o.endorsements)
        return endorse(&o);
    aver_random(nonce, sizeof(nonce));
    if (o.nonce != NULL &&
        aver_hex_decode(nonce, sizeof(nonce), aver_bytes_str(o.nonce)) != 0)
        return usage("--nonce: expected 64 hex digits");
    return make(&o.config, (enum attest_algo)algo, nonce);
}
