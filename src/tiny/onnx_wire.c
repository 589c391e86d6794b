/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tiny/onnx_wire.h"

#include <string.h>

#include "onnx.pb-c.h"

enum {
    MAX_FIELDS = 1 << 16,  /* exporters write some thousands; 40 bytes each while they are read */
    MAX_NUMBERS = 1 << 20, /* in packed lists */
    VARINT = 0,
    FIXED64 = 1,
    DELIMITED = 2,
    FIXED32 = 5
};

typedef struct Scan {
    const uint8_t *start;
    const char *origin;
    VmError *error;
    size_t fields, numbers;
} Scan;

/* A part of the file: what is left of a message. */
typedef struct Part {
    const uint8_t *p, *end;
} Part;

static int bad(const Scan *s, const uint8_t *p, const char *what)
{
    return vm_fail(s->error, -EINVAL, "model %s is no ONNX file we can read: byte %zu: %s",
                   s->origin, (size_t)(p - s->start), what);
}

static int read_varint(const Scan *s, Part *part, uint64_t *value)
{
    const uint8_t *first = part->p;
    *value = 0;
    for (unsigned shift = 0; part->p < part->end && shift < 64; shift += 7) {
        const uint8_t byte = *part->p++;
        *value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return 0;
    }
    return bad(s, first, part->p < part->end ? "a number is too long" : "it ends within a number");
}

/* The bytes of a field of any wire type. */
static int read_field(const Scan *s, Part *part, unsigned wire, Part *field)
{
    uint64_t n = 0;
    const uint8_t *first = part->p;
    if (wire == VARINT) VM_TRY(read_varint(s, part, &n));
    field->p = wire == VARINT ? first : part->p;
    if (wire == DELIMITED) {
        VM_TRY(read_varint(s, part, &n));
        field->p = part->p;
    } else if (wire == FIXED32 || wire == FIXED64) {
        n = wire == FIXED32 ? 4 : 8;
    } else if (wire == VARINT) {
        n = 0;
    } else {
        return bad(s, first, "a field has no known wire type");
    }
    if (n > (uint64_t)(part->end - part->p))
        return bad(s, first, "a field is longer than what is left");
    part->p += n;
    field->end = part->p;
    return 0;
}

static unsigned wire_of(const ProtobufCFieldDescriptor *f)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_FLOAT: return FIXED32;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return DELIMITED;
    default: return VARINT;
    }
}

static int check_packed(Scan *s, const ProtobufCFieldDescriptor *f, Part list)
{
    if (wire_of(f) == FIXED32) {
        if ((list.end - list.p) % 4) return bad(s, list.p, "a list ends within a number");
        s->numbers += (size_t)(list.end - list.p) / 4;
    }
    while (wire_of(f) == VARINT && list.p < list.end) {
        uint64_t value;
        VM_TRY(read_varint(s, &list, &value));
        s->numbers++;
    }
    return s->numbers > MAX_NUMBERS ? bad(s, list.p, "too many numbers in lists") : 0;
}

static int check_message(Scan *s, const ProtobufCMessageDescriptor *message, Part part);

static int check_field(Scan *s, const ProtobufCFieldDescriptor *f, unsigned wire, Part field)
{
    const int is_list = f->label == PROTOBUF_C_LABEL_REPEATED;
    if (wire != wire_of(f)) {
        if (is_list && wire == DELIMITED) return check_packed(s, f, field);
        return bad(s, field.p, "a field has the wrong wire type");
    }
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) return check_message(s, f->descriptor, field);
    if (f->type == PROTOBUF_C_TYPE_STRING && memchr(field.p, 0, (size_t)(field.end - field.p)))
        return bad(s, field.p, "a text has a zero byte");
    return 0;
}

/* A bit for each field number of onnx.proto, which are below 32. */
static int check_once(const Scan *s, const ProtobufCFieldDescriptor *f, uint32_t *seen,
                      const uint8_t *p)
{
    const uint32_t bit = UINT32_C(1) << (f->id & 31);
    if (f->label != PROTOBUF_C_LABEL_REPEATED && *seen & bit)
        return bad(s, p, "a field that can be there once is there again");
    *seen |= bit;
    return 0;
}

static int check_message(Scan *s, const ProtobufCMessageDescriptor *message, Part part)
{
    uint32_t seen = 0;
    while (part.p < part.end) {
        const uint8_t *first = part.p;
        uint64_t key;
        Part field = {0};
        VM_TRY(read_varint(s, &part, &key));
        if (key >> 3 == 0 || key >> 32) return bad(s, first, "a field has no valid number");
        if (++s->fields > MAX_FIELDS) return bad(s, first, "too many fields");
        VM_TRY(read_field(s, &part, key & 7, &field));
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field(message, (unsigned)(key >> 3));
        if (!f) continue;
        VM_TRY(check_once(s, f, &seen, first));
        VM_TRY(check_field(s, f, key & 7, field));
    }
    return 0;
}

int vm_onnx_check_wire(const void *bytes, size_t size, const char *origin, VmError *error)
{
    Scan s = {bytes, origin, error, 0, 0};
    return check_message(&s, &vm_onnx__model__descriptor, (Part){s.start, s.start + size});
}
