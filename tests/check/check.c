/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Walks the levels of this machine upwards and checks what each of them brings; see check.h. Output is
 * TAP. A test never names a level: a new level needs no new test. */
#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

typedef void VmKernel(void);

static const CheckTest *const families[] = {check_vif,  check_adm,   check_pixel,
                                            check_ssim, check_float, check_dense};

static struct {
    /* arguments */
    uint64_t seed;
    VmCpuLevel top;
    int quick, bench;
    const char *filter;
    /* the report */
    int lines, failed;
    /* the test at hand: both tables differ in the slot under test only */
    VmKernels good, fresh;
    const char *name;
    char label[128];
    int timing;
    sigjmp_buf leave;
    volatile sig_atomic_t inside; /* a kernel runs */
    /* its sizes */
    int min, size, repeat, w, cases;
    CheckPattern pattern;
} self;

/* ---- report ---- */

static void report(int ok, const char *name, const char *level, const char *skip)
{
    self.lines++;
    self.failed += !ok;
    printf("%s %d - %s %s%s%s\n", ok ? "ok" : "not ok", self.lines, name, level,
           skip ? " # SKIP " : "", skip ? skip : "");
    fflush(stdout);
}

static void print_place(void)
{
    char place[160];
    check_describe_place(place, sizeof(place));
    printf("# %s: %s%sw %d, %s data, %s:\n", self.name, self.label, *self.label ? ", " : "", self.w,
           check_pattern_names[self.pattern], place);
}

_Noreturn void check_fail(const char *format, ...)
{
    va_list args;
    print_place();
    printf("#   ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    siglongjmp(self.leave, 1);
}

static void crashed(int number)
{
    if (!self.inside) { /* a fault of the harness, not of a kernel */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    self.inside = 0;
    siglongjmp(self.leave, number + 1);
}

static void catch_crashes(void)
{
    const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    for (size_t i = 0; i < VM_COUNT(numbers); i++) {
        struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_NODEFER};
        /* a sanitizer says more about an access than we do */
        if (!SANITIZED || numbers[i] == SIGILL) sigaction(numbers[i], &action, NULL);
    }
}

/* ---- sizes ---- */

/* All small widths, where borders meet; then what is around vectors, pages and picture formats. */
static const int large[] = {127, 128,  129,  191,  255,  256,  257,   511,  640,
                            999, 1000, 1001, 1919, 1920, 1921, 32767, 32768};
enum { SMALL = 70, BENCH_WIDTH = 1920 };

int check_timing(void)
{
    return self.timing;
}

int check_quick(void)
{
    return self.quick;
}

void check_sizes(int min)
{
    self.min = min;
    self.size = min - 1;
    self.repeat = 0;
}

static int repeats(int w)
{
    if (w > 4096) return self.quick ? 2 : 4;
    if (!self.quick) return 2 * CHECK_PATTERNS;
    return w <= SMALL ? 4 : 2;
}

static int width_at(int size)
{
    if (size <= SMALL) return size;
    const int i = size - SMALL - 1;
    return i < (int)VM_COUNT(large) ? large[i] : 0;
}

/* The widest rows are for sums that could overflow and for roundings that are rare; the others take
 * turns. */
static CheckPattern pattern_of(int w)
{
    if (w > 4096 && self.repeat < 2) return self.repeat ? CHECK_RANDOM : CHECK_BINARY;
    if (self.quick && self.repeat == 0 && w <= SMALL) return CHECK_RANDOM;
    return (CheckPattern)(self.cases % CHECK_PATTERNS);
}

int check_next_size(void)
{
    if (self.timing) {
        self.w = self.size < self.min ? BENCH_WIDTH : 0;
        self.size = self.min;
        self.pattern = CHECK_NATURAL;
    } else {
        if (self.size < self.min || ++self.repeat >= repeats(self.w)) {
            self.size++;
            self.repeat = 0;
        }
        self.w = width_at(self.size);
        self.pattern = pattern_of(self.w);
    }
    self.cases++;
    if (self.w) check_rows_begin(self.pattern, self.cases / 3 % 2);
    return self.w;
}

void check_label(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(self.label, sizeof(self.label), format, args);
    va_end(args);
}

/* ---- one test ---- */

void check_call(CheckCall *call, void *state)
{
    char name[192];
    check_rows_before();
    if (self.timing) {
        snprintf(name, sizeof(name), "%s%s%s", self.name, *self.label ? ", " : "", self.label);
        check_time(name, vm_kernels_get(VM_CPU_SCALAR), &self.fresh, call, state, self.w);
        return;
    }
    self.inside = 1;
    call(&self.good, 0, state);
    call(&self.fresh, 1, state);
    self.inside = 0;
    check_rows_after();
}

void check_same(const char *name, const void *good, const void *fresh, size_t size)
{
    if (self.timing || !memcmp(good, fresh, size)) return;
    const uint8_t *a = good, *b = fresh;
    size_t i = 0;
    while (a[i] == b[i]) i++;
    i &= ~(size_t)7;
    uint64_t x = 0, y = 0;
    memcpy(&x, a + i, VM_MIN(8, size - i));
    memcpy(&y, b + i, VM_MIN(8, size - i));
    check_fail("%s, byte %zu: %#llx should be %#llx", name, i, (unsigned long long)y,
               (unsigned long long)x);
}

static VmKernel **slot_of(VmKernels *k, size_t slot)
{
    return (VmKernel **)(void *)((char *)k + slot);
}

static VmKernel *kernel_at(VmCpuLevel level, size_t slot)
{
    return *(VmKernel *const *)(const void *)((const char *)vm_kernels_get(level) + slot);
}

/* Same data for a kernel on every level and with every filter. */
static uint64_t seed_of(const char *name)
{
    uint64_t hash = self.seed;
    for (; *name; name++) hash = (hash ^ (uint8_t)*name) * UINT64_C(1099511628211);
    return hash;
}

/* 1 = every case is good */
static int run(const CheckTest *test, int timing)
{
    self.name = test->name;
    self.timing = timing;
    self.cases = 0;
    *self.label = 0;
    check_seed(seed_of(test->name));
    const int code = sigsetjmp(self.leave, 1);
    if (!code) {
        test->run(test->which);
        return 1;
    }
    if (code > 1) {
        print_place();
        printf("#   signal %d: %s\n", code - 1, strsignal(code - 1));
    }
    return 0;
}

static int wanted(const CheckTest *test)
{
    return !self.filter || strstr(test->name, self.filter);
}

/* ---- levels ---- */

/* Checks one slot; 1 if the level brings a kernel of its own there. */
static int check_slot(const CheckTest *test, VmCpuLevel level)
{
    VmKernel *const own = kernel_at(level, test->slot);
    if (own == kernel_at(level - 1, test->slot)) return 0;
    self.fresh = self.good;
    *slot_of(&self.fresh, test->slot) = own;
    const int ok = run(test, 0);
    report(ok, test->name, vm_cpu_name(level), NULL);
    if (!ok) return 1;
    *slot_of(&self.good, test->slot) = own;
    if (self.bench) run(test, 1);
    return 1;
}

#define EACH_TEST(test)                                                                            \
    for (size_t f_ = 0; f_ < VM_COUNT(families); f_++)                                             \
        for (const CheckTest *test = families[f_]; test->name; test++)

static void check_level(VmCpuLevel level)
{
    int fresh = 0;
    if (self.bench) printf("# -- %s --\n", vm_cpu_name(level));
    EACH_TEST(test)
    {
        if (wanted(test)) fresh += check_slot(test, level);
    }
    if (!fresh) report(1, "all kernels", vm_cpu_name(level), "the level brings none of its own");
}

/* What no level has is only defined, not checked. */
static void report_unchecked(void)
{
    EACH_TEST(test)
    {
        if (wanted(test) && kernel_at(self.top, test->slot) == kernel_at(VM_CPU_SCALAR, test->slot))
            report(1, test->name, vm_cpu_name(self.top), "no level has it but scalar");
    }
}

static void check_that_slots_have_tests(void)
{
    char tested[sizeof(VmKernels)] = {0};
    EACH_TEST(test)
    {
        tested[test->slot] = 1;
    }
    int missing = 0;
    for (size_t i = 0; i < sizeof(VmKernels); i += sizeof(VmKernel *)) {
        if (tested[i] || !kernel_at(VM_CPU_SCALAR, i)) continue;
        printf("# slot %zu of VmKernels has no test\n", i / sizeof(VmKernel *));
        missing++;
    }
    report(!missing, "every slot has a test", "", NULL);
}

/* ---- arguments ---- */

static void print_usage(void)
{
    fputs("usage: check [OPTION ...] [NAME]\n"
          "Checks the kernels whose names contain NAME, on every level of this machine.\n"
          "  --quick       fewer sizes and patterns\n"
          "  --bench       also times them against the scalar ones\n"
          "  --level NAME  stops at that level\n"
          "  --mask N      stops at the level that a CPU mask leaves\n"
          "  --seed N      repeats the data of another run\n"
          "  --list        prints the names\n",
          stderr);
}

static int list_names(void)
{
    EACH_TEST(test)
    {
        puts(test->name);
    }
    return 0;
}

static int set_level(const char *name)
{
    for (int i = 0; i <= (int)self.top; i++)
        if (!strcmp(name, vm_cpu_name((VmCpuLevel)i))) {
            self.top = (VmCpuLevel)i;
            return 0;
        }
    fprintf(stderr, "this machine has no level %s\n", name);
    return -1;
}

/* An option that takes a value; < 0 = there is no such option or value. */
static int set_option(const char *option, const char *value)
{
    char *end;
    if (!value) return -1;
    if (!strcmp(option, "--level")) return set_level(value);
    const uint64_t number = strtoull(value, &end, 0);
    if (*end || end == value) return -1;
    if (!strcmp(option, "--seed")) self.seed = number;
    else if (!strcmp(option, "--mask")) self.top = vm_cpu_level(number);
    else return -1;
    return 0;
}

/* < 0: go on; else the exit status */
static int read_arguments(char **argument)
{
    for (; *argument; argument++) {
        if (!strcmp(*argument, "--list")) return list_names();
        if (!strcmp(*argument, "--quick")) self.quick = 1;
        else if (!strcmp(*argument, "--bench")) self.bench = 1;
        else if (**argument != '-') self.filter = *argument;
        else if (set_option(*argument, argument[1]) == 0) argument++;
        else {
            print_usage();
            return strcmp(*argument, "--help") ? 2 : 0;
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    (void)argc;
    self.top = vm_cpu_level(0);
    self.seed = (uint64_t)time(NULL) * 1000003 ^ (uint64_t)getpid();
    const int status = read_arguments(argv + 1);
    if (status >= 0) return status;
    printf("# highest level %s, seed %llu\n", vm_cpu_name(self.top), (unsigned long long)self.seed);
    self.good = *vm_kernels_get(VM_CPU_SCALAR);
    catch_crashes();
    for (int level = VM_CPU_SCALAR + 1; level <= (int)self.top; level++)
        check_level((VmCpuLevel)level);
    report_unchecked();
    for (int level = (int)vm_cpu_level(0) + 1; level < VM_CPU_LEVELS; level++)
        report(1, "all kernels", vm_cpu_name((VmCpuLevel)level), "not on this machine");
    check_that_slots_have_tests();
    printf("1..%d\n", self.lines);
    return self.failed ? 1 : 0;
}
