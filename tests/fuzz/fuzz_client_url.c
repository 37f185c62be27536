/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs of engines and servers. */
#include "net/client.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[1024];
    struct client_url u;
    struct aver_error err;

    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (client_url_parse(&u, text, &err) == 0)
        assert(u.host[0] != '\0' && strlen(u.host) < sizeof(u.host));
    return 0;
}
