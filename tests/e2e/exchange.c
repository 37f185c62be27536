/* SPDX-License-Identifier: Apache-2.0
 *
 * exchange: a program of somebody else's, which knows aver.h alone: judges a
 * report, and a receipt by the report's key.
 *
 *   exchange AT NONCE REQUEST-SHA256 RESPONSE-SHA256 REPORT RECEIPT
 *            ENDORSEMENTS CPU-ROOT GPU-ROOT
 *
 * Hex for the three in the middle, files for the rest. Prints both words, the
 * signer, and what is behind a no. */
#include <aver.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    char *p;
    size_t n;
};

static struct file read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct file out = {malloc(1 << 24), 0};

    if (f == NULL || out.p == NULL)
        exit(9);
    out.n = fread(out.p, 1, 1 << 24, f);
    fclose(f);
    return out;
}

static void read_hex(uint8_t out[32], const char *hex)
{
    for (int i = 0; i < 32; i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        out[i] = (uint8_t)strtoul(two, NULL, 16);
    }
}

static void tell(const char *what, const struct aver_judgement *j)
{
    const struct aver_finding *why = aver_judgement_reason(j);

    printf("%s %s%s\n", what, aver_word_name(aver_judgement_word(j)),
           aver_judgement_simulated(j) ? " (SIMULATED)" : "");
    if (why != NULL)
        printf("%s: %s: %s\n", why->scope, why->id, why->detail);
}

int main(int argc, char **argv)
{
    struct aver_judgement *report = NULL, *receipt = NULL;
    struct aver_endorsements *set = aver_endorsements_new();
    struct aver_error err = {AVER_OK, ""};
    uint8_t nonce[32], request[32], response[32];
    struct file f[6];

    if (argc != 11)
        return 9;
    struct aver_policy *policy = aver_policy_new(atoll(argv[1]));
    read_hex(nonce, argv[2]);
    read_hex(request, argv[3]);
    read_hex(response, argv[4]);
    for (int i = 0; i < 6; i++)
        f[i] = read_file(argv[5 + i]);
    aver_policy_set_nonce(policy, nonce);
    aver_policy_set_gpu_count(policy, 0);
    if (aver_policy_trust_simulator_insecure(policy, f[3].p, f[3].n, f[4].p,
                                             f[4].n, f[5].p, f[5].n,
                                             &err) == 0 &&
        aver_endorsements_read(set, f[2].p, f[2].n, &err) == 0 &&
        aver_judge_report(policy, set, &report, f[0].p, f[0].n, &err) == 0 &&
        aver_judge_receipt_of_report(policy, report, &receipt, f[1].p, f[1].n,
                                     request, response, &err) == 0) {
        tell("report", report);
        tell("receipt", receipt);
        printf("signer %s\n", aver_judgement_field(receipt, 0, "signer"));
    }
    if (err.code != AVER_OK)
        printf("could not judge: %s\n", err.text);
    int rc = aver_judgement_word(receipt) == AVER_VERIFIED ? 0 : 1;
    aver_judgement_free(receipt);
    aver_judgement_free(report);
    aver_endorsements_free(set);
    aver_policy_free(policy);
    for (int i = 0; i < 6; i++)
        free(f[i].p);
    return rc;
}
