/* SPDX-License-Identifier: Apache-2.0
 *
 * fields: see fields.h. */
#include "verify/fields.h"

#include "base/text.h"
#include "base/time.h"

void aver_fields_init(struct aver_fields *f, const json_t *object,
                      const char *where, bool *failed, struct aver_error *err)
{
    *failed = false;
    *f = (struct aver_fields){object, where, failed, err};
}

void aver_fields_fault(const struct aver_fields *f, const char *name,
                       const char *what)
{
    if (!*f->failed)
        aver_fail(f->err, AVER_EFORMAT, "%s.%s %s", f->where, name, what);
    *f->failed = true;
}

static const json_t *get(const struct aver_fields *f, const char *name)
{
    return json_object_get(f->object, name);
}

struct aver_fields aver_fields_object(const struct aver_fields *f,
                                      const char *name)
{
    const json_t *v = get(f, name);

    if (!json_is_object(v)) {
        aver_fields_fault(f, name, "is not an object");
        v = NULL;
    }
    return (struct aver_fields){v, name, f->failed, f->err};
}

struct aver_fields aver_fields_element(const struct aver_fields *f,
                                       const json_t *array, size_t i,
                                       const char *where)
{
    const json_t *v = json_array_get(array, i);

    if (!json_is_object(v)) {
        aver_fields_fault(f, where, "holds what is not an object");
        v = NULL;
    }
    return (struct aver_fields){v, where, f->failed, f->err};
}

const json_t *aver_fields_array(const struct aver_fields *f, const char *name,
                                size_t max, bool optional)
{
    const json_t *v = get(f, name);

    if (v == NULL && optional)
        return NULL;
    if (!json_is_array(v) || json_array_size(v) > max) {
        aver_fields_fault(f, name, "is not an array, or too long a one");
        return NULL;
    }
    return v;
}

const char *aver_fields_text(const struct aver_fields *f, const char *name)
{
    const char *text = json_string_value(get(f, name));

    if (text == NULL)
        aver_fields_fault(f, name, "is not a string");
    return text != NULL ? text : "";
}

void aver_fields_hex(const struct aver_fields *f, const char *name,
                     uint8_t *out, size_t n)
{
    const json_t *v = get(f, name);
    struct aver_bytes text =
        aver_bytes_of(json_string_value(v), json_string_length(v));

    if (aver_hex_decode(out, n, text) != 0)
        aver_fields_fault(f, name, "is not hex of its length");
}

uint64_t aver_fields_number(const struct aver_fields *f, const char *name,
                            uint64_t max)
{
    const json_t *v = get(f, name);
    json_int_t i = json_integer_value(v);

    if (!json_is_integer(v) || i < 0 || (uint64_t)i > max) {
        aver_fields_fault(f, name, "is not a whole number in its range");
        return 0;
    }
    return (uint64_t)i;
}

int64_t aver_fields_date(const struct aver_fields *f, const char *name)
{
    const json_t *v = get(f, name);
    struct aver_bytes text =
        aver_bytes_of(json_string_value(v), json_string_length(v));
    int64_t at = 0;

    if (aver_time_parse(&at, text) != 0)
        aver_fields_fault(f, name, "is not a date YYYY-MM-DDThh:mm:ssZ");
    return at;
}
