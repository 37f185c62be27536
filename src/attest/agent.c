/* SPDX-License-Identifier: Apache-2.0
 *
 * agent: the guest agent's JSON, current and legacy form. Bytes are hex; the
 * event log and vm_config are texts that hold JSON. */
#include "attest/agent.h"

#include "attest/info.h"
#include "base/json.h"
#include "base/text.h"
#include <string.h>

static struct aver_bytes text_of(const json_t *object, const char *name)
{
    const json_t *text = json_object_get(object, name);

    return aver_bytes_of(json_string_value(text), json_string_length(text));
}

static json_t *parse_object(struct aver_bytes body, const char *what,
                            struct aver_error *err)
{
    struct aver_error why = {0};
    json_t *root = aver_json_parse(body, &why);

    if (json_is_object(root))
        return root;
    json_decref(root);
    aver_fail(err, AVER_EFORMAT,
              "guest agent's %s is not a JSON object%s%.200s", what,
              root ? "" : ": ", root ? "" : why.text);
    return NULL;
}

/* Agents before 0.5 echo nothing; one that echoes must echo rightly. */
static int check_echo(const json_t *root, const uint8_t report_data[static 64],
                      struct aver_error *err)
{
    uint8_t echo[64];

    if (!json_object_get(root, "report_data"))
        return 0;
    if (aver_hex_decode(echo, 64, text_of(root, "report_data")) != 0 ||
        memcmp(echo, report_data, 64) != 0)
        return aver_fail(err, AVER_EMISMATCH,
                         "guest agent echoes another report_data than was "
                         "asked for");
    return 0;
}

/* The text must hold a JSON array; it is kept as it is. */
static int take_event_log(struct aver_buf *out, struct aver_bytes text,
                          struct aver_error *err)
{
    if (text.n == 0)
        return 0;
    json_t *log = aver_json_parse(text, err);
    bool ok = json_is_array(log);
    json_decref(log);
    if (!ok)
        return aver_fail(err, AVER_EFORMAT,
                         "guest agent's event_log is not a JSON array");
    if (aver_buf_append(out, text.p, text.n) != 0)
        return aver_fail(err, AVER_ELIMIT,
                         "guest agent's event_log is too "
                         "large");
    return 0;
}

int agent_read_quote(struct cpu_evidence *out, struct aver_bytes body,
                     const uint8_t report_data[static 64],
                     struct aver_error *err)
{
    json_t *root = parse_object(body, "quote", err);
    int rc = -1;

    if (!root || check_echo(root, report_data, err) != 0)
        goto out;
    struct aver_bytes quote = text_of(root, "quote");
    if (aver_bytes_starts(quote, "0x"))
        quote = aver_bytes_of(quote.p + 2, quote.n - 2);
    if (quote.n == 0 || aver_hex_decode_buf(&out->quote, quote) != 0) {
        aver_fail(err, AVER_EFORMAT, "guest agent's quote is not hex");
        goto out;
    }
    if (take_event_log(&out->event_log, text_of(root, "event_log"), err) != 0)
        goto out;
    struct aver_bytes vm = text_of(root, "vm_config");
    if (aver_buf_append(&out->vm_config, vm.p, vm.n) != 0) {
        aver_fail(err, AVER_ELIMIT, "guest agent's vm_config is too large");
        goto out;
    }
    rc = 0;
out:
    json_decref(root);
    return rc;
}

int agent_read_info(struct cpu_evidence *out, struct aver_bytes body,
                    struct aver_error *err)
{
    json_t *root = parse_object(body, "info", err);
    int rc = -1;

    if (!root)
        return -1;
    struct aver_bytes vm = text_of(root, "vm_config");
    if (out->vm_config.n == 0 &&
        aver_buf_append(&out->vm_config, vm.p, vm.n) != 0)
        aver_fail(err, AVER_ELIMIT, "guest agent's vm_config is too large");
    else
        rc = info_write(&out->info, body, err);
    json_decref(root);
    return rc;
}

void agent_excerpt(char out[static AGENT_EXCERPT + 1], struct aver_bytes body)
{
    size_t n = body.n < AGENT_EXCERPT ? body.n : AGENT_EXCERPT;

    for (size_t i = 0; i < n; i++)
        out[i] = body.p[i] >= 0x20 && body.p[i] < 0x7f ? (char)body.p[i] : '.';
    out[n] = '\0';
}
