/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole reports: whatever the bytes are, they are taken apart into scopes of
 * different names or said to be none, the rows run over each, and no made-up
 * report is ever VERIFIED. */
#include "verify/rows.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nobody vouches for anything. */
static struct aver_endorsements *none;

static void check_names(const struct aver_scopes *s)
{
    assert(s->n > 0 && s->n <= AVER_SCOPES_MAX);
    for (unsigned i = 0; i < s->n; i++)
        for (unsigned k = 0; k < i; k++)
            assert(strcmp(s->scope[i].name, s->scope[k].name) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct aver_verdict v[AVER_SCOPES_MAX];
    struct aver_policy p = {.has_nonce = true,
                            .has_key = true,
                            .has_spki = true,
                            .expect.of[AVER_EXPECT_REPORT_DATA].set = true,
                            .trust = AVER_TRUST_SIMULATOR};
    struct aver_error err;
    struct aver_scopes *s = aver_scopes_parse(aver_bytes_of(data, size), &err);
    struct aver_subject all = {.policy = &p, .scopes = s};

    if (s == NULL)
        return 0;
    check_names(s);
    if (none == NULL)
        none = aver_endorsements_new();
    assert(none != NULL && aver_scopes_gather(s, none, 0, &err) == 0);
    (void)aver_scopes_signer(s);
    for (int i = 0; i < 2; i++) {
        enum aver_word word = aver_judge_all(v, &all);

        assert(word != AVER_VERIFIED);
        for (unsigned k = 0; k < s->n; k++)
            assert(v[k].word != AVER_REFUSED || word == AVER_REFUSED);
        p = (struct aver_policy){0};
    }
    aver_scopes_free(s);
    return 0;
}
