/* SPDX-License-Identifier: Apache-2.0
 *
 * judge: the loop over the tables of rows. */
#include "verify/rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum aver_result aver_say(struct aver_note *why, enum aver_result result,
                          const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, ap);
    va_end(ap);
    return result;
}

static void run(struct aver_verdict *v, const struct aver_subject *s,
                const struct aver_row *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct aver_note why = {0};
        enum aver_result result = rows[i].check(s, &why);

        aver_verdict_add(v, &rows[i], result, why.optional, why.text);
    }
}

void aver_judge(struct aver_verdict *v, const struct aver_subject *s)
{
    memset(v, 0, sizeof(*v));
    if (s->report != NULL)
        run(v, s, aver_report_rows, aver_report_rows_n);
    if (s->receipt != NULL)
        run(v, s, aver_receipt_rows, aver_receipt_rows_n);
    aver_verdict_close(v);
}

const struct aver_row *aver_row_at(unsigned i)
{
    if (i < aver_report_rows_n)
        return &aver_report_rows[i];
    i -= aver_report_rows_n;
    return i < aver_receipt_rows_n ? &aver_receipt_rows[i] : NULL;
}

const struct aver_row *aver_row_find(const char *id)
{
    const struct aver_row *row = NULL;

    for (unsigned i = 0; (row = aver_row_at(i)) != NULL; i++)
        if (strcmp(row->id, id) == 0)
            break;
    return row;
}
