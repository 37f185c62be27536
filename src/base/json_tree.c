/* SPDX-License-Identifier: Apache-2.0
 *
 * json_tree: jansson with the flags of base/json.h, and sentences that say
 * what is wrong without quoting the text. */
#include "base/json.h"

#include <string.h>

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
