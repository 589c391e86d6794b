/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 16;
}

static int parse_base(const char *text, unsigned base, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;
    int err = *text ? 0 : -EINVAL;

    for (; *text; text++) {
        const unsigned digit = (unsigned)digit_of(*text);
        if (digit >= base) return -EINVAL;
        if (digit > max || sum > (max - digit) / base) err = -ERANGE;
        if (!err) sum = sum * base + digit;
    }
    if (!err) *value = sum;
    return err;
}

int vm_number_decimal(const char *text, uint64_t max, uint64_t *value)
{
    return parse_base(text, 10, max, value);
}

int vm_number_unsigned(const char *text, uint64_t max, uint64_t *value)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return parse_base(text + 2, 16, max, value);
    return parse_base(text, text[0] == '0' ? 8 : 10, max, value);
}

/* strtod() also knows blanks, hexadecimal, inf and nan; it follows the locale, which the program never
 * sets, so the point is a point. */
int vm_number_real(const char *text, double *value)
{
    char *end = NULL;

    if (!*text || strspn(text, "+-.0123456789eE") != strlen(text)) return -EINVAL;
    const double parsed = strtod(text, &end);
    if (end == text || *end) return -EINVAL;
    if (!isfinite(parsed)) return -ERANGE;
    *value = parsed;
    return 0;
}
