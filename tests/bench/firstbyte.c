/* SPDX-License-Identifier: Apache-2.0
 *
 * firstbyte: one client, one kept-alive connection, one exchange after another.
 *
 *     firstbyte PORT COUNT
 *
 * Sends a POST of 1.5 KB COUNT times (and a tenth more before, unmeasured) and
 * prints how long the first byte of the answer took from before the request
 * was written: median and 99 of 100, in ns. */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY = 1536 };

static char request[BODY + 512];
static size_t request_size;

static void make_request(void)
{
    static const char open[] =
        "{\"model\":\"bench\",\"messages\":[{\"role\":\"user\",\"content\":\"";
    static const char close[] = "\"}]}";
    int n = snprintf(request, sizeof request,
                     "POST /v1/chat/completions HTTP/1.1\r\n"
                     "Host: 127.0.0.1\r\nContent-Type: application/json\r\n"
                     "Content-Length: %d\r\n\r\n%s",
                     BODY, open);
    size_t fill = BODY - (sizeof open - 1) - (sizeof close - 1);
    memset(request + n, 'y', fill);
    memcpy(request + (size_t)n + fill, close, sizeof close - 1);
    request_size = (size_t)n + fill + sizeof close - 1;
}

/* Length of the answer whose first bytes these are; 0: head not whole yet. */
static size_t answer_size(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return 0;
    if (strncmp(text, "HTTP/1.1 200", 12) != 0)
        die("firstbyte: answered %.*s", (int)strcspn(text, "\r"), text);
    const char *length = strcasestr(text, "\r\ncontent-length:");
    if (length == NULL || length > end)
        die("firstbyte: the answer has no length");
    return (size_t)(end + 4 - text) + strtoul(length + 17, NULL, 10);
}

static uint32_t exchange(int fd)
{
    static char in[16384];
    uint64_t begin = now_ns(), first = 0;
    size_t n = 0, size = 0;
    if (send(fd, request, request_size, 0) != (ssize_t)request_size)
        die("firstbyte: cannot send");
    while (size == 0 || n < size) {
        ssize_t got = recv(fd, in + n, sizeof in - 1 - n, 0);
        if (got <= 0)
            die("firstbyte: the answer broke off");
        if (first == 0)
            first = now_ns();
        n += (size_t)got;
        in[n] = 0;
        if (size == 0)
            size = answer_size(in);
    }
    return (uint32_t)(first - begin);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        die("usage: firstbyte PORT COUNT");
    int fd = connect_local(number(argv[1], 65535));
    unsigned count = number(argv[2], 10000000);
    uint32_t *times = calloc(count + 1, sizeof *times);
    if (times == NULL)
        die("firstbyte: out of memory");
    make_request();
    for (unsigned i = 0; i < count / 10; i++)
        (void)exchange(fd);
    for (unsigned i = 0; i < count; i++)
        times[i] = exchange(fd);
    sort_u32(times, count);
    printf("%u %u\n", permille(times, count, 500), permille(times, count, 990));
    free(times);
    close(fd);
    return 0;
}
