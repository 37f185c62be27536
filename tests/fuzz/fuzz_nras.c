/* SPDX-License-Identifier: Apache-2.0
 *
 * Every input as an answer of NVIDIA's service, as a set of its keys, and as
 * the claims and header in the tokens of an answer, which base64url would hide
 * from the fuzzer. Texts of what is read end where they must, are printable,
 * and what is said to be signed is the text up to its last dot. */
#include "base/text.h"
#include "verify/nras.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_printable(const char *text, size_t size)
{
    size_t n = strnlen(text, size);

    assert(n < size);
    for (size_t i = 0; i < n; i++)
        assert(text[i] >= 0x20 && text[i] < 0x7f);
}

#define PRINTABLE(field) is_printable(field, sizeof(field))

static void check_token(const struct aver_nras_token *t)
{
    const struct aver_jwt *j = &t->jwt;

    PRINTABLE(j->alg);
    PRINTABLE(j->kid);
    PRINTABLE(t->issuer);
    assert(j->signed_n < j->text.n && j->text.p[j->signed_n] == '.');
    assert(memchr(j->text.p + j->signed_n + 1, '.',
                  j->text.n - j->signed_n - 1) == NULL);
}

static void check_answer(struct aver_bytes in)
{
    struct aver_nras *r = aver_nras_parse(in);

    assert(r != NULL && r->n <= AVER_NRAS_GPUS_MAX);
    is_printable(r->fault, sizeof(r->fault));
    if (r->fault[0] == '\0')
        check_token(&r->overall);
    for (unsigned i = 0; i < r->n; i++) {
        const struct aver_nras_gpu *g = &r->gpu[i];

        PRINTABLE(g->name);
        assert(g->name[0] != '\0' && (g->came || g->listed));
        if (r->fault[0] == '\0' && g->came)
            check_token(&g->token);
        PRINTABLE(g->measres);
        PRINTABLE(g->dbgstat);
        PRINTABLE(g->hwmodel);
        PRINTABLE(g->driver);
        PRINTABLE(g->vbios);
        PRINTABLE(g->ueid);
        PRINTABLE(g->error);
        for (unsigned k = 0; k < i; k++)
            assert(strcmp(r->gpu[k].name, g->name) != 0);
    }
    aver_nras_free(r);
}

static void check_keys(struct aver_bytes in)
{
    static struct aver_jwks set;
    struct aver_error err;

    if (aver_jwks_parse(&set, in, &err) != 0)
        return;
    assert(set.n <= AVER_JWKS_KEYS_MAX);
    for (unsigned i = 0; i < set.n; i++) {
        unsigned n = 0;
        const struct aver_jwk *k = aver_jwks_find(&set, set.key[i].kid, &n);

        PRINTABLE(set.key[i].kid);
        assert(set.key[i].kid[0] != '\0');
        assert(n == 1 ? k == &set.key[i] : n > 1 && k == NULL);
        assert(set.key[i].fault[0] != '\0' || set.key[i].point[0] == 4);
    }
}

static void append_base64url(struct aver_buf *out, struct aver_bytes in)
{
    size_t at = out->n;

    assert(aver_base64_encode_buf(out, in) == 0);
    for (size_t i = at; i < out->n; i++)
        out->p[i] = (uint8_t)(out->p[i] == '+'   ? '-'
                              : out->p[i] == '/' ? '_'
                                                 : out->p[i]);
    while (out->n > at && out->p[out->n - 1] == '=')
        out->n--;
}

/* The input as the claims of both kinds of token, and as their header. */
static void check_inside(struct aver_bytes in)
{
    struct aver_buf out, part;

    aver_buf_init(&part, AVER_NRAS_MAX);
    aver_buf_init(&out, AVER_NRAS_MAX);
    append_base64url(&part, in);
    assert(aver_buf_printf(&out,
                           "[[\"JWT\",\"e30.%.*s.\"],{\"GPU-0\":\"e30.%.*s."
                           "\",\"GPU-1\":\"%.*s.e30.\"}]",
                           (int)part.n, part.p, (int)part.n, part.p,
                           (int)part.n, part.p) == 0);
    check_answer(aver_buf_view(&out));
    aver_buf_clear(&part);
    aver_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_bytes in = aver_bytes_of(data, size);

    check_answer(in);
    check_keys(in);
    if (size > 0 && size < 4096)
        check_inside(in);
    return 0;
}
