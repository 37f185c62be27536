/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of the table of settings: values, sources and who beats whom, what is
 * refused and with what words, tokens, what the roles inherit.
 *
 * Over 600 lines because each row of the table has its cases here. */
#include "serve/config_row.h"

#include "crypto/sha2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after the standard headers */
#include <cmocka.h>

#define ENGINE "--engine", "http://127.0.0.1:9"

static struct aver_error err;
static enum config_action action;
static char path[64];

/* One file of the test's own, with this text. */
static const char *file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
    return path;
}

static int read_with(struct config *c, const struct config *old,
                     const char *const *args)
{
    char *argv[32] = {(char *)(uintptr_t) "serve"};
    int argc = 1;
    while (args[argc - 1]) {
        argv[argc] = (char *)(uintptr_t)args[argc - 1];
        argc++;
    }
    memset(c, 0, sizeof(*c));
    memset(&err, 0, sizeof(err));
    return config_read(c, argc, argv, old, &action, &err);
}
#define READ(c, ...)                                                           \
    read_with((c), NULL, (const char *const[]){__VA_ARGS__, NULL})

/* Refused with exit status `status`, and these words in the sentence. */
static void refused_as(int status, const char *words, const char *const *args)
{
    struct config c;
    assert_int_equal(read_with(&c, NULL, args), -1);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" is not in \"%s\"", words, err.text);
    assert_int_equal(config_status(&err), status);
    assert_null(strchr(err.text, '\n'));
    config_free(&c);
}
#define REFUSED(words, ...)                                                    \
    refused_as(2, (words), (const char *const[]){__VA_ARGS__, NULL})
#define UNREADABLE(words, ...)                                                 \
    refused_as(3, (words), (const char *const[]){__VA_ARGS__, NULL})

static int clean(void **state)
{
    static const char *const older[] = {"VLLM_BASE_URL",
                                        "MODEL_NAME",
                                        "TOKEN",
                                        "DEV",
                                        "CHAT_CACHE_EXPIRATION",
                                        "TLS_CERT_PATH",
                                        "GPU_NO_HW_MODE",
                                        "LISTEN_ADDR",
                                        "AVER_TOKEN",
                                        "AVER_CONFIG",
                                        "AVER_TOKENS"};
    (void)state;
    for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++)
        unsetenv(older[i]);
    for (unsigned i = 0; i < config_nrows; i++) {
        char variable[64];
        config_variable(variable, &config_rows[i]);
        unsetenv(variable);
    }
    snprintf(path, sizeof(path), "/tmp/aver-test-config-%d", (int)getpid());
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void defaults(void **state)
{
    struct config c;
    (void)state;
    assert_int_equal(READ(&c, ENGINE), 0);
    assert_int_equal(action, CONFIG_SERVE);
    assert_int_equal(c.listen.n, 1);
    assert_string_equal(c.listen.item[0], "127.0.0.1:8080");
    assert_int_equal(c.tee, 0);
    assert_int_equal(c.receipt_ttl, 300000);
    assert_int_equal(c.receipt_max, 100000);
    assert_int_equal(c.receipt_bytes, 64 << 20);
    assert_int_equal(c.body_max, 32 << 20);
    assert_int_equal(c.head_timeout, 10000);
    assert_int_equal(c.exchange_timeout, 3600000);
    assert_int_equal(c.drain_timeout, 30000);
    assert_int_equal(c.log_level, LOG_INFO);
    assert_true(c.workers >= 1);
    assert_false(c.sign_eager || c.three_part || c.compat_seed || c.log_json);
    assert_null(c.model_name);
    assert_int_equal(c.ntokens, 0);
    config_free(&c);
}

/* Every row: its default is a value that it takes, and every spelling of its
 * value is read back to the same. */
static void rows_agree_with_themselves(void **state)
{
    struct config c = {0}, again = {0};
    struct aver_buf a, b;
    (void)state;
    aver_buf_init(&a, 4096);
    aver_buf_init(&b, 4096);
    for (unsigned i = 0; i < config_nrows; i++) {
        const struct config_row *row = &config_rows[i];
        assert_ptr_equal(config_find(row->name), row);
        assert_true(row->later || row->help);
        if (!row->value)
            continue;
        a.n = b.n = 0;
        assert_int_equal(config_value_parse(&c, row, row->value, &err), 0);
        assert_int_equal(config_value_format(&c, row, 0, &a), 0);
        assert_int_equal(aver_buf_append(&a, "", 1), 0);
        assert_int_equal(
            config_value_parse(&again, row, (const char *)a.p, &err), 0);
        assert_int_equal(config_value_format(&again, row, 0, &b), 0);
        assert_int_equal(b.n + 1, a.n);
        assert_memory_equal(a.p, b.p, b.n);
    }
    aver_buf_clear(&a);
    aver_buf_clear(&b);
    config_free(&c);
    config_free(&again);
}

static void words_have_the_enums_order(void **state)
{
    struct config c;
    (void)state;
    assert_int_equal(READ(&c, ENGINE, "--tee", "simulator", "--gpu=none",
                          "--key", "dstack", "--log-level", "debug", "--sign",
                          "completion", "--compat", "seed"),
                     0);
    assert_int_equal(c.tee, 3);
    assert_int_equal(c.gpu, 2);
    assert_int_equal(c.key, 1);
    assert_int_equal(c.log_level, LOG_DEBUG);
    assert_true(c.sign_eager && c.compat_seed);
    config_free(&c);
}

static void durations_and_sizes(void **state)
{
    static const struct {
        const char *row, *text;
        uint64_t value; /* UINT64_MAX: refused */
    } cases[] = {
        {"receipt-ttl", "300s", 300000},
        {"receipt-ttl", "5m", 300000},
        {"receipt-ttl", "1h", 3600000},
        {"receipt-ttl", "2d", 172800000},
        {"receipt-ttl", "1200", 1200000},
        {"receipt-ttl", "999ms", UINT64_MAX},
        {"receipt-ttl", "31d", UINT64_MAX},
        {"receipt-ttl", "99999999999999999d", UINT64_MAX},
        {"head-timeout", "250ms", 250},
        {"head-timeout", "0", UINT64_MAX},
        {"head-timeout", "1.5s", UINT64_MAX},
        {"head-timeout", "-1", UINT64_MAX},
        {"head-timeout", "s", UINT64_MAX},
        {"head-timeout", "10 s", UINT64_MAX},
        {"drain-timeout", "0", 0},
        {"body-max", "64MiB", 64 << 20},
        {"body-max", "10MB", 10000000},
        {"body-max", "4096", 4096},
        {"body-max", "4096B", 4096},
        {"body-max", "8KiB", 8192},
        {"body-max", "2GiB", UINT64_MAX},
        {"body-max", "10M", UINT64_MAX},
        {"body-max", "18446744073709551615GiB", UINT64_MAX},
        {"workers", "7", 7},
        {"workers", "0", UINT64_MAX},
        {"workers", "3x", UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config c = {0};
        const struct config_row *row = config_find(cases[i].row);
        int rc = config_value_parse(&c, row, cases[i].text, &err);
        uint64_t got = *(uint64_t *)(void *)((char *)&c + row->offset);
        if (cases[i].value == UINT64_MAX ? rc == 0 : got != cases[i].value)
            fail_msg("%s %s gave %llu", cases[i].row, cases[i].text,
                     (unsigned long long)got);
    }
}

static void flags_beat_environment_beats_file(void **state)
{
    struct config c;
    (void)state;
    file("tee dstack\nreceipt-ttl 10s\nmodel-name of-the-file\n"
         "listen 127.0.0.1:1\nlisten 127.0.0.1:2\n");
    setenv("AVER_RECEIPT_TTL", "20s", 1);
    setenv("AVER_MODEL_NAME", "of-the-environment", 1);
    setenv("MODEL_NAME", "of-the-alias", 1);
    setenv("CHAT_CACHE_EXPIRATION", "99", 1);
    assert_int_equal(READ(&c, ENGINE, "--config", path, "--receipt-ttl", "30s"),
                     0);
    assert_int_equal(c.tee, 1);
    assert_int_equal(c.receipt_ttl, 30000);
    assert_string_equal(c.model_name, "of-the-environment");
    assert_int_equal(c.listen.n, 2);
    config_free(&c);
    assert_int_equal(READ(&c, ENGINE, "--config", path, "--listen",
                          "127.0.0.1:3", "--listen=unix:/tmp/x"),
                     0);
    assert_int_equal(c.listen.n, 2);
    assert_string_equal(c.listen.item[1], "unix:/tmp/x");
    assert_int_equal(c.receipt_ttl, 20000);
    config_free(&c);
    setenv("AVER_CONFIG", path, 1);
    setenv("AVER_LISTEN", "127.0.0.1:4,[::1]:5,unix:/tmp/y", 1);
    unsetenv("AVER_RECEIPT_TTL");
    assert_int_equal(READ(&c, ENGINE), 0);
    assert_int_equal(c.listen.n, 3);
    assert_string_equal(c.listen.item[1], "[::1]:5");
    assert_int_equal(c.receipt_ttl, 99000);
    config_free(&c);
}

static void aliases(void **state)
{
    struct config c;
    (void)state;
    setenv("VLLM_BASE_URL", "http://vllm:8000/v1/", 1);
    setenv("LISTEN_ADDR", "0.0.0.0:8000", 1);
    setenv("MODEL_NAME", "", 1); /* as an empty line of a compose file */
    setenv("TLS_CERT_PATH", "/certs/full.pem", 1);
    setenv("DEV", "1", 1);
    setenv("GPU_NO_HW_MODE", "no", 1);
    setenv("TOKEN", " one , two", 1);
    assert_int_equal(READ(&c, "--tee", "tsm"), 0);
    assert_string_equal(c.engine.item[0], "http://vllm:8000");
    assert_string_equal(c.listen.item[0], "0.0.0.0:8000");
    assert_string_equal(c.tls_identity, "/certs/full.pem");
    assert_null(c.model_name);
    assert_int_equal(c.tee, 2);
    assert_int_equal(c.gpu, 3);
    assert_int_equal(c.ntokens, 2);
    assert_true(c.tokens_from_alias);
    assert_null(getenv("TOKEN"));
    config_free(&c);
    setenv("DEV", "True", 1);
    assert_int_equal(READ(&c, "--engine", "unix:/run/e"), 0);
    assert_int_equal(c.tee, 0);
    assert_int_equal(c.gpu, 0);
    config_free(&c);
}

static void wrong_calls(void **state)
{
    (void)state;
    REFUSED("--liste is no option; did you mean --listen?", "--liste", "x");
    REFUSED("did you mean --engine-timeout?", "--engin-timeout=3s");
    REFUSED("--help lists them", "--frobnicate-everything", "x");
    REFUSED("--tee needs a value", ENGINE, "--tee");
    REFUSED("--tee needs a value", "--tee", ENGINE);
    REFUSED("--tee needs a value", "--tee=", ENGINE);
    REFUSED("--help takes no value", "--help=yes");
    REFUSED("\"serve\" is not expected", "serve");
    REFUSED("\"-x\" is not expected", "-x");
    REFUSED("--tee: \"sgx\" is not one of auto|dstack|tsm|simulator", ENGINE,
            "--tee", "sgx");
    REFUSED("--receipt-ttl: \"5 minutes\" is not a time such as", ENGINE,
            "--receipt-ttl", "5 minutes");
    REFUSED("is not within 1KiB to 1GiB", ENGINE, "--body-max", "1");
    REFUSED("no engine given", "--tee", "simulator");
    REFUSED("signature-text 3part needs model-name", ENGINE, "--signature-text",
            "3part");
    REFUSED("is root", ENGINE, "--user", "root");
    REFUSED("endorse-from needs endorsements", ENGINE, "--endorse-from",
            "intel");
    static const char *const urls[] = {"Intel", "http://", "ftp://pccs",
                                       "https://me:secret@pccs",
                                       "https://pccs/?a=b"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        REFUSED("--endorse-from: expected intel, or the URL of a PCCS", ENGINE,
                "--endorsements", "/e", "--endorse-from", urls[i]);
    REFUSED("endorse-gpu-from needs endorsements", ENGINE, "--endorse-gpu-from",
            "nvidia");
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        REFUSED("--endorse-gpu-from: expected nvidia, none, or the URL", ENGINE,
                "--endorsements", "/e", "--endorse-gpu-from", urls[i]);
    REFUSED("control character", ENGINE, "--model-name", "a\nb");
    REFUSED("not UTF-8", ENGINE, "--model-name", "a\xff");
}

static void addresses(void **state)
{
    (void)state;
    REFUSED("--engine: https:// engines are not in this version", "--engine",
            "https://e");
    REFUSED("MODEL=URL engines are not in this version", "--engine",
            "small=http://e:1");
    REFUSED("several engines are not in this version", ENGINE, ENGINE);
    REFUSED("has a path", "--engine", "http://e:1/v1");
    REFUSED("is not http://HOST:PORT or unix:PATH", "--engine", "e:1");
    REFUSED("--listen: \"8080\" is not HOST:PORT", ENGINE, "--listen", "8080");
    REFUSED("the port is not 0 to 65535", ENGINE, "--listen", "h:65536");
    REFUSED("--metrics-listen: ", ENGINE, "--metrics-listen", "h");
    REFUSED("TLS is not in this version", ENGINE, "--tls-cert", "self");
    REFUSED("--tls-key: TLS", ENGINE, "--tls-key", "k");
}

static void wrong_files(void **state)
{
    char words[128];
    (void)state;
    UNREADABLE("cannot read /nonexistent/aver.conf", "--config",
               "/nonexistent/aver.conf");
    file("# a comment\n\ntee simulator # another\nrecipt-ttl 5s\n");
    snprintf(words, sizeof(words),
             "%s:4: \"recipt-ttl\" is no setting; did you mean receipt-ttl?",
             path);
    REFUSED(words, "--config", path);
    file("tee simulator\r\n\treceipt-ttl\t 5x\n");
    snprintf(words, sizeof(words), "%s:2: receipt-ttl: \"5x\" is not a time",
             path);
    REFUSED(words, "--config", path);
    file("tee\n");
    REFUSED(":1: tee needs a value", "--config", path);
    file("tee auto\ntee dstack");
    REFUSED(":2: tee: was set in line 1 already", "--config", path);
    file("tls-key x");
    REFUSED(":1: tls-key: TLS is not in this version", "--config", path);
    file("config x");
    REFUSED("is no setting", "--config", path);
}

static void wrong_variables(void **state)
{
    (void)state;
    setenv("AVER_GPU", "", 1);
    REFUSED("AVER_GPU is set but empty", ENGINE);
    setenv("AVER_GPU", "some", 1);
    REFUSED("AVER_GPU: \"some\" is not one of", ENGINE);
    unsetenv("AVER_GPU");
    setenv("AVER_TOKENS", "a,b", 1);
    REFUSED("AVER_TOKENS is no variable; did you mean AVER_TOKEN", ENGINE);
    unsetenv("AVER_TOKENS");
    setenv("AVER_SERVICE_HOST", "10.0.0.1", 1); /* a cluster's, not ours */
    struct config c;
    assert_int_equal(READ(&c, ENGINE), 0);
    config_free(&c);
    unsetenv("AVER_SERVICE_HOST");
}

static void token_is(const struct config *c, unsigned i, const char *token)
{
    uint8_t hash[32];
    aver_sha256(hash, aver_bytes_str(token));
    assert_true(i < c->ntokens);
    assert_memory_equal(c->token_sha256[i], hash, 32);
}

static void tokens_from_a_file(void **state)
{
    struct config c;
    (void)state;
    file("# people\n  sk-one \r\n\nsk-two\nsk-two\n\tsk#three");
    assert_int_equal(READ(&c, ENGINE, "--token-file", path), 0);
    assert_int_equal(c.ntokens, 4);
    token_is(&c, 0, "sk-one");
    token_is(&c, 1, "sk-two");
    token_is(&c, 3, "sk#three");
    config_free(&c);
    file("");
    REFUSED("there is no token in it", ENGINE, "--token-file", path);
    file("# only words\n \n");
    REFUSED("there is no token in it", ENGINE, "--token-file", path);
    file("fine\nnot fine\n");
    REFUSED(":2: a token holds a blank", ENGINE, "--token-file", path);
    UNREADABLE("token-file: cannot read /nonexistent", ENGINE, "--token-file",
               "/nonexistent");
    REFUSED("--token is no option", ENGINE, "--token", "secret-of-the-call");
}

static void tokens_from_the_environment(void **state)
{
    struct config c, again;
    (void)state;
    setenv("AVER_TOKEN", "first, second ,", 1);
    setenv("TOKEN", "not-used", 1);
    char *shown = getenv("AVER_TOKEN"); /* what /proc/PID/environ shows */
    assert_int_equal(READ(&c, ENGINE), 0);
    assert_int_equal(c.ntokens, 2);
    token_is(&c, 1, "second");
    assert_null(getenv("AVER_TOKEN"));
    assert_null(getenv("TOKEN"));
    for (int i = 0; i < 15; i++)
        assert_int_equal(shown[i], 0);
    /* A reload cannot read them again, and keeps them. */
    const char *const args[] = {ENGINE, NULL};
    assert_int_equal(read_with(&again, &c, args), 0);
    assert_int_equal(again.ntokens, 2);
    token_is(&again, 0, "first");
    config_free(&again);
    config_free(&c);
    setenv("AVER_TOKEN", "", 1);
    REFUSED("AVER_TOKEN is set but holds no token", ENGINE);
    setenv("TOKEN", " , ", 1);
    REFUSED("TOKEN is set but holds no token", ENGINE);
    setenv("AVER_TOKEN", "a", 1);
    file("b\n");
    REFUSED("tokens are given twice", ENGINE, "--token-file", path);
}

static void the_roles_inherit_it(void **state)
{
    struct config c, got;
    struct aver_buf text, again;
    (void)state;
    setenv("AVER_TOKEN", "a,b", 1);
    assert_int_equal(READ(&c, ENGINE, "--model-name", "m # not a comment",
                          "--receipt-ttl", "1500ms", "--listen", "unix:/a b",
                          "--listen", "[::1]:0", "--user", "nobody"),
                     0);
    c.has_spki = true;
    memset(c.spki_sha256, 7, 32);
    c.nlisteners = 2;
    c.listener_url[0] = strdup("unix:/a b");
    c.listener_url[1] = strdup("http://[::1]:4711");
    c.metrics_listener = 1;
    c.start_ms = 1753000000123u;
    c.slots = 6;
    aver_buf_init(&text, 65536);
    aver_buf_init(&again, 65536);
    assert_int_equal(config_store(&c, &text), 0);
    assert_int_equal(config_load(&got, aver_buf_view(&text), &err), 0);
    assert_string_equal(got.model_name, "m # not a comment");
    assert_int_equal(got.receipt_ttl, 1500);
    token_is(&got, 1, "b");
    assert_memory_equal(got.spki_sha256, c.spki_sha256, 32);
    assert_string_equal(got.listener_url[1], "http://[::1]:4711");
    assert_int_equal(got.metrics_listener, 1);
    assert_int_equal(got.slots, 6);
    assert_int_equal(config_store(&got, &again), 0);
    assert_int_equal(again.n, text.n);
    assert_memory_equal(again.p, text.p, text.n);
    config_free(&got);
    config_free(&c);
    aver_buf_clear(&text);
    aver_buf_clear(&again);
}

static void what_is_no_inheritance(void **state)
{
    static const char *const bad[] = {"tee dstack", /* no end of line */
                                      "tee\n",
                                      "\n",
                                      "nothing 1\n",
                                      ".token 12\n",
                                      ".metrics-listener 0\n",
                                      ".slots x\n",
                                      "receipt-ttl 1\n.spki \n"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct config c;
        if (config_load(&c, aver_bytes_str(bad[i]), &err) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
        config_free(&c);
    }
}

static void a_reload_changes_only_what_may(void **state)
{
    struct config before, now;
    (void)state;
    assert_int_equal(READ(&before, ENGINE, "--body-max", "1MiB", "--listen",
                          "127.0.0.1:1", "--model-name", "old"),
                     0);
    assert_int_equal(READ(&now, "--engine", "unix:/e", "--body-max", "2MiB",
                          "--listen", "127.0.0.1:2", "--listen", "h:3",
                          "--workers", "9", "--log-level", "debug"),
                     0);
    log_setup(LOG_ERROR, false, "test");
    assert_int_equal(config_keep_fixed(&now, &before, &err), 0);
    assert_int_equal(now.body_max, 2 << 20);
    assert_int_equal(now.log_level, LOG_DEBUG);
    assert_int_equal(now.workers, before.workers);
    assert_int_equal(now.listen.n, 1);
    assert_string_equal(now.listen.item[0], "127.0.0.1:1");
    assert_string_equal(now.engine.item[0], "http://127.0.0.1:9");
    assert_string_equal(now.model_name, "old");
    config_free(&now);
    config_free(&before);
}

/* Runs `print` with stdout in the test's file; gives its text back. */
static char *printed(void (*print)(const struct config *),
                     const struct config *c)
{
    static char text[16384];
    fflush(stdout);
    int kept = dup(1);
    FILE *f = fopen(path, "w+");
    assert_non_null(f);
    assert_true(dup2(fileno(f), 1) >= 0);
    print(c);
    fflush(stdout);
    dup2(kept, 1);
    close(kept);
    rewind(f);
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static void help(const struct config *c)
{
    (void)c;
    config_help();
}

static void help_fits(void **state)
{
    unsigned lines = 0, longest = 0;
    (void)state;
    char *text = printed(help, NULL);
    for (char *at = text, *end; (end = strchr(at, '\n')); at = end + 1) {
        lines++;
        if ((unsigned)(end - at) > longest)
            longest = (unsigned)(end - at);
    }
    assert_true(lines > config_nrows && lines <= 70);
    assert_true(longest <= 110);
    assert_null(strstr(text, "tls-cert"));
    for (unsigned i = 0; i < config_nrows; i++)
        if (!config_rows[i].later && !strstr(text, config_rows[i].name))
            fail_msg("--help lacks %s", config_rows[i].name);
}

/* What --print-config shows is a file that gives the same configuration. */
static void print_is_a_file(void **state)
{
    struct config c, again;
    struct aver_buf a, b;
    (void)state;
    file("gpu none\n");
    setenv("AVER_SIGN", "completion", 1);
    setenv("MODEL_NAME", "m", 1);
    setenv("AVER_TOKEN", "secret-of-the-environment", 1);
    assert_int_equal(READ(&c, ENGINE, "--config", path, "--print-config"), 0);
    assert_int_equal(action, CONFIG_PRINT);
    char *text = printed(config_print, &c);
    assert_non_null(strstr(text, "engine http://127.0.0.1:9"));
    assert_non_null(strstr(text, "# flag\n"));
    assert_non_null(strstr(text, "# AVER_SIGN\n"));
    assert_non_null(strstr(text, "# MODEL_NAME\n"));
    assert_non_null(strstr(text, "gpu none "));
    assert_non_null(strstr(text, ":1\n"));
    assert_non_null(strstr(text, "# tokens 1 (AVER_TOKEN)\n"));
    assert_null(strstr(text, "secret-of"));
    clean(NULL);
    file(text);
    assert_int_equal(READ(&again, "--config", path), 0);
    aver_buf_init(&a, 65536);
    aver_buf_init(&b, 65536);
    c.ntokens = 0;
    assert_int_equal(config_store(&c, &a), 0);
    assert_int_equal(config_store(&again, &b), 0);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    aver_buf_clear(&a);
    aver_buf_clear(&b);
    config_free(&c);
    config_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults, clean),
        cmocka_unit_test_setup(rows_agree_with_themselves, clean),
        cmocka_unit_test_setup(words_have_the_enums_order, clean),
        cmocka_unit_test_setup(durations_and_sizes, clean),
        cmocka_unit_test_setup_teardown(flags_beat_environment_beats_file,
                                        clean, remove_file),
        cmocka_unit_test_setup(aliases, clean),
        cmocka_unit_test_setup(wrong_calls, clean),
        cmocka_unit_test_setup(addresses, clean),
        cmocka_unit_test_setup_teardown(wrong_files, clean, remove_file),
        cmocka_unit_test_setup(wrong_variables, clean),
        cmocka_unit_test_setup_teardown(tokens_from_a_file, clean, remove_file),
        cmocka_unit_test_setup_teardown(tokens_from_the_environment, clean,
                                        remove_file),
        cmocka_unit_test_setup(the_roles_inherit_it, clean),
        cmocka_unit_test_setup(what_is_no_inheritance, clean),
        cmocka_unit_test_setup(a_reload_changes_only_what_may, clean),
        cmocka_unit_test_setup_teardown(help_fits, clean, remove_file),
        cmocka_unit_test_setup_teardown(print_is_a_file, clean, remove_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
