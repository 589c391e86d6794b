/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* For protobuf messages: half of the changes are of one field somewhere in the tree, with the lengths around it put
 * right, so that what is read is not refused by its first length. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_LIMIT = 1 << 14, DEPTH = 6 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

typedef struct Field {
    size_t key, payload, end; /* where they begin; what is behind it */
    uint64_t value;           /* of a varint, or the length */
    unsigned type;
} Field;

typedef struct Out {
    uint8_t bytes[SIZE_LIMIT];
    size_t n;
    int full;
} Out;

static void put(Out *o, const uint8_t *bytes, size_t n)
{
    if (n > sizeof(o->bytes) - o->n) o->full = 1;
    if (o->full) return;
    memcpy(o->bytes + o->n, bytes, n);
    o->n += n;
}

static void put_varint(Out *o, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; value > 127; value >>= 7) bytes[n++] = (uint8_t)(value | 128);
    bytes[n++] = (uint8_t)value;
    put(o, bytes, n);
}

static int read_varint(const uint8_t *data, size_t size, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; *at < size && shift < 64; shift += 7) {
        *value |= (uint64_t)(data[*at] & 127) << shift;
        if (!(data[(*at)++] & 128)) return 1;
    }
    return 0;
}

static int read_field(const uint8_t *data, size_t size, size_t at, Field *f)
{
    f->key = at;
    if (!read_varint(data, size, &at, &f->value)) return 0;
    f->type = f->value & 7;
    const int is_fixed = f->type == 1 || f->type == 5;
    if (!is_fixed && (f->type > 2 || !read_varint(data, size, &at, &f->value))) return 0;
    f->payload = at;
    const uint64_t n = f->type == 2 ? f->value : f->type == 1 ? 8 : f->type == 5 ? 4 : 0;
    if (n > size - at) return 0;
    f->end = at + (size_t)n;
    return 1;
}

static int is_message(const uint8_t *data, size_t size)
{
    Field f;
    size_t at = 0;
    while (at < size && read_field(data, size, at, &f)) at = f.end;
    return size && at == size;
}

static size_t count(const uint8_t *data, size_t size, int depth)
{
    Field f;
    size_t n = 0;
    for (size_t at = 0; at < size && read_field(data, size, at, &f); at = f.end, n++)
        if (f.type == 2 && depth && is_message(data + f.payload, f.end - f.payload))
            n += count(data + f.payload, f.end - f.payload, depth - 1);
    return n;
}

static void change(Out *o, const uint8_t *data, const Field *f)
{
    static const uint64_t values[] = {0, 1, 2, 127, 128, 65535, UINT32_MAX, INT64_MAX, UINT64_MAX};
    uint8_t payload[SIZE_LIMIT];
    size_t n = f->end - f->payload, key_end = f->key;
    uint64_t key;
    const int how = rand() % 6;
    if (how == 0) return;                                 /* it goes */
    if (how == 1) put(o, data + f->key, f->end - f->key); /* it is there twice */
    (void)read_varint(data, f->payload, &key_end, &key);
    if (how < 3 || n > sizeof(payload)) {
        put(o, data + f->key, f->end - f->key);
        return;
    }
    put(o, data + f->key, key_end - f->key);
    if (f->type == 0) {
        put_varint(o,
                   rand() % 2 ? values[(size_t)rand() % 9] : f->value + (uint64_t)(rand() % 5) - 2);
        return;
    }
    memcpy(payload, data + f->payload, n);
    n = f->type == 2 ? LLVMFuzzerMutate(payload, n, sizeof(payload))
                     : LLVMFuzzerMutate(payload, n, n);
    if (f->type == 2) put_varint(o, n);
    else n = f->end - f->payload;
    put(o, payload, n);
}

/* Copies a message but for its field number *left, counted through the tree. */
static void rewrite(Out *o, const uint8_t *data, size_t size, size_t *left, int depth)
{
    Field f;
    size_t at = 0;
    for (; at < size && read_field(data, size, at, &f); at = f.end) {
        const size_t n = f.end - f.payload;
        const int inner = f.type == 2 && depth && is_message(data + f.payload, n);
        const size_t within = inner ? count(data + f.payload, n, depth - 1) : 0;
        if (*left == 0) change(o, data, &f);
        else if (inner && *left <= within) {
            Out *part = calloc(1, sizeof(*part));
            size_t key_end = f.key;
            uint64_t key;
            if (!part) abort();
            --*left;
            rewrite(part, data + f.payload, n, left, depth - 1);
            (void)read_varint(data, f.payload, &key_end, &key);
            put(o, data + f.key, key_end - f.key);
            put_varint(o, part->n);
            put(o, part->bytes, part->n);
            o->full |= part->full;
            free(part);
        } else {
            put(o, data + f.key, f.end - f.key);
            *left -= 1 + within;
            continue;
        }
        *left = SIZE_MAX; /* done: the rest is copied */
    }
    put(o, data + at, size - at);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    static Out out;
    srand(seed);
    const size_t n = count(data, size, DEPTH);
    if (!n || rand() % 2) return LLVMFuzzerMutate(data, size, max);
    size_t left = (size_t)rand() % n;
    out.n = 0;
    out.full = 0;
    rewrite(&out, data, size, &left, DEPTH);
    if (out.full || out.n > max) return LLVMFuzzerMutate(data, size, max);
    memcpy(data, out.bytes, out.n);
    return out.n;
}
