/* SPDX-License-Identifier: Apache-2.0
 *
 * listen: parses and binds the addresses that the server listens on. TCP
 * sockets get SO_REUSEADDR, so that a restart need not wait for TIME_WAIT; an
 * IPv6 socket serves IPv6 alone. */
#include "serve/listen.h"

#include "base/text.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int parse_path(struct listen_addr *addr, const char *path,
                      struct aver_error *err)
{
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return aver_fail(err, AVER_ECONFIG,
                         "the path of a Unix socket has 1 to 107 bytes");
    addr->is_unix = true;
    memcpy(addr->host, path, n + 1);
    return 0;
}

/* Where host and port stand in HOST:PORT; false if it has not that form. */
static bool split(const char *text, struct aver_bytes *host, const char **port)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : strrchr(text, ':');
    if (!end)
        return false;
    const char *from = text[0] == '[' ? text + 1 : text;
    *host = aver_bytes_of(from, (size_t)(end - from));
    if (text[0] == '[')
        end++;
    *port = end + 1;
    bool brackets_needed = text[0] != '[' && memchr(from, ':', host->n);
    return *end == ':' && host->n > 0 && !brackets_needed;
}

int listen_parse(struct listen_addr *addr, const char *text,
                 struct aver_error *err)
{
    struct aver_bytes host;
    const char *port;
    uint64_t number;
    memset(addr, 0, sizeof(*addr));
    if (strncmp(text, "unix:", 5) == 0)
        return parse_path(addr, text + 5, err);
    if (!split(text, &host, &port) || host.n >= sizeof(addr->host) ||
        strpbrk(text, " /@") != NULL)
        return aver_fail(
            err, AVER_ECONFIG,
            "\"%.100s\" is not HOST:PORT, [IPV6]:PORT or unix:PATH", text);
    if (strlen(port) >= sizeof(addr->port) ||
        aver_decimal(&number, aver_bytes_str(port), 65535) != 0)
        return aver_fail(err, AVER_ECONFIG,
                         "\"%.100s\": the port is not 0 to 65535", text);
    memcpy(addr->host, host.p, host.n);
    memcpy(addr->port, port, strlen(port));
    return 0;
}

static int fail(const char *where, const char *why, struct aver_error *err)
{
    return aver_fail(err, AVER_EIO, "cannot listen on %.200s: %s", where, why);
}

/* How a bound TCP socket is reached. */
static int url_of(int fd, char url[static LISTEN_URL_MAX])
{
    struct sockaddr_storage sa;
    socklen_t n = sizeof(sa);
    char host[128], port[8];
    if (getsockname(fd, (struct sockaddr *)&sa, &n) != 0 ||
        getnameinfo((struct sockaddr *)&sa, n, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return -1;
    const char *form =
        sa.ss_family == AF_INET6 ? "http://[%s]:%s" : "http://%s:%s";
    snprintf(url, LISTEN_URL_MAX, form, host, port);
    return 0;
}

static int bind_one(const struct addrinfo *a)
{
    const int on = 1;
    int fd =
        socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        (a->ai_family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
        bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* IPv4 first: "localhost" means 127.0.0.1 wherever there is one. */
static int bind_tcp(const struct listen_addr *addr, int *fd,
                    char url[static LISTEN_URL_MAX], const char *where,
                    struct aver_error *err)
{
    static const int families[] = {AF_INET, AF_INET6};
    int rc = EAI_NONAME;
    for (int i = 0; i < 2; i++) {
        const struct addrinfo want = {.ai_family = families[i],
                                      .ai_socktype = SOCK_STREAM,
                                      .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
        struct addrinfo *found = NULL;
        int got = getaddrinfo(addr->host, addr->port, &want, &found);
        if (got != 0) {
            rc = got == EAI_NONAME ? rc : got;
            continue;
        }
        *fd = bind_one(found);
        int why = errno;
        freeaddrinfo(found);
        if (*fd < 0)
            return fail(where, strerror(why), err);
        return url_of(*fd, url) == 0 ? 0 : fail(where, "it has no name", err);
    }
    return fail(where, gai_strerror(rc), err);
}

/* True if a file at the path is a socket on which nobody listens. */
static bool stale(const struct sockaddr_un *sa)
{
    struct stat st;
    if (lstat(sa->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool dead = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) != 0 &&
                errno == ECONNREFUSED;
    close(fd);
    return dead;
}

static const char *why_taken(const char *path, int error)
{
    struct stat st;
    if (error != EADDRINUSE || lstat(path, &st) != 0)
        return strerror(error);
    return S_ISSOCK(st.st_mode) ? "another server answers there"
                                : "there is a file that is not a socket";
}

static int bind_unix(const struct listen_addr *addr, int *fd, const char *where,
                     struct aver_error *err)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    memcpy(sa.sun_path, addr->host, strlen(addr->host) + 1);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return fail(where, strerror(errno), err);
    int rc = bind(*fd, (const struct sockaddr *)&sa, sizeof(sa));
    if (rc != 0 && errno == EADDRINUSE && stale(&sa)) {
        unlink(sa.sun_path);
        rc = bind(*fd, (const struct sockaddr *)&sa, sizeof(sa));
    }
    if (rc == 0 && listen(*fd, SOMAXCONN) == 0)
        return 0;
    rc = fail(where, why_taken(sa.sun_path, errno), err);
    close(*fd);
    *fd = -1;
    return rc;
}

int listen_bind(const struct listen_addr *addr, int *fd,
                char url[static LISTEN_URL_MAX], struct aver_error *err)
{
    char where[LISTEN_URL_MAX];
    bool v6 = strchr(addr->host, ':') != NULL;
    *fd = -1;
    if (addr->is_unix) {
        snprintf(url, LISTEN_URL_MAX, "unix:%s", addr->host);
        return bind_unix(addr, fd, url, err);
    }
    snprintf(where, sizeof(where), v6 ? "[%s]:%s" : "%s:%s", addr->host,
             addr->port);
    return bind_tcp(addr, fd, url, where, err);
}

void listen_unlink(const char *url)
{
    struct stat st;
    if (strncmp(url, "unix:", 5) == 0 && lstat(url + 5, &st) == 0 &&
        S_ISSOCK(st.st_mode))
        unlink(url + 5);
}
