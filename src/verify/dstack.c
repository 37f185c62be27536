/* SPDX-License-Identifier: Apache-2.0
 *
 * dstack: MRCONFIGID in its three versions, and the hashes over registers
 * that dstack's tools and contracts go by. */
#include "verify/dstack.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/keccak.h"
#include "crypto/sha2.h"

#include <string.h>

#define PROVIDER_MAX 4096 /* bytes of JSON */

static int kind_of(uint8_t *kind, const char *name)
{
    static const char *const names[] = {"none", "local-sgx", "kms", "tpm"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        *kind = (uint8_t)i;
        return 0;
    }
    return -1;
}

int aver_key_provider_parse(struct aver_key_provider *p, struct aver_bytes json,
                            struct aver_error *err)
{
    json_t *o = NULL;
    const char *name = NULL, *id = NULL;
    int rc = -1;

    aver_buf_init(&p->id, PROVIDER_MAX);
    if (json.n > PROVIDER_MAX)
        return aver_fail(err, AVER_ELIMIT, "key-provider: longer than %d bytes",
                         PROVIDER_MAX);
    o = aver_json_parse(json, err);
    if (o == NULL)
        return -1;
    name = json_string_value(json_object_get(o, "name"));
    id = json_string_value(json_object_get(o, "id"));
    if (name == NULL || kind_of(&p->kind, name) != 0)
        aver_fail(err, AVER_EFORMAT,
                  "key-provider: the name is none of those that we know");
    else if (id == NULL || aver_hex_decode_buf(&p->id, aver_bytes_str(id)) != 0)
        aver_fail(err, AVER_EFORMAT, "key-provider: the id is not hex");
    else
        rc = 0;
    json_decref(o);
    if (rc != 0)
        aver_buf_clear(&p->id);
    return rc;
}

static void config_id(uint8_t out[static 48], uint8_t version,
                      const uint8_t hash[static 32])
{
    memset(out, 0, 48);
    out[0] = version;
    memcpy(out + 1, hash, 32);
}

void aver_config_id_v1(uint8_t out[static 48],
                       const uint8_t compose_hash[static 32])
{
    config_id(out, 1, compose_hash);
}

void aver_config_id_v2(uint8_t out[static 48],
                       const uint8_t compose_hash[static 32],
                       const uint8_t app_id[static 20],
                       const struct aver_key_provider *p)
{
    struct aver_keccak k;
    uint8_t hash[32];

    aver_keccak_start(&k);
    aver_keccak_update(&k, aver_bytes_of(compose_hash, 32));
    aver_keccak_update(&k, aver_bytes_of(app_id, 20));
    aver_keccak_update(&k, aver_bytes_of(&p->kind, 1));
    aver_keccak_update(&k, aver_buf_view(&p->id));
    aver_keccak_finish(&k, hash);
    config_id(out, 2, hash);
}

int aver_config_id_v3(uint8_t out[static 48], struct aver_bytes document)
{
    static const char domain[] = "dstack-mr-config-v3:"; /* with its NUL */
    struct aver_buf text;
    uint8_t hash[32];
    int rc = -1;

    aver_buf_init(&text, sizeof(domain) + document.n);
    if (aver_buf_append(&text, domain, sizeof(domain)) == 0 &&
        aver_buf_append(&text, document.p, document.n) == 0) {
        aver_sha256(hash, aver_buf_view(&text));
        config_id(out, 3, hash);
        rc = 0;
    }
    aver_buf_clear(&text);
    return rc;
}

static uint8_t *put(uint8_t *at, const uint8_t *p, size_t n)
{
    memcpy(at, p, n);
    return at + n;
}

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

void aver_mr_aggregated(uint8_t out[static 32], const struct aver_registers *r)
{
    uint8_t all[8 * 48], *end = all;

    end = put(end, r->mrtd, 48);
    for (int i = 0; i < 4; i++)
        end = put(end, r->rtmr[i], 48);
    if (!is_zero(r->mrconfigid, 48) || !is_zero(r->mrowner, 48) ||
        !is_zero(r->mrownerconfig, 48)) {
        end = put(end, r->mrconfigid, 48);
        end = put(end, r->mrowner, 48);
        end = put(end, r->mrownerconfig, 48);
    }
    aver_sha256(out, aver_bytes_of(all, (size_t)(end - all)));
}

void aver_mr_system(uint8_t out[static 32], const struct aver_registers *r,
                    struct aver_bytes key_provider)
{
    uint8_t all[4 * 48 + 32] = {0}, *end = all;

    end = put(end, r->mrtd, 48);
    for (int i = 0; i < 3; i++)
        end = put(end, r->rtmr[i], 48);
    if (key_provider.n > 0)
        aver_sha256(end, key_provider);
    aver_sha256(out, aver_bytes_of(all, sizeof(all)));
}
