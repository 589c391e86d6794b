/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* For targets that read text: every second change is one of numbers and of parts between delimiters, which bytes
 * changed at random seldom are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static const char *const numbers[] = {
    "0",
    "-1",
    "1",
    "2",
    "255",
    "256",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "1e308",
    "4294967295",
    "4294967296",
    "1e999",
    "-1e-99",
    "0.1e-5",
    "00",
    "1e",
    "9223372036854775807",
    "NaN",
    "18446744073709551616",
};

static int is_number(uint8_t c)
{
    return (c >= '0' && c <= '9') || strchr("+-.eE", c ? c : ' ');
}

static int is_delimiter(uint8_t c)
{
    return !!strchr(",:;{}[]()\"' \n\r\t=&?/_", c ? c : ' ');
}

/* Puts text in place of data[at .. end). */
static size_t replace(uint8_t *data, size_t size, size_t max, size_t at, size_t end,
                      const void *text, size_t n)
{
    if (size - (end - at) + n > max) return size;
    memmove(data + at + n, data + end, size - end);
    memcpy(data + at, text, n);
    return size - (end - at) + n;
}

static size_t change_number(uint8_t *data, size_t size, size_t max)
{
    const char *number = numbers[(size_t)rand() % (sizeof(numbers) / sizeof(*numbers))];
    size_t at = (size_t)rand() % size, end;
    while (at < size && !is_number(data[at])) at++;
    while (at && at < size && is_number(data[at - 1])) at--;
    for (end = at; end < size && is_number(data[end]);) end++;
    return replace(data, size, max, at, end, number, strlen(number));
}

/* A part from a random delimiter to one that follows, not always the next. */
static void find_part(const uint8_t *data, size_t size, size_t *at, size_t *end)
{
    int more = rand() % 4;
    for (*at = (size_t)rand() % size; *at && !is_delimiter(data[*at]);) --*at;
    for (*end = *at + 1; *end < size && (!is_delimiter(data[*end]) || more--);) ++*end;
}

static size_t move_part(uint8_t *data, size_t size, size_t max)
{
    size_t at, end, to, to_end;
    uint8_t part[256];
    find_part(data, size, &at, &end);
    if (rand() % 3 == 0) return replace(data, size, max, at, end, "", 0);
    const size_t n = end - at < sizeof(part) ? end - at : sizeof(part);
    memcpy(part, data + at, n);
    find_part(data, size, &to, &to_end);
    return replace(data, size, max, to, rand() % 2 ? to : to_end, part, n);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    srand(seed);
    switch (size ? rand() % 4 : 0) {
    case 1: return change_number(data, size, max);
    case 2: return move_part(data, size, max);
    default: return LLVMFuzzerMutate(data, size, max);
    }
}
