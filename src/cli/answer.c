/* SPDX-License-Identifier: Apache-2.0
 *
 * answer: text of chat.completion objects and their chunks. What else an
 * engine says (reasoning, tool calls) is hashed and not shown. */
#include "cli/answer.h"

#include "verify/member.h"

#define EVENT_MAX ((size_t)16 << 20)

/* From an object to the value of one of its members. */
static bool enter(struct aver_bytes *at, const char *name)
{
    struct aver_json_member m = {.name = name};

    if (aver_members(&m, 1, *at, NULL) != 0)
        return false;
    *at = aver_member_source(&m, *at);
    return at->n > 0;
}

static void take_text(struct answer *a, struct aver_bytes message)
{
    struct aver_json_member content = {.name = "content"};
    size_t had = a->text.n;

    if (aver_members(&content, 1, message, NULL) != 0 ||
        content.type != AVER_JSON_STRING)
        return;
    if (aver_member_text(&a->text, &content, message) != 0)
        a->faulty = true;
    if (a->text.n > had)
        a->on_text(a->ctx, (const char *)a->text.p + had, a->text.n - had);
}

/* Walks the source: a tree of it would be many times as large. */
static void take_choice(struct answer *a, struct aver_bytes source,
                        const char *member)
{
    struct aver_json_member m[2] = {{.name = "choices"}, {.name = "error"}};
    struct aver_bytes list, choice;

    if (aver_members(m, 2, source, NULL) != 0) {
        a->faulty = true;
        return;
    }
    if (m[1].type != AVER_JSON_ABSENT && m[1].type != AVER_JSON_NULL)
        a->faulty = true;
    list = aver_member_source(&m[0], source);
    if (m[0].type == AVER_JSON_ARRAY && aver_array_next(&list, &choice) &&
        enter(&choice, member))
        take_text(a, choice);
}

static int on_event(void *ctx, struct aver_bytes data)
{
    if (!aver_bytes_is(data, "[DONE]"))
        take_choice(ctx, data, "delta");
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
    if (a->is_json)
        take_choice(a, aver_buf_view(&a->json), "message");
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
