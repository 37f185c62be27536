/* SPDX-License-Identifier: Apache-2.0
 *
 * options: values, flags and words; what is refused, and in which words. */
#include "cli/cli.h"
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct taken {
    const char *model, *nonce;
    const char *expect[OPTION_MANY];
    bool expects, json;
    struct words words;
};

static const char *const later[] = {"collateral", NULL};

static enum options_result parse(struct taken *t, char **argv)
{
    static const struct verb_help help = {"usage: aver verb [options]\n", later,
                                          "the tail\n"};
    const struct option table[] = {
        {"model", "NAME", "a model", &t->model, NULL},
        {"nonce", "HEX", "a nonce", &t->nonce, NULL},
        {"expect", "NAME=HEX", "a value", t->expect, &t->expects},
        {"json", NULL, "one object", NULL, &t->json},
        {NULL, NULL, NULL, NULL, NULL},
    };
    int argc = 0;

    memset(t, 0, sizeof(*t));
    while (argv[argc] != NULL)
        argc++;
    return options_parse(table, &help, argc, argv, &t->words);
}

/* Runs `parse` with the file descriptor `fd` going to memory. */
static enum options_result captured(int fd, char *out, size_t n, char **argv)
{
    FILE *stream = fd == STDOUT_FILENO ? stdout : stderr, *f = tmpfile();
    int kept = dup(fd);
    struct taken t;

    assert_non_null(f);
    fflush(stream);
    assert_true(dup2(fileno(f), fd) >= 0);
    enum options_result rc = parse(&t, argv);
    fflush(stream);
    assert_true(dup2(kept, fd) >= 0);
    close(kept);
    rewind(f);
    out[fread(out, 1, n - 1, f)] = '\0';
    fclose(f);
    return rc;
}

static void values_and_words(void **state)
{
    char *argv[] = {"verb", "a",  "--model", "m", "--json", "--nonce=1=2",
                    "-",    "--", "--model", "b", NULL};
    struct taken t;

    (void)state;
    assert_int_equal(parse(&t, argv), OPTIONS_OK);
    assert_string_equal(t.model, "m");
    assert_string_equal(t.nonce, "1=2");
    assert_true(t.json);
    assert_int_equal(t.words.n, 4);
    assert_string_equal(t.words.word[0], "a");
    assert_string_equal(t.words.word[1], "-");
    assert_string_equal(t.words.word[2], "--model");
    assert_string_equal(t.words.word[3], "b");
}

static void a_value_may_begin_with_dashes_or_be_empty(void **state)
{
    char *argv[] = {"verb", "--model", "--json", "--nonce=", NULL};
    struct taken t;

    (void)state;
    assert_int_equal(parse(&t, argv), OPTIONS_OK);
    assert_string_equal(t.model, "--json");
    assert_string_equal(t.nonce, "");
    assert_false(t.json);
}

static void an_option_for_many_values(void **state)
{
    char *argv[] = {"verb",     "--expect", "a=1", "--expect=b=2",
                    "--expect", "",         NULL};
    char *many[2 * OPTION_MANY + 4] = {"verb"}, said[800];
    struct taken t;

    (void)state;
    assert_int_equal(parse(&t, argv), OPTIONS_OK);
    assert_true(t.expects);
    assert_string_equal(t.expect[0], "a=1");
    assert_string_equal(t.expect[1], "b=2");
    assert_string_equal(t.expect[2], "");
    assert_null(t.expect[3]);
    assert_false(t.json);
    for (int i = 0; i < OPTION_MANY; i++) {
        many[1 + 2 * i] = "--expect";
        many[2 + 2 * i] = "x";
    }
    assert_int_equal(parse(&t, many), OPTIONS_OK);
    assert_string_equal(t.expect[OPTION_MANY - 1], "x");
    many[2 * OPTION_MANY + 1] = "--expect";
    many[2 * OPTION_MANY + 2] = "x";
    assert_int_equal(captured(STDERR_FILENO, said, sizeof(said), many),
                     OPTIONS_BAD);
    assert_non_null(strstr(said, "more than 32 times"));
}

static void wrong_calls(void **state)
{
    static const struct {
        char *argv[6];
        const char *says;
    } cases[] = {
        {{"verb", "--modle", "m"},
         "has no option --modle; did you mean --model?"},
        {{"verb", "--hlep"}, "did you mean --help?"},
        {{"verb", "--frobnicate"}, "has no option --frobnicate (aver verb"},
        {{"verb", "--collateral", "x"}, "not available in this version"},
        {{"verb", "--collateral=x"}, "not available in this version"},
        {{"verb", "--model"}, "--model wants a value: NAME"},
        {{"verb", "--expect"}, "--expect wants a value: NAME=HEX"},
        {{"verb", "--json=yes"}, "--json takes no value"},
        {{"verb", "--model", "a", "--model", "b"}, "stands there twice"},
        {{"verb", "-j"}, "has no short options: -j"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *argv[6], said[800];

        memcpy(argv, cases[i].argv, sizeof(argv));
        assert_int_equal(captured(STDERR_FILENO, said, sizeof(said), argv),
                         OPTIONS_BAD);
        assert_non_null(strstr(said, cases[i].says));
        assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
    }
}

/* A message that was meant as a word is not repeated. */
static void a_message_with_dashes_is_not_said(void **state)
{
    char *words[] = {"verb", "--my secret plan", NULL};
    char *dash[] = {"verb", "-my secret plan", NULL};
    char said[800];

    (void)state;
    assert_int_equal(captured(STDERR_FILENO, said, sizeof(said), words),
                     OPTIONS_BAD);
    assert_null(strstr(said, "secret"));
    assert_int_equal(captured(STDERR_FILENO, said, sizeof(said), dash),
                     OPTIONS_BAD);
    assert_null(strstr(said, "secret"));
}

static void help_lists_the_table(void **state)
{
    char *argv[] = {"verb", "--model", "m", "--help", NULL};
    char said[2000];

    (void)state;
    assert_int_equal(captured(STDOUT_FILENO, said, sizeof(said), argv),
                     OPTIONS_HELP);
    assert_non_null(strstr(said, "usage: aver verb"));
    assert_non_null(strstr(said, "--model NAME"));
    assert_non_null(strstr(said, "--json "));
    assert_non_null(strstr(said, "the tail"));
    assert_null(strstr(said, "collateral"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_words),
        cmocka_unit_test(a_value_may_begin_with_dashes_or_be_empty),
        cmocka_unit_test(an_option_for_many_values),
        cmocka_unit_test(wrong_calls),
        cmocka_unit_test(a_message_with_dashes_is_not_said),
        cmocka_unit_test(help_lists_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
