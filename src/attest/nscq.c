/* SPDX-License-Identifier: Apache-2.0
 *
 * nscq: the library is asked by paths, and answers through callbacks, one call
 * a device, before the asking function returns. It needs the Fabric Manager,
 * and a guest that owns the switches. */
#include "attest/nscq.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t at; /* of the pointer in struct nscq */
} symbols[] = {
    {"nscq_session_create", offsetof(struct nscq, create)},
    {"nscq_session_destroy", offsetof(struct nscq, destroy)},
    {"nscq_session_path_observe", offsetof(struct nscq, observe)},
    {"nscq_session_set_input", offsetof(struct nscq, set_input)},
    {"nscq_uuid_to_label", offsetof(struct nscq, label)},
};

static const struct {
    int rc;
    enum gpu_state state;
    const char *text;
} numbers[] = {
    {-1, SWITCH_NOT_IMPLEMENTED, "not implemented"},
    {-2, SWITCH_INVALID_UUID, "invalid UUID"},
    {-3, SWITCH_NOT_MOUNTABLE, "switch cannot be mounted"},
    {-4, SWITCH_OVERFLOW, "overflow"},
    {-5, SWITCH_UNEXPECTED, "unexpected value"},
    {-6, SWITCH_UNSUPPORTED_DRIVER, "driver does not fit the library"},
    {-7, SWITCH_DRIVER_ERROR, "error of the driver"},
    {-8, SWITCH_TIMEOUT, "switch timed out"},
    {-127, SWITCH_EXTERNAL_ERROR, "error from outside the library"},
    {-128, SWITCH_UNSPECIFIED, "unspecified error"},
};

static int fail_rc(struct gpu_status *s, struct aver_error *err,
                   const char *what, int rc)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        if (numbers[i].rc == rc)
            return gpu_fail(s, numbers[i].state, rc, err,
                            "NSCQ %.100s: %s (%d)", what, numbers[i].text, rc);
    return gpu_fail(s, SWITCH_ERROR, rc, err, "NSCQ %.100s: error %d", what,
                    rc);
}

static int load(struct nscq *q, struct gpu_status *s, struct aver_error *err)
{
    void *library = dlopen(q->path, RTLD_NOW | RTLD_LOCAL);

    if (!library) {
        const char *why = dlerror();
        return gpu_fail(s, SWITCH_NO_LIBRARY, 0, err, "no NSCQ: %.250s",
                        why ? why : "unknown reason");
    }
    for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *p = dlsym(library, symbols[i].name);
        if (!p) {
            dlclose(library);
            return gpu_fail(s, SWITCH_OLD_LIBRARY, 0, err,
                            "NSCQ lacks %s: library is too old",
                            symbols[i].name);
        }
        memcpy((char *)q + symbols[i].at, &p, sizeof(p));
    }
    q->library = library;
    return 0;
}

static int start(struct nscq *q, struct gpu_status *s, struct aver_error *err)
{
    if (q->session)
        return 0;
    if (!q->library && load(q, s, err) != 0)
        return -1;
    struct nscq_session_result r = q->create(NSCQ_MOUNT_DEVICES);
    if (r.rc < 0 || !r.session)
        return fail_rc(s, err, "session", r.rc);
    q->session = r.session;
    return 0;
}

void nscq_close(struct nscq *q)
{
    if (q->session)
        q->destroy(q->session);
    if (q->library)
        dlclose(q->library);
    q->session = q->library = NULL;
}

/* --- answers --- */

struct devices {
    const struct nscq *q;
    int8_t rc; /* of the first that failed */
    unsigned n;
    bool too_many;
    struct nscq_label label[NSCQ_DEVICE_MAX];
};

/* A label becomes part of a path. */
static bool is_plain(const struct nscq_label *l)
{
    size_t n = strnlen(l->data, sizeof(l->data));

    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)l->data[i]) && l->data[i] != '-' &&
            l->data[i] != '_')
            return false;
    return n > 0 && n < sizeof(l->data);
}

static void on_uuid(const struct nscq_uuid *device, int8_t rc,
                    const struct nscq_uuid *value, void *user)
{
    struct devices *d = user;
    struct nscq_label label = {0};

    (void)device;
    if (d->rc < 0 || d->too_many)
        return;
    if (rc >= 0 && value)
        rc = d->q->label(value, &label, 0);
    if (rc >= 0 && !is_plain(&label))
        rc = -5; /* unexpected value */
    if (rc < 0)
        d->rc = rc;
    else if (d->n == NSCQ_DEVICE_MAX)
        d->too_many = true;
    else
        d->label[d->n++] = label;
}

/* A number a device: of all of them the one that is wanted least. */
struct answer_number {
    int8_t rc, value;
    bool came, differ;
};

static void on_number(const struct nscq_uuid *device, int8_t rc, int8_t value,
                      void *user)
{
    struct answer_number *a = user;

    (void)device;
    if (rc < 0)
        a->rc = rc;
    a->differ |= a->came && value != a->value;
    a->value = value;
    a->came = true;
}

struct answer_certificate {
    int8_t rc;
    struct nscq_certificate value;
};

static void on_certificate(const struct nscq_uuid *device, int8_t rc,
                           struct nscq_certificate value, void *user)
{
    struct answer_certificate *a = user;

    (void)device;
    a->rc = rc;
    a->value = value;
}

struct answer_report {
    int8_t rc;
    struct nscq_report value;
};

static void on_report(const struct nscq_uuid *device, int8_t rc,
                      struct nscq_report value, void *user)
{
    struct answer_report *a = user;

    (void)device;
    a->rc = rc;
    a->value = value;
}

/* --- questions --- */

/* `rc` is where the callback leaves a device's own error. */
static int observe(const struct nscq *q, const char *path, nscq_callback f,
                   void *user, const int8_t *rc, struct gpu_status *s,
                   struct aver_error *err)
{
    int8_t whole = q->observe(q->session, path, f, user, 0);

    if (whole >= 0 && *rc >= 0)
        return 0;
    return fail_rc(s, err, path, whole < 0 ? whole : *rc);
}

static int find_devices(const struct nscq *q, struct devices *d,
                        struct gpu_status *s, struct aver_error *err)
{
    *d = (struct devices){.q = q};
    if (observe(q, "/drv/nvswitch/{device}/uuid", (nscq_callback)on_uuid, d,
                &d->rc, s, err) != 0)
        return -1;
    if (d->too_many)
        return gpu_fail(s, SWITCH_COUNT, 0, err,
                        "NSCQ tells of more than %u switches", NSCQ_DEVICE_MAX);
    if (d->n == 0)
        return gpu_fail(s, SWITCH_NONE, 0, err, "NSCQ finds no NVSwitch");
    return 0;
}

/* One path asks all of them. */
static int check_arch(const struct nscq *q, struct gpu_status *s,
                      struct aver_error *err)
{
    struct answer_number a = {.value = -1};

    if (observe(q, "/{nvswitch}/id/arch", (nscq_callback)on_number, &a, &a.rc,
                s, err) != 0)
        return -1;
    if (a.came && !a.differ && a.value == NSCQ_LS10)
        return 0;
    return gpu_fail(s, SWITCH_ARCH, 0, err,
                    "NVSwitch of architecture %d, which cannot attest",
                    a.value);
}

static void path_of(char out[static 128], const struct nscq_label *label,
                    const char *leaf)
{
    snprintf(out, 128, "/%.63s/config/%s", label->data, leaf);
}

/* Is any of them closed to the host? One that does not say is not. */
static bool any_closed(const struct nscq *q, const struct devices *d)
{
    for (unsigned i = 0; i < d->n; i++) {
        struct answer_number a = {.value = NSCQ_MODE_UNKNOWN};
        char path[128];

        path_of(path, &d->label[i], "pcie_mode");
        if (q->observe(q->session, path, (nscq_callback)on_number, &a, 0) >=
                0 &&
            a.rc >= 0 &&
            (a.value == NSCQ_MODE_ON || a.value == NSCQ_MODE_LOCKED))
            return true;
    }
    return false;
}

static int put_switch(const struct nscq *q, const struct devices *d, unsigned i,
                      const uint8_t nonce[static 32], struct aver_buf *list,
                      struct gpu_status *s, struct aver_error *err)
{
    struct answer_certificate chain = {0};
    struct answer_report report = {0};
    struct gpu_item item = {.kind = "NVSwitch",
                            .index = i,
                            .arch = "LS10",
                            .chain = chain.value.chain,
                            .report = report.value.report,
                            .bad_chain = SWITCH_BAD_CHAIN,
                            .bad_report = SWITCH_BAD_REPORT,
                            .wrong_nonce = SWITCH_WRONG_NONCE};
    uint8_t input[32];
    char path[128];

    path_of(path, &d->label[i], "certificate");
    if (observe(q, path, (nscq_callback)on_certificate, &chain, &chain.rc, s,
                err) != 0)
        return -1;
    memcpy(input, nonce, sizeof(input));
    int8_t rc = q->set_input(q->session, 0, input, sizeof(input));
    if (rc < 0)
        return fail_rc(s, err, "nonce", rc);
    path_of(path, &d->label[i], "attestation_report");
    if (observe(q, path, (nscq_callback)on_report, &report, &report.rc, s,
                err) != 0)
        return -1;
    item.chain_size = chain.value.size;
    item.report_size = report.value.size;
    return gpu_item_put(list, &item, nonce, s, err);
}

static int put_switches(const struct nscq *q, const struct devices *d,
                        const uint8_t nonce[static 32], struct aver_buf *list,
                        struct gpu_status *s, struct aver_error *err)
{
    if (aver_buf_append_str(list, "[") != 0)
        return aver_fail(err, AVER_EMEM, "out of memory");
    for (unsigned i = 0; i < d->n; i++)
        if (put_switch(q, d, i, nonce, list, s, err) != 0)
            return -1;
    if (aver_buf_append_str(list, "]") != 0)
        return aver_fail(err, AVER_EMEM, "out of memory");
    s->switches = d->n;
    return 0;
}

int nscq_evidence(struct nscq *q, bool demanded, const uint8_t nonce[static 32],
                  struct aver_buf *list, struct gpu_status *s,
                  struct aver_error *err)
{
    struct gpu_status found = *s;
    struct aver_error why = {0};
    struct devices d;

    s->switches = found.switches = 0;
    bool there = start(q, &found, &why) == 0 &&
                 find_devices(q, &d, &found, &why) == 0 &&
                 check_arch(q, &found, &why) == 0;
    if (there && (demanded || any_closed(q, &d)))
        return put_switches(q, &d, nonce, list, s, err);
    /* The library is installed with the driver, switches or not. */
    if (!demanded)
        return 0;
    *s = found;
    return aver_fail(err, why.code, "%s", why.text);
}
