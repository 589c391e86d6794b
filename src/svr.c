/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "svr.h"
#include "exact.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct VmSvr {
    double gamma, rho;
    unsigned n, n_features, stride; /* vectors; inputs; values per vector */
    double *coef;                   /* [n] */
    double *vectors;                /* [n][stride]; indices that a line leaves out are 0 */
};

/* ---- reading ---- */

typedef struct Reader {
    const char *at;
    unsigned line;
    VmError *error;
} Reader;

static void skip_blanks(Reader *r)
{
    while (*r->at == ' ' || *r->at == '\t' || *r->at == '\r') r->at++;
}

static void skip_space(Reader *r)
{
    for (skip_blanks(r); *r->at == '\n'; skip_blanks(r)) {
        r->line++;
        r->at++;
    }
}

/* The next word, at most 63 characters; "" at the end. */
static void next_word(Reader *r, char word[64])
{
    skip_space(r);
    const size_t n = strcspn(r->at, " \t\r\n");
    const size_t kept = VM_MIN(n, 63);
    memcpy(word, r->at, kept);
    word[kept] = 0;
    r->at += n;
}

static int next_number(Reader *r, double *value)
{
    char *end;
    skip_blanks(r);
    /* strtod() would pass over line ends and take a number of the next line */
    const int is_blank = isspace((unsigned char)*r->at);
    *value = strtod(r->at, &end);
    if (is_blank || end == r->at || !isfinite(*value)) return -EINVAL;
    r->at = end;
    return 0;
}

static int bad(const Reader *r, const char *what)
{
    return vm_fail(r->error, -EINVAL, "SVM text, line %u: %s", r->line, what);
}

static int header_number(Reader *r, const char *word, double *value)
{
    if (!next_number(r, value)) return 0;
    return vm_fail(r->error, -EINVAL, "SVM text, line %u: %s is no number", r->line, word);
}

/* Words whose values do not matter for regression. */
static int ignored(const char *word)
{
    static const char *const words[] = {"degree", "coef0", "label", "probA", "probB", "nr_sv"};
    for (size_t i = 0; i < VM_COUNT(words); i++)
        if (!strcmp(words[i], word)) return 1;
    return 0;
}

static int header_word(Reader *r, VmSvr *svr, const char *word)
{
    char value[64];
    double number;
    if (!strcmp(word, "svm_type")) {
        next_word(r, value);
        return !strcmp(value, "nu_svr") || !strcmp(value, "epsilon_svr")
                   ? 0
                   : vm_fail(r->error, -EINVAL, "SVM text, line %u: svm_type %s is no regression",
                             r->line, value);
    }
    if (!strcmp(word, "kernel_type")) {
        next_word(r, value);
        return !strcmp(value, "rbf")
                   ? 0
                   : vm_fail(r->error, -EINVAL,
                             "SVM text, line %u: kernel_type %s is not supported, "
                             "only rbf is",
                             r->line, value);
    }
    if (!strcmp(word, "gamma")) return header_number(r, word, &svr->gamma);
    if (!strcmp(word, "rho")) return header_number(r, word, &svr->rho);
    if (!strcmp(word, "nr_class")) return header_number(r, word, &number);
    if (!strcmp(word, "total_sv")) {
        VM_TRY(header_number(r, word, &number));
        if (number < 1 || number > VM_SVR_MAX_VECTORS || number != floor(number))
            return bad(r, "total_sv is no count from 1 to 1048576");
        svr->n = (unsigned)number;
        return 0;
    }
    if (!ignored(word))
        return vm_fail(r->error, -EINVAL, "SVM text, line %u: unknown word \"%s\"", r->line, word);
    r->at += strcspn(r->at, "\n");
    return 0;
}

static int header(Reader *r, VmSvr *svr)
{
    char word[64];
    svr->gamma = svr->rho = NAN;
    for (;;) {
        next_word(r, word);
        if (!*word) return bad(r, "ends before the support vectors");
        if (!strcmp(word, "SV")) break;
        VM_TRY(header_word(r, svr, word));
    }
    if (!svr->n) return bad(r, "no total_sv: the model has no support vectors");
    if (isnan(svr->gamma)) return bad(r, "no gamma");
    if (isnan(svr->rho)) return bad(r, "no rho");
    return 0;
}

static int vector_line(Reader *r, VmSvr *svr, unsigned i)
{
    skip_space(r);
    if (!*r->at)
        return vm_fail(r->error, -EINVAL, "SVM text, line %u: %u support vectors instead of %u",
                       r->line, i, svr->n);
    if (next_number(r, &svr->coef[i])) return bad(r, "the coefficient is no number");
    long last = 0;
    for (skip_blanks(r); *r->at && *r->at != '\n'; skip_blanks(r)) {
        char *end;
        const long index = strtol(r->at, &end, 10);
        if (end == r->at || *end != ':') return bad(r, "expected index:value");
        if (index <= last || index > (long)svr->stride)
            return bad(r, "indices must ascend from 1 to 64 at most");
        r->at = end + 1;
        if (next_number(r, &svr->vectors[(size_t)i * svr->stride + (size_t)index - 1]))
            return bad(r, "the value is no number");
        last = index;
    }
    return 0;
}

/* The highest index in the text, as far as one may go: a longer line is refused when it is read. */
static unsigned find_width(const char *text, unsigned width)
{
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
        const char *digits = colon;
        while (digits > text && digits[-1] >= '0' && digits[-1] <= '9') digits--;
        const long index = strtol(digits, NULL, 10);
        if (index > (long)width) width = (unsigned)VM_MIN(index, (long)VM_SVR_MAX_INDEX);
    }
    return width;
}

/* What is zero may be left out, but a few bytes do not make a table of any size: twice as many values as the text has
 * bytes, or some that are few in any case. */
static int is_plausible(const VmSvr *svr, size_t bytes)
{
    return (size_t)svr->n * svr->stride <= VM_MAX(2 * bytes, (size_t)65536);
}

static int parse(Reader *r, VmSvr *svr)
{
    VM_TRY(header(r, svr));
    const size_t bytes = strlen(r->at);
    /* every vector takes at least "0\n": refuse counts the text cannot hold before allocating */
    if (svr->n > bytes) return bad(r, "fewer support vectors than total_sv says");
    svr->stride = find_width(r->at, svr->n_features);
    if (!is_plausible(svr, bytes))
        return bad(r, "nearly all values of the support vectors are left out");
    svr->coef = vm_alloc_array(svr->n, sizeof(*svr->coef));
    svr->vectors = vm_alloc_array((size_t)svr->n * svr->stride, sizeof(*svr->vectors));
    if (!svr->coef || !svr->vectors) return vm_fail_memory(r->error);
    for (unsigned i = 0; i < svr->n; i++) VM_TRY(vector_line(r, svr, i));
    skip_space(r);
    if (*r->at) return bad(r, "more support vectors than total_sv says");
    return 0;
}

int vm_svr_parse(VmSvr **result, const char *text, unsigned n_features, VmError *error)
{
    VmSvr *svr = vm_alloc(sizeof(*svr));
    if (!svr) return vm_fail_memory(error);
    svr->n_features = n_features;
    Reader r = {text, 1, error};
    VmLocale locale = vm_locale_enter();
    const int code = parse(&r, svr);
    vm_locale_leave(&locale);
    if (code) {
        vm_svr_free(svr);
        return code;
    }
    *result = svr;
    return 0;
}

void vm_svr_free(VmSvr *svr)
{
    if (!svr) return;
    vm_free(svr->coef);
    vm_free(svr->vectors);
    vm_free(svr);
}

/* ---- prediction ---- */

double vm_svr_predict(const VmSvr *svr, const double *x)
{
    double y = 0;
    for (unsigned i = 0; i < svr->n; i++) {
        const double *v = svr->vectors + (size_t)i * svr->stride;
        double q = 0;
        for (unsigned k = 0; k < svr->stride; k++) {
            const double d = (k < svr->n_features ? x[k] : 0) - v[k];
            q += d * d;
        }
        y += svr->coef[i] * vm_exact_exp(-svr->gamma * q);
    }
    return y - svr->rho;
}
