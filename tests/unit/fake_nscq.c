/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_nscq: a libnvidia-nscq.so.2 with the layouts of the real one: callbacks
 * that get large structs by value, labels as parts of paths. FAKE_OLD leaves
 * out a function.
 *
 * Knobs (fake_knobs.h), what is returned: FAKE_SESSION, FAKE_UUID, FAKE_LABEL,
 * FAKE_SWITCH_ARCH_RC, FAKE_MODE_RC, FAKE_INPUT, FAKE_SWITCH_CERTIFICATE,
 * FAKE_SWITCH_REPORT; with FAKE_DEEP the last two come with the callback. What
 * it tells: FAKE_SWITCHES, FAKE_SWITCH_ARCH, FAKE_MODE, FAKE_LABEL_TEXT,
 * FAKE_SWITCH_CHAIN_SIZE, FAKE_SWITCH_REPORT_SIZE, FAKE_SWITCH_NONCE (another
 * one in the last report), FAKE_SILENT (no callback). Mischief as in
 * fake_nvml.c, calls "session" and "switch_report". */
#include "attest/nscq.h"
#include "fake_knobs.h"

struct nscq_session_result nscq_session_create(uint32_t flags);
void nscq_session_destroy(void *session);
int8_t nscq_session_path_observe(void *session, const char *path,
                                 nscq_callback f, void *user, uint32_t flags);
int8_t nscq_session_set_input(void *session, uint32_t flags, void *p,
                              uint32_t n);
int8_t nscq_uuid_to_label(const struct nscq_uuid *uuid, struct nscq_label *out,
                          uint32_t flags);

static struct {
    bool open;
    uint8_t input[32];
} only; /* session */

static int count(void)
{
    return knob("FAKE_SWITCHES", 4);
}

static struct nscq_uuid uuid_of(int i)
{
    return (struct nscq_uuid){.bytes = {0xab, [15] = (uint8_t)i}};
}

static void name_of(char out[static 64], const struct nscq_uuid *uuid)
{
    const char *text = knob_text("FAKE_LABEL_TEXT");

    if (text)
        snprintf(out, 64, "%s", text);
    else
        snprintf(out, 64, "SWX-AB00-%02X", uuid->bytes[15]);
}

struct nscq_session_result nscq_session_create(uint32_t flags)
{
    int rc = knob("FAKE_SESSION", 0);

    knob_mischief("session");
    if (flags != NSCQ_MOUNT_DEVICES || only.open)
        rc = -128; /* once in the life of a process */
    only.open = rc >= 0;
    return (struct nscq_session_result){(int8_t)rc, rc < 0 ? NULL : &only};
}

void nscq_session_destroy(void *session)
{
    if (session != &only || !only.open)
        abort();
    only.open = false;
}

int8_t nscq_session_set_input(void *session, uint32_t flags, void *p,
                              uint32_t n)
{
    if (session != &only || flags != 0 || n != 32)
        return -128;
    memcpy(only.input, p, 32);
    return (int8_t)knob("FAKE_INPUT", 0);
}

#ifndef FAKE_OLD
int8_t nscq_uuid_to_label(const struct nscq_uuid *uuid, struct nscq_label *out,
                          uint32_t flags)
{
    (void)flags;
    name_of(out->data, uuid);
    return (int8_t)knob("FAKE_LABEL", 0);
}
#endif

/* The switch in "/LABEL/config/leaf", -1 if there is none. */
static int switch_of(const char *path, const char *leaf)
{
    for (int i = 0; i < count(); i++) {
        struct nscq_uuid uuid = uuid_of(i);
        char label[64], want[128];

        name_of(label, &uuid);
        snprintf(want, sizeof(want), "/%s/config/%s", label, leaf);
        if (strcmp(path, want) == 0)
            return i;
    }
    return -1;
}

static int8_t give_uuids(nscq_callback f, void *user)
{
    for (int i = 0; i < count(); i++) {
        struct nscq_uuid uuid = uuid_of(i);
        ((nscq_on_uuid)f)(&uuid, (int8_t)knob("FAKE_UUID_DEEP", 0), &uuid,
                          user);
    }
    return (int8_t)knob("FAKE_UUID", 0);
}

static int8_t give_archs(nscq_callback f, void *user)
{
    for (int i = 0; i < count(); i++) {
        struct nscq_uuid uuid = uuid_of(i);
        int arch = knob("FAKE_SWITCH_ARCH", NSCQ_LS10);

        if (i == 0)
            arch = knob("FAKE_FIRST_ARCH", arch);
        ((nscq_on_number)f)(&uuid, (int8_t)knob("FAKE_SWITCH_ARCH_RC", 0),
                            (int8_t)arch, user);
    }
    return 0;
}

static int8_t give_mode(int i, nscq_callback f, void *user)
{
    struct nscq_uuid uuid = uuid_of(i);
    int rc = knob("FAKE_MODE_RC", 0);

    if (rc >= 0)
        ((nscq_on_number)f)(&uuid, 0, (int8_t)knob("FAKE_MODE", 0), user);
    return (int8_t)rc;
}

/* An error comes as the whole call's, or as that of the one device. */
static int8_t ended(int rc, bool silent)
{
    return (int8_t)(silent || !knob("FAKE_DEEP", 0) ? rc : 0);
}

static int8_t give_chain(int i, nscq_callback f, void *user)
{
    struct nscq_uuid uuid = uuid_of(i);
    struct nscq_certificate c = {{0}, 0};
    int rc = knob("FAKE_SWITCH_CERTIFICATE", 0);
    bool silent = knob("FAKE_SILENT", 0);

    c.size = (unsigned)knob("FAKE_SWITCH_CHAIN_SIZE", 200);
    snprintf((char *)c.chain, 200,
             "-----BEGIN CERTIFICATE-----\nSwitch %d\n"
             "-----END CERTIFICATE-----\n",
             i + 1);
    if (!silent)
        ((nscq_on_certificate)f)(&uuid, (int8_t)rc, c, user);
    return ended(rc, silent);
}

static int8_t give_report(int i, nscq_callback f, void *user)
{
    static const uint8_t head[4] = {0x11, 0xe0, 0x01, 0xff};
    struct nscq_uuid uuid = uuid_of(i);
    struct nscq_report r = {0, {0}};
    int rc = knob("FAKE_SWITCH_REPORT", 0);

    knob_mischief("switch_report");
    r.size = (unsigned)knob("FAKE_SWITCH_REPORT_SIZE", 2168);
    memcpy(r.report, head, 4);
    memcpy(r.report + 4, only.input, 32);
    r.report[37] = 0x11;
    r.report[38] = 0x60;
    r.report[GPU_REPORT_MAX - 1] = 0x5a; /* is the end where it must be? */
    if (knob("FAKE_SWITCH_NONCE", 0) && i + 1 == count())
        r.report[4] ^= 1;
    ((nscq_on_report)f)(&uuid, (int8_t)rc, r, user);
    return ended(rc, false);
}

int8_t nscq_session_path_observe(void *session, const char *path,
                                 nscq_callback f, void *user, uint32_t flags)
{
    static const struct {
        const char *leaf;
        int8_t (*give)(int, nscq_callback, void *);
    } leaves[] = {{"pcie_mode", give_mode},
                  {"certificate", give_chain},
                  {"attestation_report", give_report}};

    if (session != &only || !only.open || flags != 0)
        return -128;
    if (strcmp(path, "/drv/nvswitch/{device}/uuid") == 0)
        return give_uuids(f, user);
    if (strcmp(path, "/{nvswitch}/id/arch") == 0)
        return give_archs(f, user);
    for (size_t i = 0; i < sizeof(leaves) / sizeof(*leaves); i++) {
        int which = switch_of(path, leaves[i].leaf);
        if (which >= 0)
            return leaves[i].give(which, f, user);
    }
    return -5;
}
