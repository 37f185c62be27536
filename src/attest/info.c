/* SPDX-License-Identifier: Apache-2.0
 *
 * info: opens the JSON texts inside the guest agent's /Info. jansson keeps the
 * order of members and every character of a text. */
#include "attest/info.h"

#include "base/json.h"
#include <string.h>

/* Replaces the text member `name` of `object` by the value that it spells. */
static int open_text(json_t *object, const char *name, json_type wanted,
                     struct aver_error *err)
{
    const json_t *text = json_object_get(object, name);

    /* Empty where the application keeps its measurements to itself. */
    if (!json_is_string(text) || json_string_length(text) == 0)
        return 0;
    json_t *value = aver_json_parse(
        aver_bytes_of(json_string_value(text), json_string_length(text)), err);
    if (!value || json_typeof(value) != wanted) {
        json_decref(value);
        return aver_fail(err, AVER_EFORMAT,
                         "guest agent's %s is not JSON of "
                         "the right kind",
                         name);
    }
    if (json_object_set_new(object, name, value) != 0)
        return aver_fail(err, AVER_EMEM, "out of memory");
    return 0;
}

static int append(const char *p, size_t n, void *out)
{
    return aver_buf_append(out, p, n);
}

int info_write(struct aver_buf *out, struct aver_bytes info,
               struct aver_error *err)
{
    json_t *root = aver_json_parse(info, err);
    int rc = -1;

    if (!json_is_object(root)) {
        aver_fail(err, AVER_EFORMAT, "guest agent's info is not an object");
        goto out;
    }
    if (open_text(root, "tcb_info", JSON_OBJECT, err) != 0)
        goto out;
    json_t *tcb = json_object_get(root, "tcb_info");
    if (json_is_object(tcb) &&
        open_text(tcb, "event_log", JSON_ARRAY, err) != 0)
        goto out;
    if (json_dump_callback(root, append, out, JSON_COMPACT) != 0) {
        aver_fail(err, AVER_ELIMIT, "guest agent's info is too large");
        goto out;
    }
    rc = 0;
out:
    json_decref(root);
    return rc;
}
