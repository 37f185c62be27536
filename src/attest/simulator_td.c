/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_td: measured boot, replayed. The boot events (registers 0 to 2)
 * come with their digests from simulator_pki.c; the runtime events (register
 * 3) are hashed here, as dstack does:
 *   digest = SHA-384(type as 4 bytes LE || ":" || name || ":" || payload)
 *   register = SHA-384(register || digest), from 48 zero bytes. */
#include "attest/simulator_td.h"

#include "attest/simulator_pki.h"
#include "base/text.h"
#include "crypto/sha2.h"
#include <string.h>

#define RUNTIME_EVENT 0x08000001U
#define PAYLOAD_MAX 64

const char simulator_app_compose[] =
    "{\"manifest_version\":2,\"name\":\"aver-simulator\","
    "\"runner\":\"docker-compose\",\"docker_compose_file\":"
    "\"# SIMULATED: no such container runs in a TEE.\\n"
    "services:\\n"
    "  aver:\\n"
    "    image: simulator.invalid/aver\\n"
    "    command: serve --tee simulator\\n\","
    "\"kms_enabled\":false,\"gateway_enabled\":false,"
    "\"public_logs\":true,\"public_sysinfo\":true,\"public_tcbinfo\":true,"
    "\"allowed_envs\":[],\"no_instance_id\":false,\"secure_time\":false,"
    "\"storage_fs\":\"zfs\"}";

const char simulator_key_provider[] = "{\"name\":\"none\",\"id\":\"\"}";

static const uint8_t instance_seed[32] = "aver SIMULATOR instance seed";

static void extend(uint8_t rtmr[static 48], const uint8_t digest[static 48])
{
    uint8_t both[96];

    memcpy(both, rtmr, 48);
    memcpy(both + 48, digest, 48);
    aver_sha384(rtmr, aver_bytes_of(both, sizeof(both)));
}

/* Puts one event into its register and into the log. */
static int record(struct simulator_td *td, const struct simulator_event *e)
{
    char digest[97];

    extend(td->rtmr[e->imr], e->digest);
    aver_hex_encode(digest, e->digest, sizeof(e->digest));
    return json_array_append_new(
        td->log, json_pack("{s:i, s:I, s:s, s:s, s:s}", "imr", (int)e->imr,
                           "event_type", (json_int_t)e->type, "digest", digest,
                           "event", e->name, "event_payload", e->payload));
}

static int runtime_event(struct simulator_td *td, const char *name,
                         struct aver_bytes payload)
{
    char hex[2 * PAYLOAD_MAX + 1];
    struct simulator_event e = {
        .imr = 3, .type = RUNTIME_EVENT, .name = name, .payload = hex};
    struct aver_buf text;
    int rc = -1;

    if (payload.n > PAYLOAD_MAX)
        return -1;
    aver_hex_encode(hex, payload.p, payload.n);
    aver_buf_init(&text, 256);
    if (aver_buf_append(&text, "\x01\x00\x00\x08:", 5) == 0 &&
        aver_buf_append_str(&text, name) == 0 &&
        aver_buf_append(&text, ":", 1) == 0 &&
        aver_buf_append(&text, payload.p, payload.n) == 0) {
        aver_sha384(e.digest, aver_buf_view(&text));
        rc = record(td, &e);
    }
    aver_buf_clear(&text);
    return rc;
}

/* The first 20 bytes of SHA-256(seed || application id). */
static void instance_of(struct simulator_td *td)
{
    uint8_t both[52], digest[32];

    memcpy(both, instance_seed, 32);
    memcpy(both + 32, td->app_id, 20);
    aver_sha256(digest, aver_bytes_of(both, sizeof(both)));
    memcpy(td->instance_id, digest, 20);
}

static int runtime_events(struct simulator_td *td)
{
    const struct {
        const char *name;
        struct aver_bytes payload;
    } events[] = {
        {"system-preparing", aver_bytes_str("")},
        {"app-id", aver_bytes_of(td->app_id, 20)},
        {"compose-hash", aver_bytes_of(td->compose_hash, 32)},
        {"instance-id", aver_bytes_of(td->instance_id, 20)},
        {"boot-mr-done", aver_bytes_str("")},
        {"os-image-hash", aver_bytes_of(simulator_os_image_hash, 32)},
        {"key-provider", aver_bytes_str(simulator_key_provider)},
        {"storage-fs", aver_bytes_str("zfs")},
        {"system-ready", aver_bytes_str("")},
    };

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (runtime_event(td, events[i].name, events[i].payload) != 0)
            return -1;
    return 0;
}

static int boot(struct simulator_td *td)
{
    for (size_t i = 0; i < simulator_boot_event_count; i++)
        if (record(td, &simulator_boot_events[i]) != 0)
            return -1;
    return runtime_events(td);
}

int simulator_td_boot(struct simulator_td *td, struct aver_error *err)
{
    memset(td, 0, sizeof(*td));
    aver_sha256(td->compose_hash, aver_bytes_str(simulator_app_compose));
    memcpy(td->app_id, td->compose_hash, 20);
    instance_of(td);
    td->log = json_array();
    if (td->log != NULL && boot(td) == 0)
        return 0;
    simulator_td_clear(td);
    return aver_fail(err, AVER_EMEM, "simulator: cannot make an event log");
}

void simulator_td_clear(struct simulator_td *td)
{
    json_decref(td->log);
    td->log = NULL;
}
