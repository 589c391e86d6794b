/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "frame_image.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>

/* One panel's size and what it shows of the picture. */
typedef struct Scale {
    unsigned w, h;           /* of the panel */
    unsigned from_w, from_h; /* of the picture */
} Scale;

/* Samples [x0, x1) x [y0, y1). */
typedef struct Box {
    unsigned x0, x1, y0, y1;
} Box;

static unsigned sample(const VmafPicture *p, unsigned plane, unsigned x, unsigned y)
{
    const char *row = (const char *)p->data[plane] + p->stride[plane] * (ptrdiff_t)y;

    return p->bpc > 8 ? ((const uint16_t *)(const void *)row)[x] : ((const uint8_t *)row)[x];
}

/* The luma samples that pixel (x, y) of the panel stands for; never none. */
static Box luma_box(const Scale *s, unsigned x, unsigned y)
{
    /* sides are at most 2^15: products stay below 2^30 */
    return (Box){x * s->from_w / s->w, (x + 1) * s->from_w / s->w, y * s->from_h / s->h,
                 (y + 1) * s->from_h / s->h};
}

static void to_chroma(unsigned *from, unsigned *to, unsigned shift, unsigned size)
{
    *to = (*to + shift) >> shift;
    *from >>= shift;
    if (*to > size) *to = size;
    if (*from >= *to) *from = *to - 1;
}

/* Of odd pictures the last column or row has no chroma of its own: its neighbour's serves. */
static Box chroma_box(const VmafPicture *p, Box b)
{
    to_chroma(&b.x0, &b.x1, p->pix_fmt != VMAF_PIX_FMT_YUV444P, p->w[1]);
    to_chroma(&b.y0, &b.y1, p->pix_fmt == VMAF_PIX_FMT_YUV420P, p->h[1]);
    return b;
}

static double mean(const VmafPicture *p, unsigned plane, Box b)
{
    double sum = 0;

    for (unsigned y = b.y0; y < b.y1; y++)
        for (unsigned x = b.x0; x < b.x1; x++) sum += sample(p, plane, x, y);
    return sum / ((double)(b.x1 - b.x0) * (b.y1 - b.y0));
}

static double mean_difference(const VmafPicture pics[2], Box b)
{
    double sum = 0;

    for (unsigned y = b.y0; y < b.y1; y++)
        for (unsigned x = b.x0; x < b.x1; x++)
            sum += abs((int)sample(&pics[0], 0, x, y) - (int)sample(&pics[1], 0, x, y));
    return sum / ((double)(b.x1 - b.x0) * (b.y1 - b.y0));
}

static uint8_t to_byte(double v)
{
    return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)(v + 0.5);
}

/* ---- colours ---- */

typedef struct Colours {
    double luma_zero, luma_scale, chroma_zero, chroma_scale; /* samples to 0..1 and -0.5..0.5 */
    double red_cr, green_cb, green_cr, blue_cb;
} Colours;

static Colours colours_of(const VmVideoInfo *info)
{
    const double unit = (double)(1u << (info->bpc - 8)), top = (double)((1u << info->bpc) - 1);
    const int full = info->range == VM_RANGE_FULL;
    const double kr = info->h > 576 ? 0.2126 : 0.299, kb = info->h > 576 ? 0.0722 : 0.114;
    const double kg = 1 - kr - kb;

    return (Colours){
        .luma_zero = full ? 0 : 16 * unit,
        .luma_scale = full ? 1 / top : 1 / (219 * unit),
        .chroma_zero = 128 * unit,
        .chroma_scale = full ? 1 / top : 1 / (224 * unit),
        .red_cr = 2 * (1 - kr),
        .green_cb = -2 * kb * (1 - kb) / kg,
        .green_cr = -2 * kr * (1 - kr) / kg,
        .blue_cb = 2 * (1 - kb),
    };
}

static void put_colour(uint8_t *rgb, const Colours *c, const VmafPicture *p, Box box)
{
    const double y = (mean(p, 0, box) - c->luma_zero) * c->luma_scale;
    double cb = 0, cr = 0;

    if (p->pix_fmt != VMAF_PIX_FMT_YUV400P && p->w[1] && p->h[1]) {
        const Box b = chroma_box(p, box);
        cb = (mean(p, 1, b) - c->chroma_zero) * c->chroma_scale;
        cr = (mean(p, 2, b) - c->chroma_zero) * c->chroma_scale;
    }
    rgb[0] = to_byte(255 * (y + c->red_cr * cr));
    rgb[1] = to_byte(255 * (y + c->green_cb * cb + c->green_cr * cr));
    rgb[2] = to_byte(255 * (y + c->blue_cb * cb));
}

static void draw_row(uint8_t *row, const Scale *s, const Colours *c, const VmafPicture pics[2],
                     unsigned y)
{
    const size_t step = (size_t)(s->w + VM_IMAGE_GAP) * 3;
    const double unit = (double)(1u << (pics[0].bpc - 8));

    for (unsigned x = 0; x < s->w; x++) {
        const Box box = luma_box(s, x, y);
        uint8_t *at = row + (size_t)x * 3;
        put_colour(at, c, &pics[0], box);
        put_colour(at + step, c, &pics[1], box);
        memset(at + 2 * step, to_byte(VM_IMAGE_GAIN * mean_difference(pics, box) / unit), 3);
    }
}

/* ---- PNG ---- */

typedef struct Bytes {
    char *data;
    size_t size, capacity;
} Bytes;

static void append(png_structp png, png_bytep data, png_size_t n)
{
    Bytes *b = png_get_io_ptr(png);

    if (b->capacity - b->size < n) {
        const size_t capacity = 2 * (b->capacity + n);
        char *grown = realloc(b->data, capacity);
        if (!grown) png_error(png, "out of memory");
        b->data = grown;
        b->capacity = capacity;
    }
    memcpy(b->data + b->size, data, n);
    b->size += n;
}

static void flush(png_structp png)
{
    (void)png;
}

/* libpng leaves through here on errors; the only one possible is a lack of memory. */
static void fail(png_structp png, png_const_charp text)
{
    (void)text;
    longjmp(png_jmpbuf(png), 1);
}

static void ignore(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

/* No local of this function changes between setjmp and longjmp. */
static int write_png(Bytes *out, const uint8_t *pixels, unsigned w, unsigned h)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, fail, ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;

    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return -ENOMEM;
    }
    png_set_write_fn(png, out, append, flush);
    png_set_IHDR(png, info, w, h, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (unsigned y = 0; y < h; y++) png_write_row(png, pixels + (size_t)y * w * 3);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return 0;
}

static int draw(Bytes *out, const Scale *s, const VmVideoInfo *info, const VmafPicture pics[2])
{
    const unsigned w = 3 * s->w + 2 * VM_IMAGE_GAP;
    const Colours colours = colours_of(info);
    uint8_t *pixels = calloc((size_t)w * s->h, 3);

    if (!pixels) return -ENOMEM;
    for (unsigned y = 0; y < s->h; y++) draw_row(pixels + (size_t)y * w * 3, s, &colours, pics, y);
    const int code = write_png(out, pixels, w, s->h);
    free(pixels);
    return code;
}

/* ---- the whole ---- */

/* The largest size within both limits that keeps the shape. */
static Scale fit(const VmVideoInfo *info, unsigned most_w, unsigned most_h)
{
    Scale s = {.from_w = info->w, .from_h = info->h, .w = info->w, .h = info->h};

    if (s.w > most_w) {
        s.h = s.h * most_w / s.w;
        s.w = most_w;
    }
    if (s.h > most_h) {
        s.w = s.w * most_h / s.h;
        s.h = most_h;
    }
    if (!s.w) s.w = 1;
    if (!s.h) s.h = 1;
    return s;
}

static const char *find_place(const VmafPicture pics[2])
{
    static const char *const names[3][3] = {{"top left", "top", "top right"},
                                            {"left", "centre", "right"},
                                            {"bottom left", "bottom", "bottom right"}};
    const unsigned w = pics[0].w[0], h = pics[0].h[0];
    const Scale s = {.w = w < 3 ? w : 3, .h = h < 3 ? h : 3, .from_w = w, .from_h = h};
    const char *best = "nowhere";
    double most = 0;

    for (unsigned y = 0; y < s.h; y++)
        for (unsigned x = 0; x < s.w; x++) {
            const double here = mean_difference(pics, luma_box(&s, x, y));
            if (here <= most) continue;
            most = here;
            best = names[y][x];
        }
    return best;
}

int vm_frame_image(VmFrameImage *image, const VmVideoInfo *info, const VmafPicture pictures[2],
                   size_t most_bytes)
{
    Scale s = fit(info, VM_IMAGE_PANEL, VM_IMAGE_HEIGHT);
    Bytes out = {0};
    int code = draw(&out, &s, info, pictures);

    while (!code && out.size > most_bytes && s.w > 32 && s.h > 8) {
        s = fit(info, s.w * 3 / 4, s.h * 3 / 4);
        out.size = 0;
        code = draw(&out, &s, info, pictures);
    }
    if (code) {
        free(out.data);
        return code;
    }
    *image = (VmFrameImage){out.data, out.size, s.w, s.h, find_place(pictures)};
    return 0;
}

void vm_frame_image_free(VmFrameImage *image)
{
    free(image->png);
    *image = (VmFrameImage){0};
}
