/* SPDX-License-Identifier: Apache-2.0
 *
 * answer: text of chat.completion objects and their chunks. What else an
 * engine says (reasoning, tool calls) is hashed and not shown. */
#include "cli/answer.h"

#define EVENT_MAX ((size_t)16 << 20)

static void take_choice(struct answer *a, const json_t *root,
                        const char *member)
{
    const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
    const json_t *text =
        json_object_get(json_object_get(choice, member), "content");
    size_t n = json_string_length(text);

    if (root == NULL || json_object_get(root, "error") != NULL)
        a->faulty = true;
    if (!json_is_string(text) || n == 0)
        return;
    if (aver_buf_append(&a->text, json_string_value(text), n) != 0)
        a->faulty = true;
    a->on_text(a->ctx, json_string_value(text), n);
}

static int on_event(void *ctx, struct aver_bytes data)
{
    struct aver_error err;
    json_t *root = NULL;

    if (aver_bytes_is(data, "[DONE]"))
        return 0;
    root = aver_json_parse(data, &err);
    take_choice(ctx, root, "delta");
    json_decref(root);
    return 0;
}

void answer_init(struct answer *a,
                 void (*on_text)(void *, const char *, size_t), void *ctx)
{
    *a = (struct answer){.on_text = on_text, .ctx = ctx};
    aver_buf_init(&a->text, ANSWER_MAX);
    aver_buf_init(&a->json, ANSWER_MAX);
    sse_reader_init(&a->reader, EVENT_MAX, on_event, a);
}

int answer_feed(struct answer *a, struct aver_bytes piece)
{
    if (a->is_json)
        return aver_buf_append(&a->json, piece.p, piece.n);
    return sse_reader_feed(&a->reader, piece);
}

void answer_end(struct answer *a)
{
    struct aver_error err;
    json_t *root = NULL;

    if (!a->is_json)
        return;
    root = aver_json_parse(aver_buf_view(&a->json), &err);
    take_choice(a, root, "message");
    json_decref(root);
}

void answer_clear(struct answer *a)
{
    aver_buf_wipe(&a->text);
    aver_buf_wipe(&a->json);
    sse_reader_clear(&a->reader);
}

/* Bytes of the control character that `p` begins with, or 0. */
static size_t control(const unsigned char *p, size_t n)
{
    if (p[0] == 0xc2 && n > 1 && p[1] >= 0x80 && p[1] < 0xa0)
        return 2;
    return (p[0] < 0x20 && p[0] != '\n' && p[0] != '\t') || p[0] == 0x7f;
}

void answer_print(FILE *f, bool terminal, const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;

    while (terminal && p < end) {
        size_t skip = control(p, (size_t)(end - p));

        fputc(skip > 0 ? '?' : *p, f);
        p += skip > 0 ? skip : 1;
    }
    fwrite(p, 1, (size_t)(end - p), f);
    fflush(f);
}
