/* SPDX-License-Identifier: Apache-2.0
 *
 * json: a machine that takes RFC 8259 in pieces cut anywhere. Each state has
 * one function, which reads in.p[i], goes on as far as it can and gives back
 * the place where it stopped. The bulk of real bodies is inside strings, so
 * strings take whole runs at a time.
 *
 *             { -> NAME_OR_END        , -> NAME
 *   VALUE --> [ -> VALUE_OR_END       , -> VALUE        : -> VALUE
 *             " -> STRING <-> ESCAPE -> HEX        (a name ends in COLON)
 *             t f n -> WORD      - 0 1..9 -> MINUS .. EXPONENT
 *   a value ends in AFTER, the top one in DONE; what fits nowhere is BAD. */
#include "base/json.h"
#include "base/utf8.h"

#include <assert.h>

enum {
    VALUE,
    VALUE_OR_END,
    NAME,
    NAME_OR_END,
    COLON,
    AFTER,
    STRING,
    ESCAPE,
    HEX,
    WORD,
    MINUS, /* a digit must come */
    ZERO,  /* no digit may come */
    INTEGER,
    POINT, /* a digit must come */
    FRACTION,
    EXPONENT, /* sign or digit must come */
    EXPONENT_SIGN,
    EXPONENT_DIGITS,
    DONE,
    BAD,
};

/* name_len of a name that can match nothing. */
#define NO_MATCH 255

void aver_json_scan_init(struct aver_json_scan *s,
                         struct aver_json_member *members, unsigned n)
{
    assert(n <= AVER_JSON_MEMBERS_MAX);
    memset(s, 0, sizeof(*s));
    s->members = members;
    s->nmembers = (uint8_t)n;
    s->current = -1;
    s->state = VALUE;
    for (unsigned i = 0; i < n; i++) {
        assert(strlen(members[i].name) <= sizeof(s->name));
        members[i] = (struct aver_json_member){.name = members[i].name};
    }
}

enum aver_json_type aver_json_scan_top(const struct aver_json_scan *s)
{
    return s->top;
}

static size_t bad(struct aver_json_scan *s, size_t i)
{
    s->state = BAD;
    return i;
}

/* ---- values: where they begin and end, what is kept of them ---- */

static bool at_top_object(const struct aver_json_scan *s)
{
    return s->depth == 1 && s->top == AVER_JSON_OBJECT;
}

static struct aver_json_member *wanted(const struct aver_json_scan *s)
{
    return s->depth == 1 && s->current >= 0 ? &s->members[s->current] : NULL;
}

static void value_begins(struct aver_json_scan *s, enum aver_json_type type,
                         size_t i)
{
    struct aver_json_member *m = wanted(s);

    if (s->depth == 0)
        s->top = (uint8_t)type;
    if (m == NULL)
        return;
    m->type = type;
    m->count++;
    m->start = s->offset + i;
    m->end = m->start;
    m->cut = false;
    m->value_len = 0;
}

/* Before in.p[i]. */
static size_t value_ends(struct aver_json_scan *s, size_t i)
{
    struct aver_json_member *m = wanted(s);

    s->state = s->depth == 0 ? DONE : AFTER;
    if (m == NULL)
        return i;
    m->end = s->offset + i;
    m->value[m->value_len] = '\0';
    s->current = -1;
    return i;
}

static bool in_array(const struct aver_json_scan *s)
{
    unsigned i = s->depth - 1u;

    return (s->nest[i / 8] >> i % 8 & 1) != 0;
}

static size_t push(struct aver_json_scan *s, bool array, size_t i)
{
    if (s->depth >= AVER_JSON_DEPTH_MAX)
        return bad(s, i);
    value_begins(s, array ? AVER_JSON_ARRAY : AVER_JSON_OBJECT, i);

    uint8_t bit = (uint8_t)(1u << s->depth % 8);
    if (array)
        s->nest[s->depth / 8] |= bit;
    else
        s->nest[s->depth / 8] &= (uint8_t)~bit;
    s->depth++;
    s->state = array ? VALUE_OR_END : NAME_OR_END;
    return i + 1;
}

static size_t pop(struct aver_json_scan *s, size_t i)
{
    s->depth--;
    return value_ends(s, i + 1);
}

/* ---- strings ---- */

static void string_begins(struct aver_json_scan *s, bool name)
{
    s->in_name = name;
    s->name_len = 0;
    s->high = 0;
    memset(s->utf8, 0, sizeof(s->utf8));
    s->state = STRING;
}

/* The string under way cannot be given: too long, or not to be encoded. */
static void keep_none(struct aver_json_scan *s)
{
    struct aver_json_member *m = wanted(s);

    if (s->in_name) {
        s->name_len = NO_MATCH;
    } else if (m != NULL) {
        m->cut = true;
        m->value_len = 0;
    }
}

static void keep_in_name(struct aver_json_scan *s, const uint8_t *p, size_t n)
{
    if (s->name_len == NO_MATCH)
        return;
    if (n > sizeof(s->name) - s->name_len) {
        keep_none(s);
        return;
    }
    memcpy(s->name + s->name_len, p, n);
    s->name_len = (uint8_t)(s->name_len + n);
}

static void keep(struct aver_json_scan *s, const uint8_t *p, size_t n)
{
    struct aver_json_member *m = wanted(s);

    if (s->in_name) {
        if (at_top_object(s))
            keep_in_name(s, p, n);
        return;
    }
    if (m == NULL || m->cut)
        return;
    if (n > AVER_JSON_VALUE_MAX - (size_t)m->value_len) {
        keep_none(s);
        return;
    }
    memcpy(m->value + m->value_len, p, n);
    m->value_len = (uint16_t)(m->value_len + n);
}

static void name_ends(struct aver_json_scan *s)
{
    s->state = COLON;
    if (!at_top_object(s))
        return;
    s->current = -1;
    for (int i = 0; i < s->nmembers; i++) {
        const char *name = s->members[i].name;
        if (name[0] == s->name[0] && strlen(name) == s->name_len &&
            memcmp(name, s->name, s->name_len) == 0) {
            s->current = (int8_t)i;
            return;
        }
    }
}

/* A first half of a surrogate pair stands alone unless the second follows. */
static void high_alone(struct aver_json_scan *s)
{
    if (s->high == 0)
        return;
    s->high = 0;
    keep_none(s);
}

/* Past the bytes that stand for themselves; state BAD at one that is not
 * UTF-8. ASCII is skipped many bytes at a time, the rest goes one by one. */
static size_t plain_run(struct aver_json_scan *s, struct aver_bytes in,
                        size_t i)
{
    struct utf8 u = {s->utf8[0], s->utf8[1], s->utf8[2]};

    for (; i < in.n; i++) {
        if (u.need == 0 && in.p[i] < 0x80) {
            i += utf8_plain(in.p + i, in.n - i);
            if (i == in.n || in.p[i] < 0x80)
                break;
        }
        if (!utf8_next(&u, in.p[i])) {
            s->state = BAD;
            break;
        }
    }
    s->utf8[0] = u.need;
    s->utf8[1] = u.lo;
    s->utf8[2] = u.hi;
    return i;
}

/* What the letter after a backslash stands for, 0 if it may not be there. */
static uint8_t escape_meaning(uint8_t c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
        return c;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return 0;
    }
}

static size_t escape(struct aver_json_scan *s, struct aver_bytes in, size_t i)
{
    uint8_t meaning = escape_meaning(in.p[i]);

    if (in.p[i] == 'u') {
        s->state = HEX;
        s->position = 0;
        s->unit = 0;
        return i + 1;
    }
    if (meaning == 0)
        return bad(s, i);
    high_alone(s);
    keep(s, &meaning, 1);
    s->state = STRING;
    return i + 1;
}

static void keep_codepoint(struct aver_json_scan *s, uint32_t c)
{
    uint8_t out[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)(lead[n] | c);
    keep(s, out, n);
}

/* RFC 8259 section 7: beyond U+FFFF as a UTF-16 surrogate pair. */
static void unit_ends(struct aver_json_scan *s)
{
    uint16_t unit = s->unit;

    s->state = STRING;
    if (unit >= 0xdc00 && unit <= 0xdfff && s->high != 0) {
        uint32_t high = s->high;
        s->high = 0;
        keep_codepoint(s, 0x10000 + ((high - 0xd800) << 10) + unit - 0xdc00);
        return;
    }
    high_alone(s);
    if (unit >= 0xd800 && unit <= 0xdbff)
        s->high = unit;
    else if (unit >= 0xdc00 && unit <= 0xdfff)
        keep_none(s);
    else
        keep_codepoint(s, unit);
}

static size_t hex(struct aver_json_scan *s, struct aver_bytes in, size_t i)
{
    unsigned unit = s->unit, position = s->position;

    for (; i < in.n && position < 4; i++, position++) {
        uint8_t c = in.p[i], letter = c | 0x20;
        unsigned digit = c >= '0' && c <= '9'             ? c - '0'
                         : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10
                                                          : 16;
        if (digit > 15)
            return bad(s, i);
        unit = unit << 4 | digit;
    }
    s->unit = (uint16_t)unit;
    s->position = (uint8_t)position;
    if (position == 4)
        unit_ends(s);
    return i;
}

/* At a quote, a backslash or a control character. */
static size_t string_special(struct aver_json_scan *s, struct aver_bytes in,
                             size_t i)
{
    if (in.p[i] == '\\') {
        s->state = ESCAPE;
        return i + 1 < in.n ? escape(s, in, i + 1) : i + 1;
    }
    if (in.p[i] != '"')
        return bad(s, i); /* section 7 wants control characters escaped */
    high_alone(s);
    if (!s->in_name)
        return value_ends(s, i + 1);
    name_ends(s);
    return i + 1;
}

static size_t string(struct aver_json_scan *s, struct aver_bytes in, size_t i)
{
    while (i < in.n && s->state == STRING) {
        size_t end = plain_run(s, in, i);
        if (end > i) {
            high_alone(s);
            keep(s, in.p + i, end - i);
        }
        i = end;
        if (i < in.n && s->state == STRING)
            i = string_special(s, in, i);
    }
    return i;
}

/* ---- numbers (section 6) and words ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* In these a further digit changes nothing. */
static bool number_in_digits(uint8_t state)
{
    return state == INTEGER || state == FRACTION || state == EXPONENT_DIGITS;
}

static bool number_complete(uint8_t state)
{
    return state == ZERO || number_in_digits(state);
}

/* The state that `c`, no further digit, leads to; BAD where the number ends or
 * cannot go on. */
static uint8_t number_next(uint8_t state, uint8_t c)
{
    bool exponent = c == 'e' || c == 'E';

    switch (state) {
    case MINUS:
        return c == '0' ? ZERO : is_digit(c) ? INTEGER : BAD;
    case ZERO:
    case INTEGER:
        return c == '.' ? POINT : exponent ? EXPONENT : BAD;
    case POINT:
        return is_digit(c) ? FRACTION : BAD;
    case FRACTION:
        return exponent ? EXPONENT : BAD;
    case EXPONENT:
        if (c == '+' || c == '-')
            return EXPONENT_SIGN;
        return is_digit(c) ? EXPONENT_DIGITS : BAD;
    case EXPONENT_SIGN:
        return is_digit(c) ? EXPONENT_DIGITS : BAD;
    default: /* EXPONENT_DIGITS */
        return BAD;
    }
}

static size_t number(struct aver_json_scan *s, struct aver_bytes in, size_t i)
{
    uint8_t state = s->state;

    while (i < in.n) {
        while (number_in_digits(state) && i < in.n && is_digit(in.p[i]))
            i++;
        uint8_t next = i < in.n ? number_next(state, in.p[i]) : BAD;
        if (next == BAD)
            break;
        state = next;
        i++;
    }
    s->state = state;
    if (i == in.n)
        return i;
    return number_complete(state) ? value_ends(s, i) : bad(s, i);
}

static size_t word(struct aver_json_scan *s, struct aver_bytes in, size_t i)
{
    for (; i < in.n; i++) {
        if (in.p[i] != (uint8_t)s->literal[s->position])
            return bad(s, i);
        if (s->literal[++s->position] == '\0')
            return value_ends(s, i + 1);
    }
    return i;
}

static size_t word_begins(struct aver_json_scan *s, const char *literal,
                          enum aver_json_type type, size_t i)
{
    value_begins(s, type, i);
    s->literal = literal;
    s->position = 1;
    s->state = WORD;
    return i + 1;
}

/* ---- between values ---- */

static size_t value(struct aver_json_scan *s, struct aver_bytes in, size_t i)
{
    uint8_t c = in.p[i];

    switch (c) {
    case '{':
        return push(s, false, i);
    case '[':
        return push(s, true, i);
    case ']':
        return s->state == VALUE_OR_END ? pop(s, i) : bad(s, i);
    case '"':
        value_begins(s, AVER_JSON_STRING, i);
        string_begins(s, false);
        return string(s, in, i + 1);
    case 't':
        return word_begins(s, "true", AVER_JSON_TRUE, i);
    case 'f':
        return word_begins(s, "false", AVER_JSON_FALSE, i);
    case 'n':
        return word_begins(s, "null", AVER_JSON_NULL, i);
    default:
        if (c != '-' && !is_digit(c))
            return bad(s, i);
        value_begins(s, AVER_JSON_NUMBER, i);
        s->state = c == '-' ? MINUS : c == '0' ? ZERO : INTEGER;
        return number(s, in, i + 1);
    }
}

static size_t name(struct aver_json_scan *s, struct aver_bytes in, size_t i)
{
    if (in.p[i] == '}' && s->state == NAME_OR_END)
        return pop(s, i);
    if (in.p[i] != '"')
        return bad(s, i);
    string_begins(s, true);
    return string(s, in, i + 1);
}

static size_t after(struct aver_json_scan *s, struct aver_bytes in, size_t i)
{
    bool array = in_array(s);

    if (in.p[i] == ',') {
        s->state = array ? VALUE : NAME;
        return i + 1;
    }
    return in.p[i] == (array ? ']' : '}') ? pop(s, i) : bad(s, i);
}

static size_t colon(struct aver_json_scan *s, struct aver_bytes in, size_t i)
{
    if (in.p[i] != ':')
        return bad(s, i);
    s->state = VALUE;
    return i + 1;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Between values: white space, then one byte that decides. */
static size_t structure(struct aver_json_scan *s, struct aver_bytes in,
                        size_t i)
{
    while (i < in.n && is_space(in.p[i]))
        i++;
    if (i == in.n)
        return i;
    switch (s->state) {
    case VALUE:
    case VALUE_OR_END:
        return value(s, in, i);
    case NAME:
    case NAME_OR_END:
        return name(s, in, i);
    case COLON:
        return colon(s, in, i);
    case AFTER:
        return after(s, in, i);
    default: /* DONE */
        return bad(s, i);
    }
}

static size_t step(struct aver_json_scan *s, struct aver_bytes in, size_t i)
{
    switch (s->state) {
    case STRING:
        return string(s, in, i);
    case ESCAPE:
        return escape(s, in, i);
    case HEX:
        return hex(s, in, i);
    case WORD:
        return word(s, in, i);
    default:
        return s->state >= MINUS && s->state <= EXPONENT_DIGITS
                   ? number(s, in, i)
                   : structure(s, in, i);
    }
}

bool aver_json_scan_feed(struct aver_json_scan *s, struct aver_bytes in)
{
    size_t i = 0;

    while (i < in.n && s->state != BAD)
        i = step(s, in, i);
    s->offset += i;
    return s->state != BAD;
}

bool aver_json_scan_end(struct aver_json_scan *s)
{
    if (s->depth == 0 && number_complete(s->state))
        s->state = DONE;
    if (s->state != DONE)
        s->state = BAD;
    return s->state == DONE;
}
