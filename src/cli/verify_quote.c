/* SPDX-License-Identifier: Apache-2.0
 *
 * verify_quote: judges the quote of a CPU, with all that vouches for it. Whose
 * key the quote binds is for the one who asks: --expect report-data. */
#include "cli/cli.h"
#include "cli/judge.h"
#include "cli/print.h"
#include "cli/quote_file.h"
#include "verify/registers.h"

#include <stdlib.h>

static int judge(struct judge *j, struct aver_bytes quote, const char *source,
                 const struct judge_options *o)
{
    static struct aver_verdict v;
    struct aver_registers registers = {0};
    struct aver_cpu *cpu = aver_cpu_new(quote, j->e, j->policy.at);
    struct aver_subject s = {.policy = &j->policy, .cpu = cpu};
    struct outcome outcome = {&v, &s, source, j->policy.at};
    int rc;

    if (cpu == NULL)
        abort(); /* out of memory */
    if (cpu->quote_fault[0] == '\0') {
        aver_registers_of(&registers, &cpu->quote);
        s.registers = &registers;
    }
    aver_judge(&v, &s);
    rc = print_outcome(&outcome, o->json, o->quiet);
    aver_cpu_free(cpu);
    return rc;
}

int verify_quote_main(int argc, char **argv)
{
    static const struct verb_help help = {
        "usage: aver verify quote FILE|- [options]\n\nFILE: a quote of a TDX "
        "machine or an SGX enclave: raw, hex, base64, or the JSON of a\nguest "
        "agent.\n",
        judge_later,
        "Whose key or nonce the quote binds is not asked here: --expect "
        "report-data=HEX.\n"};
    struct judge_options o = {0};
    const struct option table[] = {JUDGE_CPU(o),
                                   JUDGE_JSON(o),
                                   JUDGE_QUIET(o),
                                   {NULL, NULL, NULL, NULL, NULL}};
    struct aver_buf quote;
    struct aver_error err;
    struct judge j;
    struct words words;
    int rc;

    switch (options_parse(table, &help, argc, argv, &words)) {
    case OPTIONS_HELP:
        return EXIT_OK;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
        break;
    }
    if (words.n != 1)
        return usage("verify quote wants one FILE, or - for stdin");
    aver_buf_init(&quote, QUOTE_FILE_MAX);
    rc = judge_open(&j, &o);
    if (rc == 0 && j.policy.nscopes > 0)
        rc = usage("verify quote: a quote has no scopes: --expect NAME=HEX");
    else if (rc == 0 && j.policy.require != 0)
        rc = usage("verify quote: a quote says nothing of GPUs: --require rim, "
                   "revocation and topology are for verify gpu and reports");
    else if (rc == 0 && quote_file_read(&quote, words.word[0], &err) != 0)
        rc = print_failure(err.text, o.json);
    else if (rc == 0)
        rc = judge(&j, aver_buf_view(&quote), words.word[0], &o);
    aver_buf_clear(&quote);
    judge_close(&j);
    return rc;
}
