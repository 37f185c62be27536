/* SPDX-License-Identifier: Apache-2.0
 *
 * dstack_key: GetKey of the guest agent, or DeriveK256Key of its predecessor
 * where GetKey is unknown (404). The agent derives from the path alone, not
 * from algorithm or purpose, so each key has a path of its own. The answers
 * hold keys in hex: each copy of one here is wiped. */
#include "notary/dstack_key.h"

#include "base/json.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "net/agent_socket.h"
#include "net/client.h"
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 10000
#define REPLY_MAX 65536

static int find_agent(struct client_url *url, const char *socket,
                      struct aver_error *err)
{
    char path[108];

    if (agent_socket_find(socket, path, err) != 0)
        return -1;
    return client_url_parse(url, path, err);
}

/* {"path":"MODEL/NAME","purpose":"signing"[,"algorithm":…]} */
static void build_question(struct aver_buf *out, const char *model,
                           const char *name, const char *algorithm)
{
    struct aver_buf path;
    int bad = 0;
    aver_buf_init(&path, 4096);
    aver_buf_init(out, 32768);
    bad |= aver_buf_printf(&path, "%s/%s", *model ? model : "aver", name);
    bad |= aver_buf_append_str(out, "{\"path\":");
    bad |= aver_json_quote(out, aver_buf_view(&path));
    bad |= aver_buf_append_str(out, ",\"purpose\":\"signing\"");
    if (algorithm)
        bad |= aver_buf_printf(out, ",\"algorithm\":\"%s\"", algorithm);
    bad |= aver_buf_append_str(out, "}");
    if (bad)
        abort(); /* out of memory: names are short */
    aver_buf_clear(&path);
}

static int post(struct client *c, const char *target, struct aver_bytes body,
                struct client_reply *reply, struct aver_error *err)
{
    static const char *const headers[] = {"Content-Type: application/json",
                                          "Accept: application/json", NULL};
    struct client_request request = {.method = "POST",
                                     .target = target,
                                     .headers = headers,
                                     .body = body,
                                     .has_body = true,
                                     .timeout_ms = TIMEOUT_MS,
                                     .body_max = REPLY_MAX};
    if (client_exchange(c, &request, reply, err) != 0)
        return -1;
    if (!reply->complete)
        return aver_fail(err, AVER_EFORMAT,
                         "the guest agent's answer to %s was cut", target);
    return 0;
}

/* 32 bytes from the member `name` of the answer. No word of the answer goes
 * into the error: it may be the key. */
static int read_key(uint8_t key[static 32], struct aver_bytes answer,
                    const char *name, struct aver_error *err)
{
    struct aver_json_member member = {.name = name};
    struct aver_json_scan scan;
    int rc = -1;
    aver_json_scan_init(&scan, &member, 1);
    bool ok = aver_json_scan_feed(&scan, answer) && aver_json_scan_end(&scan);
    if (!ok || aver_json_scan_top(&scan) != AVER_JSON_OBJECT)
        aver_fail(err, AVER_EFORMAT,
                  "the guest agent's answer is no JSON "
                  "object");
    else if (member.type != AVER_JSON_STRING || member.count != 1 ||
             member.cut ||
             aver_hex_decode(key, 32,
                             aver_bytes_of(member.value, member.value_len)))
        aver_fail(err, AVER_EFORMAT,
                  "the guest agent's answer has no member %s of 64 hex digits",
                  name);
    else
        rc = 0;
    aver_wipe(&member, sizeof(member));
    aver_wipe(&scan, sizeof(scan));
    return rc;
}

/* One question and its answer. *unknown tells that the agent has no such
 * method. */
static int ask(struct client *c, const char *target, struct aver_bytes question,
               const char *member, uint8_t key[static 32], bool *unknown,
               struct aver_error *err)
{
    struct client_reply reply = {0};
    int rc = post(c, target, question, &reply, err);
    *unknown = rc == 0 && reply.status == 404;
    if (rc == 0 && reply.status != 200) {
        size_t n = reply.body.n < 200 ? reply.body.n : 200;
        rc = aver_fail(err, AVER_EIO, "the guest agent refused %s: %u %.*s",
                       target, reply.status, (int)n,
                       n ? (const char *)reply.body.p : "");
    } else if (rc == 0) {
        rc = read_key(key, aver_buf_view(&reply.body), member, err);
    }
    aver_buf_wipe(&reply.body);
    client_reply_clear(&reply);
    return rc;
}

static int get_key(struct client *c, const char *model, const char *name,
                   const char *algorithm, uint8_t key[static 32],
                   struct aver_error *err)
{
    struct aver_buf question;
    bool unknown;
    build_question(&question, model, name, algorithm);
    int rc =
        ask(c, "/GetKey", aver_buf_view(&question), "key", key, &unknown, err);
    aver_buf_clear(&question);
    if (!unknown)
        return rc;
    build_question(&question, model, name, NULL);
    rc = ask(c, "/prpc/Tappd.DeriveK256Key", aver_buf_view(&question),
             "k256_key", key, &unknown, err);
    aver_buf_clear(&question);
    return rc;
}

static int judge(const struct keys *keys, const struct aver_k1 *k1,
                 struct aver_error *err)
{
    if (!aver_k1_secret_ok(k1, keys->k1))
        return aver_fail(err, AVER_EFORMAT,
                         "the guest agent's ecdsa-signing-key is no scalar of "
                         "secp256k1");
    if (aver_bytes_equal_ct(keys->k1, keys->seed, 32))
        return aver_fail(err, AVER_EFORMAT,
                         "the guest agent gave the same key for two paths");
    return 0;
}

int dstack_key_fetch(struct keys *keys, const struct aver_k1 *k1,
                     const char *socket, const char *model,
                     struct aver_error *err)
{
    struct client_url url;
    uint8_t pub[32];
    if (find_agent(&url, socket, err) != 0)
        return -1;
    struct client *c = client_new(&url);
    if (!c)
        abort();
    int rc = get_key(c, model, "ecdsa-signing-key", "secp256k1", keys->k1, err);
    if (rc == 0)
        rc = get_key(c, model, "ed25519-signing-key", "ed25519", keys->seed,
                     err);
    client_free(c);
    if (rc == 0)
        rc = judge(keys, k1, err);
    if (rc == 0)
        aver_ed25519_from_seed(keys->ed, pub, keys->seed);
    aver_wipe(keys->seed, sizeof(keys->seed));
    return rc;
}
