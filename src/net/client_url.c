/* SPDX-License-Identifier: Apache-2.0
 *
 * client_url: where a client connects to (net/client.h says the forms). */
#include "base/text.h"
#include "net/client.h"
#include "net/http1_chars.h"
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static int set_unix(struct client_url *u, const char *path,
                    struct aver_error *err)
{
    size_t n = strlen(path);

    if (n == 0 || path[0] != '/')
        return aver_fail(err, AVER_EFORMAT,
                         "\"%.100s\": the path of a socket starts with /",
                         path);
    if (n >= sizeof((struct sockaddr_un){0}.sun_path))
        return aver_fail(err, AVER_EFORMAT,
                         "\"%.200s\": the path of a socket is at most %zu "
                         "bytes long",
                         path, sizeof((struct sockaddr_un){0}.sun_path) - 1);
    u->is_unix = true;
    memcpy(u->host, path, n + 1);
    return 0;
}

static void copy(char *to, struct aver_bytes from)
{
    memcpy(to, from.p, from.n);
    to[from.n] = '\0';
}

/* HOST[:PORT] or [ADDRESS][:PORT], already of the right characters. */
static int set_authority(struct client_url *u, struct aver_bytes a,
                         struct aver_error *err)
{
    bool brackets = a.p[0] == '[';
    const uint8_t *end = memchr(a.p, brackets ? ']' : ':', a.n);
    size_t n = end != NULL ? (size_t)(end - a.p) : a.n;
    size_t at = n + brackets; /* of the colon, if there is one */
    uint64_t port = 80;

    struct aver_bytes host = aver_bytes_of(a.p + brackets, n - brackets);
    if (host.n >= sizeof u->host)
        return aver_fail(err, AVER_EFORMAT, "a host of %zu bytes", host.n);
    copy(u->host, host);
    if (at + 1 < a.n &&
        (aver_decimal(&port, aver_bytes_of(a.p + at + 1, a.n - at - 1),
                      65535) != 0 ||
         port == 0))
        return aver_fail(err, AVER_EFORMAT, "\"%.*s\": no such port", (int)a.n,
                         (const char *)a.p);
    snprintf(u->port, sizeof u->port, "%u", (unsigned)port);
    return 0;
}

int client_url_parse(struct client_url *u, const char *text,
                     struct aver_error *err)
{
    struct aver_bytes all = aver_bytes_str(text), authority, base;

    memset(u, 0, sizeof *u);
    if (text[0] == '/')
        return set_unix(u, text, err);
    if (aver_bytes_starts(all, "unix:"))
        return set_unix(u, text + 5, err);
    if (aver_bytes_starts(all, "https://"))
        return aver_fail(err, AVER_EUNSUPPORTED,
                         "\"%.200s\": https is not supported", text);
    if (!aver_bytes_starts(all, "http://") ||
        !http_target_absolute(all, &authority, &base) ||
        memchr(base.p, '?', base.n) != NULL)
        return aver_fail(err, AVER_EFORMAT,
                         "\"%.200s\" is not http://HOST[:PORT], unix:PATH or "
                         "a path",
                         text);
    while (base.n > 0 && base.p[base.n - 1] == '/')
        base.n--;
    if (base.n >= sizeof u->base)
        return aver_fail(err, AVER_EFORMAT, "\"%.200s…\": the path is too long",
                         text);
    copy(u->base, base);
    return set_authority(u, authority, err);
}
