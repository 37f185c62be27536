/* SPDX-License-Identifier: Apache-2.0
 *
 * version: what this program is and what it runs on. */
#include "base/version.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/print.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void put(json_t *o, const char *name, const char *value)
{
    if (json_object_set_new(o, name, json_string(value)) != 0)
        abort();
}

int version_main(int argc, char **argv)
{
    static const struct verb_help help = {"usage: aver version [--json]\n",
                                          NULL, NULL};
    bool json = false;
    const struct option table[] = {
        {"json", NULL, "one JSON object", NULL, &json},
        {NULL, NULL, NULL, NULL, NULL},
    };
    struct words words;
    json_t *o = NULL;

    switch (options_parse(table, &help, argc, argv, &words)) {
    case OPTIONS_HELP:
        return EXIT_OK;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
        break;
    }
    if (words.n > 0)
        return usage("version takes no argument: %.40s", words.word[0]);
    if (!json) {
        printf("aver %s (%s)\nbuilt with %s\n%s\nlibsodium %s\njansson %s\n"
               "libsecp256k1 (no version of its own)\n",
               aver_version, aver_commit, COMPILER,
               OpenSSL_version(OPENSSL_VERSION), sodium_version_string(),
               jansson_version_str());
        return EXIT_OK;
    }
    o = json_object();
    put(o, "name", "aver");
    put(o, "version", aver_version);
    put(o, "commit", aver_commit);
    put(o, "compiler", COMPILER);
    put(o, "openssl", OpenSSL_version(OPENSSL_VERSION));
    put(o, "libsodium", sodium_version_string());
    put(o, "jansson", jansson_version_str());
    print_json(o);
    return EXIT_OK;
}
