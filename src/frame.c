/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "frame.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Stands in front of the planes, in the same allocation. */
struct VmafRef {
    atomic_int count;
    VmPool *pool; /* where it returns to; NULL = freed */
    VmafRef *next_free;
    VmafPicture picture; /* as allocated */
};

struct VmPool {
    VmFormat format;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t returned;
    VmafRef *free;
    unsigned n, limit; /* pictures allocated, allowed */
    unsigned users;    /* pictures outside plus the owner; the last one frees the pool */
};

/* ---- formats ---- */

int vm_format_check(const VmFormat *f, VmError *error)
{
    if (f->pix_fmt <= VMAF_PIX_FMT_UNKNOWN || f->pix_fmt > VMAF_PIX_FMT_YUV400P)
        return vm_fail(error, -EINVAL, "unknown pixel format %d", (int)f->pix_fmt);
    if (f->bpc < 8 || f->bpc > 16)
        return vm_fail(error, -EINVAL, "bit depth %u is not in 8..16", f->bpc);
    if (!f->w || !f->h || f->w > VM_MAX_SIDE || f->h > VM_MAX_SIDE)
        return vm_fail(error, -EINVAL, "picture size %ux%u is not in 1..%d per side", f->w, f->h,
                       VM_MAX_SIDE);
    return 0;
}

int vm_format_equal(const VmFormat *a, const VmFormat *b)
{
    return a->pix_fmt == b->pix_fmt && a->bpc == b->bpc && a->w == b->w && a->h == b->h;
}

VmFormat vm_format_of(const VmafPicture *p)
{
    return (VmFormat){.pix_fmt = p->pix_fmt, .bpc = p->bpc, .w = p->w[0], .h = p->h[0]};
}

void vm_format_print(const VmFormat *f, char text[64])
{
    static const char *const names[] = {"unknown", "4:2:0", "4:2:2", "4:4:4", "4:0:0"};
    const unsigned i = (unsigned)f->pix_fmt;
    snprintf(text, 64, "%ux%u %s %u bit", f->w, f->h, names[i < VM_COUNT(names) ? i : 0], f->bpc);
}

const char *vm_pixel_format_name(enum VmafPixelFormat pix_fmt)
{
    static const char *const names[] = {"unknown", "420", "422", "444", "400"};
    const unsigned i = (unsigned)pix_fmt;
    return names[i < VM_COUNT(names) ? i : 0];
}

void vm_format_plane(const VmFormat *f, int plane, unsigned *w, unsigned *h)
{
    const int half_w =
        plane && (f->pix_fmt == VMAF_PIX_FMT_YUV420P || f->pix_fmt == VMAF_PIX_FMT_YUV422P);
    const int half_h = plane && f->pix_fmt == VMAF_PIX_FMT_YUV420P;
    const int none = plane && f->pix_fmt == VMAF_PIX_FMT_YUV400P;
    *w = none ? 0 : f->w >> half_w;
    *h = none ? 0 : f->h >> half_h;
}

/* ---- pictures ---- */

static VmafRef *create(const VmFormat *f, VmPool *pool)
{
    VmafPicture p = {.pix_fmt = f->pix_fmt, .bpc = f->bpc};
    const size_t header = (sizeof(VmafRef) + 63) & ~(size_t)63;
    size_t offset[3], size = header;
    for (int i = 0; i < 3; i++) {
        vm_format_plane(f, i, &p.w[i], &p.h[i]);
        size_t stride = ((size_t)p.w[i] * (f->bpc > 8 ? 2 : 1) + 63) & ~(size_t)63;
        if (stride && stride % 1024 == 0)
            stride += 64; /* rows would compete for the same cache sets */
        p.stride[i] = (ptrdiff_t)stride;
        offset[i] = size;
        size += stride * p.h[i]; /* < 2^32 for each plane */
    }
    /* 64 to align; vectors may read 64 past the last row. Zeroed by the system, not by writing. */
    VmafRef *ref = vm_alloc(size + 128);
    if (!ref) return NULL;
    uint8_t *memory = (uint8_t *)(((uintptr_t)ref + 63) & ~(uintptr_t)63);
    for (int i = 0; i < 3; i++) p.data[i] = p.h[i] && p.w[i] ? memory + offset[i] : NULL;
    p.ref = ref;
    ref->pool = pool;
    ref->picture = p;
    atomic_init(&ref->count, 1);
    return ref;
}

int vmaf_picture_alloc(VmafPicture *pic, enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w,
                       unsigned h)
{
    if (!pic) return -EINVAL;
    memset(pic, 0, sizeof(*pic));
    const VmFormat format = {.pix_fmt = pix_fmt, .bpc = bpc, .w = w, .h = h};
    VM_TRY(vm_format_check(&format, NULL));
    VmafRef *ref = create(&format, NULL);
    if (!ref) return -ENOMEM;
    *pic = ref->picture;
    return 0;
}

/* Unlocks the pool and frees it when its last user has gone. */
static void pool_leave(VmPool *pool)
{
    const int last = --pool->users == 0;
    pthread_mutex_unlock(&pool->lock);
    if (!last) return;
    while (pool->free) {
        VmafRef *ref = pool->free;
        pool->free = ref->next_free;
        vm_free(ref);
    }
    pthread_cond_destroy(&pool->returned);
    pthread_mutex_destroy(&pool->lock);
    vm_free(pool);
}

static void release(VmafRef *ref)
{
    VmPool *pool = ref->pool;
    if (!pool) {
        vm_free(ref);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    ref->next_free = pool->free;
    pool->free = ref;
    pthread_cond_signal(&pool->returned);
    pool_leave(pool);
}

int vmaf_picture_unref(VmafPicture *pic)
{
    if (!pic || !pic->ref) return -EINVAL;
    if (atomic_fetch_sub(&pic->ref->count, 1) == 1) release(pic->ref);
    memset(pic, 0, sizeof(*pic));
    return 0;
}

VmafPicture vm_picture_ref(const VmafPicture *p)
{
    if (p->ref) atomic_fetch_add(&p->ref->count, 1);
    return *p;
}

int vm_picture_is_ours(const VmafPicture *p)
{
    if (!p->ref) return 0;
    const VmafPicture *made = &p->ref->picture;
    int same = p->pix_fmt == made->pix_fmt && p->bpc == made->bpc;
    for (int i = 0; i < 3; i++)
        same &= p->w[i] == made->w[i] && p->h[i] == made->h[i] && p->stride[i] == made->stride[i] &&
                p->data[i] == made->data[i];
    return same;
}

int vm_picture_copy(VmafPicture *copy, const VmafPicture *p, VmError *error)
{
    const VmFormat format = vm_format_of(p);
    VM_TRY(vm_format_check(&format, error));
    if (vmaf_picture_alloc(copy, p->pix_fmt, p->bpc, p->w[0], p->h[0]))
        return vm_fail_memory(error);
    for (int i = 0; i < 3; i++) {
        const size_t bytes = (size_t)copy->w[i] * (copy->bpc > 8 ? 2 : 1);
        if (copy->data[i] && !p->data[i]) {
            vmaf_picture_unref(copy);
            return vm_fail(error, -EINVAL, "plane %d of the picture has no data", i);
        }
        for (unsigned y = 0; copy->data[i] && y < copy->h[i]; y++)
            memcpy((uint8_t *)copy->data[i] + (ptrdiff_t)y * copy->stride[i],
                   vm_picture_row(p, i, (int)y), bytes);
    }
    return 0;
}

/* ---- pools ---- */

int vm_pool_create(VmPool **result, const VmFormat *format, unsigned limit)
{
    VM_TRY(vm_format_check(format, NULL));
    VmPool *pool = vm_alloc(sizeof(*pool));
    if (!pool) return -ENOMEM;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->returned, NULL);
    pool->format = *format;
    pool->limit = limit;
    pool->users = 1;
    *result = pool;
    return 0;
}

void vm_pool_raise(VmPool *pool, unsigned limit)
{
    pthread_mutex_lock(&pool->lock);
    pool->limit = VM_MAX(pool->limit, limit);
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
}

int vm_pool_fetch(VmPool *pool, VmafPicture *picture)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->free && pool->n >= pool->limit) pthread_cond_wait(&pool->returned, &pool->lock);
    VmafRef *ref = pool->free;
    if (ref) {
        pool->free = ref->next_free;
    } else {
        ref = create(&pool->format, pool);
        pool->n += ref != NULL;
    }
    pool->users += ref != NULL;
    pthread_mutex_unlock(&pool->lock);
    if (!ref) return -ENOMEM;
    atomic_store(&ref->count, 1);
    *picture = ref->picture;
    return 0;
}

void vm_pool_destroy(VmPool *pool)
{
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool_leave(pool);
}
