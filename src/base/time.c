/* SPDX-License-Identifier: Apache-2.0
 *
 * time: the proleptic Gregorian calendar, by own arithmetic, since mktime
 * asks for the time zone of the machine. */
#include "base/time.h"

#include <stdio.h>

struct civil {
    unsigned year, month, day, hour, minute, second;
};

static bool digits(unsigned *out, const uint8_t *p, size_t n)
{
    unsigned v = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)p[i] - '0';
        if (digit > 9)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

static bool leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool exists(const struct civil *c)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30,
                                     31, 31, 30, 31, 30, 31};

    if (c->month < 1 || c->month > 12 || c->hour > 23 || c->minute > 59 ||
        c->second > 59)
        return false;
    unsigned last = days[c->month - 1] + (c->month == 2 && leap(c->year));
    return c->day >= 1 && c->day <= last;
}

/* Years begin in March here, so that the leap day is the last of one. */
static int64_t day_number(const struct civil *c)
{
    int64_t year = (int64_t)c->year - (c->month < 3);
    int64_t month = (c->month + 9) % 12;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * month + 2) / 5 + c->day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static int seconds(int64_t *out, const struct civil *c)
{
    if (!exists(c))
        return -1;
    *out = day_number(c) * 86400 + c->hour * 3600 + c->minute * 60 + c->second;
    return 0;
}

int aver_time_parse(int64_t *out, struct aver_bytes t)
{
    struct civil c;

    if (t.n != 20 || t.p[4] != '-' || t.p[7] != '-' || t.p[10] != 'T' ||
        t.p[13] != ':' || t.p[16] != ':' || t.p[19] != 'Z')
        return -1;
    if (!digits(&c.year, t.p, 4) || !digits(&c.month, t.p + 5, 2) ||
        !digits(&c.day, t.p + 8, 2) || !digits(&c.hour, t.p + 11, 2) ||
        !digits(&c.minute, t.p + 14, 2) || !digits(&c.second, t.p + 17, 2))
        return -1;
    return seconds(out, &c);
}

/* MMDDhhmmssZ */
static int rest_of(int64_t *out, struct civil *c, const uint8_t *p)
{
    if (!digits(&c->month, p, 2) || !digits(&c->day, p + 2, 2) ||
        !digits(&c->hour, p + 4, 2) || !digits(&c->minute, p + 6, 2) ||
        !digits(&c->second, p + 8, 2) || p[10] != 'Z')
        return -1;
    return seconds(out, c);
}

int aver_time_utc(int64_t *out, struct aver_bytes t)
{
    struct civil c;

    if (t.n != 13 || !digits(&c.year, t.p, 2))
        return -1;
    c.year += c.year < 50 ? 2000 : 1900;
    return rest_of(out, &c, t.p + 2);
}

int aver_time_generalized(int64_t *out, struct aver_bytes t)
{
    struct civil c;

    if (t.n != 15 || !digits(&c.year, t.p, 4))
        return -1;
    return rest_of(out, &c, t.p + 4);
}

static void civil_of(struct civil *c, int64_t at)
{
    int64_t days = at / 86400 - (at % 86400 < 0);
    unsigned second = (unsigned)(at - days * 86400);
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned of_era = (unsigned)(z - era * 146097);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096);

    year /= 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153;
    c->day = of_year - (153 * month + 2) / 5 + 1;
    c->month = month < 10 ? month + 3 : month - 9;
    c->year = (unsigned)(year + era * 400) + (c->month < 3);
    c->hour = second / 3600;
    c->minute = second / 60 % 60;
    c->second = second % 60;
}

#define FIRST (-62167219200) /* 0000-01-01T00:00:00Z */
#define LAST 253402300799    /* 9999-12-31T23:59:59Z */

void aver_time_format(char out[static AVER_TIME_TEXT], int64_t at)
{
    struct civil c;

    civil_of(&c, at < FIRST ? FIRST : at > LAST ? LAST : at);
    /* The remainders tell the compiler that there is room. */
    snprintf(out, AVER_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ",
             c.year % 10000, c.month % 100, c.day % 100, c.hour % 100,
             c.minute % 100, c.second % 100);
}
