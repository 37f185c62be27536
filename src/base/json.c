/* SPDX-License-Identifier: Apache-2.0
 *
 * json: a machine that takes RFC 8259 in pieces cut anywhere. Each state has
 * one function; it takes as many bytes as belong to it and says how many. The
 * bulk of real bodies is inside strings, so strings take whole runs at a time.
 *
 *             { -> NAME_OR_END        , -> NAME
 *   VALUE --> [ -> VALUE_OR_END       , -> VALUE        : -> VALUE
 *             " -> STRING <-> ESCAPE -> HEX        (a name ends in COLON)
 *             t f n -> WORD      - 0 1..9 -> MINUS .. EXPONENT
 *   a value ends in AFTER, the top one in DONE; what fits nowhere is BAD.
 *
 * Over 600 lines because it is one machine, read best in one piece. */
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
    assert(n <= 8);
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

static size_t bad(struct aver_json_scan *s)
{
    s->state = BAD;
    return 0;
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

static void value_begins(struct aver_json_scan *s, enum aver_json_type type)
{
    struct aver_json_member *m = wanted(s);

    if (s->depth == 0)
        s->top = (uint8_t)type;
    if (m == NULL)
        return;
    m->type = type;
    m->count++;
    m->start = s->offset;
    m->end = s->offset;
    m->cut = false;
    m->value_len = 0;
}

/* `more`: bytes of the value that the offset does not count yet. */
static void value_ends(struct aver_json_scan *s, size_t more)
{
    struct aver_json_member *m = wanted(s);

    s->state = s->depth == 0 ? DONE : AFTER;
    if (m == NULL)
        return;
    m->end = s->offset + more;
    m->value[m->value_len] = '\0';
    s->current = -1;
}

static bool in_array(const struct aver_json_scan *s)
{
    unsigned i = s->depth - 1u;

    return (s->nest[i / 8] >> i % 8 & 1) != 0;
}

static size_t push(struct aver_json_scan *s, bool array)
{
    if (s->depth >= AVER_JSON_DEPTH_MAX)
        return bad(s);
    value_begins(s, array ? AVER_JSON_ARRAY : AVER_JSON_OBJECT);

    uint8_t bit = (uint8_t)(1u << s->depth % 8);
    if (array)
        s->nest[s->depth / 8] |= bit;
    else
        s->nest[s->depth / 8] &= (uint8_t)~bit;
    s->depth++;
    s->state = array ? VALUE_OR_END : NAME_OR_END;
    return 1;
}

static size_t pop(struct aver_json_scan *s)
{
    s->depth--;
    value_ends(s, 1);
    return 1;
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
        if (strlen(name) == s->name_len &&
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

/* The run of bytes that stand for themselves; state BAD at one that is not
 * UTF-8. ASCII is skipped many bytes at a time, the rest goes one by one. */
static size_t plain_run(struct aver_json_scan *s, const uint8_t *p, size_t n)
{
    struct utf8 u = {s->utf8[0], s->utf8[1], s->utf8[2]};
    size_t i = 0;

    for (;;) {
        if (u.need == 0 && i < n && p[i] < 0x80)
            i += utf8_plain(p + i, n - i);
        if (i == n || (u.need == 0 && p[i] < 0x80))
            break;
        if (!utf8_next(&u, p[i])) {
            s->state = BAD;
            break;
        }
        i++;
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

static void escape(struct aver_json_scan *s, uint8_t c)
{
    uint8_t meaning = escape_meaning(c);

    if (c == 'u') {
        s->state = HEX;
        s->position = 0;
        s->unit = 0;
        return;
    }
    if (meaning == 0) {
        s->state = BAD;
        return;
    }
    high_alone(s);
    keep(s, &meaning, 1);
    s->state = STRING;
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

static void hex(struct aver_json_scan *s, uint8_t c)
{
    uint8_t letter = c | 0x20;
    unsigned digit = c >= '0' && c <= '9'             ? c - '0'
                     : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10
                                                      : 16;
    if (digit > 15) {
        s->state = BAD;
        return;
    }
    s->unit = (uint16_t)(s->unit << 4 | digit);
    if (++s->position == 4)
        unit_ends(s);
}

/* A quote, backslash or control character; `after`: the bytes up to it. */
static void string_special(struct aver_json_scan *s, uint8_t c, size_t after)
{
    if (c == '\\') {
        s->state = ESCAPE;
    } else if (c != '"') {
        s->state = BAD; /* section 7 wants control characters escaped */
    } else {
        high_alone(s);
        if (s->in_name)
            name_ends(s);
        else
            value_ends(s, after);
    }
}

/* From p[i] on; to the end of the string if it is there. */
static size_t string(struct aver_json_scan *s, const uint8_t *p, size_t n,
                     size_t i)
{
    while (i < n && s->state >= STRING && s->state <= HEX) {
        if (s->state == ESCAPE) {
            escape(s, p[i++]);
            continue;
        }
        if (s->state == HEX) {
            hex(s, p[i++]);
            continue;
        }
        size_t run = plain_run(s, p + i, n - i);
        if (run > 0) {
            high_alone(s);
            keep(s, p + i, run);
            i += run;
        }
        if (i < n && s->state == STRING) {
            i++;
            string_special(s, p[i - 1], i);
        }
    }
    return i;
}

/* ---- numbers (section 6) and words ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(const uint8_t *p, size_t n)
{
    size_t i = 0;

    while (i < n && is_digit(p[i]))
        i++;
    return i;
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

/* The state that `c` leads to; BAD where the number ends or cannot go on. */
static uint8_t number_next(uint8_t state, uint8_t c)
{
    bool exponent = c == 'e' || c == 'E';

    switch (state) {
    case MINUS:
        return c == '0' ? ZERO : is_digit(c) ? INTEGER : BAD;
    case ZERO:
        return c == '.' ? POINT : exponent ? EXPONENT : BAD;
    case INTEGER:
        return is_digit(c) ? INTEGER : number_next(ZERO, c);
    case POINT:
        return is_digit(c) ? FRACTION : BAD;
    case FRACTION:
        return is_digit(c) ? FRACTION : exponent ? EXPONENT : BAD;
    case EXPONENT:
        return c == '+' || c == '-' ? EXPONENT_SIGN
               : is_digit(c)        ? EXPONENT_DIGITS
                                    : BAD;
    default: /* EXPONENT_SIGN, EXPONENT_DIGITS */
        return is_digit(c) ? EXPONENT_DIGITS : BAD;
    }
}

/* From p[i] on; to the end of the number if it is there. */
static size_t number(struct aver_json_scan *s, const uint8_t *p, size_t n,
                     size_t i)
{
    uint8_t state = s->state;

    while (i < n) {
        uint8_t next = number_next(state, p[i]);
        if (next == BAD)
            break;
        state = next;
        i++;
        if (number_in_digits(state))
            i += digits(p + i, n - i);
    }
    s->state = state;
    if (i == n)
        return n;
    if (number_complete(state))
        value_ends(s, i);
    else
        s->state = BAD;
    return i;
}

static size_t word(struct aver_json_scan *s, uint8_t c)
{
    if (c != (uint8_t)s->literal[s->position])
        return bad(s);
    if (s->literal[++s->position] == '\0')
        value_ends(s, 1);
    return 1;
}

static size_t word_begins(struct aver_json_scan *s, const char *literal,
                          enum aver_json_type type)
{
    value_begins(s, type);
    s->literal = literal;
    s->position = 1;
    s->state = WORD;
    return 1;
}

/* ---- between values ---- */

static size_t value(struct aver_json_scan *s, const uint8_t *p, size_t n)
{
    switch (*p) {
    case '{':
        return push(s, false);
    case '[':
        return push(s, true);
    case ']':
        return s->state == VALUE_OR_END ? pop(s) : bad(s);
    case '"':
        value_begins(s, AVER_JSON_STRING);
        string_begins(s, false);
        return string(s, p, n, 1);
    case 't':
        return word_begins(s, "true", AVER_JSON_TRUE);
    case 'f':
        return word_begins(s, "false", AVER_JSON_FALSE);
    case 'n':
        return word_begins(s, "null", AVER_JSON_NULL);
    default:
        if (*p != '-' && !is_digit(*p))
            return bad(s);
        value_begins(s, AVER_JSON_NUMBER);
        s->state = *p == '-' ? MINUS : number_next(MINUS, *p);
        return number(s, p, n, 1);
    }
}

static size_t name(struct aver_json_scan *s, const uint8_t *p, size_t n)
{
    if (*p == '}' && s->state == NAME_OR_END)
        return pop(s);
    if (*p != '"')
        return bad(s);
    string_begins(s, true);
    return string(s, p, n, 1);
}

static size_t after(struct aver_json_scan *s, uint8_t c)
{
    bool array = in_array(s);

    if (c == ',') {
        s->state = array ? VALUE : NAME;
        return 1;
    }
    return c == (array ? ']' : '}') ? pop(s) : bad(s);
}

static size_t colon(struct aver_json_scan *s, uint8_t c)
{
    if (c != ':')
        return bad(s);
    s->state = VALUE;
    return 1;
}

static size_t white_space(const uint8_t *p, size_t n)
{
    size_t i = 0;

    while (i < n &&
           (p[i] == ' ' || p[i] == '\n' || p[i] == '\r' || p[i] == '\t'))
        i++;
    return i;
}

/* Between values: white space, then one byte that decides. */
static size_t structure(struct aver_json_scan *s, const uint8_t *p, size_t n)
{
    if (*p <= ' ') {
        size_t space = white_space(p, n);
        return space > 0 ? space : bad(s);
    }
    switch (s->state) {
    case VALUE:
    case VALUE_OR_END:
        return value(s, p, n);
    case NAME:
    case NAME_OR_END:
        return name(s, p, n);
    case COLON:
        return colon(s, *p);
    case AFTER:
        return after(s, *p);
    default: /* DONE */
        return bad(s);
    }
}

static size_t step(struct aver_json_scan *s, const uint8_t *p, size_t n)
{
    if (s->state < STRING)
        return structure(s, p, n);
    if (s->state <= HEX)
        return string(s, p, n, 0);
    if (s->state == WORD)
        return word(s, *p);
    if (s->state <= EXPONENT_DIGITS)
        return number(s, p, n, 0);
    return structure(s, p, n); /* DONE */
}

bool aver_json_scan_feed(struct aver_json_scan *s, struct aver_bytes in)
{
    while (in.n > 0 && s->state != BAD) {
        size_t taken = step(s, in.p, in.n);
        s->offset += taken;
        in.p += taken;
        in.n -= taken;
    }
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

/* ---- trees ---- */

/* jansson's own sentences quote the text; these do not. */
static const char *reason(enum json_error_code code)
{
    switch (code) {
    case json_error_stack_overflow:
        return "it is nested too deep";
    case json_error_invalid_utf8:
        return "it is not UTF-8";
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "something follows its end";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a string holds a NUL";
    case json_error_duplicate_key:
        return "a name stands twice in one object";
    case json_error_numeric_overflow:
        return "a number is too large";
    default:
        return "its grammar is wrong";
    }
}

json_t *aver_json_parse(struct aver_bytes text, struct aver_error *err)
{
    json_error_t e;
    const char *p = text.n > 0 ? (const char *)text.p : "";
    json_t *tree = NULL;

    /* jansson 2.14 drops a NUL that follows a number. */
    if (memchr(p, '\0', text.n) != NULL) {
        aver_fail(err, AVER_EFORMAT, "not JSON: a NUL byte");
        return NULL;
    }
    tree = json_loadb(p, text.n, JSON_REJECT_DUPLICATES, &e);
    if (tree != NULL)
        return tree;
    if (json_error_code(&e) == json_error_out_of_memory)
        aver_fail(err, AVER_EMEM, "out of memory reading JSON");
    else
        aver_fail(err, AVER_EFORMAT, "not JSON: %s (line %d, column %d)",
                  reason(json_error_code(&e)), e.line, e.column);
    return NULL;
}
